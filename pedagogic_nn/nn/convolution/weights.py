"""The gradient of the weights on a CPU: a matrix product for each tap.

    dw[:, :, u, v] = Σ_n dy[n] (O, pixels) · x[n], moved by the tap (pixels, C)

The band (plan.py) holds the channels of a pixel side by side, so that a tile of dw is 6
output channels and 2 vectors of input channels, and its sum runs over pixels: a table
says where in the band the pixel of each place of dy is.  Taps that are neighbours in a
row continue each other's channels and are one product.

Threads share out the weights: each is summed by one thread, over all images.
"""
import numpy as np

from ...backend import contiguous, jit
from ...backend.gemm import PRODUCTS_PER_ELEMENT, matmul
from ...backend.launch import on_cpu, threads_for
from ...backend.once import once
from ...backend.tiles import PANEL_BYTES, ROWS, VECTOR_BYTES, address, itemsize, shift
from ..windows import compiled, numbers
from .channels import turn
from .few_channels import weights_of_few_channels
from .plan import channels_plan, read
from .reference import is_product, steps, weight_gradient
from .tiles import outputs_tile

PIXELS_BLOCK = 196


# ---- fill: channels side by side -----------------------------------------------------


@once("band", "source", "room")
def _fill(band, source, room, inputs, height, width, first, tall, wide, top, left, rows,
          columns, channels):
    """Rows of source (inputs, height, width) → band (phases, rows, columns, channels), of
    which the first `inputs` are filled.

    The band must come with zeros: only pixels are written, and rows that lie outside.
    """
    for a in range(tall):
        for i in range(rows):
            y = (first + i) * tall + a - top
            for r in range(wide):
                start = (left + r) // wide
                row = (a * wide + (left + r) % wide) * rows + i
                if 0 <= y < height:
                    count = min(columns - start, (width - r + wide - 1) // wide)
                    turn(band, (row * columns + start) * channels, source,
                         y * width + r, wide, height * width, count, inputs, channels,
                         room)
                else:
                    line = numbers(band, row * columns * channels, columns * channels)
                    line[:] = 0


# ---- sweep: tiles over the weights ---------------------------------------------------


@once("dy", "x", "dw")
def _sweep(outputs, width, images, pixels, dy, dy_row, dy_image, distances, x, x_image,
           dw, dw_row, accumulate):
    """dw (outputs, width) = or += Σ_image Σ_pixel dy (outputs, pixels) · x (pixels, …).
    """
    count = (outputs + ROWS - 1) // ROWS            # tiles of nearly equal height
    low, higher = outputs // count, outputs % count
    size = itemsize(dw)
    for n in range(images):
        for p in range(0, pixels, PIXELS_BLOCK):
            for at in range(0, width * size, PANEL_BYTES):
                i = 0
                for t in range(count):
                    rows = low + 1 if t < higher else low
                    outputs_tile(rows, False, min(PIXELS_BLOCK, pixels - p),
                                 shift(dy, n * dy_image + i * dy_row + p * size), size,
                                 distances + p * 8, shift(x, n * x_image + at), dy_row,
                                 shift(dw, i * dw_row + at), dw_row,
                                 accumulate != 0 or n > 0 or p > 0)
                    i += rows


@jit
def _unload(dw, sums, taps, output, outputs, channel, inputs, length):
    """sums (outputs, length) → dw (O, C, taps), from `output` and `channel` on."""
    C, K = dw.shape[1], dw.shape[2]
    for o in range(outputs):
        line = numbers(address(sums), o * length, length)
        weights = numbers(address(dw), ((output + o) * C + channel) * K, inputs * K)
        for t in range(K):
            tap = line[taps[t]:]
            for c in range(inputs):
                weights[c * K + t] = tap[c]


# ---- all of it -----------------------------------------------------------------------


@jit
def _weights_cpu(lo, hi, dw, x, dy, runs, taps, distances, frame, length, images,
                 channels, blocks):
    """Items lo … hi of groups x blocks of input channels x blocks of output channels.

    dw (O, C/G, kH·kW), x (N, C, H, W), dy (N, O, h, w); the rest as in plan.py, and
    blocks of output channels of a group.
    """
    (O, C, _), (N, all_channels, H, W), (_, _, h, w) = dw.shape, x.shape, dy.shape
    (tall, wide), (top, left), height, rows, columns, _ = read(frame)
    G, size = all_channels // C, x.itemsize
    M, image = O // G, tall * wide * rows * columns * channels
    band = np.zeros(images * image + PANEL_BYTES // size, x.dtype)
    sums = np.zeros(((M + blocks - 1) // blocks) * length, x.dtype)
    room = np.empty((VECTOR_BYTES // size)**2, x.dtype)
    column_blocks = (C + channels - 1) // channels
    for item in range(lo, hi):
        g, block = item // blocks // column_blocks, item % blocks
        c = item // blocks % column_blocks * channels
        inputs, o = min(channels, C - c), M * block // blocks
        count = M * (block + 1) // blocks - o
        o += g * M
        for n in range(0, N, images):
            some = min(images, N - n)
            for first in range(0, h, height):
                now = min(height, h - first)
                for k in range(some):
                    source = ((n + k) * all_channels + g * C + c) * H * W
                    _fill(shift(address(band), k * image * size),
                          shift(address(x), source * size), address(room), inputs, H, W,
                          first, tall, wide, top, left, rows, columns, channels)
                for r in range(len(runs)):
                    _sweep(count, runs[r, 2], some, now * w,
                           shift(address(dy), ((n * O + o) * h + first) * w * size),
                           h * w * size, O * h * w * size, distances.ctypes.data,
                           shift(address(band), runs[r, 0] * size), image * size,
                           shift(address(sums), runs[r, 1] * size), length * size,
                           1 if n + first > 0 else 0)
        _unload(dw, sums, taps, o, count, c, inputs, length)


def _product(x, dy):
    """x (N, C, pixels), dy (N, O, pixels) → dw (O, C, 1, 1)."""
    dw = np.empty((dy.shape[1], x.shape[1]), x.dtype)
    for n in range(len(x)):
        matmul(dy[n], x[n].T, out=dw, accumulate=n > 0)
    return dw[:, :, None, None]


@compiled(weight_gradient)
def _run_weight_gradient(x, dy, kernel, window):
    (_, o, *size), g = dy.shape, window.groups
    kernel, c, taps = tuple(kernel), x.shape[1] // g, kernel[0] * kernel[1]
    if not (dy.size and x.size):
        return np.zeros((o, c, *kernel), x.dtype)
    if is_product(kernel, window):
        x = x[steps(size, window.stride)]
        return _product(x.reshape(len(x), c, -1), dy.reshape(len(x), o, -1))
    x, dy = contiguous(x), contiguous(dy)
    made = channels_plan(c, kernel, tuple(size), window, x.itemsize,
                         PANEL_BYTES // x.itemsize)
    if made.channels * taps < made.length / 2:          # most of the lanes would be idle
        return weights_of_few_channels(x, dy, kernel, window)
    dw = np.empty((o, c, taps), x.dtype)
    work = dy.size * c * taps // PRODUCTS_PER_ELEMENT
    items = g * -(-c // made.channels)
    blocks = min(-(-o // g // ROWS), -(-threads_for(work) // items))
    on_cpu(_weights_cpu, (items * blocks,), dw, x, dy, made.runs, made.taps,
           made.distances, made.frame, made.length, min(made.images, len(x)),
           made.channels, blocks, work=work)
    return dw.reshape(o, c, *kernel)
