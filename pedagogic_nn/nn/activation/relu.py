"""ReLU: negative numbers become 0.

    y  = max(0, x)
    dx = dy where y > 0, else 0

Book: nn/activations.
"""
from typing import Any

import numpy as np

from ...backend import ZERO, op
from ...backend.math import where
from ..module import Module
from .pattern import ActivationFunction


@op
def relu_forward(x):
    """x (*) → max(0, x) (*); NaN stays NaN."""
    return np.where(x < 0, x.dtype.type(0), x)


@relu_forward.elementwise
def relu_one(x):
    return where(x < ZERO, ZERO, x)


@op
def relu_backward(y, dy):
    """y, dy (*) → dx (*): dy where the output is positive (or NaN)."""
    return np.where(y <= 0, dy.dtype.type(0), dy)


@relu_backward.elementwise
def relu_backward_one(y, dy):
    return where(y <= ZERO, ZERO, dy)


class ReLUFunction(ActivationFunction):
    value, gradient, keeps, integers = relu_forward, relu_backward, "y", "kept"


def relu(input: Any, inplace: bool = False) -> Any:
    """max(0, input), element by element; inplace=True changes the input itself."""
    return ReLUFunction.of(input, inplace=inplace)


class ReLU(Module):
    """max(0, x), element by element.

    Args:
        inplace: change the input instead of making a new tensor.

    Shape:
        input (*) → output (*)

    Example:
        >>> nn.ReLU()(torch.tensor([-1.0, 2.0]))
        tensor([0., 2.])

    Source: Nair & Hinton, "Rectified linear units improve restricted Boltzmann
    machines", 2010.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Any) -> Any:
        return relu(input, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""
