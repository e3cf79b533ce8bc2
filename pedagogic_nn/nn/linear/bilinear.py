"""Bilinear: a Linear that reads every product of a feature of x1 and one of x2.

    y_o = Σ_ij W_oij x1_i x2_j + b_o

With the products of one example in a row, p = (x1_i x2_j), it is y = p Wᵀ + b, so

    dp  = dy W           dx1_i = Σ_j dp_ij x2_j
    dW  = dyᵀ p          dx2_j = Σ_i dp_ij x1_i
    db  = the sum of dy over the batch

Book: nn/linear.
"""
import math
from typing import Any

from ...autograd.checks import check_tensor
from ...autograd.factories import empty
from ...autograd.function import Primitive
from ...autograd.products import matmul_arrays
from ...backend import cuda, jit, like, op
from ...backend.device import xp_of
from .. import init
from ..module import Module
from ..parameter import Parameter

BLOCK = 2**22           # products held at a time, 16 MiB in float32


@op
def pair_products(x1, x2):
    """x1 (N, I), x2 (N, J) → every product of a row of each (N, I·J)."""
    return (x1[:, :, None] * x2[:, None, :]).reshape(len(x1), x1.shape[1] * x2.shape[1])


@jit
def _products_cpu(lo, hi, p, x1, x2):
    for n in range(lo, hi):
        b = x2[n]
        for i in range(x1.shape[1]):
            row, a = p[n, i * b.size:(i + 1) * b.size], x1[n, i]
            for j in range(b.size):
                row[j] = a * b[j]


@cuda.jit
def _products_cuda(p, x1, x2):
    n, k = cuda.grid(2)
    if n < p.shape[0] and k < p.shape[1]:
        p[n, k] = x1[n, k // x2.shape[1]] * x2[n, k % x2.shape[1]]


@pair_products.kernels(cpu=_products_cpu, cuda=_products_cuda)
def _run_products(run, x1, x2):
    p = like(x1, (x1.shape[0], x1.shape[1] * x2.shape[1]))
    run(p.shape, p, x1, x2)
    return p


@op
def pair_products_backward(x1, x2, dp):
    """x1 (N, I), x2 (N, J), dp (N, I·J) → dx1 (N, I), dx2 (N, J)."""
    dp = dp.reshape(*x1.shape, x2.shape[1])
    return (dp * x2[:, None, :]).sum(2), (dp * x1[:, :, None]).sum(1)


@jit(reassociate=True)
def _row_backward(dx1, dx2, x1, x2, dp):
    dx2[:] = 0
    for i in range(x1.size):
        row, total = dp[i * x2.size:(i + 1) * x2.size], x1.dtype.type(0)
        for j in range(x2.size):
            total += row[j] * x2[j]
            dx2[j] += row[j] * x1[i]
        dx1[i] = total


@jit
def _backward_cpu(lo, hi, dx1, dx2, x1, x2, dp):
    for n in range(lo, hi):
        _row_backward(dx1[n], dx2[n], x1[n], x2[n], dp[n])


@cuda.jit
def _backward_cuda(dx1, dx2, x1, x2, dp):
    n = cuda.grid(1)
    if n < x1.shape[0]:
        _row_backward(dx1[n], dx2[n], x1[n], x2[n], dp[n])


@pair_products_backward.kernels(cpu=_backward_cpu, cuda=_backward_cuda)
def _run_backward(run, x1, x2, dp):
    dx1, dx2 = like(x1), like(x2)
    run(x1.shape[:1], dx1, dx2, x1, x2, dp, work=dp.size)
    return dx1, dx2


class BilinearFunction(Primitive):
    """In blocks of rows: the products of a large batch need not be there all at once."""

    @staticmethod
    def forward(ctx, x1, x2, weight, bias):
        ctx.save_for_backward(x1, x2, weight)
        w = _flat(weight)
        y = like(x1, (math.prod(x1.shape[:-1]), weight.shape[0]))
        for rows, a, b in _blocks(x1, x2):
            y[rows] = matmul_arrays(pair_products(a, b), w.T)
        if bias is not None:
            y += bias
        return y.reshape(*x1.shape[:-1], weight.shape[0])

    @staticmethod
    def backward(ctx, dy):
        x1, x2, weight = ctx.saved
        dy, w = dy.reshape(math.prod(x1.shape[:-1]), weight.shape[0]), _flat(weight)
        want_x = ctx.needs_input_grad[0] or ctx.needs_input_grad[1]
        want_weight, want_bias = ctx.needs_input_grad[2:]
        dx1, dx2 = (like(_rows(x)) if want_x else None for x in (x1, x2))
        dw = xp_of(w).zeros(w.shape, w.dtype) if want_weight else None
        for rows, a, b in _blocks(x1, x2):
            if want_weight:
                dw += matmul_arrays(dy[rows].T, pair_products(a, b))
            if want_x:
                dp = matmul_arrays(dy[rows], w)
                dx1[rows], dx2[rows] = pair_products_backward(a, b, dp)
        return (dx1.reshape(x1.shape) if want_x else None,
                dx2.reshape(x2.shape) if want_x else None,
                dw.reshape(weight.shape) if want_weight else None,
                dy.sum(0) if want_bias else None)


def _flat(weight):
    """(O, I, J) → (O, I·J)."""
    return weight.reshape(weight.shape[0], weight.shape[1] * weight.shape[2])


def _rows(x):
    """(*, I) → (N, I)."""
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


def _blocks(x1, x2):
    """(which rows, these rows of x1, of x2), with at most BLOCK products each."""
    x1, x2 = _rows(x1), _rows(x2)
    step = max(1, BLOCK // max(1, x1.shape[1] * x2.shape[1]))
    for start in range(0, x1.shape[0], step):
        rows = slice(start, start + step)
        yield rows, x1[rows], x2[rows]


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    """Σ_ij weight_oij input1_i input2_j + bias_o for each output o.

    Shape:
        input1 (*, I), input2 (*, J), weight (O, I, J), bias (O,) → (*, O)

    Raises:
        RuntimeError: the sizes or the dtypes do not fit.
    """
    for name, x in (("input1", input1), ("input2", input2), ("weight", weight)):
        check_tensor("bilinear", name, x)
    if weight.ndim != 3 or (bias is not None and bias.shape != weight.shape[:1]):
        raise RuntimeError("bilinear: expected weight (O, I, J) and bias (O,), got "
                           f"{tuple(weight.shape)}"
                           f"{'' if bias is None else f' and {tuple(bias.shape)}'}")
    for name, x, size in (("input1", input1, weight.shape[1]),
                          ("input2", input2, weight.shape[2])):
        if x.ndim == 0:
            raise IndexError(f"bilinear: {name} is a single number; expected {size} "
                             "features along its last axis")
        if x.shape[-1] != size:
            raise RuntimeError(f"bilinear: weight of shape {tuple(weight.shape)} reads "
                               f"{size} features of {name}, got shape {tuple(x.shape)}")
    if input1.shape[:-1] != input2.shape[:-1]:
        raise RuntimeError("bilinear: the inputs must have one batch, got shapes "
                           f"{tuple(input1.shape)} and {tuple(input2.shape)}")
    dtypes = {str(t.dtype) for t in (input1, input2, weight, bias) if t is not None}
    if len(dtypes) > 1:
        raise RuntimeError(f"bilinear: expected one dtype, got {' and '.join(dtypes)}; "
                           "convert with .to(…)")
    return BilinearFunction.apply(input1, input2, weight, bias)


class Bilinear(Module):
    """y_o = Σ_ij W_oij x1_i x2_j + b_o: every product of two features has a weight.

    Args:
        in1_features, in2_features: features of the two inputs, I and J.
        out_features: features of the output, O.
        bias: whether b is added.

    Shape:
        input1 (*, I), input2 (*, J) → output (*, O)

    Parameters:
        weight (O, I, J), bias (O,), both start uniform in ±1/√I.

    Raises:
        ValueError: in1_features is not positive.
        RuntimeError: the inputs do not fit.

    Example:
        >>> nn.Bilinear(3, 4, 5)(torch.zeros(2, 3), torch.zeros(2, 4)).shape
        torch.Size([2, 5])
    """

    def __init__(self, in1_features: int, in2_features: int, out_features: int,
                 bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        if in1_features <= 0:
            raise ValueError(f"Bilinear: in1_features must be positive, got "
                             f"{in1_features}")
        self.in1_features, self.in2_features = in1_features, in2_features
        self.out_features = out_features
        made = {"device": device, "dtype": dtype}
        self.weight = Parameter(empty(out_features, in1_features, in2_features, **made))
        if bias:
            self.bias = Parameter(empty(out_features, **made))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Any, input2: Any) -> Any:
        return bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
                f"out_features={self.out_features}, bias={self.bias is not None}")
