"""Padding as layers: `pad` with its mode and its numbers kept.

    ZeroPad2d(1)                a border of zeros around pictures
    ConstantPad1d((2, 0), -1)   two -1 before each sequence
    ReflectionPad2d, ReplicationPad2d, CircularPad2d    the modes of `pad`

Book: nn/convolution.
"""
import operator
from typing import Any

from ...autograd.checks import check_tensor
from ..module import Module
from .pad import pad


class _Pad(Module):
    """Padding of the last `axes` axes.

    Args:
        padding: a number for every edge, or (before, after) for the last axis, then for
            the last but one.

    Shape:
        input (N, C, *) or (C, *) → the same with longer last axes

    Raises:
        TypeError: padding holds other things than whole numbers.
        RuntimeError, NotImplementedError: it does not fit the input; see `pad`.
    """

    axes: int
    mode: str
    value: float | None = None

    def __init__(self, padding: Any) -> None:
        super().__init__()
        who = type(self).__name__
        try:
            numbers = tuple(operator.index(n) for n in (
                padding if isinstance(padding, (tuple, list)) else
                (padding,) * 2 * self.axes))
        except TypeError:
            raise TypeError(f"{who}: padding must be a whole number or {2 * self.axes} "
                            f"of them, got {padding!r}") from None
        self.padding = numbers

    def forward(self, input: Any) -> Any:
        check_tensor(type(self).__name__, "input", input)
        if input.ndim not in (self.axes + 1, self.axes + 2):
            raise RuntimeError(f"{type(self).__name__} reads (C, *) or (N, C, *) with "
                               f"{self.axes} axes at *, got shape {tuple(input.shape)}")
        return pad(input, self.padding, self.mode, self.value)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ConstantPad1d(_Pad):
    """A number before and after the last axis.

    Example:
        >>> nn.ConstantPad1d((2, 0), 7.0)(torch.ones(1, 2))
        tensor([[7., 7., 1., 1.]])
    """

    axes, mode = 1, "constant"

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Any) -> Any:
        return pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad2d(ConstantPad1d):
    """A border of one number around the last two axes."""

    axes = 2


class ZeroPad1d(ConstantPad1d):
    """Zeros before and after the last axis."""

    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad2d(ZeroPad1d):
    """A border of zeros around the last two axes.

    Example:
        >>> nn.ZeroPad2d((1, 0, 0, 1))(torch.ones(1, 1, 2))
        tensor([[[0., 1., 1.],
                 [0., 0., 0.]]])
    """

    axes = 2


class ReflectionPad1d(_Pad):
    """The numbers before the edge again, in a mirror that stands on the edge.

    Example:
        >>> nn.ReflectionPad1d(2)(torch.tensor([[1.0, 2.0, 3.0]]))
        tensor([[3., 2., 1., 2., 3., 2., 1.]])
    """

    axes, mode = 1, "reflect"


class ReflectionPad2d(ReflectionPad1d):
    """Reflection of the last two axes; see `ReflectionPad1d`."""

    axes = 2


class ReplicationPad1d(_Pad):
    """The number at the edge, again and again."""

    axes, mode = 1, "replicate"


class ReplicationPad2d(ReplicationPad1d):
    """Replication of the last two axes."""

    axes = 2


class CircularPad1d(_Pad):
    """The numbers from the other end: the axis closed to a circle."""

    axes, mode = 1, "circular"


class CircularPad2d(CircularPad1d):
    """Both of the last two axes closed to circles."""

    axes = 2
