"""MaxPool1d, MaxPool2d: the largest number of each window.

    y[i, j]  = max x[r, c]        over the rows r and columns c of window (i, j)
    at[i, j] = r · W + c          where it is
    dx       = dy, added at each such place

Without a gradient nobody asks for the places, and the maximum of a window is that of its
columns' maxima: a window of k x k then costs 2 k comparisons instead of k².

windows.py says which rows and columns those are.

Book: nn/pooling.
"""
import functools
from typing import Any

import numpy as np

from ...autograd.function import Primitive
from ...backend import Op, contiguous, cuda, jit, like, op
from ...backend.device import xp_of
from ...backend.launch import CHEAP, on_cpu, on_gpu
from ...backend.math import maximum, where
from ...backend.tiles import address, shift
from ..module import Module
from ..windows import compiled, fill, numbers, two
from . import quarters
from .windows import (
    as_array,
    as_planes,
    band_shape,
    check_input,
    distance,
    index_type,
    inside,
    largest,
    lowest,
    read,
    size_and_window,
    window_of,
)

# ---- forward, with the places --------------------------------------------------------


@op
def max_pool(x, size, window):
    """x (P, H, W), (h, w) → the largest number of each window (P, h, w), and its place in
    the flat plane (P, h, w)."""
    rows, columns = (inside(axis, x.shape[1 + axis], size[axis], window)
                     for axis in (0, 1))
    return largest(x, rows, columns)


@jit
def first_inside(i, kernel, stride, padding, dilation, length):
    """The first index of window i that is not in the padding; -1 if all are."""
    first = i * stride - padding
    for tap in range(kernel):
        if 0 <= first + tap * dilation < length:
            return first + tap * dilation
    return -1


@jit
def _keep_larger(best, code, pixels, tap):
    """One tap of all windows: where its pixel is larger, it and the tap are kept."""
    for q in range(best.size):
        larger = (pixels[q] > best[q]) | (pixels[q] != pixels[q])         # or NaN
        best[q] = where(larger, pixels[q], best[q])
        code[q] = where(larger, tap, code[q])


@jit
def _max_cpu(lo, hi, y, at, x, window, low):
    (kh, kw), (sh, sw), (ph, pw), (dh, dw) = read(window)
    (_, h, w), (_, H, W), number = y.shape, x.shape, at.dtype.type
    rows, columns = band_shape((h, w), window)
    band = np.full(sh * sw * rows * columns + columns, low[0])
    best, code = np.empty(h * columns, x.dtype), np.empty(h * columns, at.dtype)
    none = number(-2**(8 * at.itemsize - 1))                  # the code of no tap
    first_row, first_column = np.empty(h, at.dtype), np.empty(w, at.dtype)
    for i in range(h):
        first_row[i] = first_inside(i, kh, sh, ph, dh, H)
    for j in range(w):
        first_column[j] = first_inside(j, kw, sw, pw, dw, W)
    for p in range(lo, hi):
        fill(address(band), shift(address(x), p * H * W * x.itemsize), 1, H, W, 0, sh, sw,
             ph, pw, rows, columns, address(low))
        best[:] = low[0]
        code[:] = none
        for u in range(kh):
            for v in range(kw):
                start = distance(u, v, (h, w), window)
                _keep_larger(best, code, band[start:start + best.size],
                             number((u * dh - ph) * W + v * dw - pw))
        _unload(y[p], at[p], best, code, none, first_row, first_column, sh * W, sw, W)


@jit
def _unload(y, at, best, code, none, first_row, first_column, down, right, width):
    """The largest numbers of a plane, and taps as places in it."""
    (h, w), number = y.shape, at.dtype.type
    columns = best.size // h
    for i in range(h):
        line, places = numbers(address(y), i * w, w), numbers(address(at), i * w, w)
        largest = numbers(address(best), i * columns, w)
        taps = numbers(address(code), i * columns, w)
        start, step, missing = number(i * down), number(right), number(-1)
        # No tap was larger than the lowest number: the first one counts, if there is one.
        row = number(first_row[i] * width)
        for j in range(w):
            line[j] = largest[j]
            first = where((first_row[i] < 0) | (first_column[j] < 0), missing,
                          number(row + first_column[j]))
            places[j] = where(taps[j] == none, first,
                              number(taps[j] + start + number(j) * step))


@cuda.jit
def _max_cuda(y, at, x, kh, kw, sh, sw, ph, pw, dh, dw, low):
    p, i, j = cuda.grid(3)
    H, W = x.shape[1], x.shape[2]
    if p < y.shape[0] and i < y.shape[1] and j < y.shape[2]:
        best, place = low, -1
        for u in range(kh):
            r = i * sh - ph + u * dh
            if 0 <= r < H:
                for v in range(kw):
                    c = j * sw - pw + v * dw
                    if 0 <= c < W:
                        pixel = x[p, r, c]
                        if place < 0 or pixel > best or pixel != pixel:
                            best, place = pixel, r * W + c
        y[p, i, j] = best
        at[p, i, j] = place


def results(x, size):
    """Room for the largest numbers and their places."""
    return like(x, (x.shape[0], *size)), \
        like(x, (x.shape[0], *size), index_type(x.shape))


@compiled(max_pool)
def _run_cpu(x, size, window):
    if x.dtype.kind != "f":
        return max_pool.reference(x, size, window)                # whole numbers: rare
    y, at = results(x, size)
    if quarters.fits(size, x, window):
        quarters.places_into(y, at, x)
        return y, at
    taps = window.kernel[0] * window.kernel[1]
    on_cpu(_max_cpu, (len(x),), y, at, contiguous(x), as_array(window),
           _lowest(x.dtype), work=(y.size * taps + x.size) // 2)
    return y, at


@functools.cache
def _lowest(dtype):
    """The lowest number as an array, to which kernels can point."""
    return np.array([lowest(dtype)])


@max_pool.cuda
def _run_cuda(x, size, window):
    y, at = results(x, size)
    numbers = [n for pair in window for n in pair]
    on_gpu(_max_cuda, y.shape, y, at, contiguous(x), *numbers, lowest(x.dtype))
    return y, at


# ---- forward, without them -----------------------------------------------------------


@op
def max_pool_values(x, size, window):
    """x (P, H, W), (h, w) → the largest number of each window (P, h, w)."""
    return max_pool.reference(x, size, window)[0]


@jit(forceinline=True)
def raise_to(best, line):
    """Both (L,): the larger of two numbers, or NaN, stays in `best`."""
    for j in range(best.size):
        best[j] = maximum(best[j], line[j])


@jit(forceinline=True)
def _largest_of_line(best, line, taps, step, dilation):
    """The largest number of each window of a line."""
    if step == 1:                        # there are vector instructions for constants
        _keep_largest(best, line, taps, 1, dilation)
    elif step == 2:
        _keep_largest(best, line, taps, 2, dilation)
    else:
        _keep_largest(best, line, taps, step, dilation)


@jit(forceinline=True)
def _keep_largest(best, line, taps, step, dilation):
    two = taps > 1 and dilation == 1
    for j in range(best.size):
        best[j] = line[j * step]
        if two:                                  # neighbours come with the same vectors
            best[j] = maximum(best[j], line[j * step + 1])
    for v in range(2 if two else 1, taps):
        pixels = line[v * dilation:]
        for j in range(best.size):
            best[j] = maximum(best[j], pixels[j * step])


@jit
def _values_cpu(lo, hi, y, x, window, low):
    """First the rows of each window, as long vectors, into a line; then its columns."""
    (kh, kw), (sh, sw), (ph, pw), (dh, dw) = read(window)
    (_, h, w), (_, H, W) = y.shape, x.shape
    line = np.full(max(pw + W, (w - 1) * sw + (kw - 1) * dw + 1), low[0])
    pixels = numbers(address(line), pw, W)                # of a line with its padding
    is_row = kh == 1 and ph == 0 and line.size == W       # nothing to add to a row of x
    if is_row and w * sw == W and (kw - 1) * dw < sw and h == H:      # nor to their ends:
        n = (hi - lo) * H                                 # they are one long row
        _largest_of_line(numbers(address(y), lo * h * w, n * w),
                         numbers(address(x), lo * H * W, n * W), kw, sw, dw)
        return
    for p in range(lo, hi):
        for i in range(h):
            first, seen = i * sh - ph, line
            if is_row:
                seen = numbers(address(x), (p * H + first) * W, W)
            else:
                pixels[:] = low[0]
                for r in range(first, first + kh * dh, dh):
                    if 0 <= r < H:
                        raise_to(pixels, numbers(address(x), (p * H + r) * W, W))
            _largest_of_line(numbers(address(y), (p * h + i) * w, w), seen, kw, sw, dw)


@cuda.jit
def _values_cuda(y, x, kh, kw, sh, sw, ph, pw, dh, dw, low):
    p, i, j = cuda.grid(3)
    H, W = x.shape[1], x.shape[2]
    if p < y.shape[0] and i < y.shape[1] and j < y.shape[2]:
        best = low
        for r in range(i * sh - ph, i * sh - ph + kh * dh, dh):
            for c in range(j * sw - pw, j * sw - pw + kw * dw, dw):
                if 0 <= r < H and 0 <= c < W:
                    best = maximum(best, x[p, r, c])
        y[p, i, j] = best


@compiled(max_pool_values)
def _run_values_cpu(x, size, window):
    if x.dtype.kind != "f":
        return max_pool_values.reference(x, size, window)         # whole numbers: rare
    y = like(x, (x.shape[0], *size))
    if quarters.fits(size, x, window):
        quarters.values_into(y, x)
        return y
    on_cpu(_values_cpu, y.shape, y, contiguous(x), as_array(window), _lowest(x.dtype),
           work=x.size // CHEAP)
    return y


@max_pool_values.cuda
def _run_values_cuda(x, size, window):
    y = like(x, (x.shape[0], *size))
    numbers = [n for pair in window for n in pair]
    on_gpu(_values_cuda, y.shape, y, contiguous(x), *numbers, lowest(x.dtype))
    return y


# ---- backward ------------------------------------------------------------------------


@op
def max_pool_backward(dy, at, size):
    """dy, at (P, h, w), (H, W) → dx (P, H, W): dy, added where the numbers came from."""
    dx = np.zeros((len(dy), size[0] * size[1] + 1), dy.dtype)      # -1: a last one more
    np.add.at(dx, (np.arange(len(dy))[:, None, None], at), dy)
    return dx[:, :-1].reshape(len(dy), *size)


@jit
def _add_cpu(lo, hi, dx, dy, at):
    for p in range(lo, hi):
        target, places, numbers = dx[p], at[p], dy[p]
        target[:] = 0
        for q in range(places.size):
            if places[q] >= 0:
                target[places[q]] += numbers[q]


@cuda.jit
def _add_cuda(dx, dy, at):
    p, q = cuda.grid(2)
    if p < dy.shape[0] and q < dy.shape[1] and at[p, q] >= 0:
        cuda.atomic.add(dx, (p, at[p, q]), dy[p, q])      # windows may overlap


@max_pool_backward.cpu
def _run_add_cpu(dy, at, size):
    planes = len(dy)
    dx = like(dy, (planes, size[0] * size[1]))
    on_cpu(_add_cpu, (planes,), dx, *_flat(dy, at), work=dx.size // CHEAP)
    return dx.reshape(planes, *size)


@max_pool_backward.cuda
def _run_add_cuda(dy, at, size):
    dx = xp_of(dy).zeros((dy.shape[0], size[0] * size[1]), dy.dtype)
    flat = _flat(dy, at)
    on_gpu(_add_cuda, flat[0].shape, dx, *flat)
    return dx.reshape(dy.shape[0], *size)


def _flat(*arrays):
    """(P, h, w) → (P, h·w), contiguous."""
    return [contiguous(a).reshape(a.shape[0], a.shape[1] * a.shape[2]) for a in arrays]


# ---- on the tape ---------------------------------------------------------------------


class LargestFunction(Primitive):
    """Of each window: the numbers, and if they are wanted the places.

    A subclass names two operations, which take planes and `arguments`: `largest` finds
    both, `values` the numbers alone.
    """

    largest: Op
    values: Op

    @classmethod
    def forward(cls, ctx, x, n, arguments, with_indices):
        ctx.shape, ctx.n = x.shape, n
        if not (with_indices or ctx.needs_input_grad[0]):
            y = cls.values(as_planes(x, n), *arguments)
            return y.reshape(*x.shape[:-n], *y.shape[-n:])
        y, ctx.at = cls.largest(as_planes(x, n), *arguments)
        y = y.reshape(shape := (*x.shape[:-n], *y.shape[-n:]))
        return (y, ctx.at.astype(np.int64).reshape(shape)) if with_indices else y

    @classmethod
    def backward(cls, ctx, dy, *of_indices):
        size = two(ctx.shape[-ctx.n:])
        return max_pool_backward(as_planes(dy, ctx.n), ctx.at, size).reshape(ctx.shape)


class MaxPoolFunction(LargestFunction):
    largest, values = max_pool, max_pool_values


def max_pool1d(input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
               dilation: Any = 1, ceil_mode: bool = False, return_indices: bool = False
               ) -> Any:
    """The largest of each window of (N, C, L) or (C, L), and where it is if
    `return_indices`; see `MaxPool1d`."""
    return _max_pool("max_pool1d", 1, input, kernel_size, stride, padding, dilation,
                     ceil_mode, return_indices)


def max_pool2d(input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
               dilation: Any = 1, ceil_mode: bool = False, return_indices: bool = False
               ) -> Any:
    """The largest of each window of (N, C, H, W) or (C, H, W), and where it is if
    `return_indices`; see `MaxPool2d`."""
    return _max_pool("max_pool2d", 2, input, kernel_size, stride, padding, dilation,
                     ceil_mode, return_indices)


def _max_pool(who, n, input, kernel_size, stride, padding, dilation, ceil_mode,
              return_indices):
    check_input(who, input, n)
    window = window_of(who, n, kernel_size, stride, padding, dilation)
    arguments = size_and_window(who, two(input.array.shape[-n:]), window, ceil_mode)
    return MaxPoolFunction.apply(input, n=n, arguments=arguments,
                                 with_indices=return_indices)


# ---- the modules ---------------------------------------------------------------------


class _MaxPool(Module):
    """Keeps the arguments as they were given."""

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0,
                 dilation: Any = 1, return_indices: bool = False,
                 ceil_mode: bool = False) -> None:
        super().__init__()
        self.kernel_size, self.padding, self.dilation = kernel_size, padding, dilation
        self.stride = kernel_size if stride is None else stride
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def extra_repr(self) -> str:
        return (f"kernel_size={self.kernel_size}, stride={self.stride}, "
                f"padding={self.padding}, dilation={self.dilation}, "
                f"ceil_mode={self.ceil_mode}")


class MaxPool1d(_MaxPool):
    """The largest number of each window of a sequence.

    Args:
        kernel_size: how many neighbours a window holds, k.
        stride: from one window to the next; k if it is left out.
        padding: added at both ends, at most k/2; what is added is never the largest.
        dilation: from one neighbour in a window to the next.
        return_indices: whether to return as well where each number was found.
        ceil_mode: whether a last window may reach beyond the end.

    Shape:
        input (N, C, L) or (C, L) → output (N, C, L') or (C, L') with
        L' = ⌊(L + 2 padding - dilation (k - 1) - 1) / stride⌋ + 1, or ⌈ ⌉ in ceil_mode

    Raises:
        RuntimeError: the input does not fit, or no window fits into it.

    Example:
        >>> nn.MaxPool1d(2)(torch.tensor([[3.0, 1.0, 4.0, 1.0, 5.0]]))
        tensor([[3., 4.]])
    """

    def forward(self, input: Any) -> Any:
        return max_pool1d(input, self.kernel_size, self.stride, self.padding,
                          self.dilation, self.ceil_mode, self.return_indices)


class MaxPool2d(_MaxPool):
    """The largest number of each window of an image.

    Args:
        kernel_size: rows and columns of a window, (kH, kW) or one number for both.
        stride: from one window to the next; the kernel size if it is left out.
        padding: added on all sides, at most half of the kernel size; what is added is
            never the largest.
        dilation: from one pixel in a window to the next.
        return_indices: whether to return as well where each number was found, as a place
            in the flat image, row · W + column.
        ceil_mode: whether last windows may reach beyond the bottom and the right.

    Shape:
        input (N, C, H, W) or (C, H, W) → output (N, C, H', W') or (C, H', W') with
        H' = ⌊(H + 2 p - d (kH - 1) - 1) / s⌋ + 1, or ⌈ ⌉ in ceil_mode, and W' alike.

    Raises:
        RuntimeError: the input does not fit, or no window fits into it.

    Example:
        >>> x = torch.arange(16.0).reshape(1, 4, 4)
        >>> nn.MaxPool2d(2)(x).tolist()
        [[[5.0, 7.0], [13.0, 15.0]]]
        >>> nn.MaxPool2d(3, stride=2, padding=1, return_indices=True)(x)[1].tolist()
        [[[5, 7], [13, 15]]]

    Source: Zhou & Chellappa, "Computation of optical flow using a neural network", 1988.
    """

    def forward(self, input: Any) -> Any:
        return max_pool2d(input, self.kernel_size, self.stride, self.padding,
                          self.dilation, self.ceil_mode, self.return_indices)
