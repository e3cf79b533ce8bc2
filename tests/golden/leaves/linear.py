"""Linear layers, and those that only change the shape."""
import itertools

import numpy as np

from ..recorder import sample
from .grid import DTYPES, layer


def programs():
    shapes = [(3,), (1, 3), (2, 3), (0, 3), (2, 4, 3)]
    for dtype, bias, shape in itertools.product(DTYPES, (True, False), shapes):
        yield layer("Linear", (3, 5), sample(*shape), bias=bias, dtype=dtype)
    yield layer("Linear", (33, 17), sample(19, 33))
    yield layer("Linear", (1, 1), sample(4, 1))
    yield from bilinears()
    yield from shapes_only()


def bilinears():
    for dtype, bias, batch in itertools.product(
            DTYPES, (True, False), [(), (1,), (2,), (0,), (2, 3), (2, 0)]):
        yield layer("Bilinear", (3, 4, 2), sample(*batch, 3), sample(*batch, 4, seed=1),
                    bias=bias, dtype=dtype)
    for sizes in [(1, 1, 1), (5, 2, 3), (2, 3, 0)]:
        yield layer("Bilinear", sizes, sample(2, sizes[0]), sample(2, sizes[1], seed=1))
    yield layer("Bilinear", (2, 3, 2), np.float32([[1e4, -1e4]]), sample(1, 3),
                note="extreme")
    for shapes in [((2, 3), (1, 4)), ((2, 3), (4,)), ((2, 3), (2, 3)), ((2, 4), (2, 4)),
                   ((), ())]:
        yield layer("Bilinear", (3, 4, 2), *map(lambda s: sample(*s), shapes),
                    note="refused")
    for features in [(0, 4, 5), (3, -1, 5)]:
        yield f"Bilinear{features} refused", lambda torch, f=features: \
            torch.nn.Bilinear(*f)
    yield "Bilinear repr", lambda torch: [
        repr(torch.nn.Bilinear(3, 4, 5)), repr(torch.nn.Bilinear(3, 4, 5, bias=False)),
        list(torch.nn.Bilinear(3, 4, 5).state_dict())]


def shapes_only():
    for dtype, shape in itertools.product(DTYPES, [(), (3,), (2, 3), (0, 3), (2, 3, 4)]):
        yield layer("Identity", (54,), sample(*shape), unused=1, dtype=dtype)
        for args in [(), (0,), (0, 1), (1, 2), (-2, -1), (2, 1), (5,), (-1,)]:
            yield layer("Flatten", args, sample(*shape), dtype=dtype)
    for shape, (dim, sizes) in itertools.product(
            [(2, 6), (6, 2), (6,), (0, 6), (2, 6, 1)],
            [(1, (2, 3)), (0, (3, 2)), (-1, (6,)), (1, (2, -1)), (1, (-1, 6)), (1, ()),
             (1, (4, -1)), (1, (-1, -1)), (1, (2, 2)), (0, (2, -1)), (0, (0, -1)),
             (3, (1,))]):
        yield layer("Unflatten", (dim, sizes), sample(*shape))
    for args in [(1, 4), (1, (2, "a")), (1, (2.0, 3))]:
        yield f"Unflatten{args} refused", lambda torch, a=args: torch.nn.Unflatten(*a)
    yield "repr of shapes", lambda torch: [
        repr(torch.nn.Identity(3)), repr(torch.nn.Flatten()),
        repr(torch.nn.Flatten(0, -2)), repr(torch.nn.Unflatten(1, (2, 3)))]
