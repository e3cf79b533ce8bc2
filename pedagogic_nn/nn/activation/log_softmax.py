"""LogSoftmax: scores to the logarithms of probabilities.

    y_j  = x_j - log Σ_k exp(x_k)
    dx_j = dy_j - exp(y_j) Σ_k dy_k

The largest score is taken off first, so that exp cannot overflow.

Book: losses/cross_entropy.
"""
import warnings
from typing import Any

import numpy as np

from ...autograd.arithmetic import as_float
from ...autograd.function import Primitive
from ...autograd.reductions import axes
from ...backend import cuda, jit, like, math, op
from ...backend.device import xp_of
from ..module import Module


@op
def log_softmax_rows(x):
    """x (N, C) → log-probabilities (N, C)."""
    x = x - x.max(axis=1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=1, keepdims=True))


@jit(reassociate=True)
def _row(y, x):
    top = math.row_max(x)
    total = x.dtype.type(0)         # x[0] * 0 would be NaN for a score of -inf
    for j in range(x.size):
        total += math.exp(x[j] - top)
    shift = top + math.log(total)
    for j in range(x.size):
        y[j] = x[j] - shift


@jit
def _rows_cpu(lo, hi, y, x):
    for n in range(lo, hi):
        _row(y[n], x[n])


@cuda.jit
def _rows_cuda(y, x):
    n = cuda.grid(1)
    if n < x.shape[0]:
        _row(y[n], x[n])


@log_softmax_rows.kernels(cpu=_rows_cpu, cuda=_rows_cuda)
def _run_rows(run, x):
    y = like(x)
    if x.size:
        run((x.shape[0],), y, x, work=x.size)
    return y


@op
def log_softmax_rows_backward(y, dy):
    """y, dy (N, C) → dx (N, C)."""
    return dy - np.exp(y) * dy.sum(axis=1, keepdims=True)


@jit(reassociate=True)
def _row_backward(dx, y, dy):
    total = dy.dtype.type(0)
    for j in range(dy.size):
        total += dy[j]
    for j in range(dy.size):
        dx[j] = dy[j] - math.exp(y[j]) * total


@jit
def _rows_backward_cpu(lo, hi, dx, y, dy):
    for n in range(lo, hi):
        _row_backward(dx[n], y[n], dy[n])


@cuda.jit
def _rows_backward_cuda(dx, y, dy):
    n = cuda.grid(1)
    if n < y.shape[0]:
        _row_backward(dx[n], y[n], dy[n])


@log_softmax_rows_backward.kernels(cpu=_rows_backward_cpu, cuda=_rows_backward_cuda)
def _run_rows_backward(run, y, dy):
    dx = like(y)
    if y.size:
        run((y.shape[0],), dx, y, dy, work=y.size)
    return dx


class LogSoftmaxFunction(Primitive):
    """Along any axis: the axis is brought to the end, so that rows are contiguous."""

    @staticmethod
    def forward(ctx, x, dim):
        x = as_float(x)
        y = _along(dim, log_softmax_rows, x)
        ctx.dim = dim
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, dy):
        return _along(ctx.dim, log_softmax_rows_backward, *ctx.saved, dy)


def _along(dim, operation, *arrays):
    """Apply an operation on rows (N, C) along axis `dim` of arrays of one shape."""
    first = arrays[0]
    if first.ndim == 0:
        return operation(*[a.reshape(1, 1) for a in arrays]).reshape(())
    if dim != first.ndim - 1:
        xp = xp_of(first)
        moved = [xp.moveaxis(a, dim, -1) for a in arrays]
        return xp.moveaxis(_along(first.ndim - 1, operation, *moved), -1, dim)
    rows = (first.size // (first.shape[-1] or 1), first.shape[-1])
    return operation(*[a.reshape(rows) for a in arrays]).reshape(first.shape)


def implicit_dim(dim: int | None, ndim: int, who: str) -> int:
    """The axis that 0.1 chose when `dim` was left out: 0 for 0, 1 or 3 axes, else 1.

    PyTorch does so still, and warns.
    """
    if dim is None:
        warnings.warn(f"{who}: say which axis is meant with dim=…; the old rule that "
                      "chooses one is easy to get wrong", UserWarning, stacklevel=4)
        return 0 if ndim in (0, 1, 3) else 1
    return (axes(dim, ndim, who) or (0,))[0]


def log_softmax(input: Any, dim: int | None = None, dtype: Any = None) -> Any:
    """input - log Σ exp(input) along `dim`."""
    input = input if dtype is None else input.to(dtype)
    dim = implicit_dim(dim, input.ndim, "log_softmax")
    return LogSoftmaxFunction.apply(input, dim=dim)


class LogSoftmax(Module):
    """Scores to log-probabilities along one axis: x - log Σ exp(x), without overflow.

    Args:
        dim: the axis along which the probabilities add up to 1.

    Shape:
        input (*) → output (*), all at most 0

    Example:
        >>> nn.LogSoftmax(dim=1)(torch.tensor([[0.0, 0.0]]))
        tensor([[-0.6931, -0.6931]])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Any:
        return log_softmax(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
