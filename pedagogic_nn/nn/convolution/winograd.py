"""Filters of 3 x 3 pixels with fewer multiplications: Winograd's F(2 x 2, 3 x 3).

Four results, 2 x 2, come from 4 x 4 pixels.  The direct way multiplies 4 · 9 = 36 times;
this one 16 times:

    y = Aᵀ [ (G w Gᵀ) ⊙ (Bᵀ x B) ] A            ⊙: element by element

    Bᵀ = ⎡ 1  0 -1  0 ⎤      G = ⎡ 1   0   0 ⎤      Aᵀ = ⎡ 1  1  1  0 ⎤
         ⎢ 0  1  1  0 ⎥          ⎢ ½   ½   ½ ⎥           ⎣ 0  1 -1 -1 ⎦
         ⎢ 0 -1  1  0 ⎥          ⎢ ½  -½   ½ ⎥
         ⎣ 0  1  0 -1 ⎦          ⎣ 0   0   1 ⎦

With many channels the sum over them comes between: for each of the 16 places a matrix
product of the turned weights (M, C) and the turned pixels (C, squares).  The turning
itself is sums and differences only.  It is exact up to rounding, and its error is no
larger than that of the direct sum (measured); but where a pixel is infinite, inf - inf
would spoil its neighbours, and the direct way is taken.

A dilation of d makes d · d images, each of every d-th pixel, which do not meet.

Source: Lavin & Gray, "Fast algorithms for convolutional neural networks", 2016; Winograd,
"Arithmetic complexity of computations", 1980.
"""
import functools
import math

import numpy as np
from numba import types
from numba.extending import intrinsic

from ...backend import contiguous, jit
from ...backend.gemm import PRODUCTS_PER_ELEMENT, matmul
from ...backend.launch import on_cpu, threads_for
from ...backend.once import once
from ...backend.tiles import (
    PANEL_BYTES,
    VECTOR_BYTES,
    VECTORS,
    address,
    itemsize,
    shift,
)
from ..windows import fill, numbers
from .sweep import sweep
from .tiles import Vectors

B_T = ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1))
G = ((1, 0, 0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0, 0, 1))
A_T = ((1, 1, 1, 0), (0, 1, -1, -1))
TURN = np.kron(G, G)             # (16, 9): G w Gᵀ as a product with the 9 weights
PLACES = 16
SQUARES = 256                    # of a run: the turned pixels should stay in a cache
CHANNELS, PIXELS = 32, 1024      # with fewer, the turning costs more than it saves


def fits(outputs, channels, kernel, size, images, window):
    """Whether this way is open, and faster."""
    return (tuple(kernel) == (3, 3) and window.stride == (1, 1) and window.groups == 1
            and min(outputs, channels) >= CHANNELS
            and images * size[0] * size[1] >= PIXELS
            and (window.dilation == (1, 1)
                 or all(n >= 4 * d for n, d in zip(size, window.dilation))))


# ---- turning, a vector of squares at a time ------------------------------------------


def _turned(builder, matrix, square):
    """matrix · square · matrixᵀ, for a square of vectors and a matrix of 0, 1 and -1."""
    half = [_times(builder, matrix, column) for column in zip(*square)]
    return [_times(builder, matrix, row) for row in zip(*half)]


def _times(builder, matrix, vectors):
    results = []
    for row in matrix:
        total = None
        for sign, vector in sorted(zip(row, vectors), key=lambda pair: -pair[0]):
            if sign:
                add = builder.fadd if sign > 0 else builder.fsub
                total = vector if total is None else add(total, vector)
        results.append(total)
    return results


@intrinsic
def _turn_pixels(typing, x, plane, row, turned, step):
    """4 x 4 pixels of neighbouring squares, from a band of 2 x 2 phases → 16 vectors."""
    def generate(context, builder, signature, arguments):
        x, plane, row, turned, step = arguments
        v, word = Vectors(context, builder, signature.args[0]), plane.type
        size = word(signature.args[0].dtype.bitwidth // 8)

        def pixel(i, j):
            at = builder.add(builder.mul(word(i % 2 * 2 + j % 2), plane),
                             builder.mul(word(i // 2), row))
            return v.load(x, builder.add(at, builder.mul(word(j // 2), size)))

        square = [[pixel(i, j) for j in range(4)] for i in range(4)]
        places = [p for line in _turned(builder, B_T, square) for p in line]
        for k, vector in enumerate(places):
            v.store(vector, turned, builder.mul(word(k), step))

    n = types.intp
    return types.void(x, n, n, x, n), generate


@intrinsic
def _turn_back(typing, turned, step, bias, y, row):
    """16 vectors → 2 x 2 results of neighbouring squares with the bias, as two rows."""
    def generate(context, builder, signature, arguments):
        turned, step, bias, y, row = arguments
        v, word = Vectors(context, builder, signature.args[0]), step.type
        square = [[v.load(turned, builder.mul(word(4 * i + j), step)) for j in range(4)]
                  for i in range(4)]
        b = v.broadcast(bias, word(0))
        low = [lane for k in range(v.lanes // 2) for lane in (k, v.lanes + k)]
        high = [lane + v.lanes // 2 for lane in low]
        for i, pair in enumerate(_turned(builder, A_T, square)):
            left, right = (builder.fadd(result, b) for result in pair)
            for k, half in enumerate((low, high)):
                at = builder.add(builder.mul(word(i), row), word(k * VECTOR_BYTES))
                v.store(v.shuffle(left, right, half), y, at)

    n = types.intp
    return types.void(turned, n, turned, turned, n), generate


@once("turned", "band")
def _turn_rows(turned, band, channels, count, wide, length, step, rows, columns):
    """band (channels, 2·2, rows, columns) → turned (16, channels, count·wide).

    From one channel to the next `length` numbers, from one place to the next `step`.  The
    last vector of a row of squares writes into the next one, which comes later.
    """
    size = itemsize(band)
    plane = rows * columns * size
    for c in range(channels):
        for i in range(count):
            for at in range(0, wide * size, VECTOR_BYTES):
                _turn_pixels(shift(band, c * 4 * plane + i * columns * size + at), plane,
                             columns * size,
                             shift(turned, (c * length + i * wide) * size + at),
                             step * size)


@jit(reassociate=True)
def _copy_and_sum(target, source):
    total = target.dtype.type(0)
    for j in range(target.size):
        target[j] = source[j]
        total += source[j]
    return total


@once("out", "turned", "bias", "y", "total")
def _turn_rows_back(out, turned, bias, y, total, count, wide, step, height, width):
    """turned (16, count·wide) → out (height, width), at most 2·count rows of it.

    y: room for two rows.  The sum of the results is added to the number at `total`.
    """
    size = itemsize(y)
    row = 2 * (wide + VECTOR_BYTES // size)
    for i in range(count):
        for at in range(0, wide * size, VECTOR_BYTES):
            _turn_back(shift(turned, i * wide * size + at), step * size, bias,
                       shift(y, 2 * at), row * size)
        for k in range(min(2, height - 2 * i)):
            total[0] += _copy_and_sum(numbers(out, (2 * i + k) * width, width),
                                      numbers(y, k * row, width))


# ---- runs of rows of squares ---------------------------------------------------------


@jit
def _winograd_cpu(lo, hi, out, x, weights, bias, distances, padding, run, totals):
    """Items lo … hi of runs of so many rows of squares, one image's after the other's.

    out (N, M, H, W), x (N, C, h, w), weights (16, M, C), bias (M,), distances (C,),
    totals: the sum of each item's results.
    """
    (N, M, H, W), (_, C, _, _), size = out.shape, x.shape, out.itemsize
    lanes, rows, wide = VECTOR_BYTES // size, N * ((H + 1) // 2), (W + 1) // 2
    length = distances[1] // size
    # One vector more than needed: places a power of two apart would share cache lines.
    pixels, results = C * length + lanes, M * length + lanes
    band = np.empty(C * 4 * (run + 1) * (wide + 1) + wide + 3 * lanes, x.dtype)
    turned = np.empty(PLACES * pixels + lanes, x.dtype)
    sums = np.empty(PLACES * results + lanes, x.dtype)
    y = np.empty(4 * (wide + lanes), x.dtype)
    filled = 0
    for item in range(lo, hi):
        first, last = item * run, min((item + 1) * run, rows)
        filled = _turn_run(turned, band, x, padding, H, wide, first, last, length, pixels,
                           filled)
        for place in range(PLACES):
            sweep(M, (last - first) * wide, C,
                  shift(address(weights), place * M * C * size), C * size,
                  distances.ctypes.data, shift(address(turned), place * pixels * size),
                  shift(address(sums), place * results * size), length * size)
        _turn_run_back(out, sums, bias, y, first, last, length, results,
                       shift(address(totals), item * size))


@jit
def _turn_run(turned, band, x, padding, height, wide, first, last, length, step, filled):
    """The pixels for rows first … last of squares, of images that are `height` rows high
    when they come out; `filled`: rows of squares that the band was last filled for."""
    (_, C, h, w), size, columns = x.shape, x.itemsize, wide + 1
    tall, zero, row = (height + 1) // 2, np.zeros(1, x.dtype), first
    while row < last:
        n, i, count = row // tall, row % tall, min(tall - row % tall, last - row)
        if count != filled:                            # its zeros are in other places
            band[:], filled = 0, count
        fill(address(band), shift(address(x), n * C * h * w * size), C, h, w, i, 2, 2,
             padding[0], padding[1], count + 1, columns, address(zero))
        _turn_rows(shift(address(turned), (row - first) * wide * size), address(band), C,
                   count, wide, length, step, count + 1, columns)
        row += count
    return filled


@jit
def _turn_run_back(out, sums, bias, y, first, last, length, step, total):
    """The results of rows first … last of squares; their sum is added at `total`."""
    (_, M, H, W), size, row = out.shape, out.itemsize, first
    tall, wide = (H + 1) // 2, (W + 1) // 2
    while row < last:
        n, i, count = row // tall, row % tall, min(tall - row % tall, last - row)
        for m in range(M):
            _turn_rows_back(shift(address(out), ((n * M + m) * H + 2 * i) * W * size),
                            shift(address(sums), (m * length + (row - first) * wide)
                                  * size),
                            shift(address(bias), m * size), address(y), total, count,
                            wide, step, H - 2 * i, W)
        row += count


@functools.lru_cache(maxsize=256)
def _plan(channels, rows, wide, threads, itemsize):
    """(distances, how many of the rows of squares make a run)."""
    panel = PANEL_BYTES // itemsize

    def cost(run):                       # panels of the thread that has most to do
        items = -(-rows // run)
        return -(-items // threads) * -(-run * wide // panel)

    run = min(range(max(1, min(rows, SQUARES // wide)), 0, -1), key=cost)
    # Behind the last row a vector is written, and a whole panel read.  An odd number of
    # vectors keeps the channels of a panel out of each other's cache lines.
    vector = VECTOR_BYTES // itemsize
    vectors = max(-(-run * wide // panel) * VECTORS, -(-run * wide // vector) + 1) | 1
    return np.arange(max(2, channels)) * vectors * VECTOR_BYTES, run


def convolve_winograd(x, w, bias, size, window, reversed=False):
    """x (N, C, H, W), w (M, C, 3, 3), bias (M,) or None → y (N, M, *size); None if a
    result is not finite.

    reversed: whether the filters are to be turned around.
    """
    m, c = w.shape[:2]
    bias = np.zeros(m, x.dtype) if bias is None else contiguous(bias)
    turn = (TURN[:, ::-1] if reversed else TURN).astype(x.dtype)
    weights = matmul(turn, w.reshape(m * c, 9).T).reshape(PLACES, m, c)
    if window.dilation == (1, 1):
        return _convolve(contiguous(x), weights, bias, size, window.padding)
    out = np.empty((len(x), m, *size), x.dtype)
    for phase in np.ndindex(*window.dilation):
        # Rows a, a + d, … of the results begin at row a - p of x, and step by d.
        rows, columns = (slice(a, None, d) for a, d in zip(phase, window.dilation))
        begin = [a - p for a, p in zip(phase, window.padding)]
        pixels = x[:, :, begin[0] % window.dilation[0]::window.dilation[0],
                   begin[1] % window.dilation[1]::window.dilation[1]]
        padding = [-(b // d) for b, d in zip(begin, window.dilation)]
        part = out[:, :, rows, columns]
        if part.size:
            y = _convolve(contiguous(pixels), weights, bias, part.shape[2:], padding)
            if y is None:
                return None
            part[:] = y
    return out


def _convolve(x, weights, bias, size, padding):
    """The same for turned weights (16, M, C), without a dilation."""
    (n, c), m = x.shape[:2], weights.shape[1]
    out = np.empty((n, m, *size), x.dtype)
    work = out.size * c * 4 // PRODUCTS_PER_ELEMENT
    rows, wide = n * ((size[0] + 1) // 2), (size[1] + 1) // 2
    distances, run = _plan(c, rows, wide, threads_for(work), x.itemsize)
    totals = np.zeros(-(-rows // run), x.dtype)
    on_cpu(_winograd_cpu, totals.shape, out, x, weights, bias, distances,
           np.array(padding), run, totals, work=work)
    return out if math.isfinite(totals.sum()) else None
