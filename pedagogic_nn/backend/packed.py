"""Weights in the order in which the tiles of a product read them: packed into panels.

    rows        of w (N, K), the weights of one output each, for x @ w.T
    columns     of w (K, N), for dy @ w, which takes gradients back to the inputs

What is asked for again while the weight is the same is kept (kept.py), in another array
of the weight's size.
"""
import numpy as np

from .gemm import (
    M_BLOCK,
    PRODUCTS_PER_ELEMENT,
    matmul,
    pack_columns,
    pack_rows,
    rows_times_packed,
)
from .jit import jit
from .kept import kept
from .launch import contiguous, like, on_cpu
from .tiles import PANEL_BYTES

WORTH_KEEPING = 2**14    # numbers: to remember a smaller weight takes as long as packing


# ---- for kernels ---------------------------------------------------------------------


@jit
def _pack_rows(w, packed, other, packed_other):
    pack_rows(w, packed)
    if packed_other.size > 0:
        pack_rows(other, packed_other)


@jit
def _pack_columns(w, packed, other, packed_other):
    pack_columns(w, packed)
    if packed_other.size > 0:
        pack_columns(other, packed_other)


def packed_rows(w, other=None):
    """w (N, K), packed for x @ w.T in kernels, and `other` (of size 0 without one)."""
    found, rest = kept_rows(w), nothing(w) if other is None else kept_rows(other)
    return _rows(w, other) if found is None or rest is None else (found, rest)


def packed_columns(w, other=None):
    """w (K, N), packed for dy @ w in kernels, and `other` (of size 0 without one)."""
    found, rest = kept_columns(w), nothing(w) if other is None else kept_columns(other)
    return _columns(w, other) if found is None or rest is None else (found, rest)


def kept_rows(w):
    """The packed rows of w, or None as long as nothing is to be kept of it."""
    return None if w.size < WORTH_KEEPING else kept(w, "rows", lambda: _rows(w)[0])


def kept_columns(w):
    """The packed columns of w, or None as long as nothing is to be kept of it."""
    return None if w.size < WORTH_KEEPING else kept(w, "columns", lambda: _columns(w)[0])


def _rows(w, other=None):
    return _in_one_call(_pack_rows, w, w.shape,
                        other, () if other is None else other.shape)


def _columns(w, other=None):
    return _in_one_call(_pack_columns, w, w.shape[::-1],
                        other, () if other is None else other.shape[::-1])


def _in_one_call(pack, w, shape, other, other_shape):
    """Both packed: a call from Python takes as long as packing a small weight."""
    packed = _room(*shape, w)
    if other is None:
        pack(contiguous(w), packed, w, rest := nothing(w))
    else:
        pack(contiguous(w), packed, contiguous(other), rest := _room(*other_shape, w))
    return packed, rest


def _room(n, k, like):
    """For packed rows (n, k): `gemm.packed_shape` in a third of its time."""
    width = PANEL_BYTES // like.itemsize
    return np.empty((-(-n // width), k, width), like.dtype)


def panels_for(w):
    """How many panels the rows of w fill."""
    return -(-len(w) * w.itemsize // PANEL_BYTES)


def nothing(like):
    """What stands for packed weights that there are not."""
    return np.empty((0, 0, 0), like.dtype)


# ---- products with a weight ----------------------------------------------------------


def times_rows(x, w, out=None, accumulate=False):
    """x (M, K) times the rows of w (N, K) → x @ w.T (M, N); `out`, `accumulate` as in
    `matmul`."""
    return _product(x, w.T, rows_for(x, w), out, accumulate)


def times_columns(dy, w, out=None, accumulate=False):
    """dy (M, K) times the columns of w (K, N) → dy @ w (M, N)."""
    packed = kept_columns(w) if _worth_packing(dy, w) else None
    return _product(dy, w, packed, out, accumulate)


def rows_for(x, w):
    """The kept rows of w, or None if x (M, K) is multiplied as fast without them."""
    return kept_rows(w) if _worth_packing(x, w) else None


def _worth_packing(x, w):
    """Whether a product of x (M, ·) with packed w is faster than with w where it lies.

    A single row reads it as fast there; with many, packing costs little.  In between the
    product takes a third to nine tenths of the time.
    """
    return w.size >= WORTH_KEEPING and 1 < len(x) <= M_BLOCK and x.dtype == w.dtype


def _product(x, b, packed, out, accumulate):
    if packed is None:
        return matmul(x, b, out=out, accumulate=accumulate)
    if out is None:
        accumulate, out = False, like(x, (len(x), b.shape[1]))
    on_cpu(_times_panels, packed.shape[:1], out, contiguous(x), packed, accumulate,
           work=len(x) * b.size // PRODUCTS_PER_ELEMENT)
    return out


@jit
def _times_panels(lo, hi, out, x, packed, accumulate):
    first, end = columns_of(lo, hi, out)
    rows_times_packed(x, packed[lo:hi], out[:, first:end], accumulate)


@jit
def columns_of(lo, hi, out):
    """The columns first … end - 1 of `out` that belong to the panels lo … hi - 1."""
    width = PANEL_BYTES // out.itemsize
    return lo * width, min(hi * width, out.shape[1])
