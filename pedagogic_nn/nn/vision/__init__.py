"""Vision layers, one file each."""
from .pixel_shuffle import PixelShuffle, PixelUnshuffle
from .upsample import Upsample
from .upsampling_bilinear import UpsamplingBilinear2d
from .upsampling_nearest import UpsamplingNearest2d

__all__ = ["PixelShuffle", "PixelUnshuffle", "Upsample", "UpsamplingBilinear2d",
           "UpsamplingNearest2d"]
