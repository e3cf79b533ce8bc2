"""KLDivLoss: how far is a distribution from its target?

For log-probabilities x and targets y, which are probabilities:

    loss = y (log y - x)         0 log 0 is 0
    dx   = -y
    dy   = log y + 1 - x         NaN at y = 0, as in PyTorch: it is -∞ there

or with `log_target`, where y too holds logarithms:

    loss = e^y (y - x)
    dx   = -e^y
    dy   = e^y (y - x + 1)

The divergence of two distributions is the sum over their outcomes.  'batchmean' sums and
divides by the number of distributions; 'mean' also divides by the number of outcomes.

Book: losses/kl_div.
"""
import warnings
from typing import Any

import numpy as np

from ...backend import ONE, ZERO, math
from ...backend.math import where
from .reduction import (
    REDUCTIONS,
    ElementwiseLoss,
    Loss,
    check_operands,
    loss_op,
    reduction_of,
)


@loss_op
def kl_div_plain(x, y):
    """x, y (*) → y (log y - x) (*), its slopes in x and in y (*)."""
    log_y = np.log(y)
    return np.where(y == 0, 0, y * log_y) - y * x, -y, log_y + y / y - x


@kl_div_plain.formula
def kl_div_plain_one(x, y):
    log_y = math.log(y)
    return where(y == ZERO, ZERO, y * log_y) - y * x, -y, log_y + y / y - x


@loss_op
def kl_div_log(x, y):
    """x, y (*) → e^y (y - x) (*), its slopes in x and in y (*)."""
    p = np.exp(y)
    return p * (y - x), -p, p * (y - x + 1)


@kl_div_log.formula
def kl_div_log_one(x, y):
    p = math.exp(y)
    return p * (y - x), -p, p * (y - x + ONE)


class KLDiv(ElementwiseLoss):
    op = kl_div_plain


class KLDivLog(ElementwiseLoss):
    op = kl_div_log


KNOWN = (*REDUCTIONS, "batchmean")


def kl_div(input: Any, target: Any, size_average: bool | None = None,
           reduce: bool | None = None, reduction: str = "mean",
           log_target: bool = False) -> Any:
    """The Kullback-Leibler divergence of log-probabilities from targets; see
    `KLDivLoss`."""
    if reduction == "mean" and size_average is None and reduce is None:
        warnings.warn("kl_div: reduction='mean' divides by the number of elements; the "
                      "divergence of distributions is reduction='batchmean'",
                      UserWarning, stacklevel=2)
    reduction = reduction_of("kl_div", reduction, size_average, reduce, KNOWN)
    check_operands("kl_div", input, target, stretch="allow")
    for name, t in (("input", input), ("target", target)):
        if not t.is_floating_point():
            raise RuntimeError(f"kl_div: {name} must hold real numbers, got {t.dtype}; "
                               f"say {name}.float()")
    loss = KLDivLog if log_target else KLDiv
    return loss.apply(input, target, reduction=reduction)


class KLDivLoss(Loss):
    """The Kullback-Leibler divergence: the extra surprise of expecting x where y is true.

    Args:
        size_average, reduce: 0.1's spelling of reduction.
        reduction: 'batchmean' for the divergence of the mathematicians, averaged over
            the first axis; 'sum'; 'none' for each element's part; 'mean' (default, for
            old programs' sake) divides by the number of elements, and warns.
        log_target: whether the target holds logarithms too.

    Shape:
        input (N, *) of log-probabilities, target (N, *) → a single number, or (N, *)
        with 'none'

    Raises:
        RuntimeError: whole numbers, or shapes that do not broadcast.

    Example:
        >>> loss = nn.KLDivLoss(reduction="batchmean")
        >>> x = torch.tensor([[0.5, 0.5]]).log()
        >>> loss(x, torch.tensor([[1.0, 0.0]]))
        tensor(0.6931)

    Source: Kullback and Leibler, "On information and sufficiency", 1951.
    """

    reductions = KNOWN

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None,
                 reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Any, target: Any) -> Any:
        return kl_div(input, target, reduction=self.reduction, log_target=self.log_target)
