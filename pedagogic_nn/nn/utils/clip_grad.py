"""Gradients held in bounds: one long step must not throw a network out of its valley.

    total = (Σ |g|ᵖ)^(1/p)                over the elements of all gradients
    g     = g · min(1, max_norm / (total + 1e-6))

The norm of a long vector is the norm of the norms of its parts, so each gradient is read
once for its own norm, and once more if it must be scaled.  Both happen in place: no copy
of the gradients is made.  On the CPU each is one call of a kernel for all gradients, see
backend/together.py.
"""
import math
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ...autograd.factories import zeros
from ...autograd.tensor import Tensor
from ...backend import ZERO, cuda, jit, op
from ...backend.device import to_host, xp_of
from ...backend.launch import CudaKernel, contiguous, on_cpu, on_gpu, sum_on_cpu
from ...backend.math import exp, log, maximum
from ...backend.op import Op
from ...backend.together import largest_together, run_together, sum_together, table_of

__all__ = ["clip_grad_norm", "clip_grad_norm_", "clip_grad_value_",
           "clip_grads_with_norm_", "get_total_norm"]

# ---- the norm of one array -----------------------------------------------------------


@op
def p_norm(x, p):
    """x (*), p: a number → (Σ |x|ᵖ)^(1/p) ().

    p = inf is the largest |x|, -inf the smallest, 0 counts what is not zero.
    """
    xp, size = xp_of(x), abs(x)
    if p == math.inf:
        return xp.asarray(size.max())
    if p == -math.inf:
        return xp.asarray(size.min())
    if p == 0:
        return xp.asarray((x != 0).sum().astype(x.dtype))
    with np.errstate(all="ignore"):
        return xp.asarray((size**p).sum() ** (1 / p)).astype(x.dtype)


# A sum of floats forgets small numbers when it has grown large.  So the sums run over
# BLOCK elements in the dtype of x, in vector lanes, and are added up in double.
BLOCK = 4096


@jit(reassociate=True)
def _squares(lo, hi, x, p):
    total = 0.0
    for start in range(lo, hi, BLOCK):
        block, part = x[start:min(hi, start + BLOCK)], x.dtype.type(0)
        for k in range(block.size):
            part += block[k] * block[k]
        total += part
    return total


@jit(reassociate=True)
def _sizes(lo, hi, x, p):
    total = 0.0
    for start in range(lo, hi, BLOCK):
        block, part = x[start:min(hi, start + BLOCK)], x.dtype.type(0)
        for k in range(block.size):
            part += abs(block[k])
        total += part
    return total


@jit(reassociate=True)
def _powers(lo, hi, x, p):
    """|x|ᵖ as e^(p log |x|), which has vector lanes: 1.5 ns instead of 5.5."""
    total = 0.0
    for start in range(lo, hi, BLOCK):
        block, part = x[start:min(hi, start + BLOCK)], x.dtype.type(0)
        for k in range(block.size):
            part += exp(p * log(abs(block[k])))
        total += part
    return total


@jit
def _not_zero(lo, hi, x, p):
    count = 0.0
    for k in range(lo, hi):
        count += x[k] != ZERO
    return count


@jit(reassociate=True)
def _largest(lo, hi, x, p):
    x, largest = x[lo:hi], x.dtype.type(0)
    for k in range(x.size):
        largest = maximum(largest, abs(x[k]))
    return largest


_SUMS = {0: _not_zero, 1: _sizes, 2: _squares}           # others are sums of _powers


@p_norm.cpu
def _p_norm_cpu(x, p):
    x = contiguous(x).reshape(-1)
    if math.isinf(p):
        norm = abs(x).min() if p < 0 else max(x.max(), -x.min())     # a NaN comes first
        return np.asarray(norm, x.dtype)
    total = np.float64(sum_on_cpu(_SUMS.get(p, _powers), x.shape, x, x.dtype.type(p)))
    with np.errstate(all="ignore"):                       # 0 ** (-1) is inf, as in C
        return np.asarray(total ** (1 / p) if p else total, x.dtype)


p_norm.cuda(p_norm.reference)


def _norm_together(tensors, p):
    """The norm of all tensors in one call of a kernel, or None if that cannot be."""
    for x in tensors:
        if not isinstance(x, Tensor):
            return None
    if not p > 0 or (table := table_of([(x.array,) for x in tensors])) is None:
        return None
    number = table.dtype.type(p)
    if p == math.inf:
        if not table.rows[:, 0].all():                   # of no elements there is none
            return None
        norm = largest_together(_largest, table, number)
    else:
        norm = sum_together(_SUMS.get(p, _powers), table, number) ** (1 / p)
    return np.asarray(norm, table.dtype)


# ---- changes in place ----------------------------------------------------------------


@op
def scale(g, factor):
    """g (*), factor: a number → g · factor (*).  The kernels write into g."""
    return g * factor


@jit
def _scale_cpu(lo, hi, g, factor):
    g = g[lo:hi]
    for k in range(g.size):
        g[k] = g[k] * factor


@cuda.jit
def _scale_cuda(g, factor):
    k = cuda.grid(1)
    if k < g.size:
        g[k] = g[k] * factor


@op
def hold(g, limit):
    """g (*), limit: a number → g between -limit and limit (*).  The kernels write into g.
    """
    return xp_of(g).clip(g, -limit, limit)


@jit
def _held(g, limit):
    g = g if (g >= -limit) | (g != g) else -limit         # a NaN goes through both lines
    return g if (g <= limit) | (g != g) else limit


@jit
def _hold_cpu(lo, hi, g, limit):
    g = g[lo:hi]
    for k in range(g.size):
        g[k] = _held(g[k], limit)


@cuda.jit
def _hold_cuda(g, limit):
    k = cuda.grid(1)
    if k < g.size:
        g[k] = _held(g[k], limit)


_KERNELS: dict[Op, Any] = {}                                        # those for the CPU


def _in_place(rule: Op, cpu: Any, cuda: CudaKernel) -> None:
    """Register kernels that write into their first array, for rule(array, number)."""
    def launch(start: Callable, kernel: Any) -> Callable:
        def run(g, number):
            given = contiguous(g)
            start(kernel, (g.size,), given.reshape(-1), g.dtype.type(number))
            return given
        return run

    _KERNELS[rule] = cpu
    rule.cpu(launch(on_cpu, cpu))
    rule.cuda(launch(on_gpu, cuda))
    rule.cuda_kernels.append(cuda)


_in_place(scale, _scale_cpu, _scale_cuda)
_in_place(hold, _hold_cpu, _hold_cuda)


def _change(rule, gradients, number):
    together = defaultdict(list)
    for g in gradients:
        if table_of([(g.array,)]):
            together[g.array.dtype].append((g.array,))
        else:
            changed = rule(g.array, number)
            if changed is not g.array:                   # the reference, or a strided one
                g.array[...] = changed
        g._changed()
    for dtype, rows in together.items():
        run_together(_KERNELS[rule], table_of(rows), dtype.type(number))


# ---- for parameters ------------------------------------------------------------------


def get_total_norm(tensors: Any, norm_type: float = 2.0,
                   error_if_nonfinite: bool = False,
                   foreach: bool | None = None) -> Tensor:
    """The norm of all elements of one tensor or several, a tensor ().

    Args:
        tensors: a tensor, or an iterable of them.
        norm_type: p; also inf and -inf, as numbers or as words.  0 counts the tensors
            that are not all zeros: it is a norm of norms.
        error_if_nonfinite: raise if the norm is inf or NaN.
        foreach: accepted; there is one way to compute it here.

    Raises:
        RuntimeError: the norm is not finite and shall be; p is inf or negative and a
            tensor is empty; a tensor holds integers.

    Example:
        >>> nn.utils.get_total_norm([torch.tensor([3.0, 4.0]), torch.tensor([12.0])])
        tensor(13.)
    """
    listed, p = _listed(tensors), float(norm_type)
    if not listed:
        return zeros(())
    total = _norm_together(listed, p)
    if total is None:
        total = _norm_of_norms(listed, p)
    home = listed[0].device
    if error_if_nonfinite and not np.isfinite(to_host(total)):
        raise RuntimeError(
            f"the norm of order {p} over the gradients is {total}, so they cannot be "
            "clipped. Find the gradient that is inf or NaN, or say "
            "error_if_nonfinite=False and have all of them scaled by it")
    return Tensor._of(total, home)


def _norm_of_norms(tensors, p):
    for x in tensors:
        _check_has_norm(x, p)
    home = tensors[0].device
    norms = [p_norm(x.array, p) for x in tensors]
    if len({x.device for x in tensors}) > 1:
        norms = [home.put(norm) for norm in norms]
    return p_norm(home.xp.array(norms), p)


def _check_has_norm(x, p):
    if not isinstance(x, Tensor) or not x.is_floating_point():
        kind = str(x.dtype) if isinstance(x, Tensor) else type(x).__name__
        raise RuntimeError(f"a norm is computed of tensors of real numbers, got {kind}")
    if x.numel() == 0 and (p < 0 or p == math.inf):
        raise RuntimeError(f"the norm of order {p} of an empty tensor does not exist; "
                           "leave the parameters without elements out")


def clip_grads_with_norm_(parameters: Any, max_norm: float, total_norm: Any,
                          foreach: bool | None = None) -> None:
    """Scale the gradients, in place, by max_norm / total_norm if that is less than 1.

    Args:
        parameters: a tensor, or an iterable of them; those without a gradient are left
            out.
        max_norm: how long the gradient may be.
        total_norm: how long it is, a tensor (): see `get_total_norm`.
        foreach: accepted; there is one way to compute it here.

    Raises:
        TypeError: total_norm is not a tensor.

    Example:
        >>> w = torch.zeros(2, requires_grad=True)
        >>> w.grad = torch.tensor([30.0, 40.0])
        >>> nn.utils.clip_grads_with_norm_(w, 1.0, torch.tensor(50.0))
        >>> w.grad
        tensor([0.6000, 0.8000])
    """
    if not isinstance(total_norm, Tensor):
        raise TypeError("clip_grads_with_norm_ expected total_norm as a tensor, as "
                        f"get_total_norm returns it, got a {type(total_norm).__name__}")
    factor = float(max_norm) / (float(to_host(total_norm.array)) + 1e-6)
    if not factor >= 1:                                      # NaN, too, goes on
        _change(scale, _gradients(parameters), factor)


def clip_grad_norm_(parameters: Any, max_norm: float, norm_type: float = 2.0,
                    error_if_nonfinite: bool = False,
                    foreach: bool | None = None) -> Tensor:
    """Shorten the gradient of all parameters, taken as one long vector, to max_norm.

    A gradient that is short enough stays as it is; the direction stays in any case.

    Args:
        parameters: a tensor, or an iterable of them; those without a gradient are left
            out.  Their gradients are changed in place.
        max_norm: how long the gradient may be.
        norm_type: p; also inf, the largest |g|.
        error_if_nonfinite: raise, and change nothing, if the norm is inf or NaN.
        foreach: accepted; there is one way to compute it here.

    Returns:
        How long the gradient was, a tensor ().

    Raises:
        RuntimeError: the norm is not finite and shall be, or p is inf or negative and a
            gradient is empty.

    Example:
        >>> w = torch.zeros(2, requires_grad=True)
        >>> w.grad = torch.tensor([30.0, 40.0])
        >>> nn.utils.clip_grad_norm_([w], max_norm=1.0)
        tensor(50.)
        >>> w.grad
        tensor([0.6000, 0.8000])

    Source: Pascanu, Mikolov, Bengio: On the difficulty of training recurrent neural
    networks (2013), algorithm 1.
    """
    listed = _listed(parameters)
    total = get_total_norm(_gradients(listed), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(listed, max_norm, total)
    return total


def clip_grad_norm(parameters: Any, max_norm: float, norm_type: float = 2.0,
                   error_if_nonfinite: bool = False,
                   foreach: bool | None = None) -> Tensor:
    """The old name of `clip_grad_norm_`."""
    warnings.warn("nn.utils.clip_grad_norm is the old name of nn.utils.clip_grad_norm_",
                  FutureWarning, stacklevel=2)
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite)


def clip_grad_value_(parameters: Any, clip_value: float,
                     foreach: bool | None = None) -> None:
    """Hold every element of the gradients between -clip_value and clip_value, in place.

    Args:
        parameters: a tensor, or an iterable of them; those without a gradient are left
            out.
        clip_value: how far an element may be from 0.
        foreach: accepted; there is one way to compute it here.

    Example:
        >>> w = torch.zeros(3, requires_grad=True)
        >>> w.grad = torch.tensor([-3.0, 0.5, 2.0])
        >>> nn.utils.clip_grad_value_(w, 1.0)
        >>> w.grad
        tensor([-1.0000,  0.5000,  1.0000])
    """
    _change(hold, _gradients(parameters), float(clip_value))


def _listed(tensors):
    if type(tensors) is list:
        return tensors
    if isinstance(tensors, Tensor):
        return [tensors]
    if not isinstance(tensors, Iterable):
        raise TypeError("expected parameters, a tensor or several, got a "
                        f"{type(tensors).__name__}; of a module, module.parameters()")
    return list(tensors)


def _gradients(parameters):
    return [p.grad for p in _listed(parameters) if p.grad is not None]
