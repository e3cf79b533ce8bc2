"""What all losses share: the old and the new spelling of the reduction, and the pattern
of a loss that compares two arrays element by element.

0.1 had `size_average` (mean or sum) and later `reduce` (gather at all or not).  They
become today's `reduction` here, at the door, and never travel further:

    size_average   reduce          reduction
    None, True     None, True  →   'mean'
    False          None, True  →   'sum'
    any            False       →   'none'
"""
import functools
import warnings
from typing import Any

import numpy as np

from ...autograd.arithmetic import promote, unbroadcast
from ...autograd.function import Primitive
from ...backend import Op, like
from ...backend.device import xp_of
from ...backend.jit import jit, specialised
from ...backend.launch import CudaKernel, cuda, on_gpu, sum_on_cpu
from ..module import Module

REDUCTIONS = ("none", "mean", "sum")


def reduction_of(who: str, reduction: str = "mean", size_average: bool | None = None,
                 reduce: bool | None = None) -> str:
    """The reduction that old and new arguments ask for.

    Raises:
        ValueError: `reduction` is none of 'none', 'mean', 'sum'.
    """
    if size_average is not None or reduce is not None:
        if reduce is False:
            return "none"
        return "sum" if size_average is False else "mean"
    if reduction not in REDUCTIONS:
        raise ValueError(f"{who}: reduction must be 'none', 'mean' or 'sum', "
                         f"got {reduction!r}")
    return reduction


class Loss(Module):
    """A loss with nothing to learn: keeps its reduction.

    Args:
        size_average, reduce: 0.1's spelling, see the table above.
        reduction: 'mean', 'sum' or 'none'.
    """

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None,
                 reduction: str = "mean") -> None:
        super().__init__()
        who = type(self).__name__
        self.reduction = reduction_of(who, reduction, size_average, reduce)


class ElementwiseLoss(Primitive):
    """scale · Σ value(x, y) over two arrays, and its slope in the same pass.

    A subclass gives three operations: `value` and `slope` (with respect to x) of one
    element each, and `total`, made of the two by `summed`.  `slope_of_target` turns a
    slope into the target's.
    """

    value: Op
    slope: Op
    total: Op

    @classmethod
    def forward(cls, ctx, x, y, reduction):
        ctx.shapes = x.shape, y.shape
        x, y = _same(x, y)
        ctx.reduction = reduction
        if reduction == "none":
            ctx.save_for_backward(x, y)
            return cls.value(x, y)
        scale = 1 / x.size if reduction == "mean" and x.size else 1.0
        total, ctx.slopes = cls.total(x, y, scale, any(ctx.needs_input_grad))
        return total if x.size or reduction == "sum" else total * np.nan

    @classmethod
    def backward(cls, ctx, g):
        slopes = cls.slope(*ctx.saved) if ctx.reduction == "none" else ctx.slopes
        dx = slopes * g
        want_x, want_y = ctx.needs_input_grad
        return (unbroadcast(dx, ctx.shapes[0]) if want_x else None,
                unbroadcast(cls.slope_of_target(dx), ctx.shapes[1]) if want_y else None)

    @staticmethod
    def slope_of_target(dx):
        """For a loss of x - y: the slope with the other sign."""
        return -dx


def _same(x, y):
    """Both arrays in one dtype and one shape."""
    if x.dtype != y.dtype:
        dtype = promote(x, y)
        x, y = x.astype(dtype), y.astype(dtype)
    if x.shape != y.shape:
        x, y = xp_of(x).broadcast_arrays(x, y)
    return x, y


def check_shapes(who: str, input: Any, target: Any, broadcast: bool = True) -> None:
    """Input and target must have one shape; where PyTorch stretches one, warn as it does.

    Raises:
        RuntimeError: the shapes do not broadcast.
        ValueError: they differ, and this loss does not broadcast.
    """
    if input.shape == target.shape:
        return
    message = (f"{who} compares element by element: input has shape "
               f"{tuple(input.shape)}, target has shape {tuple(target.shape)}")
    if not broadcast:
        raise ValueError(message)
    try:
        np.broadcast_shapes(input.shape, target.shape)
    except ValueError:
        raise RuntimeError(message) from None
    warnings.warn(f"{message}; they are stretched to one shape, which is seldom what "
                  "is meant", UserWarning, stacklevel=3)


# ---- value and slope in one pass -----------------------------------------------------

BLOCK = 2048    # elements summed in their own precision before float64 takes over


def _sum_cpu(lo, hi, slopes, x, y, scale):
    total = 0.0
    for start in range(lo, hi, BLOCK):
        stop = min(start + BLOCK, hi)
        a, b = x[start:stop], y[start:stop]
        part = scale - scale
        if slopes.size:
            s = slopes[start:stop]
            for k in range(a.size):
                part += value(a[k], b[k])                                   # noqa: F821
                s[k] = slope(a[k], b[k]) * scale                            # noqa: F821
        else:
            for k in range(a.size):
                part += value(a[k], b[k])                                   # noqa: F821
        total += part
    return total


def _each_cuda(values, slopes, x, y, scale):
    k = cuda.grid(1)
    if k < x.size:
        values[k] = value(x[k], y[k])                                       # noqa: F821
        if slopes.size:
            slopes[k] = slope(x[k], y[k]) * scale                           # noqa: F821


def summed(value: Op, slope: Op, one_value: Any, one_slope: Any) -> Op:
    """The operation (x, y, scale, with_slopes) → scale · Σ value, scale · slope.

    Args:
        value, slope: the elementwise operations.
        one_value, one_slope: their scalar formulas, which the kernels call.
    """
    def reference(x, y, scale, with_slopes):
        slopes = slope.reference(x, y) * x.dtype.type(scale) if with_slopes else None
        return np.asarray(value.reference(x, y).sum() * scale, x.dtype), slopes

    name = f"{value.__name__}_total"                                        # type: ignore
    reference.__name__ = reference.__qualname__ = name
    reference.__doc__ = (f"x, y (*), a number → scale · Σ {value.__name__}(x, y), "  # type: ignore
                         "and its slope (*) if it is wanted.")
    total = Op(reference)
    names = {**globals(), "value": one_value, "slope": one_slope}
    cpu = jit(specialised(_sum_cpu, names, one_value), reassociate=True)
    each = CudaKernel(specialised(_each_cuda, names, one_value))
    total.cuda_kernels.append(each)
    total.on_cpu = functools.partial(_total_cpu, cpu)
    total.on_cuda = functools.partial(_total_cuda, each)
    return total


def _total_cpu(kernel, x, y, scale, with_slopes):
    x, y = np.ascontiguousarray(x), np.ascontiguousarray(y)
    slopes = np.empty(x.shape if with_slopes else (0,), x.dtype)
    flat = [a.reshape(-1) for a in (slopes, x, y)]
    total = sum_on_cpu(kernel, (x.size,), *flat, x.dtype.type(scale))
    return np.asarray(total * scale, x.dtype), slopes if with_slopes else None


def _total_cuda(kernel, x, y, scale, with_slopes):
    xp = xp_of(x)
    x, y = xp.ascontiguousarray(x), xp.ascontiguousarray(y)
    values, slopes = like(x), like(x, x.shape if with_slopes else (0,))
    on_gpu(kernel, (x.size,), *(a.reshape(-1) for a in (values, slopes, x, y)),
           x.dtype.type(scale))
    return values.sum() * x.dtype.type(scale), slopes if with_slopes else None
