"""Recurrent layers over whole sequences: padded, packed, two directions, a batch of one.

The rows of programs.py, and `_steps`, say how a row is built.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .programs import SIZES, _cell, _steps

KINDS = ("RNN", "LSTM", "GRU")
# steps T, sequences B, features D, units H
SHAPES = [(10, 8, 32, 32), (32, 16, 64, 128), (64, 32, 256, 256)]
ALONE, LARGE = (64, 1, 256, 256), (128, 64, 1024, 1024)


def rows() -> Iterator[tuple[str, str, Callable]]:
    """(name, size, program) of every row."""
    yield from _cell("GRUCell")
    for kind in KINDS:
        for size, shape in zip(SIZES, SHAPES):
            yield f"{kind} {_spell(shape)}", size, _layer(kind, shape)
        for size, shape in (("medium", ALONE), ("large", LARGE)):
            yield f"{kind} {_spell(shape)}", size, _layer(kind, shape)
        for size, shape in (("small", SHAPES[0]), ("large", SHAPES[2])):
            yield f"{kind} packed {_spell(shape)}", size, _packed(kind, shape)
            yield (
                f"{kind} 2 layers, 2 directions {_spell(shape)}",
                size,
                _layer(kind, shape, num_layers=2, bidirectional=True),
            )


def _spell(shape: tuple) -> str:
    T, B, D, H = shape
    return f"{T}x{B}x{D}→{H}"


def _made(torch: Any, numbers: Callable, kind: str, shape: tuple, **options: Any) -> Any:
    """Weights as a layer starts with: larger ones would blow up every rounding error."""
    layer = getattr(torch.nn, kind)(*shape[2:], **options)
    for p in layer.parameters():
        p.data.copy_(torch.from_numpy(numbers(*p.shape) * 0.5 / shape[3] ** 0.5))
    return layer


def _layer(kind: str, shape: tuple, **options: Any) -> Callable:
    def program(torch: Any, numbers: Callable) -> dict:
        layer = _made(torch, numbers, kind, shape, **options)
        return _steps(
            torch,
            lambda x: layer(x)[0],
            [torch.from_numpy(numbers(*shape[:3]))],
            layer.parameters(),
        )

    return program


def _packed(kind: str, shape: tuple) -> Callable:
    """Lengths from an eighth of T up to T."""

    def program(torch: Any, numbers: Callable) -> dict:
        T, B, D, _ = shape
        layer = _made(torch, numbers, kind, shape)
        lengths = np.linspace(T, max(1, T // 8), B).astype(np.int64)
        sizes = torch.from_numpy((lengths > np.arange(T)[:, None]).sum(1))
        return _steps(
            torch,
            lambda x: layer(torch.nn.utils.rnn.PackedSequence(x, sizes))[0].data,
            [torch.from_numpy(numbers(int(lengths.sum()), D))],
            layer.parameters(),
        )

    return program
