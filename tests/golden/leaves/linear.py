"""Linear layers."""
import itertools

from ..recorder import sample
from .grid import DTYPES, layer


def programs():
    shapes = [(3,), (1, 3), (2, 3), (0, 3), (2, 4, 3)]
    for dtype, bias, shape in itertools.product(DTYPES, (True, False), shapes):
        yield layer("Linear", (3, 5), sample(*shape), bias=bias, dtype=dtype)
    yield layer("Linear", (33, 17), sample(19, 33))
    yield layer("Linear", (1, 1), sample(4, 1))
