"""RMSNorm: the last axes divided by their root mean square; the mean stays where it is.

    y  = w x / r                  r = √(mean of x² + ε)
    dx = (w dy - x̂ · mean of (w dy x̂)) / r        x̂ = x / r

It is made of operations that know their own gradients, so the second line is nowhere
below.

Book: nn/normalization.
"""
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...autograd.checks import check_real, check_tensor
from ...autograd.factories import ones
from .. import init
from ..module import Module
from ..parameter import Parameter
from .layer_norm import sizes_of


def rms_norm(input: Any, normalized_shape: Sequence[int], weight: Any = None,
             eps: float | None = None) -> Any:
    """The last axes with a mean square of 1; see `RMSNorm`.

    Raises:
        RuntimeError: shapes or dtypes do not fit.
        TypeError: normalized_shape is no sequence of sizes.
    """
    check_tensor("rms_norm", "input", input)
    check_real("rms_norm", "input", input)
    shape, found, dtype = sizes_of("rms_norm", normalized_shape), input.shape, input.dtype
    if tuple(found[len(found) - len(shape):]) != shape or len(found) < len(shape):
        raise RuntimeError(f"rms_norm: normalized_shape {shape} must be the last axes of "
                           f"the input, got input of shape {tuple(found)}")
    if weight is not None:
        check_tensor("rms_norm", "weight", weight)
        if tuple(weight.shape) != shape:
            raise RuntimeError("rms_norm: weight must have normalized_shape "
                               f"{shape}, got shape {tuple(weight.shape)}")
    x = input.float() if dtype == np.float16 else input      # squares overflow in half
    eps = float(np.finfo(x.dtype).eps) if eps is None else eps
    y = x * (x.square().mean(tuple(range(-len(shape), 0)), keepdim=True) + eps).rsqrt()
    y = y.to(dtype)
    return y if weight is None else y * weight


class RMSNorm(Module):
    """Each example with a mean square of 1 over its last axes, scaled.

        y = w x / √(mean of x² + ε)

    A LayerNorm that neither takes the mean away nor adds a bias: cheaper, and enough for
    most language models.

    Args:
        normalized_shape: the sizes of the axes, from the right, that are normalized; a
            number means the last axis.
        eps: added to the mean square; None stands for the smallest step from 1 that the
            dtype knows.
        elementwise_affine: whether w is there, to be learnt.

    Shape:
        input (*, *normalized_shape) → the same

    Parameters:
        weight, of shape normalized_shape, starts at 1.

    Raises:
        RuntimeError: the last axes of the input have other sizes.

    Example:
        >>> nn.RMSNorm(2)(torch.tensor([[1.0, 7.0]])).detach()
        tensor([[0.2000, 1.4000]])

    Source: Zhang & Sennrich, "Root mean square layer normalization", 2019.
    """

    def __init__(self, normalized_shape: int | Sequence[int], eps: float | None = None,
                 elementwise_affine: bool = True, device: Any = None,
                 dtype: Any = None) -> None:
        super().__init__()
        if isinstance(normalized_shape, (int, np.integer)):
            normalized_shape = (int(normalized_shape),)
        self.normalized_shape = sizes_of("RMSNorm", normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        self.register_parameter("weight", None if not elementwise_affine else Parameter(
            ones(*self.normalized_shape, device=device, dtype=dtype)))

    def reset_parameters(self) -> None:
        """Weight 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input: Any) -> Any:
        return rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return (f"{self.normalized_shape}, eps={self.eps}, "
                f"elementwise_affine={self.elementwise_affine}")
