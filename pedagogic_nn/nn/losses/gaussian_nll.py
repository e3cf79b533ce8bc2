"""GaussianNLLLoss: how surprised is a mean with a variance by a value?

For d = x - y and the variance v, held at ε or above:

    loss = ½ (log v + d² / v)
    dx   = d / v
    dy   = -dx
    dv   = ½ (1 - d² / v) / v

The tape takes care of d; what is left compares d and v.  dv is passed on as it is where v
was held at ε, as in PyTorch.  `full` adds ½ log 2π.

Book: losses/mse.
"""
from typing import Any

import numpy as np

from ...autograd.dtypes import get_default_dtype
from ...autograd.tensor import Tensor
from ...backend import HALF, ONE, math
from ...backend.math import where
from .reduction import (
    ElementwiseLoss,
    Loss,
    check_number,
    check_operands,
    loss_op,
    reduction_of,
)

HALF_LOG_2_PI = float(np.log(2 * np.pi) / 2)


@loss_op
def gaussian(d, v, eps):
    """d, v (*), ε → ½ (log v + d²/v) (*), its slopes in d and in v (*)."""
    v = np.maximum(v, eps)
    return (np.log(v) + d * d / v) / 2, d / v, (1 - d * d / v) / v / 2


@gaussian.formula
def gaussian_one(d, v, eps):
    v = where(v < eps, eps, v)
    dd = d / v
    return HALF * (math.log(v) + d * dd), dd, HALF * (ONE - d * dd) / v


class Gaussian(ElementwiseLoss):
    op = gaussian


def gaussian_nll_loss(input: Any, target: Any, var: Any, full: bool = False,
                      eps: float = 1e-6, reduction: str = "mean") -> Any:
    """The mean (or sum, or each) Gaussian loss; see `GaussianNLLLoss`."""
    who = "gaussian_nll_loss"
    reduction = reduction_of(who, reduction)
    check_operands(who, input, target, stretch="allow", whole=True)
    eps = check_number(who, "eps", eps)
    difference = input - target
    if not difference.is_floating_point():
        difference = difference.to(get_default_dtype())
    var = _variance(who, var, input, difference)
    loss = Gaussian.apply(difference, var, eps, reduction=reduction)
    if not full:
        return loss
    shape = np.broadcast_shapes(difference.shape, var.shape)
    return loss + HALF_LOG_2_PI * (int(np.prod(shape)) if reduction == "sum" else 1)


def _variance(who, var, input, difference):
    """The variance as a tensor that broadcasts with the input."""
    if not isinstance(var, Tensor):
        var = difference.new_tensor(check_number(who, "var", var))
        negative = var.item() < 0
    else:
        var = _shaped(who, var, input)
        negative = bool((var.array < 0).any())
    if negative:
        raise ValueError(f"{who}: a variance is never negative; say var.exp() if the "
                         "network gives its logarithm")
    return var


def _shaped(who, var, input):
    if not var.is_floating_point():
        raise RuntimeError(f"{who}: var must hold real numbers, got {var.dtype}; say "
                           "var.float()")
    if var.ndim == input.ndim - 1 and var.shape == input.shape[:-1]:
        var = var.unsqueeze(-1)
    differing = [n for n, m in zip(var.shape, input.shape, strict=False) if n != m]
    if var.ndim != input.ndim or differing not in ([], [1]):
        raise ValueError(f"{who}: var must have the input's shape {tuple(input.shape)}, "
                         "that without the last axis, or that with one axis of size 1; "
                         f"got {tuple(var.shape)}")
    return var


class GaussianNLLLoss(Loss):
    """The negative log-likelihood of values under Gaussians of given mean and variance.

    A network that predicts both learns where it is sure: large errors are cheap where it
    said that the variance is large, and that costs ½ log v everywhere else.

    Args:
        full: whether to add ½ log 2π.
        eps: the variance is held at this or above.
        reduction: 'mean' (default), 'sum', or 'none' for every element's loss.

    Shape:
        input (*), target (*), var a number or (*), or (*) without its last axis, or with
        one axis of size 1 → a single number, or (*) with 'none'

    Raises:
        ValueError: var is negative somewhere, or of another shape.
        RuntimeError: the shapes do not broadcast.

    Example:
        >>> loss = nn.GaussianNLLLoss()
        >>> loss(torch.tensor([0.0]), torch.tensor([2.0]), torch.tensor([4.0]))
        tensor(1.1931)

    Source: Nix and Weigend, "Estimating the mean and variance of the target probability
    distribution", 1994.
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6,
                 reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full, self.eps = full, eps

    def forward(self, input: Any, target: Any, var: Any) -> Any:
        return gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps,
                                 reduction=self.reduction)
