"""Where the numbers are computed: devices, operations with three implementations,
kernels.

Read in this order: op.py, device.py, launch.py, memory.py, jit.py, math.py, gemm.py,
random.py.
"""
from .device import Device
from .jit import jit
from .launch import contiguous, cuda, like
from .memory import keep_freed_memory
from .op import HALF, ONE, TWO, ZERO, Op, op, reference

__all__ = ["HALF", "ONE", "TWO", "ZERO", "Device", "Op", "contiguous", "cuda", "jit",
           "like", "op", "reference"]

keep_freed_memory()
