"""Where the taps of a filter lie in memory, and how an image is cut into bands.

The kernels copy a *band*, some rows of an image with what the filter needs around them,
into memory of its own, with its zeros.  There every tap of the filter is a fixed distance
from the pixel that it is for: one row down is `columns` numbers further.

        columns ───────────>        tap (u, v) of the pixel at p is at
      0 0 0 0 0 0 0 0 0 0             p + u·columns + v
      0 x x x x x x x x 0
      0 x x x x x x x x 0           p runs over the ends of the rows; what is computed
                                    there is thrown away

A stride of s would visit every s-th number.  So the band is stored as s·s smaller images,
the *phases*, each with every s-th row and column: a tap lies in one of them, and there
its neighbours in memory are the taps of the next pixels again.

Backwards, each pixel of dx gathers from dy the patches that it belongs to.  With a stride
those are different taps for different pixels: dx too falls into s·s phases, and each, a
*part*, has taps of its own.
"""
import functools
import itertools
from typing import NamedTuple

import numpy as np

from ...backend import jit
from ...backend.tiles import PANEL_BYTES, VECTOR_BYTES

# Measured on a core with 32 KiB and 1 MiB of cache; half or double changes little.
BAND_BYTES = 2**18               # of the pixels of a band, and of its sums
BAND_PIXELS = 1024               # of a band whose products with another are summed
CHANNELS_BLOCK = 32


class _Frame(NamedTuple):
    """How a band lies in memory, and where its results go."""

    phases: tuple[int, int]      # of the source, rows and columns
    before: tuple[int, int]      # zeros above and to the left of the source
    band: int                    # rows of results of a band
    rows: int                    # of each phase: for the band and what is around it
    columns: int                 # from one row to the next
    step: tuple[int, int]        # from one row or column of a part to the next

    def as_array(self):
        return np.array([*self.phases, *self.before, self.band, self.rows, self.columns,
                         *self.step])


class _Plan(NamedTuple):
    """The tables of one direction.

    frame (9,): a `_Frame`.  parts (P, 6): first tap and how many, first row and column of
    the results, rows and columns.  distances (taps,): in bytes.  taps: for each of
    several parts the rows u and columns v of the filter, in the order of the table.
    complete: whether the parts cover the results.  channels: whether vectors of output
    channels waste less than vectors of pixels.
    """

    frame: np.ndarray
    parts: np.ndarray
    distances: np.ndarray
    taps: tuple
    complete: bool
    channels: bool


@jit
def read(numbers):
    """The array of a frame, which is what threads can be given, as it was."""
    phases, before = (numbers[0], numbers[1]), (numbers[2], numbers[3])
    step = (numbers[7], numbers[8])
    return phases, before, numbers[4], numbers[5], numbers[6], step


def _band(rows, around, columns, channels, outputs, itemsize):
    """How many of `rows` rows a band should have, for the second cache."""
    pixels = BAND_BYTES // (itemsize * max(1, channels, outputs))
    return max(1, min(rows, pixels // max(1, columns) - around))


@functools.lru_cache(maxsize=256)
def plan(channels, outputs, kernel, size, window, itemsize):
    """The plan of y = convolve(x, w): `channels` and `outputs` of a group, y's size."""
    stride, phase, steps = _taps(kernel, size, window)
    frame = _frame(size, steps, channels, outputs, stride, window.padding, (1, 1),
                   itemsize)
    distances = _distances(channels, frame, phase, steps) * itemsize
    parts = np.array([[0, distances.size, 0, 0, *size]])
    return _Plan(frame.as_array(), parts, distances, (), True,
                 _by_channels(outputs, frame, size[1], itemsize))


def _by_channels(outputs, frame, width, itemsize):
    """Whether the vectors should hold output channels: see channels.py.

    With one more in 16 for turning the sums.
    """
    lanes, panel = VECTOR_BYTES // itemsize, PANEL_BYTES // itemsize
    pixels = -(-((frame.band - 1) * frame.columns + width) // panel) * panel
    channels = -(-outputs // lanes) * lanes
    return channels * frame.band * width * 17 < outputs * pixels * 16


def _taps(kernel, size, window):
    """(the stride, the taps' phases, their steps within a phase), for rows and columns.

    A stride that leads nowhere, for a single position, counts as 1.
    """
    stride = _strides(size, window)
    taps = [np.arange(k) * d for k, d in zip(kernel, window.dilation)]
    return stride, *zip(*[(t % s, t // s) for t, s in zip(taps, stride)])


def _strides(size, window):
    return tuple(s if n > 1 else 1 for n, s in zip(size, window.stride))


@functools.lru_cache(maxsize=256)
def transposed_plan(channels, outputs, kernel, small, size, window, itemsize):
    """The plan of dx = convolve_transposed(dy, w): `channels` of dy, `outputs` of dx;
    `small` is the size of dy, `size` that of dx."""
    stride = _strides(small, window)
    axes = [_parts_of_axis(*axis) for axis in zip(
        kernel, size, stride, window.padding, window.dilation)]
    lowest = [min(s for _, _, _, steps in axis for s in steps) for axis in axes]
    steps = [np.concatenate([steps for *_, steps in axis]) - low
             for axis, low in zip(axes, lowest)]
    largest = [max(count for _, _, count, _ in axis) for axis in axes]
    frame = _frame(largest, steps, channels, outputs, (1, 1),
                   tuple(-low for low in lowest), stride, itemsize)
    parts, distances, taps, first = [], [], [], 0
    for rows, columns in itertools.product(*axes):
        (us, top, height, down), (vs, left, width, right) = rows, columns
        zeros = np.zeros(len(us), int), np.zeros(len(vs), int)
        found = _distances(channels, frame, zeros, (down - lowest[0], right - lowest[1]))
        parts.append([first, found.size, top, left, height, width])
        distances.append(found * itemsize)
        taps.append((tuple(us), tuple(vs)))
        first += found.size
    return _Plan(frame.as_array(), np.array(parts), np.concatenate(distances),
                 tuple(taps), len(parts) == stride[0] * stride[1],
                 _by_channels(outputs, frame, largest[1], itemsize))


def _parts_of_axis(kernel, size, stride, padding, dilation):
    """(taps, first position, how many positions, where each tap reads) for each phase
    that has taps.

    Position h + padding = stride · t + phase reads tap u from t - (u·dilation - phase) /
    stride, if that is a whole number.
    """
    parts = []
    for phase in sorted({u * dilation % stride for u in range(kernel)}):
        taps = [u for u in range(kernel) if u * dilation % stride == phase]
        first = (phase - padding) % stride
        at = (first + padding - phase) // stride
        steps = np.array([at - u * dilation // stride for u in taps], np.int64)
        parts.append((taps, first, max(0, -(-(size - first) // stride)), steps))
    return parts


def _frame(size, steps, channels, outputs, phases, before, step, itemsize):
    around, beside = (int(s.max(initial=0)) for s in steps)
    columns = size[1] + beside
    numbers = channels * phases[0] * phases[1]
    band = _band(size[0], around, columns, numbers, outputs, itemsize)
    return _Frame(phases, before, band, band + around, columns, step)


def _distances(channels, frame, phase, steps):
    """(channels, taps of the rows, taps of the columns) → numbers from a pixel, flat."""
    (a, b), (down, right) = phase, steps
    channel = np.arange(channels)[:, None, None] * frame.phases[0]
    plane = (channel + a[:, None]) * frame.phases[1] + b
    return ((plane * frame.rows + down[:, None]) * frame.columns + right).reshape(-1)


# ---- the gradient of the weights -----------------------------------------------------


@functools.lru_cache(maxsize=256)
def pixels_plan(channels, kernel, size, window, itemsize):
    """For few_channels.py, and dy of this size: (frame, distances, images of a band,
    channels of a block)."""
    stride, phase, steps = _taps(kernel, size, window)
    around, beside = (int(s.max(initial=0)) for s in steps)
    columns = size[1] + beside
    band = max(1, min(size[0], BAND_PIXELS // columns))
    frame = _Frame(stride, window.padding, band, band + around, columns, (1, 1))
    images = max(1, BAND_PIXELS // (band * columns))
    plane = images * stride[0] * stride[1] * frame.rows * columns
    block = max(1, min(channels, BAND_BYTES // (itemsize * plane)))
    distances = _distances(block, frame, phase, steps) * itemsize
    return frame.as_array(), distances, images, block


class _Runs(NamedTuple):
    """The tables of weights.py.

    frame (9,): a `_Frame`.  runs (R, 3): taps that are neighbours in the band, one run
    after the other: where it begins there and among the sums, and how long it is.
    taps (kH·kW,): where each is among the sums.  length: of the sums of an output.
    distances (pixels of a band,): in bytes.  images of a band, channels of a block.
    """

    frame: np.ndarray
    runs: np.ndarray
    taps: np.ndarray
    length: int
    distances: np.ndarray
    images: int
    channels: int


@functools.lru_cache(maxsize=256)
def channels_plan(channels, kernel, size, window, itemsize, lanes):
    """The tables for x with the channels of a pixel side by side; dy of this size, sums
    that are cut into pieces of `lanes`."""
    stride, (a, b), (down, right) = _taps(kernel, size, window)
    around, beside = int(down.max()), int(right.max())
    columns = size[1] + beside
    row = itemsize * stride[0] * stride[1] * columns
    block = max(1, min(channels, CHANNELS_BLOCK, BAND_BYTES // (row * (around + 1))))
    band = max(1, min(size[0], BAND_BYTES // (row * block) - around))
    rows = band + around
    images = max(1, BAND_BYTES // (row * block * rows)) if band == size[0] else 1
    runs, taps, at = [], np.empty((len(a), len(b)), np.int64), 0
    for u, phase in itertools.product(range(len(a)), range(stride[1])):
        start = ((a[u] * stride[1] + phase) * rows + down[u]) * columns
        for vs in _neighbours([v for v in range(len(b)) if b[v] == phase], right):
            runs.append([(start + right[vs[0]]) * block, at, len(vs) * block])
            taps[u, vs] = at + np.arange(len(vs)) * block
            at += -(-len(vs) * block // lanes) * lanes
    pixels = np.arange(band)[:, None] * columns + np.arange(size[1])
    frame = _Frame(stride, window.padding, band, rows, columns, (1, 1))
    return _Runs(frame.as_array(), np.array(runs), taps.reshape(-1), at,
                 pixels.reshape(-1) * block * itemsize, images, block)


def _neighbours(taps, right):
    """Lists of taps whose columns follow one another."""
    found = []
    for v in taps:
        if found and right[v] == right[found[-1][-1]] + 1:
            found[-1].append(v)
        else:
            found.append([v])
    return found
