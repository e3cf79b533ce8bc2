"""SiLU (or Swish), x times its own sigmoid, and its relative Mish.

    SiLU    y  = x s                                    s = sigmoid x
            dx = dy · s (1 + x (1 - s))

    Mish    y  = x t                                    t = tanh(log(1 + eˣ))
            dx = dy · (t + x (1 - t²) s)

Book: nn/activations.
"""
from typing import Any

import numpy as np

from ...backend import ONE, ZERO, math, op
from ...backend.math import where
from ..module import Module
from .pattern import ActivationFunction


def _expit(x):
    return 0.5 * np.tanh(0.5 * x) + 0.5


@op
def silu_forward(x):
    """x (*) → x sigmoid(x) (*)."""
    return x * _expit(x)


@silu_forward.elementwise
def silu_one(x):
    return x * math.sigmoid(x)


@op
def silu_backward(x, dy):
    """x, dy (*) → dx (*)."""
    s = _expit(x)
    return dy * (s * (1 + x * (1 - s)))


@silu_backward.elementwise
def silu_backward_one(x, dy):
    s = math.sigmoid(x)
    return dy * (s * (ONE + x * (ONE - s)))


class SiLUFunction(ActivationFunction):
    value, gradient = silu_forward, silu_backward


@op
def mish_forward(x):
    """x (*) → x tanh(log(1 + eˣ)) (*)."""
    return x * np.tanh(np.logaddexp(0, x))


@mish_forward.elementwise
def mish_one(x):
    return x * math.tanh(where(x > ZERO, x, ZERO) + math.log1p_exp_neg_abs(x))


@op
def mish_backward(x, dy):
    """x, dy (*) → dx (*)."""
    t = np.tanh(np.logaddexp(0, x))
    return dy * (t + x * (1 - t * t) * _expit(x))


@mish_backward.elementwise
def mish_backward_one(x, dy):
    t = math.tanh(where(x > ZERO, x, ZERO) + math.log1p_exp_neg_abs(x))
    return dy * (t + x * (ONE - t * t) * math.sigmoid(x))


class MishFunction(ActivationFunction):
    value, gradient = mish_forward, mish_backward


def silu(input: Any, inplace: bool = False) -> Any:
    """input · sigmoid(input), element by element."""
    return SiLUFunction.of(input, inplace=inplace)


def mish(input: Any, inplace: bool = False) -> Any:
    """input · tanh(softplus(input)), element by element."""
    return MishFunction.of(input, inplace=inplace)


class SiLU(Module):
    """x times its own sigmoid.

    Args:
        inplace: change the input instead of making a new tensor.

    Shape:
        input (*) → output (*), at least -0.2785

    Example:
        >>> nn.SiLU()(torch.tensor([0.0, 1.0]))
        tensor([0.0000, 0.7311])

    Source: Elfwing, Uchibe & Doya, "Sigmoid-weighted linear units for neural network
    function approximation in reinforcement learning", 2018.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Any) -> Any:
        return silu(input, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Mish(Module):
    """x times the tanh of its softplus.

    Args:
        inplace: change the input instead of making a new tensor.

    Shape:
        input (*) → output (*), at least -0.3088

    Example:
        >>> nn.Mish()(torch.tensor([0.0, 1.0]))
        tensor([0.0000, 0.8651])

    Source: Misra, "Mish: a self regularized non-monotonic activation function", 2020.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Any) -> Any:
        return mish(input, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""
