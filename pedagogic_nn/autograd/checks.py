"""What doors ask of single arguments: a tensor, a number, a whole number.

A wrong one is named where it comes in, with what was expected and what came; further
inside it would be an attribute that a list does not have.
"""
import operator
from typing import Any

import numpy as np

from . import function


def check_tensor(who: str, name: str, value: Any) -> None:
    """The argument is a tensor.

    Raises:
        TypeError: it is something else; the message names the way out.
    """
    if not isinstance(value, function.Tensor):
        raise TypeError(f"{who}: {name} must be a tensor, got {type(value).__name__}"
                        f"{_way_out(name, value)}")


def _way_out(name: str, value: Any) -> str:
    """How a tensor is made of the value, if it can be."""
    if isinstance(value, np.ndarray):
        return f"; say torch.from_numpy({name})"
    if isinstance(value, (list, tuple, int, float)):
        return f"; say torch.tensor({name})"
    return ""


def check_real(who: str, name: str, value: Any) -> None:
    """The tensor holds real numbers.

    Raises:
        NotImplementedError: it holds whole numbers or bools (the type is PyTorch's).
    """
    if value.array.dtype.kind != "f":
        raise NotImplementedError(f"{who}: {name} must hold real numbers, got "
                                  f"{value.dtype}; say {name}.float()")


def check_not_bool(who: str, name: str, value: Any) -> None:
    """The tensor holds numbers: PyTorch subtracts no truth values.

    Raises:
        RuntimeError: it holds bools.
    """
    if value.array.dtype.kind == "b":
        raise RuntimeError(f"{who}: {name} must hold numbers, got bool; say "
                           f"{name}.float()")


def check_number(who: str, name: str, value: Any) -> float:
    """The argument as a float.

    Raises:
        TypeError: it is no real number.
    """
    if type(value) is float:
        return value
    if isinstance(value, (str, np.ndarray)) or not hasattr(value, "__float__"):
        raise TypeError(f"{who}: {name} must be a number, got {type(value).__name__}")
    return float(value)


def check_whole_number(who: str, name: str, value: Any) -> int:
    """The argument as an int; True and False are none, as in PyTorch.

    Raises:
        TypeError: it is no whole number.
    """
    if type(value) is int:
        return value
    if isinstance(value, (bool, np.bool_)) or not hasattr(value, "__index__"):
        raise TypeError(f"{who}: {name} must be a whole number, got {value!r}")
    return operator.index(value)
