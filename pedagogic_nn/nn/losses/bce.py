"""BCELoss: how surprised are probabilities by what happened?

For a probability x and a target y, both between 0 and 1:

    loss = -(y log x + (1 - y) log(1 - x))
    dx   = (x - y) / (x (1 - x))
    dy   = log(1 - x) - log x

A sure and wrong probability would cost infinitely much.  Each log is held at -100 or
above, so it costs 100, and dx's denominator at 1e-12, as in PyTorch.  BCEWithLogitsLoss
needs neither.

Book: losses/bce.
"""
from typing import Any

import numpy as np

from ...backend import ONE, ZERO, math
from ...backend.device import to_host
from ...backend.math import where
from .reduction import (
    ElementwiseLoss,
    Loss,
    check_operands,
    check_weight,
    holds_nan,
    keep_weight,
    loss_op,
    reduction_of,
)

LOWEST_LOG, NAN = np.float32(-100), np.float32(np.nan)
SMALLEST = np.float32(1e-12)        # of dx's denominator; in float64 too, as in PyTorch


@loss_op
def bce(x, y):
    """x, y (*) → -(y log x + (1 - y) log(1 - x)) (*), its slopes in x and in y (*).

    The loss is NaN where x or y is no probability.
    """
    log_x, log_rest = np.log(x), np.log1p(-x)
    loss = -(y * np.maximum(log_x, -100) + (1 - y) * np.maximum(log_rest, -100))
    loss = np.where((0 <= y) & (y <= 1), loss, np.nan)
    return loss, (x - y) / np.maximum(x * (1 - x), SMALLEST), log_rest - log_x


@bce.formula
def bce_one(x, y):
    log_x, log_rest = math.log(x), math.log1p(-x)       # NaN unless 0 ≤ x ≤ 1
    dy = log_rest - log_x
    log_x = where(log_x < LOWEST_LOG, LOWEST_LOG, log_x)
    log_rest = where(log_rest < LOWEST_LOG, LOWEST_LOG, log_rest)
    loss = -(y * log_x + (ONE - y) * log_rest)
    spread = x * (ONE - x)
    dx = (x - y) / where(spread < SMALLEST, SMALLEST, spread)
    return where((y >= ZERO) & (y <= ONE), loss, NAN), dx, dy


class BCE(ElementwiseLoss):
    op = bce

    @classmethod
    def forward(cls, ctx, x, y, *options, reduction):
        loss = super().forward(ctx, x, y, *options, reduction=reduction)
        if holds_nan(loss):
            _check_probabilities(input=x, target=y)
        return loss


def _check_probabilities(**arrays):
    """Find out whose fault a NaN is; it may be a weight's."""
    for name, a in arrays.items():
        a = to_host(a)
        wrong = a[~((a >= 0) & (a <= 1))]
        if wrong.size:
            raise RuntimeError(
                f"binary_cross_entropy: {name} must hold probabilities, from 0 to 1, got "
                f"{wrong[0]}; for scores there is binary_cross_entropy_with_logits")


def binary_cross_entropy(input: Any, target: Any, weight: Any = None,
                         size_average: bool | None = None, reduce: bool | None = None,
                         reduction: str = "mean") -> Any:
    """The binary cross entropy of probabilities and targets; see `BCELoss`."""
    who = "binary_cross_entropy"
    reduction = reduction_of(who, reduction, size_average, reduce)
    check_operands(who, input, target, stretch="refuse")
    check_weight(who, "weight", weight, input)
    if input.dtype != target.dtype:
        raise RuntimeError(f"{who}: input and target must have one dtype, got "
                           f"{input.dtype} and {target.dtype}; say "
                           "target.to(input.dtype)")
    return BCE.apply(input, target, None, weight, reduction=reduction)


class BCELoss(Loss):
    """The binary cross entropy of probabilities, such as Sigmoid gives, and targets.

    Args:
        weight: a tensor that stretches to the input's shape; each loss is multiplied by
            its weight.  The mean still divides by the number of elements.
        size_average, reduce: 0.1's spelling of reduction.
        reduction: 'mean' (default), 'sum', or 'none' for every element's loss.

    Shape:
        input (*), target (*), both from 0 to 1 → a single number, or (*) with 'none'

    Raises:
        RuntimeError: a number is no probability, the dtypes differ, or the weight does
            not fit.
        ValueError: the shapes differ.

    Example:
        >>> loss = nn.BCELoss(reduction="none")
        >>> loss(torch.tensor([0.5, 0.0]), torch.tensor([1.0, 1.0]))
        tensor([  0.6931, 100.0000])

    Source: Good, "Rational decisions", 1952, section 8.
    """

    def __init__(self, weight: Any = None, size_average: bool | None = None,
                 reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)
        keep_weight(self, "weight", weight)

    def forward(self, input: Any, target: Any) -> Any:
        return binary_cross_entropy(input, target, self.weight, reduction=self.reduction)
