"""GELU: each number times the probability that a normal draw lies below it.

    y  = x Φ(x)                       Φ(x) = ½ (1 + erf(x / √2))
    dx = dy · (Φ(x) + x φ(x))         φ(x) = e^(-x²/2) / √(2π), the slope of Φ

and, with approximate='tanh', a curve close to it without erf:

    y  = ½ x (1 + t)                  t = tanh u,    u = √(2/π) (x + 0.044715 x³)
    dx = dy · ½ (1 + t + x (1 - t²) u')              u' = √(2/π) (1 + 3 · 0.044715 x²)

Book: nn/activations.
"""
from math import erf, pi, sqrt
from typing import Any

import numpy as np

from ...backend import HALF, ONE, math, op
from ..module import Module
from .pattern import ActivationFunction

# Arguments of the operations, where they take the dtype of x: as constants in a formula
# they would have the digits of float32 in float64 too.
ROOT_HALF, PEAK = sqrt(1 / 2), 1 / sqrt(2 * pi)            # PEAK is φ(0)
STEEPNESS, CUBIC = sqrt(2 / pi), 0.044715


@op
def gelu_forward(x, root_half, peak):
    """x (*), √½, φ(0) → x Φ(x) (*); it needs no φ, its gradient does."""
    return x * _normal(x * root_half)


def _normal(z):
    """½ (1 + erf z), in the dtype of z."""
    return (np.vectorize(erf, [float])(z) * 0.5 + 0.5).astype(z.dtype)


@gelu_forward.elementwise(arrays=1)
def gelu_one(x, root_half, peak):
    return x * (HALF * math.erf(x * root_half) + HALF)


@op
def gelu_backward(x, dy, root_half, peak):
    """x, dy (*), √½, φ(0) → dx (*)."""
    return dy * (_normal(x * root_half) + x * np.exp(-x * x / 2) * peak)


@gelu_backward.elementwise(arrays=2)
def gelu_backward_one(x, dy, root_half, peak):
    below = HALF * math.erf(x * root_half) + HALF
    return dy * (below + x * math.exp(-HALF * x * x) * peak)


class GELUFunction(ActivationFunction):
    value, gradient = gelu_forward, gelu_backward


@op
def tanh_gelu_forward(x, steepness, cubic):
    """x (*), √(2/π), 0.044715 → ½ x (1 + tanh u) (*)."""
    return x * (np.tanh(steepness * (x + cubic * x**3)) + 1) / 2


@tanh_gelu_forward.elementwise(arrays=1)
def tanh_gelu_one(x, steepness, cubic):
    t = math.tanh(steepness * (x + cubic * (x * x * x)))
    return HALF * x * (ONE + t)


@op
def tanh_gelu_backward(x, dy, steepness, cubic):
    """x, dy (*), √(2/π), 0.044715 → dx (*)."""
    t = np.tanh(steepness * (x + cubic * x**3))
    return dy * (1 + t + x * (1 - t * t) * steepness * (1 + 3 * cubic * x**2)) / 2


@tanh_gelu_backward.elementwise(arrays=2)
def tanh_gelu_backward_one(x, dy, steepness, cubic):
    c = cubic * x * x
    t = math.tanh(steepness * (x + c * x))
    du = steepness * (ONE + c + c + c)
    return HALF * dy * (ONE + t + x * (ONE - t * t) * du)


class TanhGELUFunction(ActivationFunction):
    value, gradient = tanh_gelu_forward, tanh_gelu_backward


def gelu(input: Any, approximate: str = "none") -> Any:
    """input times the probability that a normal draw lies below it.

    Raises:
        RuntimeError: `approximate` is neither 'none' nor 'tanh'.
        TypeError: it is no string, or the input no tensor.
    """
    if approximate == "none":
        return GELUFunction.of(input, ROOT_HALF, PEAK)
    if approximate == "tanh":
        return TanhGELUFunction.of(input, STEEPNESS, CUBIC)
    kind = RuntimeError if isinstance(approximate, str) else TypeError
    raise kind(f"gelu: approximate must be 'none' or 'tanh', got {approximate!r}")


class GELU(Module):
    """x Φ(x): x times the probability that a normal draw lies below it.

    Args:
        approximate: 'none' for Φ itself, 'tanh' for a curve without erf.

    Shape:
        input (*) → output (*)

    Example:
        >>> nn.GELU()(torch.tensor([-1.0, 0.0, 1.0]))
        tensor([-0.1587,  0.0000,  0.8413])

    Source: Hendrycks & Gimpel, "Gaussian error linear units (GELUs)", 2016.
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Any) -> Any:
        return gelu(input, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"
