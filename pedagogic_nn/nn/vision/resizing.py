"""What all resizing layers share: the size of the result, and which input pixels each of
its pixels reads.

An axis of n pixels becomes one of m.  With a size, m is given; with a scale,
m = ⌊n · scale⌋.  One step of the result is r steps of the input:

    r = n / m            with a size, or with recompute_scale_factor
    r = 1 / scale        with a scale

Where n · scale was rounded, the two differ, and so do the pixels that are read.
"""
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ...autograd.function import Primitive
from ...backend import Op
from ..module import Module

LARGEST = 2**31 - 1                     # pixels along an axis; tables are 32 bits wide


class Axis(NamedTuple):
    """n pixels become m; `scale` is None where r = n / m."""

    n: int
    m: int
    scale: float | None


def axes_of(who: str, input: Any, size: Any, scale_factor: Any,
            recompute_scale_factor: bool | None = None) -> tuple[Axis, ...]:
    """What happens to each axis of an image (N, C, H, W) or a signal (N, C, L).

    Raises:
        NotImplementedError: the numbers of the input are not real.
        ValueError: neither or both of size and scale_factor were given, or not one for
            each axis.
        TypeError: a size is no integer, a scale no number.
        RuntimeError: the input or the result has no pixels, or memory is too small.
    """
    shape, dtype = input.array.shape, input.array.dtype
    if dtype.kind != "f":
        raise NotImplementedError(f"{who} expected real numbers, got {dtype}; "
                                  "convert them, for example with .float()")
    if (size is None) == (scale_factor is None):
        raise ValueError(f"{who}: give either size or scale_factor, got "
                         f"{'neither' if size is None else 'both'}")
    if type(scale_factor) is float:                               # nearly always
        axes = _all_scaled(who, shape[2:], scale_factor, recompute_scale_factor)
    elif size is None:
        given = _for_each_axis(who, "scale_factor", scale_factor, shape)
        axes = tuple([_scaled(who, n, s, recompute_scale_factor)
                      for n, s in zip(shape[2:], given)])
    elif recompute_scale_factor:
        raise ValueError(f"{who}: recompute_scale_factor needs a scale_factor, got a "
                         "size")
    else:
        given = _for_each_axis(who, "size", size, shape)
        axes = tuple([Axis(n, _integer(who, m), None) for n, m in zip(shape[2:], given)])
    for n, m, _ in axes:
        if not (shape[1] and 0 < n and 0 < m <= LARGEST):
            raise RuntimeError(f"{who} needs channels, and from 1 to {LARGEST} pixels "
                               f"along an axis; input of shape {tuple(shape)} would "
                               f"become {[a.m for a in axes]} pixels")
    _check_memory(who, (*shape[:2], *[a.m for a in axes]), dtype)
    return axes


def _check_memory(who, shape, dtype):
    """Refuse a result that memory cannot hold, before tables for it are made."""
    try:
        np.empty(shape, dtype)
    except (MemoryError, ValueError):
        raise RuntimeError(f"{who}: there is no memory for a result of shape {shape}; "
                           "give a smaller size or scale_factor") from None


def _for_each_axis(who, name, value, shape):
    count = len(shape) - 2
    if not isinstance(value, (tuple, list)):
        return [value] * count
    if len(value) != count:
        raise ValueError(f"{who}: input has pixels along {count} axes, got {name} "
                         f"{tuple(value)}; give one number, or one for each axis")
    return value


def _integer(who, m):
    if isinstance(m, (bool, float, str)) or not hasattr(m, "__index__"):
        raise TypeError(f"{who}: a size must be an integer, got {m!r}")
    return int(m)


@functools.lru_cache(maxsize=256)
def _all_scaled(who, pixels, scale, recompute):
    return tuple([_scaled(who, n, scale, recompute) for n in pixels])


def _scaled(who, n, scale, recompute):
    try:
        scale = float(scale)
        m = int(n * scale)
    except (OverflowError, ValueError):
        raise (TypeError if isinstance(scale, str) else RuntimeError)(
            f"{who}: a scale_factor must be a finite number, got {scale!r}") from None
    return Axis(n, m, None if recompute else scale)


# ---- which pixels are read -----------------------------------------------------------


def _step(axis, real):
    """r, in the precision in which PyTorch computes it."""
    return real(axis.n) / real(axis.m) if axis.scale is None else real(1 / axis.scale)


def nearest_table(axis: Axis, centres: bool = False) -> np.ndarray:
    """The input pixel that each pixel of the result copies: ⌊i r⌋, or ⌊(i + ½) r⌋ if the
    centres of pixels are compared.  (m,), unsigned.

    In float32, as in PyTorch.  There lengths that stay or double are copied evenly even
    if the scale says 2.1; so they are here.
    """
    n, m = axis.n, axis.m
    if m in (n, 2 * n) and not centres:
        return _fixed(np.arange(m) * n // m)
    i = np.arange(m, dtype=np.float32)
    if centres:
        i += np.float32(0.5)
    return _fixed(np.minimum(np.floor(i * _step(axis, np.float32)), n - 1))


def linear_table(axis: Axis, align_corners: bool,
                 real: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The two input pixels that each pixel of the result blends, left and right (m,), and
    the weight of the right one (m,) in the type `real`.

        position(i) = (i + ½) r - ½, at least 0          centres of pixels
        position(i) = i (n - 1) / (m - 1)                corners aligned

    The left pixel is the position rounded down, the weight is the rest.  The last pixel
    is its own neighbour.
    """
    n, m = axis.n, axis.m
    if n == m:
        own = _fixed(np.arange(n))
        return own, own, _fixed(np.zeros(n), real)
    i = np.arange(m, dtype=real)
    if align_corners:
        position = i * (real(n - 1) / real(m - 1) if m > 1 else real(0))
    else:
        # Rounded once, at the end: PyTorch's is a fused multiply-add.
        wide = (i.astype(np.float64) + 0.5) * float(_step(axis, real)) - 0.5
        position = np.maximum(wide, 0).astype(real)
    # PyTorch rounds down in float32: there 2.99999999 is 3 already.
    left = np.minimum(np.floor(position.astype(np.float32)), n - 1)
    weight = np.clip(position - left.astype(real), 0, 1)
    return _fixed(left), _fixed(np.minimum(left + 1, n - 1)), _fixed(weight, real)


def _fixed(table, dtype=np.uint32):
    # Unsigned: numba would ask each time whether a signed index counts from the end.
    table = table.astype(dtype)
    table.flags.writeable = False
    return table


@functools.lru_cache(maxsize=256)
def nearest_tables(axes: tuple[Axis, ...], centres: bool) -> tuple[np.ndarray, ...]:
    """`nearest_table` of the rows and of the columns; a signal is an image of one row."""
    rows, columns = axes if len(axes) == 2 else (Axis(1, 1, None), *axes)
    return nearest_table(rows, centres), nearest_table(columns, centres)


@functools.lru_cache(maxsize=256)
def linear_tables(axes: tuple[Axis, ...], align_corners: bool,
                  dtype: np.dtype) -> tuple[np.ndarray, ...]:
    """`linear_table` of the rows and of the columns, six arrays."""
    rows, columns = axes if len(axes) == 2 else (Axis(1, 1, None), *axes)
    real = np.float64 if dtype == np.float64 else np.float32
    return (*linear_table(rows, align_corners, real),
            *linear_table(columns, align_corners, real))


class ResizingFunction(Primitive):
    """Images (N, C, H, W), or signals (N, C, L) as images of one row.

    A subclass gives `resize` and `backward_of_resize`, operations on planes (P, H, W) and
    tables, and `tables`, which makes them from the axes and the options.
    """

    resize: Op
    backward_of_resize: Op
    tables: Callable

    @classmethod
    def forward(cls, ctx, x, axes, **options):
        tables = cls.tables(x, axes, **options)
        if ctx.device.type != "cpu":
            tables = [ctx.device.put(t) for t in tables]
        n, c, *plane = ctx.shape = x.shape
        ctx.tables, ctx.plane = tables, plane if len(plane) == 2 else [1, *plane]
        y = cls.resize(x.reshape(n * c, *ctx.plane), *tables)
        return y.reshape(n, c, *y.shape[3 - len(plane):])

    @classmethod
    def backward(cls, ctx, dy):
        n, c, *plane = dy.shape
        dy = dy.reshape(n * c, *(plane if len(plane) == 2 else [1, *plane]))
        return cls.backward_of_resize(dy, *ctx.tables, *ctx.plane).reshape(ctx.shape)


class Resizing(Module):
    """Keeps what the upsampling layers are told, and prints it.

    Args:
        size: the size of the result, an integer or one for each axis.
        scale_factor: how many times larger, a number or one for each axis.
        mode: 'nearest', 'linear' …
        align_corners, recompute_scale_factor: see `Upsample`.
    """

    def __init__(self, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
                 align_corners: bool | None = None,
                 recompute_scale_factor: bool | None = None) -> None:
        super().__init__()
        if isinstance(scale_factor, tuple):
            scale_factor = tuple(float(s) for s in scale_factor)
        else:
            scale_factor = float(scale_factor) if scale_factor else None
        self.name = type(self).__name__
        self.size, self.scale_factor, self.mode = size, scale_factor, mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def extra_repr(self) -> str:
        told = (f"size={self.size!r}" if self.scale_factor is None else
                f"scale_factor={self.scale_factor!r}")
        return f"{told}, mode={self.mode!r}"
