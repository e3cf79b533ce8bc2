"""one_hot: class numbers as rows with a single 1.

Book: nn/embedding.
"""
from typing import Any

import numpy as np

from ...autograd.checks import check_tensor
from ...autograd.tensor import Tensor
from ...backend.device import xp_of


def one_hot(tensor: Any, num_classes: int = -1) -> Tensor:
    """For each number k a row of zeros with a 1 at place k.

    Args:
        tensor: class numbers (*), int64.
        num_classes: the length of a row, C; -1 takes the largest number plus 1.

    Shape:
        (*) → (*, C), int64

    Raises:
        RuntimeError: the dtype is not int64, a number is negative or too large, or
            there is none to count by.
        TypeError: num_classes is no whole number.

    Example:
        >>> F.one_hot(torch.tensor([0, 2]))
        tensor([[1, 0, 0],
                [0, 0, 1]])
    """
    check_tensor("one_hot", "tensor", tensor)
    k, xp = tensor.array, xp_of(tensor.array)
    if isinstance(num_classes, bool) or not isinstance(num_classes, (int, np.integer)):
        raise TypeError("one_hot: num_classes must be a whole number, got "
                        f"{num_classes!r}")
    if k.dtype != np.int64:
        raise RuntimeError("one_hot: expected class numbers of dtype int64, got "
                           f"{k.dtype}; say tensor.long()")
    if k.size == 0:
        if num_classes <= 0:
            raise RuntimeError("one_hot: an empty tensor has no largest number; give "
                               "num_classes")
        return Tensor._of(xp.zeros((*k.shape, num_classes), np.int64), tensor.device)
    least, most = int(k.min()), int(k.max())
    if least < 0:
        raise RuntimeError(f"one_hot: class numbers start at 0, got {least}")
    C = most + 1 if num_classes == -1 else num_classes
    if most >= C:
        raise RuntimeError(f"one_hot: with num_classes={num_classes} the largest class "
                           f"is {num_classes - 1}, got {most}")
    return Tensor._of((k[..., None] == xp.arange(C)).astype(np.int64), tensor.device)
