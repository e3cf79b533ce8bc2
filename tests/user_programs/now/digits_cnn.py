"""Digits with a convolutional network, batch norm and a one-cycle schedule."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from pedagogic_nn.data import digits


def tensors(split):
    images, labels = digits(split)
    return torch.tensor(images).float()[:, None], torch.tensor(labels).long()


def main():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding="same", bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.GELU(),
        nn.AdaptiveAvgPool2d((2, 2)), nn.Flatten(), nn.Dropout(0.1), nn.Linear(128, 10))
    loader = DataLoader(TensorDataset(*tensors("train")), batch_size=64, shuffle=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=1e-3)
    epochs = 3
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=1e-2, epochs=epochs, steps_per_epoch=len(loader))
    criterion = nn.CrossEntropyLoss()
    losses = []
    for _ in range(epochs):
        model.train()
        for x, y in loader:
            optimizer.zero_grad(set_to_none=True)
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
    model.eval()
    x, y = tensors("test")
    with torch.no_grad():
        accuracy = (model(x).argmax(1) == y).float().mean().item()
    return {"before": losses[0], "after": losses[-1], "accuracy": accuracy,
            "at least": 0.8}
