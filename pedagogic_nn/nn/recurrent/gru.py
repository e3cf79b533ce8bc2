"""GRU: gated recurrent units over whole sequences.

At every step t, with the equations of gru_cell.py:

    p_t   = W_ih x_t + b_ih                 three blocks: r z n
    q_t   = W_hh h_{t-1} + b_hh
    r z n = σ(p_r + q_r)  σ(p_z + q_z)  tanh(p_n + r q_n)
    h_t   = (1 - z) n + z h_{t-1}

The rows of W_hh for r and z add to p, where the gates will be; those for n have a place
of their own, q_n, because r multiplies it.

Book: recurrent/gru.
"""
from typing import Any

import numpy as np

from ...autograd.products import matmul_arrays
from ...backend import jit, like, op
from ...backend.device import xp_of
from ...backend.gemm import rows_times_packed
from ...backend.kept import kept
from ...backend.launch import contiguous
from ...backend.packed import nothing, packed_columns, packed_rows
from .gates import expit, four
from .gru_cell import gru_units, gru_units_backward, unit, unit_backward
from .layer import RecurrentLayer
from .sequence import (
    SequenceLayer,
    add_input_slopes,
    in_loop,
    input_slopes,
    over_sequences,
    product_into,
    row_of,
    sequences,
    states_before,
)

# ---- forward -------------------------------------------------------------------------


@op
def gru_sequence(x, w_ih, bias, w_hh, h, steps, out, column, keep):
    """x (S, D), w_ih (3H, D), bias (4H,), w_hh (3H, H), h (B, H), out (S, ·) → last h
    (B, H), out; with `keep` also what backward needs: gates (S, 4H).

    out[:, column:column + H] becomes h of every step, in place.  The columns of the bias:
    both biases of r and z, b_in, b_hn; of the gates: r z n and q_n.
    """
    h, H = h.copy(), h.shape[1]
    gates = np.concatenate([x @ w_ih.T, np.zeros_like(x, shape=(len(x), H))], 1) + bias
    for rows, n in steps:
        pr, pz, pn, qn = np.split(gates[rows], 4, axis=1)
        qr, qz, q = np.split(h[:n] @ w_hh.T, 3, axis=1)
        r, z, qn = expit(pr + qr), expit(pz + qz), qn + q
        new = np.tanh(pn + r * qn)
        gates[rows] = np.concatenate([r, z, new, qn], axis=1)
        h[:n] = out[rows, column:column + H] = (1 - z) * new + z * h[:n]
    return h, out, *((gates,) if keep else ())


@jit(forceinline=True)
def _row(a, bias, h, y):
    """One sequence, one step: a (4H,) becomes the gates, h (H,) the new state."""
    H = h.size
    r, z, n, q = four(a, H)
    br, bz, bn, bq = four(bias, H)
    for j in range(H):
        qj = q[j] + bq[j]
        r[j], z[j], n[j], new = unit(r[j] + br[j], z[j] + bz[j], n[j] + bn[j], qj, h[j])
        q[j] = qj
        h[j] = y[j] = new


@jit
def _forward_cpu(lo, hi, shares, starts, sizes, x, w_ih, a, bias, w_rz, w_n, h, out,
                 column):
    """a holds all steps, or only one: then each step overwrites the last."""
    lo, hi = sequences(shares, lo, hi)
    H = h.shape[1]
    for k in range(starts.size):
        n, first = min(hi, sizes[k]) - lo, starts[k] + lo
        if n <= 0:
            continue
        at = first if len(a) == len(out) else lo
        if w_ih.size > 0:
            rows_times_packed(x[first:first + n], w_ih, a[at:at + n, :3 * H], False)
        rows_times_packed(h[lo:lo + n], w_rz, a[at:at + n, :2 * H], True)
        rows_times_packed(h[lo:lo + n], w_n, a[at:at + n, 3 * H:], False)
        for i in range(n):
            _row(row_of(a, at + i, 0, 4 * H), bias, row_of(h, lo + i, 0, H),
                 row_of(out, first + i, column, H))


@gru_sequence.cpu
def _run_forward(x, w_ih, bias, w_hh, h, steps, out, column, keep):
    out, h, H = contiguous(out), h.copy(order="C"), h.shape[1]
    inputs = in_loop(w_ih, steps)
    a = like(h, (steps.rows if keep or inputs is None else steps.batch, 4 * H))
    if inputs is None:
        product_into(a[:, :3 * H], x, w_ih.T, False)
    packed_rz, packed_n, packed_ih = _packed(packed_rows, w_hh, inputs)
    over_sequences(_forward_cpu, steps, w_ih, w_hh, contiguous(x), packed_ih, a,
                   contiguous(bias), packed_rz, packed_n, h, out, column)
    return h, out, *((a,) if keep else ())


def _packed(pack, w_hh, w_ih):
    """The rows of r and z of w_hh, those of n, and w_ih, packed; the last of size 0 if it
    is None."""
    rz, n = np.split(w_hh, [len(w_hh) // 3 * 2])
    found = kept(w_hh, pack.__name__, lambda: (pack(rz)[0], pack(n)[0]))
    if found is None:
        packed_rz, packed_ih = pack(rz, w_ih)
        return packed_rz, pack(n)[0], packed_ih
    return *found, nothing(w_hh) if w_ih is None else pack(w_ih)[0]


@gru_sequence.cuda
def _forward_cuda(x, w_ih, bias, w_hh, h, steps, out, column, keep):
    p, out, h, H = matmul_arrays(x, w_ih.T), contiguous(out), h.copy("C"), h.shape[1]
    p += bias[:3 * H]
    gates = like(p, (len(p), 4 * H))
    for rows, n in steps:
        q = matmul_arrays(h[:n], w_hh.T)
        q[:, 2 * H:] += bias[3 * H:]
        h[:n], gates[rows] = gru_units(p[rows], q, h[:n])
        out[rows, column:column + H] = h[:n]
    return h, out, *((gates,) if keep else ())


# ---- backward ------------------------------------------------------------------------


@op
def gru_sequence_backward(gates, w_ih, w_hh, h, out, dout, column, dh, dx, steps):
    """gates r z n q_n (S, 4H), w_ih (3H, D), w_hh (3H, H), initial h (B, H), out, dout
    (S, ·), that of the last states dh (B, H), dx (S, D) or None → da (S, 4H) in the
    memory of the gates, that of the first states dh (B, H), and dx + dp w_ih in place.

    The columns of da: those of p, r z n, and then that of q_n.
    """
    dh, H = dh.copy(), h.shape[1]
    before = states_before(out[:, column:column + H], h, steps)
    for rows, n in reversed(steps):
        r, z, new, qn = np.split(gates[rows], 4, axis=1)
        d = dh[:n] + dout[rows, column:column + H]
        dn = d * (1 - z) * (1 - new**2)
        dr, dz, dq = dn * qn * r * (1 - r), d * (before[rows] - new) * z * (1 - z), dn * r
        dh[:n] = d * z + np.concatenate([dr, dz, dq], axis=1) @ w_hh
        gates[rows] = np.concatenate([dr, dz, dn, dq], axis=1)
    if dx is not None:
        dx += gates[:, :3 * H] @ w_ih
    return gates, dh, dx


@jit(forceinline=True)
def _row_backward(a, h, dh, dy):
    """One sequence, one step: a (4H,) from gates to da, dh (H,) to its part dh' z."""
    r, z, n, q = four(a, dh.size)
    for j in range(dh.size):
        r[j], z[j], n[j], q[j], dh[j] = unit_backward(r[j], z[j], n[j], q[j], h[j],
                                                      dh[j] + dy[j])


@jit
def _backward_cpu(lo, hi, shares, starts, sizes, a, w_ih, w_rz, w_n, h, out, dout, column,
                  dh, dx):
    lo, hi = sequences(shares, lo, hi)
    H = h.shape[1]
    for k in range(starts.size - 1, -1, -1):
        n, first = min(hi, sizes[k]) - lo, starts[k] + lo
        if n <= 0:
            continue
        earlier = min(hi, sizes[k - 1]) - lo if k > 0 else 0
        for i in range(n):
            before = row_of(out, starts[k - 1] + lo + i, column, H) if i < earlier else \
                row_of(h, lo + i, 0, H)
            _row_backward(row_of(a, first + i, 0, 4 * H), before,
                          row_of(dh, lo + i, 0, H), row_of(dout, first + i, column, H))
        da = a[first:first + n]
        rows_times_packed(da[:, :2 * H], w_rz, dh[lo:lo + n], True)
        rows_times_packed(da[:, 3 * H:], w_n, dh[lo:lo + n], True)
        if w_ih.size > 0:
            rows_times_packed(da[:, :3 * H], w_ih, dx[first:first + n], True)


@gru_sequence_backward.cpu
def _run_backward(gates, w_ih, w_hh, h, out, dout, column, dh, dx, steps):
    gates, h, out, dout = [contiguous(a) for a in (gates, h, out, dout)]
    dx = dx if dx is None else contiguous(dx)
    dh, H = dh.copy(order="C"), h.shape[1]
    inputs, to = input_slopes(w_ih, dx, steps)
    packed_rz, packed_n, packed_ih = _packed(packed_columns, w_hh, inputs)
    over_sequences(_backward_cpu, steps, w_ih, w_hh, gates, packed_ih, packed_rz,
                   packed_n, h, out, dout, column, dh, to)
    add_input_slopes(dx, gates[:, :3 * H], w_ih, steps)
    return gates, dh, dx


@gru_sequence_backward.cuda
def _backward_cuda(gates, w_ih, w_hh, h, out, dout, column, dh, dx, steps):
    gates, dh, H, xp = contiguous(gates), dh.copy(order="C"), h.shape[1], xp_of(gates)
    before = states_before(out[:, column:column + H], h, steps)
    for rows, n in reversed(steps):
        dp, dq, dh[:n] = gru_units_backward(gates[rows], before[rows],
                                            dh[:n] + dout[rows, column:column + H])
        gates[rows] = xp.concatenate([dp, dq[:, 2 * H:]], axis=1)
        dh[:n] += matmul_arrays(dq, w_hh)
    if dx is not None:
        dx += matmul_arrays(gates[:, :3 * H], w_ih)
    return gates, dh, dx


# ---- a layer on the tape, and the module ---------------------------------------------


class GRULayer(SequenceLayer):
    @staticmethod
    def run(x, w, states, steps, out, column, keep):
        xp, n = xp_of(x), w.w_hh.shape[0] // 3 * 2
        if w.b_ih is None:
            bias = xp.zeros(2 * n, x.dtype)
        else:
            bias = xp.concatenate([w.b_ih[:n] + w.b_hh[:n], w.b_ih[n:], w.b_hh[n:]])
        h, _, *kept = gru_sequence(x, w.w_ih, bias, w.w_hh, *states, steps, out, column,
                                   keep)
        return (h,), kept

    @staticmethod
    def run_backward(kept, w, states, steps, out, dout, column, dlast, dx):
        da, dh, _ = gru_sequence_backward(*kept, w.w_ih, w.w_hh, *states, out, dout,
                                          column, *dlast, dx, steps)
        return da, (dh,)


class GRU(RecurrentLayer):
    """Gated recurrent units over whole sequences.

        r_t = σ(W_ir x_t + b_ir + W_hr h_{t-1} + b_hr)            reset gate
        z_t = σ(W_iz x_t + b_iz + W_hz h_{t-1} + b_hz)            update gate
        n_t = tanh(W_in x_t + b_in + r_t (W_hn h_{t-1} + b_hn))   candidate
        h_t = (1 - z_t) n_t + z_t h_{t-1}

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

    Shape:
        input (T, N, D), h_0 (L · R, N, H) → output (T, N, R · H), h_n (L · R, N, H);
        without a batch (T, D), (L · R, H) → (T, R · H), (L · R, H).  The state is zero if
        it is left out.  A `PackedSequence` gives a `PackedSequence`.

    Parameters:
        weight_ih_l{k} (3H, D), for k > 0 (3H, R · H), weight_hh_l{k} (3H, H),
        bias_ih_l{k}, bias_hh_l{k} (3H,); the same with _reverse.  Rows in the order
        r z n, uniform in ±1/√H.

    Raises:
        TypeError, ValueError: an argument is out of its range, or the input has another
            number of axes or dtype.
        RuntimeError: the sizes do not fit, or there is no step.

    Example:
        >>> rnn = nn.GRU(10, 20, bidirectional=True)
        >>> output, h_n = rnn(torch.zeros(5, 3, 10))
        >>> output.shape, h_n.shape
        (torch.Size([5, 3, 40]), torch.Size([2, 3, 20]))

    Source: Cho et al., "Learning phrase representations using RNN encoder-decoder for
    statistical machine translation", 2014.
    """

    gates, mode = 3, "GRU"

    def _primitive(self) -> type[SequenceLayer]:
        return GRULayer

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        out, (h,) = self._run(input, None if hx is None else (hx,))
        return out, h
