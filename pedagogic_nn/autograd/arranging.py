"""Arranging: elements in another order, or picked by their place: flip, roll, tril,
diag …

The results are copies.  Their gradient puts every element back to where it came from.
"""
from typing import Any

import numpy as np

from ..backend.device import xp_of
from .function import Primitive
from .reductions import axes, axis
from .shaping import expand, permute, reshape, sizes


class Flip(Primitive):
    @staticmethod
    def forward(ctx, x, dims):
        ctx.dims = dims
        return xp_of(x).flip(x, dims).copy()

    @staticmethod
    def backward(ctx, g):
        return xp_of(g).flip(g, ctx.dims)


class Roll(Primitive):
    """Elements shifted along axes; what leaves at one end enters at the other."""

    @staticmethod
    def forward(ctx, x, shifts, dims):
        ctx.shifts, ctx.dims = shifts, dims
        return xp_of(x).roll(x, shifts, dims)

    @staticmethod
    def backward(ctx, g):
        return xp_of(g).roll(g, tuple(-s for s in ctx.shifts), ctx.dims)


class Triangle(Primitive):
    """The lower or upper triangle of the last two axes; zero elsewhere."""

    @staticmethod
    def forward(ctx, x, keep, k):
        ctx.keep, ctx.k = keep, k
        return getattr(xp_of(x), keep)(x, k)

    @staticmethod
    def backward(ctx, g):
        return getattr(xp_of(g), ctx.keep)(g, ctx.k)


class Diagonal(Primitive):
    """x[…, k, k + offset] of the axes dim1 and dim2, along a new last axis."""

    @staticmethod
    def forward(ctx, x, offset, dim1, dim2):
        ctx.shape, ctx.place = x.shape, (offset, dim1, dim2)
        return xp_of(x).diagonal(x, *ctx.place).copy()

    @staticmethod
    def backward(ctx, g):
        offset, dim1, dim2 = ctx.place
        dx = xp_of(g).zeros(ctx.shape, g.dtype)
        along = xp_of(g).moveaxis(dx, (dim1, dim2), (-2, -1))     # a view of dx
        k = xp_of(g).arange(g.shape[-1])
        along[..., k + max(-offset, 0), k + max(offset, 0)] = g
        return dx


class Diag(Primitive):
    """A matrix with x on a diagonal, zero elsewhere."""

    @staticmethod
    def forward(ctx, x, offset):
        ctx.offset = offset
        return xp_of(x).diag(x, offset)

    @staticmethod
    def backward(ctx, g):
        return xp_of(g).diagonal(g, ctx.offset).copy()


def flip(x: Any, *dims: Any) -> Any:
    """The order of the elements reversed along the given axes."""
    return Flip.apply(x, dims=axes(sizes(dims), x.ndim, "flip") or ())


def fliplr(x: Any) -> Any:
    """Columns from right to left."""
    return flip(x, 1)


def flipud(x: Any) -> Any:
    """Rows from bottom to top."""
    return flip(x, 0)


def roll(x: Any, shifts: Any, dims: Any = None) -> Any:
    """Elements shifted along `dims` (None: in the flat tensor), round the ends."""
    shifts = tuple(shifts) if isinstance(shifts, (tuple, list)) else (shifts,)
    if dims is None:
        return reshape(Roll.apply(reshape(x, -1), shifts=shifts, dims=(0,)), x.shape)
    found = axes(dims, x.ndim, "roll") or ()
    if len(found) != len(shifts):
        raise RuntimeError(f"roll: {len(shifts)} shifts for {len(found)} dims")
    return Roll.apply(x, shifts=shifts, dims=found)


def rot90(x: Any, k: int = 1, dims: Any = (0, 1)) -> Any:
    """Turned k times by 90 degrees, from the first of two axes towards the second."""
    a, b = axes(dims, x.ndim, "rot90") or (0, 1)
    order = list(range(x.ndim))
    order[a], order[b] = b, a
    if k % 4 == 0:
        return x.clone()
    if k % 4 == 2:
        return flip(x, a, b)
    return permute(flip(x, b), *order) if k % 4 == 1 else flip(permute(x, *order), b)


def tril(x: Any, diagonal: int = 0) -> Any:
    """The lower triangle; zero above."""
    _check_matrix(x, "tril")
    return Triangle.apply(x, keep="tril", k=diagonal)


def triu(x: Any, diagonal: int = 0) -> Any:
    """The upper triangle; zero below."""
    _check_matrix(x, "triu")
    return Triangle.apply(x, keep="triu", k=diagonal)


def diagonal(x: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """The diagonal of two axes, as a new last axis."""
    _check_matrix(x, "diagonal")
    a, b = axes((dim1, dim2), x.ndim, "diagonal") or (0, 1)
    return Diagonal.apply(x, offset=offset, dim1=a, dim2=b)


def diag(x: Any, diagonal: int = 0) -> Any:
    """The diagonal of a matrix; of a vector, the matrix that has it on its diagonal."""
    if x.ndim == 1:
        return Diag.apply(x, offset=diagonal)
    if x.ndim != 2:
        raise RuntimeError(f"diag: expected one or two axes, got shape {tuple(x.shape)}")
    return Diagonal.apply(x, offset=diagonal, dim1=0, dim2=1)


def trace(x: Any) -> Any:
    """The sum of a matrix's diagonal."""
    if x.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, got shape {tuple(x.shape)}")
    return diag(x).sum()


def _check_matrix(x: Any, who: str) -> None:
    if x.ndim < 2:
        raise RuntimeError(f"{who}: expected at least two axes, got shape "
                           f"{tuple(x.shape)}")


def tile(x: Any, *times: Any) -> Any:
    """The tensor laid out several times along its last axes (NumPy's `tile`)."""
    counts = sizes(times)
    return x.repeat(*(1,) * (x.ndim - len(counts)), *counts)


def repeat_interleave(x: Any, repeats: Any, dim: int | None = None) -> Any:
    """Each element (or slice of `dim`) several times in a row."""
    if dim is None:
        x, dim = reshape(x, -1), 0
    d = axis(dim, x.ndim, "repeat_interleave")
    counts = repeats if isinstance(repeats, int) else repeats.array
    index = np.repeat(xp_of(x.array).arange(x.shape[d]), counts)
    return x[(slice(None),) * d + (index,)]


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple:
    """Grids of coordinates from 1-D tensors; the first one varies along the first axis,
    or with indexing='xy' along the second."""
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f"meshgrid: indexing must be 'ij' or 'xy', got {indexing!r}")
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    swap = indexing == "xy" and len(tensors) > 1
    given = [tensors[1], tensors[0], *tensors[2:]] if swap else list(tensors)
    shape = [x.numel() for x in given]
    grids = [expand(reshape(x, [-1 if j == k else 1 for j in range(len(given))]), shape)
             for k, x in enumerate(given)]
    return tuple([grids[1], grids[0], *grids[2:]] if swap else grids)


class Arranging:
    """The arranging methods of a tensor."""

    flip, fliplr, flipud, roll, rot90 = flip, fliplr, flipud, roll, rot90
    tril, triu, diag, diagonal, trace = tril, triu, diag, diagonal, trace
    tile, repeat_interleave = tile, repeat_interleave
