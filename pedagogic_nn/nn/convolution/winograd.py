"""Filters of 3 x 3 pixels with fewer multiplications: Winograd's F(4 x 4, 3 x 3).

16 results, a square of 4 x 4, come from 6 x 6 pixels.  The direct way multiplies
16 · 9 = 144 times; this one 36 times:

    y = Aᵀ [ (G w Gᵀ) ⊙ (Bᵀ x B) ] A            ⊙: element by element

It multiplies polynomials by their values at the places 0, a, -a, b, -b and ∞ (which means
the leading coefficient).  The values at a and -a are the sum and the difference of an
even and an odd part, so that each matrix is a product: Bᵀ = PAIRS · PARTS_OF_PIXELS,
G = PAIRS · PARTS_OF_WEIGHTS, Aᵀ = RESULTS_OF_PARTS · PAIRSᵀ.

With many channels the sum over them comes between: for each of the 36 places a matrix
product of the turned weights (M, C) and the turned pixels (C, squares).  Weights are
turned a block at a time and multiplied while they are in a cache: all of them would be
4 times as many as there were, and their way through memory would take as long as the
product.

All is exact up to rounding.  The usual places are 1 and 2; with 11/16 and 11/8 the error
is a third of theirs and as large as that of the direct sum (measured: 3e-6 of the largest
result for 512 channels, 2e-6 directly).  But where a pixel is infinite, inf - inf would
spoil its neighbours, and the direct way is taken.

A dilation of d makes d · d images, each of every d-th pixel, which do not meet; those of
one size are convolved together.

Source: Lavin & Gray, "Fast algorithms for convolutional neural networks", 2016; Winograd,
"Arithmetic complexity of computations", 1980; for the places Barabasz et al., "Error
analysis and improving the accuracy of Winograd convolution for deep neural networks",
2020.
"""
import functools
import math

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ...backend import contiguous, jit
from ...backend.gemm import PRODUCTS_PER_ELEMENT
from ...backend.launch import on_cpu, threads_for
from ...backend.once import once
from ...backend.tiles import (
    LINE_BYTES,
    PANEL_BYTES,
    ROWS,
    VECTOR_BYTES,
    VECTORS,
    address,
    copy,
    itemsize,
    shift,
)
from ..windows import fill, numbers
from .tiles import Vectors, outputs_tile

A, B = 11 / 16, 11 / 8              # below, all but the weights are exact in float32
EVEN_A, EVEN_B = 1 / (2 * A**2 * (A**2 - B**2)), 1 / (2 * B**2 * (B**2 - A**2))
PAIRS = ((1, 0, 0, 0, 0, 0), (0, 1, 1, 0, 0, 0), (0, 1, -1, 0, 0, 0),
         (0, 0, 0, 1, 1, 0), (0, 0, 0, 1, -1, 0), (0, 0, 0, 0, 0, 1))
PARTS_OF_PIXELS = (
    (A**2 * B**2, 0, -A**2 - B**2, 0, 1, 0),
    (0, 0, -B**2, 0, 1, 0), (0, -A * B**2, 0, A, 0, 0),            # even and odd, for a
    (0, 0, -A**2, 0, 1, 0), (0, -B * A**2, 0, B, 0, 0),            # and for b
    (0, A**2 * B**2, 0, -A**2 - B**2, 0, 1))
PARTS_OF_WEIGHTS = (
    (1 / (A**2 * B**2), 0, 0),
    (EVEN_A, 0, EVEN_A * A**2), (0, EVEN_A * A, 0),
    (EVEN_B, 0, EVEN_B * B**2), (0, EVEN_B * B, 0),
    (0, 0, 1))
RESULTS_OF_PARTS = ((1, 1, 0, 1, 0, 0), (0, 0, A, 0, B, 0),
                    (0, A**2, 0, B**2, 0, 0), (0, 0, A**3, 0, B**3, 1))
SQUARE, PATCH = 4, 6                       # results and pixels, in each direction
TAPS, PLACES = 9, PATCH * PATCH
SQUARES = 96                               # of a run, at most
BLOCK_M, BLOCK_C = 48, 64                  # of turned weights and sums
TURN_WEIGHTS = 0.15                        # its time, in that of a panel of squares

# What the parts of this way take, in vectors of multiply-adds of the direct one, fitted
# to 27 sizes on one core: a product of turned numbers; to turn a vector of squares of one
# channel, and back; to turn a filter; to copy a pixel into the image of its phase, or out
# of it.  Most predictions were within 0.1 of the measured ratio, and the way is taken
# where that is below WORTH.
PRODUCT, TURN, TURN_FILTER, COPY, WORTH = 0.7, 280, 40, 5, 0.85


def fits(outputs, channels, kernel, size, images, window):
    """Whether this way is open, and faster."""
    if not (kernel == (3, 3) and window.stride == (1, 1) and window.groups == 1):
        return False
    (height, width), (down, right) = size, window.dilation
    rows = images * down * right * -(-height // (down * SQUARE))
    wide = -(-width // (right * SQUARE))
    lanes, panel = VECTOR_BYTES // 4, PANEL_BYTES // 4
    runs = -(-rows * wide // SQUARES)
    squares = -(-rows * wide // panel) * panel
    cost = (PRODUCT * PLACES * squares * channels * outputs / lanes
            + TURN * (channels + outputs) * rows * -(-wide // lanes)
            + TURN_FILTER * channels * outputs * runs)
    if down * right > 1:
        cost += COPY * (channels + outputs) * images * height * width
    direct = TAPS * images * height * width * channels * outputs / lanes
    return cost < WORTH * direct


# ---- turning, a vector of squares or of filters at a time ----------------------------


def _turned(v, matrices, square):
    """matrix · square · matrixᵀ, for a square of vectors and the product of matrices, of
    which the first is multiplied first."""
    def times(vectors):
        for matrix in matrices:
            vectors = [_weighted_sum(v, row, vectors) for row in matrix]
        return vectors

    half = [times(column) for column in zip(*square)]
    return [times(row) for row in zip(*half)]


def _weighted_sum(v, weights, vectors):
    terms = [term for term in zip(weights, vectors) if term[0]]
    terms.sort(key=lambda term: term[0] != 1)             # a 1 first: no multiplication
    (weight, vector), *others = terms
    total = vector if weight == 1 else v.builder.fmul(_constant(v, weight), vector)
    for weight, vector in others:
        if weight == 1:
            total = v.builder.fadd(total, vector)
        elif weight == -1:
            total = v.builder.fsub(total, vector)
        else:
            total = v.multiply_add(_constant(v, weight), vector, total)
    return total


def _constant(v, number):
    return ir.Constant(v.type, [number] * v.lanes)


def _every_second(v, a, b):
    """Two vectors → their numbers 0, 2, 4 …, and 1, 3, 5 …"""
    return [v.shuffle(a, b, list(range(k, 2 * v.lanes, 2))) for k in range(2)]


def _in_turns(v, a, b):
    """a, b → a0 b0 a1 b1 …, two vectors: the reverse of `_every_second`."""
    low = [lane for k in range(v.lanes // 2) for lane in (k, v.lanes + k)]
    return [v.shuffle(a, b, [lane + k for lane in low]) for k in (0, v.lanes // 2)]


@intrinsic
def _turn_pixels(typing, x, row, turned, step):
    """6 x 6 pixels of neighbouring squares, from the rows of a band → 36 vectors."""
    def generate(context, builder, signature, arguments):
        x, row, turned, step = arguments
        v, word = Vectors(context, builder, signature.args[0]), row.type
        next_one = list(range(1, v.lanes + 1))

        def line(i):
            def at(vectors, numbers=0):
                offset = vectors * VECTOR_BYTES + numbers * VECTOR_BYTES // v.lanes
                return builder.add(builder.mul(word(i), row), word(offset))

            even, odd = zip(*(_every_second(v, v.load(x, at(k)), v.load(x, at(k + 1)))
                              for k in (0, 2)))
            (p0, p2), (p1, p3) = _every_second(v, *even), _every_second(v, *odd)
            p4, p5 = (v.shuffle(p, v.broadcast(x, at(SQUARE, k)), next_one)
                      for k, p in enumerate((p0, p1)))
            return [p0, p1, p2, p3, p4, p5]

        square = _turned(v, (PARTS_OF_PIXELS, PAIRS), [line(i) for i in range(PATCH)])
        for k, vector in enumerate(place for places in square for place in places):
            v.store(vector, turned, builder.mul(word(k), step))

    n = types.intp
    return types.void(x, n, x, n), generate


def _by_taps(v, filters):
    """Filters one after the other, in 9 vectors → a vector of each of the 9 taps.

    Number i of them is of tap i % 9.  In lane j that tap's number is in another vector
    than in the lane before: the vectors rotate, by j lanes, in steps of 1, 2, 4 and 8.
    Then the lanes are put in order.
    """
    step = pow(v.lanes, -1, TAPS)
    vectors = [filters[step * tap % TAPS] for tap in range(TAPS)]
    for bit in (1, 2, 4, 8):
        lanes = [j + (0 if j % TAPS & bit else v.lanes) for j in range(v.lanes)]
        vectors = [v.shuffle(vectors[tap - bit], vectors[tap], lanes)
                   for tap in range(TAPS)]
    return [v.shuffle(vector, vector, [(TAPS * k + tap) % v.lanes
                                       for k in range(v.lanes)])
            for tap, vector in enumerate(vectors)]


@intrinsic
def _turn_filters(typing, filters, ahead, turned, step, reversed):
    """As many neighbouring filters of 9 weights as a vector has lanes → 36 vectors.

    ahead: what will come next; it is on its way meanwhile.
    """
    def generate(context, builder, signature, arguments):
        filters, ahead, turned, step, reversed = arguments
        v, word = Vectors(context, builder, signature.args[0]), step.type
        for line in range(0, TAPS * VECTOR_BYTES, LINE_BYTES):
            v.prefetch(ahead, word(line), cache=2)
        weights = _by_taps(v, [v.load(filters, word(k * VECTOR_BYTES))
                               for k in range(TAPS)])
        backwards = builder.icmp_signed("!=", reversed, word(0))
        weights = [builder.select(backwards, b, a)
                   for a, b in zip(weights, weights[::-1])]
        square = _turned(v, (PARTS_OF_WEIGHTS, PAIRS),
                         [weights[k:k + 3] for k in range(0, TAPS, 3)])
        for k, vector in enumerate(place for places in square for place in places):
            v.store(vector, turned, builder.mul(word(k), step))

    n = types.intp
    return types.void(filters, filters, filters, n, n), generate


@intrinsic
def _turn_back(typing, turned, step, bias, y, row):
    """36 vectors → 4 x 4 results of neighbouring squares with the bias, as four rows."""
    def generate(context, builder, signature, arguments):
        turned, step, bias, y, row = arguments
        v, word = Vectors(context, builder, signature.args[0]), step.type
        places = [v.load(turned, builder.mul(word(k), step)) for k in range(PLACES)]
        square = [places[k:k + PATCH] for k in range(0, PLACES, PATCH)]
        b = v.broadcast(bias, word(0))
        rows = _turned(v, (tuple(zip(*PAIRS)), RESULTS_OF_PARTS), square)
        for i, results in enumerate(rows):
            y0, y1, y2, y3 = (builder.fadd(result, b) for result in results)
            pairs = zip(_in_turns(v, y0, y2), _in_turns(v, y1, y3))
            mixed = [vector for pair in pairs for vector in _in_turns(v, *pair)]
            for k, vector in enumerate(mixed):
                at = builder.add(builder.mul(word(i), row), word(k * VECTOR_BYTES))
                v.store(vector, y, at)

    n = types.intp
    return types.void(turned, n, turned, turned, n), generate


# ---- pixels, weights and results of one run ------------------------------------------


@once("turned", "band", "x", "zero")
def _turn_rows(turned, band, x, zero, height, width, first, top, left, count, wide, step):
    """Rows of squares first … first + count of x (height, width) → turned (36,
    count·wide), from one place to the next `step` numbers.

    The last vector of a row of squares writes into the next one, which comes later.
    band: room for the pixels, with zeros.
    """
    size, columns = itemsize(band), SQUARE * wide + 2
    fill(band, x, 1, height, width, SQUARE * first, 1, 1, top, left, SQUARE * count + 2,
         columns, zero)
    for i in range(count):
        for at in range(0, wide * size, VECTOR_BYTES):
            _turn_pixels(shift(band, SQUARE * (i * columns * size + at)), columns * size,
                         shift(turned, i * wide * size + at), step * size)


@once("turned", "weights", "room")
def _turn_weights(turned, weights, room, rows, count, row, step, width, reversed):
    """weights (rows, count, 9) → turned (36, rows, width), of which `count` are filled.

    From one row of the weights to the next `row` numbers, from one place to the next
    `step`.  room: for a vector of filters.
    """
    size, lanes = itemsize(room), VECTOR_BYTES // itemsize(room)
    for r in range(rows):
        for f in range(0, count, lanes):
            filters = shift(weights, (r * row + f * TAPS) * size)
            if count - f < lanes:
                copy(room, filters, (count - f) * TAPS * size)
                filters = room
            _turn_filters(filters, shift(weights, ((r + 1) * row + f * TAPS) * size),
                          shift(turned, (r * width + f) * size), step * size, reversed)


@once("w", "x", "y")
def _multiply(outputs, channels, squares, w, w_row, w_step, w_place, distances, x,
              x_place, y, y_row, y_place, accumulate):
    """y (36, outputs, squares) = or += w (36, outputs, channels) · x (36, channels,
    squares), for each place, by tiles.  Whole panels of y are written.  Strides are in
    bytes, `distances` is the address of the table."""
    count = (outputs + ROWS - 1) // ROWS            # tiles of nearly equal height
    low, higher = outputs // count, outputs % count
    size = itemsize(y)
    for place in range(PLACES):
        i = 0
        for t in range(count):
            height = low + 1 if t < higher else low
            for at in range(0, squares * size, PANEL_BYTES):
                outputs_tile(height, False, channels,
                             shift(w, place * w_place + i * w_row), w_step, distances,
                             shift(x, place * x_place + at), w_row,
                             shift(y, place * y_place + i * y_row + at), y_row,
                             accumulate != 0)
            i += height


@jit(reassociate=True)
def _copy_and_sum(target, source):
    total = target.dtype.type(0)
    for j in range(target.size):
        target[j] = source[j]
        total += source[j]
    return total


@once("out", "turned", "bias", "y", "total")
def _turn_rows_back(out, turned, bias, y, total, outputs, length, count, wide, step,
                    height, width, plane):
    """turned (36, outputs, count·wide) → out (outputs, height, width), at most 4·count
    rows of it.

    From one output to the next `length` numbers of turned and `plane` of out.  y: room
    for four rows.  The sum of the results is added to the number at `total`.
    """
    size = itemsize(y)
    row = SQUARE * (wide + VECTOR_BYTES // size)
    for m in range(outputs):
        for i in range(count):
            for at in range(0, wide * size, VECTOR_BYTES):
                _turn_back(shift(turned, (m * length + i * wide) * size + at),
                           step * size, shift(bias, m * size), shift(y, SQUARE * at),
                           row * size)
            for k in range(min(SQUARE, height - SQUARE * i)):
                target = numbers(out, m * plane + (SQUARE * i + k) * width, width)
                total[0] += _copy_and_sum(target, numbers(y, k * row, width))


# ---- all of it -----------------------------------------------------------------------


@jit
def _winograd_cpu(lo, hi, out, x, weights, bias, distances, padding, run, parts,
                  reversed, totals):
    """Items lo … hi of runs of so many rows of squares, one image's after the other's, x
    parts of the output channels.

    out (N, M, H, W), x (N, C, h, w), weights (M, C, 9), or reversed (C, M, 9), bias (M,),
    distances (C,), totals: the sum of each item's results.
    """
    (N, M, H, W), C, size = out.shape, x.shape[1], out.itemsize
    lanes, wide = VECTOR_BYTES // size, (W + SQUARE - 1) // SQUARE
    rows, length = N * ((H + SQUARE - 1) // SQUARE), distances[1] // size
    # One vector more than needed: places a power of two apart would share cache lines.
    pixels, results = C * length + lanes, BLOCK_M * length + lanes
    filters = BLOCK_M * BLOCK_C + lanes
    band = np.zeros((SQUARE * run + 2) * (SQUARE * wide + 2) + (SQUARE + 1) * lanes,
                    x.dtype)
    turned = np.empty(PLACES * pixels + lanes, x.dtype)
    sums = np.empty(PLACES * results + lanes, x.dtype)
    turned_weights = np.zeros(PLACES * filters + TAPS * lanes, x.dtype)
    y = np.empty(SQUARE * SQUARE * (wide + lanes), x.dtype)
    for item in range(lo, hi):
        first, last = item // parts * run, min((item // parts + 1) * run, rows)
        part = item % parts
        begin, end = M * part // parts, M * (part + 1) // parts
        _turn_run(turned, band, x, padding, H, wide, first, last, length, pixels)
        for m in range(begin, end, BLOCK_M):
            outputs = min(BLOCK_M, end - m)
            for c in range(0, C, BLOCK_C):
                _add_block(sums, turned, turned_weights, weights, m, outputs, c,
                           min(BLOCK_C, C - c), (last - first) * wide, distances, length,
                           pixels, results, filters, reversed)
            _turn_run_back(out, sums, bias, y, m, outputs, first, last, length, results,
                           shift(address(totals), item * size))


@jit
def _turn_run(turned, band, x, padding, height, wide, first, last, length, step):
    """The pixels for rows first … last of squares, of images that are `height` rows high
    when they come out."""
    (_, C, h, w), size, zero = x.shape, x.itemsize, np.zeros(1, x.dtype)
    tall = (height + SQUARE - 1) // SQUARE
    for c in range(C):
        row = first
        while row < last:
            n, i, count = row // tall, row % tall, min(tall - row % tall, last - row)
            _turn_rows(shift(address(turned), (c * length + (row - first) * wide) * size),
                       address(band), shift(address(x), (n * C + c) * h * w * size),
                       address(zero), h, w, i, padding[0], padding[1], count, wide, step)
            row += count


@jit
def _add_block(sums, turned, room, weights, m, outputs, c, channels, squares, distances,
               length, pixels, results, filters, reversed):
    """Turn a block of weights, and add its products with the turned pixels to the sums;
    the first channels begin the sums."""
    size, width = sums.itemsize, weights.shape[1]
    spare = shift(address(room), PLACES * filters * size)
    if reversed:
        _turn_weights(address(room), shift(address(weights), (c * width + m) * TAPS
                                           * size),
                      spare, channels, outputs, width * TAPS, filters, BLOCK_M, 1)
        row, step = size, BLOCK_M * size
    else:
        _turn_weights(address(room), shift(address(weights), (m * width + c) * TAPS
                                           * size),
                      spare, outputs, channels, width * TAPS, filters, BLOCK_C, 0)
        row, step = BLOCK_C * size, size
    _multiply(outputs, channels, squares, address(room), row, step, filters * size,
              distances.ctypes.data, shift(address(turned), c * length * size),
              pixels * size, address(sums), length * size, results * size,
              1 if c > 0 else 0)


@jit
def _turn_run_back(out, sums, bias, y, m, outputs, first, last, length, step, total):
    """The results of rows first … last of squares, and of outputs from m on; their sum is
    added at `total`."""
    (_, M, H, W), size, row = out.shape, out.itemsize, first
    tall, wide = (H + SQUARE - 1) // SQUARE, (W + SQUARE - 1) // SQUARE
    while row < last:
        n, i, count = row // tall, row % tall, min(tall - row % tall, last - row)
        _turn_rows_back(shift(address(out), ((n * M + m) * H + SQUARE * i) * W * size),
                        shift(address(sums), (row - first) * wide * size),
                        shift(address(bias), m * size), address(y), total, outputs,
                        length, count, wide, step, H - SQUARE * i, W, H * W)
        row += count


@functools.lru_cache(maxsize=256)
def _plan(channels, rows, wide, threads, itemsize):
    """(distances, how many of the rows of squares make a run)."""
    panel = PANEL_BYTES // itemsize

    def cost(run):                       # panels of the thread that has most to do
        items = -(-rows // run)
        return -(-items // threads) * (-(-run * wide // panel) + TURN_WEIGHTS)

    run = min(range(max(1, min(rows, SQUARES // wide)), 0, -1), key=cost)
    # Behind the last row a vector is written, and a whole panel read.  An odd number of
    # vectors keeps the channels of a panel out of each other's cache lines.
    vector = VECTOR_BYTES // itemsize
    vectors = max(-(-run * wide // panel) * VECTORS, -(-run * wide // vector) + 1) | 1
    return np.arange(max(2, channels)) * vectors * VECTOR_BYTES, run


def convolve_winograd(x, w, bias, size, window, reversed=False):
    """x (N, C, H, W), w (M, C, 3, 3), bias (M,) or None → y (N, M, *size); None if a
    result is not finite.

    reversed: w is (C, M, 3, 3), and its filters are to be turned around.
    """
    m = w.shape[1] if reversed else w.shape[0]
    bias = np.zeros(m, x.dtype) if bias is None else contiguous(bias)
    weights = contiguous(w).reshape(*w.shape[:2], TAPS)
    if window.dilation == (1, 1):
        return _convolve(contiguous(x), weights, bias, size, window.padding, reversed)
    out, groups = np.empty((len(x), m, *size), x.dtype), {}
    for phase in np.ndindex(*window.dilation):
        # Rows a, a + d, … of the results begin at row a - p of x, and step by d.
        rows, columns = (slice(a, None, d) for a, d in zip(phase, window.dilation))
        begin = [a - p for a, p in zip(phase, window.padding)]
        pixels = x[:, :, begin[0] % window.dilation[0]::window.dilation[0],
                   begin[1] % window.dilation[1]::window.dilation[1]]
        padding = tuple(-(b // d) for b, d in zip(begin, window.dilation))
        part = out[:, :, rows, columns]
        if part.size:
            alike = pixels.shape, part.shape, padding
            groups.setdefault(alike, []).append((pixels, part))
    for (_, shape, padding), pairs in groups.items():
        pixels, parts = zip(*pairs)
        y = _convolve(np.concatenate(pixels), weights, bias, shape[2:], padding, reversed)
        if y is None:
            return None
        for part, found in zip(parts, np.split(y, len(parts))):
            part[:] = found
    return out


def _convolve(x, weights, bias, size, padding, reversed):
    """The same without a dilation."""
    (n, c), m = x.shape[:2], len(bias)
    out = np.empty((n, m, *size), x.dtype)
    rows, wide = n * -(-size[0] // SQUARE), -(-size[1] // SQUARE)
    work = rows * wide * c * m * PLACES // PRODUCTS_PER_ELEMENT
    threads = threads_for(work)
    distances, run = _plan(c, rows, wide, threads, x.itemsize)
    runs = -(-rows // run)
    parts = -(-threads // runs)
    totals = np.zeros(runs * parts, x.dtype)
    on_cpu(_winograd_cpu, totals.shape, out, x, weights, bias, distances,
           np.array(padding), run, parts, reversed, totals, work=work)
    return out if math.isfinite(totals.sum()) else None
