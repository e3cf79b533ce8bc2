"""RMSprop: each parameter's step is divided by the recent size of its gradient.

    g = ∇L(p) + weight_decay · p                (−∇L if maximize)
    v = alpha · v + (1 − alpha) · g²            average of the squares; v starts at 0
    a = alpha · a + (1 − alpha) · g             centered: average of the gradients
    d = g / (√v + eps)                          centered: g / (√(v − a²) + eps)
    b = momentum · b + d                        without momentum b is d
    p = p − lr · b

v − a² is the variance of the gradient: centered steps are long where it agrees with
itself.
"""
import math
from collections.abc import Iterable
from typing import Any

from ..backend.device import xp_of
from ..backend.jit import jit
from ..backend.launch import cuda
from ..backend.op import ZERO, Op, op
from .rules import RuleOptimizer, kernels_in_place

# ---- the rule, in array notation: with v; v and b; v and a; v, b and a ----------------


@op
def rmsprop_update(p, g, v, lr, alpha, eps, weight_decay, momentum, maximize):
    """p, g, v: arrays of one shape → p', v'.  The kernels write into p and v."""
    g, v = _averaged(p, g, v, alpha, weight_decay, maximize)
    return p - lr * g / (xp_of(v).sqrt(v) + eps), v


@op
def momentum_update(p, g, v, b, lr, alpha, eps, weight_decay, momentum, maximize):
    """As rmsprop_update, with b, the memory of steps → p', v', b'."""
    g, v = _averaged(p, g, v, alpha, weight_decay, maximize)
    b = momentum * b + g / (xp_of(v).sqrt(v) + eps)
    return p - lr * b, v, b


@op
def centered_update(p, g, v, a, lr, alpha, eps, weight_decay, momentum, maximize):
    """As rmsprop_update, with a, the average of the gradients → p', v', a'."""
    g, v = _averaged(p, g, v, alpha, weight_decay, maximize)
    a = alpha * a + (1 - alpha) * g
    return p - lr * g / (_deviation(v, a) + eps), v, a


@op
def centered_momentum_update(p, g, v, b, a, lr, alpha, eps, weight_decay, momentum,
                             maximize):
    """As rmsprop_update, with b and a → p', v', b', a'."""
    g, v = _averaged(p, g, v, alpha, weight_decay, maximize)
    a = alpha * a + (1 - alpha) * g
    b = momentum * b + g / (_deviation(v, a) + eps)
    return p - lr * b, v, b, a


def _averaged(p, g, v, alpha, weight_decay, maximize):
    g = (-g if maximize else g) + weight_decay * p
    return g, alpha * v + (1 - alpha) * g * g


def _deviation(v, a):
    xp = xp_of(v)
    return xp.sqrt(xp.maximum(v - a * a, 0))


# ---- the same for one element --------------------------------------------------------


@jit
def _with_average(p, g, v, sign, decay, alpha, rest):
    g = sign * g + decay * p
    return g, alpha * v + rest * g * g


@jit
def _spread(v, a, eps):
    """√(v − a²) + eps.  For gradients that stay the same v − a² is 0, and rounded it may
    be less, which has no root.  A NaN goes through."""
    variance = v - a * a
    return math.sqrt(ZERO if variance < ZERO else variance) + eps


@jit
def _rmsprop(p, g, v, sign, decay, alpha, rest, lr, eps, momentum):
    g, v = _with_average(p, g, v, sign, decay, alpha, rest)
    return p - lr * g / (math.sqrt(v) + eps), v


@jit
def _momentum(p, g, v, b, sign, decay, alpha, rest, lr, eps, momentum):
    g, v = _with_average(p, g, v, sign, decay, alpha, rest)
    b = momentum * b + g / (math.sqrt(v) + eps)
    return p - lr * b, v, b


@jit
def _centered(p, g, v, a, sign, decay, alpha, rest, lr, eps, momentum):
    g, v = _with_average(p, g, v, sign, decay, alpha, rest)
    a = alpha * a + rest * g
    return p - lr * g / _spread(v, a, eps), v, a


@jit
def _centered_momentum(p, g, v, b, a, sign, decay, alpha, rest, lr, eps, momentum):
    g, v = _with_average(p, g, v, sign, decay, alpha, rest)
    a = alpha * a + rest * g
    b = momentum * b + g / _spread(v, a, eps)
    return p - lr * b, v, b, a


# ---- kernels -------------------------------------------------------------------------


@jit
def _rmsprop_cpu(lo, hi, p, g, v, *numbers):
    p, g, v = p[lo:hi], g[lo:hi], v[lo:hi]
    for k in range(p.size):
        p[k], v[k] = _rmsprop(p[k], g[k], v[k], *numbers)


@jit
def _momentum_cpu(lo, hi, p, g, v, b, *numbers):
    p, g, v, b = p[lo:hi], g[lo:hi], v[lo:hi], b[lo:hi]
    for k in range(p.size):
        p[k], v[k], b[k] = _momentum(p[k], g[k], v[k], b[k], *numbers)


@jit
def _centered_cpu(lo, hi, p, g, v, a, *numbers):
    p, g, v, a = p[lo:hi], g[lo:hi], v[lo:hi], a[lo:hi]
    for k in range(p.size):
        p[k], v[k], a[k] = _centered(p[k], g[k], v[k], a[k], *numbers)


@jit
def _centered_momentum_cpu(lo, hi, p, g, v, b, a, *numbers):
    p, g, v, b, a = p[lo:hi], g[lo:hi], v[lo:hi], b[lo:hi], a[lo:hi]
    for k in range(p.size):
        p[k], v[k], b[k], a[k] = _centered_momentum(
            p[k], g[k], v[k], b[k], a[k], *numbers)


@cuda.jit
def _rmsprop_cuda(p, g, v, sign, decay, alpha, rest, lr, eps, momentum):
    k = cuda.grid(1)
    if k < p.size:
        p[k], v[k] = _rmsprop(
            p[k], g[k], v[k], sign, decay, alpha, rest, lr, eps, momentum)


@cuda.jit
def _momentum_cuda(p, g, v, b, sign, decay, alpha, rest, lr, eps, momentum):
    k = cuda.grid(1)
    if k < p.size:
        p[k], v[k], b[k] = _momentum(
            p[k], g[k], v[k], b[k], sign, decay, alpha, rest, lr, eps, momentum)


@cuda.jit
def _centered_cuda(p, g, v, a, sign, decay, alpha, rest, lr, eps, momentum):
    k = cuda.grid(1)
    if k < p.size:
        p[k], v[k], a[k] = _centered(
            p[k], g[k], v[k], a[k], sign, decay, alpha, rest, lr, eps, momentum)


@cuda.jit
def _centered_momentum_cuda(
        p, g, v, b, a, sign, decay, alpha, rest, lr, eps, momentum):
    k = cuda.grid(1)
    if k < p.size:
        p[k], v[k], b[k], a[k] = _centered_momentum(
            p[k], g[k], v[k], b[k], a[k], sign, decay, alpha, rest, lr, eps, momentum)


@kernels_in_place(rmsprop_update, arrays=3, cpu=_rmsprop_cpu, cuda=_rmsprop_cuda)
@kernels_in_place(momentum_update, arrays=4, cpu=_momentum_cpu, cuda=_momentum_cuda)
@kernels_in_place(centered_update, arrays=4, cpu=_centered_cpu, cuda=_centered_cuda)
@kernels_in_place(centered_momentum_update, arrays=5, cpu=_centered_momentum_cpu,
                  cuda=_centered_momentum_cuda)
def _numbers(lr, alpha, eps, weight_decay, momentum, maximize):
    return -1 if maximize else 1, weight_decay, alpha, 1 - alpha, lr, eps, momentum


RULES = {(False, False): rmsprop_update, (False, True): momentum_update,
         (True, False): centered_update, (True, True): centered_momentum_update}

# ---- the optimiser -------------------------------------------------------------------


class RMSprop(RuleOptimizer):
    """RMSprop; see the equations at the top of this file.

    Args:
        params: parameters or groups, see `Optimizer`.
        lr: learning rate; about the length of a step, whatever the scale of the gradient.
        alpha: how much of the averages is kept in each step.
        eps: added to the divisor, so that it is never 0.
        weight_decay: pulls parameters towards 0 by way of the gradient.
        momentum: how much of the last step is kept.
        centered: divide by the deviation of the gradient instead of its size.
        maximize: climb instead of descending.
        capturable, foreach, differentiable: see `Optimizer`.

    Raises:
        ValueError: a number is negative.

    Example:
        >>> w = torch.tensor([1.0, 100.0], requires_grad=True)
        >>> optimizer = optim.RMSprop([w], lr=0.5, alpha=0.75)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w                                    # both move by lr / √(1 − alpha)
        tensor([ 0., 99.], requires_grad=True)

    Source: Hinton: Neural Networks for Machine Learning (2012), lecture 6e; centered:
    Graves: Generating Sequences With Recurrent Neural Networks (2013), section 4.2.
    """

    def __init__(self, params: Iterable, lr: float = 1e-2, alpha: float = 0.99,
                 eps: float = 1e-8, weight_decay: float = 0, momentum: float = 0,
                 centered: bool = False, capturable: bool = False,
                 foreach: bool | None = None, maximize: bool = False,
                 differentiable: bool = False) -> None:
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps,
            "centered": centered, "weight_decay": weight_decay, "capturable": capturable,
            "foreach": foreach, "maximize": maximize, "differentiable": differentiable})

    def _check_options(self, group: dict[str, Any]) -> None:
        self._check_at_least_0(group, "lr", "alpha", "eps", "momentum", "weight_decay")

    def rule(self, group: dict[str, Any], t: float) -> tuple[Op, list[str], tuple]:
        centered, rolling = bool(group["centered"]), group["momentum"] > 0
        names = ["square_avg", *["momentum_buffer"] * rolling, *["grad_avg"] * centered]
        return RULES[centered, rolling], names, (
            group["lr"], group["alpha"], group["eps"], group["weight_decay"],
            group["momentum"], group["maximize"])
