"""To another dtype or device, and new tensors like an old one."""
from typing import Any

import numpy as np

from ..backend.device import Device, to_host
from . import function
from .dtypes import (
    OLD_NAMES,
    as_dtype,
    bool_,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
)
from .function import CPU, Primitive
from .shaping import sizes


class Convert(Primitive):
    """To another dtype or device and back."""

    @staticmethod
    def forward(ctx, x, dtype, device):
        ctx.source = ctx.device, x.dtype
        moved = device is not ctx.device
        ctx.device = device
        y = device.put(x.astype(dtype, copy=False))
        return y.copy() if moved and y is x else y       # "cpu" and "cpu:1": one memory

    @staticmethod
    def backward(ctx, g):
        device, dtype = ctx.source
        return device.put(g.astype(dtype, copy=False))


class Converting:
    """The converting methods of a tensor."""

    array: Any
    device: Any
    dtype: Any
    is_cuda: Any

    def to(self, *args: Any, dtype: Any = None, device: Any = None, copy: bool = False,
           non_blocking: bool = False) -> Any:
        """This tensor with another dtype, on another device, or both.

        `to(torch.float64)`, `to('cuda')`, `to('cuda', torch.float64)`,
        `to(other_tensor)`. It is returned itself if nothing changes and `copy` is
        False.
        """
        for a in args:
            if isinstance(a, function.Tensor):
                device, dtype = a.device, a.dtype
            elif _names_a_device(a):
                device = a
            elif a is not None and not isinstance(a, bool):
                dtype = a
        place = self.device if device is None else Device(device)
        kind = self.dtype if dtype is None else as_dtype(dtype)
        if place is self.device and kind == self.dtype:
            return self.clone() if copy else self         # type: ignore[attr-defined]
        return Convert.apply(self, dtype=kind, device=place)

    def cpu(self) -> Any:
        """This tensor on the CPU."""
        return self.to(CPU)

    def cuda(self, device: Any = None, non_blocking: bool = False) -> Any:
        """This tensor on a GPU, the first unless told otherwise."""
        return self.to(Device("cuda") if device is None else Device(device))

    def type(self, dtype: Any = None) -> Any:
        """This tensor with another dtype; without an argument the old name of its
        type."""
        if dtype is None:
            return f"torch.{'cuda.' if self.is_cuda else ''}{OLD_NAMES[self.dtype.name]}"
        moved = self.to(dtype._kind) if hasattr(dtype, "_kind") else self
        return moved.to(as_dtype(dtype))

    def type_as(self, other: Any) -> Any:
        """This tensor with the dtype and on the device of another."""
        return self.to(other)

    def double(self) -> Any:
        """float64."""
        return self.to(float64)

    def float(self) -> Any:
        """float32."""
        return self.to(float32)

    def half(self) -> Any:
        """float16."""
        return self.to(float16)

    def long(self) -> Any:
        """int64."""
        return self.to(int64)

    def int(self) -> Any:
        """int32."""
        return self.to(int32)

    def short(self) -> Any:
        """int16."""
        return self.to(int16)

    def char(self) -> Any:
        """int8."""
        return self.to(int8)

    def byte(self) -> Any:
        """uint8."""
        return self.to(uint8)

    def bool(self) -> Any:
        """bool: whether the element is not zero."""
        return self.to(bool_)

    # ---- new tensors like this one ---------------------------------------------------

    def _new(self, array: Any, dtype: Any, device: Any, requires_grad: Any) -> Any:
        place = self.device if device is None else Device(device)
        kind = self.dtype if dtype is None else as_dtype(dtype)
        made = function.Tensor._of(place.put(array, kind), place)
        return made.requires_grad_() if requires_grad else made

    def new(self, *args: Any) -> Any:
        """0.1's spelling: a tensor of this dtype on this device, from sizes or data."""
        return function.Tensor(*args, dtype=self.dtype, device=self.device)

    def new_tensor(self, data: Any, dtype: Any = None, device: Any = None,
                   requires_grad: Any = False) -> Any:
        """A tensor with these numbers, of this dtype on this device."""
        if isinstance(data, function.Tensor):
            data = to_host(data.array)
        return self._new(np.array(data), dtype, device, requires_grad)

    def new_zeros(self, *shape: Any, dtype: Any = None, device: Any = None,
                  requires_grad: Any = False) -> Any:
        """Zeros of this dtype on this device."""
        return self._new(np.zeros(sizes(shape)), dtype, device, requires_grad)

    def new_ones(self, *shape: Any, dtype: Any = None, device: Any = None,
                 requires_grad: Any = False) -> Any:
        """Ones of this dtype on this device."""
        return self._new(np.ones(sizes(shape)), dtype, device, requires_grad)

    new_empty = new_zeros

    def new_full(self, shape: Any, value: Any, dtype: Any = None, device: Any = None,
                 requires_grad: Any = False) -> Any:
        """One number everywhere, of this dtype on this device."""
        full = np.full(sizes((shape,)), value)
        return self._new(full, dtype, device, requires_grad)


def _names_a_device(value: Any) -> Any:
    if isinstance(value, str):
        return value.partition(":")[0] in ("cpu", "cuda")
    return isinstance(value, Device) or type(value) is int
