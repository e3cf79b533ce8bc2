"""Arithmetic: + - * / ** and friends, comparisons, elementwise functions; all broadcast.

Broadcasting stretches an axis of size 1.  Its gradient is the adjoint: whatever was stretched is
summed again (`unbroadcast`).  Numbers and tensors of different dtypes meet by PyTorch's rules
(`promote`): bool < integer < float, and a single number never widens a tensor of its own kind.
"""
from typing import Any

import numpy as np

from ..backend import math, op
from ..backend.device import xp_of
from . import function
from .function import Primitive

_RANK = {"b": 0, "i": 1, "u": 1, "f": 2}


def unbroadcast(gradient: Any, shape: tuple[int, ...]) -> Any:
    """Sum `gradient` over the axes that broadcasting added to or stretched in `shape`."""
    if gradient.shape == shape:
        return gradient
    extra = gradient.ndim - len(shape)
    stretched = tuple(k + extra for k, n in enumerate(shape) if n == 1 and
                      gradient.shape[k + extra] != 1)
    gradient = gradient.sum(axis=(*range(extra), *stretched), keepdims=True)
    return gradient.reshape(shape)


def promote(*values: Any) -> np.dtype:
    """The dtype in which arrays and numbers meet: PyTorch's rule.

    The highest kind decides (bool < integer < float).  Within it arrays with axes come before
    single-number arrays, and those before Python numbers.
    """
    groups: list[list] = [[], [], []]                    # with axes, 0-d arrays, Python numbers
    for v in values:
        if hasattr(v, "dtype"):
            groups[0 if v.ndim else 1].append(v.dtype)
        else:
            groups[2].append(_number_dtype(v))
    found: np.dtype | None = None
    for group in groups:
        if group:
            met = np.result_type(*group) if len(set(map(_rank, group))) == 1 else \
                np.result_type(*(d for d in group if _rank(d) == max(map(_rank, group))))
            if found is None or _rank(met) > _rank(found):
                found = met
    assert found is not None
    return found


def _rank(dtype: np.dtype) -> int:
    return _RANK[dtype.kind]


def _number_dtype(number: Any) -> np.dtype:
    if isinstance(number, (bool, np.bool_)):
        return np.dtype(bool)
    if isinstance(number, (int, np.integer)):
        return np.dtype(np.int64)
    if isinstance(number, (float, np.floating)):
        return np.dtype(np.float32)
    raise TypeError(f"expected a tensor or a number, got {type(number).__name__}")


def _meet(x: Any, y: Any) -> tuple[Any, Any]:
    """Two operands as arrays or numbers of one dtype."""
    if hasattr(x, "dtype") and hasattr(y, "dtype") and x.dtype is y.dtype:
        return x, y
    dtype = promote(x, y)
    return _cast(x, dtype), _cast(y, dtype)


def _cast(x: Any, dtype: np.dtype) -> Any:
    if hasattr(x, "dtype"):
        return x if x.dtype == dtype else x.astype(dtype)
    return dtype.type(x)


def as_float(x: Any) -> Any:
    """Integers and bools become float32, PyTorch's default, where a result is a real number."""
    if hasattr(x, "dtype"):
        return x if x.dtype.kind == "f" else x.astype(np.float32)
    return x


class _Binary(Primitive):
    """x ∘ y with broadcasting.  Subclasses give `compute`, and the two `slopes` of the result."""

    saves_inputs = True

    @classmethod
    def forward(cls, ctx, x, y):
        _check_shapes(cls.__name__, x, y)
        a, b = _meet(x, y)
        ctx.shapes = getattr(x, "shape", None), getattr(y, "shape", None)
        if cls.saves_inputs:
            ctx.save_for_backward(a, b)
        return cls.compute(a, b)

    @classmethod
    def backward(cls, ctx, g):
        x, y = ctx.saved or (None, None)
        dx = dy = None
        if ctx.needs_input_grad[0]:
            dx = unbroadcast(cls.slope_x(g, x, y), ctx.shapes[0])
        if ctx.needs_input_grad[1]:
            dy = unbroadcast(cls.slope_y(g, x, y), ctx.shapes[1])
        return dx, dy


def _check_shapes(name, x, y):
    a, b = getattr(x, "shape", ()), getattr(y, "shape", ())
    if a != b and any(m != n and m != 1 and n != 1
                      for m, n in zip(reversed(a), reversed(b), strict=False)):
        raise RuntimeError(f"{name.lower()}: shapes {tuple(a)} and {tuple(b)} do not broadcast; "
                           "counted from the right, sizes must agree or be 1")


class Add(_Binary):
    saves_inputs = False

    @staticmethod
    def compute(x, y):
        return x + y

    @staticmethod
    def slope_x(g, x, y):
        return g

    slope_y = slope_x


class Sub(_Binary):
    saves_inputs = False

    @staticmethod
    def compute(x, y):
        return x - y

    @staticmethod
    def slope_x(g, x, y):
        return g

    @staticmethod
    def slope_y(g, x, y):
        return -g


class Mul(_Binary):
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
    @staticmethod
    def compute(x, y):
        with np.errstate(divide="ignore", invalid="ignore"):
            return as_float(x) / as_float(y)

    @staticmethod
    def slope_x(g, x, y):
        with np.errstate(divide="ignore", invalid="ignore"):
            return g / y

    @staticmethod
    def slope_y(g, x, y):
        with np.errstate(divide="ignore", invalid="ignore"):
            return -g * (x / y) / y


class Pow(_Binary):
    @staticmethod
    def compute(x, y):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return x**y

    @staticmethod
    def slope_x(g, x, y):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            slope = y * x**(y - 1)
        return g * (np.where(y == 0, slope.dtype.type(0), slope) if np.ndim(y) else
                    slope if y != 0 else slope * 0)

    @staticmethod
    def slope_y(g, x, y):
        xp = xp_of(g)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            slope = x**y * xp.log(xp.asarray(x))
        return g * xp.where((xp.asarray(x) == 0) & (xp.asarray(y) >= 0), g.dtype.type(0), slope)


class Maximum(_Binary):
    """The larger of two; where they are equal, each gets half of the gradient."""

    @staticmethod
    def compute(x, y):
        return np.maximum(x, y)

    @staticmethod
    def slope_x(g, x, y):
        return g * ((x > y) + (x == y) * g.dtype.type(0.5))

    @staticmethod
    def slope_y(g, x, y):
        return g * ((x < y) + (x == y) * g.dtype.type(0.5))


class Minimum(Maximum):
    """The smaller of two; where they are equal, each gets half of the gradient."""

    @staticmethod
    def compute(x, y):
        return np.minimum(x, y)

    @staticmethod
    def slope_x(g, x, y):
        return Maximum.slope_y(g, x, y)

    @staticmethod
    def slope_y(g, x, y):
        return Maximum.slope_x(g, x, y)


class _Unary(Primitive):
    """An elementwise function; integers become float32 first.

    Subclasses give `compute` and `slope(g, x, y)`; y is the result.
    """

    @classmethod
    def forward(cls, ctx, x):
        x = as_float(x)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            y = cls.compute(x)
        ctx.save_for_backward(x, y)
        return y

    @classmethod
    def backward(cls, ctx, g):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return cls.slope(g, *ctx.saved)


class Neg(Primitive):
    @staticmethod
    def forward(ctx, x):
        if x.dtype.kind == "b":
            raise RuntimeError("neg: a bool tensor has no negative; use ~x to invert it")
        return -x

    @staticmethod
    def backward(ctx, g):
        return -g


@op
def exp(x):
    """e to the power of x (*) → (*)."""
    with np.errstate(over="ignore"):
        return np.exp(x)


@exp.elementwise
def _exp_one(x):
    return math.exp(x)


@op
def log(x):
    """The natural logarithm of x (*) → (*); -inf at 0 and NaN below."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(x)


@log.elementwise
def _log_one(x):
    return math.log(x)


@op
def sqrt(x):
    """The square root of x (*) → (*); NaN below 0."""
    with np.errstate(invalid="ignore"):
        return np.sqrt(x)


@sqrt.elementwise
def _sqrt_one(x):
    return math.sqrt(x)


@op
def clamp_between(x, low, high):
    """x (*), two numbers → x held between them (*); NaN stays NaN."""
    return np.clip(x, low, high)


@clamp_between.elementwise(arrays=1)
def _clamp_one(x, low, high):
    x = low if x < low else x
    return high if x > high else x


class Exp(_Unary):
    compute = staticmethod(exp)

    @staticmethod
    def slope(g, x, y):
        return g * y


class Log(_Unary):
    compute = staticmethod(log)

    @staticmethod
    def slope(g, x, y):
        return g / x


class Sqrt(_Unary):
    compute = staticmethod(sqrt)

    @staticmethod
    def slope(g, x, y):
        return g / (y + y)


class Sin(_Unary):
    @staticmethod
    def compute(x):
        return np.sin(x)

    @staticmethod
    def slope(g, x, y):
        return g * np.cos(x)


class Cos(_Unary):
    @staticmethod
    def compute(x):
        return np.cos(x)

    @staticmethod
    def slope(g, x, y):
        return -g * np.sin(x)


class Log1p(_Unary):
    @staticmethod
    def compute(x):
        return np.log1p(x)

    @staticmethod
    def slope(g, x, y):
        return g / (1 + x)


class Expm1(_Unary):
    @staticmethod
    def compute(x):
        return np.expm1(x)

    @staticmethod
    def slope(g, x, y):
        return g * (y + 1)


class Abs(Primitive):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return abs(x)

    @staticmethod
    def backward(ctx, g):
        return g * np.sign(ctx.saved[0])


class Clamp(Primitive):
    """x held between two bounds; the gradient passes where x is between them (bounds included)."""

    @staticmethod
    def forward(ctx, x, low, high):
        ctx.save_for_backward(x)
        ctx.bounds = low, high
        info = np.finfo(x.dtype) if x.dtype.kind == "f" else np.iinfo(x.dtype)
        low = (-np.inf if x.dtype.kind == "f" else info.min) if low is None else low
        high = (np.inf if x.dtype.kind == "f" else info.max) if high is None else high
        return clamp_between(x, low, high) if x.dtype.kind == "f" else np.clip(x, low, high)

    @staticmethod
    def backward(ctx, g):
        (x,), (low, high) = ctx.saved, ctx.bounds
        inside = np.ones_like(x, dtype=bool)
        if low is not None:
            inside &= x >= low
        if high is not None:
            inside &= x <= high
        return g * inside


class Where(Primitive):
    """x where the condition holds, y elsewhere."""

    @staticmethod
    def forward(ctx, condition, x, y):
        a, b = _meet(x, y)
        ctx.save_for_backward(condition)
        ctx.shapes = getattr(x, "shape", None), getattr(y, "shape", None)
        return xp_of(condition).where(condition, a, b)

    @staticmethod
    def backward(ctx, g):
        (condition,), (a, b) = ctx.saved, ctx.shapes
        zero = g.dtype.type(0)
        where = xp_of(g).where
        return (None,
                unbroadcast(where(condition, g, zero), a) if ctx.needs_input_grad[1] else None,
                unbroadcast(where(condition, zero, g), b) if ctx.needs_input_grad[2] else None)


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
    if rounding_mode not in ("floor", "trunc"):
        raise RuntimeError(f"div: rounding_mode must be None, 'floor' or 'trunc', "
                           f"got {rounding_mode!r}")
    if rounding_mode == "floor":
        return floor_divide(x, y)
    both = _plain(lambda a, b: np.trunc(a / b).astype(np.result_type(a, b)), x, y)
    return both


def pow(x: Any, y: Any) -> Any:                                            # noqa: A001
    """x to the power of y."""
    return Pow.apply(x, y)


def maximum(x: Any, y: Any) -> Any:
    """The larger of each pair; where equal, the gradient is shared in halves."""
    return Maximum.apply(x, y)


def minimum(x: Any, y: Any) -> Any:
    """The smaller of each pair; where equal, the gradient is shared in halves."""
    return Minimum.apply(x, y)


def clamp(x: Any, min: float | None = None, max: float | None = None) -> Any:  # noqa: A002
    """x held between min and max (either may be None)."""
    if min is None and max is None:
        raise RuntimeError("clamp: give min, max, or both")
    return Clamp.apply(x, min, max)


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """x where condition holds and y elsewhere; with the condition alone, the indices where it
    holds."""
    if x is None and y is None:
        return condition.nonzero(as_tuple=True)
    if condition.dtype.kind != "b":
        raise RuntimeError(f"where: expected a bool condition, got {condition.dtype}")
    return Where.apply(condition, x, y)


def _plain(compute: Any, x: Any, y: Any) -> Any:
    """Comparisons and rounding: no gradient passes through them."""
    tensors = [t for t in (x, y) if isinstance(t, function.Tensor)]
    if len(tensors) == 2 and tensors[0].device is not tensors[1].device:
        x, y = function._on_one_device(type(compute.__name__, (), {}), (x, y))
    a, b = (t.array if isinstance(t, function.Tensor) else t for t in (x, y))
    _check_shapes(getattr(compute, "__name__", "operation"), a, b)
    with np.errstate(divide="ignore", invalid="ignore"):
        return function.Tensor._of(compute(*_meet(a, b)), tensors[0].device)


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


def floor_divide(x: Any, y: Any) -> Any:
    """x / y rounded down; no gradient."""
    return _plain(np.floor_divide, x, y)


def remainder(x: Any, y: Any) -> Any:
    """x minus y · floor(x / y); the gradient with respect to x is 1."""
    return x - (y * floor_divide(x, y))


def _rounding(name: str, doc: str) -> Any:
    def rounded(x: Any) -> Any:
        return function.Tensor._of(getattr(np, name)(x.array), x.device)
    rounded.__name__, rounded.__doc__ = name, doc
    return rounded


floor = _rounding("floor", "The next whole number below; no gradient.")
ceil = _rounding("ceil", "The next whole number above; no gradient.")
trunc = _rounding("trunc", "The whole number towards zero; no gradient.")
sign = _rounding("sign", "-1, 0 or 1; no gradient.")
isnan = _rounding("isnan", "Which elements are not a number.")
isinf = _rounding("isinf", "Which elements are infinite.")
isfinite = _rounding("isfinite", "Which elements are neither infinite nor NaN.")
logical_not = _rounding("logical_not", "Which elements are zero or False.")
_rint = _rounding("rint", "The nearest whole number, halves to even; no gradient.")


def round(x: Any, decimals: int = 0) -> Any:                               # noqa: A001
    """Rounded to `decimals` places, halves to even; no gradient."""
    return _rint(x) if decimals == 0 else _rint(x * 10**decimals) / 10**decimals


class Arithmetic:
    """The operators and elementwise methods of a tensor."""

    add, sub, mul, div, pow = add, sub, mul, div, pow
    subtract, multiply, divide, true_divide = sub, mul, div, div
    maximum, minimum, clamp, clip, remainder = maximum, minimum, clamp, clamp, remainder
    eq, ne, lt, le, gt, ge = eq, ne, lt, le, gt, ge
    floor, ceil, trunc, round, sign = floor, ceil, trunc, round, sign
    isnan, isinf, isfinite, logical_not = isnan, isinf, isfinite, logical_not
    floor_divide = floor_divide

    __add__ = __radd__ = add
    __mul__ = __rmul__ = mul
    __sub__, __truediv__, __pow__ = sub, div, pow
    __floordiv__, __mod__ = floor_divide, remainder
    __eq__, __ne__, __lt__, __le__, __gt__, __ge__ = eq, ne, lt, le, gt, ge  # type: ignore

    def __rsub__(self, other: Any) -> Any:
        return Sub.apply(other, self)

    def __rtruediv__(self, other: Any) -> Any:
        return Div.apply(other, self)

    def __rpow__(self, other: Any) -> Any:
        return Pow.apply(other, self)

    def __rfloordiv__(self, other: Any) -> Any:
        return _plain(np.floor_divide, other, self)

    def __rmod__(self, other: Any) -> Any:
        return other - self * _plain(np.floor_divide, other, self)

    def __neg__(self) -> Any:
        return Neg.apply(self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return Abs.apply(self)

    def __invert__(self) -> Any:
        return function.Tensor._of(~self.array, self.device)    # type: ignore[attr-defined]

    def __and__(self, other: Any) -> Any:
        return _plain(np.bitwise_and, self, other)

    def __or__(self, other: Any) -> Any:
        return _plain(np.bitwise_or, self, other)

    def __xor__(self, other: Any) -> Any:
        return _plain(np.bitwise_xor, self, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__
    logical_and, logical_or, logical_xor = __and__, __or__, __xor__

    def neg(self) -> Any:
        """-x."""
        return Neg.apply(self)

    def abs(self) -> Any:
        """|x|; the gradient at 0 is 0."""
        return Abs.apply(self)

    def exp(self) -> Any:
        """e to the power of x."""
        return Exp.apply(self)

    def log(self) -> Any:
        """The natural logarithm."""
        return Log.apply(self)

    def log1p(self) -> Any:
        """log(1 + x), exact for small x."""
        return Log1p.apply(self)

    def expm1(self) -> Any:
        """exp(x) - 1, exact for small x."""
        return Expm1.apply(self)

    def sqrt(self) -> Any:
        """The square root."""
        return Sqrt.apply(self)

    def rsqrt(self) -> Any:
        """1 / √x."""
        return 1 / self.sqrt()

    def reciprocal(self) -> Any:
        """1 / x."""
        return Div.apply(1, self)

    def square(self) -> Any:
        """x · x."""
        return Mul.apply(self, self)

    def sin(self) -> Any:
        """The sine of x in radians."""
        return Sin.apply(self)

    def cos(self) -> Any:
        """The cosine of x in radians."""
        return Cos.apply(self)

    def lerp(self, end: Any, weight: Any) -> Any:
        """self + weight · (end - self)."""
        return self + (end - self) * weight

    def where(self, condition: Any, other: Any) -> Any:
        """self where the condition holds, other elsewhere."""
        return where(condition, self, other)

    def masked_fill(self, mask: Any, value: Any) -> Any:
        """A copy with `value` where mask is True; no gradient passes there."""
        return where(~mask, self, value)

    def addcmul(self, x: Any, y: Any, *, value: float = 1) -> Any:
        """self + value · x · y."""
        return self + x * y * value

    def addcdiv(self, x: Any, y: Any, *, value: float = 1) -> Any:
        """self + value · x / y."""
        return self + x / y * value
