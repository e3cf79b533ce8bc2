"""Hardtanh, numbers held between two bounds, and ReLU6, with the bounds 0 and 6.

    y  = max(min_val, min(max_val, x))
    dx = dy where min_val < x < max_val, else 0

At a bound itself the slope is 0.

Book: nn/activations.
"""
import warnings
from typing import Any

import numpy as np

from ...autograd.dtypes import fitting
from ...autograd.tensor import Tensor
from ...backend import ZERO, op
from ...backend.math import where
from ..module import Module
from .pattern import ActivationFunction


@op
def hardtanh_forward(x, low, high):
    """x (*), two numbers → x held between them (*)."""
    return np.clip(x, low, high)


@hardtanh_forward.elementwise(arrays=1)
def hardtanh_one(x, low, high):
    return where(x < low, low, where(x > high, high, x))


@op
def hardtanh_backward(x, dy, low, high):
    """x, dy (*), two numbers → dx (*): dy where x is between them (or NaN)."""
    return np.where((x <= low) | (x >= high), dy.dtype.type(0), dy)


@hardtanh_backward.elementwise(arrays=2)
def hardtanh_backward_one(x, dy, low, high):
    return where(x <= low, ZERO, where(x >= high, ZERO, dy))


class HardtanhFunction(ActivationFunction):
    value, gradient, integers = hardtanh_forward, hardtanh_backward, "kept"


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0,
             inplace: bool = False) -> Any:
    """input held between min_val and max_val.

    Raises:
        ValueError: min_val is above max_val, or NaN.
        RuntimeError: a bound does not fit into the whole numbers that the input holds.
    """
    if not min_val <= max_val:
        raise ValueError(f"hardtanh: min_val must not be above max_val, got {min_val} "
                         f"and {max_val}")
    if isinstance(input, Tensor) and input.array.dtype.kind in "iu":
        min_val, max_val = (fitting("hardtanh", v, input.array.dtype)
                            for v in (min_val, max_val))
    return HardtanhFunction.of(input, min_val, max_val, inplace=inplace)


def relu6(input: Any, inplace: bool = False) -> Any:
    """input held between 0 and 6."""
    return hardtanh(input, 0.0, 6.0, inplace)


class Hardtanh(Module):
    """x held between two bounds.

    Args:
        min_val, max_val: the bounds.
        inplace: change the input instead of making a new tensor.
        min_value, max_value: 0.1's names of the bounds.

    Shape:
        input (*) → output (*), between min_val and max_val

    Raises:
        AssertionError: max_val is not above min_val.

    Example:
        >>> nn.Hardtanh(-2, 2)(torch.tensor([-3.0, 0.5]))
        tensor([-2.0000,  0.5000])
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False,
                 min_value: float | None = None, max_value: float | None = None) -> None:
        super().__init__()
        for old, value in (("min_value", min_value), ("max_value", max_value)):
            if value is not None:
                warnings.warn(f"Hardtanh: {old} is 0.1's name of {old[:-2]}",
                              FutureWarning, stacklevel=2)
        self.min_val = min_val if min_value is None else min_value
        self.max_val = max_val if max_value is None else max_value
        self.inplace = inplace
        if not self.max_val > self.min_val:
            raise AssertionError(f"Hardtanh: max_val must be above min_val, got "
                                 f"{self.max_val} and {self.min_val}")

    def forward(self, input: Any) -> Any:
        return hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        return (f"min_val={self.min_val}, max_val={self.max_val}"
                f"{', inplace=True' if self.inplace else ''}")


class ReLU6(Hardtanh):
    """x held between 0 and 6.

    Args:
        inplace: change the input instead of making a new tensor.

    Shape:
        input (*) → output (*), between 0 and 6

    Example:
        >>> nn.ReLU6()(torch.tensor([-1.0, 2.0, 8.0]))
        tensor([0., 2., 6.])

    Source: Krizhevsky, "Convolutional deep belief networks on CIFAR-10", 2010.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""
