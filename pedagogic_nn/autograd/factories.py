"""Making tensors: tensor, zeros, ones, arange, rand …, and the typed names of 0.1."""
from typing import Any

import numpy as np

from ..backend import random
from ..backend.device import Device, to_host
from .arithmetic import check_shapes
from .checks import check_number, check_real, check_tensor, check_whole_number
from .dtypes import (
    DTYPES,
    OLD_NAMES,
    as_dtype,
    fitting,
    get_default_dtype,
    int64,
    set_default_dtype,
    whole_range,
)
from .function import CPU
from .shaping import sizes
from .tensor import Tensor

__all__ = ["get_default_dtype", "set_default_dtype"]


def _made(array: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    place = Device(device or CPU)
    made = Tensor._of(place.put(array, None if dtype is None else as_dtype(dtype)), place)
    if requires_grad:
        made.requires_grad = True
    return made


def tensor(data: Any, *, dtype: Any = None, device: Any = None,
           requires_grad: bool = False) -> Tensor:
    """A tensor with a copy of these numbers (nested lists, an array, a number).

    Args:
        dtype: if None: bool and int64 for Python's bools and ints, float32 for its
            floats; an array keeps its own.

    Example:
        >>> torch.tensor([[1, 2], [3, 4]])
        tensor([[1, 2],
                [3, 4]])
    """
    if isinstance(data, Tensor):
        array = data.array.copy()
        device = data.device if device is None else device
    elif isinstance(data, str):
        raise TypeError(f"tensor: expected numbers, got the string {data[:60]!r}")
    else:
        array = np.array(_without_tensors(data))
        if array.dtype.kind not in "biuf":
            raise ValueError("tensor: expected numbers in lists of equal lengths, got "
                             f"{str(data)[:60]}")
        if not hasattr(data, "dtype") and (dtype is not None or array.dtype.kind == "u"):
            _check_fits(array, int64 if dtype is None else as_dtype(dtype))
        if dtype is None and not hasattr(data, "dtype") and array.dtype.kind != "b":
            kind = get_default_dtype() if array.dtype == np.float64 else int64
            array = array.astype(kind) if array.dtype.kind in "fi" else array
        array = array.astype(array.dtype.newbyteorder("="), copy=False)
    return _made(array, array.dtype if dtype is None else dtype, device, requires_grad)


def _check_fits(array: Any, dtype: Any) -> None:
    """Numbers of Python fit into the dtype; negative ones may wrap around in uint8.

    Raises:
        RuntimeError: one is too large, or NaN where whole numbers are wanted.
    """
    if array.size and dtype.kind in "iu" and array.dtype != dtype:
        for number in (array.min().item(), array.max().item()):
            fitting("tensor", number, dtype)


def _without_tensors(data: Any) -> Any:
    if isinstance(data, (list, tuple)):
        return [_without_tensors(d) for d in data]
    return data.tolist() if isinstance(data, Tensor) else data


def _shape(sizes_given: tuple, size: Any) -> tuple[int, ...]:
    """zeros(2, 3), zeros((2, 3)) and zeros(size=(2, 3)) mean the same."""
    shape = sizes(sizes_given) if size is None else sizes((size,))
    if any(n < 0 for n in shape):
        raise RuntimeError(f"a shape has no negative sizes, got {shape}")
    return shape


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a tensor: itself, or on the same memory, where that is possible."""
    if isinstance(data, Tensor):
        return data.to(dtype=dtype, device=device)
    if isinstance(data, np.ndarray):
        return from_numpy(data).to(dtype=dtype, device=device)
    return tensor(data, dtype=dtype, device=device)


def from_numpy(array: np.ndarray) -> Tensor:
    """A tensor on the memory of a NumPy array: a change in one is seen in the other."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"from_numpy: expected a NumPy array, got {type(array).__name__}")
    if not array.dtype.isnative:
        raise ValueError(f"from_numpy: the array's byte order ({array.dtype.str}) is not "
                         "this machine's; say .astype(array.dtype.newbyteorder('='))")
    as_dtype(array.dtype)
    made = Tensor._of(np.asarray(array), CPU)
    made._share_memory().lent = True
    return made


def zeros(*shape: Any, size: Any = None, dtype: Any = None, device: Any = None,
          requires_grad: bool = False) -> Tensor:
    """Zeros."""
    made = np.zeros(_shape(shape, size), as_dtype(dtype or get_default_dtype()))
    return _made(made, None, device, requires_grad)


def ones(*shape: Any, size: Any = None, dtype: Any = None, device: Any = None,
         requires_grad: bool = False) -> Tensor:
    """Ones."""
    made = np.ones(_shape(shape, size), as_dtype(dtype or get_default_dtype()))
    return _made(made, None, device, requires_grad)


def empty(*shape: Any, size: Any = None, dtype: Any = None, device: Any = None,
          requires_grad: bool = False) -> Tensor:
    """A tensor whose contents are open, to be filled."""
    made = np.empty(_shape(shape, size), as_dtype(dtype or get_default_dtype()))
    return _made(made, None, device, requires_grad)


def full(shape: Any, fill_value: Any, *, dtype: Any = None, device: Any = None,
         requires_grad: bool = False) -> Tensor:
    """One number everywhere."""
    if isinstance(fill_value, Tensor):
        fill_value = fill_value.item()
    check_number("full", "fill_value", fill_value)
    kind = tensor(fill_value).dtype if dtype is None else as_dtype(dtype)
    made = np.full(_shape((), shape), fitting("full", fill_value, kind), kind)
    return _made(made, None, device, requires_grad)


def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None,
        requires_grad: bool = False) -> Tensor:
    """Ones on the diagonal, zeros elsewhere."""
    _shape((n, n if m is None else m), None)
    made = np.eye(n, m, dtype=as_dtype(dtype or get_default_dtype()))
    return _made(made, None, device, requires_grad)


def arange(start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None,
           device: Any = None, requires_grad: bool = False) -> Tensor:
    """start, start + step, … up to, but without, end.  arange(n) counts 0 … n - 1."""
    if end is None:
        start, end = 0, start
    if step == 0:
        raise RuntimeError("arange: step must not be 0")
    if not abs(end - start) < float("inf"):
        raise RuntimeError(f"arange: from {start} to {end} is no range")
    if (end - start) * step < 0:
        raise RuntimeError(f"arange: from {start} to {end} is the wrong way for step "
                           f"{step}")
    if dtype is None:
        whole = all(isinstance(v, (int, np.integer)) for v in (start, end, step))
        dtype = int64 if whole else get_default_dtype()
    made = np.arange(start, end, step).astype(as_dtype(dtype))
    return _made(made, None, device, requires_grad)


def linspace(start: float, end: float, steps: int, *, dtype: Any = None,
             device: Any = None, requires_grad: bool = False) -> Tensor:
    """`steps` numbers evenly spaced from start to end, both included."""
    if steps < 0:
        raise RuntimeError(f"linspace: expected steps from 0 on, got {steps}")
    made = np.linspace(start, end, steps)
    return _made(made, dtype or get_default_dtype(), device, requires_grad)


def logspace(start: float, end: float, steps: int, base: float = 10.0, *,
             dtype: Any = None, device: Any = None,
             requires_grad: bool = False) -> Tensor:
    """base to the powers `linspace(start, end, steps)`."""
    if steps < 0:
        raise RuntimeError(f"logspace: expected steps from 0 on, got {steps}")
    made = np.logspace(start, end, steps, base=base)
    return _made(made, dtype or get_default_dtype(), device, requires_grad)


def _real_dtype(who: str, dtype: Any) -> np.dtype:
    kind = as_dtype(dtype or get_default_dtype())
    if kind.kind != "f":                                 # the exception is PyTorch's
        raise NotImplementedError(f"{who} draws real numbers, got dtype {kind}")
    return kind


def rand(*shape: Any, size: Any = None, dtype: Any = None, device: Any = None,
         requires_grad: bool = False, generator: Any = None) -> Tensor:
    """Numbers drawn evenly from [0, 1)."""
    place, kind = Device(device or CPU), _real_dtype("rand", dtype)
    a = random.uniform(_shape(shape, size), 0, 1, kind, place, generator)
    return _made(a, None, place, requires_grad)


def randn(*shape: Any, size: Any = None, dtype: Any = None, device: Any = None,
          requires_grad: bool = False, generator: Any = None) -> Tensor:
    """Numbers drawn from the normal distribution with mean 0 and standard deviation
    1."""
    place, kind = Device(device or CPU), _real_dtype("randn", dtype)
    a = random.normal(_shape(shape, size), 0, 1, kind, place, generator)
    return _made(a, None, place, requires_grad)


def normal(mean: Any = 0.0, std: Any = 1.0, size: Any = None, *,
           generator: Any = None) -> Tensor:
    """Numbers drawn from normal distributions; mean and std may be tensors.

    Raises:
        TypeError: neither is a tensor, and no size is given.
        RuntimeError: a std is negative, or the shapes do not broadcast.
    """
    given = [v for v in (mean, std) if isinstance(v, Tensor)]
    for v in given:
        check_real("normal", "mean or std", v)
    if not np.all(std.array >= 0 if isinstance(std, Tensor) else std >= 0):
        raise RuntimeError("normal: std must not be negative"
                           f"{'' if isinstance(std, Tensor) else f', got {std}'}")
    device = given[0].device if given else CPU
    if size is None:
        if not given:
            raise TypeError("normal: give a size, or mean or std as a tensor")
        check_shapes("normal", mean, std)
        size = np.broadcast_shapes(*(v.shape for v in given))
    return randn(size, generator=generator, device=device) * std + mean


def randint(low: int, high: Any = None, size: Any = None, *, dtype: Any = None,
            device: Any = None, requires_grad: bool = False,
            generator: Any = None) -> Tensor:
    """Whole numbers drawn evenly from low … high - 1; randint(n, shape) draws 0 … n -
    1."""
    if size is None:
        low, high, size = 0, low, high
    low, high = (check_whole_number("randint", "low", low),
                 check_whole_number("randint", "high", high))
    if high <= low:
        raise RuntimeError(f"randint: expected low < high, got {low} and {high}")
    place, kind = Device(device or CPU), as_dtype(dtype or int64)
    least, most = whole_range(kind)
    if kind.kind != "f" and not least <= low < high <= most + 1:
        raise RuntimeError(f"randint: {low} … {high - 1} does not fit into {kind}")
    a = random.integers(_shape((), size), low, high, kind, place, generator)
    return _made(a, None, place, requires_grad)


def randperm(n: int, *, dtype: Any = None, device: Any = None,
             generator: Any = None) -> Tensor:
    """0 … n - 1 in random order."""
    _shape((n,), None)
    place = Device(device or CPU)
    return _made(random.permutation(n, place, generator), dtype, place, False)


def bernoulli(input: Tensor, p: float | None = None, *, generator: Any = None) -> Tensor:
    """1 with the probability that each element of `input` gives, or with probability p;
    else 0.

    Raises:
        RuntimeError: a probability is not from 0 to 1.
    """
    check_tensor("bernoulli", "input", input)
    if p is None:
        check_real("bernoulli", "input", input)
    chance = input.array if p is None else check_number("bernoulli", "p", p)
    drawn = random.bernoulli("bernoulli", chance, input.shape, input.device, generator)
    return Tensor._of(drawn.astype(input.dtype), input.device)


def multinomial(p: Tensor, num_samples: int, replacement: bool = False, *,
                generator: Any = None) -> Tensor:
    """Indices drawn with the weights in `p`: (C,) → (num_samples,), (N, C) → (N,
    num_samples).

    Raises:
        RuntimeError: the weights are no distribution, or the number does not fit.
    """
    check_tensor("multinomial", "p", p)
    if not p.is_floating_point() or p.ndim not in (1, 2):
        raise RuntimeError("multinomial: expected weights (C,) or (N, C) of real "
                           f"numbers, got {p.dtype} of shape {tuple(p.shape)}")
    if check_whole_number("multinomial", "num_samples", num_samples) < 1:
        raise RuntimeError("multinomial: expected at least one sample, got "
                           f"{num_samples}")
    weights = to_host(p.array)
    rng = (generator or random.generator(p.device)).numpy
    rows = np.atleast_2d(weights).astype(np.float64)
    if (rows < 0).any() or not np.isfinite(rows).all() or (rows.sum(1) <= 0).any():
        raise RuntimeError("multinomial: weights must be finite, not negative, and not "
                           "all zero")
    if not replacement and ((rows > 0).sum(1) < num_samples).any():
        raise RuntimeError(f"multinomial: cannot draw {num_samples} different classes; "
                           "say replacement=True")
    drawn = np.array([rng.choice(len(r), num_samples, replacement, r / r.sum())
                      for r in rows], np.int64).reshape(len(rows), num_samples)
    return Tensor._of(p.device.put(drawn if weights.ndim > 1 else drawn[0]), p.device)


Tensor.multinomial, Tensor.bernoulli = multinomial, bernoulli  # type: ignore


def _like(make: Any) -> Any:
    def made(x: Tensor, *, dtype: Any = None, device: Any = None,
             requires_grad: bool = False) -> Tensor:
        check_tensor(made.__name__, "input", x)
        return make(*x.shape, dtype=dtype or x.dtype, device=device or x.device,
                    requires_grad=requires_grad)
    made.__name__ = f"{make.__name__}_like"
    made.__doc__ = f"`{make.__name__}` with the shape, dtype and device of a tensor."
    return made


zeros_like, ones_like, empty_like, rand_like, randn_like = map(_like, (
    zeros, ones, empty, rand, randn))


def randint_like(x: Tensor, low: int, high: Any = None, *, dtype: Any = None,
                 device: Any = None, requires_grad: bool = False) -> Tensor:
    """`randint` with the shape, dtype and device of a tensor."""
    low, high = (0, low) if high is None else (low, high)
    return randint(low, high, x.shape, dtype=dtype or x.dtype, device=device or x.device,
                   requires_grad=requires_grad)


def full_like(x: Tensor, fill_value: Any, *, dtype: Any = None, device: Any = None,
              requires_grad: bool = False) -> Tensor:
    """One number everywhere, with the shape, dtype and device of a tensor."""
    return full(x.shape, fill_value, dtype=dtype or x.dtype, device=device or x.device,
                requires_grad=requires_grad)


class _OldType(type):
    """`FloatTensor(2, 3)` makes a tensor; isinstance(x, FloatTensor) asks for its
    dtype."""

    _dtype: np.dtype
    _kind: str

    def __call__(cls, *args: Any) -> Tensor:
        return Tensor(*args, dtype=cls._dtype, device=cls._kind)

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, Tensor) and value.dtype == cls._dtype and \
            value.device.type == cls._kind

    def __repr__(cls) -> str:
        return f"<class 'torch.{'cuda.' if cls._kind == 'cuda' else ''}{cls.__name__}'>"


def old_types(kind: str) -> dict[str, Any]:
    """{'FloatTensor': …, 'LongTensor': …}: 0.1's typed names, for 'cpu' or 'cuda'."""
    return {name: _OldType(name, (), {
        "_dtype": DTYPES[dtype], "_kind": kind,
        "__doc__": f"0.1's name for a {dtype} tensor: sizes or data, as in Tensor."})
        for dtype, name in OLD_NAMES.items()}
