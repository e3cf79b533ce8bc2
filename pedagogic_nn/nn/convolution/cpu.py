"""Convolution on a CPU, without a matrix of patches: bands, sweeps of tiles, results.

For each image and group, a band at a time (plan.py says what that is):

    fill     copy rows of the source into the band, zeros around them (nn/windows.py)
    sweep    sums of weights times pixels, by tiles (sweep.py), into rows as long as the
             band's
    unload   add the bias and store what belongs to the results

convolve and convolve_transposed differ in their plans only.  Threads share out images,
groups and, where those are few, output channels.

Three cases have a faster way: filters of one pixel are a matrix product, those of 3 x 3
over many channels need fewer multiplications (winograd.py), and narrow images with many
output channels take vectors of those (channels.py).
"""
import numpy as np

from ...backend import contiguous, jit
from ...backend.gemm import PRODUCTS_PER_ELEMENT, product
from ...backend.launch import on_cpu, threads_for
from ...backend.once import once
from ...backend.tiles import PANEL_BYTES, VECTOR_BYTES, address, shift
from ..windows import compiled, fill, numbers
from . import winograd
from .channels import pack, sum_by_channels
from .plan import plan, read, transposed_plan
from .reference import (
    bias_gradient,
    convolve,
    convolve_transposed,
    is_product,
    steps,
)
from .sweep import sweep

# ---- unload: sums to results ---------------------------------------------------------


@once("out", "sums", "bias")
def _unload(out, sums, bias, channels, height, width, first, rows, columns, longest, top,
            left, across, down, right):
    """sums (channels, rows, columns) + bias (channels,) → a part of out (channels,
    height, width), from row `first` of the part on.

    longest: from one channel's sums to the next's.  top, left: the part's first place,
    across: its columns; down, right: its steps.
    """
    for m in range(channels):
        for r in range(rows):
            line = numbers(sums, m * longest + r * columns, across)
            row = m * height + top + (first + r) * down
            target = numbers(out, row * width + left, width - left)
            if right == 1:
                for j in range(line.size):
                    target[j] = line[j] + bias[m]
            else:
                for j in range(line.size):
                    target[j * right] = line[j] + bias[m]


@jit(forceinline=True)
def _sum_by_pixels(results, weights, bias, g, m, count, parts, p, distances, band, sums,
                   height, width, first, rows, columns, step):
    """Part p of the results, for `count` output channels from m on, whose weights (G,
    M, K) and pixels are there: rows of it from `first` on."""
    (_, M, K), size, lanes = weights.shape, weights.itemsize, PANEL_BYTES // bias.itemsize
    tap, taps, across = parts[p, 0], parts[p, 1], parts[p, 5]
    longest = (rows * columns + lanes - 1) // lanes * lanes
    sweep(count, (rows - 1) * columns + across, taps,
          shift(address(weights), ((g * M + m) * K + tap) * size), K * size,
          distances.ctypes.data + tap * 8, band, address(sums), longest * size)
    _unload(results, address(sums), shift(address(bias), (g * M + m) * size), count,
            height, width, first, rows, columns, longest, parts[p, 2], parts[p, 3],
            across, step[0], step[1])


# ---- all of it -----------------------------------------------------------------------


@jit
def _gather_cpu(lo, hi, out, source, weights, bias, parts, distances, frame, blocks,
                by_channels):
    """Items lo … hi of images x groups x blocks of output channels.

    out (N, G·M, H, W), source (N, G·C, h, w), bias (G·M,), weights (G, M, K); or, for
    vectors of output channels, (G, K, M in whole vectors).
    """
    (_, M, H, W), (_, C, h, w), G = out.shape, source.shape, weights.shape[0]
    (tall, wide), (top, left), height, rows, columns, step = read(frame)
    C, M, size = C // G, M // G, out.itemsize
    lanes, unit = PANEL_BYTES // size, VECTOR_BYTES // size if by_channels else 1
    units = (M + unit - 1) // unit
    band = np.zeros(C * tall * wide * rows * columns + columns + lanes, out.dtype)
    sums = np.empty((height * columns + lanes) * units * unit, out.dtype)
    room, zero = np.empty(lanes * lanes, out.dtype), np.zeros(1, out.dtype)
    # Vectors of pixels would read beyond the last image, those of channels do not.
    as_it_is = (by_channels and tall * wide == 1 and top == 0 and left == 0
                and rows == h and columns == w)
    for item in range(lo, hi):
        n, g, block = item // blocks // G, item // blocks % G, item % blocks
        m = units * block // blocks * unit
        count = min(M, units * (block + 1) // blocks * unit) - m
        images = shift(address(source), (n * G + g) * C * h * w * size)
        results = shift(address(out), ((n * G + g) * M + m) * H * W * size)
        for first in range(0, parts[:, 4].max(), height):
            pixels = images
            if not as_it_is:
                pixels = address(band)
                fill(pixels, images, C, h, w, first, tall, wide, top, left, rows,
                     columns, address(zero))
            for p in range(len(parts)):
                some = min(height, parts[p, 4] - first)
                if some <= 0 or parts[p, 5] <= 0:
                    continue
                if by_channels:
                    sum_by_channels(results, weights, bias, g, M, m, count, parts, p,
                                    distances, pixels, sums, room, H, W, first, some,
                                    columns, step)
                else:
                    _sum_by_pixels(results, weights, bias, g, m, count, parts, p,
                                   distances, pixels, sums, H, W, first, some, columns,
                                   step)


def _gather(source, weights, bias, size, plan):
    """Run a plan: source (N, G·C, h, w), weights (G, M, K) → (N, G·M, *size)."""
    g, m, k = weights.shape
    out = np.empty((len(source), g * m, *size), source.dtype)
    if out.size == 0:
        return out
    bias = np.zeros(g * m, out.dtype) if bias is None else contiguous(bias)
    if not plan.complete:                # a stride may leave pixels that nothing reaches
        out[:] = bias[:, None, None]
    work = out.size * k // len(plan.parts) // PRODUCTS_PER_ELEMENT
    items, threads = len(source) * g, threads_for(work)
    units = m
    if plan.channels:
        weights = pack(weights)
        units = weights.shape[2] * weights.itemsize // VECTOR_BYTES
    blocks = min(units, -(-threads // items))
    on_cpu(_gather_cpu, (items * blocks,), out, contiguous(source), weights, bias,
           plan.parts, plan.distances, plan.frame, blocks, plan.channels, work=work)
    return out


def _product(matrix, images, bias):
    """matrix (M, C) times images (N, C, h, w), plus bias (M,) → (N, M, h, w)."""
    n, c, *size = images.shape
    out = product(matrix, images.reshape(n, c, size[0] * size[1]))
    if bias is not None:
        out += bias[:, None]
    return out.reshape(n, len(matrix), *size)


def _spread(pixels, bias, size, stride):
    """pixels (N, C, h, w), `stride` apart, in images (N, C, *size) of the bias."""
    if pixels.shape[2:] == tuple(size):
        return pixels
    out = np.zeros((*pixels.shape[:2], *size), pixels.dtype)
    if bias is not None:
        out += bias[:, None, None]
    out[steps(pixels.shape[2:], stride)] = pixels
    return out


@compiled(convolve)
def _convolve_cpu(x, w, bias, size, window):
    (o, c), kernel, g = w.shape[:2], w.shape[2:], window.groups
    if is_product(kernel, window):
        return _product(w[:, :, 0, 0], x[steps(size, window.stride)], bias)
    if winograd.fits(o, c, kernel, size, len(x), window):
        y = winograd.convolve_winograd(x, w, bias, size, window)
        if y is not None:
            return y
    made = plan(c, o // g, kernel, size, window, x.itemsize)
    return _gather(x, contiguous(w).reshape(g, o // g, -1), bias, size, made)


@compiled(convolve_transposed)
def _convolve_transposed_cpu(dy, w, bias, size, window):
    (o, c), kernel, g = w.shape[:2], w.shape[2:], window.groups
    if is_product(kernel, window):
        return _spread(_product(w[:, :, 0, 0].T, dy, bias), bias, size, window.stride)
    if winograd.fits(o, c, kernel, size, len(dy), window):
        # A convolution with the filters turned around, and what the padding lacked of 2
        # steps.
        padding = tuple(2 * d - p for d, p in zip(window.dilation, window.padding))
        dx = winograd.convolve_winograd(dy, w, bias, size,
                                        window._replace(padding=padding), reversed=True)
        if dx is not None:
            return dx
    made = transposed_plan(o // g, c, kernel, dy.shape[2:], size, window, dy.itemsize)
    weights = w.reshape(g, o // g, c, *kernel).swapaxes(1, 2)           # g c o u v
    if len(made.parts) == 1:
        weights = weights.reshape(g, c, -1)
    else:
        weights = np.concatenate([weights[..., us, :][..., vs].reshape(g, c, -1)
                                  for us, vs in made.taps], axis=2)
    return _gather(dy, contiguous(weights), bias, size, made)


# ---- the gradient of the bias --------------------------------------------------------


@jit(reassociate=True)
def _bias_gradient_cpu(lo, hi, db, dy):
    for o in range(lo, hi):
        for n in range(dy.shape[0]):
            plane, total = dy[n, o], db.dtype.type(0)
            for k in range(plane.size):
                total += plane[k]
            db[o] += total


@bias_gradient.cpu
def _run_bias_gradient(dy):
    n, o, h, w = dy.shape
    db = np.zeros(o, dy.dtype)
    on_cpu(_bias_gradient_cpu, (o,), db, contiguous(dy).reshape(n, o, h * w),
           work=dy.size)
    return db
