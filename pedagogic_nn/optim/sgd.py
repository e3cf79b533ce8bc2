"""Stochastic gradient descent, with momentum if you like.

    g = ∇L(p) + weight_decay · p                (−∇L if maximize)
    b = momentum · b + (1 − dampening) · g      the first gradient is taken as it is
    p = p − lr · b                              with nesterov: p − lr · (g + momentum · b)

Without momentum b is g, and nothing needs to be remembered.
"""
from collections.abc import Iterable
from typing import Any

from ..autograd.tensor import Tensor
from ..backend.jit import jit
from ..backend.launch import cuda
from ..backend.op import Op, op
from .rules import RuleOptimizer, kernels_in_place

# ---- p − lr · g ----------------------------------------------------------------------


@op
def sgd_update(p, g, lr, weight_decay, maximize):
    """p, g: arrays of one shape → (p',).  The kernels write p' into p."""
    g = (-g if maximize else g) + weight_decay * p
    return (p - lr * g,)


@jit
def _descend(p, g, sign, weight_decay, lr):
    return p - lr * (sign * g + weight_decay * p)


@jit
def _sgd_cpu(lo, hi, p, g, *numbers):
    p, g = p[lo:hi], g[lo:hi]
    for k in range(p.size):
        p[k] = _descend(p[k], g[k], *numbers)


@cuda.jit
def _sgd_cuda(p, g, sign, weight_decay, lr):
    k = cuda.grid(1)
    if k < p.size:
        p[k] = _descend(p[k], g[k], sign, weight_decay, lr)


@kernels_in_place(sgd_update, arrays=2, cpu=_sgd_cpu, cuda=_sgd_cuda)
def _sgd_numbers(lr, weight_decay, maximize):
    return -1 if maximize else 1, weight_decay, lr


# ---- with a memory of earlier gradients ----------------------------------------------


@op
def momentum_update(p, g, b, lr, momentum, dampening, nesterov, weight_decay, maximize):
    """p, g, b (the momentum buffer): arrays of one shape → p', b'.

    The kernels write p' and b' into p and b.
    """
    g = (-g if maximize else g) + weight_decay * p
    b = momentum * b + (1 - dampening) * g
    direction = g + momentum * b if nesterov else b
    return p - lr * direction, b


@jit
def _roll(p, g, b, sign, weight_decay, momentum, share, along_g, along_b):
    g = sign * g + weight_decay * p
    b = momentum * b + share * g
    return p - (along_g * g + along_b * b), b


@jit
def _momentum_cpu(lo, hi, p, g, b, *numbers):
    p, g, b = p[lo:hi], g[lo:hi], b[lo:hi]
    for k in range(p.size):
        p[k], b[k] = _roll(p[k], g[k], b[k], *numbers)


@cuda.jit
def _momentum_cuda(p, g, b, sign, weight_decay, momentum, share, along_g, along_b):
    k = cuda.grid(1)
    if k < p.size:
        p[k], b[k] = _roll(p[k], g[k], b[k], sign, weight_decay, momentum, share, along_g,
                           along_b)


@kernels_in_place(momentum_update, arrays=3, cpu=_momentum_cpu, cuda=_momentum_cuda)
def _momentum_numbers(lr, momentum, dampening, nesterov, weight_decay, maximize):
    along_g, along_b = (lr, lr * momentum) if nesterov else (0, lr)
    return -1 if maximize else 1, weight_decay, momentum, 1 - dampening, along_g, along_b


# ---- the optimiser -------------------------------------------------------------------


class SGD(RuleOptimizer):
    """Stochastic gradient descent; see the equations at the top of this file.

    Args:
        params: parameters or groups, see `Optimizer`.
        lr: learning rate, the length of a step.
        momentum: how much of the last direction is kept.
        dampening: how much of a new gradient is left out of the momentum.
        weight_decay: pulls parameters towards 0, as a penalty ½ · weight_decay · p² does.
        nesterov: look ahead along the momentum.
        maximize: climb instead of descending.
        foreach, differentiable, fused: see `Optimizer`.

    Raises:
        ValueError: a number is negative, or nesterov comes without momentum or with
            dampening.

    Example:
        >>> w = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> optimizer = optim.SGD([w], lr=0.25)
        >>> (w * w).sum().backward()             # the gradient is 2 w
        >>> optimizer.step()
        >>> w
        tensor([0.5000, 1.0000], requires_grad=True)

    Source: Sutskever, Martens, Dahl, Hinton: On the importance of initialization and
    momentum in deep learning (2013), section 2; but lr stands outside the momentum, as in
    PyTorch.
    """

    def __init__(self, params: Iterable, lr: float = 1e-3, momentum: float = 0,
                 dampening: float = 0, weight_decay: float = 0, nesterov: bool = False, *,
                 maximize: bool = False, foreach: bool | None = None,
                 differentiable: bool = False, fused: bool | None = None) -> None:
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "dampening": dampening,
            "weight_decay": weight_decay, "nesterov": nesterov, "maximize": maximize,
            "foreach": foreach, "differentiable": differentiable, "fused": fused})

    def _check_options(self, group: dict[str, Any]) -> None:
        self._check_at_least_0(group, "lr", "momentum", "weight_decay")
        if group["nesterov"] and (group["momentum"] == 0 or group["dampening"] != 0):
            raise ValueError(
                "SGD: nesterov needs momentum > 0 and dampening = 0, got momentum "
                f"{group['momentum']} and dampening {group['dampening']}")

    def count(self, p: Tensor) -> float:
        """PyTorch's state holds no count.  Only the first step is another one."""
        begun = p in self.state and self.state[p].get("momentum_buffer") is not None
        return 2 if begun else 1

    def counted(self, p: Tensor, t: float) -> None:
        """The buffer says it."""

    def rule(self, group: dict[str, Any], t: float) -> tuple[Op, list[str], tuple]:
        if group["momentum"] == 0:
            return sgd_update, [], (group["lr"], group["weight_decay"], group["maximize"])
        dampening = 0 if t == 1 else group["dampening"]     # the first is taken as it is
        return momentum_update, ["momentum_buffer"], (
            group["lr"], group["momentum"], dampening, group["nesterov"],
            group["weight_decay"], group["maximize"])
