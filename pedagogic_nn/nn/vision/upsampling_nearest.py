"""UpsamplingNearest2d: every pixel of the result copies one pixel of the input.

    y[p, i, j]  = x[p, rows[i], columns[j]]
    dx[p, h, w] = the sum of dy over all copies of pixel (h, w)

`rows` and `columns` (see resizing.py) grow from left to right, so the copies of a pixel
stand together.

Book: vision/upsampling_nearest.
"""
import warnings
from typing import Any

import numpy as np

from ...autograd.checks import check_tensor
from ...backend import cuda, jit, like, op
from ...backend.launch import CHEAP
from .resizing import Resizing, ResizingFunction, axes_of, nearest_tables


@op
def nearest(x, rows, columns):
    """x (P, H, W), rows (H',), columns (W',) → x[p, rows[i], columns[j]] (P, H', W')."""
    return x[:, rows[:, None], columns]


@jit
def _pattern(columns, width):
    """(p, q) if each q pixels become p, in one of the ways that have a loop of their own;
    else (0, 0)."""
    for p, q in ((2, 1), (3, 1), (3, 2)):
        follows = columns.size * q == p * width and width % q == 0
        for j in range(columns.size):
            follows = follows and columns[j] == j * q // p
        if follows:
            return p, q
    return 0, 0


@jit(inline="always")
def _stretch(row, source, columns, p, q):
    if p == 2:                           # constant strides have vector instructions
        for w in range(source.size):
            row[2 * w] = row[2 * w + 1] = source[w]
    elif p == 3 and q == 1:
        for w in range(source.size):
            row[3 * w] = row[3 * w + 1] = row[3 * w + 2] = source[w]
    elif p == 3:
        for k in range(source.size // 2):
            row[3 * k] = row[3 * k + 1] = source[2 * k]
            row[3 * k + 2] = source[2 * k + 1]
    else:
        for j in range(row.size):
            row[j] = source[columns[j]]


@jit
def _nearest_cpu(lo, hi, y, x, rows, columns):
    fine, coarse = _pattern(columns, x.shape[2])
    for p in range(lo, hi):
        for i in range(rows.size):
            row = y[p, i]
            if i > 0 and rows[i] == rows[i - 1]:
                above = y[p, i - 1]
                for j in range(row.size):
                    row[j] = above[j]
            else:
                _stretch(row, x[p, rows[i]], columns, fine, coarse)


@cuda.jit
def _nearest_cuda(y, x, rows, columns):
    p, i, j = cuda.grid(3)
    if p < y.shape[0] and i < y.shape[1] and j < y.shape[2]:
        y[p, i, j] = x[p, rows[i], columns[j]]


@nearest.kernels(cpu=_nearest_cpu, cuda=_nearest_cuda)
def _run_nearest(run, x, rows, columns):
    y = like(x, (x.shape[0], rows.size, columns.size))
    run(y.shape, y, x, rows, columns, work=y.size // CHEAP)
    return y


@op
def nearest_backward(dy, rows, columns, height, width):
    """dy (P, H', W'), rows (H',), columns (W',) → dx (P, height, width)."""
    dx = np.zeros((dy.shape[0], height, width), dy.dtype)
    np.add.at(dx, (slice(None), rows[:, None], columns), dy)
    return dx


@jit(inline="always")
def _gather(row, sums, columns, p, q):
    """What `_stretch` copied comes back as sums."""
    if p == 2:
        for w in range(row.size):
            row[w] = sums[2 * w] + sums[2 * w + 1]
    elif p == 3 and q == 1:
        for w in range(row.size):
            row[w] = sums[3 * w] + sums[3 * w + 1] + sums[3 * w + 2]
    elif p == 3:
        for k in range(row.size // 2):
            row[2 * k] = sums[3 * k] + sums[3 * k + 1]
            row[2 * k + 1] = sums[3 * k + 2]
    else:
        row[:] = 0
        for j in range(sums.size):
            row[columns[j]] += sums[j]


@jit
def _backward_cpu(lo, hi, dx, dy, rows, columns):
    fine, coarse = _pattern(columns, dx.shape[2])
    sums = np.empty(columns.size, dy.dtype)          # of the rows that copied one row
    for p in range(lo, hi):
        i = 0
        for h in range(dx.shape[1]):
            first = i
            while i < rows.size and rows[i] == h:
                row = dy[p, i]
                if i == first:
                    for j in range(sums.size):
                        sums[j] = row[j]
                else:
                    for j in range(sums.size):
                        sums[j] += row[j]
                i += 1
            if i > first:
                _gather(dx[p, h], sums, columns, fine, coarse)
            else:
                dx[p, h, :] = 0


@jit
def first_at_least(table, k):
    """The first place in a growing table that holds k or more, or its length."""
    lo, hi = 0, table.size
    while lo < hi:
        middle = (lo + hi) // 2
        if table[middle] < k:
            lo = middle + 1
        else:
            hi = middle
    return lo


@cuda.jit
def _backward_cuda(dx, dy, rows, columns):
    p, h, w = cuda.grid(3)
    if p < dx.shape[0] and h < dx.shape[1] and w < dx.shape[2]:
        left, right = first_at_least(columns, w), first_at_least(columns, w + 1)
        total = dx.dtype.type(0)
        for i in range(first_at_least(rows, h), first_at_least(rows, h + 1)):
            for j in range(left, right):
                total += dy[p, i, j]
        dx[p, h, w] = total


@nearest_backward.kernels(cpu=_backward_cpu, cuda=_backward_cuda)
def _run_backward(run, dy, rows, columns, height, width):
    dx = like(dy, (dy.shape[0], height, width))
    run(dx.shape, dx, dy, rows, columns, work=dy.size)
    return dx


class Nearest(ResizingFunction):
    resize, backward_of_resize = nearest, nearest_backward

    @staticmethod
    def tables(x, axes, centres):
        return nearest_tables(axes, centres)


def resize_nearest(who: str, input: Any, size: Any = None, scale_factor: Any = None,
                   recompute_scale_factor: bool | None = None,
                   centres: bool = False) -> Any:
    """(N, C, H, W) or (N, C, L) resized by copying pixels; `who` asks, for the errors."""
    check_tensor(who, "input", input)
    if input.ndim not in (3, 4):
        raise NotImplementedError(f"{who} reads images (N, C, H, W) and signals "
                                  f"(N, C, L), got shape {tuple(input.shape)}")
    axes = axes_of(who, input, size, scale_factor, recompute_scale_factor)
    return Nearest.apply(input, axes=axes, centres=centres)


def upsample_nearest(input: Any, size: Any = None, scale_factor: Any = None) -> Any:
    """0.1's name of `interpolate(…, mode='nearest')`."""
    warnings.warn("upsample_nearest is 0.1's name; today it is interpolate(…, "
                  "mode='nearest')", UserWarning, stacklevel=2)
    return resize_nearest("upsample_nearest", input, size, scale_factor)


class UpsamplingNearest2d(Resizing):
    """Resize images: every pixel of the result copies one pixel of the input.

    Args:
        size: (H', W') of the result, or one integer for both.
        scale_factor: how many times larger, a number or one for each axis.

    Shape:
        input (N, C, H, W) → output (N, C, H', W') with H' = ⌊H · scale_factor⌋

    Raises:
        ValueError: neither or both of size and scale_factor were given.

    Example:
        >>> x = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
        >>> nn.UpsamplingNearest2d(scale_factor=2)(x)
        tensor([[[[1., 1., 2., 2.],
                  [1., 1., 2., 2.],
                  [3., 3., 4., 4.],
                  [3., 3., 4., 4.]]]])
    """

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, "nearest")

    def forward(self, input: Any) -> Any:
        return resize_nearest(self.name, input, self.size, self.scale_factor)
