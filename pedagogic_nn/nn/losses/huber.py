"""HuberLoss: half the square of small errors, a straight line for large ones.

    loss = ½ d²              where |d| ≤ δ, with d = x - y
           δ (|d| - ½ δ)     elsewhere
    dx   = d held between -δ and δ
    dy   = -dx

It is δ times SmoothL1Loss with β = δ.

Book: losses/smooth_l1.
"""
from typing import Any

import numpy as np

from ...autograd.checks import check_real
from ...backend import HALF
from ...backend.math import where
from .reduction import (
    ElementwiseLoss,
    Loss,
    check_number,
    check_operands,
    loss_op,
    reduced,
    reduction_of,
    weighted,
)


@loss_op
def huber(x, y, delta):
    """x, y (*), δ → ½ d² or δ (|d| - ½ δ) (*), its slopes in x and in y (*)."""
    d = x - y
    size = np.abs(d)
    dx = np.clip(d, -delta, delta)
    return np.where(size <= delta, d * d / 2, delta * (size - delta / 2)), dx, -dx


@huber.formula
def huber_one(x, y, delta):
    d = x - y
    size = abs(d)
    dx = where(d > delta, delta, where(d < -delta, -delta, d))
    return where(size <= delta, HALF * d * d, delta * (size - HALF * delta)), dx, -dx


class Huber(ElementwiseLoss):
    op = huber

    @staticmethod
    def dtype_of(x, y):
        return x.dtype


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0,
               weight: Any = None) -> Any:
    """The mean (or sum, or each) Huber loss; see `HuberLoss`.

    With `weight`, a tensor of the input's shape, each loss is multiplied by its weight;
    the mean still divides by the number of elements.
    """
    reduction = reduction_of("huber_loss", reduction)
    delta = check_number("huber_loss", "delta", delta)
    check_operands("huber_loss", input, target)
    check_real("huber_loss", "input", input)
    if not delta > 0:
        raise RuntimeError(f"huber_loss: delta must be positive, got {delta}")
    if weight is None:
        return Huber.apply(input, target, delta, reduction=reduction)
    losses = Huber.apply(input, target, delta, reduction="none")
    losses = weighted("huber_loss", losses, weight, input)
    return reduced(losses, reduction, losses.numel())


class HuberLoss(Loss):
    """Half the square of errors up to δ, a line of slope δ beyond.

    Args:
        reduction: 'mean' (default), 'sum', or 'none' for every element's loss.
        delta: where the parabola ends, above 0.

    Shape:
        input (*), target (*) → a single number, or (*) with 'none'

    Raises:
        RuntimeError: delta is not positive, or the shapes do not broadcast.

    Example:
        >>> loss = nn.HuberLoss(reduction="none", delta=2.0)
        >>> loss(torch.tensor([1.0, 5.0]), torch.zeros(2))
        tensor([0.5000, 8.0000])

    Source: Huber, "Robust estimation of a location parameter", 1964.
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Any, target: Any) -> Any:
        return huber_loss(input, target, self.reduction, self.delta)
