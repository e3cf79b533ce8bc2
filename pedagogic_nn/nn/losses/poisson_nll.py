"""PoissonNLLLoss: how surprised is an expected count by the count?

The probability of count y where λ are expected is e^-λ λ^y / y!.  For x = log λ

    loss = eˣ - y x
    dx   = eˣ - y
    dy   = -x

and for x = λ, with ε against log 0,

    loss = x - y log(x + ε)
    dx   = 1 - y / (x + ε)
    dy   = -log(x + ε)

Both leave out log y!, which does not depend on x.  `full` adds it, by Stirling's formula
and from y = 1 on:

    loss = y log y - y + ½ log(2π y)
    dy   = log y + ½ / y

Book: losses/bce.
"""
from typing import Any

import numpy as np

from ...autograd.checks import check_not_bool
from ...autograd.dtypes import get_default_dtype
from ...backend import HALF, ONE, ZERO, math
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
def poisson_log(x, y):
    """x, y (*) → eˣ - y x (*), its slopes in x and in y (*)."""
    return np.exp(x) - y * x, np.exp(x) - y, -x


@poisson_log.formula
def poisson_log_one(x, y):
    rate = math.exp(x)
    return rate - y * x, rate - y, -x


@loss_op
def poisson_rate(x, y, eps):
    """x, y (*), ε → x - y log(x + ε) (*), its slopes in x and in y (*)."""
    log_rate = np.log(x + eps)
    return x - y * log_rate, 1 - y / (x + eps), -log_rate


@poisson_rate.formula
def poisson_rate_one(x, y, eps):
    log_rate = math.log(x + eps)
    return x - y * log_rate, ONE - y / (x + eps), -log_rate


@loss_op
def stirling(x, y):
    """x, y (*) → about log y! (*), 0 up to y = 1; its slopes in x, 0, and in y (*)."""
    loss = np.where(y <= 1, 0, y * np.log(y) - y + np.log(2 * np.pi * y) / 2)
    return loss, np.zeros_like(x), np.where(y <= 1, 0, 1) * (np.log(y) + 0.5 / y)


# ½ log 2π in two parts: their sum is exact in float64, and float32 stays float32.
HIGH = np.float32(np.log(2 * np.pi) / 2)
LOW = np.float32(np.log(2 * np.pi) / 2 - np.float64(HIGH))


@stirling.formula
def stirling_one(x, y):
    log_y = math.log(y)
    loss = (y + HALF) * log_y - y + LOW + HIGH
    return where(y <= ONE, ZERO, loss), ZERO, where(y <= ONE, ZERO, ONE) * (
        log_y + HALF / y)                        # 0 · NaN for y < 0, as in PyTorch


class PoissonLog(ElementwiseLoss):
    op = poisson_log


class PoissonRate(ElementwiseLoss):
    op = poisson_rate


class Stirling(ElementwiseLoss):
    op = stirling


def poisson_nll_loss(input: Any, target: Any, log_input: bool = True, full: bool = False,
                     size_average: bool | None = None, eps: float = 1e-8,
                     reduce: bool | None = None, reduction: str = "mean") -> Any:
    """The mean (or sum, or each) Poisson loss; see `PoissonNLLLoss`."""
    who = "poisson_nll_loss"
    reduction = reduction_of(who, reduction, size_average, reduce)
    eps = check_number(who, "eps", eps)
    check_operands(who, input, target, stretch="allow", whole=True)
    if not log_input or target.dtype == bool:
        check_not_bool(who, "input", input)
    if not input.is_floating_point():
        input = input.to(get_default_dtype())
    if log_input:
        loss = PoissonLog.apply(input, target, reduction=reduction)
    else:
        loss = PoissonRate.apply(input, target, eps, reduction=reduction)
    if not full:
        return loss
    return loss + Stirling.apply(input.detach(), target, reduction=reduction)


class PoissonNLLLoss(Loss):
    """The negative log-likelihood of counts under Poisson distributions.

    Args:
        log_input: whether the input is the logarithm of the expected count.
        full: whether to add log(target!), by Stirling's formula.
        size_average, reduce: 0.1's spelling of reduction.
        eps: added to an expected count before its logarithm is taken.
        reduction: 'mean' (default), 'sum', or 'none' for every element's loss.

    Shape:
        input (*), target (*) of counts → a single number, or (*) with 'none'

    Raises:
        RuntimeError: the shapes do not broadcast.

    Example:
        >>> loss = nn.PoissonNLLLoss(log_input=False, reduction="none")
        >>> loss(torch.tensor([1.0, 2.0]), torch.tensor([0.0, 2.0]))
        tensor([1.0000, 0.6137])

    Source: Nelder and Wedderburn, "Generalized linear models", 1972, for counts whose
    expectation is exp of a score.
    """

    def __init__(self, log_input: bool = True, full: bool = False,
                 size_average: bool | None = None, eps: float = 1e-8,
                 reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def forward(self, log_input: Any, target: Any) -> Any:
        return poisson_nll_loss(log_input, target, self.log_input, self.full,
                                eps=self.eps, reduction=self.reduction)
