"""SmoothL1Loss: a parabola for small errors, the size of large ones.

    loss = d² / (2 β)        where |d| < β, with d = x - y
           |d| - β/2         elsewhere
    dx   = d / β held between -1 and 1
    dy   = -dx

The two halves meet with one value and one slope.  β → 0 gives L1Loss.

Book: losses/smooth_l1.
"""
from typing import Any

import numpy as np

from ...backend import HALF, ONE, ZERO
from ...backend.math import where
from .l1 import l1_loss
from .reduction import (
    ElementwiseLoss,
    Loss,
    check_number,
    check_operands,
    loss_op,
    reduction_of,
    widest,
)


@loss_op
def smooth_l1(x, y, beta):
    """x, y (*), β → d²/(2β) or |d| - β/2 (*), its slopes in x and in y (*)."""
    d = x - y
    size, small = np.abs(d), np.abs(d) < beta
    dx = np.where(small, d / beta, np.sign(d))
    return np.where(small, d * d / (2 * beta), size - beta / 2), dx, -dx


@smooth_l1.formula
def smooth_l1_one(x, y, beta):
    d = x - y
    size = abs(d)
    sign = where(d > ZERO, ONE, where(d < ZERO, -ONE, d))       # d: 0 and NaN stay
    ratio = d / beta
    dx = where(size < beta, ratio, sign)
    return where(size < beta, HALF * d * ratio, size - HALF * beta), dx, -dx


class SmoothL1(ElementwiseLoss):
    op, dtype_of = smooth_l1, staticmethod(widest)


def smooth_l1_loss(input: Any, target: Any, size_average: bool | None = None,
                   reduce: bool | None = None, reduction: str = "mean",
                   beta: float = 1.0) -> Any:
    """The mean (or sum, or each) smooth L1 loss; see `SmoothL1Loss`."""
    reduction = reduction_of("smooth_l1_loss", reduction, size_average, reduce)
    beta = check_number("smooth_l1_loss", "beta", beta)
    check_operands("smooth_l1_loss", input, target)
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    if not beta >= 0:
        raise RuntimeError(f"smooth_l1_loss: beta must not be negative, got {beta}")
    return SmoothL1.apply(input, target, beta, reduction=reduction)


class SmoothL1Loss(Loss):
    """Half the square of errors up to β over β, the size less β/2 of larger ones.

    One outlier pulls with slope 1, however far it is out; MSELoss's pull grows with it.

    Args:
        size_average, reduce: 0.1's spelling of reduction.
        reduction: 'mean' (default), 'sum', or 'none' for every element's loss.
        beta: where the parabola ends, 0 or above.

    Shape:
        input (*), target (*) → a single number, or (*) with 'none'

    Raises:
        RuntimeError: beta is negative, or the shapes do not broadcast.

    Example:
        >>> loss = nn.SmoothL1Loss(reduction="none")
        >>> loss(torch.tensor([0.5, 3.0]), torch.zeros(2))
        tensor([0.1250, 2.5000])

    Source: Girshick, "Fast R-CNN", 2015, equation 3.
    """

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None,
                 reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Any, target: Any) -> Any:
        return smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)
