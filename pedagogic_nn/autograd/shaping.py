"""Shaping: the same numbers in another shape, several tensors as one, one as several.

view, transpose, expand … share memory with their input; their gradient is the same
rearrangement backwards (and, for a stretched axis, a sum).
"""
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend.device import xp_of
from . import function
from .arithmetic import unbroadcast
from .checks import check_tensor, check_whole_number
from .dtypes import as_dtype, promote
from .function import Primitive
from .reductions import axes, axis


def sizes(args: tuple) -> tuple[int, ...]:
    """x.view(2, 3), x.view((2, 3)) and x.view(torch.Size([2, 3])) mean the same."""
    if len(args) == 1 and isinstance(args[0], (tuple, list)):
        args = tuple(args[0])
    return tuple([n if type(n) is int else check_whole_number("shape", "size", n)
                  for n in args])


class Reshape(Primitive):
    view = True

    @staticmethod
    def forward(ctx, x, shape, who="reshape"):
        ctx.shape = x.shape
        try:
            y = x.reshape(shape)
        except ValueError:
            raise RuntimeError(f"{who}: shape {tuple(x.shape)} holds {x.size} elements "
                               f"and cannot become {tuple(shape)}") from None
        if not x.flags.c_contiguous:
            ctx.copied = not xp_of(x).may_share_memory(x, y)
            if ctx.copied and who == "view" and x.size:
                raise RuntimeError(
                    f"view: shape {tuple(x.shape)}, as it stands in memory, cannot "
                    f"become {tuple(shape)} without a copy; say .reshape(…)")
        return y

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
            raise RuntimeError(f"expand: shape {tuple(shape)} has fewer axes than "
                               f"{tuple(x.shape)}")
        full = tuple(x.shape[k - extra] if n == -1 and k >= extra else n
                     for k, n in enumerate(shape))
        try:
            return xp_of(x).broadcast_to(x, full)
        except ValueError:
            raise RuntimeError(f"expand: shape {tuple(x.shape)} does not stretch to "
                               f"{tuple(shape)}; only axes of size 1 stretch") from None

    @staticmethod
    def backward(ctx, g):
        return unbroadcast(g, ctx.shape)


class Cat(Primitive):
    """Tensors one after the other along `dim`."""

    @staticmethod
    def forward(ctx, *arrays, dim):
        ctx.dim, ctx.lengths = dim, [a.shape[dim] for a in arrays]
        if len({a.dtype for a in arrays}) > 1:
            dtype = promote(*arrays)
            arrays = [a.astype(dtype, copy=False) for a in arrays]
        return xp_of(arrays[0]).concatenate(arrays, dim)

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


def reshape(x: Any, *shape: Any) -> Any:
    """The same elements in another shape; one size may be -1.  Copies where it must."""
    return Reshape.apply(x, shape=sizes(shape))


def view(x: Any, *shape: Any) -> Any:
    """The same memory in another shape, or its bits read as another dtype.

    Raises:
        RuntimeError: the elements do not stand in this order in memory; use reshape.
    """
    if len(shape) == 1 and not isinstance(shape[0], (int, np.integer, tuple, list)):
        array = x.array.view(as_dtype(shape[0]))
        same = function.Tensor._of(array, x.device)
        same._becomes_view_of(x)
        return same
    return Reshape.apply(x, shape=sizes(shape), who="view")


def transpose(x: Any, dim0: int, dim1: int) -> Any:
    """Two axes exchanged."""
    order = list(range(x.ndim))
    a, b = (axis(d, x.ndim, "transpose") for d in (dim0, dim1))
    if order:
        order[a], order[b] = order[b], order[a]
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
        raise RuntimeError(f"t: expected at most 2 axes, got {x.ndim}; use transpose or "
                           "permute")
    return transpose(x, 0, 1) if x.ndim == 2 else x


def squeeze(x: Any, dim: Any = None) -> Any:
    """Without the axes of size 1 (all of them, or `dim` if its size is 1)."""
    dims = axes(dim, x.ndim, "squeeze")
    keep = tuple(n for k, n in enumerate(x.shape)
                 if n != 1 or (dims is not None and k not in dims))
    return Reshape.apply(x, shape=keep)


def unsqueeze(x: Any, dim: int) -> Any:
    """With a new axis of size 1 at `dim`."""
    d = axis(dim, x.ndim + 1, "unsqueeze")
    return Reshape.apply(x, shape=(*x.shape[:d], 1, *x.shape[d:]))


def flatten(x: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """Axes start_dim … end_dim merged into one."""
    check_tensor("flatten", "input", x)
    shape = x.array.shape
    a = axis(start_dim, len(shape), "flatten")
    b = axis(end_dim, len(shape), "flatten")
    if not shape:
        return Reshape.apply(x, shape=(1,))
    if a > b:
        raise RuntimeError(f"flatten: start_dim {start_dim} comes after end_dim "
                           f"{end_dim}")
    merged = math.prod(shape[a:b + 1])
    return Reshape.apply(x, shape=(*shape[:a], merged, *shape[b + 1:]))


def unflatten(x: Any, dim: int, shape: Sequence[int]) -> Any:
    """One axis split into several; the way back of `flatten`."""
    d = axis(dim, x.ndim, "unflatten")
    return Reshape.apply(x, shape=(*x.shape[:d], *shape, *x.shape[d + 1:]))


def expand(x: Any, *shape: Any) -> Any:
    """Axes of size 1 stretched to `shape` without copying; -1 keeps a size."""
    return Expand.apply(x, shape=sizes(shape))


def repeat(x: Any, *times: Any) -> Any:
    """The tensor laid out several times along each axis, as tiles."""
    counts = sizes(times)
    if len(counts) < x.ndim:
        raise RuntimeError(f"repeat: expected at least {x.ndim} numbers, got "
                           f"{len(counts)}")
    shape = (1,) * (len(counts) - x.ndim) + tuple(x.shape)
    spread = reshape(x, [m for n in shape for m in (1, n)])
    wide = expand(spread, [m for c, n in zip(counts, shape, strict=True) for m in (c, n)])
    return reshape(wide, [c * n for c, n in zip(counts, shape, strict=True)])


def cat(tensors: Sequence[Any], dim: int = 0) -> Any:
    """Tensors one after the other along an axis they have.

    Raises:
        RuntimeError: their other sizes differ.
        ValueError: none was given.
    """
    tensors = _listed("cat", tensors)
    if not tensors:
        raise ValueError("cat: expected at least one tensor, got an empty list")
    # PyTorch ignores tensors of shape (0,) here, whatever the others' shape.
    some = [x for x in tensors if x.array.shape != (0,)] or tensors[:1]
    first = some[0].array.shape
    if not first:
        raise RuntimeError("cat: single numbers have no axis to stand along; use stack")
    d = axis(dim, len(first), "cat")
    for k, x in enumerate(some):
        shape = x.array.shape
        if shape != first and (len(shape) != len(first) or shape[:d] != first[:d]
                               or shape[d + 1:] != first[d + 1:]):
            raise RuntimeError(f"cat: sizes must agree except along dim {d}; tensor 0 "
                               f"has shape {first}, tensor {k} has shape {shape}")
    return Cat.apply(*some, dim=d)


def _listed(who: str, tensors: Any) -> list:
    """The tensors as a list, each of them checked."""
    found = list(tensors)
    for k, x in enumerate(found):
        if not isinstance(x, function.Tensor):
            check_tensor(who, f"tensors[{k}]", x)
    return found


def stack(tensors: Sequence[Any], dim: int = 0) -> Any:
    """Tensors of one shape side by side along a new axis."""
    tensors = _listed("stack", tensors)
    for k, x in enumerate(tensors):
        if x.shape != tensors[0].shape:
            raise RuntimeError("stack: all shapes must be equal; tensor 0 has "
                               f"{tuple(tensors[0].shape)}, tensor {k} has "
                               f"{tuple(x.shape)}")
    return cat([unsqueeze(x, dim) for x in tensors], dim)


def split(x: Any, size: int | Sequence[int], dim: int = 0) -> tuple:
    """Pieces of `size` along dim (the last may be smaller), or pieces of the given
    sizes."""
    if x.ndim == 0:
        raise RuntimeError("split: a single number has no axes to split along")
    d = axis(dim, x.ndim, "split")
    n = x.shape[d]
    if isinstance(size, int):
        if size < 0 or (size == 0 and n):
            raise RuntimeError(f"split: pieces of size {size} do not make up axis {dim}, "
                               f"which has {n} elements")
        size = [min(size, n - k) for k in range(0, max(n, 1), max(size, 1))]
    if sum(size) != n:
        raise RuntimeError(f"split: sizes {list(size)} add up to {sum(size)}, axis {dim} "
                           f"has {n}")
    starts = np.cumsum([0, *size[:-1]]).tolist()
    return tuple(narrow(x, dim, a, k) for a, k in zip(starts, size, strict=True))


def chunk(x: Any, chunks: int, dim: int = 0) -> tuple:
    """About `chunks` pieces of equal size along dim; the last may be smaller."""
    if chunks < 1:
        raise RuntimeError(f"chunk: expected at least one chunk, got {chunks}")
    return split(x, -(-x.shape[dim] // chunks) or 1, dim)


def narrow(x: Any, dim: int, start: int, length: int) -> Any:
    """`length` slices of axis `dim`, from `start` on."""
    d = axis(dim, x.ndim, "narrow")
    if start < 0:
        start += x.shape[d]
    if not 0 <= start <= start + length <= x.shape[d]:
        raise RuntimeError(f"narrow: start {start} and length {length} leave axis {dim}, "
                           f"which has {x.shape[d]} elements")
    return x[(slice(None),) * d + (slice(start, start + length),)]


def select(x: Any, dim: int, index: int) -> Any:
    """One slice of axis `dim`; the axis disappears."""
    d = axis(dim, x.ndim, "select")
    return x[(slice(None),) * d + (index,)]


def tensor_split(x: Any, sections: Any, dim: int = 0) -> tuple:
    """`sections` pieces of nearly equal size along dim, or pieces between given
    places."""
    n = x.shape[dim]
    if isinstance(sections, int):
        small, larger = divmod(n, sections)
        lengths = [small + 1] * larger + [small] * (sections - larger)
    else:
        cuts = [0, *(min(max(c, 0), n) for c in sections), n]
        lengths = [max(b - a, 0) for a, b in zip(cuts, cuts[1:])]
    starts = np.cumsum([0, *lengths[:-1]]).tolist()
    return tuple(narrow(x, dim, a, k) for a, k in zip(starts, lengths, strict=True))


def unbind(x: Any, dim: int = 0) -> tuple:
    """All slices of axis `dim`."""
    return tuple(select(x, dim, k) for k in range(x.shape[dim]))


def movedim(x: Any, source: Any, destination: Any) -> Any:
    """Axes (one or several) moved to other places."""
    start = axes(source, x.ndim, "movedim") or ()
    end = axes(destination, x.ndim, "movedim") or ()
    if len(start) != len(end):
        raise RuntimeError(f"movedim: {len(start)} axes cannot move to {len(end)} places")
    order = [k for k in range(x.ndim) if k not in start]
    for place, d in sorted(zip(end, start, strict=True)):
        order.insert(place, d)
    return Permute.apply(x, order=tuple(order))


class Shaping:
    """The rearranging methods of a tensor."""

    view, reshape, permute, t = view, reshape, permute, t
    transpose = swapaxes = swapdims = transpose
    squeeze, unsqueeze, flatten, unflatten = squeeze, unsqueeze, flatten, unflatten
    expand, repeat, split, chunk, narrow = expand, repeat, split, chunk, narrow
    select, unbind, movedim, moveaxis = select, unbind, movedim, movedim
    tensor_split = tensor_split

    @property
    def T(self) -> Any:                                                     # noqa: N802
        """All axes in reverse order."""
        ndim = self.ndim                                  # type: ignore[attr-defined]
        return Permute.apply(self, order=tuple(reversed(range(ndim))))

    @property
    def mT(self) -> Any:                                                    # noqa: N802
        """The last two axes exchanged."""
        return transpose(self, -2, -1)

    def clone(self) -> Any:
        """A copy in memory of its own; gradients pass through."""
        return Clone.apply(self)

    def contiguous(self) -> Any:
        """The same tensor with its elements in C order in memory: itself, or a copy."""
        array = self.array                                # type: ignore[attr-defined]
        return self if array.flags.c_contiguous else Clone.apply(self)

    def ravel(self) -> Any:
        """All elements in one row."""
        return reshape(self, -1)

    def view_as(self, other: Any) -> Any:
        """This memory in the shape of another tensor."""
        return view(self, other.shape)

    def reshape_as(self, other: Any) -> Any:
        """This tensor in the shape of another."""
        return reshape(self, other.shape)

    def broadcast_to(self, shape: Any) -> Any:
        """This tensor stretched to `shape` without copying."""
        return expand(self, shape)

    def expand_as(self, other: Any) -> Any:
        """This tensor stretched to the shape of another."""
        return expand(self, other.shape)


def broadcast_tensors(*tensors: Any) -> tuple:
    """All tensors stretched to one shape."""
    try:
        shape = np.broadcast_shapes(*(x.shape for x in tensors))
    except ValueError:
        raise RuntimeError("broadcast_tensors: shapes "
                           f"{', '.join(str(tuple(x.shape)) for x in tensors)} do not "
                           "broadcast") from None
    return tuple(expand(x, shape) for x in tensors)


def is_tensor(value: Any) -> bool:
    """Whether `value` is a tensor."""
    return isinstance(value, function.Tensor)
