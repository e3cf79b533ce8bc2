"""Arithmetic: + - * / ** and friends, and comparisons; all broadcast.

Broadcasting stretches an axis of size 1.  Its gradient is the adjoint: whatever was
stretched is summed again (`unbroadcast`).  Numbers and tensors of different dtypes meet
by PyTorch's rules (`dtypes.promote`): bool < integer < float, and a single number never
widens a tensor of its own kind.
"""
from typing import Any

import numpy as np

from ..backend import math, op
from ..backend.device import xp_of
from . import function
from .dtypes import as_float, dtype_of_number, fitting, meet, promote
from .function import Primitive
from .powers import Power
from .quiet import quiet

__all__ = ["as_float", "promote", "unbroadcast"]          # what the layers take from here


def unbroadcast(gradient: Any, shape: tuple[int, ...]) -> Any:
    """Sum `gradient` over the axes that broadcasting added to or stretched in
    `shape`."""
    if gradient.shape == shape:
        return gradient
    extra = gradient.ndim - len(shape)
    stretched = tuple(k + extra for k, n in enumerate(shape) if n == 1 and
                      gradient.shape[k + extra] != 1)
    gradient = gradient.sum(axis=(*range(extra), *stretched), keepdims=True)
    return gradient.reshape(shape)


def check_shapes(name: str, x: Any, y: Any) -> None:
    """Raise if two arrays (or numbers) do not broadcast."""
    a, b = getattr(x, "shape", ()), getattr(y, "shape", ())
    if any(m != n and m != 1 and n != 1
           for m, n in zip(reversed(a), reversed(b), strict=False)):
        raise RuntimeError(f"{name}: shapes {tuple(a)} and {tuple(b)} do not broadcast; "
                           "counted from the right, sizes must agree or be 1")


# ---- operations on two operands ------------------------------------------------------


class _Binary(Primitive):
    """x ∘ y with broadcasting.

    Subclasses give `compute`, and `slope_x` and `slope_y`: the gradient g of the result,
    carried back to each operand.  What they read is kept, and no more: the others may
    be changed in place.
    """

    slope_x_reads = slope_y_reads = "xy"

    @staticmethod
    def before_meeting(x, y):
        """Two operands of different dtypes, as they are to meet in one."""
        return x, y

    @classmethod
    def forward(cls, ctx, x, y):
        recording = True in ctx.needs_input_grad
        if recording:
            ctx.shapes = getattr(x, "shape", None), getattr(y, "shape", None)
        if getattr(x, "dtype", None) is not getattr(y, "dtype", y):
            x, y = meet(*cls.before_meeting(x, y))
        if recording:
            dx_needed, dy_needed = ctx.needs_input_grad
            read = cls.slope_x_reads * dx_needed + cls.slope_y_reads * dy_needed
            if read:
                ctx.saved = x if "x" in read else None, y if "y" in read else None
        try:
            return cls.compute(x, y)
        except ValueError as error:
            check_shapes(cls.__name__.lower(), x, y)
            raise RuntimeError(f"{cls.__name__.lower()}: {error}") from None

    @classmethod
    def backward(cls, ctx, g):
        x, y = ctx.saved or (None, None)
        dx = dy = None
        if ctx.needs_input_grad[0]:
            dx = unbroadcast(cls.slope_x(g, x, y), ctx.shapes[0])
        if ctx.needs_input_grad[1]:
            dy = unbroadcast(cls.slope_y(g, x, y), ctx.shapes[1])
        return dx, dy


class Add(_Binary):
    slope_x_reads = slope_y_reads = ""

    @staticmethod
    def compute(x, y):
        return x + y

    @staticmethod
    def slope_x(g, x, y):
        return g

    slope_y = slope_x


class Sub(_Binary):
    slope_x_reads = slope_y_reads = ""

    @staticmethod
    def before_meeting(x, y):
        if is_bool(x) or is_bool(y):
            raise RuntimeError("sub: bools cannot be subtracted; use ^ or ~, or say "
                               ".float()")
        return x, y

    @classmethod
    def compute(cls, x, y):
        if x.dtype.kind == "b":
            cls.before_meeting(x, y)
        return x - y

    @staticmethod
    def slope_x(g, x, y):
        return g

    @staticmethod
    def slope_y(g, x, y):
        return -g


class Mul(_Binary):
    slope_x_reads, slope_y_reads = "y", "x"

    @staticmethod
    def compute(x, y):
        return x * y

    @staticmethod
    def slope_x(g, x, y):
        return g * y

    @staticmethod
    def slope_y(g, x, y):
        return g * x


class Div(_Binary):
    slope_x_reads = "y"

    @staticmethod
    def before_meeting(x, y):
        if type(y) is int:                   # -1 would become 255 beside uint8
            return as_float(x), y
        return (x, as_float(y)) if type(x) is int else (x, y)

    @staticmethod
    def compute(x, y):
        if x.dtype.kind != "f":
            x, y = as_float(x), as_float(y)
        return quiet(np.divide, x, y)

    @staticmethod
    def slope_x(g, x, y):
        return g / y

    @staticmethod
    def slope_y(g, x, y):
        return -g * (x / y) / y


class Pow(_Binary):
    @staticmethod
    def compute(x, y):
        _refuse_bools("pow", x)
        return quiet(np.power, x, y)

    @staticmethod
    def slope_x(g, x, y):
        xp = xp_of(g)
        return g * xp.where(xp.asarray(y) == 0, g.dtype.type(0), y * x**(y - 1))

    @staticmethod
    def slope_y(g, x, y):
        xp = xp_of(g)
        slope = x**y * xp.log(xp.asarray(x))
        constant = (xp.asarray(x) == 0) & (xp.asarray(y) >= 0)
        return g * xp.where(constant, g.dtype.type(0), slope)


class Remainder(_Binary):
    """x minus y · floor(x / y); it has the sign of y."""

    slope_x_reads = ""

    @staticmethod
    def compute(x, y):
        _check_divisor("remainder", x, y)
        return quiet(np.remainder, x, y)

    @staticmethod
    def slope_x(g, x, y):
        return g

    @staticmethod
    def slope_y(g, x, y):
        return -g * np.floor_divide(x, y)


class Fmod(Remainder):
    """x minus y · trunc(x / y); it has the sign of x."""

    @staticmethod
    def compute(x, y):
        _check_divisor("fmod", x, y)
        return quiet(np.fmod, x, y)

    @staticmethod
    def slope_y(g, x, y):
        return -g * np.trunc(x / y)


class FloorDivide(_Binary):
    """x / y rounded down.  A function made of steps: its slope is 0."""

    slope_x_reads = slope_y_reads = ""

    @staticmethod
    def compute(x, y):
        _check_divisor("floor_divide", x, y)
        return quiet(np.floor_divide, x, y)

    @staticmethod
    def slope_x(g, x, y):
        return xp_of(g).zeros_like(g)

    slope_y = slope_x


class TruncDivide(FloorDivide):
    """x / y rounded towards zero."""

    @staticmethod
    def compute(x, y):
        _check_divisor("div", x, y)
        return np.trunc(quiet(np.divide, x, y)).astype(x.dtype)


def _check_divisor(who: str, x: Any, y: Any) -> None:
    """Whole numbers are not divided by 0, and bools not at all (as in PyTorch)."""
    if x.dtype.kind != "f":
        _refuse_bools(who, x)
        if isinstance(y, (np.ndarray, np.generic)) and not y.all():
            raise RuntimeError(f"{who}: ZeroDivisionError: a whole number is divided by "
                               "0; real numbers give inf or NaN there, say .float()")


def _refuse_bools(who: str, x: Any) -> None:
    if x.dtype.kind == "b":
        raise NotImplementedError(f"{who} is not there for bools; say .int()")


def is_bool(x: Any) -> bool:
    return x.dtype.kind == "b" if hasattr(x, "dtype") else type(x) is bool


class Maximum(_Binary):
    """The larger of two; where they are equal, each gets half of the gradient."""

    @staticmethod
    def compute(x, y):
        return np.maximum(x, y)

    @staticmethod
    def slope_x(g, x, y):
        return g * (1 - (x < y) - (x == y) * g.dtype.type(0.5))     # NaN passes both

    @staticmethod
    def slope_y(g, x, y):
        return g * (1 - (x > y) - (x == y) * g.dtype.type(0.5))


class Minimum(_Binary):
    """The smaller of two; where they are equal, each gets half of the gradient."""

    slope_x, slope_y = Maximum.slope_y, Maximum.slope_x

    @staticmethod
    def compute(x, y):
        return np.minimum(x, y)


class Atan2(_Binary):
    """The angle of the point (y, x), here called x and y after their places."""

    @staticmethod
    def compute(x, y):
        return np.arctan2(as_float(x), as_float(y))

    @staticmethod
    def slope_x(g, x, y):
        return g * y * _inverse(x * x + y * y)

    @staticmethod
    def slope_y(g, x, y):
        return -g * x * _inverse(x * x + y * y)


def _inverse(square):
    """1 / square, but 0 at the origin, where an angle has no slope."""
    one = square.dtype.type(1)
    return xp_of(square).where(square == 0, square, quiet(np.divide, one, square))


@op
def choose(x, y, condition):
    """x, y (*), condition (*), bools → x where it holds, y elsewhere (*)."""
    return np.where(condition, x, y)


@choose.elementwise
def _choose_one(x, y, condition):
    return math.where(condition, x, y)


@op
def fill_where(x, condition, number):
    """x (*), condition (*), bools, a number → the number where it holds, x elsewhere."""
    return np.where(condition, x.dtype.type(number), x)


@fill_where.elementwise(arrays=2)
def _fill_one(x, condition, number):
    return math.where(condition, number, x)


def _either(condition, x, y):
    """np.where; of real numbers by a kernel, 10 times faster where chance chooses."""
    xp = xp_of(condition)
    for array, other, instead in ((x, y, False), (y, x, True)):
        if not getattr(array, "ndim", 0) or array.dtype.kind != "f":
            continue
        if array.shape == getattr(other, "shape", ()) == condition.shape:
            return choose(x, y, condition)
        if isinstance(other, np.generic) and condition.ndim <= array.ndim:
            given = condition if instead else ~condition
            if given.shape != array.shape:
                given = xp.broadcast_to(given, array.shape).copy()
            return fill_where(array, given, other)
    return xp.where(condition, x, y)


class Where(Primitive):
    """x where the condition holds, y elsewhere."""

    @staticmethod
    def forward(ctx, condition, x, y):
        a, b = meet(x, y)
        ctx.saved = (condition,)
        ctx.shapes = getattr(x, "shape", None), getattr(y, "shape", None)
        try:
            return _either(condition, a, b)
        except ValueError as error:
            for pair in ((a, b), (condition, a), (condition, b)):
                check_shapes("where", *pair)
            raise RuntimeError(f"where: {error}") from None

    @staticmethod
    def backward(ctx, g):
        (condition,), (a, b) = ctx.saved, ctx.shapes
        zero = g.dtype.type(0)
        dx = dy = None
        if ctx.needs_input_grad[1]:
            dx = unbroadcast(_either(condition, g, zero), a)
        if ctx.needs_input_grad[2]:
            dy = unbroadcast(_either(condition, zero, g), b)
        return None, dx, dy


# ---- functions -----------------------------------------------------------------------


def add(x: Any, y: Any, *, alpha: float = 1) -> Any:
    """x + alpha · y."""
    return Add.apply(x, y if alpha == 1 else y * alpha)


def sub(x: Any, y: Any, *, alpha: float = 1) -> Any:
    """x - alpha · y."""
    return Sub.apply(x, y if alpha == 1 else y * alpha)


def mul(x: Any, y: Any) -> Any:
    """x · y, element by element."""
    return Mul.apply(x, y)


def div(x: Any, y: Any, *, rounding_mode: str | None = None) -> Any:
    """x / y; with rounding_mode 'floor' or 'trunc' rounded down or towards zero."""
    if rounding_mode is None:
        return Div.apply(x, y)
    if rounding_mode == "floor":
        return floor_divide(x, y)
    if rounding_mode == "trunc":
        return TruncDivide.apply(x, y)
    raise RuntimeError("div: rounding_mode must be None, 'floor' or 'trunc', got "
                       f"{rounding_mode!r}")


def pow(x: Any, y: Any) -> Any:
    """x to the power of y.

    Raises:
        RuntimeError: whole numbers to a negative power.
    """
    if type(y) is int and y < 0 and isinstance(x, function.Tensor) and \
            x.array.dtype.kind in "iu":
        raise RuntimeError("pow: whole numbers have no negative integer powers; say "
                           ".float()")
    if type(y) in (int, float) and isinstance(x, function.Tensor) and \
            x.array.dtype.kind == "f":
        return Power.apply(x, p=y)
    return Pow.apply(x, y)


def remainder(x: Any, y: Any) -> Any:
    """x minus y · floor(x / y), with the sign of y."""
    return Remainder.apply(x, y)


def fmod(x: Any, y: Any) -> Any:
    """x minus y · trunc(x / y), with the sign of x."""
    return Fmod.apply(x, y)


def maximum(x: Any, y: Any) -> Any:
    """The larger of each pair; where equal, the gradient is shared in halves."""
    return Maximum.apply(x, y)


def minimum(x: Any, y: Any) -> Any:
    """The smaller of each pair; where equal, the gradient is shared in halves."""
    return Minimum.apply(x, y)


def atan2(y: Any, x: Any) -> Any:
    """The angle of the point (x, y), between -π and π."""
    return Atan2.apply(y, x)


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """x where condition holds and y elsewhere; with the condition alone, the indices
    where it holds."""
    if x is None and y is None:
        return condition.nonzero(as_tuple=True)
    if condition.dtype.kind != "b":
        raise RuntimeError(f"where: expected a bool condition, got {condition.dtype}")
    return Where.apply(condition, x, y)


def lerp(start: Any, end: Any, weight: Any) -> Any:
    """start + weight · (end - start)."""
    return start + (end - start) * weight


def _plain(compute: Any, x: Any, y: Any) -> Any:
    """Comparisons and logic: no gradient passes through them."""
    if isinstance(x, function.Tensor) and isinstance(y, function.Tensor) and \
            x.device is not y.device:
        x, y = function._on_one_device(compute, (x, y))
    home = x.device if isinstance(x, function.Tensor) else y.device
    a = x.array if isinstance(x, function.Tensor) else x
    b = y.array if isinstance(y, function.Tensor) else y
    if getattr(a, "dtype", None) is not getattr(b, "dtype", b):
        a, b = meet(a, b)
    try:
        return function.Tensor._of(compute(a, b), home)
    except ValueError:
        check_shapes(compute.__name__, a, b)
        raise


def _bits(compute: Any, x: Any, y: Any) -> Any:
    for value in (x, y):
        kind = value.dtype if hasattr(value, "dtype") else dtype_of_number(value)
        if kind.kind == "f":
            raise NotImplementedError(f"{compute.__name__} works on bools and whole "
                                      f"numbers, got {kind}")
    return _plain(compute, x, y)


def eq(x: Any, y: Any) -> Any:
    """Whether x equals y, element by element."""
    return _plain(np.equal, x, y)


def ne(x: Any, y: Any) -> Any:
    """Whether x differs from y, element by element."""
    return _plain(np.not_equal, x, y)


def lt(x: Any, y: Any) -> Any:
    """Whether x < y, element by element."""
    return _plain(np.less, x, y)


def le(x: Any, y: Any) -> Any:
    """Whether x ≤ y, element by element."""
    return _plain(np.less_equal, x, y)


def gt(x: Any, y: Any) -> Any:
    """Whether x > y, element by element."""
    return _plain(np.greater, x, y)


def ge(x: Any, y: Any) -> Any:
    """Whether x ≥ y, element by element."""
    return _plain(np.greater_equal, x, y)


not_equal, less, less_equal, greater, greater_equal = ne, lt, le, gt, ge


def floor_divide(x: Any, y: Any) -> Any:
    """x / y rounded down; the gradient is 0."""
    return FloorDivide.apply(x, y)


def logical_and(x: Any, y: Any) -> Any:
    """Whether both are true (not zero), element by element."""
    return _plain(np.logical_and, x, y)


def logical_or(x: Any, y: Any) -> Any:
    """Whether at least one is true (not zero), element by element."""
    return _plain(np.logical_or, x, y)


def logical_xor(x: Any, y: Any) -> Any:
    """Whether one of the two is true (not zero), element by element."""
    return _plain(np.logical_xor, x, y)


def isclose(x: Any, y: Any, rtol: float = 1e-5, atol: float = 1e-8,
            equal_nan: bool = False) -> Any:
    """Where |x - y| ≤ atol + rtol · |y| (NaN equals NaN with equal_nan)."""
    def close(a: Any, b: Any) -> Any:
        return np.isclose(a, b, rtol, atol, equal_nan)
    return _plain(close, x, y)


class Arithmetic:
    """The operators of a tensor, and operations on two tensors."""

    add, sub, mul, div, pow = add, sub, mul, div, pow
    subtract, multiply, divide, true_divide = sub, mul, div, div
    remainder, fmod, floor_divide, isclose = remainder, fmod, floor_divide, isclose
    maximum, minimum, atan2, arctan2 = maximum, minimum, atan2, atan2
    eq, ne, lt, le, gt, ge = eq, ne, lt, le, gt, ge
    not_equal, less, less_equal, greater, greater_equal = ne, lt, le, gt, ge
    logical_and, logical_or, logical_xor = logical_and, logical_or, logical_xor
    lerp = lerp

    __add__ = __radd__ = add
    __mul__ = __rmul__ = mul
    __sub__, __truediv__, __pow__ = sub, div, pow
    __floordiv__, __mod__ = floor_divide, remainder
    __lt__, __le__, __gt__, __ge__ = lt, le, gt, ge

    def __eq__(self, other: Any) -> Any:
        return eq(self, other) if _comparable(other) else NotImplemented

    def __ne__(self, other: Any) -> Any:
        return ne(self, other) if _comparable(other) else NotImplemented

    def __rsub__(self, other: Any) -> Any:
        return Sub.apply(other, self)

    def __rtruediv__(self, other: Any) -> Any:
        return Div.apply(other, self)

    def __rpow__(self, other: Any) -> Any:
        return Pow.apply(other, self)

    def __rfloordiv__(self, other: Any) -> Any:
        return FloorDivide.apply(other, self)

    def __rmod__(self, other: Any) -> Any:
        return Remainder.apply(other, self)

    def __and__(self, other: Any) -> Any:
        """Both, bit by bit; of bools, whether both are True."""
        return _bits(np.bitwise_and, self, other)

    def __or__(self, other: Any) -> Any:
        """Either, bit by bit; of bools, whether one is True."""
        return _bits(np.bitwise_or, self, other)

    def __xor__(self, other: Any) -> Any:
        """One but not the other, bit by bit."""
        return _bits(np.bitwise_xor, self, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__
    bitwise_and, bitwise_or, bitwise_xor = __and__, __or__, __xor__

    def where(self, condition: Any, other: Any) -> Any:
        """self where the condition holds, other elsewhere."""
        return where(condition, self, other)

    def masked_fill(self, mask: Any, value: Any) -> Any:
        """A copy with `value` where mask is True; no gradient passes there.

        Raises:
            RuntimeError: the shapes do not broadcast, or the value is no single number or
                does not fit into the dtype.
        """
        dtype = self.array.dtype                          # type: ignore[attr-defined]
        if not isinstance(value, function.Tensor):
            value = fitting("masked_fill", value, dtype)
        elif value.ndim:
            raise RuntimeError("masked_fill: value must be a single number, got a tensor "
                               f"of shape {tuple(value.shape)}; use where")
        elif value.dtype != dtype:
            value = value.to(dtype)
        return where(mask, value, self)

    def addcmul(self, x: Any, y: Any, *, value: float = 1) -> Any:
        """self + value · x · y."""
        return self + x * y * value

    def addcdiv(self, x: Any, y: Any, *, value: float = 1) -> Any:
        """self + value · x / y."""
        return self + x / y * value


def _comparable(other: Any) -> bool:
    """Whether == compares elements: with tensors, arrays and numbers, not with None."""
    return hasattr(other, "dtype") or isinstance(other, (bool, int, float))
