"""L1Loss: the mean of |x - y|.

    loss = (1/n) Σ |x - y|
    dx   = sign(x - y) / n         0 where x = y: any slope from -1 to 1 would do

Book: losses/l1.
"""
from typing import Any

import numpy as np

from ...backend import ONE, ZERO, op
from ...backend.math import where
from .reduction import ElementwiseLoss, Loss, check_shapes, reduction_of, summed


@op
def l1(x, y):
    """x, y (*) → |x - y| (*)."""
    return np.abs(x - y)


@l1.elementwise
def l1_one(x, y):
    return abs(x - y)


@op
def l1_slope(x, y):
    """x, y (*) → the slope of |x - y| in x (*): -1, 0 or 1."""
    return np.sign(x - y)


@l1_slope.elementwise
def l1_slope_one(x, y):
    d = x - y
    return where(d > ZERO, ONE, where(d < ZERO, -ONE, d * ZERO))   # d · 0 keeps NaN


class L1(ElementwiseLoss):
    value, slope, total = l1, l1_slope, summed(l1, l1_slope, l1_one, l1_slope_one)


def l1_loss(input: Any, target: Any, size_average: bool | None = None,
            reduce: bool | None = None, reduction: str = "mean") -> Any:
    """The mean (or sum, or each) of |input - target|; see `L1Loss`."""
    reduction = reduction_of("l1_loss", reduction, size_average, reduce)
    check_shapes("l1_loss", input, target)
    return L1.apply(input, target, reduction=reduction)


class L1Loss(Loss):
    """The mean of |x - y|.

    Args:
        size_average, reduce: 0.1's spelling of reduction.
        reduction: 'mean' (default), 'sum', or 'none' for every |x - y|.

    Shape:
        input (*), target (*) → a single number, or (*) with 'none'

    Example:
        >>> nn.L1Loss()(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 2.0]))
        tensor(1.)
    """

    def forward(self, input: Any, target: Any) -> Any:
        return l1_loss(input, target, reduction=self.reduction)
