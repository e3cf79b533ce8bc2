"""Reductions: sum, mean, max, softmax's parts …  `dim` is the axis that disappears.

The gradient of a sum is a copy for each summand; of a maximum, it goes to where the maximum came
from (with `dim` to the first such place, without it shared evenly, as PyTorch does).
"""
from collections import namedtuple
from typing import Any

import numpy as np

from ..backend.device import xp_of
from . import function
from .function import Primitive

MaxMin = namedtuple("MaxMin", ["values", "indices"])


def axes(dim: Any, ndim: int, who: str) -> tuple[int, ...] | None:
    """`dim` (None, a number or several) as axes counted from 0.

    Raises:
        IndexError: an axis that the tensor does not have.
    """
    if dim is None or dim == () or dim == []:
        return None
    dims = tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)
    found = []
    for d in dims:
        if not -(ndim or 1) <= d < (ndim or 1):
            raise IndexError(f"{who}: dim {d} is out of range; a tensor with {ndim} axes has "
                             f"dims {-(ndim or 1)} … {(ndim or 1) - 1}")
        found.append(d % ndim if ndim else 0)
    if len(set(found)) < len(found):
        raise RuntimeError(f"{who}: dim {dims} names an axis twice")
    return tuple(found) if ndim else None


def _widen(g: Any, shape: tuple[int, ...], dims: tuple[int, ...] | None, keepdim: bool) -> Any:
    """A reduced gradient, ready to be stretched over `shape` again."""
    if dims is None or keepdim:
        return g if keepdim else g.reshape((1,) * len(shape))
    return g.reshape([1 if k in dims else n for k, n in enumerate(shape)])


class Sum(Primitive):
    """The sum over `dims` (all of them if None); integers and bools sum to int64."""

    @staticmethod
    def forward(ctx, x, dims, keepdim, dtype=None):
        ctx.shape, ctx.dims, ctx.keepdim = x.shape, dims, keepdim
        if dtype is None and x.dtype.kind != "f":
            dtype = np.int64
        return x.sum(axis=dims, keepdims=keepdim, dtype=dtype)

    @staticmethod
    def backward(ctx, g):
        wide = _widen(g, ctx.shape, ctx.dims, ctx.keepdim)
        return xp_of(g).broadcast_to(wide, ctx.shape)


class Prod(Primitive):
    """The product over `dims`."""

    @staticmethod
    def forward(ctx, x, dims, keepdim):
        ctx.dims, ctx.keepdim = dims, keepdim
        ctx.save_for_backward(x)
        return x.prod(axis=dims, keepdims=keepdim)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved
        xp, dims = xp_of(x), ctx.dims
        g = _widen(g, x.shape, dims, ctx.keepdim)
        # The product of the others: with one zero, only the zero has any; with two, nobody.
        zeros = (x == 0).sum(axis=dims, keepdims=True)
        rest = xp.where(x == 0, 1, x).prod(axis=dims, keepdims=True)
        others = xp.where(x == 0, rest * (zeros == 1), rest * (zeros == 0) / xp.where(x == 0, 1, x))
        return (g * others).astype(x.dtype)


class Extremum(Primitive):
    """Maximum or minimum along one axis: values and where they stood."""

    @staticmethod
    def forward(ctx, x, dim, keepdim, largest):
        xp = xp_of(x)
        if x.ndim == 0:
            index = xp.zeros((), np.int64)
            ctx.mark_non_differentiable(index)
            ctx.scalar, ctx.shape = True, ()
            return x.copy(), index
        index = xp.expand_dims((x.argmax if largest else x.argmin)(axis=dim), dim)
        index = index.astype(np.int64)
        values = xp.take_along_axis(x, index, dim)
        ctx.scalar, ctx.shape, ctx.dim, ctx.index, ctx.keepdim = False, x.shape, dim, index, keepdim
        if not keepdim:
            values, index = values.squeeze(dim), index.squeeze(dim)
        ctx.mark_non_differentiable(index)
        return values, index

    @staticmethod
    def backward(ctx, g, _):
        if ctx.scalar:
            return g
        xp = xp_of(g)
        dx = xp.zeros(ctx.shape, g.dtype)
        g = g if ctx.keepdim else xp.expand_dims(g, ctx.dim)
        xp.put_along_axis(dx, ctx.index, g, ctx.dim)
        return dx


class ExtremumOfAll(Primitive):
    """The largest or smallest of all elements; equal ones share the gradient."""

    @staticmethod
    def forward(ctx, x, largest):
        y = x.max() if largest else x.min()
        ctx.save_for_backward(x)
        ctx.value = y
        return y

    @staticmethod
    def backward(ctx, g):
        hits = ctx.saved[0] == ctx.value
        return hits * (g / hits.sum().astype(g.dtype))


class CumSum(Primitive):
    @staticmethod
    def forward(ctx, x, dim):
        ctx.dim = dim
        return x.cumsum(axis=dim, dtype=None if x.dtype.kind == "f" else np.int64)

    @staticmethod
    def backward(ctx, g):
        flipped = xp_of(g).flip(g, ctx.dim)
        return xp_of(g).flip(flipped.cumsum(axis=ctx.dim), ctx.dim)


class LogSumExp(Primitive):
    """log Σ exp x along axes, without overflow."""

    @staticmethod
    def forward(ctx, x, dims, keepdim):
        xp = xp_of(x)
        top = x.max(axis=dims, keepdims=True)
        top = xp.where(xp.isfinite(top), top, x.dtype.type(0))
        with np.errstate(divide="ignore"):
            y = xp.log(xp.exp(x - top).sum(axis=dims, keepdims=True)) + top
        ctx.dims, ctx.keepdim, ctx.y = dims, keepdim, y
        ctx.save_for_backward(x)
        return y if keepdim else y.squeeze(dims)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved
        return _widen(g, x.shape, ctx.dims, ctx.keepdim) * xp_of(x).exp(x - ctx.y)


def sum(x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:  # noqa: A001
    """The sum over `dim` (all axes if None)."""
    return Sum.apply(x, dims=axes(dim, x.ndim, "sum"), keepdim=keepdim, dtype=dtype)


def mean(x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The average over `dim` (all axes if None).

    Raises:
        RuntimeError: the tensor holds integers; say x.float().mean().
    """
    if dtype is None and x.dtype.kind != "f":
        raise RuntimeError(f"mean: expected a floating-point tensor, got {x.dtype}; "
                           "say x.float().mean()")
    dims = axes(dim, x.ndim, "mean")
    count = x.numel() if dims is None else int(np.prod([x.shape[d] for d in dims]))
    total = Sum.apply(x, dims=dims, keepdim=keepdim, dtype=dtype)
    return total / count if count else total * float("nan")


def var(x: Any, dim: Any = None, unbiased: bool = True, keepdim: bool = False, *,
        correction: int | None = None) -> Any:
    """The variance over `dim`: divided by n - 1, or by n with unbiased=False (or correction=0)."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    dims = axes(dim, x.ndim, "var")
    n = x.numel() if dims is None else int(np.prod([x.shape[d] for d in dims]))
    correction = int(unbiased) if correction is None else correction
    centred = x - mean(x, dims, keepdim=True)
    total = sum(centred * centred, dims, keepdim)
    return total / (n - correction) if n > correction else total * float("nan")


def std(x: Any, dim: Any = None, unbiased: bool = True, keepdim: bool = False, *,
        correction: int | None = None) -> Any:
    """The standard deviation over `dim`: the root of `var`."""
    return var(x, dim, unbiased, keepdim, correction=correction).sqrt()


def prod(x: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The product over `dim` (all axes if None)."""
    return Prod.apply(x, dims=axes(dim, x.ndim, "prod"), keepdim=keepdim)


def _extremum(x: Any, dim: Any, keepdim: bool, largest: bool, who: str) -> Any:
    if dim is None:
        if x.numel() == 0:
            raise RuntimeError(f"{who}: a tensor without elements has no {who}; give a dim")
        return ExtremumOfAll.apply(x, largest=largest)
    if isinstance(dim, function.Tensor):
        return x.maximum(dim) if largest else x.minimum(dim)
    found = axes(dim, x.ndim, who)
    if found and x.shape[found[0]] == 0:
        raise IndexError(f"{who}: axis {dim} of shape {tuple(x.shape)} has no elements")
    return MaxMin(*Extremum.apply(x, dim=found and found[0], keepdim=keepdim, largest=largest))


def max(x: Any, dim: Any = None, keepdim: bool = False) -> Any:            # noqa: A001
    """The largest element; along `dim` a pair (values, indices); of two tensors the larger."""
    return _extremum(x, dim, keepdim, True, "max")


def min(x: Any, dim: Any = None, keepdim: bool = False) -> Any:            # noqa: A001
    """The smallest element; along `dim` a pair (values, indices); of two tensors the smaller."""
    return _extremum(x, dim, keepdim, False, "min")


def amax(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The largest element along `dim`, without indices."""
    return max(x, dim, keepdim).values if isinstance(dim, int) else max(x)


def amin(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The smallest element along `dim`, without indices."""
    return min(x, dim, keepdim).values if isinstance(dim, int) else min(x)


def _index_of(name: str, doc: str) -> Any:
    def find(x: Any, dim: int | None = None, keepdim: bool = False) -> Any:
        dims = axes(dim, x.ndim, name)
        xp = xp_of(x.array)
        index = getattr(xp, name)(x.array, None if dims is None else dims[0])
        index = xp.asarray(index).astype(np.int64)
        if keepdim and dims is not None:
            index = xp.expand_dims(index, dims[0])
        return function.Tensor._of(index, x.device)
    find.__name__, find.__doc__ = name, doc
    return find


argmax = _index_of("argmax", "Where the largest element stands (in the flat tensor if dim is None).")
argmin = _index_of("argmin", "Where the smallest element stands (in the flat tensor if dim is None).")


def logsumexp(x: Any, dim: Any, keepdim: bool = False) -> Any:
    """log Σ exp(x) along `dim`, without overflow."""
    return LogSumExp.apply(x, dims=axes(dim, x.ndim, "logsumexp"), keepdim=keepdim)


def cumsum(x: Any, dim: int) -> Any:
    """Running sums along `dim`."""
    (d,) = axes(dim, x.ndim, "cumsum") or (0,)
    return CumSum.apply(x, dim=d)


def norm(x: Any, p: Any = 2, dim: Any = None, keepdim: bool = False) -> Any:
    """The p-norm (Σ |x|^p)^(1/p); p may be inf, -inf, 0 or 'fro' (the same as 2)."""
    p = 2.0 if p in ("fro", None) else float(p)
    size = abs(x)
    if p == float("inf"):
        return amax(size, dim, keepdim)
    if p == float("-inf"):
        return amin(size, dim, keepdim)
    if p == 0:
        return sum((x != 0).to(x.dtype), dim, keepdim)
    if p == 1:
        return sum(size, dim, keepdim)
    return Root.apply(sum(size**p, dim, keepdim), p=p)


class Root(Primitive):
    """The p-th root, with gradient 0 at 0: a norm of nothing should not give NaN."""

    @staticmethod
    def forward(ctx, x, p):
        y = x ** (1 / p)
        ctx.p = p
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = y ** (1 - ctx.p) / ctx.p
        return g * xp_of(y).where(y == 0, y.dtype.type(0), slope)


def all(x: Any, dim: int | None = None, keepdim: bool = False) -> Any:     # noqa: A001
    """Whether all elements are true (not zero)."""
    return function.Tensor._of(x.array.all(axis=dim, keepdims=keepdim), x.device)


def any(x: Any, dim: int | None = None, keepdim: bool = False) -> Any:     # noqa: A001
    """Whether some element is true (not zero)."""
    return function.Tensor._of(x.array.any(axis=dim, keepdims=keepdim), x.device)


def sort(x: Any, dim: int = -1, descending: bool = False) -> Any:
    """Values in order along `dim`, and the indices that bring them there."""
    order = argsort(x, dim, descending)
    return MaxMin(x.gather(dim, order), order)


def argsort(x: Any, dim: int = -1, descending: bool = False) -> Any:
    """The indices that would put x in order along `dim`; equal elements keep their order."""
    xp = xp_of(x.array)
    if not descending:
        order = xp.argsort(x.array, axis=dim, kind="stable")
    else:
        back = xp.flip(x.array, dim)
        order = x.shape[dim] - 1 - xp.flip(xp.argsort(back, axis=dim, kind="stable"), dim)
    return function.Tensor._of(order.astype(np.int64), x.device)


def topk(x: Any, k: int, dim: int = -1, largest: bool = True) -> Any:
    """The k largest (or smallest) along `dim`, in order, and their indices."""
    if not 0 <= k <= x.shape[dim]:
        raise RuntimeError(f"topk: k is {k}, but axis {dim} has {x.shape[dim]} elements")
    order = argsort(x, dim, descending=largest).narrow(dim, 0, k)
    return MaxMin(x.gather(dim, order), order)


class Reductions:
    """The reducing methods of a tensor."""

    sum, mean, var, std, prod, norm = sum, mean, var, std, prod, norm
    max, min, amax, amin, argmax, argmin = max, min, amax, amin, argmax, argmin
    logsumexp, cumsum, all, any, sort, argsort, topk = (
        logsumexp, cumsum, all, any, sort, argsort, topk)


