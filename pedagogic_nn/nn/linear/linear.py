"""Linear: y = x Wᵀ + b.

    dx = dy W
    dW = dyᵀ x
    db = the sum of dy over the batch

Book: nn/linear.
"""
import math
from typing import Any

from ...autograd.checks import check_tensor
from ...autograd.factories import empty
from ...autograd.function import Primitive
from ...autograd.products import by_columns, by_rows, matmul_arrays
from ...backend import like, op
from ...backend.device import xp_of
from ...backend.packed import times_rows
from .. import init
from ..module import Module
from ..parameter import Parameter, follow


@op
def affine(x, weight, bias):
    """x (N, D), weight (M, D), bias (M,) → x weightᵀ + bias (N, M)."""
    return x @ weight.T + bias


@affine.cpu
def _affine_cpu(x, weight, bias):
    y = like(x, (x.shape[0], weight.shape[0]))
    y[:] = bias                          # the product is added: one pass less over y
    return times_rows(x, weight, out=y, accumulate=True)


@affine.cuda
def _affine_cuda(x, weight, bias):
    y = xp_of(x).matmul(x, weight.T)
    y += bias
    return y


class LinearFunction(Primitive):
    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        rows = _rows(x)
        y = by_rows(rows, weight) if bias is None else affine(rows, weight, bias)
        return y if x.ndim == 2 else y.reshape(*x.shape[:-1], weight.shape[0])

    @staticmethod
    def backward(ctx, dy):
        x, weight = ctx.saved
        rows, dy_rows = _rows(x), _rows(dy)
        want_x, want_weight, want_bias = ctx.needs_input_grad
        return (by_columns(dy_rows, weight).reshape(x.shape) if want_x else None,
                matmul_arrays(dy_rows.T, rows) if want_weight else None,
                dy_rows.sum(0) if want_bias else None)


def _rows(x):
    """(*, D) → (N, D); D may be 0, of which reshape(-1, 0) would not find N."""
    return x if x.ndim == 2 else x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """input weightᵀ + bias.

    Shape:
        input (*, D), weight (M, D), bias (M,) → (*, M)

    Raises:
        RuntimeError: the sizes or the dtypes do not fit.
        TypeError: input or weight is no tensor.
    """
    try:
        x, w = input.array, weight.array
    except AttributeError:               # asked when it has failed, which takes no time
        check_tensor("linear", "input", input)
        check_tensor("linear", "weight", weight)
        raise
    if x.shape[-1:] != w.shape[-1:]:
        raise RuntimeError(f"linear: weight of shape {w.shape} reads {w.shape[-1]} "
                           f"features, got input of shape {x.shape}")
    if x.dtype != w.dtype:
        raise RuntimeError(f"linear: input is {input.dtype} and weight is "
                           f"{weight.dtype}; convert one, for example "
                           f"input.to({weight.dtype})")
    follow(weight)
    return LinearFunction.apply(input, weight, bias)


class Linear(Module):
    """y = x Wᵀ + b.

    Args:
        in_features: features of each input, D.
        out_features: features of each output, M.
        bias: whether b is added.

    Shape:
        input (*, D) → output (*, M)

    Parameters:
        weight (M, D), bias (M,), both start uniform in ±1/√D.

    Example:
        >>> nn.Linear(3, 5)(torch.zeros(2, 3)).shape
        torch.Size([2, 5])
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True,
                 device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        for name, value in (("in_features", in_features), ("out_features", out_features)):
            if not isinstance(value, int) or value < 0:
                raise ValueError(f"Linear: {name} must be a whole number from 0 on, "
                                 f"got {value!r}")
        self.in_features, self.out_features = in_features, out_features
        made = {"device": device, "dtype": dtype}
        self.weight = Parameter(empty(out_features, in_features, **made))
        if bias:
            self.bias = Parameter(empty(out_features, **made))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        bound = 1 / math.sqrt(self.in_features) if self.in_features else 0
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Any) -> Any:
        array = getattr(input, "array", None)
        if array is None or array.shape[-1:] != (self.in_features,):
            check_tensor("Linear", "input", input)
            raise RuntimeError(f"Linear({self.in_features}, {self.out_features}) reads "
                               f"{self.in_features} features, got input of shape "
                               f"{tuple(input.shape)}")
        return linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (f"in_features={self.in_features}, out_features={self.out_features}, "
                f"bias={self.bias is not None}")
