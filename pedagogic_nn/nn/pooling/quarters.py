"""The largest of each 2 x 2 square, on the CPU: what nearly all image networks pool.

The general kernels (max_pool.py) go from window to window, or from row to row, and a row
of 7 numbers leaves most lanes of a vector idle.  Squares that touch, and fill the width,
allow longer ways: first the larger of each two rows, into one array for the whole plane;
then the larger of each two neighbours in it, which needs no ends of rows.
"""
from typing import Any

import numpy as np

from ...backend import contiguous, jit
from ...backend.launch import CHEAP, on_cpu
from ...backend.math import maximum, where
from ...backend.tiles import address
from ..windows import numbers


def fits(size: tuple[int, int], x: Any, window: Any) -> bool:
    """Whether the windows are squares that fill the width of x (P, H, W)."""
    return (window == ((2, 2), (2, 2), (0, 0), (1, 1)) and 2 * size[1] == x.shape[2]
            and 2 * size[0] <= x.shape[1])


@jit
def _places_cpu(lo, hi, y, at, x):
    (_, h, w), (_, H, W), number = y.shape, x.shape, at.dtype.type
    best, place = np.empty(h * W, x.dtype), np.empty(h * W, at.dtype)
    start = np.empty(h * w, at.dtype)                       # of each square in a plane
    for i in range(h):
        for j in range(w):
            start[i * w + j] = number(2 * i * W + 2 * j)
    for p in range(lo, hi):
        for i in range(h):
            _larger_of_rows(numbers(address(best), i * W, W),
                            numbers(address(place), i * W, W),
                            numbers(address(x), (p * H + 2 * i) * W, W),
                            numbers(address(x), (p * H + 2 * i + 1) * W, W))
        _larger_of_neighbours(numbers(address(y), p * h * w, h * w),
                              numbers(address(at), p * h * w, h * w), best, place, start)


@jit(forceinline=True)
def _larger_of_rows(best, place, upper, lower):
    """place: 0 in the upper row, W in the lower one."""
    width = place.dtype.type(upper.size)
    for j in range(best.size):
        below = (lower[j] > upper[j]) | (lower[j] != lower[j])             # or NaN
        best[j] = where(below, lower[j], upper[j])
        place[j] = where(below, width, place.dtype.type(0))


@jit(forceinline=True)
def _larger_of_neighbours(y, at, best, place, start):
    """Of equal ones the first in the order of the plane counts, of two NaN the last."""
    one = at.dtype.type(1)
    for q in range(y.size):
        a, b, i, j = best[2 * q], best[2 * q + 1], place[2 * q], place[2 * q + 1]
        right = ((b > a) | ((b == a) & (j < i)) | ((b != b) & ((a == a) | (j >= i))))
        y[q] = where(right, b, a)
        at[q] = start[q] + where(right, j + one, i)


@jit
def _values_cpu(lo, hi, y, x):
    (_, h, w), (_, H, W) = y.shape, x.shape
    best = np.empty(h * W, x.dtype)
    for p in range(lo, hi):
        for i in range(h):
            line = numbers(address(best), i * W, W)
            upper = numbers(address(x), (p * H + 2 * i) * W, W)
            lower = numbers(address(x), (p * H + 2 * i + 1) * W, W)
            for j in range(line.size):
                line[j] = maximum(upper[j], lower[j])
        values = numbers(address(y), p * h * w, h * w)
        for q in range(values.size):
            values[q] = maximum(best[2 * q], best[2 * q + 1])


def places_into(y: Any, at: Any, x: Any) -> None:
    """Fill y (P, h, w) and at (P, h, w), places in the flat planes of x (P, H, W)."""
    on_cpu(_places_cpu, (len(x),), y, at, contiguous(x), work=x.size // 2)


def values_into(y: Any, x: Any) -> None:
    """Fill y (P, h, w) alone."""
    on_cpu(_values_cpu, (len(x),), y, contiguous(x), work=x.size // CHEAP)
