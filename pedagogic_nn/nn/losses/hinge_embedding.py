"""HingeEmbeddingLoss: alike pairs close, unlike pairs a margin apart.

x is the distance of a pair, y says whether it is alike (1) or not (-1):

    loss = x                     where y = 1
           max(0, margin - x)    where y = -1
    dx   = 1                     where y = 1
           -1                    where y = -1 and x ≤ margin, else 0

Any other y counts as both, as in PyTorch: the two losses are added, and the two slopes.

Book: losses/hinge_embedding.
"""
from typing import Any

import numpy as np

from ...autograd.checks import check_real
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
def hinge_embedding(x, y, margin):
    """x, y (*), a number → x or max(0, margin - x) (*), its slopes in x and in y (0)."""
    alike, unlike = y != -1, y != 1
    loss = np.where(alike, x, 0) + np.where(unlike, np.maximum(margin - x, 0), 0)
    dx = alike * 1.0 - (unlike & (margin - x >= 0))
    return loss, dx, np.zeros_like(y)


@hinge_embedding.formula
def hinge_embedding_one(x, y, margin):
    alike, unlike = y != -ONE, y != ONE
    short = margin - x                                   # of the margin
    loss = where(alike, x, ZERO) + where(unlike, where(short < ZERO, ZERO, short), ZERO)
    dx = where(alike, ONE, ZERO) - where(unlike & (short >= ZERO), ONE, ZERO)
    return loss, dx, ZERO


class HingeEmbedding(ElementwiseLoss):
    op = hinge_embedding

    @staticmethod
    def dtype_of(x, y):
        return x.dtype


def hinge_embedding_loss(input: Any, target: Any, margin: float = 1.0,
                         size_average: bool | None = None, reduce: bool | None = None,
                         reduction: str = "mean") -> Any:
    """The mean (or sum, or each) of the distances or what they lack; see
    `HingeEmbeddingLoss`."""
    who = "hinge_embedding_loss"
    reduction = reduction_of(who, reduction, size_average, reduce)
    margin = check_number(who, "margin", margin)
    check_operands(who, input, target, stretch="allow")
    check_real(who, "input", input)
    return HingeEmbedding.apply(input, target.detach(), margin, reduction=reduction)


class HingeEmbeddingLoss(Loss):
    """The distance of alike pairs, and what unlike pairs lack of the margin.

    Args:
        margin: how far apart unlike pairs should be.
        size_average, reduce: 0.1's spelling of reduction.
        reduction: 'mean' (default), 'sum', or 'none' for every element's loss.

    Shape:
        input (*) of distances, target (*) of -1 and 1 → a single number, or (*) with
        'none'

    Raises:
        RuntimeError: the shapes do not broadcast.

    Example:
        >>> loss = nn.HingeEmbeddingLoss(reduction="none")
        >>> loss(torch.tensor([0.25, 0.25, 3.0]), torch.tensor([1, -1, -1]))
        tensor([0.2500, 0.7500, 0.0000])

    Source: Hadsell, Chopra and LeCun, "Dimensionality reduction by learning an invariant
    mapping", 2006, for pairs with labels and a margin.
    """

    def __init__(self, margin: float = 1.0, size_average: bool | None = None,
                 reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input: Any, target: Any) -> Any:
        return hinge_embedding_loss(input, target, self.margin, reduction=self.reduction)
