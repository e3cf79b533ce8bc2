"""gradcheck: is a gradient right?  Compare it with what small steps show."""
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..backend.device import to_host
from .backward import grad
from .grad_mode import no_grad
from .tensor import Tensor


class GradcheckError(RuntimeError):
    """The two gradients differ; the message says where and by how much."""


def gradcheck(func: Callable, inputs: Any, *, eps: float = 1e-6, atol: float = 1e-5,
              rtol: float = 1e-3, raise_exception: bool = True) -> bool:
    """Compare the gradients of `func` with central differences (f(x + eps) - f(x -
    eps)) / 2 eps.

    Args:
        func: a function of tensors that returns a tensor or several.
        inputs: its arguments; those that require a gradient are checked, and must be
            float64 (float32 steps are too coarse to tell).
        eps: the step.
        atol, rtol: the two may differ by atol + rtol · |difference quotient|.
        raise_exception: raise GradcheckError on a difference, or return False.

    Example:
        >>> x = torch.rand(3, dtype=torch.float64, requires_grad=True)
        >>> torch.autograd.gradcheck(lambda x: (x * x).sum(), (x,))
        True
    """
    inputs = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    checked = [k for k, x in enumerate(inputs)
               if isinstance(x, Tensor) and x.requires_grad]
    if not checked:
        raise ValueError("gradcheck: no input requires a gradient")
    for k in checked:
        if inputs[k].dtype != np.float64:
            raise ValueError(f"gradcheck: input {k} is {inputs[k].dtype}; it needs "
                             "float64")
    for n, y in enumerate(_outputs(func, inputs)):
        if y.requires_grad:
            for k in checked:
                message = _compare(func, inputs, k, n, eps, atol, rtol)
                if message and raise_exception:
                    raise GradcheckError(message)
                if message:
                    return False
    return True


def _outputs(func: Callable, inputs: Sequence) -> list[Tensor]:
    out = func(*inputs)
    return list(out) if isinstance(out, (tuple, list)) else [out]


def _compare(func: Callable, inputs: Sequence, k: int, n: int, eps: float, atol: float,
             rtol: float) -> str:
    x = inputs[k]
    y = _outputs(func, inputs)[n]
    analytic, numeric = np.zeros((y.numel(), x.numel())), np.zeros((y.numel(), x.numel()))
    for row in range(y.numel()):
        seed = np.zeros(y.shape)
        seed.reshape(-1)[row] = 1
        y = _outputs(func, inputs)[n]
        dy = Tensor._of(y.device.put(seed, y.dtype), y.device)
        (g,) = grad(y, x, dy, allow_unused=True)
        if g is not None:
            analytic[row] = to_host(g.array).reshape(-1)
    flat = x.array.reshape(-1)
    if x.numel() and not np.shares_memory(to_host(flat), to_host(x.array)):
        raise ValueError(f"gradcheck: input {k} must be contiguous")

    def write(column, value):
        flat[column] = value
        x._share_memory().writes += 1            # autograd is not to notice

    def outputs():
        return to_host(_outputs(func, inputs)[n].array).reshape(-1).copy()

    with no_grad():
        for column in range(x.numel()):
            old = flat[column].copy()
            write(column, old + eps)
            up = outputs()
            write(column, old - eps)
            down = outputs()
            write(column, old)
            numeric[:, column] = (up - down) / (2 * eps)
    wrong = ~(np.abs(analytic - numeric) <= atol + rtol * np.abs(numeric))
    if not wrong.any():
        return ""
    row, column = np.argwhere(wrong)[0]
    return (f"the gradient of output {n}, element {row}, with respect to input {k}, "
            f"element {column}, is {analytic[row, column]:.6g}; small steps show "
            f"{numeric[row, column]:.6g}")
