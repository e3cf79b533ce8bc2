"""SoftMarginLoss: a two-class loss for labels -1 and 1.

With the margin m = x y, positive where the score x has the sign of the label y:

    loss = log(1 + e^-m) = max(-m, 0) + log(1 + e^-|m|)
    dx   = -y σ(-m)
    dy   = -x σ(-m)

The form on the right cannot overflow: a score of -1000 for label 1 costs 1000, where
PyTorch says inf.

Book: losses/soft_margin.
"""
from typing import Any

import numpy as np

from ...autograd.checks import check_not_bool, check_real
from ...backend import ZERO, math
from ...backend.math import where
from .reduction import (
    ElementwiseLoss,
    Loss,
    check_operands,
    check_weight,
    loss_op,
    reduction_of,
)


@loss_op
def soft_margin(x, y):
    """x, y (*) → log(1 + exp(-x y)) (*), its slopes in x and in y (*)."""
    m = x * y
    share = np.exp(-np.logaddexp(0, m))                  # σ(-m)
    return np.logaddexp(0, -m), -y * share, -x * share


@soft_margin.formula
def soft_margin_one(x, y):
    m = x * y
    share = math.sigmoid(-m)
    loss = where(m < ZERO, -m, ZERO) + math.log1p_exp_neg_abs(m)
    return loss, -y * share, -x * share


class SoftMargin(ElementwiseLoss):
    op = soft_margin

    @staticmethod
    def dtype_of(x, y):
        return x.dtype


def soft_margin_loss(input: Any, target: Any, size_average: bool | None = None,
                     reduce: bool | None = None, reduction: str = "mean") -> Any:
    """The mean (or sum, or each) of log(1 + exp(-input · target)); see
    `SoftMarginLoss`."""
    who = "soft_margin_loss"
    reduction = reduction_of(who, reduction, size_average, reduce)
    check_operands(who, input, target, stretch="allow")
    check_real(who, "input", input)
    check_not_bool(who, "target", target)
    check_weight(who, "target", target, input)
    return SoftMargin.apply(input, target, reduction=reduction)


class SoftMarginLoss(Loss):
    """The logistic loss of scores and labels -1 and 1.

    Args:
        size_average, reduce: 0.1's spelling of reduction.
        reduction: 'mean' (default), 'sum', or 'none' for every element's loss.

    Shape:
        input (*), target (*) of -1 and 1 → a single number, or (*) with 'none'

    Raises:
        RuntimeError: the target does not stretch to the input's shape, or requires a
            gradient, which is not defined.

    Example:
        >>> loss = nn.SoftMarginLoss(reduction="none")
        >>> loss(torch.tensor([0.0, -1000.0]), torch.tensor([1.0, 1.0]))
        tensor([6.9315e-01, 1.0000e+03])

    Source: Cox, "The regression analysis of binary sequences", 1958.
    """

    def forward(self, input: Any, target: Any) -> Any:
        return soft_margin_loss(input, target, reduction=self.reduction)
