"""What RNN, LSTM and GRU share: one operation for a layer and a whole sequence.

A batch of sequences is a matrix of rows, time step after time step, whether it was padded
(every step has a row for each sequence) or packed (a step has rows for the sequences that
are long enough):

    step 0: a x p │ step 1: b y │ step 2: c        sizes 3 2 1, starts 0 3 5

`Steps` says where each step lies; nothing else needs to know of padding, packing or
direction: backwards in time, the same steps come in the opposite order.

    1  W_ih and W_hh are packed for products (backend/gemm.py), once
    2  step after step: a = x W_ihᵀ + h W_hhᵀ, then the units; h is one row for each
       sequence, overwritten in place, so a sequence that has ended keeps its last state
    3  backwards: the same steps from the last to the first turn what the units left
       into da, in the same memory; dh = da W_hh, dx += da W_ih
    4  dW_ih = daᵀ x, dW_hh = daᵀ h' (h': the states before each step): one product each;
       db is the sum of da

Threads share out the sequences and never wait for each other within 2 or 3.
"""
import functools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numba
import numpy as np
from numba.extending import overload

from ...autograd.function import Primitive
from ...autograd.products import matmul_arrays
from ...backend import jit, like, op
from ...backend.device import xp_of
from ...backend.gemm import (
    PRODUCTS_PER_ELEMENT,
    matmul,
    multiply_into,
)
from ...backend.launch import contiguous, on_cpu
from ...backend.tiles import address, itemsize, shift


class Steps:
    """Where the rows of each time step lie, in the order of their computation.

    Args:
        sizes: how many sequences have each step (T,), never growing.
        backwards: begin with the last step.

    Attributes:
        starts, sizes: the first row and the number of rows of each step (T,).
        shares: the number of rows of the sequences in front of each sequence (B,).
        rows, batch: all rows S, and all sequences B.

    Example:
        >>> steps = Steps(np.array([3, 2, 1]))
        >>> [(rows.start, rows.stop, n) for rows, n in steps]
        [(0, 3, 3), (3, 5, 2), (5, 6, 1)]
    """

    def __init__(self, sizes: np.ndarray, backwards: bool = False) -> None:
        sizes = np.asarray(sizes, np.int64)
        starts = np.cumsum(sizes) - sizes
        self.batch, self.rows = int(sizes[0]), int(sizes.sum())
        sequences = np.arange(self.batch)
        lengths = sizes.size - np.searchsorted(sizes[::-1], sequences, side="right")
        self.shares = np.cumsum(lengths) - lengths
        order = -1 if backwards else 1
        self.starts, self.sizes = starts[::order].copy(), sizes[::order].copy()
        self.uniform = bool((sizes == sizes[0]).all())
        self.is_backwards = backwards

    @staticmethod
    @functools.lru_cache(64)
    def padded(length: int, batch: int) -> "Steps":
        """`length` steps of `batch` sequences each."""
        return Steps(np.full(length, batch))

    @functools.cached_property
    def backwards(self) -> "Steps":
        """The same steps, the last one first."""
        sizes = self.sizes[::-1] if self.is_backwards else self.sizes
        return Steps(sizes, not self.is_backwards)

    def __iter__(self) -> Iterator[tuple[slice, int]]:
        ends = self.starts + self.sizes
        return zip(map(slice, self.starts.tolist(), ends.tolist()), self.sizes.tolist())

    def __reversed__(self) -> Iterator[tuple[slice, int]]:
        return reversed(list(self))

    def __repr__(self) -> str:
        return f"Steps({self.sizes.tolist()})"


def states_before(states: Any, first: Any, steps: Steps) -> Any:
    """states (S, H) after each step, first (B, H) → those before each step (S, H)."""
    before, now = like(states), first.copy()
    for rows, n in steps:
        before[rows] = now[:n]
        now[:n] = states[rows]
    return before


@op
def product_into(out, a, b, accumulate):
    """out (M, N) = or += a (M, K) b (K, N) → out, written in place."""
    out[...] = a @ b + out if accumulate else a @ b
    return out


@product_into.cpu
def _product_into_cpu(out, a, b, accumulate):
    return matmul(a, b, out=out, accumulate=accumulate)


@product_into.cuda
def _product_into_cuda(out, a, b, accumulate):
    out[...] = matmul_arrays(a, b) + out if accumulate else matmul_arrays(a, b)
    return out


# ---- for the CPU kernels -------------------------------------------------------------


def over_sequences(kernel, steps, w_ih, w_hh, *args):
    """Run kernel(lo, hi, shares, starts, sizes, *args), once or once per thread.

    lo … hi are rows; `sequences(shares, lo, hi)` says which sequences that means: an even
    share of the work, though packed ones differ in length.
    """
    work = steps.rows * (w_ih.size + w_hh.size) // PRODUCTS_PER_ELEMENT
    on_cpu(kernel, (steps.rows,), steps.shares, steps.starts, steps.sizes, *args,
           work=work if steps.batch > 1 else 1)


@jit
def sequences(shares, lo, hi):
    """The sequences first … end - 1 that begin in lo … hi of all rows."""
    first = 0
    while first < shares.size and shares[first] < lo:
        first += 1
    end = first
    while end < shares.size and shares[end] < hi:
        end += 1
    return first, end


def row_of(a, i, column, size):
    """a[i, column:column + size] of an array whose rows are contiguous.

    In a kernel it is a view that nobody counts: a slice costs 5 ns, more than a unit.
    """
    return a[i, column:column + size]


@overload(row_of, target="cpu")
def _(a, i, column, size):
    def row_of(a, i, column, size):
        start = shift(address(a), i * a.strides[0])
        return numba.carray(shift(start, column * itemsize(start)), size)

    return row_of


# The product with x belongs into the time loop: what it writes is then read from the
# cache (0.9 of the time).  But a step of few rows would load all of w_ih for little work;
# then the rows of all steps are multiplied together, in front of the loop.
LARGE, ENOUGH_ROWS, ENOUGH_FOR_LARGE = 2**17, 3, 8       # bytes, rows in a step


def in_loop(w_ih, steps):
    """w_ih if its products belong into the time loop, else None."""
    enough = ENOUGH_FOR_LARGE if w_ih.nbytes > LARGE else ENOUGH_ROWS
    return w_ih if steps.rows >= enough * steps.starts.size else None


def input_slopes(w_ih, dx, steps):
    """w_ih and dx if the time loop is to add da @ w_ih to dx, else None and nothing."""
    inputs = None if dx is None else in_loop(w_ih, steps)
    return inputs, np.empty((0, 0), w_ih.dtype) if inputs is None else dx


def add_input_slopes(dx, da, w_ih, steps):
    """dx += da w_ih, unless the time loop did it."""
    if dx is not None and in_loop(w_ih, steps) is None:
        product_into(dx, da, w_ih, True)


# ---- the gradients of the weights ----------------------------------------------------


@op
def weight_slopes(da, x, states, column, first, steps, rows, size):
    """da (S, R) or (S, R + H), x (S, D), states after each step (S, ·), initial ones
    (B, P) or None for zeros → dw_ih (R, D), dw_hh (R, P), and the sum of da (R,) or
    (R + H,), from which db comes.

    The states are the columns from `column` on, size P; rows R.  H columns more (of GRU)
    are those of the last H rows of w_hh, which then differ from those of w_ih.
    """
    states, more = states[:, column:column + size], da.shape[1] - rows
    before = states_before(states, _or_zeros(first, states, steps), steps)
    hidden = np.concatenate([da[:, :rows - more], da[:, da.shape[1] - more:]], axis=1)
    return da[:, :rows].T @ x, hidden.T @ before, da.sum(0)


def _or_zeros(first, states, steps):
    if first is not None:
        return first
    return xp_of(states).zeros((steps.batch, states.shape[1]), states.dtype)


@jit
def _sum_rows(a, column, total):
    """total (C,) = the sum of a[:, column:column + C]."""
    C, S = total.size, len(a)
    total[:] = 0
    for s in range(0, S - 3, 4):                  # four rows each time total is loaded
        first, second = row_of(a, s, column, C), row_of(a, s + 1, column, C)
        third, fourth = row_of(a, s + 2, column, C), row_of(a, s + 3, column, C)
        for j in range(C):
            total[j] += (first[j] + second[j]) + (third[j] + fourth[j])
    for s in range(S - S % 4, S):
        last = row_of(a, s, column, C)
        for j in range(C):
            total[j] += last[j]


@jit
def _weights_cpu(lo, hi, dw_ih, dw_hh, total, da, x, states, column, later, earlier,
                 count, first, begin):
    """The rows lo … hi.  Before the rows of da from `later` on came the states from
    `earlier` on, and before those from `begin` on the first ones."""
    R, P = dw_hh.shape
    more = da.shape[1] - R
    left, right = lo * da.shape[1] // R, hi * da.shape[1] // R
    _sum_rows(da, left, total[left:right])
    multiply_into(da[:, lo:hi].T, x, dw_ih[lo:hi], False)
    before = states[earlier:earlier + count, column:column + P]
    for top, bottom, skip in ((lo, min(hi, R - more), 0), (max(lo, R - more), hi, more)):
        if top < bottom:
            hidden, dw = da[:, top + skip:bottom + skip], dw_hh[top:bottom]
            multiply_into(hidden[later:later + count].T, before, dw, False)
            if first.size > 0:
                multiply_into(hidden[begin:begin + len(first)].T, first, dw, True)


@weight_slopes.cpu
def _run_weights(da, x, states, column, first, steps, rows, size):
    da, x, states = contiguous(da), contiguous(x), contiguous(states)
    S, n = steps.rows, steps.batch
    later, earlier, count, begin = n, 0, S - n, 0
    if steps.is_backwards:
        later, earlier, begin = 0, n, S - n
    if not steps.uniform:
        states = states[:, column:column + size]
        states = states_before(states, _or_zeros(first, states, steps), steps)
        column = later = earlier = 0
        first, count = None, S
    first = np.empty((0, size), da.dtype) if first is None else contiguous(first)
    dw_ih, dw_hh = like(da, (rows, x.shape[1])), like(da, (rows, size))
    total, work = like(da, da.shape[1:]), S * (dw_ih.size + dw_hh.size)
    on_cpu(_weights_cpu, (rows,), dw_ih, dw_hh, total, da, x, states, column, later,
           earlier, count, first, begin, work=work // PRODUCTS_PER_ELEMENT)
    return dw_ih, dw_hh, total


@weight_slopes.cuda
def _weights_cuda(da, x, states, column, first, steps, rows, size):
    states, more = states[:, column:column + size], da.shape[1] - rows
    before = states_before(states, _or_zeros(first, states, steps), steps)
    hidden = xp_of(da).concatenate([da[:, :rows - more], da[:, da.shape[1] - more:]], 1)
    return matmul_arrays(da[:, :rows].T, x), matmul_arrays(hidden.T, before), da.sum(0)


# ---- a layer on the tape -------------------------------------------------------------


class Weights(NamedTuple):
    """The weights of one direction: w_ih (G·H, D), w_hh (G·H, P), biases (G·H,) or None,
    w_hr (P, H) or None (then P = H)."""

    w_ih: Any
    w_hh: Any
    b_ih: Any
    b_hh: Any
    w_hr: Any = None


class SequenceLayer(Primitive):
    """A layer of one or two directions over a whole sequence.

        apply(x, *states, *weights, steps=…, directions=…) → out, *last states

    x (S, D) or (T, B, D); each of the states (directions, B, P or H), or None for zeros;
    the weights of each direction as in `Weights`.  out (S or T, B, directions · P).

    Subclasses say how many `states` they have, and run one direction.
    """

    states = 1

    @staticmethod
    def run(x, w, states, steps, out, column, keep):
        """Write h of all steps into out[:, column:column + P].

        Returns the last states, and what `run_backward` needs if `keep` asks for it.
        """
        raise TypeError("run must be given by the subclass")

    @staticmethod
    def run_backward(kept, w, states, steps, out, dout, column, dlast, dx):
        """da as in `weight_slopes`, the gradients of the states (B, ·), and dw_hr if
        there is a projection.

        Adds da w_ih to dx (S, D), unless that is None.  `kept` may be overwritten.
        """
        raise TypeError("run_backward must be given by the subclass")

    @staticmethod
    def forward(ctx, x, *others, steps, directions=1):
        ctx.steps, ctx.directions, half = steps, directions, x.dtype.itemsize == 2
        ctx.materialize_grads = False                  # often nobody uses the last states
        if half:                                       # kernels have no other way
            x, *others = (_in(np.float32, a) for a in (x, *others))
        out, last, ctx.kept = _run(ctx, x, others, True in ctx.needs_input_grad)
        ctx.save_for_backward(x, out, *others)
        return tuple([_in(np.float16, a) for a in (out, *last)]) if half else (out, *last)

    @staticmethod
    def backward(ctx, *gradients):
        x, out, *others = ctx.saved
        kept, ctx.kept = ctx.kept, None         # it becomes da: the next backward needs
        if kept is None:                        # (after retain_graph) to compute it anew
            kept = _run(ctx, x, others, True)[2]
        states, weights = _split(ctx, others)
        dout, *dlast = [g if g is None or g.dtype == x.dtype else _in(x.dtype, g)
                        for g in gradients]
        dout = xp_of(out).zeros(out.shape, out.dtype) if dout is None else dout
        shape, x, out, dout = x.shape, _rows(x), _rows(out), _rows(dout)
        dx = xp_of(x).zeros(x.shape, x.dtype) if ctx.needs_input_grad[0] else None
        dstates, dweights = [], []
        for d, w in enumerate(weights):
            (rows, size), steps = w.w_hh.shape, _direction(ctx.steps, d)
            first, found = kept[d]
            ends = [xp_of(s).zeros(s.shape, s.dtype) if g is None else g[d]
                    for g, s in zip(dlast, first)]
            da, dfirst, *dw_hr = ctx.function.run_backward(
                found, w, first, steps, out, dout, d * size, ends, dx)
            dstates.append(dfirst)
            dw = [None] * 4
            if True in ctx.needs_input_grad[1 + len(states):]:
                initial = None if states[0] is None else first[0]
                *dw, total = weight_slopes(da, x, out, d * size, initial, steps, rows,
                                           size)
                dw += _bias_slopes(total, rows)
            dweights += [*dw, *dw_hr]
        dstates = states if states[0] is None else map(_stack, zip(*dstates))
        return None if dx is None else dx.reshape(shape), *dstates, *dweights


def _in(dtype, a):
    return None if a is None else a.astype(dtype)


def _rows(a):
    """(T, B, ·) or (S, ·) → (S, ·), in C order."""
    return contiguous(a).reshape(-1, a.shape[-1]) if a.ndim == 3 else contiguous(a)


def _direction(steps, d):
    return steps.backwards if d else steps


def _stack(arrays):
    """Arrays (B, ·), one for each direction → (directions, B, ·)."""
    return arrays[0][None] if len(arrays) == 1 else xp_of(arrays[0]).stack(arrays)


def _split(ctx, others):
    """What follows x: the states, and the weights of each direction."""
    n = ctx.function.states
    count = (len(others) - n) // ctx.directions
    return others[:n], [Weights(*others[k:k + count])
                        for k in range(n, len(others), count)]


def _first_states(states, d, w, steps):
    """The initial states of a direction: h (B, P), and c (B, H) if there is one."""
    if states[0] is not None:
        return [s[d] for s in states]
    (rows, size), zeros, dtype = w.w_hh.shape, xp_of(w.w_hh).zeros, w.w_hh.dtype
    sizes = (size, rows // 4)[:len(states)]
    return [zeros((steps.batch, n), dtype) for n in sizes]


def _run(ctx, x, others, keep):
    """out, the last states (directions, B, ·), and what each direction keeps."""
    states, weights = _split(ctx, others)
    size = weights[0].w_hh.shape[1]
    out = like(x, (*x.shape[:-1], size * len(weights)))
    rows, flat, last, kept = _rows(x), out.reshape(-1, out.shape[-1]), [], []
    for d, w in enumerate(weights):
        first, steps = _first_states(states, d, w, ctx.steps), _direction(ctx.steps, d)
        ends, found = ctx.function.run(rows, w, first, steps, flat, d * size, keep)
        last.append(ends)
        kept.append((first, found))
    return out, [_stack(each) for each in zip(*last)], kept


def _bias_slopes(total, rows):
    """The gradients of b_ih and b_hh (R,), from the sum of da as in `weight_slopes`."""
    more = len(total) - rows
    if not more:
        return total, total
    return total[:rows].copy(), xp_of(total).concatenate([total[:rows - more],
                                                          total[rows:]])
