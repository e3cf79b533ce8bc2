"""PairwiseDistance: the p-norm of the difference of two vectors.

    d_k   = x1_k - x2_k + eps                     eps: equal vectors have a slope too
    y     = (Σ |d_k|^p)^(1/p)
    dx1_k = dy · sign(d_k) (|d_k| / y)^(p-1)      0 where d_k or y is 0
    dx2   = -dx1

    p = ∞     y is the largest |d_k|, p = -∞ the smallest; the gradient is shared between
              those that are equal to it
    p = 0     y is how many d_k are not 0; there is no gradient

Book: nn/distances.
"""
from math import prod
from typing import Any

import numpy as np

from ...autograd.arithmetic import check_shapes, promote, unbroadcast
from ...autograd.checks import check_not_bool, check_number, check_tensor
from ...autograd.dtypes import as_float, cast
from ...autograd.function import Primitive
from ...backend import ONE, TWO, ZERO, cuda, jit, like, math, op
from ...backend.device import xp_of
from ..module import Module

INF = np.float32(np.inf)


@op
def distance_rows(x1, x2, p, eps):
    """x1, x2 (N, D), two numbers → the p-norm of each row of x1 - x2 + eps (N,)."""
    d = np.abs(x1 - x2 + x1.dtype.type(eps))
    if p == 0:
        return (d != 0).sum(1).astype(d.dtype)
    if np.isinf(p):
        return d.max(1) if p > 0 else d.min(1)
    return (d**p).sum(1)**(1 / p)


@jit
def _difference(x1, x2, k, eps):
    """d_k, rounded alike wherever it is needed: `reassociate` would change it."""
    return x1[k] - x2[k] + eps


@jit
def _largest(x1, x2, sign, eps):
    """The largest of sign · |d_k|."""
    largest = x1.dtype.type(-np.inf)
    for k in range(x1.size):
        largest = math.maximum(largest, sign * abs(_difference(x1, x2, k, eps)))
    return largest


@jit(reassociate=True)
def _distance(x1, x2, p, eps):
    total = x1.dtype.type(0)
    if abs(p) == INF:                       # the smallest is minus the largest of -|d|
        sign = math.where(p > ZERO, ONE, -ONE)
        return sign * _largest(x1, x2, sign, eps)
    if p == TWO:
        for k in range(x1.size):
            d = _difference(x1, x2, k, eps)
            total += d * d
        return math.sqrt(total)
    if p == ONE:
        for k in range(x1.size):
            total += abs(_difference(x1, x2, k, eps))
        return total
    if p == ZERO:
        for k in range(x1.size):
            total += math.where(_difference(x1, x2, k, eps) == ZERO, ZERO, ONE)
        return total
    for k in range(x1.size):
        total += _power(abs(_difference(x1, x2, k, eps)), p)
    return _power(total, ONE / p)


@jit(forceinline=True)
def _power(x, p):
    """x^p for x >= 0, in vector lanes."""
    return math.exp(p * math.log(x))


@jit
def _rows_cpu(lo, hi, y, x1, x2, p, eps):
    for n in range(lo, hi):
        y[n] = _distance(x1[n], x2[n], p, eps)


@cuda.jit
def _rows_cuda(y, x1, x2, p, eps):
    n = cuda.grid(1)
    if n < x1.shape[0]:
        y[n] = _distance(x1[n], x2[n], p, eps)


@distance_rows.kernels(cpu=_rows_cpu, cuda=_rows_cuda)
def _run_rows(run, x1, x2, p, eps):
    y, real = like(x1, x1.shape[:1]), x1.dtype.type
    run(y.shape, y, x1, x2, real(p), real(eps), work=x1.size)
    return y


@op
def distance_rows_backward(x1, x2, y, dy, p, eps):
    """x1, x2 (N, D), y, dy (N,), two numbers → dx1 (N, D)."""
    d, y, dy = x1 - x2 + x1.dtype.type(eps), y[:, None], dy[:, None]
    size, sign = np.abs(d), (d > 0).astype(d.dtype) - (d < 0)
    if np.isinf(p):
        equal = size == y
        count = np.maximum(equal.sum(1, keepdims=True, dtype=d.dtype), 1)
        return dy * sign * equal / count
    slope = sign if p == 1 else sign * size**(p - 1) * y**(1 - p)
    zero = (size == 0) | ((y == 0) & (p > 1))
    return dy * np.where(zero, d.dtype.type(0), slope)


@jit
def _slopes(dx, x1, x2, y, dy, p, eps):
    if abs(p) == INF:
        count = x1.dtype.type(0)
        for k in range(x1.size):
            count += math.where(abs(_difference(x1, x2, k, eps)) == y, ONE, ZERO)
        share = dy / count
        for k in range(x1.size):
            d = _difference(x1, x2, k, eps)
            dx[k] = math.where(abs(d) == y, _sign(d) * share, ZERO)
    elif p == ONE:
        for k in range(x1.size):
            dx[k] = _sign(_difference(x1, x2, k, eps)) * dy
    elif p == TWO:
        scale = math.where(y == ZERO, ZERO, dy / y)
        for k in range(x1.size):
            dx[k] = _difference(x1, x2, k, eps) * scale
    elif y == ZERO and p > ONE:             # all |d|^p have become 0
        dx[:] = 0
    else:
        q = p - ONE
        scale = dy * _power(y, -q)
        for k in range(x1.size):
            d = _difference(x1, x2, k, eps)
            slope = math.where(d < ZERO, -scale, scale) * _power(abs(d), q)
            dx[k] = math.where(d == ZERO, ZERO, slope)


@jit(forceinline=True)
def _sign(d):
    """-1, 0 or 1; 0 for NaN."""
    return math.where(d > ZERO, ONE, math.where(d < ZERO, -ONE, ZERO))


@jit
def _backward_cpu(lo, hi, dx, x1, x2, y, dy, p, eps):
    for n in range(lo, hi):
        _slopes(dx[n], x1[n], x2[n], y[n], dy[n], p, eps)


@cuda.jit
def _backward_cuda(dx, x1, x2, y, dy, p, eps):
    n = cuda.grid(1)
    if n < x1.shape[0]:
        _slopes(dx[n], x1[n], x2[n], y[n], dy[n], p, eps)


@distance_rows_backward.kernels(cpu=_backward_cpu, cuda=_backward_cuda)
def _run_backward(run, x1, x2, y, dy, p, eps):
    dx, real = like(x1), x1.dtype.type
    run(x1.shape[:1], dx, x1, x2, y, dy, real(p), real(eps), work=x1.size)
    return dx


class PairwiseDistanceFunction(Primitive):
    """Along the last axis; the shapes of the two broadcast."""

    @staticmethod
    def forward(ctx, x1, x2, p, eps):
        ctx.shapes, ctx.options = (x1.shape, x2.shape), (p, eps)
        x1, x2 = same(x1, x2)
        ctx.shape = x1.shape
        x1, x2 = rows(x1), rows(x2)
        y = distance_rows(x1, x2, p, eps)
        ctx.save_for_backward(x1, x2, y)
        return y.reshape(ctx.shape[:-1])

    @staticmethod
    def backward(ctx, dy):
        p, eps = ctx.options
        if p == 0:                               # a count has no slope
            return None, None
        x1, x2, y = ctx.saved
        dx = distance_rows_backward(x1, x2, y, dy.reshape(-1), p, eps).reshape(ctx.shape)
        want_x1, want_x2 = ctx.needs_input_grad
        return (unbroadcast(dx, ctx.shapes[0]) if want_x1 else None,
                -unbroadcast(dx, ctx.shapes[1]) if want_x2 else None)


def same(x1: Any, x2: Any) -> tuple[Any, Any]:
    """Both arrays in one real dtype and one shape."""
    if x1.dtype == x2.dtype and x1.dtype.kind == "f" and x1.shape == x2.shape:
        return x1, x2
    dtype, shape = promote(x1, x2), np.broadcast_shapes(x1.shape, x2.shape)
    return _stretched(cast(x1, dtype), shape), _stretched(cast(x2, dtype), shape)


def _stretched(x, shape):
    x = as_float(x)
    return x if x.shape == shape else xp_of(x).broadcast_to(x, shape).copy()


def rows(x: Any) -> Any:
    """(*, D) → (N, D); a single number is one row of one."""
    if x.ndim == 2:
        return x
    return x.reshape(prod(x.shape[:-1]), x.shape[-1] if x.ndim else 1)


def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6,
                      keepdim: bool = False) -> Any:
    """The p-norm of x1 - x2 + eps along the last axis; see `PairwiseDistance`.

    Raises:
        TypeError: p or eps is no number, or keepdim no bool.
        RuntimeError: a tensor holds bools, the shapes do not broadcast, or vectors
            without numbers have no largest one.
    """
    who = "pairwise_distance"
    p, eps = check_number(who, "p", p), check_number(who, "eps", eps)
    if not isinstance(keepdim, bool):
        raise TypeError(f"{who}: keepdim must be a bool, got {keepdim!r}")
    for name, x in (("x1", x1), ("x2", x2)):
        check_tensor(who, name, x)
        check_not_bool(who, name, x)
    if x1.array.shape != x2.array.shape:
        check_shapes(who, x1, x2)
    if (p < 0 or p == INF) and 0 in (x1.shape[-1:] + x2.shape[-1:]):
        raise RuntimeError(f"{who}: with p = {p} vectors need numbers, got "
                           f"shapes {tuple(x1.shape)} and {tuple(x2.shape)}")
    y = PairwiseDistanceFunction.apply(x1, x2, p=p, eps=eps)
    if keepdim and (x1.ndim or x2.ndim):
        return y.unsqueeze(-1)
    return y


class PairwiseDistance(Module):
    """The p-norm of the difference of two vectors, pair by pair.

    Args:
        p: which norm: 2 the length, 1 the sum of sizes, inf the largest size.
        eps: added to every difference, so that equal vectors have a slope.
        keepdim: whether the last axis stays, with size 1.

    Shape:
        x1 (N, D), x2 (N, D), or what broadcasts → output (N,), or (N, 1) with keepdim

    Raises:
        TypeError: p or eps is no number.

    Example:
        >>> x1, x2 = torch.tensor([[3.0, 4.0]]), torch.zeros(1, 2)
        >>> nn.PairwiseDistance(p=2)(x1, x2), nn.PairwiseDistance(p=1)(x1, x2)
        (tensor([5.0000]), tensor([7.0000]))
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm, self.eps, self.keepdim = p, eps, keepdim

    def forward(self, x1: Any, x2: Any) -> Any:
        return pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)
