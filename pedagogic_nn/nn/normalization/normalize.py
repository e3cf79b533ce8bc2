"""normalize: vectors of length 1.

    y = x / max(‖x‖_p, ε)

Book: nn/normalization.
"""
from typing import Any

from ...autograd.checks import check_tensor


def normalize(input: Any, p: float = 2.0, dim: Any = 1, eps: float = 1e-12,
              out: Any = None) -> Any:
    """The vectors along `dim` divided by their p-norm, or by eps where that is larger.

    Args:
        p: the norm's exponent: 1, 2, inf …
        dim: the axis of a vector, or several.
        out: a tensor to write the result into.

    Shape:
        input (*) → the same

    Raises:
        IndexError: there is no such axis.
        RuntimeError: the input holds whole numbers.

    Example:
        >>> F.normalize(torch.tensor([[3.0, 4.0]]))
        tensor([[0.6000, 0.8000]])
    """
    check_tensor("normalize", "input", input)
    if not input.is_floating_point():
        raise RuntimeError("normalize: expected floating-point input, got "
                           f"{input.dtype}; say input.float()")
    y = input / input.norm(p, dim, keepdim=True).clamp(min=eps)
    return y if out is None else out.copy_(y)
