"""RNN: Elman's recurrent network over whole sequences.

    h_t  = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)          (or ReLU for tanh)
    da_t = (dout_t + W_hhᵀ da_{t+1}) · (1 - h_t²)               (or … where h_t > 0)

Both products of a step are written where its h will be, so nothing has to be kept for
backward but h itself; how all of it becomes one operation stands in sequence.py.

Book: recurrent/rnn.
"""
from typing import Any

import numpy as np

from ...autograd.products import matmul_arrays
from ...backend import jit, like, op
from ...backend.gemm import rows_times_packed
from ...backend.launch import contiguous
from ...backend.packed import packed_columns, packed_rows
from .gates import total_bias
from .layer import RecurrentLayer
from .rnn_cell import (
    UNITS,
    relu_unit,
    relu_unit_backward,
    tanh_unit,
    tanh_unit_backward,
)
from .sequence import (
    SequenceLayer,
    add_input_slopes,
    in_loop,
    input_slopes,
    over_sequences,
    product_into,
    row_of,
    sequences,
)

# ---- forward -------------------------------------------------------------------------


@op
def rnn_sequence(x, w_ih, bias, w_hh, h, steps, out, column, relu):
    """x (S, D), w_ih (H, D), bias (H,), w_hh (H, H), h (B, H), out (S, ·) → last h
    (B, H), out.

    out[:, column:column + H] becomes h of every step, in place.
    """
    h, a = h.copy(), x @ w_ih.T + bias
    for rows, n in steps:
        a[rows] += h[:n] @ w_hh.T
        h[:n] = np.where(a[rows] < 0, h.dtype.type(0), a[rows]) if relu else (
            np.tanh(a[rows]))
        out[rows, column:column + h.shape[1]] = h[:n]
    return h, out


@jit(forceinline=True)
def _row(relu, bias, h, y):
    """One sequence, one step: y and h (H,) become the new state."""
    if relu:
        for j in range(h.size):
            h[j] = y[j] = relu_unit(y[j] + bias[j])
    else:
        for j in range(h.size):
            h[j] = y[j] = tanh_unit(y[j] + bias[j])


@jit
def _forward_cpu(lo, hi, shares, starts, sizes, x, w_ih, bias, w_hh, h, out, column,
                 relu):
    lo, hi = sequences(shares, lo, hi)
    H = h.shape[1]
    for k in range(starts.size):
        n, first = min(hi, sizes[k]) - lo, starts[k] + lo
        if n <= 0:
            continue
        y = out[first:first + n, column:column + H]
        if w_ih.size > 0:
            rows_times_packed(x[first:first + n], w_ih, y, False)
        rows_times_packed(h[lo:lo + n], w_hh, y, True)
        for i in range(n):
            _row(relu, bias, row_of(h, lo + i, 0, H), row_of(out, first + i, column, H))


@rnn_sequence.cpu
def _run_forward(x, w_ih, bias, w_hh, h, steps, out, column, relu):
    out, h = contiguous(out), h.copy(order="C")
    inputs = in_loop(w_ih, steps)
    if inputs is None:
        product_into(out[:, column:column + h.shape[1]], x, w_ih.T, False)
    packed_hh, packed_ih = packed_rows(w_hh, inputs)
    over_sequences(_forward_cpu, steps, w_ih, w_hh, contiguous(x), packed_ih,
                   contiguous(bias), packed_hh, h, out, column, relu)
    return h, out


@rnn_sequence.cuda
def _forward_cuda(x, w_ih, bias, w_hh, h, steps, out, column, relu):
    units, _ = UNITS["relu" if relu else "tanh"]
    h, a = h.copy(order="C"), matmul_arrays(x, w_ih.T)
    a += bias
    for rows, n in steps:
        h[:n] = units(a[rows] + matmul_arrays(h[:n], w_hh.T))
        out[rows, column:column + h.shape[1]] = h[:n]
    return h, out


# ---- backward ------------------------------------------------------------------------


@op
def rnn_sequence_backward(out, dout, column, w_ih, w_hh, dh, dx, steps, relu):
    """out, dout (S, ·), w_ih (H, D), w_hh (H, H), that of the last states dh (B, H), dx
    (S, D) or None → da (S, H), that of the first states dh (B, H), and dx + da w_ih in
    place."""
    dh, columns = dh.copy(), slice(column, column + dh.shape[1])
    y, dy = out[:, columns], dout[:, columns]
    da = like(dh, y.shape)
    for rows, n in reversed(steps):
        d = dh[:n] + dy[rows]
        da[rows] = np.where(y[rows] > 0, d, d.dtype.type(0)) if relu else (
            d * (1 - y[rows]**2))
        dh[:n] = da[rows] @ w_hh
    if dx is not None:
        dx += da @ w_ih
    return da, dh, dx


@jit(forceinline=True)
def _row_backward(relu, h, dh, dy, da):
    """One sequence, one step: the gradient of the pre-activations, da (H,)."""
    if relu:
        for j in range(h.size):
            da[j] = relu_unit_backward(h[j], dh[j] + dy[j])
    else:
        for j in range(h.size):
            da[j] = tanh_unit_backward(h[j], dh[j] + dy[j])


@jit
def _backward_cpu(lo, hi, shares, starts, sizes, da, out, dout, column, w_ih, w_hh, dh,
                  dx, relu):
    lo, hi = sequences(shares, lo, hi)
    H = dh.shape[1]
    for k in range(starts.size - 1, -1, -1):
        n, first = min(hi, sizes[k]) - lo, starts[k] + lo
        if n <= 0:
            continue
        for i in range(n):
            _row_backward(relu, row_of(out, first + i, column, H),
                          row_of(dh, lo + i, 0, H), row_of(dout, first + i, column, H),
                          row_of(da, first + i, 0, H))
        rows_times_packed(da[first:first + n], w_hh, dh[lo:lo + n], False)
        if w_ih.size > 0:
            rows_times_packed(da[first:first + n], w_ih, dx[first:first + n], True)


@rnn_sequence_backward.cpu
def _run_backward(out, dout, column, w_ih, w_hh, dh, dx, steps, relu):
    out, dout, dh = contiguous(out), contiguous(dout), dh.copy(order="C")
    dx, da = dx if dx is None else contiguous(dx), like(dh, (len(out), dh.shape[1]))
    inputs, to = input_slopes(w_ih, dx, steps)
    packed_hh, packed_ih = packed_columns(w_hh, inputs)
    over_sequences(_backward_cpu, steps, w_ih, w_hh, da, out, dout, column, packed_ih,
                   packed_hh, dh, to, relu)
    add_input_slopes(dx, da, w_ih, steps)
    return da, dh, dx


@rnn_sequence_backward.cuda
def _backward_cuda(out, dout, column, w_ih, w_hh, dh, dx, steps, relu):
    _, units_backward = UNITS["relu" if relu else "tanh"]
    dh, columns = dh.copy(order="C"), slice(column, column + dh.shape[1])
    y, dy = out[:, columns], dout[:, columns]
    da = like(dh, y.shape)
    for rows, n in reversed(steps):
        da[rows] = units_backward(y[rows], dh[:n] + dy[rows])
        dh[:n] = matmul_arrays(da[rows], w_hh)
    if dx is not None:
        dx += matmul_arrays(da, w_ih)
    return da, dh, dx


# ---- a layer on the tape, and the module ---------------------------------------------


class TanhRNNLayer(SequenceLayer):
    relu = False

    @classmethod
    def run(cls, x, w, states, steps, out, column, keep):
        h, _ = rnn_sequence(x, w.w_ih, total_bias(w.b_ih, w.b_hh, w.w_ih), w.w_hh,
                            *states, steps, out, column, cls.relu)
        return (h,), ()

    @classmethod
    def run_backward(cls, kept, w, states, steps, out, dout, column, dlast, dx):
        da, dh, _ = rnn_sequence_backward(out, dout, column, w.w_ih, w.w_hh, *dlast, dx,
                                          steps, cls.relu)
        return da, (dh,)


class ReLURNNLayer(TanhRNNLayer):
    relu = True


class RNN(RecurrentLayer):
    """Elman's recurrent network over whole sequences.

        h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)        (or ReLU for tanh)

    Args:
        input_size: features of x at each step, D.
        hidden_size: units, H.
        num_layers: layers L on top of each other; each reads what the one below writes.
        nonlinearity: 'tanh' or 'relu'.
        bias: whether b_ih and b_hh are added.
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
        weight_ih_l{k} (H, D), for k > 0 (H, R · H), weight_hh_l{k} (H, H), bias_ih_l{k},
        bias_hh_l{k} (H,); the same with _reverse.  All uniform in ±1/√H.

    Raises:
        TypeError, ValueError: an argument is out of its range, or the input has another
            number of axes or dtype.
        RuntimeError: the sizes do not fit, or there is no step.

    Example:
        >>> rnn = nn.RNN(10, 20, num_layers=2, batch_first=True)
        >>> output, h_n = rnn(torch.zeros(3, 5, 10))
        >>> output.shape, h_n.shape
        (torch.Size([3, 5, 20]), torch.Size([2, 3, 20]))

    Source: Elman, "Finding structure in time", 1990.
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1,
                 nonlinearity: str = "tanh", bias: bool = True, batch_first: bool = False,
                 dropout: float = 0.0, bidirectional: bool = False, device: Any = None,
                 dtype: Any = None, **others: Any) -> None:
        if nonlinearity not in UNITS:
            raise ValueError("RNN: nonlinearity must be 'tanh' or 'relu', "
                             f"got {nonlinearity!r}")
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout,
                         bidirectional, device, dtype, **others)
        self.nonlinearity, self.mode = nonlinearity, f"RNN_{nonlinearity.upper()}"

    def _primitive(self) -> type[SequenceLayer]:
        return ReLURNNLayer if self.nonlinearity == "relu" else TanhRNNLayer

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        out, (h,) = self._run(input, None if hx is None else (hx,))
        return out, h
