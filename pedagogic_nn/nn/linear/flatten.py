"""Flatten merges axes into one, Unflatten splits one axis; no number moves.

    Flatten      (N, C, H, W) → (N, C·H·W)
    Unflatten    (N, C·H·W) → (N, C, H, W)

Book: nn/linear.
"""
import math
from typing import Any

from ...autograd.checks import check_tensor
from ...autograd.reductions import axis
from ...autograd.shaping import flatten, unflatten
from ..module import Module


class Flatten(Module):
    """Merge neighbouring axes into one.

    Args:
        start_dim, end_dim: the first and the last of them; the batch (axis 0) stays by
            default.

    Shape:
        input (N, *) → output (N, product of *)

    Example:
        >>> nn.Flatten()(torch.zeros(2, 3, 4)).shape
        torch.Size([2, 12])
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Any) -> Any:
        return flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Split one axis into several.

    Args:
        dim: the axis.
        unflattened_size: the sizes that it becomes; one of them may be -1 and follows
            from the others.

    Shape:
        input (N, K) → output (N, *unflattened_size) for dim=1

    Raises:
        TypeError: unflattened_size is no tuple or list of integers.
        RuntimeError: the sizes do not multiply up to the axis.

    Example:
        >>> nn.Unflatten(1, (3, -1))(torch.zeros(2, 12)).shape
        torch.Size([2, 3, 4])
    """

    def __init__(self, dim: int, unflattened_size: Any) -> None:
        super().__init__()
        if not isinstance(dim, int):
            raise TypeError(f"Unflatten: dim must be an integer, got {dim!r}; axes have "
                            "no names here")
        if not isinstance(unflattened_size, (tuple, list)) or not all(
                type(n) is int for n in unflattened_size):
            raise TypeError("Unflatten: unflattened_size must be a tuple of integers, "
                            f"got {unflattened_size!r}")
        self.dim, self.unflattened_size = dim, unflattened_size

    def forward(self, input: Any) -> Any:
        sizes = self.unflattened_size
        if not sizes:
            raise RuntimeError("Unflatten: unflattened_size names no axes; give at least "
                               "one size")
        check_tensor("Unflatten", "input", input)
        if not input.ndim:
            raise RuntimeError("Unflatten: a single number has no axis to split")
        dim = axis(self.dim, input.ndim, "Unflatten")
        size = input.shape[dim]
        known = math.prod(n for n in sizes if n != -1)
        fits = known == size if -1 not in sizes else known and size % known == 0
        if not fits or list(sizes).count(-1) > 1:
            raise RuntimeError(f"Unflatten: sizes {tuple(sizes)} do not multiply up to "
                               f"the {size} of axis {dim} in input of shape "
                               f"{tuple(input.shape)}")
        whole = [size // known if n == -1 else n for n in sizes]
        return unflatten(input, dim, whole)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
