"""The pattern of an activation: one number in, one number out, for every element.

    y  = value(x)
    dx = gradient(x, dy)      or gradient(y, dy), where the output says as much

Both are elementwise operations.  An activation is a class that names the two.
"""
from typing import Any

from ...autograd.checks import check_not_bool, check_tensor
from ...autograd.dtypes import as_float
from ...autograd.function import Primitive
from ...autograd.tensor import Tensor
from ...backend import Op


class ActivationFunction(Primitive):
    """A subclass names its two operations, and may say:

        keeps      'x' or 'y': which of the two `gradient` reads
        integers   what whole numbers do: 'refused', 'kept' whole, or made 'real' first

    `numbers` are further arguments, the same for both operations: a slope, a threshold.
    """

    value: Op
    gradient: Op
    keeps = "x"
    integers = "refused"

    @classmethod
    def of(cls, input: Any, *numbers: float, inplace: bool = False) -> Any:
        """The activation of a tensor; with inplace=True written into that tensor."""
        if inplace:
            return cls._write_over(input, numbers)
        try:
            return cls.apply(input, numbers=numbers) if numbers else cls.apply(input)
        except TypeError:                # asked when it has failed, which takes no time
            check_tensor(cls._who(), "input", input)
            raise

    @classmethod
    def forward(cls, ctx, x, numbers=()):
        for number in numbers:
            if type(number) is not float:
                cls._check(number)
        if x.dtype.kind != "f":
            x = cls._numbers_of(x)
        y = cls.value(x, *numbers)
        ctx.numbers = numbers
        ctx.saved = (y,) if cls.keeps == "y" else (x,)
        return y

    @classmethod
    def backward(cls, ctx, dy):
        return cls.gradient(*ctx.saved, dy, *ctx.numbers)

    @classmethod
    def _numbers_of(cls, x: Any) -> Any:
        """x in the dtype in which it is computed."""
        if x.dtype.kind == "f" or (cls.integers == "kept" and x.dtype.kind != "b"):
            return x
        if cls.integers == "real":
            return as_float(x)
        raise NotImplementedError(
            f"{cls._who()} expected real numbers, got {x.dtype}; convert them, for "
            "example with .float()")

    @classmethod
    def _check(cls, number: Any) -> None:
        if not hasattr(number, "__float__"):           # NumPy would make NaN of None
            raise TypeError(f"{cls._who()} expected a number as its option, got "
                            f"{number!r}")

    @classmethod
    def _write_over(cls, input: Any, numbers: tuple) -> Any:
        check_tensor(cls._who(), "input", input)
        for number in numbers:
            cls._check(number)

        def write(array: Any) -> None:
            array[...] = cls.value(cls._numbers_of(array), *numbers)
        return input._in_place(lambda x: cls.apply(x, numbers=numbers), write)

    @classmethod
    def _who(cls) -> str:
        return cls.__name__.removesuffix("Function")


def refuse_bools(who: str, input: Any) -> None:
    """Raise for truth values, where others become real numbers."""
    if isinstance(input, Tensor) and input.array.dtype.kind == "b":
        check_not_bool(who, "input", input)
