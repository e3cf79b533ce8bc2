"""Upsample: resize images and signals, in any of the ways that this library knows.

    mode             input              y
    'nearest'        (N, C, H, W)       a copy of the pixel that stands before: ⌊i r⌋
                     or (N, C, L)
    'nearest-exact'  the same           a copy of the nearest pixel: ⌊(i + ½) r⌋
    'linear'         (N, C, L)          a blend of two neighbours
    'bilinear'       (N, C, H, W)       a blend of four neighbours

Kernels: upsampling_nearest.py and upsampling_bilinear.py.

Book: vision/upsampling_bilinear.
"""
import warnings
from typing import Any

from ...autograd.checks import check_tensor
from .resizing import Resizing
from .upsampling_bilinear import resize_linear
from .upsampling_nearest import resize_nearest

AXES = {"nearest": (3, 4), "nearest-exact": (3, 4), "linear": (3,), "bilinear": (4,)}


def interpolate(input: Any, size: Any = None, scale_factor: Any = None,
                mode: str = "nearest", align_corners: bool | None = None,
                recompute_scale_factor: bool | None = None,
                antialias: bool = False) -> Any:
    """Resize images (N, C, H, W) or signals (N, C, L); see `Upsample`."""
    return _interpolate("interpolate", input, size, scale_factor, mode, align_corners,
                        recompute_scale_factor, antialias)


def upsample(input: Any, size: Any = None, scale_factor: Any = None,
             mode: str = "nearest", align_corners: bool | None = None) -> Any:
    """The old name of `interpolate`."""
    warnings.warn("upsample is the old name of interpolate", UserWarning, stacklevel=2)
    return interpolate(input, size, scale_factor, mode, align_corners)


def _interpolate(who, input, size, scale_factor, mode, align_corners,
                 recompute_scale_factor, antialias=False):
    if antialias:
        raise ValueError(f"{who}: antialias=True is not offered; to shrink an image "
                         "without it, blur it first or use AvgPool2d")
    check_tensor(who, "input", input)
    if input.array.ndim not in AXES.get(mode, ()):
        shapes = "; ".join(f"{m!r} of {' or '.join(map(str, axes))} axes"
                           for m, axes in AXES.items())
        raise NotImplementedError(f"{who}: there is no mode {mode!r} for input of shape "
                                  f"{tuple(input.shape)}; there is {shapes}")
    if mode in ("linear", "bilinear"):
        return resize_linear(who, input, size, scale_factor, align_corners,
                             recompute_scale_factor)
    if align_corners is not None:
        raise ValueError(f"{who}: align_corners is for 'linear' and 'bilinear', got it "
                         f"with mode {mode!r}")
    return resize_nearest(who, input, size, scale_factor, recompute_scale_factor,
                          centres=mode == "nearest-exact")


class Upsample(Resizing):
    """Resize images (N, C, H, W) or signals (N, C, L), larger or smaller.

    Args:
        size: the size of the result, an integer or one for each axis.
        scale_factor: how many times larger, a number or one for each axis.
        mode: 'nearest', 'nearest-exact', 'linear' (signals) or 'bilinear' (images).
        align_corners: whether the pixels in the corners keep their values; only of the
            linear modes, where the default is no.
        recompute_scale_factor: forget scale_factor once the size is known: the pixels
            that are read depend on the sizes alone.

    Shape:
        input (N, C, H, W) → output (N, C, H', W') with H' = ⌊H · scale_factor⌋
        input (N, C, L) → output (N, C, L')

    Raises:
        ValueError: neither or both of size and scale_factor were given, or align_corners
            with a mode that copies.
        NotImplementedError: the mode does not read inputs of this shape.

    Example:
        >>> x = torch.tensor([[[0.0, 3.0]]])
        >>> nn.Upsample(size=4, mode="linear")(x)
        tensor([[[0.0000, 0.7500, 2.2500, 3.0000]]])
        >>> nn.Upsample(size=4, mode="linear", align_corners=True)(x)
        tensor([[[0., 1., 2., 3.]]])
    """

    def forward(self, input: Any) -> Any:
        return _interpolate(self.name, input, self.size, self.scale_factor, self.mode,
                            self.align_corners, self.recompute_scale_factor)
