"""GroupNorm: each example with mean 0 and variance 1 over groups of its channels.

The C channels of x (N, C, L) fall into G groups of K = C / G neighbours.  For each
example and group, over its M = K·L numbers:

    m = Σ x / M        v = Σ (x - m)² / M        r = 1 / √(v + ε)
    y = (x - m) r w + b                          w, b of the channel

Backwards, with x̂ = (x - m) r and g = dy w:

    dx = r (g - mean(g) - x̂ mean(g x̂))
    dw = dy x̂ and db = dy, summed over examples and places

One group is LayerNorm over (C, L) with a scale for each channel; C groups are
InstanceNorm.

Book: nn/normalization.
"""
from math import prod
from typing import Any

import numpy as np

from ...autograd.checks import check_tensor
from ...autograd.function import Primitive
from ...backend import ONE, contiguous, jit, like, math, op
from ...backend.launch import CHEAP, on_cpu
from .affine import AffineNorm
from .layer_norm import rows_backward, rows_cpu
from .statistics import (
    add_row,
    as_planes,
    check_count,
    check_parameters,
    gradients,
    scale_row,
    slope_row,
    sums_of_row,
    totals,
    vector,
    wide,
)

SHORT = 32          # below, L is too short for a loop of its own (measured)

# ---- forward -------------------------------------------------------------------------


@op
def group_norm_forward(x, weight, bias, groups, eps):
    """x (N, C, *), weight bias (C,), two numbers → y (N, C, *), mean variance (N, G)."""
    N, C, L = as_planes(x).shape
    rows = x.reshape(N, groups, C // groups * L)
    mean = rows.mean(axis=2)
    centred = rows - mean[..., None]
    variance = (centred * centred).mean(axis=2)
    y = (centred * ((variance + eps) ** -0.5)[..., None]).reshape(N, C, L)
    return (y * weight[:, None] + bias[:, None]).reshape(x.shape), mean, variance


group_norm_forward.cuda(group_norm_forward.reference)


@jit
def _forward_cpu(lo, hi, y, mean, variance, x, weight, bias, eps):
    """x (N·G, K, L), mean variance (N·G,)."""
    eps = x.dtype.type(eps)
    K, G = x.shape[1], weight.size // x.shape[1]
    for n in range(lo, hi):
        count, total, spread = 0, 0.0, 0.0
        for k in range(K):
            count, total, spread = add_row(x[n, k], count, total, spread)
        mean[n], variance[n] = total / count, spread / count
        m, r, first = mean[n], ONE / math.sqrt(variance[n] + eps), n % G * K
        for k in range(K):
            scale_row(y[n, k], x[n, k], m, r * weight[first + k], bias[first + k])


@group_norm_forward.cpu
def _run_forward(x, weight, bias, groups, eps):
    N, L, y, seen = x.shape[0], prod(x.shape[2:]), like(x), _by_group(x.shape, groups)
    mean, variance = like(x, (N, groups)), like(x, (N, groups))
    if L < SHORT:
        weight, bias = _wide(weight, groups, L), _wide(bias, groups, L)
    on_cpu(rows_cpu if L < SHORT else _forward_cpu, seen[:1], y.reshape(seen),
           mean.reshape(-1), variance.reshape(-1), contiguous(x).reshape(seen),
           contiguous(weight), contiguous(bias), float(eps), work=x.size // CHEAP)
    return y, mean, variance


def _by_group(shape, groups):
    """(N, C, *) as the kernels see it: (N·G, K, L), or (N·G, K·L) if L is short."""
    N, C, L = shape[0], shape[1], prod(shape[2:])
    return (N * groups, *((C // groups * L,) if L < SHORT else (C // groups, L)))


@jit                                         # NumPy's repeat alone takes a microsecond
def _wide(a, groups, L):
    """a (C,) as (G, K·L): L times each element."""
    return np.repeat(a, L).reshape(groups, a.size // groups * L)


# ---- backward ------------------------------------------------------------------------


@op
def group_norm_backward(dy, x, mean, variance, weight, eps):
    """dy x (N, C, *), mean variance (N, G), weight (C,), a number → dx (N, C, *),
    dw db (C,)."""
    N, C, L = as_planes(x).shape
    rows = (N, mean.shape[1], C // mean.shape[1] * L)
    r = ((variance + eps) ** -0.5)[..., None]
    x_hat = (x.reshape(rows) - mean[..., None]) * r
    dy = as_planes(dy)
    g = (dy * weight[:, None]).reshape(rows)
    dx = g - g.mean(axis=2)[..., None] - x_hat * (g * x_hat).mean(axis=2)[..., None]
    dw = (dy * x_hat.reshape(N, C, L)).sum(axis=(0, 2))
    return (dx * r).reshape(x.shape), dw, dy.sum(axis=(0, 2))


group_norm_backward.cuda(group_norm_backward.reference)


@jit
def _backward_cpu(lo, hi, dx, dw, db, dy, x, mean, variance, weight, eps):
    """dx dy x (N·G, K, L), mean variance (N·G,); dw db (N·G, K): a sum for each."""
    K, L, number = x.shape[1], x.shape[2], x.dtype.type
    eps = number(eps)
    G, M = weight.size // K, number(K * L)
    for n in range(lo, hi):
        m, r, first = mean[n], ONE / math.sqrt(variance[n] + eps), n % G * K
        a = b = number(0)
        for k in range(K):
            total, moment = sums_of_row(dy[n, k], x[n, k], m)
            db[n, k], dw[n, k] = total, moment * r
            a += weight[first + k] * total
            b += weight[first + k] * moment * r
        for k in range(K):
            slope_row(dx[n, k], dy[n, k], x[n, k], m, weight[first + k] * r, a / M * r,
                      b / M * r * r)


@group_norm_backward.cpu
def _run_backward(dy, x, mean, variance, weight, eps):
    N, C, L, groups = x.shape[0], x.shape[1], prod(x.shape[2:]), mean.shape[1]
    dx, seen = like(x), _by_group(x.shape, groups)
    arrays = [contiguous(a).reshape(seen) for a in (dx, dy, x)]
    mean, variance = contiguous(mean).reshape(-1), contiguous(variance).reshape(-1)
    if L < SHORT:
        weight = _wide(weight, groups, L)
        return dx, *rows_backward(*arrays, mean, variance, weight, eps, C)
    dw, db = (like(x, arrays[0].shape[:2]) for _ in range(2))
    on_cpu(_backward_cpu, mean.shape, arrays[0], dw, db, *arrays[1:], mean, variance,
           contiguous(weight), float(eps), work=x.size // CHEAP)
    return dx, totals(dw.reshape(N, C), C), totals(db.reshape(N, C), C)


# ---- on the tape, and the functional form --------------------------------------------


class GroupNormFunction(Primitive):
    """x (N, C, *), weight bias (C,) or None → y; `tell` is told the mean and the variance
    (N, G)."""

    @staticmethod
    def forward(ctx, x, weight, bias, groups, eps, tell=None):
        ctx.bias, ctx.eps, C = bias, eps, x.shape[1]
        numbers = wide(x)
        w, b = vector(numbers, weight, C, 1), vector(numbers, bias, C, 0)
        y, mean, variance = group_norm_forward(numbers, w, b, groups, eps)
        ctx.save_for_backward(x, weight, mean, variance)
        if tell is not None:
            tell(mean, variance)
        return y.astype(x.dtype, copy=False)

    @staticmethod
    def backward(ctx, dy):
        x, weight, mean, variance = ctx.saved
        found = group_norm_backward(wide(dy), wide(x), mean, variance,
                                    vector(mean, weight, x.shape[1], 1), ctx.eps)
        return gradients(ctx, (x, weight, ctx.bias), found)


def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None,
               eps: float = 1e-5) -> Any:
    """Groups of channels with mean 0 and variance 1; see `GroupNorm`.

    Raises:
        ValueError: there is one number in each group.
        RuntimeError: shapes or dtypes do not fit.
    """
    check_tensor("group_norm", "input", input)
    who, shape = "group_norm", input.array.shape
    if len(shape) < 2:
        raise RuntimeError(f"{who} reads input of shape (N, C) or (N, C, *), got {shape}")
    if isinstance(num_groups, bool) or not isinstance(num_groups, (int, np.integer)):
        raise TypeError(f"{who}: num_groups must be a whole number, got {num_groups!r}")
    if num_groups < 1 or shape[1] % num_groups:
        raise RuntimeError(f"{who}: num_groups must be positive and divide the number of "
                           f"channels, got {num_groups} groups and {shape[1]} channels "
                           f"in input of shape {shape}")
    if shape[0] * shape[1] // num_groups * prod(shape[2:]) == 1:
        raise ValueError(f"{who}: one value per group has no variance to divide by, got "
                         f"{num_groups} groups in input of shape {shape}; take fewer")
    check_parameters(who, input, shape[1], weight=weight, bias=bias)
    return GroupNormFunction.apply(input, weight, bias, groups=num_groups, eps=eps)


# ---- the module ----------------------------------------------------------------------


class GroupNorm(AffineNorm):
    """Groups of channels with mean 0 and variance 1 in each example, scaled and shifted.

        y = (x - mean) / √(variance + ε) · w + b

    The statistics are those of one example, so small batches do no harm, and training
    and evaluation are the same.

    Args:
        num_groups: how many groups the channels fall into, G.
        num_channels: channels, C.
        eps: added to the variance, so that nothing is divided by 0.
        affine: whether w and b are there, to be learnt.
        bias: False leaves out b alone.

    Shape:
        input (N, C) or (N, C, *) → the same

    Parameters:
        weight (C,), starts at 1; bias (C,), starts at 0.

    Raises:
        ValueError: num_groups does not divide num_channels, or one value is a group.
        RuntimeError: the channels or dtypes do not fit.

    Example:
        >>> x = torch.tensor([[1.0, 3.0, 10.0, 30.0]])
        >>> nn.GroupNorm(2, 4)(x).detach().round()
        tensor([[-1.,  1., -1.,  1.]])

    Source: Wu & He, "Group normalization", 2018.
    """

    def __init__(self, num_groups: int, num_channels: int, eps: float = 1e-5,
                 affine: bool = True, device: Any = None, dtype: Any = None, *,
                 bias: bool = True) -> None:
        super().__init__()
        check_count("GroupNorm", "num_groups", num_groups)
        check_count("GroupNorm", "num_channels", num_channels)
        if num_groups < 1 or num_channels % num_groups:
            raise ValueError(f"GroupNorm: num_groups must be positive and divide "
                             f"num_channels, got {num_groups} groups and {num_channels} "
                             "channels")
        self.num_groups, self.num_channels = num_groups, num_channels
        self.eps, self.affine = eps, affine
        self._add_affine((num_channels,), affine, bias, device, dtype)
        self.reset_parameters()

    def forward(self, input: Any) -> Any:
        return group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (f"{self.num_groups}, {self.num_channels}, eps={self.eps}, "
                f"affine={self.affine}, bias={self.bias is not None}")
