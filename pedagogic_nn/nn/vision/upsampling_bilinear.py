"""UpsamplingBilinear2d: every pixel of the result blends four pixels of the input.

Along one axis, pixel j of the result stands between two neighbours of the input:

    y[j] = (1 - u[j]) x[left[j]] + u[j] x[right[j]]

An image is blended along its rows, and the results along its columns.  The gradient goes
the same ways back: dy[j] gives (1 - u[j]) dy[j] to its left pixel and u[j] dy[j] to the
right one.  The tables left, right and u are made in resizing.py.

Book: vision/upsampling_bilinear.
"""
import warnings
from typing import Any

import numpy as np

from ...autograd.checks import check_tensor
from ...backend import ONE, ZERO, cuda, jit, like, op
from .resizing import Resizing, ResizingFunction, axes_of, linear_tables
from .upsampling_nearest import first_at_least


@op
def bilinear(x, top, bottom, v, left, right, u):
    """x (P, H, W), top, bottom, v (H',), left, right, u (W',) → blends (P, H', W')."""
    x = x[:, :, left] * (1 - u) + x[:, :, right] * u
    v = v[:, None]
    return x[:, top] * (1 - v) + x[:, bottom] * v


@jit
def _is_double(left, right, width):
    """Whether pixels 2 k + 1 and 2 k + 2 of the result blend the pixels k and k + 1, as
    they do where an axis is doubled."""
    if width < 2 or left.size != 2 * width or left[0] or left[2 * width - 1] != width - 1:
        return False
    for j in range(1, 2 * width - 1):
        if left[j] != (j - 1) // 2 or right[j] != (j + 1) // 2:
            return False
    return True


@jit(inline="always")
def _blend_pixels(row, source, left, right, u, double):
    """One line.  Neighbours that are known, and not looked up, are read as vectors."""
    if double:
        for k in range(source.size - 1):
            a, b, v, w = source[k], source[k + 1], u[2 * k + 1], u[2 * k + 2]
            row[2 * k + 1] = (ONE - v) * a + v * b
            row[2 * k + 2] = (ONE - w) * a + w * b
        for j in (0, row.size - 1):
            row[j] = (ONE - u[j]) * source[left[j]] + u[j] * source[right[j]]
    else:
        for j in range(row.size):
            row[j] = (ONE - u[j]) * source[left[j]] + u[j] * source[right[j]]


@jit(inline="always")
def _blend_rows(row, a, b, v):
    for j in range(row.size):
        row[j] = (ONE - v) * a[j] + v * b[j]


@jit
def _bilinear_cpu(lo, hi, y, x, top, bottom, v, left, right, u):
    """Each input row is blended along itself once, into one of two buffers."""
    wide = np.empty((2, left.size), x.dtype)             # row h stands in wide[h % 2]
    double = _is_double(left, right, x.shape[2])
    for p in range(lo, hi):
        if top.size == x.shape[1] == 1:                  # a signal: nothing else to blend
            _blend_pixels(y[p, 0], x[p, 0], left, right, u, double)
            continue
        done = 0
        for i in range(top.size):
            above, below = int(top[i]), int(bottom[i])
            for h in range(max(done, above), below + 1):
                _blend_pixels(wide[h % 2], x[p, h], left, right, u, double)
            done = below + 1
            _blend_rows(y[p, i], wide[above % 2], wide[below % 2], v[i])


@cuda.jit
def _bilinear_cuda(y, x, top, bottom, v, left, right, u):
    p, i, j = cuda.grid(3)
    if p < y.shape[0] and i < y.shape[1] and j < y.shape[2]:
        a = (ONE - u[j]) * x[p, top[i], left[j]] + u[j] * x[p, top[i], right[j]]
        b = (ONE - u[j]) * x[p, bottom[i], left[j]] + u[j] * x[p, bottom[i], right[j]]
        y[p, i, j] = (ONE - v[i]) * a + v[i] * b


@bilinear.kernels(cpu=_bilinear_cpu, cuda=_bilinear_cuda)
def _run_bilinear(run, x, top, bottom, v, left, right, u):
    y = like(x, (x.shape[0], top.size, left.size))
    run(y.shape, y, x, top, bottom, v, left, right, u, work=y.size // 2)
    return y


@op
def bilinear_backward(dy, top, bottom, v, left, right, u, height, width):
    """dy (P, H', W') and the tables of `bilinear` → dx (P, height, width)."""
    v = v[:, None]
    wide = np.zeros((dy.shape[0], height, dy.shape[2]), dy.dtype)
    np.add.at(wide, (slice(None), top), dy * (1 - v))
    np.add.at(wide, (slice(None), bottom), dy * v)
    dx = np.zeros((dy.shape[0], height, width), dy.dtype)
    np.add.at(dx, (slice(None), slice(None), left), wide * (1 - u))
    np.add.at(dx, (slice(None), slice(None), right), wide * u)
    return dx


@jit(inline="always")
def _share_pixels(row, wide, left, right, u, double):
    """`_blend_pixels` backwards."""
    if not double:
        _share_in_turn(row, wide, left, right, u)
        return
    n, end = row.size, wide.size - 1
    for k in range(n):
        row[k] = ZERO
    for k in range(1, n - 1):
        j = 2 * k + 1                                    # j + 1 reads k as well
        row[k] = (u[j - 2] * wide[j - 2] + u[j - 1] * wide[j - 1]
                  + (ONE - u[j]) * wide[j] + (ONE - u[j + 1]) * wide[j + 1])
    row[0] += (ONE - u[0]) * wide[0] + (ONE - u[1]) * wide[1] + (ONE - u[2]) * wide[2]
    row[right[0]] += u[0] * wide[0]
    row[n - 1] += (u[end - 2] * wide[end - 2] + u[end - 1] * wide[end - 1]
                   + (ONE - u[end]) * wide[end] + u[end] * wide[end])


@jit(inline="always")
def _share_in_turn(row, wide, left, right, u):
    """`left` grows, so the sums of pixels k and k + 1 stay in registers: memory would
    have to give back what it was just given."""
    k, own, next = 0, row.dtype.type(0), row.dtype.type(0)
    for j in range(wide.size):
        while k < left[j]:
            row[k] = own
            own, next = next, row.dtype.type(0)
            k += 1
        own += (ONE - u[j]) * wide[j]
        if right[j] > left[j]:
            next += u[j] * wide[j]
        else:
            own += u[j] * wide[j]
    while k < row.size:
        row[k] = own
        own, next = next, row.dtype.type(0)
        k += 1


@jit(inline="always")
def _share_rows(a, b, row, v):
    for j in range(row.size):
        a[j] += (ONE - v) * row[j]
        b[j] += v * row[j]


@jit
def _backward_cpu(lo, hi, dx, dy, top, bottom, v, left, right, u):
    """Rows of dy are gathered in two buffers; a full one is shared out along itself."""
    wide = np.zeros((2, left.size), dy.dtype)            # for row h in wide[h % 2]
    double = _is_double(left, right, dx.shape[2])
    for p in range(lo, hi):
        if top.size == dx.shape[1] == 1:
            _share_pixels(dx[p, 0], dy[p, 0], left, right, u, double)
            continue
        done = 0
        for i in range(top.size):
            above, below = int(top[i]), int(bottom[i])
            for h in range(done, above):
                _share_pixels(dx[p, h], wide[h % 2], left, right, u, double)
                wide[h % 2] = 0
            done = above
            _share_rows(wide[above % 2], wide[below % 2], dy[p, i], v[i])
        for h in range(done, dx.shape[1]):
            _share_pixels(dx[p, h], wide[h % 2], left, right, u, double)
            wide[h % 2] = 0


@jit
def _weight(left, right, u, j, k):
    """How much of input pixel k is in pixel j of the result."""
    weight = ONE - u[j] if left[j] == k else ZERO
    return weight + u[j] if right[j] == k else weight


@cuda.jit
def _backward_cuda(dx, dy, top, bottom, v, left, right, u):
    p, h, w = cuda.grid(3)
    if p < dx.shape[0] and h < dx.shape[1] and w < dx.shape[2]:
        begin, end = first_at_least(left, w - 1), first_at_least(left, w + 1)
        total = dx.dtype.type(0)
        for i in range(first_at_least(top, h - 1), first_at_least(top, h + 1)):
            part = dx.dtype.type(0)
            for j in range(begin, end):
                part += _weight(left, right, u, j, w) * dy[p, i, j]
            total += _weight(top, bottom, v, i, h) * part
        dx[p, h, w] = total


@bilinear_backward.kernels(cpu=_backward_cpu, cuda=_backward_cuda)
def _run_backward(run, dy, top, bottom, v, left, right, u, height, width):
    dx = like(dy, (dy.shape[0], height, width))
    run(dx.shape, dx, dy, top, bottom, v, left, right, u, work=dy.size)
    return dx


class Bilinear(ResizingFunction):
    resize, backward_of_resize = bilinear, bilinear_backward

    @staticmethod
    def tables(x, axes, align_corners):
        return linear_tables(axes, align_corners, x.dtype)


def resize_linear(who: str, input: Any, size: Any = None, scale_factor: Any = None,
                  align_corners: bool | None = None,
                  recompute_scale_factor: bool | None = None) -> Any:
    """(N, C, H, W) or (N, C, L) resized by blending; `who` asks, for the errors."""
    axes = axes_of(who, input, size, scale_factor, recompute_scale_factor)
    return Bilinear.apply(input, axes=axes, align_corners=bool(align_corners))


def upsample_bilinear(input: Any, size: Any = None, scale_factor: Any = None) -> Any:
    """0.1's name of `interpolate(…, mode='bilinear', align_corners=True)`."""
    warnings.warn("upsample_bilinear is 0.1's name; today it is interpolate(…, "
                  "mode='bilinear', align_corners=True)", UserWarning, stacklevel=2)
    return _of_images("upsample_bilinear", input, size, scale_factor)


def _of_images(who, input, size, scale_factor):
    check_tensor(who, "input", input)
    if input.ndim != 4:
        raise NotImplementedError(f"{who} reads images (N, C, H, W), got shape "
                                  f"{tuple(input.shape)}")
    return resize_linear(who, input, size, scale_factor, align_corners=True)


class UpsamplingBilinear2d(Resizing):
    """Resize images: every pixel of the result blends four pixels of the input.

    The corners are aligned: the pixels in the corners keep their values, and the others
    are spread evenly between them.

    Args:
        size: (H', W') of the result, or one integer for both.
        scale_factor: how many times larger, a number or one for each axis.

    Shape:
        input (N, C, H, W) → output (N, C, H', W') with H' = ⌊H · scale_factor⌋

    Raises:
        ValueError: neither or both of size and scale_factor were given.

    Example:
        >>> x = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
        >>> nn.UpsamplingBilinear2d(scale_factor=2)(x)
        tensor([[[[1.0000, 1.3333, 1.6667, 2.0000],
                  [1.6667, 2.0000, 2.3333, 2.6667],
                  [2.3333, 2.6667, 3.0000, 3.3333],
                  [3.0000, 3.3333, 3.6667, 4.0000]]]])
    """

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, "bilinear", align_corners=True)

    def forward(self, input: Any) -> Any:
        return _of_images(self.name, input, self.size, self.scale_factor)
