"""L1Loss: the mean of |x - y|.

    loss = (1/n) Σ |x - y|
    dx   = sign(x - y) / n         0 where x = y: any slope from -1 to 1 would do
    dy   = -dx

Book: losses/l1.
"""
from typing import Any

import numpy as np

from ...autograd.checks import check_not_bool
from ...backend import ONE, ZERO
from ...backend.math import where
from .reduction import (
    ElementwiseLoss,
    Loss,
    check_operands,
    loss_op,
    reduced,
    reduction_of,
    weighted,
    widest,
)


@loss_op
def l1(x, y):
    """x, y (*) → |x - y| (*), its slopes in x and in y (*): -1, 0 or 1, of NaN 0."""
    dx = np.where(np.isnan(x - y), 0, np.sign(x - y)).astype(x.dtype)
    return np.abs(x - y), dx, -dx


@l1.formula
def l1_one(x, y):
    d = x - y
    dx = where(d > ZERO, ONE, where(d < ZERO, -ONE, ZERO))
    return abs(d), dx, -dx


class L1(ElementwiseLoss):
    op, dtype_of = l1, staticmethod(widest)


def l1_loss(input: Any, target: Any, size_average: bool | None = None,
            reduce: bool | None = None, reduction: str = "mean",
            weight: Any = None) -> Any:
    """The mean (or sum, or each) of |input - target|; see `L1Loss`.

    With `weight`, a tensor of the input's shape, the mean is Σ w |x - y| / Σ w.
    """
    reduction = reduction_of("l1_loss", reduction, size_average, reduce)
    check_operands("l1_loss", input, target, whole=True)
    check_not_bool("l1_loss", "input", input)
    check_not_bool("l1_loss", "target", target)
    real = input.is_floating_point() or target.is_floating_point()
    if weight is None and real:
        return L1.apply(input, target, reduction=reduction)
    losses = L1.apply(input, target, reduction="none") if real else abs(input - target)
    if weight is not None:
        losses = weighted("l1_loss", losses, weight, input)
        return reduced(losses, reduction, weight.sum())
    return losses.mean() if reduction == "mean" else reduced(losses, reduction, 1)


class L1Loss(Loss):
    """The mean of |x - y|.

    Args:
        size_average, reduce: 0.1's spelling of reduction.
        reduction: 'mean' (default), 'sum', or 'none' for every |x - y|.

    Shape:
        input (*), target (*) → a single number, or (*) with 'none'

    Raises:
        RuntimeError: the shapes do not broadcast (where they do, a warning is given), a
            tensor holds bools, or the mean of whole numbers is wanted.

    Example:
        >>> nn.L1Loss()(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 2.0]))
        tensor(1.)
    """

    def forward(self, input: Any, target: Any) -> Any:
        return l1_loss(input, target, reduction=self.reduction)
