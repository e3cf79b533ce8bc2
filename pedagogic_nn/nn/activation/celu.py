"""CELU: an ELU whose slope has no jump at 0, whatever α is.

    y  = x       where x > 0,     α (e^(x/α) - 1)     elsewhere
    dx = dy      where x > 0,     dy · e^(x/α)        elsewhere

Book: nn/activations.
"""
from typing import Any

import numpy as np

from ...autograd.checks import check_number
from ...backend import ZERO, math, op
from ...backend.math import where
from ..module import Module
from .pattern import ActivationFunction


@op
def celu_forward(x, alpha, inverse):
    """x (*), α, 1/α → x or α (e^(x/α) - 1) (*)."""
    return np.where(x <= 0, alpha * np.expm1(np.minimum(x, 0) * inverse), x)


@celu_forward.elementwise(arrays=1)
def celu_one(x, alpha, inverse):
    return where(x <= ZERO, alpha * math.expm1(x * inverse), x)


@op
def celu_backward(x, dy, alpha, inverse):
    """x, dy (*), α, 1/α → dx (*)."""
    return np.where(x <= 0, dy * np.exp(np.minimum(x, 0) * inverse), dy)


@celu_backward.elementwise(arrays=2)
def celu_backward_one(x, dy, alpha, inverse):
    return where(x <= ZERO, dy * math.exp(x * inverse), dy)


class CELUFunction(ActivationFunction):
    value, gradient = celu_forward, celu_backward


def celu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """input, or alpha · (exp(input / alpha) - 1) where it is negative.

    Raises:
        RuntimeError: alpha is 0.
    """
    alpha = check_number("celu", "alpha", alpha)
    if alpha == 0:
        raise RuntimeError("celu: alpha must not be 0, the input is divided by it "
                           "(ZeroDivisionError)")
    return CELUFunction.of(input, alpha, 1 / alpha, inplace=inplace)


class CELU(Module):
    """x where it is positive, α (e^(x/α) - 1) elsewhere.

    Args:
        alpha: what large negative numbers become, with the sign changed.
        inplace: change the input instead of making a new tensor.

    Shape:
        input (*) → output (*), above -alpha

    Raises:
        RuntimeError: alpha is 0 (when it is called).

    Example:
        >>> nn.CELU(2.0)(torch.tensor([-100.0, 1.0]))
        tensor([-2.,  1.])

    Source: Barron, "Continuously differentiable exponential linear units", 2017.
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha, self.inplace = alpha, inplace

    def forward(self, input: Any) -> Any:
        return celu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}{', inplace=True' if self.inplace else ''}"
