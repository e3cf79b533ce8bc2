"""MarginRankingLoss: of two scores, the right one should be higher by a margin.

y is 1 where the first score should be higher and -1 where the second should.  With
d = x₁ - x₂:

    loss = max(0, margin - y d)
    dx₁  = -y                     where margin - y d ≥ 0, else 0
    dx₂  = y                      there
    dy   = -d                     there

The tape takes care of d; what is left compares d and y.

Book: losses/margin_ranking.
"""
from typing import Any

import numpy as np

from ...autograd.checks import check_not_bool
from ...autograd.dtypes import get_default_dtype
from ...backend import ONE, ZERO
from ...backend.math import where
from .reduction import (
    ElementwiseLoss,
    Loss,
    check_number,
    check_operands,
    loss_op,
    reduction_of,
)


@loss_op
def margin_ranking(d, y, margin):
    """d, y (*), a number → max(0, margin - y d) (*), its slopes in d and in y (*)."""
    missing = margin - y * d
    active = (missing >= 0).astype(d.dtype)
    return np.maximum(missing, 0), -y * active, -d * active


@margin_ranking.formula
def margin_ranking_one(d, y, margin):
    missing = margin - y * d
    active = where(missing >= ZERO, ONE, ZERO)
    return where(missing < ZERO, ZERO, missing), -y * active, -d * active


class MarginRanking(ElementwiseLoss):
    op = margin_ranking


def margin_ranking_loss(input1: Any, input2: Any, target: Any, margin: float = 0.0,
                        size_average: bool | None = None, reduce: bool | None = None,
                        reduction: str = "mean") -> Any:
    """The mean (or sum, or each) of max(0, margin - target (input1 - input2)); see
    `MarginRankingLoss`."""
    who = "margin_ranking_loss"
    reduction = reduction_of(who, reduction, size_average, reduce)
    margin = check_number(who, "margin", margin)
    check_operands(who, input1, input2, "allow", ("input1", "input2"), whole=True)
    difference = input1 - input2
    check_operands(who, difference, target, "allow", ("input1 - input2", "target"),
                   whole=True)
    check_not_bool(who, "target", target)
    if not input1.ndim == input2.ndim == target.ndim:
        raise RuntimeError(f"{who}: the three tensors must have one number of axes, got "
                           f"shapes {tuple(input1.shape)}, {tuple(input2.shape)} and "
                           f"{tuple(target.shape)}")
    if not (difference.is_floating_point() or target.is_floating_point()):
        difference = difference.to(get_default_dtype())
    return MarginRanking.apply(difference, target, margin, reduction=reduction)


class MarginRankingLoss(Loss):
    """What the right one of two scores lacks of being higher by a margin.

    Args:
        margin: by how much it should be higher.
        size_average, reduce: 0.1's spelling of reduction.
        reduction: 'mean' (default), 'sum', or 'none' for every pair's loss.

    Shape:
        input1 (*), input2 (*), target (*) of 1 (the first should be higher) and -1 → a
        single number, or (*) with 'none'

    Raises:
        RuntimeError: the numbers of axes differ, or the shapes do not broadcast.

    Example:
        >>> loss = nn.MarginRankingLoss(margin=0.5, reduction="none")
        >>> first, second = torch.tensor([3.0, 3.0]), torch.tensor([1.0, 1.0])
        >>> loss(first, second, torch.tensor([1, -1]))
        tensor([0.0000, 2.5000])

    Source: Herbrich, Graepel and Obermayer, "Large margin rank boundaries for ordinal
    regression", 2000.
    """

    def __init__(self, margin: float = 0.0, size_average: bool | None = None,
                 reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Any, input2: Any, target: Any) -> Any:
        return margin_ranking_loss(input1, input2, target, self.margin,
                                   reduction=self.reduction)
