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
from .channels import begin_with, pack, sweep_channels, unload_channels
from .plan import plan, read, transposed_plan
from .reference import bias_gradient, convolve, convolve_transposed, is_product
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


# ---- all of it -----------------------------------------------------------------------


@jit
def _gather_cpu(lo, hi, out, source, weights, bias, parts, distances, frame, blocks):
    """Items lo … hi of images x groups x blocks of output channels.

    out (N, G·M, H, W), source (N, G·C, h, w), weights (G, M, K), bias (G·M,).
    """
    (G, M, K), (_, _, H, W), (_, C, h, w) = weights.shape, out.shape, source.shape
    (tall, wide), (top, left), height, rows, columns, step = read(frame)
    C //= G
    size, lanes = out.itemsize, PANEL_BYTES // out.itemsize
    band = np.zeros(C * tall * wide * rows * columns + columns + lanes, out.dtype)
    longest = (height * columns + lanes - 1) // lanes * lanes
    sums, zero = np.empty(M * longest, out.dtype), np.zeros(1, out.dtype)
    for item in range(lo, hi):
        n, g, block = item // blocks // G, item // blocks % G, item % blocks
        m, count = M * block // blocks, M * (block + 1) // blocks - M * block // blocks
        images = shift(address(source), (n * G + g) * C * h * w * size)
        results = shift(address(out), ((n * G + g) * M + m) * H * W * size)
        for first in range(0, parts[:, 4].max(), height):
            fill(address(band), images, C, h, w, first, tall, wide, top, left, rows,
                 columns, address(zero))
            for p in range(len(parts)):
                some = min(height, parts[p, 4] - first)
                if some > 0 and parts[p, 5] > 0:
                    tap = parts[p, 0]
                    sweep(count, (some - 1) * columns + parts[p, 5], parts[p, 1],
                           shift(address(weights), ((g * M + m) * K + tap) * size),
                           K * size, distances.ctypes.data + tap * 8, address(band),
                           address(sums), longest * size)
                    _unload(results, address(sums),
                            shift(address(bias), (g * M + m) * size), count, H, W, first,
                            some, columns, longest, parts[p, 2], parts[p, 3], parts[p, 5],
                            step[0], step[1])


@jit
def _gather_channels_cpu(lo, hi, out, source, weights, bias, parts, distances, frame,
                         blocks):
    """The same with vectors of output channels: weights (G, K, M in whole vectors)."""
    (G, K, wide_M), (_, M, H, W), (_, C, h, w) = weights.shape, out.shape, source.shape
    (tall, wide), (top, left), height, rows, columns, step = read(frame)
    C, M = C // G, M // G
    size, lanes = out.itemsize, VECTOR_BYTES // out.itemsize
    band = np.zeros(C * tall * wide * rows * columns + columns + lanes, out.dtype)
    sums = np.empty((height * columns + lanes) * wide_M, out.dtype)
    room, zero = np.empty(lanes * lanes, out.dtype), np.zeros(1, out.dtype)
    for item in range(lo, hi):
        n, g, block = item // blocks // G, item // blocks % G, item % blocks
        m = wide_M // lanes * block // blocks * lanes
        count = min(M, wide_M // lanes * (block + 1) // blocks * lanes) - m
        images = shift(address(source), (n * G + g) * C * h * w * size)
        results = shift(address(out), ((n * G + g) * M + m) * H * W * size)
        for first in range(0, parts[:, 4].max(), height):
            fill(address(band), images, C, h, w, first, tall, wide, top, left, rows,
                 columns, address(zero))
            for p in range(len(parts)):
                some, across = min(height, parts[p, 4] - first), parts[p, 5]
                if some > 0 and across > 0:
                    tap = parts[p, 0]
                    begin_with(address(sums), shift(address(bias), (g * M + m) * size),
                               some * across, count, wide_M)
                    sweep_channels(
                        some, across, count, parts[p, 1],
                        shift(address(weights), ((g * K + tap) * wide_M + m) * size),
                        wide_M * size, distances.ctypes.data + tap * 8, address(band),
                        columns * size, address(sums), wide_M * size)
                    unload_channels(results, address(sums), address(room), count, wide_M,
                                    H, W, first, some, parts[p, 2], parts[p, 3], across,
                                    step[0], step[1])


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
    kernel, units = _gather_cpu, m
    if plan.channels:
        kernel, weights = _gather_channels_cpu, pack(weights)
        units = weights.shape[2] * weights.itemsize // VECTOR_BYTES
    blocks = min(units, -(-threads // items))
    on_cpu(kernel, (items * blocks,), out, contiguous(source), weights, bias,
           plan.parts, plan.distances, plan.frame, blocks, work=work)
    return out


def _product(matrix, images, bias, size):
    """matrix (M, C) times images (N, C, *size), plus bias (M,) → (N, M, *size)."""
    n, c = images.shape[:2]
    out = product(matrix, images.reshape(n, c, size[0] * size[1]))
    if bias is not None:
        out += bias[:, None]
    return out.reshape(n, len(matrix), *size)


@compiled(convolve)
def _convolve_cpu(x, w, bias, size, window):
    (o, c, *kernel), g = w.shape, window.groups
    if is_product(kernel, window):
        return _product(w[:, :, 0, 0], x, bias, size)
    if winograd.fits(o, c, kernel, size, len(x), window):
        y = winograd.convolve_winograd(x, w, bias, size, window)
        if y is not None:
            return y
    made = plan(c, o // g, tuple(kernel), tuple(size), window, x.itemsize)
    return _gather(x, contiguous(w).reshape(g, o // g, -1), bias, size, made)


@compiled(convolve_transposed)
def _convolve_transposed_cpu(dy, w, bias, size, window):
    (o, c, *kernel), g = w.shape, window.groups
    if is_product(kernel, window):
        return _product(w[:, :, 0, 0].T, dy, bias, size)
    if winograd.fits(o, c, kernel, size, len(dy), window):
        # A convolution with the filters turned around, and what the padding lacked of 2
        # steps.
        padding = tuple(2 * d - p for d, p in zip(window.dilation, window.padding))
        dx = winograd.convolve_winograd(dy, contiguous(w.swapaxes(0, 1)), bias, size,
                                        window._replace(padding=padding), reversed=True)
        if dx is not None:
            return dx
    made = transposed_plan(o // g, c, tuple(kernel), tuple(dy.shape[2:]), tuple(size),
                           window, dy.itemsize)
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
