"""The gradient of the weights for few input channels: sums along the pixels.

    dw[o, c, u, v] = Σ_n Σ_i Σ_j dy[n, o, i, j] · x[n, c, i·s + u·d - p, …]

For some input channels the rows of one or several images lie in a band (plan.py); each
weight is a sum along the band and the rows of dy, at the distance of its tap: weights.py
needs a vector of channels, this does not.  Threads share out the weights: each
is summed by one thread, over all images.
"""
import numpy as np

from ...backend import jit
from ...backend.gemm import PRODUCTS_PER_ELEMENT
from ...backend.launch import on_cpu, threads_for
from ...backend.once import once
from ...backend.tiles import ROWS, VECTOR_BYTES, address, itemsize, shift
from ..windows import fill
from .plan import pixels_plan, read
from .tiles import OUTPUTS, weights_tile


@once("x", "dy", "dw", "room")
def _products(taps, outputs, images, rows, width, x, x_image, x_row, distances,
              dy, dy_channel, dy_image, dy_row, dw, dw_row, room):
    """dw (outputs, taps) += the products of band and dy, by tiles; room for a tile."""
    size = itemsize(dw)
    lanes = VECTOR_BYTES // size
    vectors = (width + lanes - 1) // lanes
    last = width - (vectors - 1) * lanes
    count = (taps + ROWS - 1) // ROWS               # tiles of nearly equal height
    low, higher = taps // count, taps % count
    for o in range(0, outputs, OUTPUTS):
        some = min(OUTPUTS, outputs - o)
        second = dy_channel if some == OUTPUTS else 0         # the last one twice
        first = 0
        for t in range(count):
            height = low + 1 if t < higher else low
            weights_tile(height, images, rows, vectors, last, x, x_image, x_row,
                         distances + first * 8, shift(dy, o * dy_channel), second,
                         dy_image, dy_row, room)
            for q in range(some):
                line = shift(dw, (o + q) * dw_row + first * size)
                for i in range(height):
                    line[i] += room[i * OUTPUTS + q]
            first += height


@jit
def _weights_cpu(lo, hi, dw, x, dy, distances, frame, images, channels, blocks):
    """Items lo … hi of groups x blocks of input channels x blocks of output channels.

    dw (O, C/G, kH·kW), x (N, C, H, W), dy (N, O, h, w); `images` of a band; channels of a
    block; blocks of output channels of a group.
    """
    (O, C, taps), (N, all_channels, H, W), (_, _, h, w) = dw.shape, x.shape, dy.shape
    (tall, wide), (top, left), height, rows, columns, _ = read(frame)
    G, size, lanes = all_channels // C, x.itemsize, VECTOR_BYTES // x.itemsize
    M, image = O // G, channels * tall * wide * rows * columns
    band = np.zeros(images * image + columns + lanes, x.dtype)
    room, zero = np.empty(ROWS * OUTPUTS, x.dtype), np.zeros(1, x.dtype)
    column_blocks = (C + channels - 1) // channels
    for item in range(lo, hi):
        g, block = item // blocks // column_blocks, item % blocks
        c = item // blocks % column_blocks * channels
        inputs = min(channels, C - c)
        o = M * block // blocks
        count = M * (block + 1) // blocks - o
        o += g * M
        for n0 in range(0, N, images):
            some = min(images, N - n0)
            for first in range(0, h, height):
                now = min(height, h - first)
                for n in range(some):
                    fill(shift(address(band), n * image * size),
                         shift(address(x), ((n0 + n) * all_channels + g * C + c) * H * W
                               * size),
                         inputs, H, W, first, tall, wide, top, left, rows, columns,
                         address(zero))
                _products(inputs * taps, count, some, now, w, address(band),
                          image * size, columns * size, distances.ctypes.data,
                          shift(address(dy), ((n0 * O + o) * h + first) * w * size),
                          h * w * size, O * h * w * size, w * size,
                          shift(address(dw), (o * C + c) * taps * size),
                          C * taps * size, address(room))


def weights_of_few_channels(x, dy, kernel, window):
    """dw (O, C/G, kH, kW) of contiguous x (N, C, H, W) and dy (N, O, h, w)."""
    (_, o, *size), g = dy.shape, window.groups
    c = x.shape[1] // g
    frame, distances, images, channels = pixels_plan(c, kernel, tuple(size), window,
                                                     x.itemsize)
    dw = np.zeros((o, c, kernel[0] * kernel[1]), x.dtype)
    work = dy.size * c * kernel[0] * kernel[1] // PRODUCTS_PER_ELEMENT
    items = g * -(-c // channels)
    blocks = min(-(-o // g // OUTPUTS), -(-threads_for(work) // items))
    on_cpu(_weights_cpu, (items * blocks,), dw, x, dy, distances, frame,
           min(images, len(x)), channels, blocks, work=work)
    return dw.reshape(o, c, *kernel)
