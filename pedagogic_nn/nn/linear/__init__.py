"""Linear layers, one file each."""
from .linear import Linear

__all__ = ["Linear"]
