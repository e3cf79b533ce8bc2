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
    # BEGIN SOLUTION: the formula read backwards; y = h·r + a has one h and one a
    h, a = divmod(y, r)
    w, b = divmod(z, r)
    return c * r * r + a * r + b, h, w
    # END SOLUTION


def shuffle_loops(x, r):
    """x (N, C·r², H, W) → (N, C, H·r, W·r), one element after the other."""
    # BEGIN SOLUTION: an empty output, and a loop for each axis of it
    N, channels, H, W = x.shape
    C = channels // (r * r)
    out = np.empty((N, C, H * r, W * r), x.dtype)
    for n in range(N):
        for c in range(C):
            for y in range(H * r):
                for z in range(W * r):
                    k, h, w = source(c, y, z, r)
                    out[n, c, y, z] = x[n, k, h, w]
    return out
    # END SOLUTION


def shuffle(x, r):
    """The same without loops: x (N, C·r², H, W) → (N, C, H·r, W·r)."""
    # BEGIN SOLUTION: split the channels, pair each axis with its r, merge the pairs
    n, channels, h, w = x.shape
    c = channels // (r * r)
    x = x.reshape(n, c, r, r, h, w)
    x = x.transpose(0, 1, 4, 2, 5, 3)
    return x.reshape(n, c, h * r, w * r)
    # END SOLUTION


def unshuffle(y, r):
    """The way back: y (N, C, H·r, W·r) → (N, C·r², H, W)."""
    # BEGIN SOLUTION: the three steps of shuffle, undone from the last to the first
    n, c, height, width = y.shape
    h, w = height // r, width // r
    y = y.reshape(n, c, h, r, w, r)
    y = y.transpose(0, 1, 3, 5, 2, 4)
    return y.reshape(n, c * r * r, h, w)
    # END SOLUTION


def shuffle_backward(dy, r):
    """The gradient of x from dy (N, C, H·r, W·r), that of shuffle(x, r)."""
    # BEGIN SOLUTION: every element goes to one place; its gradient comes from there
    return unshuffle(dy, r)
    # END SOLUTION


def subpixel(x, weight, r):
    """x (N, D, H, W), weight (C·r², D) → (N, C, H·r, W·r).

    Each coarse pixel's D features make C·r² numbers, which are shuffled. (Pixels of 3 x 3
    windows would be D = 9 features, and this a convolution.)
    """
    return shuffle(np.einsum("kd,ndhw->nkhw", weight, x), r)


def subpixel_backward(dy, x, weight, r):
    """Gradients of `subpixel`: (dx, dweight) from dy (N, C, H·r, W·r)."""
    # BEGIN SOLUTION: back through the shuffle, then through the product
    ds = shuffle_backward(dy, r)
    dx = np.einsum("kd,nkhw->ndhw", weight, ds)
    dweight = np.einsum("nkhw,ndhw->kd", ds, x)
    return dx, dweight
    # END SOLUTION


def pixel_shuffle(x, r):
    """x (*, C·r², H, W) → (*, C, H·r, W·r); * is any number of axes, also none."""
    # BEGIN SOLUTION: one batch of all leading axes, and apart again
    leading = x.shape[:-3]
    count = int(np.prod(leading))
    out = shuffle(x.reshape(count, *x.shape[-3:]), r)
    return out.reshape(*leading, *out.shape[1:])
    # END SOLUTION


def depth_to_space(x, r):
    """TensorFlow's order of the channels: c fastest, x (N, r²·C, H, W) → as shuffle.

    out[n, c, h·r + a, w·r + b] = x[n, (a·r + b)·C + c, h, w]
    """
    # BEGIN SOLUTION: the channels split otherwise; after that as before
    n, channels, h, w = x.shape
    c = channels // (r * r)
    x = x.reshape(n, r, r, c, h, w)
    x = x.transpose(0, 3, 4, 1, 5, 2)
    return x.reshape(n, c, h * r, w * r)
    # END SOLUTION


def icnr(weight, r):
    """weight (C, D), one row for each fine channel → (C·r², D).

    `subpixel` with it gives blocks of r x r equal pixels: no checkerboard at the start.
    """
    # BEGIN SOLUTION: the r² channels of a block stand side by side
    return np.repeat(weight, r * r, axis=0)
    # END SOLUTION
