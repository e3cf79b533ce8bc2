"""Convolution in array notation: the three products, and what they have in common.

    y[n, o, i, j] = b[o] + Σ_c Σ_u Σ_v w[o, c, u, v] · x[n, c, row, column]
    row = i·s + u·d - p,  column = j·s + v·d - p

with stride s, dilation d and padding p (one of each for rows and for columns); x is zero
outside of its edges.  The sum runs over the input channels c of the group that o belongs
to.  It is linear in x and in w, so each gradient is the sum read in another direction:

    convolve             x, w  → y      a pixel of y gathers a patch of x
    convolve_transposed  dy, w → dx     a pixel of dy is spread over a patch of dx
    weight_gradient      x, dy → dw     each weight meets every patch once

The second is the layer ConvTranspose2d, whose gradients are the first and the third.

(In mathematics a convolution would run backwards through the filter; what networks use is
called cross-correlation there.)

Book: nn/convolution.
"""
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ...backend.op import op


class _Window(NamedTuple):
    """How a filter moves: a number for rows and one for columns each, and the groups."""

    stride: tuple[int, int]
    padding: tuple[int, int]       # zeros above and to the left
    dilation: tuple[int, int]
    groups: int


def window(stride, padding, dilation, groups):
    """Numbers or pairs of one axis or two → a `_Window`; one axis is an image of one row.
    """
    if len(stride) == 1:
        return _Window((1, *stride), (0, *padding), (1, *dilation), groups)
    return _Window(tuple(stride), tuple(padding), tuple(dilation), groups)


def is_product(kernel, window):
    """Whether a convolution is a matrix product: filters of one pixel, without zeros
    around the images."""
    return kernel == (1, 1) and window.padding == (0, 0) and window.groups == 1


def steps(size, stride):
    """Indices of the pixels of an image that filters of one pixel see."""
    return (..., *(slice(0, (n - 1) * s + 1, s) for n, s in zip(size, stride)))


def reach(count, kernel, stride, dilation):
    """How many rows `count` positions of a filter with `kernel` rows cover together."""
    return (count - 1) * stride + (kernel - 1) * dilation + 1


@op
def convolve(x, w, bias, size, window):
    """x (N, C, H, W), w (O, C/G, kH, kW), bias (O,) or None → y (N, O, *size)."""
    n, g = len(x), window.groups
    patches = _patches(x, w.shape[2:], size, window)
    w = w.reshape(g, w.shape[0] // g, *w.shape[1:])
    y = np.einsum("ngcijuv,gocuv->ngoij", patches, w, optimize=True)
    y = y.reshape(n, g * w.shape[1], *size)
    return y if bias is None else y + bias[:, None, None]


@op
def convolve_transposed(dy, w, bias, size, window):
    """dy (N, O, h, w), w (O, C/G, kH, kW), bias (C,) or None → dx (N, C, *size)."""
    (n, o, *small), (_, c, *kernel), g = dy.shape, w.shape, window.groups
    (sh, sw), (dh, dw) = window.stride, window.dilation
    dy, w = dy.reshape(n, g, o // g, *small), w.reshape(g, o // g, c, *kernel)
    covered = [max(p + k, reach(*lengths)) for p, k, *lengths in zip(
        window.padding, size, small, kernel, window.stride, window.dilation)]
    wide = np.zeros((n, g, c, *covered), dy.dtype)
    for u, v in np.ndindex(*kernel):
        rows = slice(u * dh, reach(small[0], 1, sh, 1) + u * dh, sh)
        columns = slice(v * dw, reach(small[1], 1, sw, 1) + v * dw, sw)
        wide[..., rows, columns] += np.einsum("ngoij,goc->ngcij", dy, w[..., u, v])
    top, left = window.padding
    dx = wide[..., top:top + size[0], left:left + size[1]].reshape(n, g * c, *size)
    return dx if bias is None else dx + bias[:, None, None]


@op
def weight_gradient(x, dy, kernel, window):
    """x (N, C, H, W), dy (N, O, h, w), (kH, kW) → dw (O, C/G, kH, kW)."""
    n, o, *small = dy.shape
    g = window.groups
    patches = _patches(x, kernel, small, window)
    dy = dy.reshape(n, g, o // g, *small)
    dw = np.einsum("ngcijuv,ngoij->gocuv", patches, dy, optimize=True)
    return dw.reshape(o, x.shape[1] // g, *kernel)


@op
def bias_gradient(dy):
    """dy (N, O, h, w) → db (O,)."""
    return dy.sum(axis=(0, 2, 3))


def _patches(x, kernel, size, window):
    """x (N, C, H, W) → the patches that a filter meets (N, G, C/G, *size, kH, kW): a view
    of the padded images, not a copy for each patch."""
    (n, c, *image), g = x.shape, window.groups
    (sh, sw), (dh, dw) = window.stride, window.dilation
    lengths = [reach(*axis) for axis in zip(size, kernel, window.stride, window.dilation)]
    after = [max(0, length - p - k) for length, p, k in zip(
        lengths, window.padding, image)]
    x = np.pad(x, [(0, 0), (0, 0), *zip(window.padding, after)])
    patch = [reach(1, *axis, d) for *axis, d in zip(kernel, window.stride,
                                                    window.dilation)]
    views = sliding_window_view(x, patch, axis=(2, 3))[:, :, ::sh, ::sw, ::dh, ::dw]
    views = views[:, :, :size[0], :size[1]]
    return views.reshape(n, g, c // g, *views.shape[2:])
