"""Sigmoid: any number to one between 0 and 1.

    y  = 1 / (1 + e⁻ˣ)
    dx = dy · y (1 - y)

Book: nn/activations.
"""
from typing import Any

import numpy as np

from ...backend import ONE, math, op
from ..module import Module
from .pattern import ActivationFunction


@op
def sigmoid_forward(x):
    """x (*) → 1 / (1 + e⁻ˣ) (*); written with tanh, which does not overflow."""
    return (0.5 * np.tanh(0.5 * x) + 0.5).astype(x.dtype)


@sigmoid_forward.elementwise
def sigmoid_one(x):
    return math.sigmoid(x)


@op
def sigmoid_backward(y, dy):
    """y, dy (*) → dy · y (1 - y) (*)."""
    return dy * y * (1 - y)


@sigmoid_backward.elementwise
def sigmoid_backward_one(y, dy):
    return dy * y * (ONE - y)


class SigmoidFunction(ActivationFunction):
    value, gradient = sigmoid_forward, sigmoid_backward
    keeps, integers = "y", "real"


def sigmoid(input: Any) -> Any:
    """1 / (1 + exp(-input)), element by element."""
    return SigmoidFunction.of(input)


class Sigmoid(Module):
    """1 / (1 + e⁻ˣ), element by element.

    Shape:
        input (*) → output (*), between 0 and 1

    Example:
        >>> nn.Sigmoid()(torch.tensor([0.0, 100.0]))
        tensor([0.5000, 1.0000])
    """

    def forward(self, input: Any) -> Any:
        return sigmoid(input)
