"""SELU: an ELU whose two numbers keep mean 0 and variance 1 from layer to layer.

    y  = λ x       where x > 0,     λ α (eˣ - 1)     elsewhere
    dx = λ dy      where x > 0,     dy · λ α eˣ      elsewhere

λ and α solve two equations: a normal draw with mean 0 and variance 1 leaves with the same
mean and variance.

Book: nn/activations.
"""
from typing import Any

import numpy as np

from ...backend import ZERO, math, op
from ...backend.math import where
from ..module import Module
from .pattern import ActivationFunction

SCALE = 1.0507009873554804934193349852946               # λ
STEEPNESS = SCALE * 1.6732632423543772848170429916717   # λ α, the slope just below 0


@op
def selu_forward(x, scale, steepness):
    """x (*), λ, λα → λ x or λα (eˣ - 1) (*)."""
    return np.where(x <= 0, steepness * np.expm1(np.minimum(x, 0)), scale * x)


@selu_forward.elementwise(arrays=1)
def selu_one(x, scale, steepness):
    return where(x <= ZERO, steepness * math.expm1(x), scale * x)


@op
def selu_backward(x, dy, scale, steepness):
    """x, dy (*), λ, λα → dx (*)."""
    return dy * np.where(x <= 0, steepness * np.exp(np.minimum(x, 0)), scale)


@selu_backward.elementwise(arrays=2)
def selu_backward_one(x, dy, scale, steepness):
    return dy * where(x <= ZERO, steepness * math.exp(x), scale)


class SELUFunction(ActivationFunction):
    value, gradient = selu_forward, selu_backward


def selu(input: Any, inplace: bool = False) -> Any:
    """λ · input, or λ · α · (exp(input) - 1) where it is negative."""
    return SELUFunction.of(input, SCALE, STEEPNESS, inplace=inplace)


class SELU(Module):
    """λ x where x is positive, λ α (eˣ - 1) elsewhere: mean and variance stay.

    λ = 1.0507 and α = 1.6733.  Beside it belong weights of variance 1/D
    (`init.kaiming_normal_(w, nonlinearity="linear")`) and `AlphaDropout`.

    Args:
        inplace: change the input instead of making a new tensor.

    Shape:
        input (*) → output (*), above -1.7581

    Example:
        >>> nn.SELU()(torch.tensor([-100.0, 0.0, 1.0]))
        tensor([-1.7581,  0.0000,  1.0507])

    Source: Klambauer et al., "Self-normalizing neural networks", 2017.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Any) -> Any:
        return selu(input, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""
