"""Indexing: x[…] and its relatives.

x[1], x[:, 2:5] and x[None] are views of the same memory.  x[[0, 2]] and x[mask] are
copies. Either way the gradient is written back to where the elements came from; where
an element was taken twice, its gradients add up.
"""
from typing import Any

import numpy as np

from ..backend.device import xp_of
from . import function
from .arithmetic import unbroadcast
from .function import Primitive
from .reductions import axis


def _plain(index: Any, device: Any) -> Any:
    """An index without tensors: what NumPy and CuPy understand."""
    if isinstance(index, tuple):
        return tuple([_plain(i, device) for i in index])
    if isinstance(index, function.Tensor):
        return _plain_tensor(index, device)
    if isinstance(index, np.ndarray):
        return device.put(index)
    if isinstance(index, str):
        raise TypeError(f"an index is a number, a slice or a mask, got {index!r}")
    if isinstance(index, (list, range)):
        return [_plain(i, device) for i in index]
    return index


def _plain_tensor(index: Any, device: Any) -> Any:
    a = index.array
    if a.dtype.kind == "f":
        raise IndexError(f"an index must hold integers or bools, got {index.dtype}")
    if a.ndim == 0 and a.dtype.kind != "b":
        return int(a)
    if index.device is device:
        return a
    if index.device.type != "cpu":
        raise RuntimeError(f"a tensor on {device} cannot be indexed with one on "
                           f"{index.device}; say index.to('{device}')")
    return device.put(a)


def _is_basic(index: Any) -> bool:
    for i in index if isinstance(index, tuple) else (index,):
        if not (i is None or i is Ellipsis or isinstance(i, (slice, int, np.integer))) \
                or isinstance(i, bool):
            return False
    return True


def _is_mask(index: Any) -> bool:
    return hasattr(index, "dtype") and index.dtype.kind == "b"


def _look_up(x: Any, index: Any) -> Any:
    try:
        return x[index]
    except IndexError as error:
        raise IndexError(f"index {index!r} does not fit shape {tuple(x.shape)}: "
                         f"{error}") from None


class Slice(Primitive):
    """x[index] for numbers, slices, None and …: a view."""

    view = True

    @staticmethod
    def forward(ctx, x, index):
        ctx.shape, ctx.index = x.shape, index
        y = _look_up(x, index)
        if isinstance(y, np.generic):          # NumPy copies a single element out
            parts = index if isinstance(index, tuple) else (index,)
            y = x[(*parts, ...)]
        return y

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
        if _is_mask(ctx.index):                      # it takes nothing twice
            dx[ctx.index] = g
        else:
            xp_of(g).add.at(dx, ctx.index, g)
        return dx


class Put(Primitive):
    """A copy of x in which x[index] = value."""

    @staticmethod
    def forward(ctx, x, value, index):
        ctx.index, ctx.value_shape = index, getattr(value, "shape", None)
        y = x.copy(order="C")
        try:
            y[index] = value
        except ValueError as error:
            raise RuntimeError(f"x[…] = value: {error}") from None
        return y

    @staticmethod
    def backward(ctx, g):
        dx = dvalue = None
        if ctx.needs_input_grad[0]:
            dx = g.copy(order="C")
            dx[ctx.index] = 0
        if ctx.needs_input_grad[1]:
            taken = xp_of(g).asarray(g[ctx.index])
            extra = len(ctx.value_shape) - taken.ndim      # leading axes of size 1
            shape = ctx.value_shape[max(extra, 0):]
            dvalue = unbroadcast(taken, shape).reshape(ctx.value_shape)
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
        y = x.copy(order="C")
        xp_of(x).add.at(y, _grid(index, dim), source)
        return y

    @staticmethod
    def backward(ctx, g):
        wanted = ctx.needs_input_grad[2]
        return g, None, g[_grid(ctx.index, ctx.dim)] if wanted else None


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
    return Gather.apply(x, index, dim=d) if x.ndim else x.clone()


def scatter_add(x: Any, dim: int, index: Any, source: Any) -> Any:
    """A copy of x with source added at the places that `index` names along `dim`."""
    d = _check_index(x, dim, index, "scatter_add")
    return ScatterAdd.apply(x, index, _beginning(source, index), dim=d)


def scatter(x: Any, dim: int, index: Any, source: Any = None, *,
            value: Any = None) -> Any:
    """A copy of x with source (or a number) written at the places `index` names."""
    d = _check_index(x, dim, index, "scatter")
    source = value if source is None else source
    if isinstance(source, function.Tensor) and source.ndim:
        source = _beginning(source, index)
    return Put.apply(x, source, index=_grid(index.array, d))


def _beginning(source: Any, index: Any) -> Any:
    """As much of `source` as `index` names places for."""
    if any(n > m for n, m in zip(index.shape, source.shape, strict=True)):
        raise RuntimeError(f"scatter: index of shape {tuple(index.shape)} names more "
                           f"places than source of shape {tuple(source.shape)} has "
                           "elements")
    return source[tuple(slice(n) for n in index.shape)]


def _check_index(x: Any, dim: int, index: Any, who: str) -> int:
    d = axis(dim, x.ndim, who)
    if index.dtype.kind not in "iu":
        raise RuntimeError(f"{who}: index must hold whole numbers, got {index.dtype}")
    if index.ndim != x.ndim:
        raise RuntimeError(f"{who}: index has {index.ndim} axes, the tensor has {x.ndim}")
    if any(n > m for k, (n, m) in enumerate(zip(index.shape, x.shape, strict=True))
           if k != d):
        raise RuntimeError(f"{who}: index of shape {tuple(index.shape)} is larger than "
                           f"the tensor of shape {tuple(x.shape)} along another axis "
                           f"than {d}")
    _check_range(index.array, x.shape[d] if x.ndim else 1, d, who)
    return d


def _check_range(a: Any, n: int, d: int, who: str) -> None:
    if a.size and (int(a.min()) < 0 or int(a.max()) >= n):
        bad = int(a.min()) if int(a.min()) < 0 else int(a.max())
        raise RuntimeError(f"{who}: index {bad} is out of range; axis {d} has {n} "
                           f"elements (0 … {n - 1})")


def index_select(x: Any, dim: int, index: Any) -> Any:
    """The slices of axis `dim` that a 1-D integer tensor names, in its order."""
    return x[_along(x, dim, index, "index_select")]


def index_add(x: Any, dim: int, index: Any, source: Any, *, alpha: float = 1) -> Any:
    """A copy of x with the slices of source added to those that a 1-D index names."""
    place = _along(x, dim, index, "index_add")
    spread = function.Tensor.new_zeros(source, x.shape)
    source = source if alpha == 1 else source * alpha
    return x + AddAt.apply(spread, source, index=_plain(place, x.device))


def index_copy(x: Any, dim: int, index: Any, source: Any) -> Any:
    """A copy of x with the slices of source in the place of those that a 1-D index
    names."""
    place = _plain(_along(x, dim, index, "index_copy"), x.device)
    return Put.apply(x, source, index=place)


def index_fill(x: Any, dim: int, index: Any, value: Any) -> Any:
    """A copy of x with a number in the slices that a 1-D index names."""
    place = _plain(_along(x, dim, index, "index_fill"), x.device)
    return Put.apply(x, value, index=place)


class AddAt(Primitive):
    """A copy of x with value added at an index, several times where it comes twice."""

    @staticmethod
    def forward(ctx, x, value, index):
        ctx.index = index
        y = x.copy(order="C")
        xp_of(x).add.at(y, index, value)
        return y

    @staticmethod
    def backward(ctx, g):
        return g, g[ctx.index]


def _along(x: Any, dim: int, index: Any, who: str) -> tuple:
    """The index (…, index, …) that picks along one axis."""
    d = axis(dim, x.ndim, who)
    if index.ndim > 1:
        raise IndexError(f"{who}: index must have one axis, got shape "
                         f"{tuple(index.shape)}")
    a, n = index.array, x.shape[d] if x.ndim else 1
    if a.size and not 0 <= int(a.min()) <= int(a.max()) < n:
        raise IndexError(f"{who}: the index reaches from {int(a.min())} to "
                         f"{int(a.max())}; axis {d} has {n} elements (0 … {n - 1})")
    return (slice(None),) * d + (index.reshape(-1),)


def take(x: Any, index: Any) -> Any:
    """Elements of the flat tensor, in the shape of `index`."""
    return x.reshape(-1)[index]


def take_along_dim(x: Any, index: Any, dim: int | None = None) -> Any:
    """Elements picked along `dim`; index and tensor broadcast along the other axes."""
    if dim is None:
        return gather(x.reshape(-1), 0, index.reshape(-1))
    d = axis(dim, x.ndim, "take_along_dim")
    shape = list(np.broadcast_shapes(
        [1 if k == d else n for k, n in enumerate(x.shape)],
        [1 if k == d else n for k, n in enumerate(index.shape)]))
    wide = [*shape[:d], x.shape[d], *shape[d + 1:]]
    narrow = [*shape[:d], index.shape[d], *shape[d + 1:]]
    return gather(x.expand(wide), d, index.expand(narrow))


def masked_select(x: Any, mask: Any) -> Any:
    """The elements where mask is True, in one row."""
    if mask.dtype.kind != "b":
        raise RuntimeError(f"masked_select: expected a bool mask, got {mask.dtype}")
    shape = np.broadcast_shapes(x.shape, mask.shape)
    return x.expand(shape)[mask.expand(shape)]


def masked_scatter(x: Any, mask: Any, source: Any) -> Any:
    """A copy of x with the first elements of source, in order, where mask is True."""
    mask = mask.expand(x.shape)
    count = int(mask.array.sum())
    if count > source.numel():
        raise RuntimeError(f"masked_scatter: the mask has {count} places, the source "
                           f"only {source.numel()} elements")
    return Put.apply(x, source.reshape(-1)[:count], index=mask.array)


def nonzero(x: Any, as_tuple: bool = False) -> Any:
    """Where the elements are not zero: one row of indices for each, or one tensor per
    axis."""
    xp, make = xp_of(x.array), function.Tensor._of
    found = xp.nonzero(xp.atleast_1d(x.array))
    if as_tuple:
        return tuple([make(i.astype(np.int64), x.device) for i in found])
    rows = xp.stack(found, 1).astype(np.int64)
    return make(rows[:, :x.ndim], x.device)          # no columns for a single number


class Indexing:
    """x[…], and picking methods."""

    array: Any
    device: Any

    def __getitem__(self, index: Any) -> Any:
        if type(index) not in (int, slice):
            index = _plain(index, self.device)
        return (Slice if _is_basic(index) else Take).apply(self, index=index)

    def __setitem__(self, index: Any, value: Any) -> None:
        index = _plain(index, self.device)
        if value is None or isinstance(value, str):
            raise TypeError("x[…] = value: expected a tensor or a number, got "
                            f"{type(value).__name__}")
        if not isinstance(value, (function.Tensor, int, float)):
            value = self.device.put(value)

        def plain(a: Any) -> None:
            try:
                a[index] = getattr(value, "array", value)
            except TypeError as error:                     # a host array met a GPU
                raise RuntimeError(f"x[…] = value: {error}") from None
        self._in_place(lambda x: Put.apply(x, value, index=index),  # type: ignore
                       plain, value, alike=True)

    gather, scatter, scatter_add, nonzero = gather, scatter, scatter_add, nonzero
    index_select, index_add, index_copy, index_fill = (
        index_select, index_add, index_copy, index_fill)
    masked_select, masked_scatter = masked_select, masked_scatter
    take, take_along_dim = take, take_along_dim

    def index_put_(self, indices: Any, values: Any, accumulate: bool = False) -> Any:
        """x[indices] = values; with accumulate they are added."""
        if not accumulate:
            self[tuple(indices)] = values
            return self
        place = _plain(tuple(indices), self.device)
        if not isinstance(values, function.Tensor):
            values = function.Tensor._of(self.device.put(values, self.array.dtype),
                                         self.device)
        return self._in_place(                              # type: ignore[attr-defined]
            lambda x: AddAt.apply(x, values.expand(x.array[place].shape), index=place),
            lambda a: xp_of(a).add.at(a, place, values.array), values)
