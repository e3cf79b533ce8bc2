"""Shrinkage: numbers near 0 become 0, or smaller.

    Softshrink    y  = x - λ above λ,   x + λ below -λ,   0 between
    Hardshrink    y  = x above λ and below -λ,            0 between
                  dx = dy outside, 0 between and at ±λ    (of both)

    Tanhshrink    y  = x - tanh x
                  dx = dy · tanh² x

Book: nn/activations.
"""
from typing import Any

import numpy as np

from ...autograd.checks import check_number
from ...backend import ZERO, math, op
from ...backend.math import where
from ..module import Module
from .pattern import ActivationFunction, refuse_bools


@op
def softshrink_forward(x, lambd):
    """x (*), a number → x moved towards 0 by lambd, at most to 0 (*)."""
    return x - np.clip(x, -lambd, lambd)


@softshrink_forward.elementwise(arrays=1)
def softshrink_one(x, lambd):
    return where(x > lambd, x - lambd, where(x < -lambd, x + lambd, x * ZERO))


@op
def hardshrink_forward(x, lambd):
    """x (*), a number → x, but 0 where |x| ≤ lambd (*)."""
    return np.where(np.abs(x) <= lambd, x.dtype.type(0), x)


@hardshrink_forward.elementwise(arrays=1)
def hardshrink_one(x, lambd):
    return where(abs(x) <= lambd, ZERO, x)


@op
def shrink_backward(x, dy, lambd):
    """x, dy (*), a number → dx (*): dy, but 0 where |x| ≤ lambd."""
    return np.where(np.abs(x) <= lambd, dy.dtype.type(0), dy)


@shrink_backward.elementwise(arrays=2)
def shrink_backward_one(x, dy, lambd):
    return where(abs(x) <= lambd, ZERO, dy)


class SoftshrinkFunction(ActivationFunction):
    value, gradient = softshrink_forward, shrink_backward


class HardshrinkFunction(ActivationFunction):
    value, gradient = hardshrink_forward, shrink_backward


@op
def tanhshrink_forward(x):
    """x (*) → x - tanh x (*)."""
    return x - np.tanh(x)


@tanhshrink_forward.elementwise
def tanhshrink_one(x):
    return x - math.tanh(x)


@op
def tanhshrink_backward(x, dy):
    """x, dy (*) → dy · tanh² x (*)."""
    return dy * np.tanh(x)**2


@tanhshrink_backward.elementwise
def tanhshrink_backward_one(x, dy):
    t = math.tanh(x)
    return dy * (t * t)


class TanhshrinkFunction(ActivationFunction):
    value, gradient, integers = tanhshrink_forward, tanhshrink_backward, "real"


def softshrink(input: Any, lambd: float = 0.5) -> Any:
    """input moved towards 0 by lambd, at most to 0.

    Raises:
        RuntimeError: lambd is negative, infinite or NaN.
    """
    if not 0 <= check_number("softshrink", "lambd", lambd) < float("inf"):
        raise RuntimeError("softshrink: lambd must be a finite number from 0 on, got "
                           f"{lambd}")
    return SoftshrinkFunction.of(input, lambd)


def hardshrink(input: Any, lambd: float = 0.5) -> Any:
    """input, but 0 where its size is at most lambd."""
    return HardshrinkFunction.of(input, lambd)


def tanhshrink(input: Any) -> Any:
    """input - tanh(input), element by element.

    Raises:
        RuntimeError: the input holds bools.
    """
    refuse_bools("tanhshrink", input)
    return TanhshrinkFunction.of(input)


class _Shrinkage(Module):
    """Keeps lambd."""

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def extra_repr(self) -> str:
        return str(self.lambd)


class Softshrink(_Shrinkage):
    """x moved towards 0 by λ, at most to 0.

    Args:
        lambd: λ.

    Shape:
        input (*) → output (*)

    Raises:
        RuntimeError: lambd is negative or infinite (when it is called).

    Example:
        >>> nn.Softshrink()(torch.tensor([-2.0, 0.1, 2.0]))
        tensor([-1.5000,  0.0000,  1.5000])
    """

    def forward(self, input: Any) -> Any:
        return softshrink(input, self.lambd)


class Hardshrink(_Shrinkage):
    """x, but 0 where |x| ≤ λ.

    Args:
        lambd: λ.

    Shape:
        input (*) → output (*)

    Example:
        >>> nn.Hardshrink()(torch.tensor([-2.0, 0.1, 2.0]))
        tensor([-2.,  0.,  2.])
    """

    def forward(self, input: Any) -> Any:
        return hardshrink(input, self.lambd)


class Tanhshrink(Module):
    """x - tanh x.

    Shape:
        input (*) → output (*)

    Example:
        >>> nn.Tanhshrink()(torch.tensor([0.0, 100.0]))
        tensor([ 0., 99.])
    """

    def forward(self, input: Any) -> Any:
        return tanhshrink(input)
