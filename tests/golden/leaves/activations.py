"""Activations: one element at a time, and along an axis."""
import itertools

import numpy as np

from ..recorder import sample
from .grid import DTYPES, EXTREME, layer

# Every class with its arguments, the defaults first.
ELEMENTWISE = {
    "ReLU": [()], "Sigmoid": [()], "Tanh": [()], "ReLU6": [()], "LogSigmoid": [()],
    "Softsign": [()], "Tanhshrink": [()], "SiLU": [()], "Mish": [()],
    "GELU": [(), ("none",), ("tanh",)], "LeakyReLU": [(), (0.3,), (0,), (-0.5,)],
    "ELU": [(), (0.5,), (-1,)], "SELU": [()], "CELU": [(), (0.5,), (-2,)],
    "Softplus": [(), (2,), (0.5, 1), (3, -1)],
    "Hardtanh": [(), (-2, 3), (0.5, 1.5)], "Softshrink": [(), (0,), (1.5,)],
    "Hardshrink": [(), (0,), (1.5,), (-1,)], "Threshold": [(0.1, 20), (-1, -3), (0, 0)],
    "PReLU": [(), (1, 0.1)], "Hardsigmoid": [()], "Hardswish": [()],
}
IN_PLACE = {"ReLU": (), "ReLU6": (), "SiLU": (), "Mish": (), "LeakyReLU": (0.2,),
            "ELU": (2,), "SELU": (), "CELU": (2,), "Hardtanh": (-2, 2),
            "Threshold": (0.1, 20), "Hardsigmoid": (), "Hardswish": ()}
KINKS = np.array([-6, -3, -2, -1.5, -1, -0.5, -0.0, 0, 0.5, 1, 1.5, 2, 3, 6], np.float32)


def programs():
    for name, calls in ELEMENTWISE.items():
        # PyTorch's slope of Hardsigmoid is 1/6 as float32 has it, in float64 too.
        dtypes = ["float32"] if name == "Hardsigmoid" else DTYPES
        for dtype, args in itertools.product(dtypes, calls):
            for shape in [(), (1,), (2, 3), (2, 0), (2, 3, 4)]:
                yield layer(name, args, sample(*shape) * 4, dtype=dtype)
            yield layer(name, args, KINKS, dtype=dtype, note="kinks")
        # Few numbers at a time: PyTorch's scalar loop and its vectors of 8 or 16 disagree
        # about the slope of some functions at NaN.  In float32 its GELU(inf) is NaN too.
        dtype = "float64" if name == "GELU" else "float32"
        yield layer(name, calls[0], EXTREME[:, :5], dtype=dtype, note="extreme, left")
        yield layer(name, calls[0], EXTREME[:, 5:], dtype=dtype, note="extreme, right")
    for name, args in IN_PLACE.items():
        yield layer(name, args, sample(3, 4) * 4, inplace=True, note="in place",
                    call=lambda module, x: module(x * 1))
    yield from slopes_of_channels()
    yield from along_an_axis()


def slopes_of_channels():
    shapes = [(2, 3), (0, 3), (2, 3, 4), (1, 3, 2, 2)]
    for dtype, shape in itertools.product(DTYPES, shapes):
        yield layer("PReLU", (3,), sample(*shape) * 4, dtype=dtype)
    for shape in [(2, 4), (3,), ()]:
        yield layer("PReLU", (3,), sample(*shape), note="refused")


def along_an_axis():
    for dtype, shape in itertools.product(DTYPES, [(), (1,), (2, 3), (2, 0), (2, 3, 4)]):
        for dim in range(-len(shape), len(shape)):
            yield layer("LogSoftmax", (dim,), sample(*shape) * 4, dtype=dtype)
    even = [(2,), (2, 6), (2, 0), (0, 4), (4, 2, 6)]
    for dtype, shape in itertools.product(DTYPES, even):
        for dim in range(-len(shape), len(shape)):
            yield layer("GLU", (dim,), sample(*shape) * 4, dtype=dtype)
    for dim, shape in [(0, (3, 2)), (1, (2, 3)), (2, (2, 4)), (0, ())]:
        yield layer("GLU", (dim,), sample(*shape), note="refused")
    yield layer("LogSoftmax", (1,), EXTREME[:, [0, 1, 2, 6, 7, 8]], note="extreme")
    yield layer("LogSoftmax", (1,), EXTREME, note="infinite")
