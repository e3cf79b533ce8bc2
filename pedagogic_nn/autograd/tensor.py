"""Tensor: an array that knows how it was computed.

Its numbers are `.array` (NumPy's or CuPy's), its past is `.node` (None for a leaf: a tensor that
you made rather than computed).  The methods are in the files of the groups they are made of:
arithmetic.py, reductions.py, shaping.py, indexing.py, products.py.
"""
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import random
from ..backend.device import Device, SimulatedArray, to_host
from . import function
from .arithmetic import Arithmetic, promote
from .backward import backward as sweep_back
from .grad_mode import mode, no_grad
from .indexing import Indexing
from .printing import tensor_text
from .products import Products
from .reductions import Reductions
from .shaping import Convert, Shaping, sizes

CPU = Device("cpu")
DTYPES = {"float16": np.float16, "float32": np.float32, "float64": np.float64, "uint8": np.uint8,
          "int8": np.int8, "int16": np.int16, "int32": np.int32, "int64": np.int64, "bool": np.bool_}
DTYPES = {name: np.dtype(kind) for name, kind in DTYPES.items()}            # type: ignore
(float16, float32, float64, uint8, int8, int16, int32, int64, bool_) = DTYPES.values()
_ARRAYS: tuple = (np.ndarray, SimulatedArray)


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
    """What a hook's registration returns: `.remove()` takes the hook out again."""

    def __init__(self, hooks: dict, hook: Callable) -> None:
        self.id = id(self)
        self.hooks = hooks
        hooks[self.id] = hook

    def remove(self) -> None:
        """Take the hook out; a second time does nothing."""
        self.hooks.pop(self.id, None)

    def __enter__(self) -> "RemovableHandle":
        return self

    def __exit__(self, *error: Any) -> None:
        self.remove()


class Tensor(Arithmetic, Reductions, Shaping, Indexing, Products):
    """An array that knows how it was computed, with torch.Tensor's methods.

    `Tensor(2, 3)` makes a float32 tensor of that shape (filled with zeros; PyTorch leaves its
    contents open), `Tensor([1, 2])` one with these numbers.  In new code say `torch.tensor`.

    Attributes:
        array: the numbers, a NumPy or CuPy array.
        grad: the gradient that `backward()` has gathered here, or None.
        requires_grad: whether operations on it are recorded.
        device: where it lives.
        volatile: 0.1's switch; whatever is computed from a volatile tensor records nothing.

    Example:
        >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> x.grad
        tensor([2., 4.])
    """

    array: Any
    device: Device = CPU
    grad: "Tensor | None" = None
    node: function.Node | None = None
    slot: int = 0
    _requires_grad: bool = False
    _hooks: dict | None = None
    _counter: list[int] | None = None      # how often the memory was changed; shared by views
    _base: "Tensor | None" = None          # the tensor that this is a view of

    def __init__(self, *args: Any, dtype: Any = None, device: Any = None) -> None:
        self.array, self.device = _legacy(args, dtype or float32, Device(device or CPU))

    @staticmethod
    def _of(array: Any, device: Device) -> "Tensor":
        """A tensor around an array, without a past."""
        made: Tensor = object.__new__(Tensor)
        made.array = array if isinstance(array, _ARRAYS) or hasattr(array, "get") else \
            np.asarray(array)
        if device is not CPU:
            made.device = device
        return made

    # ---- what it is ------------------------------------------------------------------------------

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
        """How many elements apart neighbours along each axis (or one) stand in memory."""
        steps = tuple(s // self.array.itemsize for s in self.array.strides)
        return steps if dim is None else steps[dim]

    def data_ptr(self) -> int:
        """The address of the first element."""
        return self.array.__array_interface__["data"][0] if isinstance(self.array, np.ndarray) \
            else self.array.data.ptr

    @property
    def is_cuda(self) -> bool:
        """Whether it lives on a GPU."""
        return self.device.type == "cuda"

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

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return tensor_text(self)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec and not self.array.ndim else format(str(self), spec)

    # ---- as Python and NumPy values --------------------------------------------------------------

    def item(self) -> Any:
        """The one element as a Python number.

        Raises:
            RuntimeError: there is not exactly one.
        """
        if self.array.size != 1:
            raise RuntimeError(f"item: expected a tensor with one element, got {self.array.size} "
                               f"in shape {tuple(self.shape)}")
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
        if self.requires_grad:
            raise RuntimeError("numpy: this tensor requires a gradient; say .detach().numpy()")
        if self.is_cuda:
            raise TypeError(f"numpy: this tensor is on {self.device}; say .cpu().numpy()")
        return self.array

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        a = self.numpy()
        return a if dtype is None else a.astype(dtype)

    __array_priority__ = 1000            # array * tensor is left to the tensor
    __array_ufunc__ = None

    def _number(self) -> Any:
        if self.array.size != 1:
            raise RuntimeError("only a tensor with one element becomes a number; this one has "
                               f"shape {tuple(self.shape)}")
        return self.item()

    def __float__(self) -> float:
        return float(self._number())

    def __int__(self) -> int:
        return int(self._number())

    __index__ = __int__

    def __bool__(self) -> bool:
        if self.array.size != 1:
            raise RuntimeError(f"a tensor of shape {tuple(self.shape)} is neither true nor false; "
                               "say .any() or .all()")
        return bool(self.item())

    # ---- its past --------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded."""
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if not value and self.node is not None:
            raise RuntimeError("requires_grad can be switched off on leaves only; use .detach()")
        if value and self.array.dtype.kind != "f":
            raise RuntimeError(f"only floating-point tensors have gradients, this is {self.dtype}")
        self._requires_grad = bool(value)

    def requires_grad_(self, requires_grad: bool = True) -> "Tensor":
        """Switch recording on (or off) for this leaf."""
        self.requires_grad = requires_grad
        return self

    _volatile = False

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
        return self.node

    @property
    def is_leaf(self) -> bool:
        """Whether it was made, not computed."""
        return self.node is None

    @property
    def data(self) -> "Tensor":
        """The same numbers, in the same memory, without the past."""
        return Tensor._of(self.array, self.device)

    @data.setter
    def data(self, value: Any) -> None:
        other = value if isinstance(value, Tensor) else Tensor(value)
        self.array, self.device = other.array, other.device
        self._changed()

    def detach(self) -> "Tensor":
        """The same numbers, in the same memory, without the past; changes in place are noticed."""
        view = Tensor._of(self.array, self.device)
        self._share_version()
        view._counter = self._counter
        return view

    def detach_(self) -> "Tensor":
        """Forget the past."""
        self.node, self.slot, self._requires_grad = None, 0, False
        return self

    def backward(self, gradient: Any = None, retain_graph: bool | None = None,
                 create_graph: bool = False, inputs: Any = None) -> None:
        """Add the gradient of this tensor to `.grad` of every leaf it was computed from."""
        sweep_back(self, None if gradient is None else [gradient], retain_graph, create_graph,
                   inputs)

    def register_hook(self, hook: Callable) -> RemovableHandle:
        """Have `hook(gradient)` called when this tensor's gradient is known; it may return another.
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

    # ---- changes in place ------------------------------------------------------------------------

    @property
    def _version(self) -> int:
        return self._counter[0] if self._counter else 0

    def _share_version(self) -> bool:
        if self._counter is None:
            self._counter = [0]
        return True

    def _changed(self) -> None:
        self._share_version()
        self._counter[0] += 1                                               # type: ignore[index]

    def _becomes_view_of(self, base: "Tensor") -> None:
        base._share_version()
        self._counter, self._base = base._counter, base if base._base is None else base._base

    def _in_place(self, recorded: Callable, plain: Callable, *others: Any) -> "Tensor":
        """Change this tensor: `recorded(x)` computes a new one when a gradient is needed, else
        `plain(array)` changes the memory."""
        needed = self._requires_grad or any(isinstance(o, Tensor) and o.requires_grad
                                            for o in others)
        if not (needed and mode.enabled):
            plain(self.array)
            self._changed()
            return self
        if self._requires_grad and self.node is None:
            raise RuntimeError("a leaf that requires a gradient cannot be changed in place while "
                               "recording; do it inside `with torch.no_grad():`, or on a copy")
        if self._base is not None:
            raise RuntimeError("a view cannot be changed in place while recording; index the "
                               "tensor itself (x[0] = …, not y = x[0]; y.zero_()), or use a copy")
        before = Tensor._of(self.array.copy(), self.device)      # what the gradient may look at
        before._requires_grad, before.node, before.slot = self._requires_grad, self.node, self.slot
        result = recorded(before)
        if result.shape != self.shape:
            raise RuntimeError(f"a change in place keeps the shape: {tuple(self.shape)} cannot "
                               f"become {tuple(result.shape)}")
        self.array[...] = result.array
        self._requires_grad, self.node, self.slot = result.requires_grad, result.node, result.slot
        self._changed()
        return self

    def _arithmetic_in_place(self, name: str, ufunc: Any, other: Any, *options: Any) -> "Tensor":
        value = other.array if isinstance(other, Tensor) else other
        met = promote(self.array, value)
        if met.kind == "f" and self.dtype.kind != "f":
            raise RuntimeError(f"{name}_: the result is {met} and does not fit into {self.dtype}")
        if isinstance(other, Tensor) and other.array.dtype != self.array.dtype:
            value = other.array.astype(self.array.dtype)
        return self._in_place(lambda x: getattr(x, name)(other),
                              lambda a: ufunc(a, value, out=a), other)

    def add_(self, other: Any, *, alpha: float = 1) -> "Tensor":
        """self += alpha · other."""
        return self._arithmetic_in_place("add", np.add, other if alpha == 1 else other * alpha)

    def sub_(self, other: Any, *, alpha: float = 1) -> "Tensor":
        """self -= alpha · other."""
        return self._arithmetic_in_place("sub", np.subtract, other if alpha == 1 else other * alpha)

    def mul_(self, other: Any) -> "Tensor":
        """self *= other."""
        return self._arithmetic_in_place("mul", np.multiply, other)

    def div_(self, other: Any) -> "Tensor":
        """self /= other."""
        if self.dtype.kind != "f":
            raise RuntimeError(f"div_: a quotient does not fit into {self.dtype}")
        return self._arithmetic_in_place("div", np.true_divide, other)

    def pow_(self, other: Any) -> "Tensor":
        """self **= other."""
        return self._arithmetic_in_place("pow", np.power, other)

    __iadd__, __isub__, __imul__, __itruediv__, __ipow__ = add_, sub_, mul_, div_, pow_

    def _replace(self, name: str, *args: Any) -> "Tensor":
        """x.name_(…): x becomes x.name(…)."""
        def plain(a: Any) -> None:
            with no_grad():
                a[...] = getattr(Tensor._of(a, self.device), name)(*args).array
        return self._in_place(lambda x: getattr(x, name)(*args), plain)

    def exp_(self) -> "Tensor":
        """exp in place."""
        return self._replace("exp")

    def log_(self) -> "Tensor":
        """log in place."""
        return self._replace("log")

    def sqrt_(self) -> "Tensor":
        """sqrt in place."""
        return self._replace("sqrt")

    def neg_(self) -> "Tensor":
        """The sign changed in place."""
        return self._replace("neg")

    def abs_(self) -> "Tensor":
        """abs in place."""
        return self._replace("abs")

    def clamp_(self, min: Any = None, max: Any = None) -> "Tensor":         # noqa: A002
        """clamp in place."""
        return self._replace("clamp", min, max)

    def masked_fill_(self, mask: Any, value: Any) -> "Tensor":
        """`value` written where mask is True."""
        return self._replace("masked_fill", mask, value)

    def scatter_(self, dim: int, index: Any, source: Any) -> "Tensor":
        """scatter in place."""
        return self._replace("scatter", dim, index, source)

    def scatter_add_(self, dim: int, index: Any, source: Any) -> "Tensor":
        """scatter_add in place."""
        return self._replace("scatter_add", dim, index, source)

    def addcmul_(self, x: Any, y: Any, *, value: float = 1) -> "Tensor":
        """self += value · x · y."""
        return self.add_(x * y * value)

    def addcdiv_(self, x: Any, y: Any, *, value: float = 1) -> "Tensor":
        """self += value · x / y."""
        return self.add_(x / y * value)

    def fill_(self, value: Any) -> "Tensor":
        """Every element becomes `value`."""
        number = float(value) if isinstance(value, Tensor) else value
        return self._in_place(lambda x: x * 0 + number, lambda a: a.fill(number))

    def zero_(self) -> "Tensor":
        """Every element becomes 0."""
        return self._in_place(lambda x: x * 0, lambda a: a.fill(0))

    def copy_(self, source: Any, non_blocking: bool = False) -> "Tensor":
        """The elements become those of `source` (broadcast, converted, moved)."""
        if not isinstance(source, Tensor):
            source = Tensor._of(np.asarray(source), CPU)

        def plain(a: Any) -> None:
            a[...] = self.device.put(source.array.astype(a.dtype, copy=False))
        return self._in_place(lambda x: source.to(x.device, x.dtype).expand(x.shape), plain, source)

    def set_(self, source: "Tensor") -> "Tensor":
        """This tensor becomes `source`: its memory, its shape."""
        self.data = source
        return self

    def resize_(self, *shape: Any) -> "Tensor":
        """Another shape, keeping the elements that still fit (in their flat order)."""
        if self.requires_grad:
            raise RuntimeError("resize_: a tensor that requires a gradient keeps its size")
        self.array = np.resize(self.array, sizes(shape)) if self.array.size else \
            np.zeros(sizes(shape), self.dtype)
        return self

    # ---- random fillings -------------------------------------------------------------------------

    def _fill_random(self, draw: Callable, *args: Any, generator: Any = None) -> "Tensor":
        def plain(a: Any) -> None:
            a[...] = draw(a.shape, *args, a.dtype, self.device, generator)
        return self._in_place(lambda x: x * 0 + draw(x.shape, *args, x.dtype, x.device, generator),
                              plain)

    def uniform_(self, from_: float = 0, to: float = 1, *, generator: Any = None,
                 **old: Any) -> "Tensor":
        """Elements drawn evenly from [from, to)."""
        return self._fill_random(random.uniform, old.get("from", from_), to, generator=generator)

    def normal_(self, mean: float = 0, std: float = 1, *, generator: Any = None) -> "Tensor":
        """Elements drawn from the normal distribution."""
        return self._fill_random(random.normal, mean, std, generator=generator)

    def random_(self, from_: int = 0, to: int | None = None, *, generator: Any = None,
                **old: Any) -> "Tensor":
        """Whole numbers drawn evenly from from … to - 1; random_(n) means 0 … n - 1."""
        low = old.get("from", from_)
        if to is None:
            low, to = (0, low) if low else (0, 2**24 if self.dtype.kind == "f" else
                                            min(2**53, np.iinfo(self.dtype).max))
        if to <= low:
            raise RuntimeError(f"random_: expected from < to, got {low} and {to}")
        return self._fill_random(random.integers, low, to, generator=generator)

    def bernoulli_(self, p: float = 0.5, *, generator: Any = None) -> "Tensor":
        """1 with probability p, else 0."""
        draw = random.uniform(self.shape, 0, 1, np.float32, self.device, generator) < p
        return self.copy_(Tensor._of(draw, self.device))

    # ---- to another dtype or device --------------------------------------------------------------

    def to(self, *args: Any, dtype: Any = None, device: Any = None, copy: bool = False,
           non_blocking: bool = False) -> "Tensor":
        """This tensor with another dtype, on another device, or both; itself if nothing changes.

        `to(torch.float64)`, `to('cuda')`, `to('cuda', torch.float64)`, `to(other_tensor)`.
        """
        for a in args:
            if isinstance(a, Tensor):
                device, dtype = a.device, a.dtype
            elif isinstance(a, (str, Device)) and str(a).partition(":")[0] in ("cpu", "cuda") \
                    or isinstance(a, int) and not isinstance(a, bool):
                device = a
            elif not isinstance(a, bool):
                dtype = a
        place = self.device if device is None else Device(device)
        kind = self.dtype if dtype is None else as_dtype(dtype)
        if place is self.device and kind == self.dtype:
            return self.clone() if copy else self
        return Convert.apply(self, dtype=kind, device=place, source=self.device)._move(place)

    def _move(self, device: Device) -> "Tensor":
        self.device = device
        return self

    def cpu(self) -> "Tensor":
        """This tensor on the CPU."""
        return self.to(CPU)

    def cuda(self, device: Any = None, non_blocking: bool = False) -> "Tensor":
        """This tensor on a GPU, the first unless told otherwise."""
        return self.to(Device("cuda") if device is None else Device(device))

    def type(self, dtype: Any = None) -> Any:                               # noqa: A003
        """This tensor with another dtype; without an argument the old name of its type."""
        if dtype is None:
            return f"torch.{'cuda.' if self.is_cuda else ''}{OLD_NAMES[self.dtype.name]}"
        return self.to(as_dtype(dtype))

    def type_as(self, other: "Tensor") -> "Tensor":
        """This tensor with the dtype and on the device of another."""
        return self.to(other)

    def double(self) -> "Tensor":
        """float64."""
        return self.to(float64)

    def float(self) -> "Tensor":                                            # noqa: A003
        """float32."""
        return self.to(float32)

    def half(self) -> "Tensor":
        """float16."""
        return self.to(float16)

    def long(self) -> "Tensor":
        """int64."""
        return self.to(int64)

    def int(self) -> "Tensor":                                              # noqa: A003
        """int32."""
        return self.to(int32)

    def short(self) -> "Tensor":
        """int16."""
        return self.to(int16)

    def byte(self) -> "Tensor":
        """uint8."""
        return self.to(uint8)

    def bool(self) -> "Tensor":                                             # noqa: A003
        """bool: whether the element is not zero."""
        return self.to(bool_)

    # ---- new tensors like this one ---------------------------------------------------------------

    def _new(self, array: Any, dtype: Any, device: Any, requires_grad: Any) -> "Tensor":
        place = self.device if device is None else Device(device)
        kind = self.dtype if dtype is None else as_dtype(dtype)
        made = Tensor._of(place.put(array, kind), place)
        return made.requires_grad_() if requires_grad else made

    def new(self, *args: Any) -> "Tensor":
        """0.1's spelling: a tensor of this dtype on this device, from sizes or from data."""
        array, _ = _legacy(args, self.dtype, self.device)
        return Tensor._of(array, self.device)

    def new_tensor(self, data: Any, dtype: Any = None, device: Any = None,
                   requires_grad: Any = False) -> "Tensor":
        """A tensor with these numbers, of this dtype on this device."""
        return self._new(np.array(data), dtype, device, requires_grad)

    def new_zeros(self, *shape: Any, dtype: Any = None, device: Any = None,
                  requires_grad: Any = False) -> "Tensor":
        """Zeros of this dtype on this device."""
        return self._new(np.zeros(sizes(shape)), dtype, device, requires_grad)

    def new_ones(self, *shape: Any, dtype: Any = None, device: Any = None,
                 requires_grad: Any = False) -> "Tensor":
        """Ones of this dtype on this device."""
        return self._new(np.ones(sizes(shape)), dtype, device, requires_grad)

    new_empty = new_zeros

    def new_full(self, shape: Any, value: Any, dtype: Any = None, device: Any = None,
                 requires_grad: Any = False) -> "Tensor":
        """One number everywhere, of this dtype on this device."""
        return self._new(np.full(sizes((shape,)), value), dtype, device, requires_grad)

    # ---- copies of the object --------------------------------------------------------------------

    def __deepcopy__(self, memo: dict) -> "Tensor":
        if self.node is not None:
            raise RuntimeError("only leaves can be copied with copy.deepcopy; use .detach().clone()")
        made = object.__new__(type(self))
        memo[id(self)] = made
        made.__dict__.update({k: v for k, v in self.__dict__.items() if k[0] != "_"})
        made.array = self.array.copy()
        made._requires_grad = self._requires_grad
        if self.grad is not None:
            made.grad = Tensor._of(self.grad.array.copy(), self.device)
        return made

    def __reduce__(self) -> tuple:
        return _rebuild, (type(self), to_host(self.detach().array), self.device,
                          self._requires_grad)


def _rebuild(kind: type, array: Any, device: Device, requires_grad: bool) -> Tensor:
    made = object.__new__(kind)
    made.array, made.device, made._requires_grad = device.put(array), device, requires_grad
    return made


OLD_NAMES = {"float16": "HalfTensor", "float32": "FloatTensor", "float64": "DoubleTensor",
             "uint8": "ByteTensor", "int8": "CharTensor", "int16": "ShortTensor",
             "int32": "IntTensor", "int64": "LongTensor", "bool": "BoolTensor"}


def as_dtype(dtype: Any) -> np.dtype:
    """A dtype from torch.float32, 'float32', np.float32, float, torch.FloatTensor …

    Raises:
        TypeError: it names no dtype of this library.
    """
    if isinstance(dtype, np.dtype):
        found = dtype
    elif dtype is float:
        found = float32
    elif hasattr(dtype, "_dtype"):
        found = dtype._dtype
    else:
        name = str(dtype).removeprefix("torch.").removeprefix("cuda.")
        old = {v: k for k, v in OLD_NAMES.items()}
        try:
            found = np.dtype(old.get(name, name) if isinstance(dtype, str) else dtype)
        except TypeError:
            found = np.dtype(object)
    if found.name not in DTYPES:
        raise TypeError(f"dtype: expected one of {', '.join(DTYPES)}, got {dtype!r}")
    return found


def _legacy(args: tuple, dtype: Any, device: Device) -> tuple[Any, Device]:
    """Tensor(2, 3) is a shape; Tensor([2, 3]) and Tensor(tensor) are data."""
    if len(args) == 1 and isinstance(args[0], Tensor):
        return device.put(args[0].array, dtype), device
    if len(args) == 1 and not isinstance(args[0], (int, np.integer)):
        value = args[0]
        if isinstance(value, Size):
            return device.put(np.zeros(value, dtype)), device
        return device.put(np.array(value, dtype)), device
    return device.put(np.zeros(sizes(args), dtype)) if args else device.put(np.zeros(0, dtype)), \
        device


function.Tensor = Tensor
