"""ELU: negative numbers bend smoothly towards -α.

    y  = x       where x ≥ 0,     α (eˣ - 1)     elsewhere
    dx = dy      where x > 0,     dy · α eˣ      elsewhere

With α = 1 the slope has no jump at 0.

Book: nn/activations.
"""
from typing import Any

import numpy as np

from ...backend import ZERO, math, op
from ...backend.math import where
from ..module import Module
from .pattern import ActivationFunction


@op
def elu_forward(x, alpha):
    """x (*), a number → x or alpha (eˣ - 1) (*)."""
    return np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x)


@elu_forward.elementwise(arrays=1)
def elu_one(x, alpha):
    return where(x < ZERO, alpha * math.expm1(x), x)


@op
def elu_backward(x, dy, alpha):
    """x, dy (*), a number → dx (*)."""
    return np.where(x <= 0, dy * (alpha * np.exp(np.minimum(x, 0))), dy)


@elu_backward.elementwise(arrays=2)
def elu_backward_one(x, dy, alpha):
    return where(x <= ZERO, dy * (alpha * math.exp(x)), dy)


class ELUFunction(ActivationFunction):
    value, gradient = elu_forward, elu_backward


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """input, or alpha · (exp(input) - 1) where it is negative."""
    return ELUFunction.of(input, alpha, inplace=inplace)


class ELU(Module):
    """x where it is positive, α (eˣ - 1) elsewhere.

    Args:
        alpha: what large negative numbers become, with the sign changed.
        inplace: change the input instead of making a new tensor.

    Shape:
        input (*) → output (*), above -alpha

    Example:
        >>> nn.ELU()(torch.tensor([-100.0, 2.0]))
        tensor([-1.,  2.])

    Source: Clevert, Unterthiner & Hochreiter, "Fast and accurate deep network learning by
    exponential linear units (ELUs)", 2016.
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha, self.inplace = alpha, inplace

    def forward(self, input: Any) -> Any:
        return elu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}{', inplace=True' if self.inplace else ''}"
