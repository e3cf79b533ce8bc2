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
from ...backend.device import xp_of
from ...backend.math import where
from ..module import Module
from ..parameter import Parameter


@op
def prelu_forward(x, slopes):
    """x (N, K), slopes (K,) → x, or slope · x (N, K)."""
    return np.where(x > 0, x, slopes * x)


@jit
def _forward_cpu(lo, hi, y, x, slopes):
    for n in range(lo, hi):
        out, row = y[n], x[n]
        for k in range(row.size):
            out[k] = where(row[k] > ZERO, row[k], slopes[k] * row[k])


@cuda.jit
def _forward_cuda(y, x, slopes):
    n, k = cuda.grid(2)
    if n < x.shape[0] and k < x.shape[1]:
        y[n, k] = where(x[n, k] > ZERO, x[n, k], slopes[k] * x[n, k])


@prelu_forward.kernels(cpu=_forward_cpu, cuda=_forward_cuda)
def _run_forward(run, x, slopes):
    y = like(x)
    run(x.shape, y, x, slopes)
    return y


@op
def prelu_backward(x, slopes, dy):
    """x, dy (N, K), slopes (K,) → dx (N, K), and the gradient of each slope (K,)."""
    return (np.where(x > 0, dy, slopes * dy),
            np.where(x > 0, x.dtype.type(0), x * dy).sum(0))


@jit
def _backward_cpu(lo, hi, dx, dslopes, x, slopes, dy):
    # Threads share out the columns, so that no two of them add to one sum.
    a, da = slopes[lo:hi], dslopes[lo:hi]
    da[:] = 0
    for n in range(x.shape[0]):
        out, row, g = dx[n, lo:hi], x[n, lo:hi], dy[n, lo:hi]
        for k in range(row.size):
            positive = row[k] > ZERO
            out[k] = where(positive, g[k], a[k] * g[k])
            da[k] += where(positive, ZERO, row[k] * g[k])


@cuda.jit
def _backward_cuda(dx, dslopes, x, slopes, dy):
    k = cuda.grid(1)
    if k < x.shape[1]:
        total = x.dtype.type(0)
        for n in range(x.shape[0]):
            positive = x[n, k] > ZERO
            dx[n, k] = where(positive, dy[n, k], slopes[k] * dy[n, k])
            total += where(positive, ZERO, x[n, k] * dy[n, k])
        dslopes[k] = total


@prelu_backward.kernels(cpu=_backward_cpu, cuda=_backward_cuda)
def _run_backward(run, x, slopes, dy):
    dx, dslopes = like(x), like(slopes)
    run(slopes.shape, dx, dslopes, x, slopes, dy, work=x.size)
    return dx, dslopes


class PReLUFunction(Primitive):
    """An example is a row of K numbers; each of them gets the slope of its channel."""

    @staticmethod
    def forward(ctx, x, slopes):
        n, example = (x.shape[0], x.shape[1:]) if x.ndim > 1 else (1, x.shape)
        k = math.prod(example)
        each = k // max(slopes.size, 1)               # numbers that share a slope
        ctx.rows, ctx.channels = (n, k), (slopes.size, each)
        ctx.row = xp_of(x).repeat(slopes.reshape(-1), each)
        ctx.save_for_backward(x, slopes)
        return prelu_forward(x.reshape(n, k), ctx.row).reshape(x.shape)

    @staticmethod
    def backward(ctx, dy):
        x, slopes = ctx.saved
        dx, drow = prelu_backward(x.reshape(ctx.rows), ctx.row, dy.reshape(ctx.rows))
        dslopes = drow.reshape(ctx.channels).sum(1)
        return dx.reshape(x.shape), dslopes.reshape(slopes.shape)


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
