"""Fit a polynomial of degree four with one Linear layer; 2017."""
from __future__ import print_function
from itertools import count

import torch
import torch.autograd
import torch.nn.functional as F
from torch.autograd import Variable

POLY_DEGREE = 4


def make_features(x):
    """Builds features i.e. a matrix with columns [x, x^2, x^3, x^4]."""
    x = x.unsqueeze(1)
    return torch.cat([x ** i for i in range(1, POLY_DEGREE + 1)], 1)


def main():
    torch.manual_seed(0)
    W_target = torch.randn(POLY_DEGREE, 1) * 5
    b_target = torch.randn(1) * 5

    def f(x):
        return x.mm(W_target) + b_target[0]

    def get_batch(batch_size=32):
        random = torch.randn(batch_size)
        x = make_features(random)
        return Variable(x), Variable(f(x))

    fc = torch.nn.Linear(W_target.size(0), 1)
    first = None
    for batch_idx in count(1):
        batch_x, batch_y = get_batch()
        fc.zero_grad()
        output = F.smooth_l1_loss(fc(batch_x), batch_y)
        loss = output.data[0] if output.dim() else output.item()
        first = first or loss
        output.backward()
        for param in fc.parameters():
            param.data.add_(-0.1 * param.grad.data)
        if loss < 1e-3 or batch_idx == 2000:
            break
    return {"before": first, "after": loss}
