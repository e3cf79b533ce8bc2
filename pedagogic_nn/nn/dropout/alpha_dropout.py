"""AlphaDropout: dropout that keeps mean 0 and variance 1, made for SELU.

What is dropped becomes SELU's lowest value -α', and then all is scaled and shifted:

    y = a (x · kept - α' (1 - kept)) + b
    a = 1 / √((1 - p) (1 + p α'²))        b = a p α'

If x has mean 0 and variance 1, so has y.

Book: nn/dropout.
"""
import math as _math
from math import prod
from typing import Any

from ...autograd.checks import check_tensor
from .dropout import DropoutModule, check_probability, dropped

# λ α of SELU, where x + α' (e^x - 1) goes for x → -∞
ALPHA = 1.7580993408473766


def _alpha(who: str, input: Any, p: float, training: bool, inplace: bool,
           each: int) -> Any:
    check_probability(who, p)
    p = float(p)
    a = 1 / _math.sqrt((1 - p) * (1 + p * ALPHA**2)) if p < 1 else 0.0
    return dropped(who, input, p, training, inplace, each, a, a * p * ALPHA,
                   a * (p - 1) * ALPHA)


def alpha_dropout(input: Any, p: float = 0.5, training: bool = False,
                  inplace: bool = False) -> Any:
    """Numbers replaced with probability p, keeping mean 0 and variance 1; see
    `AlphaDropout`."""
    return _alpha("alpha_dropout", input, p, training, inplace, 1)


def feature_alpha_dropout(input: Any, p: float = 0.5, training: bool = False,
                          inplace: bool = False) -> Any:
    """Channels of (N, C, *) replaced with probability p; see `FeatureAlphaDropout`."""
    check_tensor("feature_alpha_dropout", "input", input)
    shape = input.array.shape
    if len(shape) < 2:
        raise RuntimeError("feature_alpha_dropout reads input of shape (N, C, *), got "
                           f"{shape}")
    return _alpha("feature_alpha_dropout", input, p, training, inplace, prod(shape[2:]))


class AlphaDropout(DropoutModule):
    """In training, each number becomes SELU's lowest value with probability p.

    All are then scaled and shifted, so that mean 0 and variance 1 stay as they were.

    Args:
        p: the probability to drop.
        inplace: change the input instead of making a new tensor.

    Shape:
        input (*) → the same

    Raises:
        ValueError: p is not from 0 to 1.

    Example:
        >>> y = nn.AlphaDropout(0.3)(torch.randn(100_000))
        >>> abs(y.mean().item()) < 0.02, abs(y.var().item() - 1) < 0.02
        (True, True)

    Source: Klambauer et al., "Self-normalizing neural networks", 2017.
    """

    def forward(self, input: Any) -> Any:
        return alpha_dropout(input, self.p, self.training, self.inplace)


class FeatureAlphaDropout(DropoutModule):
    """AlphaDropout that decides once for each channel of (N, C, *).

    For the arguments see `AlphaDropout`.

    Example:
        >>> y = nn.FeatureAlphaDropout(0.5)(torch.ones(4, 3, 5))
        >>> bool((y == y[:, :, :1]).all())
        True
    """

    def forward(self, input: Any) -> Any:
        return feature_alpha_dropout(input, self.p, self.training, self.inplace)
