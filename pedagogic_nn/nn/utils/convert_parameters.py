"""All parameters of a network as one vector, and back: for optimisers that think of them
so, and to compare two networks."""
from collections.abc import Iterable
from math import prod
from typing import Any

from ...autograd.shaping import cat
from ...autograd.tensor import Tensor

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable) -> Tensor:
    """The elements of all parameters (P,), in their order; gradients flow back.

    Raises:
        ValueError: there are none.
        RuntimeError: they are on several devices.

    Example:
        >>> layer = nn.Linear(2, 1)
        >>> nn.utils.parameters_to_vector(layer.parameters()).shape
        torch.Size([3])
    """
    return cat([p.reshape(-1) for p in parameters])


def vector_to_parameters(vec: Any, parameters: Iterable) -> None:
    """Give the parameters their elements from one vector.

    Their `data` becomes a view of the vector, as in PyTorch: what changes the vector
    changes the parameters.

    Args:
        vec: the elements of all parameters, as `parameters_to_vector` returned them.
        parameters: which to set.

    Shape:
        vec (P,), with P the number of all elements

    Raises:
        TypeError: vec is not a tensor.
        RuntimeError: vec has fewer elements than the parameters.

    Example:
        >>> layer = nn.Linear(2, 1)
        >>> nn.utils.vector_to_parameters(torch.tensor([1.0, 2.0, 3.0]),
        ...                               layer.parameters())
        >>> layer.bias.tolist()
        [3.0]
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"vector_to_parameters expected a tensor, got "
                        f"{type(vec).__name__}")
    listed = list(parameters)
    wanted = sum(prod(p.shape) for p in listed)
    if vec.ndim != 1 or vec.numel() < wanted:
        raise RuntimeError(f"vector_to_parameters: the parameters have {wanted} "
                           f"elements, got a tensor of shape {tuple(vec.shape)}")
    start = 0
    for p in listed:
        end = start + prod(p.shape)
        p.data = vec.data[start:end].view(p.shape)
        start = end
