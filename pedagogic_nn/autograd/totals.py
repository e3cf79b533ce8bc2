"""Sums and variances of real numbers along axes, each in one kernel.

The kernels see the axes that disappear as the middle one of three, as softmax's do: an
array (N, C, P).  A sum of C numbers is made of sums of up to 1024, which are added in
float64: of a million ones float32 alone would lose some.
"""
from math import prod
from typing import Any

import numpy as np

from ..backend import contiguous, jit, op
from ..backend.launch import on_cpu

BLOCK = 1024           # numbers that are added up in vector lanes
COLUMNS = 1024         # columns that are walked down side by side: 4 kB stay in cache
PART = 16 * BLOCK      # of a sum of everything: the least for a thread


def middle(x: Any, dims: tuple | None) -> Any:
    """x as (N, C, P), a view; None if NumPy must do it: whole numbers, half precision,
    other layouts, axes that do not lie side by side."""
    if x.dtype.char not in "fd" or not x.flags.c_contiguous or not x.size:
        return None
    if dims is None:
        return x.reshape(1, x.size, 1)
    first, last = min(dims), max(dims)
    if last - first + 1 != len(dims):
        return None
    shape = x.shape
    P = prod(shape[last + 1:]) if last + 1 < len(shape) else 1
    C = shape[first] if first == last else prod(shape[first:last + 1])
    return x.reshape(x.size // (C * P), C, P)


# ---- sums ----------------------------------------------------------------------------


@op
def total(x):
    """x (N, C, P) → Σ_c x (N, P)."""
    return x.sum(1)


@jit(reassociate=True)
def _row_total(row):
    whole = 0.0
    for start in range(0, row.size, BLOCK):
        block, found = row[start:start + BLOCK], row.dtype.type(0)
        for j in range(block.size):
            found += block[j]
        whole += found
    return row.dtype.type(whole)


@jit(reassociate=True)
def _total_cpu(lo, hi, y, x):
    N, C, P = x.shape
    if P == 1:
        rows = x.reshape(N, C)
        for n in range(lo, hi):
            if C > BLOCK:
                y[n, 0] = _row_total(rows[n])
            else:                              # a slice takes as long as 50 numbers
                found = x.dtype.type(0)
                for j in range(C):
                    found += rows[n, j]
                y[n, 0] = found
        return
    while lo < hi:
        n, start = lo // P, lo % P
        width = min(COLUMNS, P - start, hi - lo)
        column = y[n, start:start + width]
        column[:] = 0
        for c in range(C):
            _add(column, x[n, c, start:start + width])
        lo += width


@jit(forceinline=True)
def _add(y, x):
    for p in range(x.size):
        y[p] += x[p]


@jit
def _parts_cpu(lo, hi, shares, x):
    for p in range(lo, hi):
        shares[p] = _row_total(x[p * PART:(p + 1) * PART])


@total.cpu
def _run_total(x):
    x, (N, C, P) = contiguous(x), x.shape
    if N == P == 1 and C > PART:           # threads share out rows: of one, make parts
        x, flat = np.empty((1, -(-C // PART), 1), x.dtype), x.reshape(-1)
        on_cpu(_parts_cpu, x.shape[1:], x.reshape(-1), flat, work=C)
    y = np.empty((N, P), x.dtype)
    on_cpu(_total_cpu, (N * P,), y, x, work=N * C * P)
    return y


total.cuda(lambda x: x.sum(1))             # which CuPy knows how to share out


# ---- variances -----------------------------------------------------------------------


@op
def variance(x, divisor):
    """x (N, C, P), a number → Σ_c (x - mean)² / divisor (N, P), the means (N, P)."""
    mean = x.mean(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return ((x - mean[:, None])**2).sum(1) / x.dtype.type(divisor), mean


@jit(reassociate=True)
def _squares(row, mean):
    """Σ (row - mean)², in blocks as in `_row_total`."""
    whole = 0.0
    for start in range(0, row.size, BLOCK):
        block, found = row[start:start + BLOCK], row.dtype.type(0)
        for j in range(block.size):
            d = block[j] - mean
            found += d * d
        whole += found
    return whole


@jit
def _variance_cpu(lo, hi, y, mean, x, divisor):
    N, C, P = x.shape
    if P == 1:
        rows = x.reshape(N, C)
        for n in range(lo, hi):
            mean[n, 0] = _row_total(rows[n]) / C
            y[n, 0] = _squares(rows[n], mean[n, 0]) / divisor
        return
    while lo < hi:
        n, start = lo // P, lo % P
        stop = start + min(COLUMNS, P - start, hi - lo)
        column, means = y[n, start:stop], mean[n, start:stop]
        means[:], column[:] = 0, 0
        for c in range(C):
            _add(means, x[n, c, start:stop])
        for p in range(means.size):
            means[p] /= C
        for c in range(C):
            _add_squares(column, x[n, c, start:stop], means)
        for p in range(means.size):
            column[p] /= divisor
        lo += stop - start


@jit(forceinline=True)
def _add_squares(y, x, mean):
    for p in range(x.size):
        y[p] += (x[p] - mean[p]) * (x[p] - mean[p])


@variance.cpu
def _run_variance(x, divisor):
    x, (N, _, P) = contiguous(x), x.shape
    y, mean = np.empty((N, P), x.dtype), np.empty((N, P), x.dtype)
    on_cpu(_variance_cpu, (N * P,), y, mean, x, divisor, work=x.size)
    return y, mean


variance.cuda(variance.reference)
