"""Whole training steps of six models, as programs have them.

Forward, loss, zero_grad, backward, clip_grad_norm_, a step of the optimiser.  The batch
and the first weights are the same on both sides.  The losses and the lengths of the
gradients of three steps are compared before the clock starts (without dropout, whose
masks differ); then the same step is timed.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


def rows() -> Iterator[tuple[str, str, Callable]]:
    """(name, size, program) of every row."""
    for make in MODELS:
        yield f"model: {make.__name__.replace('_', ' ')}", "medium", make


def _weights(torch: Any, numbers: Callable, *modules: Any) -> list:
    """All parameters, filled so that numbers keep their size from layer to layer."""
    parameters = [p for module in modules for p in module.parameters()]
    for p in parameters:
        fan_in = int(np.prod(p.shape[1:]))
        p.data.copy_(torch.from_numpy(numbers(*p.shape) * 0.5 / fan_in**0.5))
    return parameters


def _classes(torch: Any, numbers: Callable, *shape: int, n: int) -> Any:
    return torch.from_numpy((np.abs(numbers(*shape)) * 1e6).astype(np.int64) % n)


def _training(
    torch: Any, loss_of: Callable, parameters: list, optimizer: Any, dropout: Any = None
) -> dict[str, Callable[[], list]]:
    """{what: step}; a step returns what was found in the first three."""
    clip = torch.nn.utils.clip_grad_norm_

    def train() -> list:
        loss = loss_of()
        optimizer.zero_grad()
        loss.backward()
        norm = clip(parameters, 1.0)
        optimizer.step()
        return [loss, norm]

    if dropout is not None:
        dropout.eval()
    found = [number for _ in range(3) for number in train()]
    if dropout is not None:
        dropout.train()

    def step() -> list:
        train()
        return found

    return {"training step": step}


def character_lstm(torch: Any, numbers: Callable) -> dict:
    """Embedding, LSTM 32x16x64→128, Linear, Adam."""
    nn, T, B = torch.nn, 32, 16
    table, layer, head = nn.Embedding(96, 64), nn.LSTM(64, 128), nn.Linear(128, 96)
    parameters = _weights(torch, numbers, table, layer, head)
    text = _classes(torch, numbers, T + 1, B, n=96)

    def loss_of() -> Any:
        scores = head(layer(table(text[:-1]))[0])
        return nn.functional.cross_entropy(scores.view(-1, 96), text[1:].view(-1))

    return _training(
        torch, loss_of, parameters, torch.optim.Adam(parameters, lr=1e-3))


def word_gru(torch: Any, numbers: Callable) -> dict:
    """Embedding, packed GRU 32x20x96→128 with carried state, Linear, RMSprop."""
    nn, T, B, words = torch.nn, 32, 20, 1008
    table, layer, head = nn.Embedding(words, 96), nn.GRU(96, 128), nn.Linear(128, words)
    parameters = _weights(torch, numbers, table, layer, head)
    text = _classes(torch, numbers, T + 1, B, n=words)
    lengths = [T - k for k in range(B)]
    pack = nn.utils.rnn.pack_padded_sequence
    answers = pack(text[1:], lengths).data
    state = [torch.zeros(1, B, 128)]

    def loss_of() -> Any:
        out, h = layer(pack(table(text[:-1]), lengths), state[0])
        state[0] = h.detach()
        return nn.functional.cross_entropy(head(out.data), answers)

    return _training(
        torch, loss_of, parameters, torch.optim.RMSprop(parameters, lr=1e-4))


def digits_cnn(torch: Any, numbers: Callable) -> dict:
    """Two of Conv2d, BatchNorm2d, MaxPool2d; Dropout, Linear, SGD."""
    nn = torch.nn
    dropout = nn.Dropout(0.5)
    network = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), dropout, nn.Linear(32 * 7 * 7, 10))
    parameters = _weights(torch, numbers, network)
    x = torch.from_numpy(numbers(64, 1, 28, 28))
    y = _classes(torch, numbers, 64, n=10)
    return _training(
        torch, lambda: nn.functional.cross_entropy(network(x), y), parameters,
        torch.optim.SGD(parameters, lr=0.01, momentum=0.9), dropout)


def vae(torch: Any, numbers: Callable) -> dict:
    """Variational autoencoder 784→400→20, binary cross entropy and KL, Adam."""
    nn, N, hidden = torch.nn, 128, 20
    encoder = nn.Sequential(nn.Linear(784, 400), nn.ReLU(), nn.Linear(400, 2 * hidden))
    decoder = nn.Sequential(
        nn.Linear(hidden, 400), nn.ReLU(), nn.Linear(400, 784), nn.Sigmoid())
    parameters = _weights(torch, numbers, encoder, decoder)
    x = torch.from_numpy(1 / (1 + np.exp(-3 * numbers(N, 784))))
    noise = torch.from_numpy(numbers(N, hidden))

    def loss_of() -> Any:
        code = encoder(x)
        mean, log_variance = code[:, :hidden], code[:, hidden:]
        z = mean + noise * torch.exp(0.5 * log_variance)
        kl = -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp())
        return nn.functional.binary_cross_entropy(decoder(z), x, reduction="sum") + kl

    return _training(
        torch, loss_of, parameters, torch.optim.Adam(parameters, lr=1e-3))


def super_resolution(torch: Any, numbers: Callable) -> dict:
    """Three of Conv2d, Tanh; PixelShuffle(3), squared error, Adam."""
    nn = torch.nn
    network = nn.Sequential(
        nn.Conv2d(1, 64, 5, padding=2), nn.Tanh(), nn.Conv2d(64, 32, 3, padding=1),
        nn.Tanh(), nn.Conv2d(32, 9, 3, padding=1), nn.PixelShuffle(3))
    parameters = _weights(torch, numbers, network)
    x = torch.from_numpy(numbers(4, 1, 32, 32))
    y = torch.from_numpy(numbers(4, 1, 96, 96))
    return _training(
        torch, lambda: nn.functional.mse_loss(network(x), y), parameters,
        torch.optim.Adam(parameters, lr=1e-3))


def triplets(torch: Any, numbers: Callable) -> dict:
    """Linear, LayerNorm, ReLU, Linear, TripletMarginLoss, AdamW."""
    nn = torch.nn
    network = nn.Sequential(
        nn.Linear(64, 128), nn.LayerNorm(128), nn.ReLU(), nn.Linear(128, 32))
    parameters = _weights(torch, numbers, network)
    triple = [torch.from_numpy(numbers(64, 64)) for _ in range(3)]
    loss = nn.TripletMarginLoss()
    return _training(
        torch, lambda: loss(*map(network, triple)), parameters,
        torch.optim.AdamW(parameters, lr=1e-3))


MODELS = (character_lstm, word_gru, digits_cnn, vae, super_resolution, triplets)
