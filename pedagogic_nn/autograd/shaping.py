"""Shaping: the same numbers in another arrangement.

view, transpose, expand … share memory with their input wherever NumPy can; their gradient is the
same rearrangement backwards (and, for a stretched axis, a sum).
"""
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend.device import xp_of
from . import function
from .arithmetic import promote, unbroadcast
from .function import Primitive
from .reductions import axes


def sizes(args: tuple) -> tuple[int, ...]:
    """x.view(2, 3), x.view((2, 3)) and x.view(torch.Size([2, 3])) mean the same."""
    if len(args) == 1 and isinstance(args[0], (tuple, list)):
        args = tuple(args[0])
    return tuple(int(n) for n in args)


class Reshape(Primitive):
    view = True

    @staticmethod
    def forward(ctx, x, shape):
        ctx.shape = x.shape
        try:
            return x.reshape(shape)
        except ValueError:
            raise RuntimeError(f"view: shape {tuple(x.shape)} holds {x.size} elements and cannot "
                               f"become {tuple(shape)}") from None

    @staticmethod
    def backward(ctx, g):
        return g.reshape(ctx.shape)


class Permute(Primitive):
    view = True

    @staticmethod
    def forward(ctx, x, order):
        ctx.order = order
        return x.transpose(order)

    @staticmethod
    def backward(ctx, g):
        return g.transpose(np.argsort(ctx.order))


class Expand(Primitive):
    view = True

    @staticmethod
    def forward(ctx, x, shape):
        ctx.shape = x.shape
        extra = len(shape) - x.ndim
        if extra < 0:
            raise RuntimeError(f"expand: shape {tuple(shape)} has fewer axes than {tuple(x.shape)}")
        full = tuple(x.shape[k - extra] if n == -1 and k >= extra else n
                     for k, n in enumerate(shape))
        try:
            return xp_of(x).broadcast_to(x, full)
        except ValueError:
            raise RuntimeError(f"expand: shape {tuple(x.shape)} does not stretch to {tuple(shape)}; "
                               "only axes of size 1 stretch") from None

    @staticmethod
    def backward(ctx, g):
        return unbroadcast(g, ctx.shape)


class Cat(Primitive):
    """Tensors one after the other along `dim`."""

    @staticmethod
    def forward(ctx, *arrays, dim):
        dtype = promote(*arrays)
        ctx.dim, ctx.lengths = dim, [a.shape[dim] for a in arrays]
        return xp_of(arrays[0]).concatenate([a.astype(dtype, copy=False) for a in arrays], dim)

    @staticmethod
    def backward(ctx, g):
        cuts = np.cumsum(ctx.lengths)[:-1].tolist()
        return tuple(xp_of(g).split(g, cuts, ctx.dim))


class Clone(Primitive):
    @staticmethod
    def forward(ctx, x):
        return x.copy(order="C")

    @staticmethod
    def backward(ctx, g):
        return g


class Convert(Primitive):
    """To another dtype or device and back."""

    @staticmethod
    def forward(ctx, x, dtype, device, source):
        ctx.source = source, x.dtype
        return device.put(x if dtype is None else x.astype(dtype))

    @staticmethod
    def backward(ctx, g):
        device, dtype = ctx.source
        return device.put(g.astype(dtype))


class Flip(Primitive):
    @staticmethod
    def forward(ctx, x, dims):
        ctx.dims = dims
        return xp_of(x).flip(x, dims)

    @staticmethod
    def backward(ctx, g):
        return xp_of(g).flip(g, ctx.dims)


class Triangle(Primitive):
    """The lower or upper triangle of the last two axes; zero elsewhere."""

    @staticmethod
    def forward(ctx, x, keep, k):
        ctx.keep, ctx.k = keep, k
        return getattr(xp_of(x), keep)(x, k)

    @staticmethod
    def backward(ctx, g):
        return getattr(xp_of(g), ctx.keep)(g, ctx.k)


def reshape(x: Any, *shape: Any) -> Any:
    """The same elements in another shape; one size may be -1.  Copies only where it must."""
    return Reshape.apply(x, shape=sizes(shape))


def transpose(x: Any, dim0: int, dim1: int) -> Any:
    """Two axes exchanged."""
    order = list(range(x.ndim))
    a, b = (axes(d, x.ndim, "transpose") or (0,) for d in (dim0, dim1))
    if order:
        order[a[0]], order[b[0]] = order[b[0]], order[a[0]]
    return Permute.apply(x, order=tuple(order))


def permute(x: Any, *dims: Any) -> Any:
    """All axes in a new order."""
    order = axes(sizes(dims), x.ndim, "permute") or ()
    if len(order) != x.ndim:
        raise RuntimeError(f"permute: expected {x.ndim} axes, got {len(order)}")
    return Permute.apply(x, order=order)


def t(x: Any) -> Any:
    """The transpose of a matrix; vectors and numbers are returned as they are."""
    if x.ndim > 2:
        raise RuntimeError(f"t: expected at most 2 axes, got {x.ndim}; use transpose or permute")
    return transpose(x, 0, 1) if x.ndim == 2 else x


def squeeze(x: Any, dim: Any = None) -> Any:
    """Without the axes of size 1 (all of them, or `dim` if its size is 1)."""
    dims = axes(dim, x.ndim, "squeeze")
    keep = tuple(n for k, n in enumerate(x.shape)
                 if n != 1 or (dims is not None and k not in dims))
    return Reshape.apply(x, shape=keep)


def unsqueeze(x: Any, dim: int) -> Any:
    """With a new axis of size 1 at `dim`."""
    (d,) = axes(dim, x.ndim + 1, "unsqueeze") or (0,)
    return Reshape.apply(x, shape=(*x.shape[:d], 1, *x.shape[d:]))


def flatten(x: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """Axes start_dim … end_dim merged into one."""
    if x.ndim == 0:
        return Reshape.apply(x, shape=(1,))
    (a,), (b,) = axes(start_dim, x.ndim, "flatten") or (0,), axes(end_dim, x.ndim, "flatten") or (0,)
    if a > b:
        raise RuntimeError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
    merged = int(np.prod(x.shape[a:b + 1]))
    return Reshape.apply(x, shape=(*x.shape[:a], merged, *x.shape[b + 1:]))


def unflatten(x: Any, dim: int, shape: Sequence[int]) -> Any:
    """One axis split into several; the way back of `flatten`."""
    (d,) = axes(dim, x.ndim, "unflatten") or (0,)
    return Reshape.apply(x, shape=(*x.shape[:d], *shape, *x.shape[d + 1:]))


def expand(x: Any, *shape: Any) -> Any:
    """Axes of size 1 stretched to `shape` without copying; -1 keeps a size."""
    return Expand.apply(x, shape=sizes(shape))


def repeat(x: Any, *times: Any) -> Any:
    """The tensor laid out several times along each axis, as tiles."""
    counts = sizes(times)
    if len(counts) < x.ndim:
        raise RuntimeError(f"repeat: expected at least {x.ndim} numbers, got {len(counts)}")
    shape = (1,) * (len(counts) - x.ndim) + tuple(x.shape)
    spread = reshape(x, [m for n in shape for m in (1, n)])
    wide = expand(spread, [m for c, n in zip(counts, shape, strict=True) for m in (c, n)])
    return reshape(wide, [c * n for c, n in zip(counts, shape, strict=True)])


def cat(tensors: Sequence[Any], dim: int = 0) -> Any:
    """Tensors one after the other along an axis they have.

    Raises:
        RuntimeError: none was given, or their other sizes differ.
    """
    tensors = list(tensors)
    if not tensors:
        raise RuntimeError("cat: expected at least one tensor, got an empty list")
    some = [x for x in tensors if x.ndim != 1 or x.numel()] or tensors[:1]    # (0,) is ignored
    (d,) = axes(dim, some[0].ndim, "cat") or (0,)
    first = some[0].shape
    for k, x in enumerate(some):
        if x.ndim != len(first) or any(m != n for j, (m, n) in enumerate(
                zip(x.shape, first, strict=True)) if j != d):
            raise RuntimeError(f"cat: sizes must agree except along dim {d}; tensor 0 has shape "
                               f"{tuple(first)}, tensor {k} has shape {tuple(x.shape)}")
    return Cat.apply(*some, dim=d)


def stack(tensors: Sequence[Any], dim: int = 0) -> Any:
    """Tensors of one shape side by side along a new axis."""
    tensors = list(tensors)
    for k, x in enumerate(tensors):
        if x.shape != tensors[0].shape:
            raise RuntimeError(f"stack: all shapes must be equal; tensor 0 has "
                               f"{tuple(tensors[0].shape)}, tensor {k} has {tuple(x.shape)}")
    return cat([unsqueeze(x, dim) for x in tensors], dim)


def split(x: Any, size: int | Sequence[int], dim: int = 0) -> tuple:
    """Pieces of `size` along dim (the last may be smaller), or pieces of the given sizes."""
    n = x.shape[dim]
    if isinstance(size, int):
        size = [min(size, n - k) for k in range(0, max(n, 1), max(size, 1))]
    if sum(size) != n:
        raise RuntimeError(f"split: sizes {list(size)} add up to {sum(size)}, axis {dim} has {n}")
    starts = np.cumsum([0, *size[:-1]]).tolist()
    return tuple(narrow(x, dim, a, k) for a, k in zip(starts, size, strict=True))


def chunk(x: Any, chunks: int, dim: int = 0) -> tuple:
    """About `chunks` pieces of equal size along dim; the last may be smaller."""
    return split(x, -(-x.shape[dim] // chunks) or 1, dim)


def narrow(x: Any, dim: int, start: int, length: int) -> Any:
    """`length` slices of axis `dim`, from `start` on."""
    (d,) = axes(dim, x.ndim, "narrow") or (0,)
    if start < 0:
        start += x.shape[d]
    if not 0 <= start <= start + length <= x.shape[d]:
        raise RuntimeError(f"narrow: start {start} and length {length} leave axis {dim}, "
                           f"which has {x.shape[d]} elements")
    return x[(slice(None),) * d + (slice(start, start + length),)]


def select(x: Any, dim: int, index: int) -> Any:
    """One slice of axis `dim`; the axis disappears."""
    (d,) = axes(dim, x.ndim, "select") or (0,)
    return x[(slice(None),) * d + (index,)]


def unbind(x: Any, dim: int = 0) -> tuple:
    """All slices of axis `dim`."""
    return tuple(select(x, dim, k) for k in range(x.shape[dim]))


def movedim(x: Any, source: int, destination: int) -> Any:
    """One axis moved to another place."""
    kept = [k for k in range(x.ndim) if k != source % x.ndim]
    kept.insert(destination % x.ndim, source % x.ndim)
    return Permute.apply(x, order=tuple(kept))


def flip(x: Any, *dims: Any) -> Any:
    """The order of the elements reversed along the given axes."""
    return Flip.apply(x, dims=axes(sizes(dims), x.ndim, "flip") or ())


def tril(x: Any, diagonal: int = 0) -> Any:
    """The lower triangle; zero above."""
    return Triangle.apply(x, keep="tril", k=diagonal)


def triu(x: Any, diagonal: int = 0) -> Any:
    """The upper triangle; zero below."""
    return Triangle.apply(x, keep="triu", k=diagonal)


class Shaping:
    """The rearranging methods of a tensor."""

    view = reshape = reshape
    transpose, permute, t = transpose, permute, t
    squeeze, unsqueeze, flatten, unflatten = squeeze, unsqueeze, flatten, unflatten
    expand, repeat, split, chunk, narrow = expand, repeat, split, chunk, narrow
    select, unbind, movedim, flip, tril, triu = select, unbind, movedim, flip, tril, triu

    @property
    def T(self) -> Any:                                                     # noqa: N802
        """All axes in reverse order."""
        return Permute.apply(self, order=tuple(reversed(range(self.ndim))))  # type: ignore

    @property
    def mT(self) -> Any:                                                    # noqa: N802
        """The last two axes exchanged."""
        return transpose(self, -2, -1)

    def clone(self) -> Any:
        """A copy in memory of its own; gradients pass through."""
        return Clone.apply(self)

    def contiguous(self) -> Any:
        """The same tensor with its elements in C order in memory: itself, or a copy."""
        return self if self.array.flags.c_contiguous else Clone.apply(self)  # type: ignore

    def view_as(self, other: Any) -> Any:
        """This tensor in the shape of another."""
        return reshape(self, other.shape)

    def reshape_as(self, other: Any) -> Any:
        """This tensor in the shape of another."""
        return reshape(self, other.shape)

    def expand_as(self, other: Any) -> Any:
        """This tensor stretched to the shape of another."""
        return expand(self, other.shape)


def broadcast_tensors(*tensors: Any) -> tuple:
    """All tensors stretched to one shape."""
    shape = np.broadcast_shapes(*(x.shape for x in tensors))
    return tuple(expand(x, shape) for x in tensors)


def is_tensor(value: Any) -> bool:
    """Whether `value` is a tensor."""
    return isinstance(value, function.Tensor)
