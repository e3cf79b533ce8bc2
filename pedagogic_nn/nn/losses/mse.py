"""MSELoss: the mean of the squared errors.

    loss = (1/n) Σ (x - y)²
    dx   = 2 (x - y) / n
    dy   = -dx

Book: losses/mse.
"""
from typing import Any

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
def mse(x, y):
    """x, y (*) → (x - y)² (*), its slopes in x and in y (*)."""
    return (x - y)**2, 2 * (x - y), 2 * (y - x)


@mse.formula
def mse_one(x, y):
    d = x - y
    return d * d, d + d, -(d + d)


class MSE(ElementwiseLoss):
    op, dtype_of = mse, staticmethod(widest)


def mse_loss(input: Any, target: Any, size_average: bool | None = None,
             reduce: bool | None = None, reduction: str = "mean",
             weight: Any = None) -> Any:
    """The mean (or sum, or each) of (input - target)²; see `MSELoss`.

    With `weight`, a tensor of the input's shape, the mean is Σ w (x - y)² / Σ w.
    """
    reduction = reduction_of("mse_loss", reduction, size_average, reduce)
    check_operands("mse_loss", input, target)
    if weight is None:
        return MSE.apply(input, target, reduction=reduction)
    losses = weighted("mse_loss", MSE.apply(input, target, reduction="none"), weight,
                      input)
    return reduced(losses, reduction, weight.sum())


class MSELoss(Loss):
    """The mean squared error.

    Args:
        size_average, reduce: 0.1's spelling of reduction.
        reduction: 'mean' (default), 'sum', or 'none' for every (x - y)².

    Shape:
        input (*), target (*) → a single number, or (*) with 'none'

    Raises:
        RuntimeError: the shapes do not broadcast (where they do, a warning is given).

    Example:
        >>> nn.MSELoss()(torch.tensor([1.0, 2.0]), torch.tensor([4.0, 2.0]))
        tensor(4.5000)

    Source: Legendre, "Nouvelles méthodes pour la détermination des orbites des comètes",
    1805: the method of least squares.
    """

    def forward(self, input: Any, target: Any) -> Any:
        return mse_loss(input, target, reduction=self.reduction)
