"""Normalization, dropout and embeddings.

The rows of programs.py, and `_steps`, say how a row is built.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .programs import SIZES, _parameters, _steps

# class, arguments, shapes of the input (small, medium, large)
NORMS: list[tuple[str, tuple, list[tuple]]] = [
    ("BatchNorm1d", (64,), [(32, 64), (256, 64), (4096, 64)]),
    ("BatchNorm2d", (64,), [(8, 64, 4, 4), (8, 64, 28, 28), (8, 64, 112, 112)]),
    ("BatchNorm2d", (6,), [(16, 6, 28, 28), (64, 6, 28, 28)]),
    ("LayerNorm", (64,), [(32, 64), (1024, 64)]),
    ("LayerNorm", (512,), [(8, 512), (256, 512), (2048, 512)]),
    ("GroupNorm", (8, 64), [(8, 64, 4, 4), (8, 64, 28, 28), (8, 64, 56, 56)]),
    ("InstanceNorm2d", (32,), [(2, 32, 14, 14), (8, 32, 28, 28), (8, 32, 112, 112)]),
]
# rows of the table, features, shape of the input
TABLES: list[tuple[str, int, int, tuple]] = [
    ("small", 100, 32, (64,)),
    ("medium", 1000, 64, (32, 64)),
    ("large", 10_000, 256, (64, 64)),
]
DROPOUTS = {"Dropout": [(1024,), (65_536,), (4_000_000,)],
            "Dropout2d": [(8, 16, 8, 8), (8, 64, 28, 28), (8, 64, 112, 112)]}


def rows() -> Iterator[tuple[str, str, Callable]]:
    """(name, size, program) of every row."""
    for kind, args, shapes in NORMS:
        for size, shape in zip(SIZES, shapes):
            title = f"{kind}({', '.join(map(str, args))}) {_spell(shape)}"
            yield title, size, _norm(kind, args, shape)
    for kind, shapes in DROPOUTS.items():
        for size, shape in zip(SIZES, shapes):
            yield f"{kind} {_spell(shape)}", size, _dropout(kind, shape)
    for size, count, features, shape in TABLES:
        words = f"{count:,}x{features}, {_spell(shape)}"
        yield f"Embedding {words}", size, _table("Embedding", count, features, shape)
        for mode in ("sum", "mean", "max"):
            bags = (shape[0], 10)
            yield (f"EmbeddingBag {mode} {count:,}x{features}, {_spell(bags)}", size,
                   _table("EmbeddingBag", count, features, bags, mode=mode))


def _spell(shape: tuple) -> str:
    return "x".join(f"{n:,}" for n in shape)


def _norm(kind: str, args: tuple, shape: tuple) -> Callable:
    """With a gradient of ones, as `_steps` has it, all of dx would be rounding errors."""
    def program(torch: Any, numbers: Callable) -> dict:
        layer = _parameters(torch, getattr(torch.nn, kind)(*args), numbers)
        x, seed = (torch.from_numpy(numbers(*shape)) for _ in range(2))
        leaves = [x.requires_grad_(), *layer.parameters()]

        def forward() -> list:
            with torch.no_grad():
                return [layer(x)]

        def both() -> list:
            for leaf in leaves:
                leaf.grad = None
            y = layer(x)
            y.backward(seed)
            return [y, *(leaf.grad for leaf in leaves)]

        return {"forward": forward, "forward + backward": both}

    return program


def _table(kind: str, count: int, features: int, shape: tuple,
           **options: Any) -> Callable:
    def program(torch: Any, numbers: Callable) -> dict:
        layer = getattr(torch.nn, kind)(count, features, **options)
        layer = _parameters(torch, layer, numbers)
        index = (np.abs(numbers(*shape)) * 1e6).astype(np.int64) % count
        return _steps(torch, layer, [torch.from_numpy(index)], layer.parameters())

    return program


def _dropout(kind: str, shape: tuple) -> Callable:
    """The masks of the two libraries differ, so there is nothing to compare."""
    def program(torch: Any, numbers: Callable) -> dict:
        steps = _steps(torch, getattr(torch.nn, kind)(), [torch.from_numpy(
            numbers(*shape))])
        return {what: lambda step=step: step()[:0] for what, step in steps.items()}

    return program
