"""exp of scores, counted from the largest of their row: where softmax, log-softmax and
cross entropy begin.

    top_n = max_j x_nj        total_n = Σ_j exp(x_nj - top_n)

No exp overflows, since none is above exp(0), and no total is 0.  The scores of one
example stand in a row of an array (N, C), or, as the channels of a picture do, in a
column of an array (C, P).

A row of 10 or of 100 numbers is no whole number of vectors, and what is left over runs
number by number.  So `exp_rows` takes many rows at once, and `exp_columns` has its
vectors lie across the columns.
"""
import numpy as np
from numba.extending import overload

from . import math
from .jit import jit
from .math import _bits, _from_bits
from .op import ZERO

# Longer rows go alone: what is left over after the last full vector hardly counts there.
SHORT = 512
BLOCK = 2048           # numbers in a block of short rows: 8 kB in float32 stay in cache
COLUMNS = 256          # columns in a block
FEW = 16               # fewer columns than this fill no vector: they are made rows


@jit(reassociate=True)
def exp_rows(e, top, total, x):
    """x (R, C) → e (R, C) = exp(x - top), top (R,), total (R,).  C is at least 1."""
    R, C = x.shape
    for n in range(R):
        top[n] = most = largest(x, n)
        for j in range(C):
            e[n, j] = x[n, j] - most
    flat = e.reshape(-1)
    for k in range(flat.size):
        flat[k] = math.exp(flat[k])
    for n in range(R):
        row = x.dtype.type(0)
        for j in range(C):
            row += e[n, j]
        total[n] = row


def largest(x, n):
    """The largest number of row n of x (R, C), which has one; any of them beside NaN,
    whose exp makes the total NaN without it."""
    return x[n].max()


@overload(largest, target="cpu", jit_options={"forceinline": True})
def _(x, n):
    # Whole numbers compare in one instruction, numbers that may be NaN in four.  Read as
    # whole numbers, the bits of positive numbers have their order; those of negative
    # numbers are negative, in the opposite order.
    def largest(x, n):
        high = low = _bits(x[n, 0])
        for j in range(x.shape[1]):
            high = max(high, _bits(x[n, j]))
            low = min(low, _bits(x[n, j]))
        return _from_bits(high if high >= 0 else low)

    return largest


@jit
def exp_columns(e, top, total, x, start):
    """x (C, P) → top, total (W,) of W columns from `start` on, and e (C, P) there.

    An empty e is left as it is.
    """
    stop = start + top.size
    top[:] = -np.inf
    for c in range(x.shape[0]):
        _larger(top, x[c, start:stop])
    total[:] = ZERO
    for c in range(x.shape[0]):
        if e.size:
            _keep_exp(e[c, start:stop], total, x[c, start:stop], top)
        else:
            _add_exp(total, x[c, start:stop], top)


@jit
def columns_at(k, end, P):
    """Where to go on among the columns of (N, C, P), counted through from k to `end`.

    Returns the example n, its column, and how many columns to take: of one example, and
    at most COLUMNS.
    """
    n, start = k // P, k % P
    return n, start, min(COLUMNS, P - start, end - k)


@jit(forceinline=True)
def surprise(x, top, log_total):
    """-log p of a score.  The large numbers meet first: 10,000.5 - 10,000 is exact, and
    10,000 + log 2 is not."""
    return (top - x) + log_total


# ---- one loop each, over what lies side by side in memory ----------------------------


@jit
def log_each(y, x):
    """y = log x, which may be y itself: in vectors, a quarter of the time of one by one.
    """
    for j in range(x.size):
        y[j] = math.log(x[j])


@jit(reassociate=True)
def row_sum(x):
    total = x.dtype.type(0)
    for j in range(x.size):
        total += x[j]
    return total


@jit
def _larger(top, x):
    for p in range(x.size):
        top[p] = math.maximum(top[p], x[p])


@jit
def _add_exp(total, x, top):
    for p in range(x.size):
        total[p] += math.exp(x[p] - top[p])


@jit
def _keep_exp(e, total, x, top):
    for p in range(x.size):
        e[p] = math.exp(x[p] - top[p])
        total[p] += e[p]
