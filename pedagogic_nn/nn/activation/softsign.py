"""Softsign: between -1 and 1 like tanh, but its ends are reached slowly.

    y  = x / (1 + |x|)
    dx = dy / (1 + |x|)²

Book: nn/activations.
"""
from typing import Any

import numpy as np

from ...backend import ONE, ZERO, op
from ..module import Module
from .pattern import ActivationFunction, refuse_bools


@op
def softsign_forward(x):
    """x (*) → x / (1 + |x|) (*); NaN at the infinities."""
    return x / (1 + np.abs(x))


@softsign_forward.elementwise
def softsign_one(x):
    return x / (ONE + abs(x))


@op
def softsign_backward(x, dy):
    """x, dy (*) → dx (*); NaN where the output is."""
    d = 1 + np.abs(x)
    return dy * (1 / d**2 + 0 * (x / d))


@softsign_backward.elementwise
def softsign_backward_one(x, dy):
    d = ONE + abs(x)
    return dy * (ONE / (d * d) + ZERO * (x / d))        # y · 0 is NaN at the infinities


class SoftsignFunction(ActivationFunction):
    value, gradient, integers = softsign_forward, softsign_backward, "real"


def softsign(input: Any) -> Any:
    """input / (1 + |input|), element by element.

    Raises:
        RuntimeError: the input holds bools.
    """
    refuse_bools("softsign", input)
    return SoftsignFunction.of(input)


class Softsign(Module):
    """x / (1 + |x|).

    Shape:
        input (*) → output (*), between -1 and 1

    Example:
        >>> nn.Softsign()(torch.tensor([-1.0, 3.0]))
        tensor([-0.5000,  0.7500])
    """

    def forward(self, input: Any) -> Any:
        return softsign(input)
