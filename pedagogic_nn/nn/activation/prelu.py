"""PReLU: a LeakyReLU that learns its slope, one for all or one for each channel.

    y    = x       where x > 0,     a x       elsewhere
    dx   = dy      where x > 0,     a dy      elsewhere
    da   = the sum of x dy over all x ≤ 0 that share a

Book: nn/activations.
"""
import math
from typing import Any

import numpy as np

from ...autograd.checks import check_tensor
from ...autograd.factories import full
from ...autograd.function import Primitive
from ...backend import ZERO, cuda, jit, like, op
from ...backend.math import where
from ..module import Module
from ..parameter import Parameter

PART = 4096            # numbers whose shares of da are added up at once: they stay in
                       # cache


@op
def prelu_forward(x, slopes, each):
    """x (*), slopes (C,) → x, or slope · x (*).

    `each` neighbours of the flat x share a slope; after C of them the slopes begin anew.
    """
    return np.where(x > 0, x, _slope_of_each(x, slopes, each) * x)


def _slope_of_each(x, slopes, each):
    return np.resize(np.repeat(slopes, each), x.shape)


@jit
def _forward_cpu(lo, hi, y, x, slopes, each):
    if each == 1:                          # the slopes lie side by side, as x does
        while lo < hi:
            first = lo % slopes.size
            end = min(hi, lo - first + slopes.size)
            _own_slopes(y[lo:end], x[lo:end], slopes[first:])
            lo = end
    while lo < hi:
        end = min(hi, (lo // each + 1) * each)
        _one_slope(y[lo:end], x[lo:end], slopes[lo // each % slopes.size])
        lo = end


@jit(forceinline=True)
def _own_slopes(y, x, slopes):
    for k in range(x.size):
        y[k] = where(x[k] > ZERO, x[k], slopes[k] * x[k])


@jit(forceinline=True)
def _one_slope(y, x, slope):
    for k in range(x.size):
        y[k] = where(x[k] > ZERO, x[k], slope * x[k])


@cuda.jit
def _forward_cuda(y, x, slopes, each):
    k = cuda.grid(1)
    if k < x.size:
        y[k] = where(x[k] > ZERO, x[k], slopes[k // each % slopes.size] * x[k])


@prelu_forward.kernels(cpu=_forward_cpu, cuda=_forward_cuda)
def _run_forward(run, x, slopes, each):
    y = like(x)
    run((x.size,), y.reshape(-1), x.reshape(-1), slopes, each)
    return y


@op
def prelu_backward(x, slopes, dy, each):
    """x, dy (*), slopes (C,) → dx (*), and the gradient of each slope (C,)."""
    dx = np.where(x > 0, dy, _slope_of_each(x, slopes, each) * dy)
    shares = np.where(x > 0, x.dtype.type(0), x * dy)
    rows = x.size // max(slopes.size * each, 1)
    return dx, shares.reshape(rows, slopes.size, each).sum((0, 2))


@jit
def _backward_part(p, length, dx, shares, x, slopes, dy, each):
    """dx in part p of the flat arrays, and what the part adds to da: a number where it
    has one slope, else a row (C,)."""
    lo, hi, C = p * length, min((p + 1) * length, x.size), slopes.size
    if each > 1:
        shares[p] = _backward_one_slope(dx[lo:hi], x[lo:hi], dy[lo:hi], slopes[p % C])
        return
    row = shares[p * C:(p + 1) * C]
    row[:] = ZERO
    for k in range(lo, hi, C):
        _backward_own_slopes(dx[k:k + C], row, x[k:k + C], slopes, dy[k:k + C])


@jit(reassociate=True)
def _backward_one_slope(dx, x, dy, slope):
    da = x.dtype.type(0)
    for k in range(x.size):
        positive = x[k] > ZERO
        dx[k] = where(positive, dy[k], slope * dy[k])
        da += where(positive, ZERO, x[k] * dy[k])
    return da


@jit(forceinline=True)
def _backward_own_slopes(dx, da, x, slopes, dy):
    for k in range(x.size):
        positive = x[k] > ZERO
        dx[k] = where(positive, dy[k], slopes[k] * dy[k])
        da[k] += where(positive, ZERO, x[k] * dy[k])


@jit
def _backward_cpu(lo, hi, length, dx, shares, x, slopes, dy, each):
    for p in range(lo, hi):
        _backward_part(p, length, dx, shares, x, slopes, dy, each)


@cuda.jit
def _backward_cuda(length, dx, shares, x, slopes, dy, each):
    p = cuda.grid(1)
    if p * length < x.size:
        _backward_part(p, length, dx, shares, x, slopes, dy, each)


@prelu_backward.kernels(cpu=_backward_cpu, cuda=_backward_cuda)
def _run_backward(run, x, slopes, dy, each):
    # Parts do not depend on the number of threads, and so neither does the sum.
    dx, C = like(x), slopes.size
    if C == 1:
        each = PART
    length = each if each > 1 else max(PART // max(C, 1), 1) * C
    parts = -(-x.size // length) if x.size else 0
    shares = like(slopes, parts * (C if each == 1 else 1))
    run((parts,), length, dx.reshape(-1), shares, x.reshape(-1), slopes, dy.reshape(-1),
        each, work=x.size)
    return dx, shares if shares.size == C else shares.reshape(-1, C).sum(0)


class PReLUFunction(Primitive):
    """x (N, C, *), slopes (C,), or any x and one slope → y like x."""

    @staticmethod
    def forward(ctx, x, slopes):
        ctx.each = x.size if slopes.size == 1 else math.prod(x.shape[2:])
        ctx.saved = x, slopes
        return prelu_forward(x, slopes.reshape(-1), ctx.each)

    @staticmethod
    def backward(ctx, dy):
        x, slopes = ctx.saved
        dx, dslopes = prelu_backward(x, slopes.reshape(-1), dy, ctx.each)
        return dx, dslopes.reshape(slopes.shape)


def prelu(input: Any, weight: Any) -> Any:
    """input, or weight · input where it is not positive.

    Shape:
        input (N, C, *), weight (C,), or a single number with input (*) → (N, C, *)

    Raises:
        RuntimeError: the weights do not fit the channels, or the dtypes differ.
    """
    check_tensor("prelu", "input", input)
    check_tensor("prelu", "weight", weight)
    if weight.ndim > 1:
        raise RuntimeError("prelu: weight must be one number, or one for each channel; "
                           f"got shape {tuple(weight.shape)}")
    channels = input.shape[1] if input.ndim > 1 else 1
    if weight.numel() not in (1, channels):
        raise RuntimeError(f"prelu: {weight.numel()} weights meet {channels} channels "
                           f"(axis 1) in input of shape {tuple(input.shape)}; give one "
                           "weight, or one for each channel")
    if input.dtype != weight.dtype:
        raise RuntimeError(f"prelu: input is {input.dtype} and weight is {weight.dtype}; "
                           f"convert one, for example input.to({weight.dtype})")
    return PReLUFunction.apply(input, weight)


class PReLU(Module):
    """x where it is positive, a · x elsewhere; a is learned.

    Args:
        num_parameters: 1 for one a, or the number of channels (axis 1).
        init: where a starts.

    Shape:
        input (N, C, *), or any with one a → output of the same shape

    Parameters:
        weight (num_parameters,)

    Example:
        >>> nn.PReLU()(torch.tensor([-1.0, 2.0])).tolist()
        [-0.25, 2.0]

    Source: He et al., "Delving deep into rectifiers: surpassing human-level performance
    on ImageNet classification", 2015.
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None,
                 dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = Parameter(full((num_parameters,), init, device=device, dtype=dtype))

    def reset_parameters(self) -> None:
        """Every slope as it was at the start."""
        self.weight.data.fill_(self.init)

    def forward(self, input: Any) -> Any:
        return prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"
