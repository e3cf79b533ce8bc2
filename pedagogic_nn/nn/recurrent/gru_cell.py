"""GRUCell: one step of a gated recurrent unit.

    p  = W_ih x + b_ih                   three blocks of H rows: p_r p_z p_n
    q  = W_hh h + b_hh                   q_r q_z q_n
    r  = σ(p_r + q_r)                    reset gate:  how much of the past n sees
    z  = σ(p_z + q_z)                    update gate: how much of the past stays
    n  = tanh(p_n + r q_n)               candidate:   what could be written
    h' = (1 - z) n + z h

The reset gate stands outside of the product W_hn h + b_hn, as in cuDNN: all three blocks
of q are then one product.  (In the paper it stands inside, W_hn (r h).)

Backwards, given dh':

    dp_n = dh' (1 - z) · (1 - n²)        dq_n = dp_n r
    dp_z = dh' (h - n) · z (1 - z)       dq_z = dp_z
    dp_r = dp_n q_n · r (1 - r)          dq_r = dp_r
    dh   = dh' z + dq W_hh               dx   = dp W_ih

Book: recurrent/gru_cell.
"""
from typing import Any

import numpy as np

from ...autograd.function import Primitive
from ...autograd.products import by_columns, by_rows, matmul_arrays
from ...backend import ONE, cuda, jit, like, math, op
from .gates import RecurrentCell, expit

# ---- one unit: the equations, shared by the CPU and the CUDA kernels -----------------


@jit(forceinline=True)
def unit(r, z, n, q, h):
    """Pre-activations p_r + q_r, p_z + q_z, p_n and q_n, and h → gates r z n, h'."""
    r, z = math.sigmoid(r), math.sigmoid(z)
    n = math.tanh(n + r * q)
    return r, z, n, n + z * (h - n)


@jit(forceinline=True)
def unit_backward(r, z, n, q, h, dh):
    """Gates, q_n, h and dh' → dp_r dp_z dp_n, dq_n, and the part of dh that is dh' z."""
    dn = dh * (ONE - z) * (ONE - n * n)
    return dn * q * r * (ONE - r), dh * (h - n) * z * (ONE - z), dn, dn * r, dh * z


# ---- all units of a batch, forward ---------------------------------------------------


@op
def gru_units(p, q, h):
    """p, q (N, 3H), h (N, H) → h' (N, H), gates (N, 4H).

    The columns of p and q: r z n; of the gates: r z n and q_n, which backward needs.
    """
    (pr, pz, pn), (qr, qz, qn) = np.split(p, 3, axis=1), np.split(q, 3, axis=1)
    r, z = expit(pr + qr), expit(pz + qz)
    n = np.tanh(pn + r * qn)
    return (1 - z) * n + z * h, np.concatenate([r, z, n, qn], axis=1)


@jit(forceinline=True)
def _blocks(row, H):
    """The first three blocks of H numbers in a row: slices, since those vectorise."""
    return row[:H], row[H:2 * H], row[2 * H:3 * H]


@jit
def _units_cpu(lo, hi, h_new, gates, p, q, h):
    H = h.shape[1]
    for i in range(lo, hi):
        pr, pz, pn = _blocks(p[i], H)
        qr, qz, qn = _blocks(q[i], H)
        r, z, n = _blocks(gates[i], H)
        m, hn, hm = gates[i, 3 * H:], h_new[i], h[i]
        for j in range(H):
            m[j] = qn[j]
            r[j], z[j], n[j], hn[j] = unit(pr[j] + qr[j], pz[j] + qz[j], pn[j], qn[j],
                                           hm[j])


@cuda.jit
def _units_cuda(h_new, gates, p, q, h):
    i, j = cuda.grid(2)
    N, H = h.shape
    if i < N and j < H:
        m = q[i, 2 * H + j]
        gates[i, 3 * H + j] = m
        gates[i, j], gates[i, H + j], gates[i, 2 * H + j], h_new[i, j] = unit(
            p[i, j] + q[i, j], p[i, H + j] + q[i, H + j], p[i, 2 * H + j], m, h[i, j])


@gru_units.kernels(cpu=_units_cpu, cuda=_units_cuda)
def _run_units(run, p, q, h):
    h_new, gates = like(h), like(h, (h.shape[0], 4 * h.shape[1]))
    run(h.shape, h_new, gates, p, q, h)                 # one thread for each unit
    return h_new, gates


# ---- all units of a batch, backward --------------------------------------------------


@op
def gru_units_backward(gates, h, dh):
    """gates (N, 4H), h, dh' (N, H) → dp, dq (N, 3H), the part dh' z of dh (N, H)."""
    r, z, n, q = np.split(gates, 4, axis=1)
    dn = dh * (1 - z) * (1 - n**2)
    dr, dz = dn * q * r * (1 - r), dh * (h - n) * z * (1 - z)
    return (np.concatenate([dr, dz, dn], axis=1),
            np.concatenate([dr, dz, dn * r], axis=1), dh * z)


@jit
def _units_backward_cpu(lo, hi, dp, dq, dh_old, gates, h, dh):
    H = h.shape[1]
    for i in range(lo, hi):
        r, z, n = _blocks(gates[i], H)
        pr, pz, pn = _blocks(dp[i], H)
        qr, qz, qn = _blocks(dq[i], H)
        m, hm, dhn, out = gates[i, 3 * H:], h[i], dh[i], dh_old[i]
        for j in range(H):
            dr, dz, pn[j], qn[j], out[j] = unit_backward(r[j], z[j], n[j], m[j], hm[j],
                                                         dhn[j])
            pr[j] = qr[j] = dr
            pz[j] = qz[j] = dz


@cuda.jit
def _units_backward_cuda(dp, dq, dh_old, gates, h, dh):
    i, j = cuda.grid(2)
    N, H = h.shape
    if i < N and j < H:
        dr, dz, dp[i, 2 * H + j], dq[i, 2 * H + j], dh_old[i, j] = unit_backward(
            gates[i, j], gates[i, H + j], gates[i, 2 * H + j], gates[i, 3 * H + j],
            h[i, j], dh[i, j])
        dp[i, j], dp[i, H + j] = dr, dz
        dq[i, j], dq[i, H + j] = dr, dz


@gru_units_backward.kernels(cpu=_units_backward_cpu, cuda=_units_backward_cuda)
def _run_units_backward(run, gates, h, dh):
    rows = (h.shape[0], 3 * h.shape[1])
    dp, dq, dh_old = like(h, rows), like(h, rows), like(h)
    run(h.shape, dp, dq, dh_old, gates, h, dh)
    return dp, dq, dh_old


# ---- one step on the tape, and the module --------------------------------------------


class GRUStep(Primitive):
    @staticmethod
    def forward(ctx, x, h, w_ih, w_hh, b_ih, b_hh):
        p, q = by_rows(x, w_ih), by_rows(h, w_hh)
        if b_ih is not None:
            p += b_ih
            q += b_hh
        h_new, gates = gru_units(p, q, h)
        ctx.save_for_backward(x, h, w_ih, w_hh, gates)
        return h_new

    @staticmethod
    def backward(ctx, dh):
        x, h, w_ih, w_hh, gates = ctx.saved
        dp, dq, dh_old = gru_units_backward(gates, h, dh)
        want_x, want_h, want_w_ih, want_w_hh, want_b_ih, want_b_hh = ctx.needs_input_grad
        return (by_columns(dp, w_ih) if want_x else None,
                dh_old + by_columns(dq, w_hh) if want_h else None,
                matmul_arrays(dp.T, x) if want_w_ih else None,
                matmul_arrays(dq.T, h) if want_w_hh else None,
                dp.sum(0) if want_b_ih else None,
                dq.sum(0) if want_b_hh else None)


class GRUCell(RecurrentCell):
    """One step of a gated recurrent unit.

        r  = σ(W_ir x + b_ir + W_hr h + b_hr)            reset gate
        z  = σ(W_iz x + b_iz + W_hz h + b_hz)            update gate
        n  = tanh(W_in x + b_in + r (W_hn h + b_hn))     candidate
        h' = (1 - z) n + z h

    Args:
        input_size: features of x, D.
        hidden_size: units, H.
        bias: whether the biases are added.

    Shape:
        input (N, D), hidden (N, H) → h' (N, H); without a batch (D,), (H,) → (H,).
        The hidden state is zero if it is left out.

    Parameters:
        weight_ih (3H, D), weight_hh (3H, H), bias_ih (3H,), bias_hh (3H,), rows in the
        order r z n, uniform in ±1/√H.

    Raises:
        ValueError: the input has more than two axes.
        RuntimeError: the sizes or dtypes do not fit.

    Example:
        >>> rnn = nn.GRUCell(10, 20)
        >>> hx = rnn(torch.zeros(3, 10))
        >>> hx.shape
        torch.Size([3, 20])

    Source: Cho et al., "Learning phrase representations using RNN encoder-decoder for
    statistical machine translation", 2014.
    """

    gates = 3

    def forward(self, input: Any, hx: Any = None) -> Any:
        return self._step(GRUStep, input, hx)
