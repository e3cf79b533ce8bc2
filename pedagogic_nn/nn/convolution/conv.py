"""Conv1d, Conv2d: filters that move over an input.

    y[n, o, i, j] = b[o] + Σ_c Σ_u Σ_v w[o, c, u, v] · x[n, c, i·s + u·d - p, …]

    dx = dy spread over the patches it came from, weighted with w
    dw = each weight's sum of dy · x over all places
    db = the sum of dy over images and places

reference.py has them in array notation, with what stride, dilation and groups mean;
Conv1d is Conv2d on images of one row.

Book: nn/convolution.
"""
import functools
import math
from typing import Any

from ...autograd.factories import empty
from ...autograd.function import Primitive
from .. import init
from ..module import Module
from ..parameter import Parameter
from ..windows import two
from .pad import pad
from .reference import (
    bias_gradient,
    convolve,
    convolve_transposed,
    weight_gradient,
    window,
)
from .shapes import as_batch, as_images, checked, output_size, paddings

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class ConvolutionFunction(Primitive):
    """size: of y, without batch and channels; window: see reference.py."""

    @staticmethod
    def forward(ctx, x, w, bias, size, window):
        ctx.save_for_backward(x, w)
        ctx.size, ctx.window = size, window
        images, filters = as_images(x, w.ndim), as_images(w, w.ndim)
        y = convolve(images, filters, bias, two(size), window)
        return y if x.ndim == 4 else as_batch(y, x, w, size)

    @staticmethod
    def backward(ctx, dy):
        (x, w), want = ctx.saved, ctx.needs_input_grad
        images, filters = as_images(x, w.ndim), as_images(w, w.ndim)
        dy, kernel = as_images(dy, w.ndim), filters.shape[2:]
        dx = convolve_transposed(dy, filters, None, images.shape[2:], ctx.window) \
            if want[0] else None
        dw = weight_gradient(images, dy, kernel, ctx.window) if want[1] else None
        return (None if dx is None else dx.reshape(x.shape),
                None if dw is None else dw.reshape(w.shape),
                bias_gradient(dy) if want[2] else None)


# ---- the functional forms ------------------------------------------------------------


def conv1d(input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
           dilation: Any = 1, groups: int = 1) -> Any:
    """input (N, C, L) or (C, L), weight (O, C/groups, k) → (N, O, L'); see `Conv1d`."""
    return _convolution("conv1d", 1, input, weight, bias, stride, padding, dilation,
                        groups)


def conv2d(input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
           dilation: Any = 1, groups: int = 1) -> Any:
    """input (N, C, H, W) or (C, H, W), weight (O, C/groups, kH, kW) → (N, O, H', W'); see
    `Conv2d`."""
    return _convolution("conv2d", 2, input, weight, bias, stride, padding, dilation,
                        groups)


def _convolution(who, n, input, weight, bias, stride, padding, dilation, groups):
    stride, pads, dilation = checked(who, n, input, weight, bias, stride, padding,
                                     dilation, groups)
    size, moves = _geometry(who, input.array.shape[-n:], weight.array.shape[2:], stride,
                            pads, dilation, groups)
    return ConvolutionFunction.apply(input, weight, bias, size=size, window=moves)


@functools.lru_cache(maxsize=1024)
def _geometry(who, size, kernel, stride, pads, dilation, groups):
    return (output_size(who, size, kernel, stride, pads, dilation),
            window(stride, [p for p, _ in pads], dilation, groups))


# ---- the modules ---------------------------------------------------------------------


class _Convolution(Module):
    """The parameters and options of a convolution of `n` dimensions.

    weight: (O, C/groups, *kernel), or the other way round if it is `transposed`.
    """

    n: int
    transposed = False

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any,
                 padding: Any, dilation: Any, output_padding: Any, groups: int,
                 bias: bool, padding_mode: str, device: Any, dtype: Any) -> None:
        super().__init__()
        who = type(self).__name__
        _check_channels(who, in_channels, out_channels, groups)
        if padding_mode not in PADDING_MODES:
            raise ValueError(f"{who}: padding_mode must be one of "
                             f"{', '.join(map(repr, PADDING_MODES))}, got "
                             f"{padding_mode!r}")
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size = _several(kernel_size, self.n)
        if not all(isinstance(k, int) for k in self.kernel_size):
            raise TypeError(f"{who}: kernel_size must be whole numbers, got "
                            f"{kernel_size!r}")
        self.stride = _several(stride, self.n)
        self.padding = padding if isinstance(padding, str) else _several(padding, self.n)
        self.dilation = _several(dilation, self.n)
        self.output_padding = _several(output_padding, self.n)
        self.groups, self.padding_mode = groups, padding_mode
        self._check_padding(who)
        first, second = ((in_channels, out_channels) if self.transposed else
                         (out_channels, in_channels))
        made = {"device": device, "dtype": dtype}
        self.weight = Parameter(empty(first, second // groups, *self.kernel_size, **made))
        if bias:
            self.bias = Parameter(empty(out_channels, **made))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _check_padding(self, who: str) -> None:
        if isinstance(self.padding, str):
            if self.padding not in ("same", "valid"):
                raise ValueError(f"{who}: padding must be 'same', 'valid' or numbers, "
                                 f"got {self.padding!r}")
            if self.padding == "same" and any(s != 1 for s in self.stride):
                raise ValueError(f"{who}: padding='same' keeps the size, which stride="
                                 f"{self.stride} does not; give numbers instead")

    def reset_parameters(self) -> None:
        """Draw the parameters anew, uniform in ±1/√fan_in."""
        if self.weight.numel():
            init.kaiming_uniform_(self.weight, a=math.sqrt(5))
            fan_in = self.weight[0].numel()
            if self.bias is not None and fan_in:
                init.uniform_(self.bias, -1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in))

    def extra_repr(self) -> str:
        text = (f"{self.in_channels}, {self.out_channels}, "
                f"kernel_size={self.kernel_size}, stride={self.stride}")
        for name, usual in (("padding", (0,) * len(_listed(self.padding))),
                            ("dilation", (1,) * len(self.dilation)),
                            ("output_padding", (0,) * len(self.output_padding)),
                            ("groups", 1)):
            if getattr(self, name) != usual:
                text += f", {name}={getattr(self, name)}"
        text += ", bias=False" if self.bias is None else ""
        mode = self.padding_mode
        return text if mode == "zeros" else f"{text}, padding_mode={mode}"


def _listed(padding):
    """Numbers as they are; a word has none, and is never the usual padding."""
    return () if isinstance(padding, str) else padding


def _several(value: Any, n: int) -> tuple:
    """One number for n axes, or as many as are given."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * n


def _check_channels(who: str, in_channels: int, out_channels: int, groups: int) -> None:
    if groups <= 0:
        raise ValueError(f"{who}: groups must be a positive whole number, got {groups}")
    for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
        if not isinstance(channels, int) or isinstance(channels, bool):
            raise TypeError(f"{who}: {name} must be a whole number, got {channels!r}")
        if channels < 0:
            raise RuntimeError(f"{who}: {name} must not be negative, got {channels}")
        if channels % groups:
            raise ValueError(f"{who}: groups={groups} must divide {name}={channels}")


class _Forward(_Convolution):
    """What Conv1d and Conv2d share: the padding modes."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any,
                 stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1,
                 bias: bool = True, padding_mode: str = "zeros", device: Any = None,
                 dtype: Any = None) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding,
                         dilation, 0, groups, bias, padding_mode, device, dtype)

    def forward(self, input: Any) -> Any:
        padding: Any = self.padding
        who = type(self).__name__
        if self.padding_mode != "zeros":
            around = paddings(who, padding, self.kernel_size, self.stride, self.dilation)
            if any(map(any, around)):
                numbers = [p for pair in reversed(around) for p in pair]
                input = pad(input, numbers, mode=self.padding_mode)
            padding = 0
        return _convolution(who, self.n, input, self.weight, self.bias, self.stride,
                            padding, self.dilation, self.groups)


class Conv1d(_Forward):
    """A filter that moves over a sequence.

        y[n, o, i] = b[o] + Σ_c Σ_u w[o, c, u] · x[n, c, i·stride + u·dilation - padding]

    Args:
        in_channels, out_channels: C and O.
        kernel_size: k, how many neighbours a filter sees.
        stride: how far it moves from one output to the next.
        padding: zeros at both ends; or 'valid' (none), or 'same' (as many as keep the
            length, with stride 1).
        dilation: from one neighbour to the next.
        groups: the channels fall into so many groups that do not see each other.
        bias: whether b is added.
        padding_mode: 'zeros', or 'reflect', 'replicate', 'circular': see `F.pad`.

    Shape:
        input (N, C, L) or (C, L) → output (N, O, L') or (O, L') with
        L' = ⌊(L + 2 padding - dilation (k - 1) - 1) / stride⌋ + 1

    Parameters:
        weight (O, C/groups, k), bias (O,), both uniform in ±1/√(k C/groups).

    Raises:
        ValueError: the options do not fit together.
        RuntimeError: the input does not fit, or is shorter than a filter.

    Example:
        >>> nn.Conv1d(16, 33, 3, stride=2)(torch.randn(20, 16, 50)).shape
        torch.Size([20, 33, 24])

    Source: LeCun et al., "Gradient-based learning applied to document recognition", 1998.
    """

    n = 1


class Conv2d(_Forward):
    """Filters that move over images.

        y[n, o, i, j] = b[o] + Σ_c Σ_u Σ_v w[o, c, u, v] · x[n, c, i + u, j + v]

    or, with stride s, dilation d and padding p: x[n, c, i·s + u·d - p, j·s + v·d - p].

    Args:
        in_channels, out_channels: C and O.
        kernel_size: how many pixels a filter sees, (kH, kW) or one number for both.
        stride: how far it moves from one output to the next.
        padding: rows and columns of zeros on both sides; or 'valid' (none), or 'same' (as
            many as keep the size, with stride 1).
        dilation: from one pixel that it sees to the next.
        groups: the channels fall into so many groups that do not see each other; with
            groups = C, each channel has filters of its own.
        bias: whether b is added.
        padding_mode: 'zeros', or 'reflect', 'replicate', 'circular': see `F.pad`.

    Shape:
        input (N, C, H, W) or (C, H, W) → output (N, O, H', W') or (O, H', W') with
        H' = ⌊(H + 2 p - d (kH - 1) - 1) / s⌋ + 1, and W' alike.

    Parameters:
        weight (O, C/groups, kH, kW), bias (O,), both uniform in ±1/√(kH kW C/groups).

    Raises:
        ValueError: the options do not fit together.
        RuntimeError: the input does not fit, or is smaller than a filter.

    Example:
        >>> nn.Conv2d(16, 33, 3, stride=2)(torch.randn(20, 16, 50, 100)).shape
        torch.Size([20, 33, 24, 49])
        >>> nn.Conv2d(1, 1, (3, 5), padding=(1, 2))(torch.randn(1, 8, 8)).shape
        torch.Size([1, 8, 8])

    Source: LeCun et al., "Gradient-based learning applied to document recognition", 1998;
    dilation from Yu & Koltun, "Multi-scale context aggregation by dilated convolutions",
    2016; groups from Krizhevsky, Sutskever & Hinton, "ImageNet classification with deep
    convolutional neural networks", 2012.
    """

    n = 2
