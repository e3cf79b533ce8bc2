"""Convolutions and padding.

Read in this order: reference.py, conv.py, conv_transpose.py, pad.py, with shapes.py for
what they check.  Then how it is computed: cuda.py; on a CPU plan.py, tiles.py, sweep.py,
cpu.py and weights.py, and for special cases channels.py, winograd.py and few_channels.py.
"""
from . import cpu, cuda, weights                # the kernels register themselves
from .conv import Conv1d, Conv2d
from .conv_transpose import ConvTranspose1d, ConvTranspose2d
from .padding import (
    CircularPad1d,
    CircularPad2d,
    ConstantPad1d,
    ConstantPad2d,
    ReflectionPad1d,
    ReflectionPad2d,
    ReplicationPad1d,
    ReplicationPad2d,
    ZeroPad1d,
    ZeroPad2d,
)

__all__ = ["CircularPad1d", "CircularPad2d", "ConstantPad1d", "ConstantPad2d", "Conv1d",
           "Conv2d", "ConvTranspose1d", "ConvTranspose2d", "ReflectionPad1d",
           "ReflectionPad2d", "ReplicationPad1d", "ReplicationPad2d", "ZeroPad1d",
           "ZeroPad2d"]
