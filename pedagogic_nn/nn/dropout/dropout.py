"""Dropout: in training, numbers vanish by chance and the others grow.

    y  = x / (1 - p)  with probability 1 - p,  else 0
    dx = dy / (1 - p) where x was kept,        else 0

so that the expected value of y is x.  In evaluation y = x.

No mask is stored: nn/dropping.py says how.

Dropout1d and Dropout2d decide once for each channel.

Book: nn/dropout.
"""
import warnings
from math import prod
from typing import Any

from ...autograd.checks import check_tensor
from ..dropping import DropFunction, drop, random_words, threshold_and_scale
from ..module import Module


def dropped(who: str, input: Any, p: float, training: bool, inplace: bool, each: int = 1,
            scale: float | None = None, shift: float = 0.0,
            shift_dropped: float = 0.0) -> Any:
    """`input` with some parts dropped, or itself if there is nothing to do."""
    check_tensor(who, "input", input)
    check_probability(who, p)
    array = input.array
    if p == 0 or not training or not array.size:
        return input
    if array.dtype.kind != "f":
        raise RuntimeError(f"{who}: expected floating-point input, got {array.dtype}; "
                           "say input.float()")
    threshold, usual = threshold_and_scale(float(p), array.dtype)
    numbers = (each, *random_words(input.device), threshold,
               usual if scale is None else scale, shift, shift_dropped)
    return _overwritten(input, numbers) if inplace else DropFunction.apply(
        input, numbers=numbers)


def _overwritten(input: Any, numbers: tuple) -> Any:
    def overwrite(array: Any) -> None:
        array[...] = drop(array, *numbers)

    return input._in_place(lambda x: DropFunction.apply(x, numbers=numbers), overwrite)


def check_probability(who: str, p: Any) -> None:
    """p must be a number from 0 to 1.

    Raises:
        ValueError: it is another number.
        TypeError: it is no number.
    """
    if type(p) is not float and not hasattr(p, "__float__"):
        raise TypeError(f"{who}: p must be a number from 0 to 1, got {p!r}")
    if not 0 <= p <= 1:
        raise ValueError(f"{who}: p is the probability to drop and must be from 0 to 1, "
                         f"got {p}")


# ---- the functional forms ------------------------------------------------------------


def dropout(input: Any, p: float = 0.5, training: bool = True,
            inplace: bool = False) -> Any:
    """Each number dropped with probability p, the others divided by 1 - p; see
    `Dropout`."""
    return dropped("dropout", input, p, training, inplace)


def dropout1d(input: Any, p: float = 0.5, training: bool = True,
              inplace: bool = False) -> Any:
    """Each channel of (N, C, L) or (C, L) dropped with probability p; see `Dropout1d`."""
    check_tensor("dropout1d", "input", input)
    shape = input.array.shape
    if len(shape) not in (2, 3):
        raise RuntimeError(f"dropout1d reads input of shape (N, C, L) or (C, L), got "
                           f"{shape}")
    return dropped("dropout1d", input, p, training, inplace, shape[-1])


def dropout2d(input: Any, p: float = 0.5, training: bool = True,
              inplace: bool = False) -> Any:
    """Each channel of (N, C, H, W) dropped with probability p; see `Dropout2d`."""
    check_tensor("dropout2d", "input", input)
    shape = input.array.shape
    if len(shape) < 2:
        raise RuntimeError(f"dropout2d reads input of shape (N, C, H, W), got {shape}")
    if len(shape) == 3:
        warnings.warn(f"dropout2d: input of shape {shape} is read as (N, C, L), as in "
                      "PyTorch; say dropout1d, or unsqueeze(0) for one image (C, H, W)",
                      UserWarning, stacklevel=2)
    elif len(shape) != 4:
        warnings.warn(f"dropout2d reads input of shape (N, C, H, W), got {shape}; each "
                      "[n, c] is dropped as a whole", UserWarning, stacklevel=2)
    return dropped("dropout2d", input, p, training, inplace, prod(shape[2:]))


# ---- modules -------------------------------------------------------------------------


class DropoutModule(Module):
    """What all dropout modules keep: p and inplace."""

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        check_probability(type(self).__name__, p)
        self.p, self.inplace = p, inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(DropoutModule):
    """In training, each number is 0 with probability p, and else divided by 1 - p.

    The network cannot rely on any one unit.  Evaluation passes everything on unchanged:
    the expected values are the same.

    Args:
        p: the probability to drop.
        inplace: change the input instead of making a new tensor.

    Shape:
        input (*) → the same

    Raises:
        ValueError: p is not from 0 to 1.

    Example:
        >>> y = nn.Dropout(0.2)(torch.ones(1000))
        >>> y.unique()
        tensor([0.0000, 1.2500])
        >>> x = torch.ones(3)
        >>> nn.Dropout(0.2).eval()(x) is x
        True

    Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from
    overfitting", 2014.
    """

    def forward(self, input: Any) -> Any:
        return dropout(input, self.p, self.training, self.inplace)


class Dropout1d(DropoutModule):
    """In training, each channel of a sequence is 0 with probability p.

    Shape:
        input (N, C, L) or (C, L) → the same

    Example:
        >>> y = nn.Dropout1d(0.5)(torch.ones(4, 3, 5))
        >>> bool((y == y[:, :, :1]).all())
        True

    For the arguments see `Dropout`, for the reason `Dropout2d`.
    """

    def forward(self, input: Any) -> Any:
        return dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(DropoutModule):
    """In training, each channel of an image is 0 with probability p.

    Neighbouring pixels are alike, so that a single dropped one says little; a whole
    channel is missed.  For the arguments see `Dropout`.

    Shape:
        input (N, C, H, W) → the same; (N, C, L) with a warning

    Example:
        >>> y = nn.Dropout2d(0.5)(torch.ones(4, 3, 2, 2))
        >>> bool((y == y[:, :, :1, :1]).all())
        True

    Source: Tompson et al., "Efficient object localization using convolutional
    networks", 2015.
    """

    def forward(self, input: Any) -> Any:
        return dropout2d(input, self.p, self.training, self.inplace)
