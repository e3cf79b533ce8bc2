"""Adaptive pooling: as many windows as are wanted, whatever the size of the input.

    rows of window i:  ⌊i H / h⌋ … ⌈(i + 1) H / h⌉ - 1          for h windows over H rows

They cover the input, and overlap by one where h does not divide H.  AdaptiveAvgPool
takes the mean of each window, AdaptiveMaxPool the largest number.

Book: nn/pooling.
"""
import operator
from typing import Any

import numpy as np

from ...autograd.function import Primitive
from ...backend import cuda, jit, like, op
from ...backend.launch import CHEAP
from ...backend.math import maximum, row_max
from ...backend.tiles import address
from ..module import Module
from ..windows import compiled_kernels, numbers, two
from .max_pool import LargestFunction, raise_to, results
from .windows import as_planes, check_input, largest


@jit
def begin(i, length, windows):
    """The first row of window i."""
    return i * length // windows


@jit
def end(i, length, windows):
    """One after the last row of window i."""
    return ((i + 1) * length + windows - 1) // windows


def _lists(length, windows):
    """The rows of each window."""
    return [np.arange(begin(i, length, windows), end(i, length, windows))
            for i in range(windows)]


# ---- the mean ------------------------------------------------------------------------


@op
def adaptive_average(x, size):
    """x (P, H, W), (h, w) → the mean of each window (P, h, w)."""
    rows, columns = _lists(x.shape[1], size[0]), _lists(x.shape[2], size[1])
    y = np.empty((len(x), *size), x.dtype)
    for i, j in np.ndindex(*size):
        y[:, i, j] = x[:, rows[i]][:, :, columns[j]].mean(axis=(1, 2))
    return y


@jit
def _average_cpu(lo, hi, y, x):
    """The rows of a row of windows are added first, as long vectors."""
    (_, H, W), (_, h, w), number = x.shape, y.shape, x.dtype.type
    sums = np.empty(W, x.dtype)
    for p in range(lo, hi):
        for i in range(h):
            top, bottom = begin(i, H, h), end(i, H, h)
            if w == 1:
                total = _sum(numbers(address(x), (p * H + top) * W, (bottom - top) * W))
                y[p, i, 0] = total / number((bottom - top) * W)
                continue
            sums[:] = 0
            for r in range(top, bottom):
                _add(sums, numbers(address(x), (p * H + r) * W, W))
            for j in range(w):
                left, right = begin(j, W, w), end(j, W, w)
                total = number(0)
                for c in range(left, right):
                    total += sums[c]
                y[p, i, j] = total / number((bottom - top) * (right - left))


@jit
def _add(sums, line):
    for c in range(sums.size):
        sums[c] += line[c]


@jit(reassociate=True)
def _sum(line):
    total = line.dtype.type(0)
    for c in range(line.size):
        total += line[c]
    return total


@cuda.jit
def _average_cuda(y, x):
    p, i, j = cuda.grid(3)
    H, W, h, w, number = x.shape[1], x.shape[2], y.shape[1], y.shape[2], x.dtype.type
    if p < y.shape[0] and i < h and j < w:
        top, bottom = begin(i, H, h), end(i, H, h)
        left, right = begin(j, W, w), end(j, W, w)
        total = number(0)
        for r in range(top, bottom):
            for c in range(left, right):
                total += x[p, r, c]
        y[p, i, j] = total / number((bottom - top) * (right - left))


@compiled_kernels(adaptive_average, cpu=_average_cpu, cuda=_average_cuda)
def _run_average(run, x, size):
    y = like(x, (x.shape[0], *size))
    run(y.shape, y, x, work=x.size // CHEAP)
    return y


@op
def adaptive_average_backward(dy, size):
    """dy (P, h, w), (H, W) → dx (P, H, W): each share of dy, to all of its window."""
    rows, columns = _lists(size[0], dy.shape[1]), _lists(size[1], dy.shape[2])
    dx = np.zeros((len(dy), *size), dy.dtype)
    for i, j in np.ndindex(*dy.shape[1:]):
        share = dy[:, i, j] / dy.dtype.type(rows[i].size * columns[j].size)
        dx[:, rows[i][:, None], columns[j]] += share[:, None, None]
    return dx


@jit
def _average_backward_cpu(lo, hi, dx, dy):
    (_, H, W), (_, h, w), number = dx.shape, dy.shape, dy.dtype.type
    shares = np.empty(W, dy.dtype)               # of one row of windows, for each column
    for p in range(lo, hi):
        done = 0                                 # rows that have had a share
        for i in range(h):
            top, bottom = begin(i, H, h), end(i, H, h)
            shares[:] = 0
            for j in range(w):
                left, right = begin(j, W, w), end(j, W, w)
                share = dy[p, i, j] / number((bottom - top) * (right - left))
                for c in range(left, right):
                    shares[c] += share
            for r in range(top, bottom):
                line = numbers(address(dx), (p * H + r) * W, W)
                if r < done:
                    _add(line, shares)
                else:
                    _copy(line, shares)
            done = bottom


@jit
def _copy(line, source):
    for c in range(line.size):
        line[c] = source[c]


@cuda.jit
def _average_backward_cuda(dx, dy):
    p, r, c = cuda.grid(3)
    H, W, h, w, number = dx.shape[1], dx.shape[2], dy.shape[1], dy.shape[2], dy.dtype.type
    if p < dx.shape[0] and r < H and c < W:
        total = number(0)
        # The windows of row r: from the one that it would be in, and at most one before.
        for i in range(max(0, r * h // H - 1), h):
            top, bottom = begin(i, H, h), end(i, H, h)
            if top > r:
                break
            for j in range(max(0, c * w // W - 1), w):
                left, right = begin(j, W, w), end(j, W, w)
                if left > c:
                    break
                if r < bottom and c < right:
                    total += dy[p, i, j] / number((bottom - top) * (right - left))
        dx[p, r, c] = total


@compiled_kernels(adaptive_average_backward, cpu=_average_backward_cpu,
                  cuda=_average_backward_cuda)
def _run_average_backward(run, dy, size):
    dx = like(dy, (dy.shape[0], *size))
    run(dx.shape, dx, dy, work=dx.size // CHEAP)
    return dx


# ---- the largest ---------------------------------------------------------------------


@op
def adaptive_max(x, size):
    """x (P, H, W), (h, w) → the largest number of each window, and its place in the flat
    plane, (P, h, w) each."""
    return largest(x, _lists(x.shape[1], size[0]), _lists(x.shape[2], size[1]))


@jit
def _max_cpu(lo, hi, y, at, x):
    (_, H, W), (_, h, w) = x.shape, y.shape
    for p in range(lo, hi):
        for i in range(h):
            top, bottom = begin(i, H, h), end(i, H, h)
            for j in range(w):
                left, right = begin(j, W, w), end(j, W, w)
                best, row = x[p, top, left], top
                for r in range(top, bottom):
                    number = row_max(numbers(address(x), (p * H + r) * W + left,
                                             right - left))
                    if number > best or number != number:
                        best, row = number, r
                line = numbers(address(x), (p * H + row) * W + left, right - left)
                y[p, i, j], at[p, i, j] = best, row * W + left + _place(line, best)


@jit
def _place(line, best):
    """The first place of a number, or the last of NaN."""
    place = 0
    for c in range(line.size):
        if line[c] == best:
            return c
        if line[c] != line[c]:
            place = c
    return place


@cuda.jit
def _max_cuda(y, at, x):
    p, i, j = cuda.grid(3)
    H, W, h, w = x.shape[1], x.shape[2], y.shape[1], y.shape[2]
    if p < y.shape[0] and i < h and j < w:
        top, left = begin(i, H, h), begin(j, W, w)
        best, place = x[p, top, left], top * W + left
        for r in range(top, end(i, H, h)):
            for c in range(left, end(j, W, w)):
                pixel = x[p, r, c]
                if pixel > best or pixel != pixel:
                    best, place = pixel, r * W + c
        y[p, i, j], at[p, i, j] = best, place


@compiled_kernels(adaptive_max, cpu=_max_cpu, cuda=_max_cuda)
def _run_max(run, x, size):
    y, at = results(x, size)
    run(y.shape, y, at, x, work=x.size // 2)
    return y, at


@op
def adaptive_max_values(x, size):
    """x (P, H, W), (h, w) → the largest number of each window (P, h, w)."""
    return adaptive_max.reference(x, size)[0]


@jit
def _max_values_cpu(lo, hi, y, x):
    """The rows of a row of windows are compared first, as long vectors."""
    (_, H, W), (_, h, w) = x.shape, y.shape
    line = np.empty(W, x.dtype)
    for p in range(lo, hi):
        for i in range(h):
            top, bottom = begin(i, H, h), end(i, H, h)
            _copy(line, numbers(address(x), (p * H + top) * W, W))
            for r in range(top + 1, bottom):
                raise_to(line, numbers(address(x), (p * H + r) * W, W))
            for j in range(w):
                left, right = begin(j, W, w), end(j, W, w)
                y[p, i, j] = row_max(line[left:right])


@cuda.jit
def _max_values_cuda(y, x):
    p, i, j = cuda.grid(3)
    H, W, h, w = x.shape[1], x.shape[2], y.shape[1], y.shape[2]
    if p < y.shape[0] and i < h and j < w:
        best = x[p, begin(i, H, h), begin(j, W, w)]
        for r in range(begin(i, H, h), end(i, H, h)):
            for c in range(begin(j, W, w), end(j, W, w)):
                best = maximum(best, x[p, r, c])
        y[p, i, j] = best


@compiled_kernels(adaptive_max_values, cpu=_max_values_cpu, cuda=_max_values_cuda)
def _run_max_values(run, x, size):
    y = like(x, (x.shape[0], *size))
    run(y.shape, y, x, work=x.size // CHEAP)
    return y


# ---- on the tape ---------------------------------------------------------------------


class AdaptiveAvgPoolFunction(Primitive):
    @staticmethod
    def forward(ctx, x, n, size):
        ctx.shape, ctx.n = x.shape, n
        return adaptive_average(as_planes(x, n), two(size)).reshape(*x.shape[:-n], *size)

    @staticmethod
    def backward(ctx, dy):
        n = ctx.n
        dx = adaptive_average_backward(as_planes(dy, n), two(ctx.shape[-n:]))
        return dx.reshape(ctx.shape)


class AdaptiveMaxPoolFunction(LargestFunction):
    largest, values = adaptive_max, adaptive_max_values


def adaptive_avg_pool1d(input: Any, output_size: Any) -> Any:
    """The means of `output_size` windows; see `AdaptiveAvgPool1d`."""
    size = _size("adaptive_avg_pool1d", 1, input, output_size)
    return AdaptiveAvgPoolFunction.apply(input, n=1, size=size)


def adaptive_avg_pool2d(input: Any, output_size: Any) -> Any:
    """The means of h x w windows; see `AdaptiveAvgPool2d`."""
    size = _size("adaptive_avg_pool2d", 2, input, output_size)
    return AdaptiveAvgPoolFunction.apply(input, n=2, size=size)


def adaptive_max_pool1d(input: Any, output_size: Any, return_indices: bool = False
                        ) -> Any:
    """The largest numbers of `output_size` windows, and where they are if
    `return_indices`; see `AdaptiveMaxPool1d`."""
    size = _size("adaptive_max_pool1d", 1, input, output_size)
    return AdaptiveMaxPoolFunction.apply(input, n=1, arguments=(two(size),),
                                         with_indices=return_indices)


def adaptive_max_pool2d(input: Any, output_size: Any, return_indices: bool = False
                        ) -> Any:
    """The largest numbers of h x w windows, and where they are if `return_indices`; see
    `AdaptiveMaxPool2d`."""
    size = _size("adaptive_max_pool2d", 2, input, output_size)
    return AdaptiveMaxPoolFunction.apply(input, n=2, arguments=(size,),
                                         with_indices=return_indices)


def _size(who, n, input, output_size):
    """output_size as n numbers; None in two stands for the size of the input."""
    check_input(who, input, n, empty_channels="avg" in who)
    if input.array.dtype.kind != "f":
        raise NotImplementedError(f"{who} computes with real numbers, got {input.dtype}; "
                                  "convert it with .float()")
    if type(output_size) is int and output_size >= 0:             # nearly always
        return (output_size,) * n
    if output_size is None:
        raise TypeError(f"{who}: output_size must be given; None stands for one axis, as "
                        "in (None, 7)")
    given = output_size if isinstance(output_size, (tuple, list)) else [output_size] * n
    if len(given) != n:
        raise RuntimeError(f"{who}: output_size must be {n} whole number"
                           f"{'s' * (n > 1)}, got {output_size!r}")
    try:
        size = tuple(length if k is None and n > 1 else operator.index(k)
                     for k, length in zip(given, input.shape[-n:]))
    except TypeError:
        raise TypeError(f"{who}: output_size must be a whole number for each axis"
                        f"{' (or None)' * (n > 1)}, got {output_size!r}") from None
    if min(size) < 0:
        raise RuntimeError(f"{who}: output_size must not be negative, got "
                           f"{output_size!r}")
    return size


# ---- the modules ---------------------------------------------------------------------


class _AdaptivePool(Module):
    """Keeps the size as it was given."""

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptivePool):
    """The means of so many windows, whatever the length of the sequence.

    Args:
        output_size: how many windows, L'.

    Shape:
        input (N, C, L) or (C, L) → output (N, C, L') or (C, L')

    Raises:
        RuntimeError: the input does not fit, or the size is negative.

    Example:
        >>> nn.AdaptiveAvgPool1d(2)(torch.tensor([[1.0, 2, 3, 4, 5]]))
        tensor([[2., 4.]])
    """

    def forward(self, input: Any) -> Any:
        return adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_AdaptivePool):
    """The means of so many windows, whatever the size of the image.

    With output_size=1, the mean of each channel: what lets a classifier read images of
    any size.

    Args:
        output_size: how many rows and columns of windows, (H', W') or one number for
            both; None keeps the input's.

    Shape:
        input (N, C, H, W) or (C, H, W) → output (N, C, H', W') or (C, H', W')

    Raises:
        RuntimeError: the input does not fit, or the size is negative.

    Example:
        >>> nn.AdaptiveAvgPool2d((5, None))(torch.randn(1, 64, 10, 9)).shape
        torch.Size([1, 64, 5, 9])

    Source: Lin, Chen & Yan, "Network in network", 2014 (the mean of each channel).
    """

    def forward(self, input: Any) -> Any:
        return adaptive_avg_pool2d(input, self.output_size)


class _AdaptiveMaxPool(_AdaptivePool):
    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = return_indices


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The largest numbers of so many windows, whatever the length of the sequence.

    Args:
        output_size: how many windows, L'.
        return_indices: whether to return as well where each number was found.

    Shape:
        input (N, C, L) or (C, L) → output (N, C, L') or (C, L')

    Raises:
        RuntimeError: the input does not fit, or the size is negative.

    Example:
        >>> nn.AdaptiveMaxPool1d(2)(torch.tensor([[3.0, 1, 4, 1, 5]]))
        tensor([[4., 5.]])
    """

    def forward(self, input: Any) -> Any:
        return adaptive_max_pool1d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The largest numbers of so many windows, whatever the size of the image.

    Args:
        output_size: how many rows and columns of windows, (H', W') or one number for
            both; None keeps the input's.
        return_indices: whether to return as well where each number was found, as a place
            in the flat image.

    Shape:
        input (N, C, H, W) or (C, H, W) → output (N, C, H', W') or (C, H', W')

    Raises:
        RuntimeError: the input does not fit, or the size is negative.

    Example:
        >>> nn.AdaptiveMaxPool2d((5, None))(torch.randn(1, 64, 10, 9)).shape
        torch.Size([1, 64, 5, 9])
    """

    def forward(self, input: Any) -> Any:
        return adaptive_max_pool2d(input, self.output_size, self.return_indices)
