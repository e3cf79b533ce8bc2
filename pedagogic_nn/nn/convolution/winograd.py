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
from ...backend.launch import on_cpu
from ...backend.once import once
from ...backend.tiles import PANEL_BYTES, VECTOR_BYTES, address, itemsize, shift
from ..windows import collect, fill
from .sweep import sweep
from .tiles import Vectors

B_T = ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1))
G = ((1, 0, 0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0, 0, 1))
A_T = ((1, 1, 1, 0), (0, 1, -1, -1))
TURN = np.kron(G, G)             # (16, 9): G w Gᵀ as a product with the 9 weights
TURN_REVERSED = TURN[:, ::-1]
PLACES = 16
SQUARES = 192                    # of a band: the turned pixels should stay in a cache
CHANNELS, PIXELS = 32, 1024      # with fewer, the turning costs more than it saves


def fits(outputs, channels, kernel, size, images, window):
    """Whether this way is open, and faster."""
    return (tuple(kernel) == (3, 3) and window.stride == window.dilation == (1, 1)
            and window.groups == 1 and min(outputs, channels) >= CHANNELS
            and images * size[0] * size[1] >= PIXELS)


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
def _turn_back(typing, turned, step, bias, y, plane):
    """16 vectors → 2 x 2 results of neighbouring squares, in 4 planes, with the bias."""
    def generate(context, builder, signature, arguments):
        turned, step, bias, y, plane = arguments
        v, word = Vectors(context, builder, signature.args[0]), step.type
        square = [[v.load(turned, builder.mul(word(4 * i + j), step)) for j in range(4)]
                  for i in range(4)]
        b = v.broadcast(bias, word(0))
        results = [r for line in _turned(builder, A_T, square) for r in line]
        for k, vector in enumerate(results):
            v.store(builder.fadd(vector, b), y, builder.mul(word(k), plane))

    n = types.intp
    return types.void(turned, n, turned, turned, n), generate


@once("turned", "band")
def _turn_all_pixels(turned, band, channels, squares, length, rows, columns):
    """band (channels, 2·2, rows, columns) → turned (16, channels, length)."""
    size = itemsize(band)
    plane = rows * columns * size
    for c in range(channels):
        for at in range(0, squares * size, VECTOR_BYTES):
            _turn_pixels(shift(band, c * 4 * plane + at), plane, columns * size,
                         shift(turned, c * length * size + at), channels * length * size)


@once("y", "turned", "bias")
def _turn_all_back(y, turned, bias, squares, step, plane):
    """turned (16, step), of which `squares` → y (4, plane)."""
    size = itemsize(y)
    for at in range(0, squares * size, VECTOR_BYTES):
        _turn_back(shift(turned, at), step * size, bias, shift(y, at), plane * size)


# ---- bands of squares ----------------------------------------------------------------


@jit
def _winograd_cpu(lo, hi, out, x, weights, bias, distances, padding, tall, images):
    """Items lo … hi of groups of `images` x bands of `tall` rows of squares.

    out (N, M, H, W), x (N, C, h, w), weights (16, M, C), bias (M,), distances (C,).
    """
    (N, M, H, W), (_, C, h, w), size = out.shape, x.shape, out.itemsize
    lanes, columns, length = VECTOR_BYTES // size, (W + 1) // 2 + 1, distances[1] // size
    bands, squares, rows = ((H + 1) // 2 + tall - 1) // tall, tall * columns, tall + 1
    band = np.zeros(C * 4 * rows * columns + columns + lanes, x.dtype)
    turned = np.empty(PLACES * C * length + lanes, x.dtype)
    sums = np.empty(PLACES * M * length + lanes, x.dtype)
    room = tall + (lanes + columns - 1) // columns      # whole vectors fit behind a plane
    y, zero = np.empty(4 * room * columns, x.dtype), np.zeros(1, x.dtype)
    for item in range(lo, hi):
        n, first = item // bands * images, item % bands * tall
        some = min(images, N - n)
        for k in range(some):
            fill(address(band), shift(address(x), (n + k) * C * h * w * size), C, h, w,
                 first, 2, 2, padding[0], padding[1], rows, columns, address(zero))
            _turn_all_pixels(shift(address(turned), k * squares * size), address(band), C,
                             squares, length, rows, columns)
        for place in range(PLACES):
            sweep(M, some * squares, C, shift(address(weights), place * M * C * size),
                  C * size, distances.ctypes.data,
                  shift(address(turned), place * C * length * size),
                  shift(address(sums), place * M * length * size), length * size)
        for m in range(M):
            for k in range(some):
                _turn_all_back(address(y), shift(address(sums), (m * length + k * squares)
                                                 * size),
                               shift(address(bias), m * size), squares, M * length,
                               room * columns)
                collect(shift(address(out), (((n + k) * M + m) * H + 2 * first) * W
                              * size), address(y), min(2 * tall, H - 2 * first), W, 2, 2,
                        0, 0, room, columns)


@functools.lru_cache(maxsize=256)
def _plan(channels, images, size, itemsize):
    """(distances, rows of squares of a band, images of a group)."""
    tall, wide = (size[0] + 1) // 2, (size[1] + 1) // 2 + 1
    bands = -(-tall // max(1, SQUARES // wide))
    rows = -(-tall // bands)                                 # bands of nearly one size
    group = max(1, min(images, SQUARES // (tall * wide))) if bands == 1 else 1
    # The last image's last vector, and the last panel of all, must have room.
    numbers = (group - 1) * rows * wide + _up(rows * wide, VECTOR_BYTES // itemsize)
    length = _up(numbers, PANEL_BYTES // itemsize)
    return np.arange(max(2, channels)) * length * itemsize, rows, group


def _up(number, unit):
    return -(-number // unit) * unit


def convolve_winograd(x, w, bias, size, padding, turn=TURN):
    """x (N, C, H, W), w (M, C, 3, 3), bias (M,) or None → y (N, M, *size); None if a
    result is not finite.

    turn: TURN, or TURN_REVERSED for filters that are to be turned around.
    """
    (n, c), m = x.shape[:2], len(w)
    bias = np.zeros(m, x.dtype) if bias is None else contiguous(bias)
    out = np.empty((n, m, *size), x.dtype)
    weights = matmul(turn.astype(x.dtype), w.reshape(m * c, 9).T)        # (16, M·C)
    distances, rows, images = _plan(c, n, tuple(size), x.itemsize)
    items = -(-n // images) * -(-((size[0] + 1) // 2) // rows)
    on_cpu(_winograd_cpu, (items,), out, contiguous(x), weights, bias, distances,
           np.array(padding), rows, images, work=out.size * c * 4 // PRODUCTS_PER_ELEMENT)
    return out if math.isfinite(out.sum()) else None
