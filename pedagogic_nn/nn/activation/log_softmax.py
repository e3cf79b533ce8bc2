"""LogSoftmax: scores to the logarithms of probabilities.

    y_j  = x_j - log Σ_k exp(x_k)
    dx_j = dy_j - exp(y_j) Σ_k dy_k

The largest score is taken off first, so that exp cannot overflow.

The kernels see the axis as the middle one of three, as those of softmax.py do.

Book: losses/cross_entropy.
"""
from typing import Any

import numpy as np

from ...backend import ZERO, cuda, jit, math, op
from ...backend.softmax import (
    BLOCK,
    COLUMNS,
    SHORT,
    columns_at,
    exp_columns,
    exp_rows,
    log_each,
    row_sum,
)
from ..module import Module
from .softmax import AlongAxis, dim_of, method_of, run_columns, scores_of

# ---- forward -------------------------------------------------------------------------


@op
def log_softmax_forward(x, dim):
    """x (*), the number of an axis → log-probabilities (*) along it."""
    x = x - x.max(axis=dim, keepdims=True, initial=-np.inf)
    return x - np.log(np.exp(x).sum(axis=dim, keepdims=True))


@jit(reassociate=True)
def _row(y, x):
    top = math.row_max(x)
    total = x.dtype.type(0)         # x[0] * 0 would be NaN for a score of -inf
    for j in range(x.size):
        total += math.exp(x[j] - top)
    _subtract_both(y, x, top, math.log(total))


@jit
def _subtract_both(y, x, top, log_total):
    # One after the other, and without `reassociate`: 10000 + log 2 is 10000.693 in
    # float32, which leaves three digits of the logarithm.
    for j in range(x.size):
        y[j] = (x[j] - top) - log_total


@jit
def _short_rows(lo, hi, y, x):
    C = x.shape[1]
    R = BLOCK // C
    e = np.empty((R, C), x.dtype)
    top, total = np.empty(R, x.dtype), np.empty(R, x.dtype)
    for start in range(lo, hi, R):
        rows = x[start:min(start + R, hi)]
        r = rows.shape[0]
        exp_rows(e[:r], top[:r], total[:r], rows)
        log_each(total[:r], total[:r])
        for n in range(r):
            most, log_total = top[n], total[n]
            for j in range(C):
                y[start + n, j] = (rows[n, j] - most) - log_total


@jit
def _long_rows(lo, hi, y, x):
    for n in range(lo, hi):
        _row(y[n], x[n])


@jit
def _columns(lo, hi, y, x):
    tops, totals = np.empty(COLUMNS, x.dtype), np.empty(COLUMNS, x.dtype)
    nothing = np.empty((0, 0), x.dtype)
    k = lo
    while k < hi:
        n, start, width = columns_at(k, hi, x.shape[2])
        k, stop, top, total = k + width, start + width, tops[:width], totals[:width]
        exp_columns(nothing, top, total, x[n], start)
        log_each(total, total)
        for c in range(x.shape[1]):
            _subtract_each(y[n, c, start:stop], x[n, c, start:stop], top, total)


@jit
def _subtract_each(y, x, tops, log_totals):
    for p in range(x.size):
        y[p] = (x[p] - tops[p]) - log_totals[p]


@jit
def _forward_cpu(lo, hi, y, x):
    N, C, P = x.shape
    if P > 1:
        _columns(lo, hi, y, x)
    elif C <= SHORT:
        _short_rows(lo, hi, y.reshape(N, C), x.reshape(N, C))
    else:
        _long_rows(lo, hi, y.reshape(N, C), x.reshape(N, C))


@cuda.jit
def _forward_cuda(y, x):
    k, P = cuda.grid(1), x.shape[2]
    if k < x.shape[0] * P:
        _row(y[k // P, :, k % P], x[k // P, :, k % P])


log_softmax_forward.kernels(cpu=_forward_cpu, cuda=_forward_cuda)(run_columns)


# ---- backward ------------------------------------------------------------------------


@op
def log_softmax_backward(y, dy, dim):
    """y, dy (*), the number of an axis → dx (*)."""
    return dy - np.exp(y) * dy.sum(axis=dim, keepdims=True)


@jit(reassociate=True)
def _row_backward(dx, y, dy):
    total = row_sum(dy)
    for j in range(dy.size):
        dx[j] = dy[j] - math.exp(y[j]) * total


@jit(reassociate=True)
def _short_rows_backward(lo, hi, dx, y, dy):
    C = y.shape[1]
    R = BLOCK // C
    for start in range(lo, hi, R):
        stop = min(start + R, hi)
        e, flat = dx[start:stop].reshape(-1), y[start:stop].reshape(-1)
        for k in range(flat.size):
            e[k] = math.exp(flat[k])
        for n in range(start, stop):
            total = y.dtype.type(0)
            for j in range(C):
                total += dy[n, j]
            for j in range(C):
                dx[n, j] = dy[n, j] - dx[n, j] * total


@jit
def _long_rows_backward(lo, hi, dx, y, dy):
    for n in range(lo, hi):
        _row_backward(dx[n], y[n], dy[n])


@jit
def _columns_backward(lo, hi, dx, y, dy):
    totals = np.empty(COLUMNS, y.dtype)
    k = lo
    while k < hi:
        n, start, width = columns_at(k, hi, y.shape[2])
        k, stop, total = k + width, start + width, totals[:width]
        total[:] = ZERO
        for c in range(y.shape[1]):
            _add(total, dy[n, c, start:stop])
        for c in range(y.shape[1]):
            _slopes(dx[n, c, start:stop], y[n, c, start:stop], dy[n, c, start:stop],
                    total)


@jit
def _add(total, x):
    for p in range(x.size):
        total[p] += x[p]


@jit
def _slopes(dx, y, dy, total):
    for p in range(dx.size):
        dx[p] = dy[p] - math.exp(y[p]) * total[p]


@jit
def _backward_cpu(lo, hi, dx, y, dy):
    N, C, P = y.shape
    if P > 1:
        _columns_backward(lo, hi, dx, y, dy)
    elif C <= SHORT:
        _short_rows_backward(lo, hi, dx.reshape(N, C), y.reshape(N, C), dy.reshape(N, C))
    else:
        _long_rows_backward(lo, hi, dx.reshape(N, C), y.reshape(N, C), dy.reshape(N, C))


@cuda.jit
def _backward_cuda(dx, y, dy):
    k, P = cuda.grid(1), y.shape[2]
    if k < y.shape[0] * P:
        n, p = k // P, k % P
        _row_backward(dx[n, :, p], y[n, :, p], dy[n, :, p])


log_softmax_backward.kernels(cpu=_backward_cpu, cuda=_backward_cuda)(run_columns)

# ---- along any axis ------------------------------------------------------------------


class LogSoftmaxFunction(AlongAxis):
    value, gradient = log_softmax_forward, log_softmax_backward


def log_softmax(input: Any, dim: int | None = None, _stacklevel: int = 3,
                dtype: Any = None) -> Any:
    """input - log Σ exp(input) along `dim`; see `LogSoftmax`.

    Args:
        _stacklevel: whose line the warning about a missing `dim` names.
        dtype: convert the input to it first.
    """
    input = scores_of("log_softmax", input, dtype)
    return LogSoftmaxFunction.apply(
        input, dim=dim_of("log_softmax", dim, input.array.ndim, _stacklevel))


log_softmax_method = method_of(log_softmax)


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
        return log_softmax(input, self.dim, _stacklevel=5)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
