"""Identity: y = x, and dx = dy.  It holds a place in a network.

Book: nn/linear.
"""
from typing import Any

from ..module import Module


class Identity(Module):
    """Gives its input back.

    Args:
        args, kwargs: anything; what the layer in whose place it stands was told.

    Shape:
        input (*) → output (*), the same tensor

    Example:
        >>> nn.Identity(54, unused=True)(torch.tensor([1.0, 2.0]))
        tensor([1., 2.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input
