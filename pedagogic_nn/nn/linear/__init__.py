"""Linear layers, one file each."""
from .bilinear import Bilinear
from .flatten import Flatten, Unflatten
from .identity import Identity
from .linear import Linear

__all__ = ["Bilinear", "Flatten", "Identity", "Linear", "Unflatten"]
