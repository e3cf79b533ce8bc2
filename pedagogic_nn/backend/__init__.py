"""Where the numbers are computed: devices, operations with three implementations,
kernels.

Read in this order: op.py, device.py, launch.py, jit.py, math.py, gemm.py, random.py.
"""
from .device import Device
from .jit import jit
from .launch import contiguous, cuda, like
from .op import HALF, ONE, TWO, ZERO, Op, op, reference

__all__ = ["HALF", "ONE", "TWO", "ZERO", "Device", "Op", "contiguous", "cuda", "jit",
           "like", "op", "reference"]
