"""Types of elements, and the type in which two of them meet."""
from typing import Any

import numpy as np

DTYPES: dict[str, np.dtype] = {name: np.dtype(name) for name in (
    "float16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64", "bool")}
(float16, float32, float64, uint8, int8, int16, int32, int64, bool_) = DTYPES.values()

OLD_NAMES = {"float16": "HalfTensor", "float32": "FloatTensor", "float64": "DoubleTensor",
             "uint8": "ByteTensor", "int8": "CharTensor", "int16": "ShortTensor",
             "int32": "IntTensor", "int64": "LongTensor", "bool": "BoolTensor"}
_SPELLINGS = {**{old: new for new, old in OLD_NAMES.items()}, "double": "float64",
              "float": "float32", "half": "float16", "long": "int64", "int": "int32",
              "short": "int16"}

_default = float32


def as_dtype(dtype: Any) -> np.dtype:
    """A dtype from torch.float32, 'float32', np.float32, float, torch.FloatTensor …

    Raises:
        TypeError: it names no dtype of this library.
    """
    if isinstance(dtype, np.dtype):
        found = dtype
    elif hasattr(dtype, "_dtype"):                       # torch.FloatTensor
        found = dtype._dtype
    else:
        if isinstance(dtype, str):
            dtype = dtype.removeprefix("torch.").removeprefix("cuda.")
            dtype = _SPELLINGS.get(dtype, dtype)
        try:
            found = np.dtype(object if dtype is None else dtype)
        except TypeError:
            found = np.dtype(object)
    if DTYPES.get(found.name) != found:                  # also another byte order
        raise TypeError(f"dtype: expected one of {', '.join(DTYPES)}, got {dtype!r}")
    return found


def get_default_dtype() -> np.dtype:
    """The dtype of new tensors of real numbers: float32 unless changed."""
    return _default


def set_default_dtype(dtype: Any) -> None:
    """Let new tensors of real numbers have this floating-point dtype."""
    global _default
    found = as_dtype(dtype)
    if found.kind != "f":
        raise TypeError("set_default_dtype: expected a floating-point dtype, got "
                        f"{found}")
    _default = found


# ---- where dtypes meet ---------------------------------------------------------------

_REAL = (float, int)
_RANK = {"b": 0, "i": 1, "u": 1, "f": 2}


def promote(*values: Any) -> np.dtype:
    """The dtype in which arrays and numbers meet: PyTorch's rule.

    The highest kind decides (bool < integer < float).  Within it arrays with axes come
    before single-number arrays, and those before Python numbers.
    """
    groups: list[list] = [[], [], []]          # with axes, 0-d arrays, Python numbers
    for v in values:
        if hasattr(v, "dtype") and not isinstance(v, np.generic):
            groups[0 if v.ndim else 1].append(v.dtype)
        else:
            groups[2].append(dtype_of_number(v))
    found: np.dtype | None = None
    for group in groups:
        if group:
            top = max(rank(d) for d in group)
            met = np.result_type(*(d for d in group if rank(d) == top))
            if found is None or rank(met) > rank(found):
                found = met
    assert found is not None
    return found


def rank(dtype: np.dtype) -> int:
    """0 for bool, 1 for integers, 2 for real numbers."""
    return _RANK[dtype.kind]


def dtype_of_number(number: Any) -> np.dtype:
    """The dtype of a Python number: bool, int64, or the default dtype."""
    if isinstance(number, (bool, np.bool_)):
        return bool_
    if isinstance(number, (int, np.integer)):
        return int64
    if isinstance(number, (float, np.floating)):
        return _default
    raise TypeError(f"expected a tensor or a number, got {type(number).__name__}")


def meet(x: Any, y: Any) -> tuple[Any, Any]:
    """Two operands, arrays or numbers, in one dtype."""
    if type(y) in _REAL and hasattr(x, "dtype") and x.dtype.kind == "f":
        return x, x.dtype.type(y)                        # the most frequent pair
    if type(x) in _REAL and hasattr(y, "dtype") and y.dtype.kind == "f":
        return y.dtype.type(x), y
    dtype = promote(x, y)
    return cast(x, dtype), cast(y, dtype)


def cast(x: Any, dtype: np.dtype) -> Any:
    """An array or a number in this dtype; integers that do not fit wrap around."""
    if hasattr(x, "dtype"):
        return x if x.dtype == dtype else x.astype(dtype)
    if dtype.kind == "f":
        return dtype.type(x)
    return np.array(x).astype(dtype)[()]


def whole_range(dtype: np.dtype) -> tuple[int, int]:
    """The least and the largest whole number up to which the dtype holds all of them."""
    if dtype.kind == "b":
        return 0, 1
    if dtype.kind == "f":
        most = 2 ** (np.finfo(dtype).nmant + 1)
        return -most, most
    return int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)


def fitting(who: str, number: Any, dtype: np.dtype) -> Any:
    """A Python number in this dtype; a negative one may wrap around in uint8.

    Raises:
        TypeError: it is no number.
        RuntimeError: it is too large, or NaN where whole numbers are wanted.
    """
    dtype_of_number(number)
    if dtype.kind in "iu":
        most = whole_range(dtype)[1]
        if not -most - 1 <= number <= most:
            raise RuntimeError(f"{who}: {number} does not fit into {dtype}")
        number = int(number)
    return cast(number, dtype)


def as_float(x: Any) -> Any:
    """Integers and bools become the default dtype, where a result is a real number."""
    if hasattr(x, "dtype") and x.dtype.kind != "f":
        return x.astype(_default)
    return x
