"""Tensor: an array that knows how it was computed.

Its numbers are `.array` (NumPy's or CuPy's), its past is `.node` (None for a leaf: a
tensor that you made rather than computed).  The methods are in the files of the groups
they are made of: arithmetic.py, elementwise.py, reductions.py, ordering.py, shaping.py,
arranging.py, indexing.py, products.py, in_place.py and converting.py.
"""
import copy
import itertools
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend.device import Device, SimulatedArray, to_host
from . import function
from .arithmetic import Arithmetic
from .arranging import Arranging
from .backward import backward as sweep_back
from .composed import Composed
from .converting import Converting
from .dtypes import (
    DTYPES,
    as_dtype,
    bool_,
    float16,
    float32,
    float64,
    get_default_dtype,
    int8,
    int16,
    int32,
    int64,
    uint8,
)
from .elementwise import Elementwise
from .function import CPU
from .in_place import Count, InPlace
from .indexing import Indexing
from .ordering import Ordering
from .printing import tensor_text
from .products import Products
from .reductions import Reductions
from .shaping import Shaping, sizes

__all__ = ["CPU", "DTYPES", "RemovableHandle", "Size", "Tensor", "as_dtype", "bool_",
           "float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8"]


class Size(tuple):
    """A shape: a tuple that prints as torch.Size([2, 3])."""

    def numel(self) -> int:
        """How many elements a tensor of this shape has."""
        n = 1
        for k in self:
            n *= k
        return n

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"


class RemovableHandle:
    """What registering a hook returns: `remove()` takes the hook away again.

    Removing twice is harmless.  In a `with` statement the hook lasts as long as the
    block.

    Example:
        >>> layer = nn.Tanh()
        >>> with layer.register_forward_hook(lambda module, x, y: print("seen")):
        ...     y = layer(torch.zeros(1))
        seen
        >>> y = layer(torch.zeros(1))
    """

    _ids = itertools.count()

    def __init__(self, hooks: dict, hook: Any) -> None:
        # A module that was unpickled brings numbers of another process with it.
        self.id = next(k for k in RemovableHandle._ids if k not in hooks)
        self._hooks = hooks
        hooks[self.id] = hook

    def remove(self) -> None:
        """Take the hook away."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> "RemovableHandle":
        return self

    def __exit__(self, *error: Any) -> None:
        self.remove()


class Tensor(Arithmetic, Elementwise, Reductions, Ordering, Shaping, Arranging, Indexing,
             Products, InPlace, Converting, Composed):
    """An array that knows how it was computed, with torch.Tensor's methods.

    `Tensor(2, 3)` makes a tensor of that shape (filled with zeros; PyTorch leaves its
    contents open), `Tensor([1, 2])` one with these numbers, both of the default dtype.
    In new code say `torch.tensor`.

    Attributes:
        array: the numbers, a NumPy or CuPy array, to be read.  Write through the tensor
            (x[0] = 1, x.copy_(…)), so that gradients and kernels (backend/kept.py) know
            of it, or through x.numpy(), which the kernels reckon with.
        requires_grad: whether operations on it are recorded.
        device: where it lives.
        volatile: 0.1's switch; what is computed from a volatile tensor records nothing.

    Example:
        >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> x.grad
        tensor([2., 4.])
    """

    array: Any
    device: Device = CPU
    _grad: "Tensor | None" = None
    node: function.Node | None = None
    slot: int = 0
    _requires_grad: bool = False
    _volatile: bool = False
    _hooks: dict | None = None

    def __init__(self, *args: Any, dtype: Any = None, device: Any = None) -> None:
        self.array, self.device = data_or_shape(
            args, as_dtype(dtype or get_default_dtype()), Device(device or CPU))

    @staticmethod
    def _of(array: Any, device: Device) -> "Tensor":
        """A tensor around an array, without a past."""
        made: Tensor = object.__new__(Tensor)
        if type(array) is not np.ndarray and not (
                isinstance(array, SimulatedArray) or hasattr(array, "get")):
            array = np.asarray(array)              # NumPy returns scalars for 0-d arrays
        made.array = array
        if device is not CPU:
            made.device = device
        return made

    # ---- what it is ------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        """The number of elements along each axis."""
        return Size(self.array.shape)

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the length of one axis."""
        return self.shape if dim is None else self.shape[dim]

    @property
    def dtype(self) -> np.dtype:
        """The type of the elements, a numpy.dtype such as torch.float32."""
        return self.array.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.array.ndim

    def dim(self) -> int:
        """The number of axes."""
        return self.array.ndim

    def numel(self) -> int:
        """The number of elements."""
        return self.array.size

    nelement = numel

    def element_size(self) -> int:
        """Bytes in one element."""
        return self.array.itemsize

    def is_floating_point(self) -> bool:
        """Whether the elements are real numbers."""
        return self.array.dtype.kind == "f"

    def is_contiguous(self) -> bool:
        """Whether the elements stand in C order in memory."""
        return self.array.flags.c_contiguous

    def stride(self, dim: int | None = None) -> Any:
        """How many elements apart neighbours along each axis (or one) stand in
        memory."""
        steps = tuple(s // self.array.itemsize for s in self.array.strides)
        return steps if dim is None else steps[dim]

    def data_ptr(self) -> int:
        """The address of the first element."""
        self._share_memory().lent = True
        if isinstance(self.array, np.ndarray):
            return self.array.ctypes.data
        return self.array.data.ptr

    @property
    def is_cuda(self) -> bool:
        """Whether it lives on a GPU."""
        return self.device.type == "cuda"

    @property
    def is_cpu(self) -> bool:
        """Whether it lives on a CPU."""
        return not self.is_cuda

    def get_device(self) -> int:
        """The number of its GPU, -1 on the CPU."""
        return self.device.index if self.is_cuda else -1

    def __len__(self) -> int:
        if not self.array.ndim:
            raise TypeError("len() of a tensor without axes")
        return self.array.shape[0]

    def __iter__(self) -> Any:
        if not self.array.ndim:
            raise TypeError("iteration over a tensor without axes")
        return iter(self.unbind(0))

    def __contains__(self, value: Any) -> bool:
        return bool((self == value).any())

    __hash__ = object.__hash__           # by identity, as `==` compares the elements

    def __repr__(self) -> str:
        return tensor_text(self)

    def __format__(self, spec: str) -> str:
        if self.array.ndim == 0 and (spec or self.node is None):
            return format(self.item(), spec)
        return format(str(self), spec)

    # ---- as Python and NumPy values --------------------------------------------------

    def item(self) -> Any:
        """The one element as a Python number.

        Raises:
            RuntimeError: there is not exactly one.
        """
        if self.array.size != 1:
            raise RuntimeError("item: expected a tensor with one element, got "
                               f"{self.array.size} in shape {tuple(self.shape)}")
        return to_host(self.array).item()

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers."""
        return to_host(self.array).tolist()

    def numpy(self) -> np.ndarray:
        """The elements as a NumPy array on the same memory.

        Raises:
            RuntimeError: it requires a gradient (say .detach().numpy()).
            TypeError: it is on a GPU (say .cpu().numpy()).
        """
        array = self._as_numpy()
        self._share_memory().lent = True         # who has it can write without a word
        return array

    def _as_numpy(self) -> np.ndarray:
        """The same for those who only read."""
        if self.requires_grad:
            raise RuntimeError("numpy: this tensor requires a gradient; say "
                               ".detach().numpy()")
        if self.is_cuda:
            raise TypeError(f"numpy: this tensor is on {self.device}; say .cpu().numpy()")
        return self.array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._as_numpy() if copy else self.numpy(), dtype, copy=copy)

    __array_ufunc__ = None               # array * tensor is left to the tensor

    def _number(self) -> Any:
        if self.array.size != 1:
            raise RuntimeError("only a tensor with one element becomes a number; this "
                               f"one has shape {tuple(self.shape)}")
        return self.item()

    def __float__(self) -> float:
        return float(self._number())

    def __int__(self) -> int:
        return int(self._number())

    def __complex__(self) -> complex:
        return complex(self._number())

    def __index__(self) -> int:
        if self.array.dtype.kind == "f":
            raise TypeError("an index must be a whole number, this tensor is "
                            f"{self.dtype}")
        return int(self._number())

    def __bool__(self) -> bool:
        if self.array.size != 1:
            raise RuntimeError(f"a tensor of shape {tuple(self.shape)} is neither true "
                               "nor false; say .any() or .all()")
        return bool(self.item())

    # ---- its past --------------------------------------------------------------------

    @property
    def grad(self) -> "Tensor | None":
        """The gradient that `backward()` has gathered here, or None.

        Raises:
            TypeError, RuntimeError: what is assigned is no tensor, or one of another
                shape, dtype or device.
        """
        return self._grad

    @grad.setter
    def grad(self, value: "Tensor | None") -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError("grad: expected a tensor or None, got "
                                f"{type(value).__name__}")
            for what in ("shape", "dtype", "device"):
                own, other = getattr(self, what), getattr(value, what)
                if own != other:
                    raise RuntimeError(f"grad: expected {what} {_plain(own)}, as of the "
                                       f"tensor itself, got {_plain(other)}")
        self._grad = value

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded."""
        if self._origin is not None:
            self._refresh()
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if not value and self.node is not None:
            raise RuntimeError("requires_grad can be switched off on leaves only; "
                               "use .detach()")
        if value and self.array.dtype.kind != "f":
            raise RuntimeError("only floating-point tensors have gradients, this is "
                               f"{self.dtype}")
        self._requires_grad = bool(value)

    def requires_grad_(self, requires_grad: bool = True) -> "Tensor":
        """Switch recording on (or off) for this leaf."""
        self.requires_grad = requires_grad
        return self

    @property
    def volatile(self) -> bool:
        """0.1's switch: whatever is computed from a volatile tensor records nothing."""
        return self._volatile

    @volatile.setter
    def volatile(self, value: bool) -> None:
        self._volatile = bool(value)

    @property
    def grad_fn(self) -> function.Node | None:
        """The operation that computed this tensor; None for a leaf."""
        if self._origin is not None:
            self._refresh()
        return self.node

    @property
    def is_leaf(self) -> bool:
        """Whether it was made, not computed."""
        return self.grad_fn is None

    @property
    def data(self) -> "Tensor":
        """The same numbers, in the same memory, without the past."""
        same = Tensor._of(self.array, self.device)
        same._share_version().memory = self._share_memory()
        return same

    @data.setter
    def data(self, value: Any) -> None:
        other = value if isinstance(value, Tensor) else Tensor(value)
        self._changed()                  # for those who saved the array until now
        self.array, self.device, self._origin = other.array, other.device, None
        self._counter, before = Count(), self._version
        self._counter.changes, self._counter.memory = before, other._share_memory()

    def detach(self) -> "Tensor":
        """The same numbers, in the same memory, without the past.

        Changes in place are noticed where the memory was saved for backward.
        """
        view = Tensor._of(self.array, self.device)
        view._counter = self._share_version()
        return view

    def detach_(self) -> "Tensor":
        """Forget the past."""
        self.node, self.slot, self._requires_grad, self._origin = None, 0, False, None
        return self

    def backward(self, gradient: Any = None, retain_graph: bool | None = None,
                 create_graph: bool = False, inputs: Any = None) -> None:
        """Add the gradient of this tensor to `.grad` of every leaf it came from."""
        sweep_back(self, None if gradient is None else [gradient], retain_graph,
                   create_graph, inputs)

    def register_hook(self, hook: Callable) -> RemovableHandle:
        """Have `hook(gradient)` called when this tensor's gradient is known.

        What it returns, if not None, takes the gradient's place.
        """
        if not self.requires_grad:
            raise RuntimeError("register_hook: this tensor does not require a gradient")
        if self.node is None:
            self._hooks = self._hooks if self._hooks is not None else {}
            return RemovableHandle(self._hooks, hook)
        self.node.hooks = self.node.hooks or {}
        return RemovableHandle(self.node.hooks.setdefault(self.slot, {}), hook)

    def retain_grad(self) -> None:
        """Keep `.grad` of this computed tensor too; leaves have theirs anyway."""
        if not self.requires_grad:
            raise RuntimeError("retain_grad: this tensor does not require a gradient")
        if self.node is not None:
            self.node.retained = self.node.retained or {}
            self.node.retained[self.slot] = weakref.ref(self)

    @property
    def retains_grad(self) -> bool:
        """Whether `retain_grad` was called on this computed tensor."""
        retained = self.node.retained if self.node is not None else None
        return bool(retained) and self.slot in retained        # type: ignore[operator]

    # ---- copies of the object --------------------------------------------------------

    def __deepcopy__(self, memo: dict) -> "Tensor":
        if not self.is_leaf:
            raise RuntimeError("only leaves can be copied with copy.deepcopy; use "
                               ".detach().clone()")
        made = object.__new__(type(self))
        memo[id(self)] = made
        kept = {k: v for k, v in self.__dict__.items() if k[0] != "_" and k != "array"}
        made.__dict__.update(kept, array=self.array.copy())
        made._requires_grad, made._volatile = self._requires_grad, self._volatile
        if self.grad is not None:
            made.grad = copy.deepcopy(self.grad, memo)
        return made

    def __copy__(self) -> "Tensor":
        made = object.__new__(type(self))
        made.array, made.device, made._counter = (
            self.array, self.device, self._share_version())
        made._requires_grad = self.is_leaf and self._requires_grad
        return made

    def __reduce__(self) -> tuple:
        return _rebuild, (type(self), to_host(self.array), self.device,
                          self.is_leaf and self._requires_grad)


def _plain(value: Any) -> Any:
    """A shape as a plain tuple; the rest as it is."""
    return tuple(value) if isinstance(value, tuple) else value


def _rebuild(kind: type, array: Any, device: Device, requires_grad: bool) -> Tensor:
    made: Any = object.__new__(kind)
    made.array, made.device = device.put(array), device
    made._requires_grad = requires_grad
    return made


def data_or_shape(args: tuple, dtype: np.dtype, device: Device) -> tuple[Any, Device]:
    """Tensor(2, 3) and Tensor(torch.Size([2, 3])) are shapes; Tensor([2, 3]) is data."""
    if len(args) == 1 and isinstance(args[0], Tensor):
        return device.put(args[0].array, dtype), device
    is_shape = all(isinstance(n, (int, np.integer)) for n in args)
    if len(args) == 1 and not is_shape and not isinstance(args[0], Size):
        return device.put(np.array(args[0], dtype)), device
    return device.put(np.zeros(sizes(args) if args else (0,), dtype)), device


function.Tensor = Tensor
