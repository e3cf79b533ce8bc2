"""Losses: L1 and cross entropy."""
import itertools

import numpy as np

from ..recorder import sample
from .grid import DTYPES, REDUCTIONS, classes, distribution, layer

OLD = ({"size_average": False}, {"size_average": True}, {"reduce": False})


def programs():
    for dtype, reduction in itertools.product(DTYPES, REDUCTIONS):
        for shape in [(), (1,), (5,), (2, 3), (0, 3)]:
            yield layer("L1Loss", (), sample(*shape), sample(*shape, seed=1),
                        reduction=reduction, dtype=dtype)
        yield from cross_entropies(dtype, reduction)
    yield layer("L1Loss", (), sample(3), sample(3), note="equal")
    for old in OLD:
        yield layer("L1Loss", (), sample(4), sample(4, seed=1), **old)
        yield layer("CrossEntropyLoss", (), sample(4, 3), classes(4, n=3), **old)
    yield layer("CrossEntropyLoss", (), sample(3, 4) * 1e4, classes(3, n=4),
                note="extreme")
    yield layer("CrossEntropyLoss", (), sample(3, 4), np.full(3, -100), reduction="sum",
                note="all ignored")
    yield layer("CrossEntropyLoss", (), sample(4), np.array(2))


def cross_entropies(dtype, reduction):
    weight = np.array([0.5, 2.0, 1.0, 0.25], np.float32)
    for shape, weighted, ignore, smoothing in itertools.product(
            [(5, 4), (1, 4), (2, 4, 3)], (False, True), (-100, 2), (0.0, 0.2)):
        options = dict(weight=weight if weighted else None, ignore_index=ignore,
                       reduction=reduction, label_smoothing=smoothing, dtype=dtype)
        target = classes(shape[0], *shape[2:], n=4)
        target.flat[0] = 1
        yield layer("CrossEntropyLoss", (), sample(*shape), target, **options)
        if ignore < 0:
            yield layer("CrossEntropyLoss", (), sample(*shape),
                        distribution(*shape, seed=1), note="probabilities", **options)
