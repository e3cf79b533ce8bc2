"""Loss functions, one file each."""
from .cross_entropy import CrossEntropyLoss
from .l1 import L1Loss

__all__ = ["CrossEntropyLoss", "L1Loss"]
