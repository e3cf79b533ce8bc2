"""LSTM: long short-term memory over whole sequences.

At every step t, with the equations of lstm_cell.py:

    a_t      = W_ih x_t + b_ih + W_hh h_{t-1} + b_hh
    i f g o  = σ(a_i)  σ(a_f)  tanh(a_g)  σ(a_o)
    c_t      = f c_{t-1} + i g
    h_t      = o tanh(c_t)              (W_hr o tanh(c_t) with a projection)

Only the products with h_{t-1} have to wait for each other; how all of it becomes one
operation stands in sequence.py.

Book: recurrent/lstm.
"""
from typing import Any

import numpy as np

from ...autograd.products import matmul_arrays
from ...backend import jit, like, op
from ...backend.gemm import matmul, rows_times_packed
from ...backend.launch import contiguous
from ...backend.packed import packed_columns, packed_rows
from .gates import expit, four, total_bias
from .layer import RecurrentLayer
from .lstm_cell import lstm_units, lstm_units_backward, unit, unit_backward
from .sequence import (
    SequenceLayer,
    add_input_slopes,
    in_loop,
    input_slopes,
    over_sequences,
    row_of,
    sequences,
    states_before,
)

# ---- forward -------------------------------------------------------------------------


@op
def lstm_sequence(x, w_ih, bias, w_hh, w_hr, h, c, steps, out, column, keep):
    """x (S, D), w_ih (4H, D), bias (4H,), w_hh (4H, P), w_hr (P, H) or None, h (B, P),
    c (B, H), out (S, ·) → last h, last c, out; with `keep` also what backward needs:
    gates (S, 4H), cells (S, H), and with a projection shown (S, H), which is o tanh(c).

    out[:, column:column + P] becomes h of every step, in place.
    """
    h, c, a = h.copy(), c.copy(), x @ w_ih.T + bias
    cells = like(c, (len(a), c.shape[1]))
    shown = like(cells)
    for rows, n in steps:
        i, f, g, o = np.split(a[rows] + h[:n] @ w_hh.T, 4, axis=1)
        i, f, g, o = expit(i), expit(f), np.tanh(g), expit(o)
        a[rows] = np.concatenate([i, f, g, o], axis=1)
        cells[rows] = c[:n] = f * c[:n] + i * g
        shown[rows] = h_new = o * np.tanh(c[:n])
        h[:n] = h_new if w_hr is None else h_new @ w_hr.T
        out[rows, column:column + h.shape[1]] = h[:n]
    kept = (a, cells) if w_hr is None else (a, cells, shown)
    return h, c, out, *(kept if keep else ())


@jit(forceinline=True)
def _row(a, bias, c, cell, shown):
    """One sequence, one step: a (4H,) becomes the gates, c (H,) the new state."""
    H = c.size
    ai, af, ag, ao = four(a, H)
    bi, bf, bg, bo = four(bias, H)
    for j in range(H):
        ai[j], af[j], ag[j], ao[j], shown[j], cj = unit(
            ai[j] + bi[j], af[j] + bf[j], ag[j] + bg[j], ao[j] + bo[j], c[j])
        c[j] = cell[j] = cj


@jit(forceinline=True)
def _copy(source, target):
    for j in range(source.size):
        target[j] = source[j]


@jit
def _forward_cpu(lo, hi, shares, starts, sizes, x, w_ih, a, bias, w_hh, h, c, out, column,
                 cells):
    """a and cells hold all steps, or only one: then each step overwrites the last."""
    lo, hi = sequences(shares, lo, hi)
    H = c.shape[1]
    for k in range(starts.size):
        n, first = min(hi, sizes[k]) - lo, starts[k] + lo
        if n <= 0:
            continue
        at = first if len(cells) == len(out) else lo
        if w_ih.size > 0:
            rows_times_packed(x[first:first + n], w_ih, a[at:at + n], False)
        rows_times_packed(h[lo:lo + n], w_hh, a[at:at + n], True)
        for i in range(n):
            y = row_of(h, lo + i, 0, H)
            _row(row_of(a, at + i, 0, 4 * H), bias, row_of(c, lo + i, 0, H),
                 row_of(cells, at + i, 0, H), y)
            _copy(y, row_of(out, first + i, column, H))


@jit
def _forward_projected_cpu(lo, hi, shares, starts, sizes, x, w_ih, a, bias, w_hh, w_hr, h,
                           c, out, column, cells, shown):
    lo, hi = sequences(shares, lo, hi)
    H, P = c.shape[1], h.shape[1]
    for k in range(starts.size):
        n, first = min(hi, sizes[k]) - lo, starts[k] + lo
        if n <= 0:
            continue
        at = first if len(cells) == len(out) else lo
        if w_ih.size > 0:
            rows_times_packed(x[first:first + n], w_ih, a[at:at + n], False)
        rows_times_packed(h[lo:lo + n], w_hh, a[at:at + n], True)
        for i in range(n):
            _row(row_of(a, at + i, 0, 4 * H), bias, row_of(c, lo + i, 0, H),
                 row_of(cells, at + i, 0, H), row_of(shown, at + i, 0, H))
        rows_times_packed(shown[at:at + n], w_hr, h[lo:lo + n], False)
        for i in range(n):
            _copy(row_of(h, lo + i, 0, P), row_of(out, first + i, column, P))


@lstm_sequence.cpu
def _run_forward(x, w_ih, bias, w_hh, w_hr, h, c, steps, out, column, keep):
    bias, out, h, c = contiguous(bias), contiguous(out), _own(h), _own(c)
    inputs = in_loop(w_ih, steps)
    if inputs is None:
        a = matmul(x, w_ih.T)
    else:
        a = like(h, (steps.rows if keep else steps.batch, len(w_ih)))
    cells = like(c, (len(a), c.shape[1]))
    packed_hh, packed_ih = packed_rows(w_hh, inputs)
    given = contiguous(x), packed_ih, a, bias, packed_hh
    if w_hr is None:
        over_sequences(_forward_cpu, steps, w_ih, w_hh, *given, h, c, out, column, cells)
        return h, c, out, *((a, cells) if keep else ())
    shown, (packed_hr, _) = like(cells), packed_rows(w_hr)
    over_sequences(_forward_projected_cpu, steps, w_ih, w_hh, *given, packed_hr, h, c,
                   out, column, cells, shown)
    return h, c, out, *((a, cells, shown) if keep else ())


def _own(a):
    """A copy in C order, which the kernels overwrite."""
    return a.copy(order="C")


@lstm_sequence.cuda
def _forward_cuda(x, w_ih, bias, w_hh, w_hr, h, c, steps, out, column, keep):
    a, out, h, c = matmul_arrays(x, w_ih.T), contiguous(out), _own(h), _own(c)
    a += bias
    cells = like(c, (len(a), c.shape[1]))
    shown = like(cells)
    for rows, n in steps:
        a[rows] += matmul_arrays(h[:n], w_hh.T)
        shown[rows], cells[rows], a[rows] = lstm_units(a[rows], c[:n])
        c[:n] = cells[rows]
        h[:n] = shown[rows] if w_hr is None else matmul_arrays(shown[rows], w_hr.T)
        out[rows, column:column + h.shape[1]] = h[:n]
    kept = (a, cells) if w_hr is None else (a, cells, shown)
    return h, c, out, *(kept if keep else ())


# ---- backward ------------------------------------------------------------------------


@op
def lstm_sequence_backward(gates, cells, w_ih, w_hh, w_hr, c, dout, column, dh, dc, dx,
                           steps):
    """gates (S, 4H), cells (S, H), w_ih (4H, D), w_hh (4H, P), w_hr (P, H) or None,
    initial c (B, H), dout (S, ·), those of the last states dh (B, P), dc (B, H), dx
    (S, D) or None → da (S, 4H) in the memory of the gates, those of the first states dh,
    dc, dx + da w_ih in place; with a projection also dh of all steps (S, P).
    """
    dh, dc, before = dh.copy(), dc.copy(), states_before(cells, c, steps)
    all_dh = like(cells, (len(cells), dh.shape[1]))
    for rows, n in reversed(steps):
        i, f, g, o = np.split(gates[rows], 4, axis=1)
        tanh_c = np.tanh(cells[rows])
        all_dh[rows] = d_new = dh[:n] + dout[rows, column:column + dh.shape[1]]
        d_new = d_new if w_hr is None else d_new @ w_hr
        d = dc[:n] + d_new * o * (1 - tanh_c**2)
        dc[:n] = d * f                     # now: i f g o are views of what comes next
        gates[rows] = np.concatenate([
            d * g * i * (1 - i), d * before[rows] * f * (1 - f),
            d * i * (1 - g**2), d_new * tanh_c * o * (1 - o)], axis=1)
        dh[:n] = gates[rows] @ w_hh
    if dx is not None:
        dx += gates @ w_ih
    return gates, dh, dc, dx, *(() if w_hr is None else (all_dh,))


@jit(forceinline=True)
def _row_backward(a, c_old, c_new, dh, dc):
    """One sequence, one step: a (4H,) from gates to da, dc (H,) from new to old."""
    H = dc.size
    ai, af, ag, ao = four(a, H)
    for j in range(H):
        ai[j], af[j], ag[j], ao[j], dc[j] = unit_backward(
            ai[j], af[j], ag[j], ao[j], c_old[j], c_new[j], dh[j], dc[j])


@jit(forceinline=True)
def _add(source, target):
    for j in range(source.size):
        target[j] += source[j]


@jit
def _backward_cpu(lo, hi, shares, starts, sizes, a, cells, w_ih, w_hh, c, dout, column,
                  dh, dc, dx):
    lo, hi = sequences(shares, lo, hi)
    H = c.shape[1]
    for k in range(starts.size - 1, -1, -1):
        n, first = min(hi, sizes[k]) - lo, starts[k] + lo
        if n <= 0:
            continue
        earlier = min(hi, sizes[k - 1]) - lo if k > 0 else 0
        for i in range(n):
            d = row_of(dh, lo + i, 0, H)
            _add(row_of(dout, first + i, column, H), d)
            before = row_of(cells, starts[k - 1] + lo + i, 0, H) if i < earlier else \
                row_of(c, lo + i, 0, H)
            _row_backward(row_of(a, first + i, 0, 4 * H), before,
                          row_of(cells, first + i, 0, H), d, row_of(dc, lo + i, 0, H))
        rows_times_packed(a[first:first + n], w_hh, dh[lo:lo + n], False)
        if w_ih.size > 0:
            rows_times_packed(a[first:first + n], w_ih, dx[first:first + n], True)


@jit
def _backward_projected_cpu(lo, hi, shares, starts, sizes, a, cells, w_ih, w_hh, w_hr, c,
                            dout, column, dh, dc, dx, all_dh, d_shown):
    lo, hi = sequences(shares, lo, hi)
    H, P = c.shape[1], dh.shape[1]
    for k in range(starts.size - 1, -1, -1):
        n, first = min(hi, sizes[k]) - lo, starts[k] + lo
        if n <= 0:
            continue
        for i in range(n):
            d = row_of(dh, lo + i, 0, P)
            _add(row_of(dout, first + i, column, P), d)
            _copy(d, row_of(all_dh, first + i, 0, P))
        rows_times_packed(dh[lo:lo + n], w_hr, d_shown[lo:lo + n], False)
        earlier = min(hi, sizes[k - 1]) - lo if k > 0 else 0
        for i in range(n):
            before = row_of(cells, starts[k - 1] + lo + i, 0, H) if i < earlier else \
                row_of(c, lo + i, 0, H)
            _row_backward(row_of(a, first + i, 0, 4 * H), before,
                          row_of(cells, first + i, 0, H), row_of(d_shown, lo + i, 0, H),
                          row_of(dc, lo + i, 0, H))
        rows_times_packed(a[first:first + n], w_hh, dh[lo:lo + n], False)
        if w_ih.size > 0:
            rows_times_packed(a[first:first + n], w_ih, dx[first:first + n], True)


@lstm_sequence_backward.cpu
def _run_backward(gates, cells, w_ih, w_hh, w_hr, c, dout, column, dh, dc, dx, steps):
    gates, cells, c, dout = [contiguous(a) for a in (gates, cells, c, dout)]
    dx = dx if dx is None else contiguous(dx)
    dh, dc = _own(dh), _own(dc)
    inputs, to = input_slopes(w_ih, dx, steps)
    packed_hh, packed_ih = packed_columns(w_hh, inputs)
    given = gates, cells, packed_ih, packed_hh
    if w_hr is None:
        over_sequences(_backward_cpu, steps, w_ih, w_hh, *given, c, dout, column, dh, dc,
                       to)
        add_input_slopes(dx, gates, w_ih, steps)
        return gates, dh, dc, dx
    all_dh = like(cells, (len(cells), dh.shape[1]))
    packed_hr, _ = packed_columns(w_hr)
    over_sequences(_backward_projected_cpu, steps, w_ih, w_hh, *given, packed_hr, c, dout,
                   column, dh, dc, to, all_dh, like(c))
    add_input_slopes(dx, gates, w_ih, steps)
    return gates, dh, dc, dx, all_dh


@lstm_sequence_backward.cuda
def _backward_cuda(gates, cells, w_ih, w_hh, w_hr, c, dout, column, dh, dc, dx, steps):
    gates, dh, dc = contiguous(gates), _own(dh), _own(dc)
    before = states_before(cells, c, steps)
    all_dh = like(cells, (len(cells), dh.shape[1]))
    for rows, n in reversed(steps):
        all_dh[rows] = d_new = dh[:n] + dout[rows, column:column + dh.shape[1]]
        d_new = d_new if w_hr is None else matmul_arrays(d_new, w_hr)
        gates[rows], dc[:n] = lstm_units_backward(gates[rows], before[rows], cells[rows],
                                                  d_new, dc[:n])
        dh[:n] = matmul_arrays(gates[rows], w_hh)
    if dx is not None:
        dx += matmul_arrays(gates, w_ih)
    return gates, dh, dc, dx, *(() if w_hr is None else (all_dh,))


# ---- a layer on the tape, and the module ---------------------------------------------


class LSTMLayer(SequenceLayer):
    states = 2

    @staticmethod
    def run(x, w, states, steps, out, column, keep):
        h, c, _, *kept = lstm_sequence(
            x, w.w_ih, total_bias(w.b_ih, w.b_hh, w.w_ih), w.w_hh, w.w_hr, *states, steps,
            out, column, keep)
        return (h, c), kept

    @staticmethod
    def run_backward(kept, w, states, steps, out, dout, column, dlast, dx):
        gates, cells, *shown = kept
        da, dh, dc, _, *all_dh = lstm_sequence_backward(
            gates, cells, w.w_ih, w.w_hh, w.w_hr, states[1], dout, column, *dlast, dx,
            steps)
        return da, (dh, dc), *(matmul_arrays(dh.T, u) for dh, u in zip(all_dh, shown))


class LSTM(RecurrentLayer):
    """Long short-term memory over whole sequences.

        i_t = σ(W_ii x_t + b_ii + W_hi h_{t-1} + b_hi)        input gate
        f_t = σ(W_if x_t + b_if + W_hf h_{t-1} + b_hf)        forget gate
        g_t = tanh(W_ig x_t + b_ig + W_hg h_{t-1} + b_hg)     candidate
        o_t = σ(W_io x_t + b_io + W_ho h_{t-1} + b_ho)        output gate
        c_t = f_t c_{t-1} + i_t g_t
        h_t = o_t tanh(c_t)                   W_hr (o_t tanh(c_t)) with a projection

    Args:
        input_size: features of x at each step, D.
        hidden_size: units, H.
        num_layers: layers L on top of each other; each reads what the one below writes.
        bias: whether the biases are added.
        batch_first: input and output are (N, T, ·) instead of (T, N, ·).  States are not.
        dropout: the probability with which, in training, an output of a layer is zeroed
            on its way to the next one.
        bidirectional: a second set of weights reads each sequence from its end; both
            outputs stand side by side.  R = 2 directions then, else 1.
        proj_size: P, the length of h if it is projected; 0 for no projection: P = H.

    Shape:
        input (T, N, D), (h_0 (L · R, N, P), c_0 (L · R, N, H))
        → output (T, N, R · P), (h_n (L · R, N, P), c_n (L · R, N, H)); without a batch
        (T, D), ((L · R, P), (L · R, H)).  The states are zero if they are left out.  A
        `PackedSequence` gives a `PackedSequence`.

    Parameters:
        weight_ih_l{k} (4H, D), for k > 0 (4H, R · P), weight_hh_l{k} (4H, P),
        bias_ih_l{k}, bias_hh_l{k} (4H,), weight_hr_l{k} (P, H); the same with _reverse.
        Rows in the order i f g o, uniform in ±1/√H.

    Raises:
        TypeError, ValueError: an argument is out of its range, or the input has another
            number of axes or dtype.
        RuntimeError: the sizes do not fit, or there is no step.

    Example:
        >>> rnn = nn.LSTM(10, 20, 2)
        >>> output, (h_n, c_n) = rnn(torch.zeros(5, 3, 10))
        >>> output.shape, h_n.shape
        (torch.Size([5, 3, 20]), torch.Size([2, 3, 20]))

    Source: Hochreiter & Schmidhuber, "Long short-term memory", 1997; two directions from
    Graves & Schmidhuber, "Framewise phoneme classification", 2005; the projection from
    Sak, Senior & Beaufays, "Long short-term memory based recurrent neural network
    architectures", 2014.
    """

    gates, states, mode, projects = 4, ("h_0", "c_0"), "LSTM", True

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1,
                 bias: bool = True, batch_first: bool = False, dropout: float = 0.0,
                 bidirectional: bool = False, proj_size: int = 0, device: Any = None,
                 dtype: Any = None) -> None:
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout,
                         bidirectional, device, dtype, proj_size=proj_size)

    def _primitive(self) -> type[SequenceLayer]:
        return LSTMLayer

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, tuple[Any, Any]]:
        if hx is not None and (not isinstance(hx, (tuple, list)) or len(hx) != 2):
            raise RuntimeError(f"{self._who} expected the pair (h_0, c_0), "
                               f"got {type(hx).__name__}")
        out, (h, c) = self._run(input, None if hx is None else tuple(hx))
        return out, (h, c)
