"""LSTMCell: one step of a long short-term memory network.

    a  = W_ih x + b_ih + W_hh h + b_hh          four blocks of H rows: a_i a_f a_g a_o
    i  = σ(a_i)        input gate: what to write
    f  = σ(a_f)        forget gate: what to keep
    g  = tanh(a_g)     candidate: what could be written
    o  = σ(a_o)        output gate: what to show
    c' = f c + i g
    h' = o tanh(c')

Backwards, given dh' and dc' (c' is reached twice, directly and through h'):

    d  = dc' + dh' o (1 - tanh²c')
    da_i = d g · i (1 - i)         da_f = d c · f (1 - f)
    da_g = d i · (1 - g²)          da_o = dh' tanh(c') · o (1 - o)
    dc = d f

and from da back to x, h and the parameters as in gates.py.

Book: recurrent/lstm_cell.
"""
from typing import Any

import numpy as np

from ...autograd.function import Primitive
from ...backend import ONE, cuda, jit, like, math, op
from .gates import RecurrentCell, expit, four, gate_inputs, gate_inputs_backward

# ---- one unit: the equations, shared by the CPU and the CUDA kernels -----------------
# Inlined into the loops, which vectorise only then: 24 µs instead of 255 for 32 x 256
# units.


@jit(forceinline=True)
def unit(i, f, g, o, c):
    """Pre-activations and the old cell state → gates i f g o, new h, new c."""
    i, f, g, o = math.sigmoid(i), math.sigmoid(f), math.tanh(g), math.sigmoid(o)
    c = f * c + i * g
    return i, f, g, o, o * math.tanh(c), c


@jit(forceinline=True)
def unit_backward(i, f, g, o, c, c_new, dh, dc):
    """Gates, both cell states, dh' and dc' → the gradients of the pre-activations, dc."""
    tanh_c = math.tanh(c_new)
    d = dc + dh * o * (ONE - tanh_c * tanh_c)
    return (d * g * i * (ONE - i),
            d * c * f * (ONE - f),
            d * i * (ONE - g * g),
            dh * tanh_c * o * (ONE - o),
            d * f)


# ---- all units of a batch, forward ---------------------------------------------------


@op
def lstm_units(a, c):
    """a (N, 4H), c (N, H) → h' (N, H), c' (N, H), gates (N, 4H).

    The columns of a and of the gates: i f g o, H each.
    """
    i, f, g, o = np.split(a, 4, axis=1)
    i, f, g, o = expit(i), expit(f), np.tanh(g), expit(o)
    c = f * c + i * g
    return o * np.tanh(c), c, np.concatenate([i, f, g, o], axis=1)


@jit
def _units_cpu(lo, hi, h_new, c_new, gates, a, c):
    H = c.shape[1]
    for n in range(lo, hi):
        ai, af, ag, ao = four(a[n], H)
        gi, gf, gg, go = four(gates[n], H)
        cn, hn, cm = c_new[n], h_new[n], c[n]
        for j in range(H):
            gi[j], gf[j], gg[j], go[j], hn[j], cn[j] = unit(
                ai[j], af[j], ag[j], ao[j], cm[j])


@cuda.jit
def _units_cuda(h_new, c_new, gates, a, c):
    n, j = cuda.grid(2)
    N, H = c.shape
    if n < N and j < H:
        (gates[n, j], gates[n, H + j], gates[n, 2 * H + j], gates[n, 3 * H + j],
         h_new[n, j], c_new[n, j]) = unit(
            a[n, j], a[n, H + j], a[n, 2 * H + j], a[n, 3 * H + j], c[n, j])


@lstm_units.kernels(cpu=_units_cpu, cuda=_units_cuda)
def _run_units(run, a, c):
    h_new, c_new, gates = like(c), like(c), like(a)
    run(c.shape, h_new, c_new, gates, a, c)             # one thread for each unit
    return h_new, c_new, gates


# ---- all units of a batch, backward --------------------------------------------------


@op
def lstm_units_backward(gates, c, c_new, dh, dc):
    """gates (N, 4H), c c' dh' dc' (N, H) → da (N, 4H), dc (N, H)."""
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c_new)
    d = dc + dh * o * (1 - tanh_c**2)
    da = [d * g * i * (1 - i), d * c * f * (1 - f),
          d * i * (1 - g**2), dh * tanh_c * o * (1 - o)]
    return np.concatenate(da, axis=1), d * f


@jit
def _units_backward_cpu(lo, hi, da, dc_old, gates, c, c_new, dh, dc):
    H = c.shape[1]
    for n in range(lo, hi):
        ai, af, ag, ao = four(da[n], H)
        gi, gf, gg, go = four(gates[n], H)
        cm, cn, dhn, dcn, out = c[n], c_new[n], dh[n], dc[n], dc_old[n]
        for j in range(H):
            ai[j], af[j], ag[j], ao[j], out[j] = unit_backward(
                gi[j], gf[j], gg[j], go[j], cm[j], cn[j], dhn[j], dcn[j])


@cuda.jit
def _units_backward_cuda(da, dc_old, gates, c, c_new, dh, dc):
    n, j = cuda.grid(2)
    N, H = c.shape
    if n < N and j < H:
        (da[n, j], da[n, H + j], da[n, 2 * H + j], da[n, 3 * H + j],
         dc_old[n, j]) = unit_backward(
            gates[n, j], gates[n, H + j], gates[n, 2 * H + j], gates[n, 3 * H + j],
            c[n, j], c_new[n, j], dh[n, j], dc[n, j])


@lstm_units_backward.kernels(cpu=_units_backward_cpu, cuda=_units_backward_cuda)
def _run_units_backward(run, gates, c, c_new, dh, dc):
    da, dc_old = like(gates), like(c)
    run(c.shape, da, dc_old, gates, c, c_new, dh, dc)
    return da, dc_old


# ---- one step on the tape, and the module --------------------------------------------


class LSTMStep(Primitive):
    @staticmethod
    def forward(ctx, x, h, c, w_ih, w_hh, b_ih, b_hh):
        a = gate_inputs(x, h, w_ih, w_hh, b_ih, b_hh)
        h_new, c_new, gates = lstm_units(a, c)
        ctx.save_for_backward(x, h, w_ih, w_hh, c, c_new, gates)
        return h_new, c_new

    @staticmethod
    def backward(ctx, dh, dc):
        *inputs, c, c_new, gates = ctx.saved
        da, dc_old = lstm_units_backward(gates, c, c_new, dh, dc)
        dx, dh_old, *parameters = gate_inputs_backward(ctx, da, *inputs)
        return dx, dh_old, dc_old, *parameters


class LSTMCell(RecurrentCell):
    """One step of a long short-term memory network.

        i = σ(W_ii x + b_ii + W_hi h + b_hi)        input gate:  what to write
        f = σ(W_if x + b_if + W_hf h + b_hf)        forget gate: what to keep
        g = tanh(W_ig x + b_ig + W_hg h + b_hg)     candidate:   what could be written
        o = σ(W_io x + b_io + W_ho h + b_ho)        output gate: what to show
        c' = f c + i g
        h' = o tanh(c')

    Args:
        input_size: features of x, D.
        hidden_size: units, H.
        bias: whether the biases are added.

    Shape:
        input (N, D), (h (N, H), c (N, H)) → h' (N, H), c' (N, H); without a batch (D,),
        ((H,), (H,)). The states are zero if they are left out.

    Parameters:
        weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,), rows in the
        order i f g o, uniform in ±1/√H.

    Raises:
        ValueError: the input has more than two axes.
        RuntimeError: the sizes or dtypes do not fit.

    Example:
        >>> rnn = nn.LSTMCell(10, 20)
        >>> h, c = rnn(torch.zeros(3, 10))
        >>> h.shape, c.shape
        (torch.Size([3, 20]), torch.Size([3, 20]))

    Source: Hochreiter & Schmidhuber, "Long short-term memory", 1997; the forget gate
    from Gers, Schmidhuber & Cummins, "Learning to forget", 2000.
    """

    gates = 4

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        self._check_input(input)
        h, c = (self._zeros(input), self._zeros(input)) if hx is None else self._pair(hx)
        self._check_state(input, h, "h_0")
        self._check_state(input, c, "c_0")
        alone = input.ndim == 1
        if alone:
            input, h, c = input.unsqueeze(0), h.unsqueeze(0), c.unsqueeze(0)
        h, c = LSTMStep.apply(input, h, c, *self._weights())
        return (h.squeeze(0), c.squeeze(0)) if alone else (h, c)

    def _pair(self, hx: Any) -> tuple[Any, Any]:
        if not isinstance(hx, (tuple, list)) or len(hx) != 2:
            raise RuntimeError(f"{self._who} expected the pair (h_0, c_0), "
                               f"got {type(hx).__name__}")
        return hx[0], hx[1]
