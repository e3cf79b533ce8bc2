"""Adagrad: each parameter's step is divided by the size of all its gradients so far.

    g = ∇L(p) + weight_decay · p                (−∇L if maximize)
    s = s + g²                                  starts at initial_accumulator_value
    p = p − lr / (1 + (t − 1) · lr_decay) · g / (√s + eps)

s only grows, so that steps only shrink: those of rare features stay long, those of
frequent ones do not.
"""
import math
from collections.abc import Iterable
from typing import Any

from ..autograd.factories import full_like
from ..autograd.tensor import Tensor
from ..backend.device import xp_of
from ..backend.jit import jit
from ..backend.launch import cuda
from ..backend.op import Op, op
from .optimizer import counter
from .rules import RuleOptimizer, kernels_in_place


@op
def adagrad_update(p, g, s, t, lr, lr_decay, eps, weight_decay, maximize):
    """p, g, s: arrays of one shape, t: number of this step, from 1 → p', s'.

    The kernels write p' and s' into p and s.
    """
    g = (-g if maximize else g) + weight_decay * p
    s = s + g * g
    return p - lr / (1 + (t - 1) * lr_decay) * g / (xp_of(s).sqrt(s) + eps), s


@jit
def _adagrad(p, g, s, sign, decay, step, eps):
    g = sign * g + decay * p
    s = s + g * g
    return p - step * g / (math.sqrt(s) + eps), s


@jit
def _adagrad_cpu(lo, hi, p, g, s, *numbers):
    p, g, s = p[lo:hi], g[lo:hi], s[lo:hi]
    for k in range(p.size):
        p[k], s[k] = _adagrad(p[k], g[k], s[k], *numbers)


@cuda.jit
def _adagrad_cuda(p, g, s, sign, decay, step, eps):
    k = cuda.grid(1)
    if k < p.size:
        p[k], s[k] = _adagrad(p[k], g[k], s[k], sign, decay, step, eps)


@kernels_in_place(adagrad_update, arrays=3, cpu=_adagrad_cpu, cuda=_adagrad_cuda)
def _numbers(t, lr, lr_decay, eps, weight_decay, maximize):
    return -1 if maximize else 1, weight_decay, lr / (1 + (t - 1) * lr_decay), eps


class Adagrad(RuleOptimizer):
    """Adagrad; see the equations at the top of this file.

    Args:
        params: parameters or groups, see `Optimizer`.
        lr: learning rate, the length of the first step.
        lr_decay: shortens all steps with time.
        weight_decay: pulls parameters towards 0 by way of the gradient.
        initial_accumulator_value: where the sums of squares start.
        eps: added to the divisor, so that it is never 0.
        maximize: climb instead of descending.
        foreach, differentiable, fused: see `Optimizer`.

    Raises:
        ValueError: a number is negative.

    Example:
        >>> w = torch.tensor([1.0], requires_grad=True)
        >>> optimizer = optim.Adagrad([w], lr=0.5)
        >>> for _ in range(2):
        ...     w.grad = torch.ones(1)
        ...     optimizer.step()                 # lr / √1, then lr / √2
        ...     print(round(w.item(), 4))
        0.5
        0.1464

    Source: Duchi, Hazan, Singer: Adaptive Subgradient Methods for Online Learning and
    Stochastic Optimization (2011), equation 1.
    """

    def __init__(self, params: Iterable, lr: float = 1e-2, lr_decay: float = 0,
                 weight_decay: float = 0, initial_accumulator_value: float = 0,
                 eps: float = 1e-10, foreach: bool | None = None, *,
                 maximize: bool = False, differentiable: bool = False,
                 fused: bool | None = None) -> None:
        super().__init__(params, {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "fused": fused})
        for group in self.param_groups:       # PyTorch's state is there from the start
            for p in group["params"]:
                self.state[p].update(step=counter(), sum=self.begin("sum", p, group))

    def _check_options(self, group: dict[str, Any]) -> None:
        self._check_at_least_0(group, "lr", "lr_decay", "weight_decay",
                               "initial_accumulator_value", "eps")

    def begin(self, name: str, p: Tensor, group: dict[str, Any]) -> Tensor:
        return full_like(p, group["initial_accumulator_value"])

    def rule(self, group: dict[str, Any], t: float) -> tuple[Op, list[str], tuple]:
        return adagrad_update, ["sum"], (
            t, group["lr"], group["lr_decay"], group["eps"], group["weight_decay"],
            group["maximize"])
