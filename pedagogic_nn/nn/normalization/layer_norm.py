"""LayerNorm: each example with mean 0 and variance 1 over its own features.

For one row x (D,), with m = Σ x / D, v = Σ (x - m)² / D and r = 1 / √(v + ε):

    y = (x - m) r w + b

Backwards, with x̂ = (x - m) r and g = dy w:

    dx = r (g - mean(g) - x̂ mean(g x̂))
    dw = dy x̂ and db = dy, summed over the rows

Nothing depends on the other examples, so training and evaluation are the same.

Book: nn/normalization.
"""
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...autograd.checks import check_tensor
from ...autograd.function import Primitive
from ...backend import ONE, ZERO, contiguous, jit, like, math, op
from ...backend.launch import CHEAP, on_cpu
from .affine import AffineNorm
from .statistics import (
    check_dtype,
    gradients,
    mean_and_variance,
    totals,
    vector,
    wide,
)

ROWS = 64     # whose dw and db are summed by themselves: the same sums for any threads

# ---- forward -------------------------------------------------------------------------


@op
def layer_norm_forward(x, weight, bias, eps):
    """x (*), weight bias (D,), a number → y (*), mean (N,), variance (N,).

    D neighbours of x make a row; there are N.
    """
    rows = _rows(x, weight.size)
    mean = rows.mean(axis=1)
    centred = rows - mean[:, None]
    variance = (centred * centred).mean(axis=1)
    y = centred * ((variance + eps) ** -0.5)[:, None] * weight + bias
    return y.reshape(x.shape), mean, variance


def _rows(x, D):
    """x (*) as (N, D)."""
    return x.reshape(x.size // max(D, 1), D)


layer_norm_forward.cuda(layer_norm_forward.reference)


@jit
def rows_cpu(lo, hi, y, mean, variance, x, weight, bias, eps):
    """x (N, D), weight bias (G, D): row n takes weight[n % G]."""
    G, eps = weight.shape[0], x.dtype.type(eps)
    for k in range(G):
        w, b = weight[k], bias[k]
        for n in range(lo + (k - lo) % G, hi, G):
            row, out = x[n], y[n]
            m, v = mean_and_variance(row)
            mean[n], variance[n], r = m, v, ONE / math.sqrt(v + eps)
            for j in range(row.size):
                out[j] = (row[j] - m) * r * w[j] + b[j]


@layer_norm_forward.cpu
def _run_forward(x, weight, bias, eps):
    D, y = weight.size, like(x)
    N = x.size // max(D, 1)
    mean, variance = like(x, N), like(x, N)
    on_cpu(rows_cpu, (N,), y.reshape(N, D), mean, variance, contiguous(x).reshape(N, D),
           contiguous(weight).reshape(1, D), contiguous(bias).reshape(1, D), float(eps),
           work=x.size // CHEAP)
    return y, mean, variance


# ---- backward ------------------------------------------------------------------------


@op
def layer_norm_backward(dy, x, mean, variance, weight, eps):
    """dy x (*), mean variance (N,), weight (D,), a number → dx (*), dw db (D,)."""
    dy, rstd = _rows(dy, weight.size), (variance + eps)[:, None] ** -0.5
    x_hat, g = (_rows(x, weight.size) - mean[:, None]) * rstd, dy * weight
    dx = g - g.mean(axis=1)[:, None] - x_hat * (g * x_hat).mean(axis=1)[:, None]
    return (dx * rstd).reshape(x.shape), (dy * x_hat).sum(axis=0), dy.sum(axis=0)


layer_norm_backward.cuda(layer_norm_backward.reference)


@jit(forceinline=True)
def _slopes(dx, dy, weight, x, mean, r, shift, slope):
    """dx of a row.  A function of its own: sums may be rearranged, but this may not, or
    the numbers of two threads would differ from those of one."""
    for j in range(x.size):
        dx[j] = (dy[j] * weight[j] - shift - (x[j] - mean) * slope) * r


@jit(reassociate=True)
def _rows_backward_cpu(lo, hi, dx, dw, db, dy, x, mean, variance, weight, eps):
    """dx dy x (N, D), weight (G, D); dw db (blocks, G, D): sums over ROWS rows each."""
    (N, D), G, number = x.shape, weight.shape[0], x.dtype.type
    each, eps = ONE / number(D), number(eps)
    for block in range(lo, hi):
        first = block * ROWS
        for k in range(G):
            w, dwk, dbk = weight[k], dw[block, k], db[block, k]
            dwk[:], dbk[:] = ZERO, ZERO
            for n in range(first + (k - first) % G, min(N, first + ROWS), G):
                m, r = mean[n], ONE / math.sqrt(variance[n] + eps)
                out, row, g = dx[n], x[n], dy[n]
                a = b = number(0)
                for j in range(D):
                    x_hat = (row[j] - m) * r
                    a += g[j] * w[j]
                    b += g[j] * w[j] * x_hat
                    dwk[j] += g[j] * x_hat
                    dbk[j] += g[j]
                _slopes(out, g, w, row, m, r, a * each, b * each * r)


def rows_backward(dx, dy, x, mean, variance, weight, eps, C):
    """dy x (N, D), mean variance (N,), weight (G, D) → dw db (C,), where each element is
    the sum of G·D / C neighbours; fills dx (N, D)."""
    shape = (-(-x.shape[0] // ROWS), *weight.shape)
    dw, db = like(x, shape), like(x, shape)
    on_cpu(_rows_backward_cpu, shape[:1], dx, dw, db, dy, x, contiguous(mean),
           contiguous(variance), contiguous(weight), float(eps), work=x.size // CHEAP)
    if dw.size == C:                     # one block of rows, one element for each number
        return dw.reshape(C), db.reshape(C)
    return totals(dw, C), totals(db, C)


@layer_norm_backward.cpu
def _run_backward(dy, x, mean, variance, weight, eps):
    dx = like(x)
    rows = [_rows(contiguous(a), weight.size) for a in (dx, dy, x)]
    return dx, *rows_backward(*rows, mean, variance, weight[None], eps, weight.size)


# ---- on the tape, and the functional form --------------------------------------------


class LayerNormFunction(Primitive):
    """x (*, *shape), weight bias of that shape or None → y (*, *shape)."""

    @staticmethod
    def forward(ctx, x, weight, bias, shape, eps):
        ctx.bias, ctx.eps, ctx.size = bias, eps, prod(shape)
        numbers = wide(x)
        w, b = vector(numbers, weight, ctx.size, 1), vector(numbers, bias, ctx.size, 0)
        y, mean, variance = layer_norm_forward(numbers, w, b, eps)
        ctx.save_for_backward(x, weight, mean, variance)
        return y.astype(x.dtype, copy=False)

    @staticmethod
    def backward(ctx, dy):
        x, weight, mean, variance = ctx.saved
        found = layer_norm_backward(wide(dy), wide(x), mean, variance,
                                    vector(mean, weight, ctx.size, 1), ctx.eps)
        return gradients(ctx, (x, weight, ctx.bias), found)


def layer_norm(input: Any, normalized_shape: Sequence[int], weight: Any = None,
               bias: Any = None, eps: float = 1e-5) -> Any:
    """The last axes with mean 0 and variance 1; see `LayerNorm`.

    Raises:
        RuntimeError: shapes or dtypes do not fit.
        TypeError: normalized_shape is no sequence of sizes.
    """
    check_tensor("layer_norm", "input", input)
    shape = sizes_of("layer_norm", normalized_shape)
    found = input.array.shape
    if found[len(found) - len(shape):] != shape or len(found) < len(shape):
        raise RuntimeError(f"layer_norm: normalized_shape {shape} must be the last axes "
                           f"of the input, got input of shape {found}")
    dtype = input.array.dtype
    if dtype.kind != "f":
        raise RuntimeError(f"layer_norm: expected floating-point input, got {dtype}; say "
                           "input.float()")
    if weight is not None:
        _check_parameter("weight", weight.array, shape, dtype)
    if bias is not None:
        _check_parameter("bias", bias.array, shape, dtype)
    return LayerNormFunction.apply(input, weight, bias, shape=shape, eps=eps)


def _check_parameter(name, array, shape, dtype):
    if array.shape != shape:
        raise RuntimeError(f"layer_norm: {name} must have normalized_shape {shape}, got "
                           f"shape {array.shape}")
    if array.dtype is not dtype:
        check_dtype("layer_norm", dtype, name, array.dtype)


def sizes_of(who: str, shape: Any) -> tuple[int, ...]:
    """The sizes as a tuple of at least one.

    Raises:
        TypeError: they are no sequence.
        RuntimeError: there is none.
    """
    if type(shape) is not tuple and (isinstance(shape, int)
                                     or not isinstance(shape, Sequence)):
        raise TypeError(f"{who}: normalized_shape must be a sequence of sizes, got "
                        f"{shape!r}")
    if not len(shape):
        raise RuntimeError(f"{who}: normalized_shape must name at least one axis, "
                           f"got {shape!r}")
    return tuple(shape)


# ---- the module ----------------------------------------------------------------------


class LayerNorm(AffineNorm):
    """Each example with mean 0 and variance 1 over its last axes, scaled and shifted.

        y = (x - mean) / √(variance + ε) · w + b

    Args:
        normalized_shape: the sizes of the axes, from the right, that are normalized; a
            number means the last axis.
        eps: added to the variance, so that nothing is divided by 0.
        elementwise_affine: whether w and b are there, to be learnt.
        bias: False leaves out b alone.

    Shape:
        input (*, *normalized_shape) → the same

    Parameters:
        weight, starts at 1; bias, starts at 0; both of shape normalized_shape.

    Raises:
        RuntimeError: the last axes of the input have other sizes.

    Example:
        >>> nn.LayerNorm(2)(torch.tensor([[1.0, 3.0], [10.0, 30.0]])).detach().round()
        tensor([[-1.,  1.],
                [-1.,  1.]])

    Source: Ba, Kiros & Hinton, "Layer normalization", 2016.
    """

    def __init__(self, normalized_shape: int | Sequence[int], eps: float = 1e-5,
                 elementwise_affine: bool = True, bias: bool = True, device: Any = None,
                 dtype: Any = None) -> None:
        super().__init__()
        if isinstance(normalized_shape, (int, np.integer)):
            normalized_shape = (int(normalized_shape),)
        self.normalized_shape = sizes_of("LayerNorm", normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        self._add_affine(self.normalized_shape, elementwise_affine, bias, device, dtype)
        self.reset_parameters()

    def forward(self, input: Any) -> Any:
        return layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (f"{self.normalized_shape}, eps={self.eps}, "
                f"elementwise_affine={self.elementwise_affine}, "
                f"bias={self.bias is not None}")
