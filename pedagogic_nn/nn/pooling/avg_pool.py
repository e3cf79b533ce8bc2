"""AvgPool1d, AvgPool2d: the mean of each window.

    y[i, j] = Σ x[r, c] / count[i, j]      over the rows r and columns c of window (i, j)
    dx      = dy / count, added to each pixel of the window

`count` is the number of pixels in the window, with its padding or without, or a number
that the caller gives.  windows.py says which rows and columns a window has.

Book: nn/pooling.
"""
import functools
import operator
from typing import Any

import numpy as np

from ...autograd.function import Primitive
from ...backend import contiguous, cuda, jit, like, op
from ...backend.device import xp_of
from ...backend.launch import CHEAP, on_cpu, on_gpu
from ...backend.tiles import address
from ..module import Module
from ..windows import collect, compiled, fill, numbers, two, whole_numbers
from .windows import (
    as_array,
    as_planes,
    band_shape,
    check_input,
    inside,
    read,
    size_and_window,
    tight,
    window_of,
)

WITH_PADDING, WITHOUT = "with padding", "without"      # what a window's mean divides by

# ---- forward -------------------------------------------------------------------------


@op
def average(x, rows, columns, window):
    """x (P, H, W), the counts of rows (h,) and columns (w,) → means (P, h, w).

    The count of a window is the product of the two.
    """
    size = rows.size, columns.size
    row_lists, column_lists = (inside(axis, x.shape[1 + axis], size[axis], window)
                               for axis in (0, 1))
    y = np.empty((len(x), *size), x.dtype)
    for i, j in np.ndindex(*size):
        pixels = x[:, row_lists[i]][:, :, column_lists[j]]
        y[:, i, j] = pixels.sum(axis=(1, 2)) / (rows[i] * columns[j])
    return y


@jit
def _add(sums, pixels):
    for q in range(sums.size):
        sums[q] += pixels[q]


@jit
def _divide(out, numbers, rows, columns):
    for j in range(out.size):
        out[j] = numbers[j] / (rows * columns[j])


@jit
def _average_cpu(lo, hi, y, x, row_counts, column_counts, window):
    """First the rows of each window, as they are; then the columns, in a band."""
    (kh, kw), (sh, sw), (ph, pw), _ = read(window)
    (_, h, w), (_, H, W) = y.shape, x.shape
    columns = band_shape((h, w), window)[1]
    tall = np.empty(h * W, x.dtype)
    band = np.zeros(sw * h * columns + columns, x.dtype)
    sums, zero = np.empty(h * columns, x.dtype), np.zeros(1, x.dtype)
    for p in range(lo, hi):
        tall[:] = 0
        for i in range(h):
            for r in range(max(0, i * sh - ph), min(H, i * sh - ph + kh)):
                _add(numbers(address(tall), i * W, W),
                     numbers(address(x), (p * H + r) * W, W))
        fill(address(band), address(tall), 1, h, W, 0, 1, sw, 0, pw, h, columns,
             address(zero))
        sums[:] = 0
        for v in range(kw):
            start = v % sw * h * columns + v // sw
            _add(sums, band[start:start + sums.size])
        for i in range(h):
            _divide(numbers(address(y), (p * h + i) * w, w),
                    numbers(address(sums), i * columns, w), row_counts[i], column_counts)


@cuda.jit
def _average_cuda(y, x, rows, columns, kh, kw, sh, sw, ph, pw):
    p, i, j = cuda.grid(3)
    H, W = x.shape[1], x.shape[2]
    if p < y.shape[0] and i < y.shape[1] and j < y.shape[2]:
        total = x.dtype.type(0)
        for r in range(max(0, i * sh - ph), min(H, i * sh - ph + kh)):
            for c in range(max(0, j * sw - pw), min(W, j * sw - pw + kw)):
                total += x[p, r, c]
        y[p, i, j] = total / (rows[i] * columns[j])


@compiled(average)
def _run_average_cpu(x, rows, columns, window):
    if x.dtype.kind != "f":
        return average.reference(x, rows, columns, window)        # whole numbers: rare
    y = like(x, (len(x), rows.size, columns.size))
    taps = window.kernel[0] * window.kernel[1]
    on_cpu(_average_cpu, (len(x),), y, contiguous(x), rows, columns, as_array(window),
           work=(y.size * taps + x.size) // CHEAP)
    return y


@average.cuda
def _run_average_cuda(x, rows, columns, window):
    y = like(x, (x.shape[0], rows.size, columns.size))
    on_gpu(_average_cuda, y.shape, y, contiguous(x), rows, columns, *window.kernel,
           *window.stride, *window.padding)
    return y


# ---- backward ------------------------------------------------------------------------


@op
def average_backward(dy, rows, columns, size, window):
    """dy (P, h, w), counts (h,), (w,), (H, W) → dx (P, H, W)."""
    row_lists, column_lists = (inside(axis, size[axis], dy.shape[1 + axis], window)
                               for axis in (0, 1))
    dx = np.zeros((len(dy), *size), dy.dtype)
    for i, j in np.ndindex(*dy.shape[1:]):
        share = dy[:, i, j] / (rows[i] * columns[j])
        dx[:, row_lists[i][:, None], column_lists[j]] += share[:, None, None]
    return dx


@jit
def _average_backward_cpu(lo, hi, dx, dy, row_counts, column_counts, window):
    """The way back: columns in a band, then rows."""
    (kh, kw), (sh, sw), (ph, pw), _ = read(window)
    (_, h, w), (_, H, W) = dy.shape, dx.shape
    columns = band_shape((h, w), window)[1]
    tall = np.empty(h * W, dy.dtype)
    band = np.empty(sw * h * columns + columns, dy.dtype)
    shares = np.zeros(h * columns, dy.dtype)
    for p in range(lo, hi):
        for i in range(h):
            _divide(numbers(address(shares), i * columns, w),
                    numbers(address(dy), (p * h + i) * w, w), row_counts[i],
                    column_counts)
        band[:] = 0
        for v in range(kw):
            start = v % sw * h * columns + v // sw
            _add(band[start:start + shares.size], shares)
        collect(address(tall), address(band), h, W, 1, sw, 0, pw, h, columns)
        dx[p] = 0
        for i in range(h):
            for r in range(max(0, i * sh - ph), min(H, i * sh - ph + kh)):
                _add(numbers(address(dx), (p * H + r) * W, W),
                     numbers(address(tall), i * W, W))


@cuda.jit
def _average_backward_cuda(dx, dy, rows, columns, kh, kw, sh, sw, ph, pw):
    p, i, j = cuda.grid(3)
    H, W = dx.shape[1], dx.shape[2]
    if p < dy.shape[0] and i < dy.shape[1] and j < dy.shape[2]:
        share = dy[p, i, j] / (rows[i] * columns[j])
        for r in range(max(0, i * sh - ph), min(H, i * sh - ph + kh)):
            for c in range(max(0, j * sw - pw), min(W, j * sw - pw + kw)):
                cuda.atomic.add(dx, (p, r, c), share)        # windows may overlap


@compiled(average_backward)
def _run_backward_cpu(dy, rows, columns, size, window):
    dx = like(dy, (len(dy), *size))
    taps = window.kernel[0] * window.kernel[1]
    on_cpu(_average_backward_cpu, (len(dy),), dx, contiguous(dy), rows, columns,
           as_array(window), work=(dy.size * taps + dx.size) // CHEAP)
    return dx


@average_backward.cuda
def _run_backward_cuda(dy, rows, columns, size, window):
    dx = xp_of(dy).zeros((dy.shape[0], *size), dy.dtype)
    on_gpu(_average_backward_cuda, dy.shape, dx, contiguous(dy), rows, columns,
           *window.kernel, *window.stride, *window.padding)
    return dx


# ---- on the tape ---------------------------------------------------------------------


class AvgPoolFunction(Primitive):
    @staticmethod
    def forward(ctx, x, n, counts, window):
        ctx.counts = counts
        if ctx.device.type != "cpu":
            ctx.counts = [ctx.device.put(count) for count in counts]
        ctx.shape, ctx.n, ctx.window = x.shape, n, window
        y = average(as_planes(x, n), *ctx.counts, window)
        return y.reshape(*x.shape[:-n], *y.shape[-n:])

    @staticmethod
    def backward(ctx, dy):
        dx = average_backward(as_planes(dy, ctx.n), *ctx.counts, two(ctx.shape[-ctx.n:]),
                              ctx.window)
        return dx.reshape(ctx.shape)


@functools.lru_cache(maxsize=256)
def _counts_and_window(who, image, window, ceil_mode, divisor, dtype):
    """How many rows each window has, and how many columns; their product is the divisor.
    And a window as small as kernels need it.

    divisor: WITH_PADDING, WITHOUT, or a number.  What ceil_mode adds beyond the padding
    never counts.
    """
    size, seen = size_and_window(who, image, window, ceil_mode)
    window, dtype = tight(window, size), np.float32 if dtype == np.float16 else dtype
    counts = []
    for length, windows, k, s, p in zip(image, size, *window[:3]):
        start = np.arange(windows) * s - p
        if divisor == WITHOUT:
            count = np.minimum(start + k, length) - np.maximum(start, 0)
        else:
            count = np.minimum(start + k, length + p) - start
        counts.append(count.astype(dtype))
    if isinstance(divisor, int):
        counts = [np.full(size[0], divisor, dtype), np.ones(size[1], dtype)]
    return counts, seen


def avg_pool1d(input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
               ceil_mode: bool = False, count_include_pad: bool = True) -> Any:
    """The mean of each window of (N, C, L) or (C, L); see `AvgPool1d`."""
    return _avg_pool("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode,
                     count_include_pad, None)


def avg_pool2d(input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
               ceil_mode: bool = False, count_include_pad: bool = True,
               divisor_override: int | None = None) -> Any:
    """The mean of each window of (N, C, H, W) or (C, H, W); see `AvgPool2d`."""
    return _avg_pool("avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode,
                     count_include_pad, divisor_override)


def _avg_pool(who, n, input, kernel_size, stride, padding, ceil_mode, count_include_pad,
              divisor):
    check_input(who, input, n)
    window = window_of(who, n, kernel_size, stride, padding)
    image = two(input.array.shape[-n:])
    if divisor is None:
        divisor = WITH_PADDING if count_include_pad else WITHOUT
    else:
        divisor = _divisor(who, divisor)
    counts, window = _counts_and_window(who, image, window, ceil_mode, divisor,
                                        input.array.dtype)
    return AvgPoolFunction.apply(input, n=n, counts=counts, window=window)


def _divisor(who, value):
    try:
        divisor = operator.index(value)
    except TypeError:
        raise TypeError(f"{who}: divisor_override must be a whole number, got "
                        f"{value!r}") from None
    if divisor == 0:
        raise RuntimeError(f"{who}: divisor_override must not be 0")
    return divisor


# ---- the modules ---------------------------------------------------------------------


class _AvgPool(Module):
    def extra_repr(self) -> str:
        return (f"kernel_size={self.kernel_size}, stride={self.stride}, "
                f"padding={self.padding}")


class AvgPool1d(_AvgPool):
    """The mean of each window of a sequence.

    Args:
        kernel_size: how many neighbours a window holds, k.
        stride: from one window to the next; k if it is left out.
        padding: zeros at both ends, at most k/2.
        ceil_mode: whether a last window may reach beyond the end.
        count_include_pad: whether the zeros of the padding count as numbers.

    Shape:
        input (N, C, L) or (C, L) → output (N, C, L') or (C, L') with
        L' = ⌊(L + 2 padding - k) / stride⌋ + 1, or ⌈ ⌉ in ceil_mode

    Raises:
        RuntimeError: the input does not fit, or no window fits into it.

    Example:
        >>> nn.AvgPool1d(3, stride=2)(torch.tensor([[1.0, 2, 3, 4, 5, 6, 7]]))
        tensor([[2., 4., 6.]])
    """

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0,
                 ceil_mode: bool = False, count_include_pad: bool = True) -> None:
        super().__init__()
        given = (("kernel_size", kernel_size), ("padding", padding),
                 ("stride", kernel_size if stride is None else stride))
        for name, value in given:
            setattr(self, name, whole_numbers("AvgPool1d", name, value, 1))
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, input: Any) -> Any:
        return avg_pool1d(input, self.kernel_size, self.stride, self.padding,
                          self.ceil_mode, self.count_include_pad)


class AvgPool2d(_AvgPool):
    """The mean of each window of an image.

    Args:
        kernel_size: rows and columns of a window, (kH, kW) or one number for both.
        stride: from one window to the next; the kernel size if it is left out.
        padding: zeros on all sides, at most half of the kernel size.
        ceil_mode: whether last windows may reach beyond the bottom and the right.
        count_include_pad: whether the zeros of the padding count as pixels.
        divisor_override: divide by this whole number instead of the count.

    Shape:
        input (N, C, H, W) or (C, H, W) → output (N, C, H', W') or (C, H', W') with
        H' = ⌊(H + 2 p - kH) / s⌋ + 1, or ⌈ ⌉ in ceil_mode, and W' alike.

    Raises:
        RuntimeError: the input does not fit, or no window fits into it.

    Example:
        >>> x = torch.arange(16.0).reshape(1, 4, 4)
        >>> nn.AvgPool2d(2)(x).tolist()
        [[[2.5, 4.5], [10.5, 12.5]]]

    Source: LeCun et al., "Gradient-based learning applied to document recognition", 1998.
    """

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0,
                 ceil_mode: bool = False, count_include_pad: bool = True,
                 divisor_override: int | None = None) -> None:
        super().__init__()
        self.kernel_size, self.padding = kernel_size, padding
        self.stride = kernel_size if stride is None else stride
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Any) -> Any:
        return avg_pool2d(input, self.kernel_size, self.stride, self.padding,
                          self.ceil_mode, self.count_include_pad, self.divisor_override)
