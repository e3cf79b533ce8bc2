"""Pooling layers."""
import itertools

import numpy as np

from ..recorder import sample
from .grid import DTYPES, layer

NAN, INF = np.nan, np.inf
WINDOWS = list(itertools.product(
    (2, 3, (3, 2)), (None, 1, 2, (2, 3)), (0, 1), (False, True)))


def programs():
    for dtype in DTYPES:
        yield from max_pools(dtype)
        yield from avg_pools(dtype)
        yield from adaptive(dtype)
    yield from extremes()
    yield from wrong()


def max_pools(dtype):
    for kernel, stride, padding, ceil in WINDOWS:
        yield layer("MaxPool2d", (kernel, stride, padding), sample(1, 2, 5, 6),
                    ceil_mode=ceil, return_indices=True, dtype=dtype)
    for kernel, dilation, ceil in itertools.product(
            (2, (2, 3)), (2, (1, 2)), (False, True)):
        yield layer("MaxPool2d", (kernel, 2), sample(1, 1, 6, 7), dilation=dilation,
                    ceil_mode=ceil, dtype=dtype)
    for kernel, stride, padding, dilation, ceil in itertools.product(
            (2, 3), (None, 1, 2), (0, 1), (1, 2), (False, True)):
        yield layer("MaxPool1d", (kernel, stride, padding, dilation), sample(2, 7),
                    ceil_mode=ceil, dtype=dtype)
    for shape in [(2, 4, 4), (0, 2, 4, 4), (1, 1, 2, 2), (3, 1, 3, 3)]:
        yield layer("MaxPool2d", (2,), sample(*shape), dtype=dtype)
    for shape in [(2, 3, 4), (0, 2, 4), (1, 2)]:
        yield layer("MaxPool1d", (2,), sample(*shape), return_indices=True, dtype=dtype)


def avg_pools(dtype):
    for (kernel, stride, padding, ceil), count in itertools.product(
            WINDOWS, (True, False)):
        yield layer("AvgPool2d", (kernel, stride, padding), sample(1, 1, 5, 6),
                    ceil_mode=ceil, count_include_pad=count, dtype=dtype)
    for divisor in (1, 3, -2):
        yield layer("AvgPool2d", (2, 1, 1), sample(1, 2, 3, 3), divisor_override=divisor,
                    dtype=dtype)
    for kernel, stride, padding, ceil, count in itertools.product(
            (2, (3,)), (None, 1, (2,)), (0, 1), (False, True), (True, False)):
        yield layer("AvgPool1d", (kernel, stride, padding), sample(2, 7), ceil_mode=ceil,
                    count_include_pad=count, dtype=dtype)
    for shape in [(2, 4, 4), (0, 2, 4, 4), (3, 1, 3, 3)]:
        yield layer("AvgPool2d", (2,), sample(*shape), dtype=dtype)
    yield layer("AvgPool1d", (2,), sample(0, 2, 4), dtype=dtype)


def adaptive(dtype):
    for size in (1, 3, (2, 3), (None, 2), (5, 7), (7, 9), [2, 2]):
        yield layer("AdaptiveAvgPool2d", (size,), sample(1, 2, 4, 5), dtype=dtype)
        yield layer("AdaptiveMaxPool2d", (size,), sample(1, 2, 4, 5), return_indices=True,
                    dtype=dtype)
    for size in (1, 2, (3,), 8):
        yield layer("AdaptiveAvgPool1d", (size,), sample(2, 2, 5), dtype=dtype)
        yield layer("AdaptiveMaxPool1d", (size,), sample(2, 5), return_indices=True,
                    dtype=dtype)
    for name in ("AdaptiveAvgPool2d", "AdaptiveMaxPool2d"):
        for shape in [(2, 3, 4), (0, 1, 3, 3), (2, 1, 1, 1)]:
            yield layer(name, (2,), sample(*shape), dtype=dtype)


def extremes():
    for note, numbers in {
            "equal": [1, 1, 1, 1], "nan first": [NAN, 5, 6, 7],
            "nan last": [5, 6, 7, NAN], "two nan": [NAN, 1, NAN, 2],
            "all nan": [NAN] * 4, "low": [-INF] * 4, "both": [INF, -INF, 0, -0.0],
            "low and nan": [-INF, NAN, -INF, 3],
            "large": [1e4, -1e4, 3e38, -3e38]}.items():
        x = np.float32(numbers).reshape(1, 2, 2)
        for name, args in [("MaxPool2d", (2,)), ("MaxPool2d", (2, 1, 1)),
                           ("AdaptiveMaxPool2d", (1,))]:
            yield layer(name, args, x, return_indices=True, note=note)
        if note != "large":
            yield layer("AvgPool2d", (2,), x, note=note)
            yield layer("AdaptiveAvgPool2d", (1,), x, note=note)
    yield layer("MaxPool2d", (2, 1, 1), np.full((1, 3, 4), -INF, np.float32),
                return_indices=True, note="low")
    whole = np.arange(-8, 12).reshape(1, 4, 5)
    yield layer("MaxPool2d", (2,), whole, note="whole numbers")
    yield layer("AvgPool2d", (2,), whole, note="whole numbers")


def wrong():
    x = sample(1, 1, 4, 4)
    for name in ("MaxPool2d", "AvgPool2d"):
        for args in [(0,), (2, 0), (2, 2, -1), (2, 2, 2), (5,), (5, 1, 0), (2.0,),
                     ((2, 2, 2),), ((2,),), (2, (1,)), (2, 1.5), (3, 2, (0, 2)), (-1,)]:
            yield layer(name, args, x)
            yield layer(name, args, x, ceil_mode=True)
    for args in [(2, 2, 0, 0), (3, 1, 2, 2), (3, 1, 0, 2), (2, 1, 0, (1, 1, 1))]:
        yield layer("MaxPool2d", args, x)
    for name in ("MaxPool1d", "AvgPool1d"):
        for args in [(0,), (2, 0), (2, 2, -1), (2, 2, 2), (5,), (2.0,), ((2, 2),)]:
            yield layer(name, args, sample(1, 4))
        for shape in [(4,), (1, 1, 1, 4), (1, 0, 4), (1, 1, 0)]:
            yield layer(name, (2,), sample(*shape))
    for shape in [(1, 1, 1, 4, 4), (1, 0, 4, 4), (1, 1, 0, 4), (1, 1, 1, 1)]:
        for name in ("MaxPool2d", "AvgPool2d", "AdaptiveMaxPool2d"):
            yield layer(name, (2,), sample(*shape))
    yield layer("AdaptiveAvgPool2d", (2,), sample(1, 1, 0, 4))
    for divisor in (0, 1.5):
        yield layer("AvgPool2d", (2,), x, divisor_override=divisor)
    for name in ("AdaptiveAvgPool2d", "AdaptiveMaxPool2d"):
        for size in (-1, (1, 2, 3), (2,), (2, -1)):
            yield layer(name, (size,), x)
        yield layer(name, (2,), sample(4, 4))
        yield layer(name, (2,), np.ones((1, 4, 4), np.int64), note="whole numbers")
    for name in ("AdaptiveAvgPool1d", "AdaptiveMaxPool1d"):
        for size in (-1, (1, 2), None, 1.5):
            yield layer(name, (size,), sample(1, 4))
