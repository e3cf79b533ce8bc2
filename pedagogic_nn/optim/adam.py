"""Adam: each parameter's step is scaled by the size of its own recent gradients.

    g = ∇L(p) + weight_decay · p                 (−∇L if maximize)
    m = β₁ · m + (1 − β₁) · g                    average of the gradients
    v = β₂ · v + (1 − β₂) · g²                   average of their squares
    m̂ = m / (1 − β₁ᵗ)    v̂ = v / (1 − β₂ᵗ)       m and v start at 0; this undoes it
    p = p − lr · m̂ / (√v̂ + eps)

AMSGrad divides by the largest v so far.  AdamW shrinks p by 1 − lr · weight_decay instead
of adding to the gradient, so that the decay is not divided by √v̂.
"""
import math
from collections.abc import Iterable
from typing import Any

from ..backend.device import xp_of
from ..backend.jit import jit
from ..backend.launch import cuda
from ..backend.op import Op, op
from .rules import RuleOptimizer, kernels_in_place

# ---- the rule, in array notation -----------------------------------------------------


@op
def adam_update(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay, decoupled, maximize):
    """p, g, m, v: arrays of one shape, t: number of this step, from 1 → p', m', v'.

    The kernels write p', m' and v' into p, m and v.
    """
    p, g = _with_decay(p, g, lr, weight_decay, decoupled, maximize)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    return _moved(p, m, v, t, lr, beta1, beta2, eps), m, v


@op
def amsgrad_update(p, g, m, v, v_max, t, lr, beta1, beta2, eps, weight_decay, decoupled,
                   maximize):
    """As adam_update, with v_max, the largest v so far → p', m', v', v_max'."""
    p, g = _with_decay(p, g, lr, weight_decay, decoupled, maximize)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    v_max = xp_of(v).maximum(v_max, v)
    return _moved(p, m, v_max, t, lr, beta1, beta2, eps), m, v, v_max


def _with_decay(p, g, lr, weight_decay, decoupled, maximize):
    g = -g if maximize else g
    if decoupled:
        return p - lr * weight_decay * p, g
    return p, g + weight_decay * p


def _moved(p, m, v, t, lr, beta1, beta2, eps):
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return p - lr * m_hat / (xp_of(v).sqrt(v_hat) + eps)


# ---- the same for one element; what is the same for all elements is computed before --


@jit
def _averages(p, g, m, v, decay, beta1, rest1, beta2, rest2):
    g = g + decay * p
    return beta1 * m + rest1 * g, beta2 * v + rest2 * g * g


@jit
def _moved_element(p, m, v, keep, step, eps):
    return keep * p - step * m / (math.sqrt(v) + eps)


@jit
def _adam(p, g, m, v, decay, beta1, rest1, beta2, rest2, keep, step, eps):
    m, v = _averages(p, g, m, v, decay, beta1, rest1, beta2, rest2)
    return _moved_element(p, m, v, keep, step, eps), m, v


@jit
def _amsgrad(p, g, m, v, v_max, decay, beta1, rest1, beta2, rest2, keep, step, eps):
    m, v = _averages(p, g, m, v, decay, beta1, rest1, beta2, rest2)
    v_max = v_max if v <= v_max else v                   # nan goes through, as in maximum
    return _moved_element(p, m, v_max, keep, step, eps), m, v, v_max


@jit
def _adam_cpu(lo, hi, p, g, m, v, *numbers):
    p, g, m, v = p[lo:hi], g[lo:hi], m[lo:hi], v[lo:hi]
    for k in range(p.size):
        p[k], m[k], v[k] = _adam(p[k], g[k], m[k], v[k], *numbers)


@cuda.jit
def _adam_cuda(p, g, m, v, decay, beta1, rest1, beta2, rest2, keep, step, eps):
    k = cuda.grid(1)
    if k < p.size:
        p[k], m[k], v[k] = _adam(
            p[k], g[k], m[k], v[k], decay, beta1, rest1, beta2, rest2, keep, step, eps)


@jit
def _amsgrad_cpu(lo, hi, p, g, m, v, v_max, *numbers):
    p, g, m, v, v_max = p[lo:hi], g[lo:hi], m[lo:hi], v[lo:hi], v_max[lo:hi]
    for k in range(p.size):
        p[k], m[k], v[k], v_max[k] = _amsgrad(p[k], g[k], m[k], v[k], v_max[k], *numbers)


@cuda.jit
def _amsgrad_cuda(
        p, g, m, v, v_max, decay, beta1, rest1, beta2, rest2, keep, step, eps):
    k = cuda.grid(1)
    if k < p.size:
        p[k], m[k], v[k], v_max[k] = _amsgrad(
            p[k], g[k], m[k], v[k], v_max[k],
            decay, beta1, rest1, beta2, rest2, keep, step, eps)


@kernels_in_place(adam_update, arrays=4, cpu=_adam_cpu, cuda=_adam_cuda)
@kernels_in_place(amsgrad_update, arrays=5, cpu=_amsgrad_cpu, cuda=_amsgrad_cuda)
def _numbers(t, lr, beta1, beta2, eps, weight_decay, decoupled, maximize):
    """The kernels' numbers.

    The corrections of m and v are moved out of the loop, into the step and eps.  (−g)² is
    g², so a climb changes nothing but the sign of what m takes in.
    """
    sign = -1 if maximize else 1
    scale = math.sqrt(1 - beta2**t)
    return (0 if decoupled else sign * weight_decay,
            beta1, sign * (1 - beta1), beta2, 1 - beta2,
            1 - lr * weight_decay if decoupled else 1,
            lr / (1 - beta1**t) * scale, eps * scale)


# ---- the optimisers ------------------------------------------------------------------


class Adam(RuleOptimizer):
    """Adam; see the equations at the top of this file.

    Args:
        params: parameters or groups, see `Optimizer`.
        lr: learning rate; about the length of a step, whatever the scale of the gradient.
        betas: (β₁, β₂), how much of the two averages is kept in each step.
        eps: added to the divisor, so that it is never 0.
        weight_decay: pulls parameters towards 0 by way of the gradient.
        amsgrad: divide by the largest average of squares so far.
        maximize: climb instead of descending.
        foreach, capturable, differentiable, fused: see `Optimizer`.
        decoupled_weight_decay: shrink the parameters themselves, as `AdamW` does.

    Raises:
        ValueError: a number is out of range.

    Example:
        >>> w = torch.tensor([1.0, 100.0], requires_grad=True)
        >>> optimizer = optim.Adam([w], lr=0.5)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w                                    # both move by lr
        tensor([ 0.5000, 99.5000], requires_grad=True)

    Source: Kingma, Ba: Adam: A Method for Stochastic Optimization (2015), algorithm 1;
    Reddi, Kale, Kumar: On the Convergence of Adam and Beyond (2018), algorithm 2.
    """

    def __init__(self, params: Iterable, lr: float = 1e-3,
                 betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 0, amsgrad: bool = False, *,
                 foreach: bool | None = None, maximize: bool = False,
                 capturable: bool = False, differentiable: bool = False,
                 fused: bool | None = None, decoupled_weight_decay: bool = False
                 ) -> None:
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "amsgrad": amsgrad, "maximize": maximize, "foreach": foreach,
            "capturable": capturable, "differentiable": differentiable, "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay})

    def _check_options(self, group: dict[str, Any]) -> None:
        self._check_at_least_0(group, "lr", "eps", "weight_decay")
        if len(group["betas"]) != 2 or not all(0 <= beta < 1 for beta in group["betas"]):
            raise ValueError(f"{self._name}: betas must be two numbers from 0 up to, but "
                             f"without, 1, got {group['betas']}")

    def rule(self, group: dict[str, Any], t: float) -> tuple[Op, list[str], tuple]:
        options = (t, group["lr"], *group["betas"], group["eps"], group["weight_decay"],
                   group["decoupled_weight_decay"], group["maximize"])
        if group["amsgrad"]:
            return amsgrad_update, ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"], options
        return adam_update, ["exp_avg", "exp_avg_sq"], options


class AdamW(Adam):
    """Adam with decoupled weight decay: p shrinks by 1 − lr · weight_decay in each step.

    Arguments as `Adam`, with 0.01 as the default of weight_decay.

    Example:
        >>> w = torch.tensor([1.0], requires_grad=True)
        >>> optimizer = optim.AdamW([w], lr=0.5, weight_decay=0.2)
        >>> w.grad = torch.zeros(1)
        >>> optimizer.step()
        >>> w
        tensor([0.9000], requires_grad=True)

    Source: Loshchilov, Hutter: Decoupled Weight Decay Regularization (2019), algorithm 2.
    """

    def __init__(self, params: Iterable, lr: float = 1e-3,
                 betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 1e-2, amsgrad: bool = False, *,
                 maximize: bool = False, foreach: bool | None = None,
                 capturable: bool = False, differentiable: bool = False,
                 fused: bool | None = None) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad,
                         maximize=maximize, foreach=foreach, capturable=capturable,
                         differentiable=differentiable, fused=fused,
                         decoupled_weight_decay=True)
