"""Softmax: scores to probabilities.

    y_j  = exp(x_j) / Σ_k exp(x_k)
    dx_j = y_j (dy_j - Σ_k y_k dy_k)

The largest score is taken off first: the quotient stays the same, and exp cannot
overflow.

The axis may be any.  The kernels see it as the middle one of three: an array (N, C, P),
where N counts what the axes before it hold, and P what those after it do.

Book: losses/cross_entropy.
"""
import warnings
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from ...autograd.checks import check_tensor, check_whole_number
from ...autograd.function import Primitive
from ...autograd.reductions import axis
from ...backend import ONE, ZERO, Op, cuda, jit, like, math, op
from ...backend.device import xp_of
from ...backend.softmax import BLOCK, COLUMNS, FEW, columns_at, exp_columns, exp_rows
from ..module import Module

# ---- forward -------------------------------------------------------------------------


@op
def softmax_forward(x, dim):
    """x (*), the number of an axis → probabilities (*) along it."""
    e = np.exp(x - x.max(axis=dim, keepdims=True, initial=-np.inf))
    return e / e.sum(axis=dim, keepdims=True)


@jit
def _rows(lo, hi, y, x):
    C = x.shape[1]
    R = max(1, BLOCK // C)
    top, total = np.empty(R, x.dtype), np.empty(R, x.dtype)
    for start in range(lo, hi, R):
        stop = min(start + R, hi)
        r = stop - start
        exp_rows(y[start:stop], top[:r], total[:r], x[start:stop])
        for n in range(start, stop):
            factor = ONE / total[n - start]
            for j in range(C):
                y[n, j] *= factor


@jit
def _columns(lo, hi, y, x):
    tops, totals = np.empty(COLUMNS, x.dtype), np.empty(COLUMNS, x.dtype)
    k = lo
    while k < hi:
        n, start, width = columns_at(k, hi, x.shape[2])
        k, top, total = k + width, tops[:width], totals[:width]
        exp_columns(y[n], top, total, x[n], start)
        for p in range(width):
            total[p] = ONE / total[p]
        for c in range(x.shape[1]):
            _scale_each(y[n, c, start:start + width], total)


@jit
def _scale_each(y, factors):
    for p in range(y.size):
        y[p] *= factors[p]


@jit
def _forward_cpu(lo, hi, y, x):
    N, C, P = x.shape
    if P == 1:
        _rows(lo, hi, y.reshape(N, C), x.reshape(N, C))
    else:
        _columns(lo, hi, y, x)


@jit
def _column(y, x):
    """One column, on a GPU."""
    top, total = math.row_max(x), x.dtype.type(0)
    for j in range(x.size):
        y[j] = math.exp(x[j] - top)
        total += y[j]
    for j in range(x.size):
        y[j] *= ONE / total


@cuda.jit
def _forward_cuda(y, x):
    k, P = cuda.grid(1), x.shape[2]
    if k < x.shape[0] * P:
        _column(y[k // P, :, k % P], x[k // P, :, k % P])


@softmax_forward.kernels(cpu=_forward_cpu, cuda=_forward_cuda)
def run_columns(run: Callable, *arrays_and_dim: Any) -> Any:
    """Arrays of one shape, the number of an axis → what kernels that see them as
    (N, C, P) make of them."""
    *arrays, dim = arrays_and_dim
    out = like(arrays[0])
    if out.size:
        C, P = out.shape[dim], _behind(dim, out.shape)
        middle = (out.size // (C * P), C, P)
        run((out.size // C,), *[a.reshape(middle) for a in (out, *arrays)], work=out.size)
    return out


def _behind(dim, shape):
    """How many numbers the axes behind `dim` hold."""
    return prod(shape[dim + 1:]) if dim + 1 < len(shape) else 1


# ---- backward ------------------------------------------------------------------------


@op
def softmax_backward(y, dy, dim):
    """y, dy (*), the number of an axis → dx (*)."""
    return y * (dy - (y * dy).sum(axis=dim, keepdims=True))


@jit(reassociate=True)
def _rows_backward(lo, hi, dx, y, dy):
    for n in range(lo, hi):
        total = y.dtype.type(0)
        for j in range(y.shape[1]):
            total += y[n, j] * dy[n, j]
        for j in range(y.shape[1]):
            dx[n, j] = y[n, j] * (dy[n, j] - total)


@jit
def _columns_backward(lo, hi, dx, y, dy):
    totals = np.empty(COLUMNS, y.dtype)
    k = lo
    while k < hi:
        n, start, width = columns_at(k, hi, y.shape[2])
        k, stop, total = k + width, start + width, totals[:width]
        total[:] = ZERO
        for c in range(y.shape[1]):
            _add_products(total, y[n, c, start:stop], dy[n, c, start:stop])
        for c in range(y.shape[1]):
            _slopes(dx[n, c, start:stop], y[n, c, start:stop], dy[n, c, start:stop],
                    total)


@jit
def _add_products(total, y, dy):
    for p in range(y.size):
        total[p] += y[p] * dy[p]


@jit
def _slopes(dx, y, dy, total):
    for p in range(y.size):
        dx[p] = y[p] * (dy[p] - total[p])


@jit
def _backward_cpu(lo, hi, dx, y, dy):
    N, C, P = y.shape
    if P == 1:
        _rows_backward(lo, hi, dx.reshape(N, C), y.reshape(N, C), dy.reshape(N, C))
    else:
        _columns_backward(lo, hi, dx, y, dy)


@cuda.jit
def _backward_cuda(dx, y, dy):
    k, P = cuda.grid(1), y.shape[2]
    if k < y.shape[0] * P:
        n, p, total = k // P, k % P, y.dtype.type(0)
        for c in range(y.shape[1]):
            total += y[n, c, p] * dy[n, c, p]
        for c in range(y.shape[1]):
            dx[n, c, p] = y[n, c, p] * (dy[n, c, p] - total)


softmax_backward.kernels(cpu=_backward_cpu, cuda=_backward_cuda)(run_columns)


# ---- along any axis ------------------------------------------------------------------


class AlongAxis(Primitive):
    """y of x along an axis, and dx of y and dy; a subclass names the two operations."""

    value: Op
    gradient: Op

    @classmethod
    def forward(cls, ctx, x, dim):
        y = along(dim, cls.value, x)
        ctx.dim, ctx.saved = dim, (y,)
        return y

    @classmethod
    def backward(cls, ctx, dy):
        return along(ctx.dim, cls.gradient, *ctx.saved, dy)


class SoftmaxFunction(AlongAxis):
    value, gradient = softmax_forward, softmax_backward


def along(dim: int, operation: Callable, *arrays: Any) -> Any:
    """`operation` along axis `dim` of arrays of one shape, single numbers included."""
    shape = arrays[0].shape
    if not shape:
        return operation(*[a.reshape(1) for a in arrays], 0).reshape(())
    if 1 < _behind(dim, shape) < FEW:
        move = xp_of(arrays[0]).moveaxis
        rows = [move(a, dim, -1) for a in arrays]
        return move(operation(*rows, len(shape) - 1), -1, dim)
    return operation(*arrays, dim)


def scores_of(who: str, input: Any, dtype: Any) -> Any:
    """The input in `dtype`, if one is given.

    Raises:
        NotImplementedError: it is not of real numbers then (PyTorch's exception).
        TypeError: it is no tensor.
    """
    check_tensor(who, "input", input)
    input = input if dtype is None else input.to(dtype)
    if input.array.dtype.kind != "f":
        raise NotImplementedError(f"{who}: scores must be in floating point, got "
                                  f"{input.dtype}; say input.float()")
    return input


def dim_of(who: str, dim: int | None, ndim: int, stacklevel: int) -> int:
    """The axis that is meant, counted from 0.

    Where none is said, it is the one that 0.1 chose: 0 for 0, 1 or 3 axes, else 1.
    PyTorch does so still, and warns.

    Raises:
        IndexError: there is no such axis.
        TypeError: `dim` is no whole number.
    """
    if dim is None:
        warnings.warn(f"{who}: say which axis is meant with dim=…; the old rule that "
                      "chooses one is easy to get wrong", UserWarning,
                      stacklevel=stacklevel)
        return 0 if ndim in (0, 1, 3) else 1
    return axis(dim, ndim, who)


def softmax(input: Any, dim: int | None = None, _stacklevel: int = 3,
            dtype: Any = None) -> Any:
    """exp(input) / Σ exp(input) along `dim`; see `Softmax`.

    Args:
        _stacklevel: whose line the warning about a missing `dim` names.
        dtype: convert the input to it first.
    """
    input = scores_of("softmax", input, dtype)
    return SoftmaxFunction.apply(
        input, dim=dim_of("softmax", dim, input.array.ndim, _stacklevel))


def softmin(input: Any, dim: int | None = None, _stacklevel: int = 3,
            dtype: Any = None) -> Any:
    """exp(-input) / Σ exp(-input) along `dim`; see `Softmin`."""
    input = scores_of("softmin", input, dtype)
    return SoftmaxFunction.apply(
        -input, dim=dim_of("softmin", dim, input.array.ndim, _stacklevel))


def method_of(function: Callable) -> Callable:
    """`x.softmax(dim, dtype=None)` and `torch.softmax(x, dim, …)`: `dim` must be said."""
    def method(input: Any, dim: int, dtype: Any = None) -> Any:
        dim = check_whole_number(function.__name__, "dim", dim)
        return function(input, dim, dtype=dtype)

    method.__name__ = method.__qualname__ = function.__name__
    method.__doc__ = function.__doc__
    return method


softmax_method = method_of(softmax)


class Softmax(Module):
    """Scores to probabilities along one axis.

    Args:
        dim: the axis along which the probabilities add up to 1.

    Shape:
        input (*) → output (*), between 0 and 1

    Example:
        >>> nn.Softmax(dim=1)(torch.tensor([[0.0, 0.0, 0.0, 0.0]]))
        tensor([[0.2500, 0.2500, 0.2500, 0.2500]])

    Source: Bridle, "Probabilistic interpretation of feedforward classification network
    outputs", 1990.
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Any:
        return softmax(input, self.dim, _stacklevel=5)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmin(Softmax):
    """Softmax of the scores with their signs changed: the smallest wins.

    Args:
        dim: the axis along which the probabilities add up to 1.

    Shape:
        input (*) → output (*), between 0 and 1

    Example:
        >>> nn.Softmin(dim=0)(torch.tensor([0.0, 100.0]))
        tensor([1.0000e+00, 3.7835e-44])
    """

    def forward(self, input: Any) -> Any:
        return softmin(input, self.dim, _stacklevel=5)


class Softmax2d(Module):
    """Scores to probabilities over the channels of each pixel.

    Shape:
        input (N, C, H, W) or (C, H, W) → output of the same shape

    Raises:
        ValueError: the input has another number of axes.

    Example:
        >>> nn.Softmax2d()(torch.zeros(1, 2, 1, 1)).flatten()
        tensor([0.5000, 0.5000])
    """

    def forward(self, input: Any) -> Any:
        check_tensor("Softmax2d", "input", input)
        if input.ndim not in (3, 4):
            raise ValueError("Softmax2d: expected input of shape (N, C, H, W) or "
                             f"(C, H, W), got {tuple(input.shape)}")
        return softmax(input, -3)
