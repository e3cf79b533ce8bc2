"""BCEWithLogitsLoss: BCELoss of the sigmoid of scores, computed from the scores.

For a score x, a target y between 0 and 1, and the weight q of positives:

    loss = q y softplus(-x) + (1 - y) softplus(x)
    dx   = (1 - y) σ(x) - q y σ(-x)                      = σ(x) - y  if q = 1
    dy   = q softplus(-x) - softplus(x)                  = -x        if q = 1

    softplus(x) = log(1 + eˣ) = max(x, 0) + log(1 + e^-|x|) = -log σ(-x)

e^-|x| is at most 1, so nothing overflows, and the loss of a score of -1000 is 1000 where
BCELoss of σ(-1000) = 0 can only say 100.

Book: losses/bce.
"""
from typing import Any

import numpy as np

from ...autograd.checks import check_real
from ...backend import ONE, ZERO, math
from ...backend.math import where
from .reduction import (
    ElementwiseLoss,
    Loss,
    check_operands,
    check_weight,
    keep_weight,
    loss_op,
    reduction_of,
)


@loss_op
def bce_with_logits(x, y, q):
    """x, y (*), q a number or (*) → q y softplus(-x) + (1 - y) softplus(x) (*), its
    slopes in x and in y (*)."""
    up, down = np.logaddexp(0, x), np.logaddexp(0, -x)       # softplus(x), softplus(-x)
    dx = (1 - y) * np.exp(-down) - q * y * np.exp(-up)
    return q * y * down + (1 - y) * up, dx, q * down - up


@bce_with_logits.formula
def bce_with_logits_one(x, y, q):
    rest = math.log1p_exp_neg_abs(x)
    above, below = where(x > ZERO, x, ZERO), where(x < ZERO, -x, ZERO)
    loss = q * y * (rest + below) + (ONE - y) * (rest + above)
    dx = (ONE - y) * math.sigmoid(x) - q * y * math.sigmoid(-x)
    return loss, dx, q * below - above + (q - ONE) * rest


class BCEWithLogits(ElementwiseLoss):
    op = bce_with_logits

    @staticmethod
    def dtype_of(x, y):
        return y.dtype


def binary_cross_entropy_with_logits(
        input: Any, target: Any, weight: Any = None, size_average: bool | None = None,
        reduce: bool | None = None, reduction: str = "mean",
        pos_weight: Any = None) -> Any:
    """The binary cross entropy of scores and targets; see `BCEWithLogitsLoss`."""
    who = "binary_cross_entropy_with_logits"
    reduction = reduction_of(who, reduction, size_average, reduce)
    check_operands(who, input, target, stretch="refuse")
    check_weight(who, "weight", weight, input)
    check_weight(who, "pos_weight", pos_weight, input)
    check_real(who, "input", input)
    if not target.is_floating_point():
        raise RuntimeError(f"{who}: target must hold real numbers, got {target.dtype}; "
                           "say target.float()")
    return BCEWithLogits.apply(input, target, 1.0 if pos_weight is None else pos_weight,
                               weight, reduction=reduction)


class BCEWithLogitsLoss(Loss):
    """The binary cross entropy of scores of any size and targets.

    Args:
        weight: a tensor that stretches to the input's shape; each loss is multiplied by
            its weight.  The mean still divides by the number of elements.
        size_average, reduce: 0.1's spelling of reduction.
        reduction: 'mean' (default), 'sum', or 'none' for every element's loss.
        pos_weight: q, a tensor that stretches to the input's shape: how much a positive
            counts.  With 1 positive to 9 negatives, 9 gives both classes one weight.

    Shape:
        input (*), target (*) from 0 to 1 → a single number, or (*) with 'none'

    Raises:
        RuntimeError: whole numbers, or weights that do not fit.
        ValueError: the shapes differ.

    Example:
        >>> loss = nn.BCEWithLogitsLoss(reduction="none")
        >>> loss(torch.tensor([0.0, -1000.0]), torch.tensor([1.0, 1.0]))
        tensor([6.9315e-01, 1.0000e+03])
    """

    def __init__(self, weight: Any = None, size_average: bool | None = None,
                 reduce: bool | None = None, reduction: str = "mean",
                 pos_weight: Any = None) -> None:
        super().__init__(size_average, reduce, reduction)
        keep_weight(self, "weight", weight)
        keep_weight(self, "pos_weight", pos_weight)

    def forward(self, input: Any, target: Any) -> Any:
        return binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction,
            pos_weight=self.pos_weight)
