"""Softplus, a ReLU without a corner, and LogSigmoid, the same curve turned around.

    Softplus      y  = log(1 + e^(βx)) / β        x where βx > threshold: the same number
                  dx = dy · sigmoid(βx)           dy there

    LogSigmoid    y  = log(sigmoid x) = -log(1 + e⁻ˣ)
                  dx = dy · sigmoid(-x)

e^(βx) would overflow: with z = βx it is computed as max(z, 0) + log(1 + e^-|z|).

Book: nn/activations.
"""
from typing import Any

import numpy as np

from ...backend import ZERO, math, op
from ...backend.math import where
from ..module import Module
from .pattern import ActivationFunction


@op
def softplus_forward(x, beta, threshold):
    """x (*), two numbers → log(1 + e^(βx)) / β (*)."""
    z = x * beta
    return np.where(z > threshold, x, (np.logaddexp(0, z) / beta).astype(x.dtype))


@softplus_forward.elementwise(arrays=1)
def softplus_one(x, beta, threshold):
    z = x * beta
    y = where(z > ZERO, z, ZERO) + math.log1p_exp_neg_abs(z)
    return where(z > threshold, x, y / beta)


@op
def softplus_backward(x, dy, beta, threshold):
    """x, dy (*), two numbers → dx (*)."""
    z = x * beta
    return np.where(z > threshold, dy, dy * _expit(z))


def _expit(x):
    return 0.5 * np.tanh(0.5 * x) + 0.5


@softplus_backward.elementwise(arrays=2)
def softplus_backward_one(x, dy, beta, threshold):
    z = x * beta
    return where(z > threshold, dy, dy * math.sigmoid(z))


class SoftplusFunction(ActivationFunction):
    value, gradient = softplus_forward, softplus_backward


@op
def log_sigmoid_forward(x):
    """x (*) → log(sigmoid x) (*)."""
    return -np.logaddexp(0, -x)


@log_sigmoid_forward.elementwise
def log_sigmoid_one(x):
    return where(x < ZERO, x, ZERO) - math.log1p_exp_neg_abs(x)


@op
def log_sigmoid_backward(x, dy):
    """x, dy (*) → dy · sigmoid(-x) (*)."""
    return dy * _expit(-x)


@log_sigmoid_backward.elementwise
def log_sigmoid_backward_one(x, dy):
    return dy * math.sigmoid(-x)


class LogSigmoidFunction(ActivationFunction):
    value, gradient = log_sigmoid_forward, log_sigmoid_backward


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """log(1 + exp(beta · input)) / beta; input itself where beta · input > threshold."""
    return SoftplusFunction.of(input, beta, threshold)


def logsigmoid(input: Any) -> Any:
    """log(sigmoid(input)), which does not overflow."""
    return LogSigmoidFunction.of(input)


class Softplus(Module):
    """log(1 + e^(βx)) / β: positive everywhere, and close to ReLU away from 0.

    Args:
        beta: how sharp the bend is.
        threshold: where beta · x is above it, y is x itself.

    Shape:
        input (*) → output (*), positive

    Example:
        >>> nn.Softplus()(torch.tensor([-1.0, 0.0, 100.0]))
        tensor([  0.3133,   0.6931, 100.0000])
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def forward(self, input: Any) -> Any:
        return softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class LogSigmoid(Module):
    """The logarithm of the sigmoid.

    Shape:
        input (*) → output (*), negative

    Example:
        >>> nn.LogSigmoid()(torch.tensor([-100.0, 0.0]))
        tensor([-100.0000,   -0.6931])
    """

    def forward(self, input: Any) -> Any:
        return logsigmoid(input)
