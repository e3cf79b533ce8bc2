"""LeakyReLU: negative numbers are made small instead of 0, so that they keep a gradient.

    y  = x       where x > 0,     a x       elsewhere
    dx = dy      where x > 0,     a dy      elsewhere

Book: nn/activations.
"""
from typing import Any

import numpy as np

from ...backend import ZERO, op
from ...backend.math import where
from ..module import Module
from .pattern import ActivationFunction


@op
def leaky_relu_forward(x, slope):
    """x (*), a number → x or slope · x (*)."""
    return np.where(x > 0, x, x * slope)


@leaky_relu_forward.elementwise(arrays=1)
def leaky_relu_one(x, slope):
    return where(x > ZERO, x, slope * x)


@op
def leaky_relu_backward(x, dy, slope):
    """x, dy (*), a number → dx (*)."""
    return np.where(x > 0, dy, dy * slope)


@leaky_relu_backward.elementwise(arrays=2)
def leaky_relu_backward_one(x, dy, slope):
    return where(x > ZERO, dy, slope * dy)


class LeakyReLUFunction(ActivationFunction):
    value, gradient = leaky_relu_forward, leaky_relu_backward


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    """input, or negative_slope · input where it is negative."""
    return LeakyReLUFunction.of(input, negative_slope, inplace=inplace)


class LeakyReLU(Module):
    """x where it is positive, a small part of it elsewhere.

    Args:
        negative_slope: the part, a.
        inplace: change the input instead of making a new tensor.

    Shape:
        input (*) → output (*)

    Example:
        >>> nn.LeakyReLU(0.1)(torch.tensor([-1.0, 2.0]))
        tensor([-0.1000,  2.0000])

    Source: Maas, Hannun & Ng, "Rectifier nonlinearities improve neural network acoustic
    models", 2013.
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope, self.inplace = negative_slope, inplace

    def forward(self, input: Any) -> Any:
        return leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        return (f"negative_slope={self.negative_slope}"
                f"{', inplace=True' if self.inplace else ''}")
