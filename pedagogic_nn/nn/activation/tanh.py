"""Tanh: any number to one between -1 and 1.

    y  = (eˣ - e⁻ˣ) / (eˣ + e⁻ˣ)
    dx = dy · (1 - y²)

Book: nn/activations.
"""
from typing import Any

import numpy as np

from ...backend import ONE, math, op
from ..module import Module
from .pattern import ActivationFunction


@op
def tanh_forward(x):
    """x (*) → tanh x (*)."""
    return np.tanh(x)


@tanh_forward.elementwise
def tanh_one(x):
    return math.tanh(x)


@op
def tanh_backward(y, dy):
    """y, dy (*) → dy · (1 - y²) (*)."""
    return dy * (1 - y * y)


@tanh_backward.elementwise
def tanh_backward_one(y, dy):
    return dy * (ONE - y * y)


class TanhFunction(ActivationFunction):
    value, gradient = tanh_forward, tanh_backward
    keeps, integers = "y", "real"


def tanh(input: Any) -> Any:
    """The hyperbolic tangent, element by element."""
    return TanhFunction.of(input)


class Tanh(Module):
    """The hyperbolic tangent, element by element.

    Shape:
        input (*) → output (*), between -1 and 1

    Example:
        >>> nn.Tanh()(torch.tensor([0.0, 100.0]))
        tensor([0., 1.])
    """

    def forward(self, input: Any) -> Any:
        return tanh(input)
