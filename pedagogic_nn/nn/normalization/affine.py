"""What all normalizations end with: a weight and a bias that training may change."""
from typing import Any

from ...autograd.factories import empty
from .. import init
from ..module import Module
from ..parameter import Parameter


class AffineNorm(Module):
    """Keeps `weight` and `bias`, each a Parameter or None."""

    def _add_affine(self, shape: tuple[int, ...], weight: bool, bias: bool, device: Any,
                    dtype: Any) -> None:
        """Register those that are wanted; `reset_parameters` gives them numbers."""
        for name, wanted in (("weight", weight), ("bias", weight and bias)):
            made = empty(*shape, device=device, dtype=dtype) if wanted else None
            self.register_parameter(name, None if made is None else Parameter(made))

    def reset_parameters(self) -> None:
        """Weight 1, bias 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)
