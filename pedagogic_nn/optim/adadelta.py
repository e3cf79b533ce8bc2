"""Adadelta: steps in the units of the parameter, without a learning rate to choose.

    g = ∇L(p) + weight_decay · p                (−∇L if maximize)
    v = rho · v + (1 − rho) · g²                average of squared gradients
    d = √(u + eps) / √(v + eps) · g             the step
    u = rho · u + (1 − rho) · d²                average of squared steps
    p = p − lr · d

u and v start at 0, so the first steps are about √eps long.
"""
import math
from collections.abc import Iterable
from typing import Any

from ..backend.device import xp_of
from ..backend.jit import jit
from ..backend.launch import cuda
from ..backend.op import Op, op
from .rules import RuleOptimizer, kernels_in_place


@op
def adadelta_update(p, g, v, u, lr, rho, eps, weight_decay, maximize):
    """p, g, v, u: arrays of one shape → p', v', u'.  The kernels write into p, v and u.
    """
    xp = xp_of(p)
    g = (-g if maximize else g) + weight_decay * p
    v = rho * v + (1 - rho) * g * g
    d = xp.sqrt(u + eps) / xp.sqrt(v + eps) * g
    return p - lr * d, v, rho * u + (1 - rho) * d * d


@jit
def _adadelta(p, g, v, u, sign, decay, rho, rest, eps, lr):
    g = sign * g + decay * p
    v = rho * v + rest * g * g
    d = math.sqrt(u + eps) / math.sqrt(v + eps) * g
    return p - lr * d, v, rho * u + rest * d * d


@jit
def _adadelta_cpu(lo, hi, p, g, v, u, *numbers):
    p, g, v, u = p[lo:hi], g[lo:hi], v[lo:hi], u[lo:hi]
    for k in range(p.size):
        p[k], v[k], u[k] = _adadelta(p[k], g[k], v[k], u[k], *numbers)


@cuda.jit
def _adadelta_cuda(p, g, v, u, sign, decay, rho, rest, eps, lr):
    k = cuda.grid(1)
    if k < p.size:
        p[k], v[k], u[k] = _adadelta(
            p[k], g[k], v[k], u[k], sign, decay, rho, rest, eps, lr)


@kernels_in_place(adadelta_update, arrays=4, cpu=_adadelta_cpu, cuda=_adadelta_cuda)
def _numbers(lr, rho, eps, weight_decay, maximize):
    return -1 if maximize else 1, weight_decay, rho, 1 - rho, eps, lr


class Adadelta(RuleOptimizer):
    """Adadelta; see the equations at the top of this file.

    Args:
        params: parameters or groups, see `Optimizer`.
        lr: a factor of all steps; the paper has none.
        rho: how much of the averages is kept in each step.
        eps: the square of the first steps, and what keeps the divisor from being 0.
        weight_decay: pulls parameters towards 0 by way of the gradient.
        maximize: climb instead of descending.
        foreach, capturable, differentiable: see `Optimizer`.

    Raises:
        ValueError: a number is negative, or rho is above 1.

    Example:
        >>> w = torch.tensor([1.0, 100.0], requires_grad=True)
        >>> optimizer = optim.Adadelta([w], eps=0.01)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w                                    # √eps / √(1 − rho) for both
        tensor([ 0.6877, 99.6838], requires_grad=True)

    Source: Zeiler: ADADELTA: An Adaptive Learning Rate Method (2012), algorithm 1.
    """

    def __init__(self, params: Iterable, lr: float = 1.0, rho: float = 0.9,
                 eps: float = 1e-6, weight_decay: float = 0,
                 foreach: bool | None = None, *, capturable: bool = False,
                 maximize: bool = False, differentiable: bool = False) -> None:
        super().__init__(params, {
            "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay,
            "maximize": maximize, "capturable": capturable, "foreach": foreach,
            "differentiable": differentiable})

    def _check_options(self, group: dict[str, Any]) -> None:
        self._check_at_least_0(group, "lr", "rho", "eps", "weight_decay")
        if group["rho"] > 1:
            raise ValueError(f"Adadelta: rho must be at most 1, got {group['rho']}")

    def rule(self, group: dict[str, Any], t: float) -> tuple[Op, list[str], tuple]:
        return adadelta_update, ["square_avg", "acc_delta"], (
            group["lr"], group["rho"], group["eps"], group["weight_decay"],
            group["maximize"])
