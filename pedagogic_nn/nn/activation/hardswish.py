"""Hardsigmoid and Hardswish: sigmoid and SiLU made of straight lines, without exp.

    Hardsigmoid    y  = 0 up to -3,    1 from 3 on,     x/6 + ½ between
                   dx = dy / 6 between, else 0

    Hardswish      y  = x · hardsigmoid(x)
                   dx = 0 up to -3,    dy from 3 on,    dy · (x/3 + ½) between

Book: nn/activations.
"""
from typing import Any

import numpy as np

from ...backend import HALF, ONE, ZERO, op
from ...backend.math import where
from ..module import Module
from .pattern import ActivationFunction

THREE, SIX = np.float32(3), np.float32(6)


@op
def hardsigmoid_forward(x):
    """x (*) → x/6 + ½, held between 0 and 1 (*)."""
    return np.clip(x + 3, 0, 6) / 6


@hardsigmoid_forward.elementwise
def hardsigmoid_one(x):
    return where(x <= -THREE, ZERO, where(x >= THREE, ONE, (x + THREE) / SIX))


@op
def hardsigmoid_backward(x, dy):
    """x, dy (*) → dy / 6 where x lies between -3 and 3, else 0 (*)."""
    return np.where((x > -3) & (x < 3), dy / 6, dy.dtype.type(0))


@hardsigmoid_backward.elementwise
def hardsigmoid_backward_one(x, dy):
    return where(x > -THREE, where(x < THREE, dy / SIX, ZERO), ZERO)


class HardsigmoidFunction(ActivationFunction):
    value, gradient = hardsigmoid_forward, hardsigmoid_backward


@op
def hardswish_forward(x):
    """x (*) → x · hardsigmoid(x) (*)."""
    return x * np.clip(x + 3, 0, 6) / 6


@hardswish_forward.elementwise
def hardswish_one(x):
    return x * where(x <= -THREE, ZERO, where(x >= THREE, SIX, x + THREE)) / SIX


@op
def hardswish_backward(x, dy):
    """x, dy (*) → dx (*)."""
    between = dy * (x / 3 + dy.dtype.type(0.5))
    return np.where(x <= -3, dy.dtype.type(0), np.where(x < 3, between, dy))


@hardswish_backward.elementwise
def hardswish_backward_one(x, dy):
    return where(x <= -THREE, ZERO, where(x < THREE, dy * (x / THREE + HALF), dy))


class HardswishFunction(ActivationFunction):
    value, gradient = hardswish_forward, hardswish_backward


def hardsigmoid(input: Any, inplace: bool = False) -> Any:
    """input / 6 + ½, held between 0 and 1."""
    return HardsigmoidFunction.of(input, inplace=inplace)


def hardswish(input: Any, inplace: bool = False) -> Any:
    """input · hardsigmoid(input), element by element."""
    return HardswishFunction.of(input, inplace=inplace)


class _Hard(Module):
    """Keeps inplace."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


class Hardsigmoid(_Hard):
    """x/6 + ½, held between 0 and 1.

    Args:
        inplace: change the input instead of making a new tensor.

    Shape:
        input (*) → output (*), between 0 and 1

    Example:
        >>> nn.Hardsigmoid()(torch.tensor([-4.0, 0.0, 1.5]))
        tensor([0.0000, 0.5000, 0.7500])

    Source: Howard et al., "Searching for MobileNetV3", 2019.
    """

    def forward(self, input: Any) -> Any:
        return hardsigmoid(input, self.inplace)


class Hardswish(_Hard):
    """x times its Hardsigmoid.

    Args:
        inplace: change the input instead of making a new tensor.

    Shape:
        input (*) → output (*), at least -0.375

    Example:
        >>> nn.Hardswish()(torch.tensor([-4.0, 1.5, 4.0]))
        tensor([-0.0000,  1.1250,  4.0000])

    Source: Howard et al., "Searching for MobileNetV3", 2019.
    """

    def forward(self, input: Any) -> Any:
        return hardswish(input, self.inplace)
