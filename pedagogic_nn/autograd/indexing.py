"""Indexing: x[…] and its relatives.

x[1], x[:, 2:5] and x[None] are views of the same memory.  x[[0, 2]] and x[mask] are copies.
Either way the gradient is written back to where the elements came from; where an element was
taken twice, its gradients add up.
"""
from typing import Any

import numpy as np

from ..backend.device import xp_of
from . import function
from .arithmetic import unbroadcast
from .function import Primitive
from .reductions import axes


def _plain(index: Any) -> Any:
    """An index without tensors: what NumPy and CuPy understand."""
    if isinstance(index, tuple):
        return tuple(_plain(i) for i in index)
    if isinstance(index, function.Tensor):
        a = index.array
        if a.dtype.kind == "f":
            raise IndexError(f"an index must hold integers or bools, got {index.dtype}")
        return a if a.dtype.kind == "b" or a.ndim else int(a)
    if isinstance(index, list):
        return [_plain(i) for i in index]
    return index


def _is_basic(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return all(i is None or i is Ellipsis or isinstance(i, (slice, int, np.integer))
               and not isinstance(i, bool) for i in parts)


def _look_up(x: Any, index: Any) -> Any:
    try:
        return x[index]
    except IndexError as error:
        raise IndexError(f"index {index!r} does not fit shape {tuple(x.shape)}: {error}") from None


class Slice(Primitive):
    """x[index] for numbers, slices, None and …: a view."""

    view = True

    @staticmethod
    def forward(ctx, x, index):
        ctx.shape, ctx.index = x.shape, index
        return _look_up(x, index)

    @staticmethod
    def backward(ctx, g):
        dx = xp_of(g).zeros(ctx.shape, g.dtype)
        dx[ctx.index] = g
        return dx


class Take(Primitive):
    """x[index] with lists, integer tensors or masks: a copy."""

    @staticmethod
    def forward(ctx, x, index):
        ctx.shape, ctx.index = x.shape, index
        return _look_up(x, index)

    @staticmethod
    def backward(ctx, g):
        dx = xp_of(g).zeros(ctx.shape, g.dtype)
        xp_of(g).add.at(dx, ctx.index, g)
        return dx


class Put(Primitive):
    """A copy of x in which x[index] = value."""

    @staticmethod
    def forward(ctx, x, value, index):
        ctx.index, ctx.value_shape = index, getattr(value, "shape", None)
        y = x.copy()
        y[index] = value
        return y

    @staticmethod
    def backward(ctx, g):
        dx = dvalue = None
        if ctx.needs_input_grad[0]:
            dx = g.copy()
            dx[ctx.index] = 0
        if ctx.needs_input_grad[1]:
            dvalue = unbroadcast(g[ctx.index], ctx.value_shape)
        return dx, dvalue


class Gather(Primitive):
    """out[i][j][k] = x[index[i][j][k]][j][k] for dim 0, and so on."""

    @staticmethod
    def forward(ctx, x, index, dim):
        ctx.shape, ctx.dim, ctx.index = x.shape, dim, index
        return x[_grid(index, dim)]

    @staticmethod
    def backward(ctx, g):
        dx = xp_of(g).zeros(ctx.shape, g.dtype)
        xp_of(g).add.at(dx, _grid(ctx.index, ctx.dim), g)
        return dx, None


class ScatterAdd(Primitive):
    """A copy of x to which x[index[i][j]][j] += source[i][j] was done."""

    @staticmethod
    def forward(ctx, x, index, source, dim):
        ctx.dim, ctx.index = dim, index
        y = x.copy()
        xp_of(x).add.at(y, _grid(index, dim), source[tuple(slice(n) for n in index.shape)])
        return y

    @staticmethod
    def backward(ctx, g):
        return g, None, g[_grid(ctx.index, ctx.dim)] if ctx.needs_input_grad[2] else None


def _grid(index: Any, dim: int) -> tuple:
    """`index` along `dim`, and the element's own place along all other axes."""
    xp = xp_of(index)
    own = [xp.arange(n).reshape([-1 if j == k else 1 for j in range(index.ndim)])
           for k, n in enumerate(index.shape)]
    own[dim] = index
    return tuple(own)


def gather(x: Any, dim: int, index: Any) -> Any:
    """Elements picked along `dim`; `index` has as many axes as x.

    Raises:
        RuntimeError: an index is out of range, or has another number of axes.
    """
    d = _check_index(x, dim, index, "gather")
    return Gather.apply(x, index, dim=d)


def scatter_add(x: Any, dim: int, index: Any, source: Any) -> Any:
    """A copy of x with source added at the places that `index` names along `dim`."""
    return ScatterAdd.apply(x, index, source, dim=_check_index(x, dim, index, "scatter_add"))


def scatter(x: Any, dim: int, index: Any, source: Any) -> Any:
    """A copy of x with source (a tensor or a number) written at the places `index` names."""
    d = _check_index(x, dim, index, "scatter")
    if isinstance(source, function.Tensor):
        source = source[tuple(slice(n) for n in index.shape)]
    return Put.apply(x, source, index=_grid(index.array, d))


def _check_index(x: Any, dim: int, index: Any, who: str) -> int:
    (d,) = axes(dim, x.ndim, who) or (0,)
    if index.ndim != x.ndim:
        raise RuntimeError(f"{who}: index has {index.ndim} axes, the tensor has {x.ndim}")
    a = index.array
    if a.size and (int(a.min()) < 0 or int(a.max()) >= x.shape[d]):
        bad = int(a.min()) if int(a.min()) < 0 else int(a.max())
        raise RuntimeError(f"{who}: index {bad} is out of range; axis {d} has "
                           f"{x.shape[d]} elements (0 … {x.shape[d] - 1})")
    return d


def index_select(x: Any, dim: int, index: Any) -> Any:
    """The slices of axis `dim` that a 1-D integer tensor names, in its order."""
    (d,) = axes(dim, x.ndim, "index_select") or (0,)
    if index.ndim > 1:
        raise IndexError(f"index_select: index must have one axis, got shape {tuple(index.shape)}")
    return x[(slice(None),) * d + (index.reshape(-1),)]


def masked_select(x: Any, mask: Any) -> Any:
    """The elements where mask is True, in one row."""
    return x.expand(mask.shape)[mask] if x.ndim < mask.ndim else x[mask]


class Indexing:
    """x[…], and picking methods."""

    def __getitem__(self, index: Any) -> Any:
        index = _plain(index)
        return (Slice if _is_basic(index) else Take).apply(self, index=index)

    def __setitem__(self, index: Any, value: Any) -> None:
        index = _plain(index)
        if not isinstance(value, function.Tensor):
            value = np.asarray(value) if not np.isscalar(value) else value
            value = self.device.put(value) if hasattr(value, "shape") else value  # type: ignore
        self._in_place(lambda x: Put.apply(x, value, index=index),           # type: ignore
                       lambda a: a.__setitem__(index, getattr(value, "array", value)), value)

    gather, scatter, scatter_add = gather, scatter, scatter_add
    index_select, masked_select = index_select, masked_select

    def nonzero(self, as_tuple: bool = False) -> Any:
        """Where the elements are not zero: one row of indices for each, or one tensor per axis."""
        found = self.array.nonzero()                                         # type: ignore
        make = function.Tensor._of
        if as_tuple:
            return tuple(make(i.astype(np.int64), self.device) for i in found)  # type: ignore
        rows = xp_of(self.array).stack(found, 1).astype(np.int64)            # type: ignore
        return make(rows, self.device)                                       # type: ignore
