"""PReLU: a LeakyReLU that learns its slope, one for all or one for each channel.

    y    = x       where x > 0,     a x       elsewhere
    dx   = dy      where x > 0,     a dy      elsewhere
    da   = the sum of x dy over all x ≤ 0 that share a

Book: nn/activations.
"""
import math
from typing import Any

import numpy as np

from ...autograd.factories import full
from ...autograd.function import Primitive
from ...backend import ZERO, cuda, jit, like, op
from ...backend.math import where
from ..module import Module
from ..parameter import Parameter


@op
def prelu_forward(x, slopes):
    """x (R, S), slopes (C,) → x, or slope · x (R, S); row r has slope r mod C."""
    rows = np.arange(x.shape[0]) % slopes.size
    return np.where(x > 0, x, x * slopes[rows, None])


@jit
def _forward_cpu(lo, hi, y, x, slopes):
    for r in range(lo, hi):
        out, row, slope = y[r], x[r], slopes[r % slopes.size]
        for s in range(row.size):
            out[s] = where(row[s] > ZERO, row[s], slope * row[s])


@cuda.jit
def _forward_cuda(y, x, slopes):
    r, s = cuda.grid(2)
    if r < x.shape[0] and s < x.shape[1]:
        y[r, s] = x[r, s] if x[r, s] > ZERO else slopes[r % slopes.size] * x[r, s]


@prelu_forward.kernels(cpu=_forward_cpu, cuda=_forward_cuda)
def _run_forward(run, x, slopes):
    y = like(x)
    run(x.shape, y, x, slopes)
    return y


@op
def prelu_backward(x, slopes, dy):
    """x, dy (R, S), slopes (C,) → dx (R, S), and Σ x dy over x ≤ 0 of each row (R,)."""
    rows = np.arange(x.shape[0]) % slopes.size
    dx = np.where(x > 0, dy, dy * slopes[rows, None])
    return dx, np.where(x > 0, x.dtype.type(0), x * dy).sum(1)


@jit(reassociate=True)
def _row_backward(dx, x, slope, dy):
    total = x.dtype.type(0)
    for s in range(x.size):
        positive = x[s] > ZERO
        dx[s] = where(positive, dy[s], slope * dy[s])
        total += where(positive, ZERO, x[s] * dy[s])
    return total


@jit
def _backward_cpu(lo, hi, dx, sums, x, slopes, dy):
    for r in range(lo, hi):
        sums[r] = _row_backward(dx[r], x[r], slopes[r % slopes.size], dy[r])


@cuda.jit
def _backward_cuda(dx, sums, x, slopes, dy):
    r = cuda.grid(1)
    if r < x.shape[0]:
        sums[r] = _row_backward(dx[r], x[r], slopes[r % slopes.size], dy[r])


@prelu_backward.kernels(cpu=_backward_cpu, cuda=_backward_cuda)
def _run_backward(run, x, slopes, dy):
    dx, sums = like(x), like(x, x.shape[:1])
    run(x.shape[:1], dx, sums, x, slopes, dy, work=x.size)
    return dx, sums


class PReLUFunction(Primitive):
    """With several slopes a row is what one example has in one channel (axis 1)."""

    @staticmethod
    def forward(ctx, x, slopes):
        ctx.save_for_backward(x, slopes)
        ctx.rows = _rows(x.shape, x.size, slopes.size)
        return prelu_forward(x.reshape(ctx.rows), slopes.reshape(-1)).reshape(x.shape)

    @staticmethod
    def backward(ctx, dy):
        x, slopes = ctx.saved
        dx, sums = prelu_backward(x.reshape(ctx.rows), slopes.reshape(-1),
                                  dy.reshape(ctx.rows))
        if slopes.size != 1:
            sums = sums.reshape(x.shape[:2])
        return dx.reshape(x.shape), sums.sum(0).reshape(slopes.shape)


def _rows(shape, size, slopes):
    """(rows, numbers in a row) of an input of this shape."""
    n = math.prod(shape[:-1][:1] if slopes == 1 else shape[:2])
    return n, size // n if n else 1


def prelu(input: Any, weight: Any) -> Any:
    """input, or weight · input where it is not positive.

    Shape:
        input (N, C, *), weight (C,), or a single number with input (*) → (N, C, *)

    Raises:
        RuntimeError: the weights do not fit the channels, or the dtypes differ.
    """
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
