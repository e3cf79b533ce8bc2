"""ConvTranspose1d, ConvTranspose2d: a convolution read backwards.

A convolution gathers a patch of its input into one output.  Its transpose spreads each
input over a patch of the output, which a stride makes larger than the input:

    y[n, c, i·s + u·d - p, j·s + v·d - p] += w[o, c, u, v] · x[n, o, i, j]     everywhere

So forward is the gradient of a convolution with respect to its input, and the gradients
are that convolution and its gradient of the weights: the three operations of reference.py
in other roles.

Several input sizes of a convolution with a stride have one output size, so the way back
is not unique: `output_padding`, or `output_size` of the call, says which is meant.

Book: nn/convolution.
"""
from typing import Any

from ...autograd.checks import check_tensor
from ...autograd.function import Primitive
from ..windows import two, whole_numbers
from .conv import _Convolution
from .reference import (
    bias_gradient,
    convolve,
    convolve_transposed,
    weight_gradient,
    window,
)
from .shapes import as_batch, as_images, checked, transposed_size


class TransposedConvolutionFunction(Primitive):
    """size: of y, without batch and channels; window: see reference.py."""

    @staticmethod
    def forward(ctx, x, w, bias, size, window):
        ctx.save_for_backward(x, w)
        ctx.window = window
        images, filters = as_images(x, w.ndim), as_images(w, w.ndim)
        y = convolve_transposed(images, filters, bias, two(size), window)
        return y if x.ndim == 4 else as_batch(y, x, w, size)

    @staticmethod
    def backward(ctx, dy):
        (x, w), want = ctx.saved, ctx.needs_input_grad
        images, filters = as_images(x, w.ndim), as_images(w, w.ndim)
        dy, kernel = as_images(dy, w.ndim), filters.shape[2:]
        dx = convolve(dy, filters, None, images.shape[2:], ctx.window) \
            if want[0] else None
        dw = weight_gradient(dy, images, kernel, ctx.window) if want[1] else None
        return (None if dx is None else dx.reshape(x.shape),
                None if dw is None else dw.reshape(w.shape),
                bias_gradient(dy) if want[2] else None)


def conv_transpose1d(input: Any, weight: Any, bias: Any = None, stride: Any = 1,
                     padding: Any = 0, output_padding: Any = 0, groups: int = 1,
                     dilation: Any = 1) -> Any:
    """input (N, C, L) or (C, L), weight (C, O/groups, k) → (N, O, L'); see
    `ConvTranspose1d`."""
    return _transposed("conv_transpose1d", 1, input, weight, bias, stride, padding,
                       output_padding, groups, dilation)


def conv_transpose2d(input: Any, weight: Any, bias: Any = None, stride: Any = 1,
                     padding: Any = 0, output_padding: Any = 0, groups: int = 1,
                     dilation: Any = 1) -> Any:
    """input (N, C, H, W) or (C, H, W), weight (C, O/groups, kH, kW) → (N, O, H', W'); see
    `ConvTranspose2d`."""
    return _transposed("conv_transpose2d", 2, input, weight, bias, stride, padding,
                       output_padding, groups, dilation)


def _transposed(who, n, input, weight, bias, stride, padding, output_padding, groups,
                dilation):
    stride, pads, dilation = checked(who, n, input, weight, bias, stride, padding,
                                     dilation, groups, transposed=True)
    padding = tuple(p for p, _ in pads)
    extra = whole_numbers(who, "output_padding", output_padding, n)
    size = transposed_size(who, input.shape[-n:], weight.shape[2:], stride, padding,
                           dilation, extra)
    return TransposedConvolutionFunction.apply(
        input, weight, bias, size=size, window=window(stride, padding, dilation, groups))


class _Transposed(_Convolution):
    """What ConvTranspose1d and ConvTranspose2d share: the size of the output."""

    transposed = True

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any,
                 stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
                 groups: int = 1, bias: bool = True, dilation: Any = 1,
                 padding_mode: str = "zeros", device: Any = None,
                 dtype: Any = None) -> None:
        if padding_mode != "zeros":
            raise ValueError(f"{type(self).__name__}: padding_mode must be 'zeros', got "
                             f"{padding_mode!r}")
        super().__init__(in_channels, out_channels, kernel_size, stride, padding,
                         dilation, output_padding, groups, bias, padding_mode, device,
                         dtype)

    def forward(self, input: Any, output_size: Any = None) -> Any:
        extra = self.output_padding if output_size is None else \
            self._extra(input, output_size)
        return _transposed(type(self).__name__, self.n, input, self.weight, self.bias,
                           self.stride, self.padding, extra, self.groups, self.dilation)

    def _extra(self, input: Any, output_size: Any) -> tuple[int, ...]:
        """The output_padding with which the output has this size."""
        who, n, sizes = type(self).__name__, self.n, tuple(output_size)
        check_tensor(who, "input", input)
        if len(sizes) not in (n, input.ndim):
            raise ValueError(f"{who}: output_size must have {n} or {input.ndim} numbers "
                             f"for input of shape {tuple(input.shape)}, got {sizes}")
        sizes = sizes[-n:]
        least = transposed_size(who, input.shape[-n:], self.kernel_size, self.stride,
                                self.padding, self.dilation, (0,) * n)
        extra = tuple(a - b for a, b in zip(sizes, least))
        if any(not 0 <= e < s for e, s in zip(extra, self.stride)):
            most = tuple(b + s - 1 for b, s in zip(least, self.stride))
            raise ValueError(f"{who}: from input of shape {tuple(input.shape)} an output "
                             f"can have sizes {least} to {most}, not {sizes}")
        return extra


class ConvTranspose1d(_Transposed):
    """Spread each element of a sequence over several: Conv1d read backwards.

    Args:
        in_channels, out_channels: C and O.
        kernel_size: k, over how many each element is spread.
        stride: from one element's place to the next one's.
        padding: how many of the output are cut off at both ends.
        output_padding: how many are added at the end.
        groups, bias, dilation: as in `Conv1d`.

    Shape:
        input (N, C, L) or (C, L) → output (N, O, L') or (O, L') with
        L' = (L - 1) stride - 2 padding + dilation (k - 1) + output_padding + 1

    Parameters:
        weight (C, O/groups, k), bias (O,), both uniform in ±1/√(k O/groups).

    Raises:
        ValueError: the options, or `output_size`, do not fit.
        RuntimeError: the input does not fit.

    Example:
        >>> nn.ConvTranspose1d(4, 2, 3, stride=2)(torch.randn(1, 4, 5)).shape
        torch.Size([1, 2, 11])
    """

    n = 1


class ConvTranspose2d(_Transposed):
    """Spread each pixel over a patch: Conv2d read backwards, to make images larger.

    Args:
        in_channels, out_channels: C and O.
        kernel_size: the size of a patch, (kH, kW) or one number for both.
        stride: from one pixel's patch to the next one's.
        padding: rows and columns of the output that are cut off on all sides.
        output_padding: rows and columns that are added at the bottom and the right.
        groups, bias, dilation: as in `Conv2d`.

    Shape:
        input (N, C, H, W) or (C, H, W) → output (N, O, H', W') or (O, H', W') with
        H' = (H - 1) stride - 2 padding + dilation (kH - 1) + output_padding + 1, and W'
        alike.  A call may name the size: `layer(x, output_size=(H', W'))`.

    Parameters:
        weight (C, O/groups, kH, kW), bias (O,), both uniform in ±1/√(kH kW O/groups).

    Raises:
        ValueError: the options, or `output_size`, do not fit.
        RuntimeError: the input does not fit.

    Example:
        >>> down = nn.Conv2d(16, 16, 3, stride=2, padding=1)
        >>> up = nn.ConvTranspose2d(16, 16, 3, stride=2, padding=1)
        >>> x = torch.randn(1, 16, 12, 12)
        >>> up(down(x)).shape, up(down(x), output_size=x.size()).shape
        (torch.Size([1, 16, 11, 11]), torch.Size([1, 16, 12, 12]))

    Source: Zeiler et al., "Deconvolutional networks", 2010; Dumoulin & Visin, "A guide to
    convolution arithmetic for deep learning", 2016.
    """

    n = 2
