"""Fit a polynomial of degree four with one Linear layer."""
import torch
import torch.nn.functional as F
from torch import nn, optim

DEGREE = 4


def main():
    torch.manual_seed(0)
    weights, bias = torch.randn(DEGREE, 1) * 5, torch.randn(1) * 5
    model = nn.Linear(DEGREE, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for _ in range(2000):
        x = torch.randn(32, 1) ** torch.arange(1, DEGREE + 1)
        y = x @ weights + bias
        loss = F.smooth_l1_loss(model(x), y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if losses[-1] < 1e-3:
            break
    return {"before": losses[0], "after": losses[-1]}
