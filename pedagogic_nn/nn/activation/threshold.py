"""Threshold: what is not above a threshold is replaced by a value.

    y  = x  where x > threshold, else value
    dx = dy where x > threshold, else 0

Book: nn/activations.
"""
from typing import Any

import numpy as np

from ...autograd.dtypes import fitting
from ...autograd.tensor import Tensor
from ...backend import ZERO, op
from ...backend.math import where
from ..module import Module
from .pattern import ActivationFunction


@op
def threshold_forward(x, threshold, value):
    """x (*), two numbers → x, or value where x ≤ threshold (*)."""
    return np.where(x <= threshold, x.dtype.type(value), x)


@threshold_forward.elementwise(arrays=1)
def threshold_one(x, threshold, value):
    return where(x <= threshold, value, x)


@op
def threshold_backward(x, dy, threshold, value):
    """x, dy (*), two numbers → dx (*)."""
    return np.where(x <= threshold, dy.dtype.type(0), dy)


@threshold_backward.elementwise(arrays=2)
def threshold_backward_one(x, dy, threshold, value):
    return where(x <= threshold, ZERO, dy)


class ThresholdFunction(ActivationFunction):
    value, gradient, integers = threshold_forward, threshold_backward, "kept"


def threshold(input: Any, threshold: float, value: float, inplace: bool = False) -> Any:
    """input, or value where it is not above threshold.

    Raises:
        RuntimeError: a number does not fit into the whole numbers that the input holds.
    """
    if isinstance(input, Tensor) and input.array.dtype.kind in "iu":
        threshold, value = (fitting("threshold", v, input.array.dtype)
                            for v in (threshold, value))
    return ThresholdFunction.of(input, threshold, value, inplace=inplace)


class Threshold(Module):
    """x where it is above a threshold, a fixed value elsewhere.

    Args:
        threshold: the threshold.
        value: what stands in the place of the others.
        inplace: change the input instead of making a new tensor.

    Shape:
        input (*) → output (*)

    Example:
        >>> nn.Threshold(0.1, 20)(torch.tensor([0.0, 0.5]))
        tensor([20.0000,  0.5000])
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold, self.value, self.inplace = threshold, value, inplace

    def forward(self, input: Any) -> Any:
        return threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        return (f"threshold={self.threshold}, value={self.value}"
                f"{', inplace=True' if self.inplace else ''}")
