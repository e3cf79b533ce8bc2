"""What the pooling layers share: windows, the sizes that they make, checks at the door.

    rows of window i:  i·s - p,  i·s - p + d,  …,  i·s - p + (k - 1)·d

for kernel size k, stride s, padding p and dilation d; those outside of the image do not
count.  With `ceil_mode`, a last window may reach beyond the padding, if it begins before.

A sequence is an image of one row.  The kernels see planes (P, H, W), batch and channels
as one axis.
"""
import functools
import math
from typing import Any, NamedTuple

import numpy as np

from ...autograd.checks import check_tensor
from ...backend import jit
from ..windows import whole_numbers


class _Window(NamedTuple):
    """A number for rows and one for columns of each."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]


# ---- in array notation ---------------------------------------------------------------


def inside(axis, length, size, window):
    """For each of `size` windows along an axis of `length`: the indices that it holds."""
    k, s, p, d = (numbers[axis] for numbers in window)
    found = [np.arange(k) * d + i * s - p for i in range(size)]
    return [at[(at >= 0) & (at < length)] for at in found]


def largest(x, rows, columns):
    """x (P, H, W), for each window its rows and columns → the largest number and where it
    is in the flat plane, (P, h, w) each.

    The first of equal ones counts, and the last NaN, as in PyTorch.  An empty window has
    the lowest number, at -1.
    """
    y = np.full((len(x), len(rows), len(columns)), lowest(x.dtype), x.dtype)
    at = np.full(y.shape, -1, index_type(x.shape))
    planes = np.arange(len(x))
    for (i, r), (j, c) in ((a, b) for a in enumerate(rows) for b in enumerate(columns)):
        if r.size and c.size:
            window = x[:, r][:, :, c].reshape(len(x), r.size * c.size)
            nan, best = window != window, window.argmax(axis=1)
            last = nan.shape[1] - 1 - nan[:, ::-1].argmax(axis=1)
            best = np.where(nan.any(axis=1), last, best)
            y[:, i, j] = window[planes, best]
            at[:, i, j] = r[best // c.size] * x.shape[2] + c[best % c.size]
    return y, at


def lowest(dtype):
    """The number that every other is at least as large as."""
    return dtype.type(-np.inf if dtype.kind == "f" else np.iinfo(dtype).min)


def index_type(shape):
    """int32 for a place in a plane and its padding, if that is enough, to save memory."""
    return np.int32 if shape[1] * shape[2] < 2**29 else np.int64


# ---- for kernels: the windows of a plane as long vectors -----------------------------


@jit
def read(window):
    """The array (4, 2) of a window, which is what threads can be given, as pairs."""
    return ((window[0, 0], window[0, 1]), (window[1, 0], window[1, 1]),
            (window[2, 0], window[2, 1]), (window[3, 0], window[3, 1]))


@jit
def band_shape(size, window):
    """(rows, columns) of each phase in the band of a plane."""
    (kh, kw), (sh, sw), _, (dh, dw) = read(window)
    return size[0] + (kh - 1) * dh // sh, size[1] + (kw - 1) * dw // sw


@jit
def distance(u, v, size, window):
    """From a window's place in the band to its tap (u, v)."""
    _, (sh, sw), _, (dh, dw) = read(window)
    rows, columns = band_shape(size, window)
    phase = u * dh % sh * sw + v * dw % sw
    return (phase * rows + u * dh // sh) * columns + v * dw // sw


# ---- the door ------------------------------------------------------------------------


def window_of(who: str, n: int, kernel_size: Any, stride: Any, padding: Any,
              dilation: Any = 1) -> _Window:
    """The window that the arguments of an n-dimensional layer describe.

    Raises:
        RuntimeError: a number is too small, or the padding more than half of the kernel.
    """
    if stride is None or stride == [] or stride == ():
        stride = kernel_size
    return _checked(who, n, (whole_numbers(who, "kernel_size", kernel_size, n),
                             whole_numbers(who, "stride", stride, n),
                             whole_numbers(who, "padding", padding, n),
                             whole_numbers(who, "dilation", dilation, n)))


@functools.lru_cache(maxsize=1024)
def _checked(who, n, found):
    """The window of four tuples of n numbers."""
    for name, numbers, least in zip(("kernel_size", "stride", "padding", "dilation"),
                                    found, (1, 1, 0, 1)):
        if min(numbers) < least:
            raise RuntimeError(f"{who}: {name} must be at least {least}, got "
                               f"{numbers[0] if n == 1 else numbers}")
    for k, p in zip(found[0], found[2]):
        if p > k // 2:
            raise RuntimeError(f"{who}: padding={p} is more than half of kernel_size={k};"
                               " a window could lie outside of the input")
    one_row = ((1,), (1,), (0,), (1,))
    return _Window(*((*first, *numbers)[-2:] for first, numbers in zip(one_row, found)))


@functools.cache
def as_array(window):
    """A window as kernels get it; see `read`."""
    return np.array(window)


def pooled_size(who: str, size: tuple, window: _Window, ceil_mode: bool
                ) -> tuple[int, int]:
    """⌊(H + 2 p - d (k - 1) - 1) / s⌋ + 1 for each axis, or with ⌈⌉.

    Raises:
        RuntimeError: no window fits.
    """
    found = []
    for length, k, s, p, d in zip(size, *window):
        room = length + 2 * p - d * (k - 1) - 1
        count = (room + (s - 1 if ceil_mode else 0)) // s + 1
        if ceil_mode and (count - 1) * s >= length + p:
            count -= 1                           # it would begin in the padding's far end
        found.append(count)
    if min(found) < 1:
        raise RuntimeError(f"{who}: no window of {window.kernel} with padding "
                           f"{window.padding} and dilation {window.dilation} fits into "
                           f"input of {size[0]} x {size[1]}")
    return found[0], found[1]


def tight(window: _Window, size: tuple[int, int]) -> _Window:
    """The window with a stride of 1 where there is only one: kernels pay for a stride."""
    (sh, sw), (h, w) = window.stride, size
    return window._replace(stride=(sh if h > 1 else 1, sw if w > 1 else 1))


def visible(window: _Window, image: tuple[int, int], size: tuple[int, int]) -> _Window:
    """The window without the taps that lie beside the image in each of `size` windows.

    A kernel of a million over five pixels would else be walked tap by tap.
    """
    axes = []
    for length, m, k, s, p, d in zip(image, size, *window):
        first = max(0, (p - (m - 1) * s) // d)
        last = min(k - 1, (length - 1 + p) // d)
        axes.append((max(1, last - first + 1), s, p - first * d, d))
    return _Window(*zip(*axes))


@functools.lru_cache(maxsize=1024)
def size_and_window(who: str, image: tuple[int, int], window: _Window, ceil_mode: bool
                    ) -> tuple[tuple[int, int], _Window]:
    """How many windows there are, and a window as small as kernels need it."""
    size = pooled_size(who, image, window, ceil_mode)
    return size, visible(tight(window, size), image, size)


def check_input(who: str, x: Any, n: int, empty_channels: bool = False) -> None:
    """(N, C, *) or (C, *), where only the batch may be empty.

    Raises:
        RuntimeError: it has other axes, or an empty one.
        NotImplementedError: it holds bools (the type is PyTorch's).
    """
    check_tensor(who, "input", x)
    shape = x.array.shape
    if len(shape) not in (n + 1, n + 2):
        shapes = "(N, C, L) or (C, L)" if n == 1 else "(N, C, H, W) or (C, H, W)"
        raise RuntimeError(f"{who} reads input of shape {shapes}, got shape {shape}")
    if x.array.dtype.kind == "b":
        raise NotImplementedError(f"{who} is not there for bools; say input.float()")
    if 0 in (shape[-n:] if empty_channels else shape[-n - 1:]):
        raise RuntimeError(f"{who}: only the batch may be empty, got input of shape "
                           f"{shape}")


def as_planes(x: Any, n: int) -> Any:
    """(*, H, W) or (*, L) → (P, H, W), all axes in front as one."""
    shape = x.shape
    return x.reshape(math.prod(shape[:-n]), 1 if n == 1 else shape[-2], shape[-1])
