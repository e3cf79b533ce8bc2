"""Activations: one element at a time, and along an axis."""
import itertools

from ..recorder import sample
from .grid import DTYPES, EXTREME, layer


def programs():
    for dtype, shape in itertools.product(DTYPES, [(), (1,), (2, 3), (2, 0), (2, 3, 4)]):
        x = sample(*shape) * 4
        for name in ("ReLU", "Sigmoid", "Tanh"):
            yield layer(name, (), x, dtype=dtype)
        for dim in range(-len(shape), len(shape)):
            yield layer("LogSoftmax", (dim,), x, dtype=dtype)
    for name in ("ReLU", "Sigmoid", "Tanh"):
        yield layer(name, (), EXTREME, note="extreme")
    yield layer("LogSoftmax", (1,), EXTREME[:, [0, 1, 2, 6, 7, 8]], note="extreme")
    yield layer("LogSoftmax", (1,), EXTREME, note="infinite")
