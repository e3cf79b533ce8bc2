"""Predict sine waves with two LSTMCells."""
import torch
from torch import nn, optim


class Sequence(nn.Module):
    def __init__(self, hidden=20):
        super().__init__()
        self.first, self.second = nn.LSTMCell(1, hidden), nn.LSTMCell(hidden, hidden)
        self.linear = nn.Linear(hidden, 1)

    def forward(self, input, future=0):
        first = second = None
        outputs = []
        for x in input.split(1, dim=1):
            first = self.first(x, first)
            second = self.second(first[0], second)
            outputs.append(self.linear(second[0]))
        for _ in range(future):
            first = self.first(outputs[-1], first)
            second = self.second(first[0], second)
            outputs.append(self.linear(second[0]))
        return torch.cat(outputs, dim=1)


def main():
    torch.manual_seed(0)
    shift = torch.randint(-80, 80, (10, 1))
    waves = torch.sin((torch.arange(40) + shift) / 20)
    model = Sequence()
    criterion = nn.MSELoss()
    optimizer = optim.Adam(model.parameters(), lr=0.02)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = criterion(model(waves[3:, :-1]), waves[3:, 1:])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        assert model(waves[:3, :-1], future=5).shape == (3, 44)
    return {"before": losses[0], "after": losses[-1]}
