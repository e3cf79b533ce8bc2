"""Normalization layers, one file each."""
from .batch_norm import BatchNorm1d, BatchNorm2d
from .group_norm import GroupNorm
from .instance_norm import InstanceNorm1d, InstanceNorm2d
from .layer_norm import LayerNorm
from .rms_norm import RMSNorm

__all__ = ["BatchNorm1d", "BatchNorm2d", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d",
           "LayerNorm", "RMSNorm"]
