"""Distances: p-norms of differences, and cosines."""
import itertools

import numpy as np

from ..recorder import sample
from .grid import DTYPES, EXTREME, layer

INF = float("inf")
NORMS = [2.0, 1, 0.5, 1.5, 3, 7.5, INF, -INF, -1, -2.5]
PAIRS = [((2, 3), (2, 3)), ((3,), (3,)), ((), ()), ((1, 1), (1, 1)), ((0, 3), (0, 3)),
         ((2, 3, 4), (2, 3, 4)), ((2, 3), (3,)), ((2, 1, 3), (4, 3)), ((3, 1), (3, 4))]
TIES = (np.float32([[3, -3, 1], [0, 0, 0], [0, 2, -1], [5, 5, 5], [-1, 0, 0]]),
        np.zeros((5, 3), np.float32))
TINY = np.float32([[1e-9, 0, 2e-9], [1e-12, 1e-12, 0], [0, 0, 0], [3, 4, 0]])


def programs():
    for dtype, (a, b), p in itertools.product(DTYPES, PAIRS, NORMS):
        yield layer("PairwiseDistance", (p,), sample(*a), sample(*b, seed=1), dtype=dtype)
    for p, eps in itertools.product(NORMS, (0.0, 1e-6, 0.5)):
        yield layer("PairwiseDistance", (p, eps), *TIES, note="ties")
        yield layer("PairwiseDistance", (p, eps, True), sample(2, 3),
                    sample(2, 3, seed=1))
    for p in (0, *NORMS):
        for a, b in [((2, 3), (2, 3)), ((2, 0), (2, 0)), ((2, 3), (2, 4)), ((), ())]:
            yield (f"distance {p} of {a} and {b}", lambda torch, p=p, a=a, b=b:
                   torch.pairwise_distance(torch.from_numpy(np.array(sample(*a))),
                                           torch.from_numpy(np.array(sample(*b, seed=1))),
                                           p, keepdim=True))
    for p in (2.0, 1, INF, -INF, -1, 3):
        yield layer("PairwiseDistance", (p, 0.0), EXTREME.T, np.ones((10, 1), np.float32),
                    note="extreme")
    yield from cosines()
    yield from mixed()


def cosines():
    for dtype, (a, b) in itertools.product(DTYPES, PAIRS):
        n = len(np.broadcast_shapes(a, b))
        for dim in range(-max(n, 1), max(n, 1) + 1):
            yield layer("CosineSimilarity", (dim,), sample(*a), sample(*b, seed=1),
                        dtype=dtype, call=None if longer(a, b, dim) else values)
    for eps in (1e-8, 0.0, 1.0, -1.0):
        yield layer("CosineSimilarity", (1, eps), TINY, sample(4, 3), note="tiny")
        yield layer("CosineSimilarity", (1, eps), TINY, TINY[[1, 2, 3, 0]], note="both")
    yield layer("CosineSimilarity", (0,), EXTREME, EXTREME[:, ::-1].copy(), call=values,
                note="extreme")
    yield layer("CosineSimilarity", (1,), sample(2, 0), sample(2, 0))
    yield layer("CosineSimilarity", (1,), sample(2, 3), sample(2, 4), note="refused")


def longer(a, b, dim):
    """Whether both have more than one number along `dim`.  If not, the cosine does not
    change with the one: its gradient is 0 and what rounding leaves."""
    n = len(np.broadcast_shapes(a, b))
    both = [(1,) * (n - len(s)) + s for s in (a, b)]
    return all(dim >= max(n, 1) or (n and s[dim] > 1) for s in both)


def values(module, *inputs):
    """The outputs without their gradients."""
    return module(*inputs).detach()


def mixed():
    """Two dtypes, and no real numbers at all."""
    def numbers(torch, *kinds):
        return [torch.from_numpy(np.arange(6).reshape(2, 3) + k).to(getattr(torch, kind))
                for k, kind in enumerate(kinds)]

    for kinds in itertools.product(("float32", "float64", "int64"), repeat=2):
        yield f"distance of {kinds}", lambda torch, k=kinds: torch.pairwise_distance(
            *numbers(torch, *k))
        # PyTorch rounds norms to float32 where one of the two is: only the dtype is ours.
        yield f"cosine of {kinds}", lambda torch, k=kinds: str(
            torch.cosine_similarity(*numbers(torch, *k)).dtype).removeprefix("torch.")
    yield "repr", lambda torch: [repr(torch.nn.CosineSimilarity(0, 1e-6)),
                                 repr(torch.nn.PairwiseDistance(1.0, 1e-3, True))]
    for p in ("a", None):
        yield f"p is {p}", lambda torch, p=p: torch.pairwise_distance(
            torch.ones(2, 3), torch.ones(2, 3), p)
