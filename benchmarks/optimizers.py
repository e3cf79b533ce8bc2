"""Steps of the optimisers, and gradients that are clipped before them.

Beside PyTorch's default, which visits the parameters several times, some rows ask it for
its fused kernel.  The gradients are given: no network runs.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

from .programs import SIZES

# The parameters of a network of two layers, of a small LSTM, of a large layer.
SHAPES: list[list[tuple[int, ...]]] = [
    [(32, 32), (32,), (32, 32), (32,), (10, 32), (10,)],
    [(1024, 256), (1024, 256), (1024,), (1024,), (1008, 256), (1008,)],
    [(4096, 1024), (4096, 1024), (4096,), (4096,)],
]


def rows() -> Iterator[tuple[str, str, Callable]]:
    """(name, size, program) of every row."""
    for options in ({}, {"fused": True}):
        yield from steps("Adam", "clip_grad_norm_ and Adam", max_norm=1.0, **options)
        yield from steps("Adam", "Adam", **options)
        yield from steps("SGD", "SGD", momentum=0.9, **options)
        yield from steps("Adagrad", "Adagrad", **options)
    yield from steps("RMSprop", "RMSprop")
    yield from steps("RMSprop", "RMSprop, centered", momentum=0.9, centered=True)
    yield from steps("Adadelta", "Adadelta")
    for norm_type in (2.0, 1.0, 3.0, float("inf")):
        yield from norms(norm_type)


def steps(
    optimizer: str, name: str, max_norm: float | None = None, **options: Any
) -> Iterator:
    """One step for all parameters."""
    label = f"{name} (fused)" if "fused" in options else name
    for size, shapes in zip(SIZES, SHAPES):

        def program(torch, numbers, shapes=shapes):
            parameters = _with_gradients(torch, numbers, shapes)
            made = getattr(torch.optim, optimizer)(parameters, lr=1e-6, **options)

            def step() -> list:
                if max_norm is not None:
                    torch.nn.utils.clip_grad_norm_(parameters, max_norm)
                made.step()
                return parameters

            return {"step": step}

        yield f"{label}, {_count(shapes):,} parameters", size, program


def norms(norm_type: float) -> Iterator:
    """The norm of all gradients, without clipping them: the limit is too high for it.

    Not of millions: PyTorch adds them up in float32, and of 4 million its norm of order 1
    is wrong by 3e-4, that of order 2 by 8e-5.
    """
    for size, shapes in zip(SIZES[:2], SHAPES):

        def program(torch, numbers, shapes=shapes):
            parameters = _with_gradients(torch, numbers, shapes)

            def step() -> list:
                return [torch.nn.utils.clip_grad_norm_(parameters, 1e9, norm_type)]

            return {"norm": step}

        yield f"clip_grad_norm_({norm_type:g}), {_count(shapes):,}", size, program


def _with_gradients(torch: Any, numbers: Callable, shapes: list) -> list:
    parameters = [torch.from_numpy(numbers(*s)).requires_grad_() for s in shapes]
    for p in parameters:
        p.grad = torch.from_numpy(numbers(*p.shape))
    return parameters


def _count(shapes: list) -> int:
    return sum(math.prod(shape) for shape in shapes)
