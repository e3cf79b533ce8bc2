"""What all recurrent cells and layers share: the two products before the non-linearity,
their gradients, and the module that keeps the four parameters.

    a     = x W_ihᵀ + b_ih + h W_hhᵀ + b_hh        (N, G·H), G gates of H units
    dx    = da W_ih            dh    = da W_hh
    dW_ih = daᵀ x              dW_hh = daᵀ h
    db_ih = db_hh = the sum of da over the batch

cuDNN keeps two biases where one would do.  PyTorch's checkpoints have both, so we do too.
"""
import math
from typing import Any

import numpy as np

from ...autograd.checks import check_tensor
from ...autograd.factories import empty, zeros
from ...autograd.products import by_columns, by_rows, matmul_arrays
from ...autograd.tensor import Tensor
from ...backend import jit, op
from ...backend.device import xp_of
from ...backend.gemm import PRODUCTS_PER_ELEMENT, multiply_into, rows_times_packed
from ...backend.launch import contiguous, on_cpu
from ...backend.packed import columns_of, nothing, panels_for, rows_for
from .. import init
from ..module import Module
from ..parameter import Parameter, follow

# ---- small parts ---------------------------------------------------------------------


def expit(x):
    """The references' own sigmoid, so that they can disagree with the kernels."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))


@jit(forceinline=True)
def four(row, H):
    """The four blocks of a row (4H,): slices, since those vectorise."""
    return row[:H], row[H:2 * H], row[2 * H:3 * H], row[3 * H:]


def weight_of(module, name):
    """A parameter, None, or what somebody computed to stand in its place, as weight
    dropout does.  (By getattr alone it would take 0.5 µs longer.)"""
    found = module._parameters.get(name)
    return getattr(module, name, None) if found is None else found


# ---- the products --------------------------------------------------------------------


@op
def gate_inputs(x, h, w_ih, w_hh, b_ih, b_hh):
    """x (N, D), h (N, H), w_ih (G·H, D), w_hh (G·H, H), b_ih and b_hh (G·H,) or None
    → a (N, G·H)."""
    a = x @ w_ih.T + h @ w_hh.T
    return a if b_ih is None else a + b_ih + b_hh


@jit
def gate_inputs_cpu(lo, hi, a, x, h, w_ih, w_hh, b_ih, b_hh, packed_ih, packed_hh):
    """The columns of the panels lo … hi - 1: threads share out the weights, of which
    there is most.  Without packed weights those in their own order are read."""
    first, end = columns_of(lo, hi, a)
    a, b_ih, b_hh = a[:, first:end], b_ih[first:end], b_hh[first:end]
    for n in range(len(a)):
        for j in range(end - first):
            a[n, j] = b_ih[j] + b_hh[j]              # the products are added to it
    if packed_ih.size > 0:
        rows_times_packed(x, packed_ih[lo:hi], a, True)
    else:
        multiply_into(x, w_ih[first:end].T, a, True)
    if packed_hh.size > 0:
        rows_times_packed(h, packed_hh[lo:hi], a, True)
    else:
        multiply_into(h, w_hh[first:end].T, a, True)


def over_gates(kernel, x, h, w_ih, w_hh, b_ih, b_hh, *options):
    """a (N, G·H), of which `kernel(lo, hi, a, x, h, …, *options)` computes columns."""
    if b_ih is None:
        b_ih = b_hh = np.zeros(len(w_ih), w_ih.dtype)
    a = np.empty((len(x), len(w_ih)), x.dtype)
    work = len(x) * (w_ih.size + w_hh.size) // PRODUCTS_PER_ELEMENT
    arrays = [contiguous(b) for b in (x, h, w_ih, w_hh, b_ih, b_hh)]
    packed = [rows_for(x, w) for w in (w_ih, w_hh)]
    packed = [nothing(a) if found is None else found for found in packed]
    on_cpu(kernel, (panels_for(w_ih),), a, *arrays, *packed, *options, work=work)
    return a


@gate_inputs.cpu
def _run_gate_inputs(*arrays):
    return over_gates(gate_inputs_cpu, *arrays)


@gate_inputs.cuda
def _gate_inputs_cuda(x, h, w_ih, w_hh, b_ih, b_hh):
    a = by_rows(x, w_ih)
    a += by_rows(h, w_hh)
    if b_ih is not None:
        a += b_ih
        a += b_hh
    return a


def gate_inputs_backward(ctx, da, x, h, w_ih, w_hh):
    """The gradients of x, h, w_ih, w_hh, b_ih, b_hh; None for those that nobody wants.

    `ctx.needs_input_grad` begins with x and h and ends with the four parameters.
    """
    want_x, want_h, *_ = ctx.needs_input_grad
    want_w_ih, want_w_hh, want_b_ih, want_b_hh = ctx.needs_input_grad[-4:]
    db = da.sum(0) if want_b_ih or want_b_hh else None
    return (by_columns(da, w_ih) if want_x else None,
            by_columns(da, w_hh) if want_h else None,
            matmul_arrays(da.T, x) if want_w_ih else None,
            matmul_arrays(da.T, h) if want_w_hh else None,
            db if want_b_ih else None,
            db if want_b_hh else None)


def total_bias(b_ih, b_hh, w_ih):
    """b_ih + b_hh, or zeros for a cell without biases."""
    return xp_of(w_ih).zeros(w_ih.shape[0], w_ih.dtype) if b_ih is None else b_ih + b_hh


NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class RecurrentCell(Module):
    """The parameters and the checks of RNNCell, LSTMCell and GRUCell.

    Subclasses say how many `gates` they have.
    """

    gates = 1

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True,
                 device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        for name, value in (("input_size", input_size), ("hidden_size", hidden_size)):
            if isinstance(value, bool) or not isinstance(value, int):
                raise TypeError(f"{type(self).__name__}: {name} must be a whole number, "
                                f"got {value!r}")
            if value < (name == "hidden_size"):
                raise ValueError(f"{type(self).__name__}: {name} must be positive, "
                                 f"got {value}")
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows, made = self.gates * hidden_size, {"device": device, "dtype": dtype}
        self.weight_ih = Parameter(empty(rows, input_size, **made))
        self.weight_hh = Parameter(empty(rows, hidden_size, **made))
        for name in NAMES[2:]:
            parameter = Parameter(empty(rows, **made)) if bias else None
            self.register_parameter(name, parameter)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew, uniform in ±1/√H."""
        bound = 1 / math.sqrt(self.hidden_size)
        for p in self.parameters():
            init.uniform_(p, -bound, bound)

    def _step(self, step: Any, input: Any, hx: Any, **options: Any) -> Any:
        """The new state of a cell with one state; `step` is its Primitive."""
        self._check_input(input)
        hx = self._zeros(input) if hx is None else hx
        self._check_state(input, hx, "hidden")
        alone = input.array.ndim == 1
        if alone:
            input, hx = input.unsqueeze(0), hx.unsqueeze(0)
        h = step.apply(input, hx, *self._weights(), **options)
        return h.squeeze(0) if alone else h

    def _weights(self) -> list[Any]:
        """weight_ih, weight_hh, bias_ih and bias_hh; the biases may be None.

        Raises:
            RuntimeError: somebody replaced one by another size or dtype: kernels, which
                trust them, would read past its end.
        """
        rows = self.gates * self.hidden_size
        shapes = ((rows, self.input_size), (rows, self.hidden_size), (rows,), (rows,))
        found = [weight_of(self, name) for name in NAMES]
        follow(*found[:2])
        dtype = found[0].array.dtype
        for name, shape, w in zip(NAMES, shapes, found):
            if w is not None and (w.array.shape != shape or w.array.dtype != dtype):
                raise RuntimeError(f"{self._who} expected the parameter {name} of shape "
                                   f"{shape} and {dtype}, got {tuple(w.shape)} and "
                                   f"{w.dtype}")
        return found

    @property
    def _who(self) -> str:
        return f"{type(self).__name__}({self.input_size}, {self.hidden_size})"

    def _check_input(self, x: Any) -> None:
        if not isinstance(x, Tensor):
            check_tensor(self._who, "input", x)
        shape, dtype = x.array.shape, x.array.dtype
        if len(shape) not in (1, 2):
            raise ValueError(f"{self._who} reads input of shape (batch, "
                             f"{self.input_size}) or ({self.input_size},), got shape "
                             f"{tuple(x.shape)}")
        if shape[-1] != self.input_size:
            raise RuntimeError(f"{self._who} reads {self.input_size} features per "
                               f"example, got {shape[-1]} in input of shape {shape}")
        expected = weight_of(self, "weight_ih").array.dtype
        if dtype != expected:
            raise RuntimeError(f"{self._who} has {expected} weights, got {dtype} input; "
                               f"convert one, for example input.to({expected})")

    def _check_state(self, x: Any, state: Any, name: str) -> None:
        if not isinstance(state, Tensor):
            check_tensor(self._who, name, state)
        shape, found = x.array.shape, state.array.shape
        expected = (*shape[:-1], self.hidden_size)
        if found != expected:
            if len(found) not in (1, 2):
                raise ValueError(f"{self._who} expected {name} of shape {expected}, got "
                                 f"{found}")
            raise RuntimeError(f"{self._who} expected {name} of shape {expected} beside "
                               f"input of shape {shape}, got {found}")
        if state.array.dtype != x.array.dtype and name != "c_0":    # c is only added
            raise RuntimeError(f"{self._who} has {x.dtype} weights, got {state.dtype} "
                               f"{name}; convert it, for example {name}.to({x.dtype})")

    def _zeros(self, x: Any) -> Any:
        return zeros(*x.shape[:-1], self.hidden_size, dtype=x.dtype, device=x.device)

    def extra_repr(self) -> str:
        bias = "" if self.bias else ", bias=False"
        return f"{self.input_size}, {self.hidden_size}{bias}"
