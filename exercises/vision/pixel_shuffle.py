"""PixelShuffle, written by hand.

Letters as in the chapter: N examples, C channels of the fine image, H x W pixels of the
coarse one, r the factor. Output pixel (h·r + a, w·r + b) is pixel (a, b) of the block
that coarse pixel (h, w) becomes; a and b run from 0 to r - 1.

    out[n, c, h·r + a, w·r + b] = x[n, c·r² + a·r + b, h, w]

Grade it with `pytest exercises -k pixel_shuffle`.
"""

import numpy as np


def source(c, y, z, r):
    """Where pixel (c, y, z) of the output comes from: (channel, h, w), three ints."""
    # TODO: the formula read backwards; y = h·r + a has one h and one a
    raise NotImplementedError("source is still to be written")


def shuffle_loops(x, r):
    """x (N, C·r², H, W) → (N, C, H·r, W·r), one element after the other."""
    # TODO: an empty output, and a loop for each axis of it
    raise NotImplementedError("shuffle_loops is still to be written")


def shuffle(x, r):
    """The same without loops: x (N, C·r², H, W) → (N, C, H·r, W·r)."""
    # TODO: split the channels, pair each axis with its r, merge the pairs
    raise NotImplementedError("shuffle is still to be written")


def unshuffle(y, r):
    """The way back: y (N, C, H·r, W·r) → (N, C·r², H, W)."""
    # TODO: the three steps of shuffle, undone from the last to the first
    raise NotImplementedError("unshuffle is still to be written")


def shuffle_backward(dy, r):
    """The gradient of x from dy (N, C, H·r, W·r), that of shuffle(x, r)."""
    # TODO: every element goes to one place; its gradient comes from there
    raise NotImplementedError("shuffle_backward is still to be written")


def subpixel(x, weight, r):
    """x (N, D, H, W), weight (C·r², D) → (N, C, H·r, W·r).

    Each coarse pixel's D features make C·r² numbers, which are shuffled. (Pixels of 3 x 3
    windows would be D = 9 features, and this a convolution.)
    """
    return shuffle(np.einsum("kd,ndhw->nkhw", weight, x), r)


def subpixel_backward(dy, x, weight, r):
    """Gradients of `subpixel`: (dx, dweight) from dy (N, C, H·r, W·r)."""
    # TODO: back through the shuffle, then through the product
    raise NotImplementedError("subpixel_backward is still to be written")


def pixel_shuffle(x, r):
    """x (*, C·r², H, W) → (*, C, H·r, W·r); * is any number of axes, also none."""
    # TODO: one batch of all leading axes, and apart again
    raise NotImplementedError("pixel_shuffle is still to be written")


def depth_to_space(x, r):
    """TensorFlow's order of the channels: c fastest, x (N, r²·C, H, W) → as shuffle.

    out[n, c, h·r + a, w·r + b] = x[n, (a·r + b)·C + c, h, w]
    """
    # TODO: the channels split otherwise; after that as before
    raise NotImplementedError("depth_to_space is still to be written")


def icnr(weight, r):
    """weight (C, D), one row for each fine channel → (C·r², D).

    `subpixel` with it gives blocks of r x r equal pixels: no checkerboard at the start.
    """
    # TODO: the r² channels of a block stand side by side
    raise NotImplementedError("icnr is still to be written")
