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
    itemsize,
    shift,
    transpose,
)
from ..windows import numbers
from .tiles import channels_tile

TAPS_BLOCK = 288                    # of a panel: 36 KiB of float32, with 64-byte vectors
TAPS_PACKED = 256                   # by a thread at a time


@jit(forceinline=True)
def turn(target, at, source, first, step, plane, count, inputs, channels):
    """`count` pixels, `step` apart, of `inputs` planes → (count, channels)."""
    size = itemsize(target)
    lanes = VECTOR_BYTES // size
    whole = inputs - inputs % lanes if step == 1 else 0
    squares = count - count % lanes if step == 1 else 0
    for c in range(0, whole, lanes):
        for j in range(0, squares, lanes):
            transpose(shift(source, (c * plane + first + j) * size), plane * size,
                      shift(target, (at + j * channels + c) * size), channels * size)
    for c in range(inputs):
        pixels = numbers(source, c * plane + first, (count - 1) * step + 1)
        turned = numbers(target, at + c, (count - 1) * channels + 1)
        for j in range(squares if c < whole else 0, count):
            turned[j * channels] = pixels[j * step]


@jit
def _pack_cpu(lo, hi, packed, weights):
    """Items lo … hi of groups x blocks of taps."""
    (_, M, K), channels = weights.shape, packed.shape[2]
    blocks = (K + TAPS_PACKED - 1) // TAPS_PACKED
    for item in range(lo, hi):
        g, k = item // blocks, item % blocks * TAPS_PACKED
        turn(address(packed), (g * K + k) * channels, address(weights), g * M * K + k, 1,
             K, min(TAPS_PACKED, K - k), M, channels)


def pack(weights):
    """(G, M, K) → (G, K, M rounded up to whole vectors)."""
    (g, m, k), lanes = weights.shape, VECTOR_BYTES // weights.itemsize
    packed = np.zeros((g, k, -(-m // lanes) * lanes), weights.dtype)
    on_cpu(_pack_cpu, (g * -(-k // TAPS_PACKED),), packed, weights, work=packed.size)
    return packed


@once("w", "x", "y")
def sweep_channels(rows, across, channels, taps, w, w_step, distances, x, x_row, y,
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
def begin_with(sums, bias, pixels, channels, step):
    """sums (pixels, channels) = bias; `step` numbers from one pixel to the next."""
    first = numbers(bias, 0, channels)
    for q in range(pixels):
        line = numbers(sums, q * step, channels)
        for m in range(line.size):
            line[m] = first[m]


@once("out", "sums", "room")
def unload_channels(out, sums, room, channels, step, height, width, first, rows, top,
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
