"""The other sweep: vectors of output channels, for narrow images of which rows of pixels
would leave many lanes of a vector idle.

sweep.py's vectors run along the pixels of a band, over the ends of its rows too: of the
10 x 10 results of LeNet's second layer it computes 160.  Here a vector holds the same
pixel of several output channels, and the rows of a tile are pixels, as many as there are.
For that the taps' weights for all output channels must lie side by side, and the sums are
turned on their way into the results.
"""
import numpy as np

from ...backend import jit
from ...backend.launch import on_cpu
from ...backend.once import once
from ...backend.tiles import (
    PANEL_BYTES,
    ROWS,
    VECTOR_BYTES,
    address,
    copy,
    itemsize,
    shift,
    transpose,
)
from ..windows import numbers
from .tiles import channels_tile

TAPS_BLOCK = 288                    # of a panel: 36 KiB of float32, with 64-byte vectors
TAPS_PACKED = 256                   # by a thread at a time


@jit(forceinline=True)
def turn(target, at, source, first, step, plane, count, inputs, channels, room):
    """`count` pixels, `step` apart, of `inputs` planes → (count, channels).

    By squares of pixels and channels; the last ones, which must not reach over the ends
    of the planes, overlap those before.  room: for a square.
    """
    size = itemsize(target)
    lanes = VECTOR_BYTES // size
    if inputs < lanes or plane < lanes:
        for c in range(inputs):
            pixels = numbers(source, c * plane + first, (count - 1) * step + 1)
            turned = numbers(target, at + c, (count - 1) * channels + 1)
            for j in range(count):
                turned[j * channels] = pixels[j * step]
        return
    j = 0
    while j < count:
        begin = first + j * step
        start = min(begin, plane - lanes)
        some = min(count - j, (start + lanes - begin + step - 1) // step)
        for channel in range(0, inputs, lanes):
            c = min(channel, inputs - lanes)
            square = shift(source, (c * plane + start) * size)
            vectors = shift(target, (at + j * channels + c) * size)
            if step == 1 and some == lanes:
                transpose(square, plane * size, vectors, channels * size)
            else:
                transpose(square, plane * size, room, VECTOR_BYTES)
                for q in range(some):
                    copy(shift(vectors, q * channels * size),
                         shift(room, (begin - start + q * step) * VECTOR_BYTES),
                         VECTOR_BYTES)
        j += some


@jit
def _pack_cpu(lo, hi, packed, weights):
    """Items lo … hi of groups x blocks of taps."""
    (_, M, K), channels = weights.shape, packed.shape[2]
    blocks = (K + TAPS_PACKED - 1) // TAPS_PACKED
    room = np.empty((VECTOR_BYTES // packed.itemsize)**2, packed.dtype)
    for item in range(lo, hi):
        g, k = item // blocks, item % blocks * TAPS_PACKED
        turn(address(packed), (g * K + k) * channels,
             shift(address(weights), g * M * K * weights.itemsize), k, 1, K,
             min(TAPS_PACKED, K - k), M, channels, address(room))


def pack(weights):
    """(G, M, K) → (G, K, M rounded up to whole vectors)."""
    (g, m, k), lanes = weights.shape, VECTOR_BYTES // weights.itemsize
    packed = np.zeros((g, k, -(-m // lanes) * lanes), weights.dtype)
    on_cpu(_pack_cpu, (g * -(-k // TAPS_PACKED),), packed, weights, work=packed.size)
    return packed


@once("w", "x", "y")
def _sweep(rows, across, channels, taps, w, w_step, distances, x, x_row, y,
                   y_step):
    """y (rows·across, channels) += Σ_tap x at the distance of the tap · w (taps, …).

    Whole vectors of y are written.  Steps are in bytes, `distances` is the address of the
    table.
    """
    count = (across + ROWS - 1) // ROWS             # tiles of nearly equal height
    low, higher = across // count, across % count
    size = itemsize(y)
    for at in range(0, channels * size, PANEL_BYTES):
        half = channels * size - at <= VECTOR_BYTES
        for k in range(0, taps, TAPS_BLOCK):
            some = min(TAPS_BLOCK, taps - k)
            for r in range(rows):
                j = 0
                for t in range(count):
                    height = low + 1 if t < higher else low
                    channels_tile(height, half, some, shift(w, k * w_step + at), w_step,
                                  distances + k * 8, shift(x, r * x_row + j * size), size,
                                  shift(y, (r * across + j) * y_step + at), y_step, True)
                    j += height


@once("sums", "bias")
def _begin_with(sums, bias, pixels, channels, step):
    """sums (pixels, channels) = bias; `step` numbers from one pixel to the next."""
    first = numbers(bias, 0, channels)
    for q in range(pixels):
        line = numbers(sums, q * step, channels)
        for m in range(line.size):
            line[m] = first[m]


@once("out", "sums", "room")
def _unload(out, sums, room, channels, step, height, width, first, rows, top,
                    left, across, down, right):
    """sums (rows·across, channels) → a part of out (channels, height, width), from row
    `first` of the part on; room for a square of vectors; the rest as in cpu.py."""
    size, plane = itemsize(out), height * width
    lanes, start = VECTOR_BYTES // size, (top + first * down) * width + left
    if right == 1 and down * width == across:       # one long row
        rows, across = 1, rows * across
    for r in range(rows):
        line, pixels = start + r * down * width, r * across
        for m in range(0, channels, lanes):
            some = min(lanes, channels - m)
            for j in range(0, across, lanes):
                source = shift(sums, ((pixels + j) * step + m) * size)
                target = shift(out, (m * plane + line + j * right) * size)
                if right == 1 and some == lanes and across - j >= lanes:
                    transpose(source, step * size, target, plane * size)
                else:
                    transpose(source, step * size, room, lanes * size)
                    _deal(target, room, some, min(lanes, across - j), plane, right)


@jit(forceinline=True)
def _deal(target, room, channels, count, plane, right):
    """The beginning of a square of vectors, to places that are `right` apart."""
    lanes = VECTOR_BYTES // itemsize(room)
    for i in range(channels):
        line = numbers(room, i * lanes, count)
        row = numbers(target, i * plane, (count - 1) * right + 1)
        for q in range(line.size):
            row[q * right] = line[q]


@jit(forceinline=True)
def sum_by_channels(results, weights, bias, g, outputs, m, count, parts, p, distances,
                    band, sums, room, height, width, first, rows, columns, step):
    """Part p of the results, for `count` of the `outputs` channels of group g, from m
    on, whose weights (G, K, M in whole vectors) and pixels are there: rows of it from
    `first` on."""
    (_, K, M), size = weights.shape, weights.itemsize
    tap, taps, across = parts[p, 0], parts[p, 1], parts[p, 5]
    _begin_with(address(sums), shift(address(bias), (g * outputs + m) * size),
                rows * across, count, M)
    _sweep(rows, across, count, taps,
           shift(address(weights), ((g * K + tap) * M + m) * size), M * size,
           distances.ctypes.data + tap * 8, band, columns * size, address(sums),
           M * size)
    _unload(results, address(sums), address(room), count, M, height, width, first, rows,
            parts[p, 2], parts[p, 3], across, step[0], step[1])
