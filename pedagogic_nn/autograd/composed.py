"""Composed: operations that are a line or two of others, under the names that programs
call: stacking, differences, distances, windows, fills.

Their gradients come from the operations that they are made of.
"""
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..backend import random
from ..backend.device import xp_of
from . import function
from .checks import check_real
from .comparing import allclose, equal
from .function import Primitive
from .reductions import axes, axis
from .shaping import cat, permute, reshape, sizes, unsqueeze

# ---- stacking ------------------------------------------------------------------------


def _at_least(x: Any, ndim: int) -> Any:
    return x if x.ndim >= ndim else reshape(x, (1,) * (ndim - x.ndim) + tuple(x.shape))


def vstack(tensors: Sequence[Any]) -> Any:
    """Tensors under one another; vectors are rows."""
    return cat([_at_least(x, 2) for x in tensors], 0)


def hstack(tensors: Sequence[Any]) -> Any:
    """Tensors beside one another; vectors in one line."""
    parts = [_at_least(x, 1) for x in tensors]
    return cat(parts, 0 if parts[0].ndim == 1 else 1)


def column_stack(tensors: Sequence[Any]) -> Any:
    """Tensors beside one another; vectors are columns."""
    return hstack([reshape(x, -1, 1) if x.ndim < 2 else x for x in tensors])


# ---- windows and differences ---------------------------------------------------------


class Unfold(Primitive):
    """Windows of an axis, along a new last axis; every element knows how often it
    came."""

    @staticmethod
    def forward(ctx, x, dim, size, step):
        ctx.place, ctx.shape = (dim, size, step), x.shape
        return xp_of(x).stack([x[s] for s in _windows(x.shape, dim, size, step)], -1)

    @staticmethod
    def backward(ctx, g):
        dx = xp_of(g).zeros(ctx.shape, g.dtype)
        for k, window in enumerate(_windows(ctx.shape, *ctx.place)):
            dx[window] += g[..., k]
        return dx


def _windows(shape, dim, size, step):
    """For each place in a window, the slice that takes it from every window."""
    count = (shape[dim] - size) // step + 1
    return [(slice(None),) * dim + (slice(k, k + (count - 1) * step + 1, step),)
            for k in range(size)]


def unfold(x: Any, dimension: int, size: int, step: int) -> Any:
    """All windows of `size` elements of an axis, `step` apart, along a new last axis.

    Raises:
        RuntimeError: a window does not fit, or step is not positive.

    Example:
        >>> torch.arange(5).unfold(0, 3, 2)
        tensor([[0, 1, 2],
                [2, 3, 4]])
    """
    dim = axis(dimension, x.ndim, "unfold")
    if not 0 < size <= x.shape[dim] or step < 1:
        raise RuntimeError(f"unfold: expected 1 <= size <= {x.shape[dim]} (the axis) and "
                           f"step >= 1, got size {size} and step {step}")
    return Unfold.apply(x, dim=dim, size=size, step=step)


def diff(x: Any, n: int = 1, dim: int = -1) -> Any:
    """Differences of neighbours along an axis, taken n times."""
    d = axis(dim, x.ndim, "diff")
    for _ in range(n):
        if not x.shape[d]:
            break
        m = x.shape[d] - 1
        x = x.narrow(d, 1, m) - x.narrow(d, 0, m)
    return x


# ---- products and distances ----------------------------------------------------------


def tensordot(a: Any, b: Any, dims: Any = 2) -> Any:
    """Sums of products over the last `dims` axes of a and the first of b, or over the
    two lists of axes that dims holds.

    Raises:
        RuntimeError: the axes differ in length.
    """
    if isinstance(dims, int):
        dims = list(range(a.ndim - dims, a.ndim)), list(range(dims))
    over_a = axes(tuple(sizes((dims[0],))), a.ndim, "tensordot") or ()
    over_b = axes(tuple(sizes((dims[1],))), b.ndim, "tensordot") or ()
    if [a.shape[k] for k in over_a] != [b.shape[k] for k in over_b]:
        raise RuntimeError(f"tensordot: axes {over_a} of shape {tuple(a.shape)} and axes "
                           f"{over_b} of shape {tuple(b.shape)} differ in length")
    left = [k for k in range(a.ndim) if k not in over_a]
    right = [k for k in range(b.ndim) if k not in over_b]
    count = math.prod(a.shape[k] for k in over_a)
    rows = math.prod(a.shape[k] for k in left)
    columns = math.prod(b.shape[k] for k in right)
    product = (reshape(permute(a, *left, *over_a), rows, count)
               @ reshape(permute(b, *over_b, *right), count, columns))
    return reshape(product, [a.shape[k] for k in left] + [b.shape[k] for k in right])


def inner(a: Any, b: Any) -> Any:
    """Sums of products over the last axes; with a number, the multiple."""
    return a * b if not (a.ndim and b.ndim) else tensordot(a, b, ([-1], [-1]))


def dist(a: Any, b: Any, p: float = 2) -> Any:
    """The p-norm of a - b."""
    return (a - b).norm(p)


def cdist(a: Any, b: Any, p: float = 2.0) -> Any:
    """Distances between all rows: a (…, N, D), b (…, M, D) → (…, N, M), by the p-norm.

    Raises:
        RuntimeError: the rows differ in length.
    """
    if a.ndim < 2 or b.ndim < 2 or a.shape[-1] != b.shape[-1]:
        raise RuntimeError(f"cdist: expected (…, N, D) and (…, M, D), got shapes "
                           f"{tuple(a.shape)} and {tuple(b.shape)}")
    return (unsqueeze(a, -2) - unsqueeze(b, -3)).norm(p, -1)


def clamp_min(x: Any, min: Any) -> Any:
    """Elements below `min` are raised to it."""
    return x.clamp(min=min)


def clamp_max(x: Any, max: Any) -> Any:
    """Elements above `max` are lowered to it."""
    return x.clamp(max=max)


# ---- the methods ---------------------------------------------------------------------


class Composed:
    """The composed methods of a tensor."""

    unfold, diff, inner, dist = unfold, diff, inner, dist
    allclose, equal, clamp_min, clamp_max = allclose, equal, clamp_min, clamp_max

    def ndimension(self) -> int:
        """The number of axes; 0.1's name of `dim()`."""
        return self.ndim                                       # type: ignore[attr-defined]

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self.array.itemsize                             # type: ignore[attr-defined]

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.array.nbytes                               # type: ignore[attr-defined]

    is_sparse = False                      # all tensors are dense

    def pin_memory(self) -> Any:
        """The tensor itself: there is no memory of another kind here."""
        return self

    def share_memory_(self) -> Any:
        """The tensor itself; processes get copies."""
        return self

    def fill_diagonal_(self, value: float, wrap: bool = False) -> Any:
        """Fill the main diagonal of a matrix (or x[k, k, k …] of a cube) in place."""
        x: Any = self
        if x.ndim < 2:
            raise RuntimeError("fill_diagonal_: expected at least two axes, got shape "
                               f"{tuple(x.shape)}")
        if x.ndim > 2 and len(set(x.shape)) > 1:
            raise RuntimeError("fill_diagonal_: all axes of a tensor with more than two "
                               f"must be equal, got shape {tuple(x.shape)}")
        k = np.arange(min(x.shape))
        x[(k,) * x.ndim] = value
        if wrap and x.ndim == 2:
            for start in range(x.shape[1] + 1, x.shape[0], x.shape[1] + 1):
                rows = np.arange(start, min(start + x.shape[1], x.shape[0]))
                x[rows, rows - start] = value
        return x

    def exponential_(self, lambd: float = 1, *, generator: Any = None) -> Any:
        """Elements drawn from λ e^(-λ x)."""
        check_real("exponential_", "self", self)
        _positive("exponential_", "lambd", lambd)
        return self._drawn(lambda u: -(1 - u).log() / lambd, generator)

    def log_normal_(self, mean: float = 1, std: float = 2, *,
                    generator: Any = None) -> Any:
        """Elements whose logarithms are drawn from the normal distribution."""
        check_real("log_normal_", "self", self)
        _positive("log_normal_", "std", std)
        x: Any = self
        return x.normal_(mean, std, generator=generator).exp_()

    def geometric_(self, p: float, *, generator: Any = None) -> Any:
        """The number of throws until the first success, of probability p each."""
        if not 0 < p < 1:
            raise RuntimeError(f"geometric_: expected 0 < p < 1, got {p}")
        return self._drawn(lambda u: ((1 - u).log() / math.log1p(-p)).ceil().clamp(min=1),
                           generator)

    def cauchy_(self, median: float = 0, sigma: float = 1, *,
                generator: Any = None) -> Any:
        """Elements drawn from the Cauchy distribution."""
        check_real("cauchy_", "self", self)
        _positive("cauchy_", "sigma", sigma)
        return self._drawn(lambda u: median + sigma * (math.pi * (u - 0.5)).tan(),
                           generator)

    def _drawn(self, of_uniform: Callable, generator: Any) -> Any:
        """Fill in place with a function of numbers drawn evenly from [0, 1)."""
        x: Any = self
        u = random.uniform(x.shape, 0, 1, np.dtype(np.float64), x.device, generator)
        return x.copy_(of_uniform(function.Tensor._of(u, x.device)))

    def apply_(self, function: Callable) -> Any:
        """Replace every element by function(element); slow, on the CPU only."""
        x: Any = self
        values = [function(v) for v in x.detach().flatten().tolist()]
        return x.copy_(x.new_tensor(values).reshape(x.shape))

    def map_(self, other: Any, function: Callable) -> Any:
        """Replace every element by function(element, the other's); slow, on the CPU."""
        x: Any = self
        pairs = zip(x.detach().flatten().tolist(),
                    other.detach().expand(*x.shape).flatten().tolist(), strict=True)
        return x.copy_(x.new_tensor([function(a, b) for a, b in pairs]).reshape(x.shape))


def _positive(who: str, name: str, value: float) -> None:
    if not value > 0:
        raise RuntimeError(f"{who}: {name} must be positive, got {value}")
