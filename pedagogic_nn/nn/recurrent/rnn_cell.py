"""RNNCell: one step of Elman's recurrent network.

    h' = tanh(W_ih x + b_ih + W_hh h + b_hh)        (or ReLU for tanh)

    da = dh' · (1 - h'²)                            (or dh' where h' > 0)

and from da back to x, h and the parameters as in gates.py.

Book: recurrent/rnn_cell.
"""
from typing import Any

import numpy as np

from ...autograd.function import Primitive
from ...backend import ONE, ZERO, jit, math, op
from ...backend.math import where
from ...backend.packed import columns_of
from .gates import (
    RecurrentCell,
    gate_inputs,
    gate_inputs_backward,
    gate_inputs_cpu,
    over_gates,
)


@op
def tanh_units(a):
    """a (N, H) → h' = tanh a (N, H)."""
    return np.tanh(a)


@tanh_units.elementwise
def tanh_unit(a):
    return math.tanh(a)


@op
def tanh_units_backward(h, dh):
    """h', dh' (N, H) → da (N, H)."""
    return dh * (1 - h * h)


@tanh_units_backward.elementwise
def tanh_unit_backward(h, dh):
    return dh * (ONE - h * h)


@op
def relu_units(a):
    """a (N, H) → h' = max(0, a) (N, H)."""
    return np.where(a < 0, a.dtype.type(0), a)


@relu_units.elementwise
def relu_unit(a):
    return where(a < ZERO, ZERO, a)


@op
def relu_units_backward(h, dh):
    """h', dh' (N, H) → da (N, H)."""
    return np.where(h > 0, dh, dh.dtype.type(0))


@relu_units_backward.elementwise
def relu_unit_backward(h, dh):
    return where(h > ZERO, dh, ZERO)


UNITS = {"tanh": (tanh_units, tanh_units_backward),
         "relu": (relu_units, relu_units_backward)}


# On the CPU the units follow the products in one kernel: a call less, 2 µs.


@op
def rnn_step(x, h, w_ih, w_hh, b_ih, b_hh, relu):
    """The arguments of `gate_inputs`, and which units → h' (N, H)."""
    units = relu_units if relu else tanh_units
    return units.reference(gate_inputs.reference(x, h, w_ih, w_hh, b_ih, b_hh))


@jit
def _step_cpu(lo, hi, h_new, x, h, w_ih, w_hh, b_ih, b_hh, packed_ih, packed_hh, relu):
    gate_inputs_cpu(lo, hi, h_new, x, h, w_ih, w_hh, b_ih, b_hh, packed_ih, packed_hh)
    first, end = columns_of(lo, hi, h_new)
    for n in range(len(h_new)):
        y = h_new[n, first:end]
        if relu:
            for j in range(y.size):
                y[j] = relu_unit(y[j])
        else:
            for j in range(y.size):
                y[j] = tanh_unit(y[j])


@rnn_step.cpu
def _run_step(*arguments):
    return over_gates(_step_cpu, *arguments)


@rnn_step.cuda
def _step_cuda(*arguments):
    *arrays, relu = arguments
    return (relu_units if relu else tanh_units)(gate_inputs(*arrays))


class RNNStep(Primitive):
    @staticmethod
    def forward(ctx, x, h, w_ih, w_hh, b_ih, b_hh, nonlinearity):
        _, ctx.units_backward = UNITS[nonlinearity]
        h_new = rnn_step(x, h, w_ih, w_hh, b_ih, b_hh, nonlinearity == "relu")
        ctx.save_for_backward(x, h, w_ih, w_hh, h_new)
        return h_new

    @staticmethod
    def backward(ctx, dh):
        *inputs, h_new = ctx.saved
        return gate_inputs_backward(ctx, ctx.units_backward(h_new, dh), *inputs)


class RNNCell(RecurrentCell):
    """One step of Elman's recurrent network: h' = tanh(W_ih x + b_ih + W_hh h + b_hh).

    Args:
        input_size: features of x, D.
        hidden_size: units, H.
        bias: whether b_ih and b_hh are added.
        nonlinearity: 'tanh' or 'relu'.

    Shape:
        input (N, D), hidden (N, H) → h' (N, H); without a batch (D,), (H,) → (H,).
        The hidden state is zero if it is left out.

    Parameters:
        weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,), uniform in ±1/√H.

    Raises:
        ValueError: nonlinearity is neither, or the input has more than two axes.
        RuntimeError: the sizes or dtypes do not fit.

    Example:
        >>> rnn = nn.RNNCell(10, 20)
        >>> hx = rnn(torch.zeros(3, 10))
        >>> hx.shape
        torch.Size([3, 20])

    Source: Elman, "Finding structure in time", 1990.
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True,
                 nonlinearity: str = "tanh", device: Any = None,
                 dtype: Any = None) -> None:
        if nonlinearity not in UNITS:
            raise ValueError(f"RNNCell: nonlinearity must be 'tanh' or 'relu', "
                             f"got {nonlinearity!r}")
        super().__init__(input_size, hidden_size, bias, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Any, hx: Any = None) -> Any:
        return self._step(RNNStep, input, hx, nonlinearity=self.nonlinearity)

    def extra_repr(self) -> str:
        plain = super().extra_repr()
        if self.nonlinearity == "tanh":
            return plain
        return f"{plain}, nonlinearity={self.nonlinearity}"
