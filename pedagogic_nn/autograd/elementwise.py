"""Elementwise functions of one tensor: exp, log, sin, abs, clamp, round …"""
from math import erf as exact_erf
from typing import Any

import numpy as np

from ..backend import ONE, ZERO, Op, math, op
from ..backend.device import xp_of
from . import function
from .arithmetic import Div, maximum, minimum
from .checks import check_number, check_tensor
from .dtypes import as_float
from .function import Primitive
from .powers import Power, rsqrt_values, sqrt_values
from .quiet import quiet


@op
def exp_values(x):
    """e to the power of x (*) → (*)."""
    with np.errstate(over="ignore"):
        return np.exp(x)


@exp_values.elementwise
def _exp_one(x):
    return math.exp(x)


@op
def log_values(x):
    """The natural logarithm of x (*) → (*); -inf at 0 and NaN below."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(x)


@log_values.elementwise
def _log_one(x):
    return math.log(x)


@op
def expm1_values(x):
    """e to the power of x, less 1 (*) → (*)."""
    with np.errstate(over="ignore"):
        return np.expm1(x)


@expm1_values.elementwise
def _expm1_one(x):
    return math.expm1(x)


@op
def log1p_values(x):
    """log(1 + x) (*) → (*); -inf at -1 and NaN below."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log1p(x)


@log1p_values.elementwise
def _log1p_one(x):
    return math.log1p(x)


@op
def erf_values(x):
    """The error function of x (*) → (*): 2/√π ∫ exp(-t²) dt from 0 to x."""
    return np.vectorize(exact_erf, [x.dtype.char])(x) if x.size else x.copy()


@erf_values.elementwise
def _erf_one(x):
    return math.erf(x)


@op
def clamp_between(x, low, high):
    """x (*), two numbers → x held between them (*); NaN stays NaN."""
    return np.clip(x, low, high)


@clamp_between.elementwise(arrays=1)
def _clamp_one(x, low, high):
    x = low if x < low else x
    return high if x > high else x


@op
def where_between(x, dy, low, high):
    """x, dy (*), two numbers → dy where x lies between them, bounds included, else 0
    (*)."""
    return np.where((x >= low) & (x <= high), dy, dy.dtype.type(0))


@where_between.elementwise(arrays=2)
def _between_one(x, dy, low, high):
    return math.where(x >= low, math.where(x <= high, dy, ZERO), ZERO)


@op
def sign_values(x):
    """x (*) → -1, 0 or 1 (*); 0 for NaN, as in PyTorch."""
    return (x > 0).astype(x.dtype) - (x < 0)


@sign_values.elementwise
def _sign_one(x):
    return math.where(x > ZERO, ONE, math.where(x < ZERO, -ONE, ZERO))


# ---- functions with a slope everywhere they are defined ------------------------------


class _Unary(Primitive):
    """An elementwise function; integers become real numbers first.

    Subclasses give `compute`, and `slope`: the derivative as a function of x, or of the
    result y where that is easier.  `keep` says which; the other one may be changed in
    place.
    """

    @classmethod
    def forward(cls, ctx, x):
        if x.dtype.kind != "f":
            x = as_float(x)
        # Kernels are quiet by themselves.
        y = cls.compute(x) if type(cls.compute) is Op else quiet(cls.compute, x)
        ctx.saved = (x if cls.keep == "x" else y,)
        return y

    @classmethod
    def backward(cls, ctx, g):
        return g * cls.slope(ctx.saved[0])


def _unary(name: str, compute: Any, slope: Any, doc: str, keep: str = "x") -> Any:
    """A function of a tensor, from a function of arrays and its derivative."""
    operation: Any = type(name.capitalize(), (_Unary,), {
        "compute": staticmethod(compute), "slope": staticmethod(slope), "keep": keep})

    def apply(x: Any) -> Any:
        return operation.apply(x)
    apply.__name__, apply.__qualname__, apply.__doc__ = name, name, doc
    return apply


INFINITY = float("inf")
LN2, LN10 = float(np.log(2)), float(np.log(10))
TWO_OVER_ROOT_PI = float(2 / np.sqrt(np.pi))

exp = _unary("exp", exp_values, lambda y: y, "e to the power of x.", "y")
exp2 = _unary("exp2", np.exp2, lambda y: y * LN2, "2 to the power of x.", "y")
expm1 = _unary("expm1", expm1_values, lambda y: y + 1, "exp(x) - 1, exact for small x.",
               "y")
log = _unary("log", log_values, lambda x: 1 / x, "The natural logarithm.")
log2 = _unary("log2", np.log2, lambda x: 1 / (x * LN2), "The logarithm to base 2.")
log10 = _unary("log10", np.log10, lambda x: 1 / (x * LN10),
               "The logarithm to base 10.")
log1p = _unary("log1p", log1p_values, lambda x: 1 / (1 + x),
               "log(1 + x), exact for small x.")
sqrt = _unary("sqrt", sqrt_values, lambda y: 1 / (y + y), "The square root.", "y")
rsqrt = _unary("rsqrt", rsqrt_values, lambda y: y * y * y * -0.5, "1 / √x.", "y")
sin = _unary("sin", np.sin, np.cos, "The sine of x in radians.")
cos = _unary("cos", np.cos, lambda x: -np.sin(x), "The cosine of x in radians.")
tan = _unary("tan", np.tan, lambda y: 1 + y * y, "The tangent of x in radians.", "y")
asin = _unary("asin", np.arcsin, lambda x: 1 / np.sqrt(1 - x * x),
              "The angle, in radians, whose sine is x.")
acos = _unary("acos", np.arccos, lambda x: -1 / np.sqrt(1 - x * x),
              "The angle, in radians, whose cosine is x.")
atan = _unary("atan", np.arctan, lambda x: 1 / (1 + x * x),
              "The angle, in radians, whose tangent is x.")
sinh = _unary("sinh", np.sinh, np.cosh, "The hyperbolic sine.")
cosh = _unary("cosh", np.cosh, np.sinh, "The hyperbolic cosine.")
asinh = _unary("asinh", np.arcsinh, lambda x: 1 / np.sqrt(x * x + 1),
               "The number whose hyperbolic sine is x.")
acosh = _unary("acosh", np.arccosh, lambda x: 1 / np.sqrt(x * x - 1),
               "The number whose hyperbolic cosine is x.")
atanh = _unary("atanh", np.arctanh, lambda x: 1 / (1 - x * x),
               "The number whose hyperbolic tangent is x.")
erf = _unary("erf", erf_values, lambda x: np.exp(-x * x) * TWO_OVER_ROOT_PI,
             "The error function, 2/√π times the integral of exp(-t²) from 0 to x.")


# ---- functions with corners ----------------------------------------------------------


class Neg(Primitive):
    @staticmethod
    def forward(ctx, x):
        if x.dtype.kind == "b":
            raise RuntimeError("neg: a bool tensor has no negative; use ~x to invert it")
        return -x

    @staticmethod
    def backward(ctx, g):
        return -g


class Abs(Primitive):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return abs(x)

    @staticmethod
    def backward(ctx, g):
        return g * _sign(ctx.saved[0])


def _sign(x):
    """-1, 0 or 1; 0 for NaN, as in PyTorch."""
    if x.dtype.kind == "f":
        return sign_values(x)
    return x.copy() if x.dtype.kind == "b" else np.sign(x)


class Clamp(Primitive):
    """x held between two numbers; the gradient passes where x is between them (bounds
    included)."""

    @staticmethod
    def forward(ctx, x, low, high):
        if x.dtype.kind != "f":
            if not isinstance(low, float) and not isinstance(high, float):
                return np.clip(x, low, high)
            x = as_float(x)
        if low != low or high != high:                   # a NaN bounds nothing
            return x * np.nan
        low = -INFINITY if low is None else low
        high = INFINITY if high is None else high
        ctx.saved, ctx.bounds = (x,), (low, high)
        return clamp_between(x, low, high)

    @staticmethod
    def backward(ctx, g):
        if not ctx.saved:
            return xp_of(g).zeros_like(g)
        return where_between(*ctx.saved, g, *ctx.bounds)


class Step(Primitive):
    """A function made of steps: rounding, the sign.  Its slope is 0."""

    @staticmethod
    def forward(ctx, x, compute):
        return compute(x)

    @staticmethod
    def backward(ctx, g):
        return xp_of(g).zeros_like(g)


class NanToNum(Primitive):
    """x with numbers in the place of NaN and the infinities; no gradient passes
    there."""

    @staticmethod
    def forward(ctx, x, nan, posinf, neginf):
        ctx.save_for_backward(x)
        return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)

    @staticmethod
    def backward(ctx, g):
        return g * np.isfinite(ctx.saved[0])


def _step(name: str, compute: Any, doc: str) -> Any:
    """A rounding function; whole numbers are rounded already."""
    def stepped(x: Any) -> Any:
        if x.dtype.kind != "f" and name != "sign":
            return x.clone()
        return Step.apply(x, compute=compute)
    stepped.__name__, stepped.__qualname__, stepped.__doc__ = name, name, doc
    return stepped


def _question(name: str, doc: str) -> Any:
    def answered(x: Any) -> Any:
        return function.Tensor._of(getattr(np, name)(x.array), x.device)
    answered.__name__, answered.__qualname__, answered.__doc__ = name, name, doc
    return answered


floor = _step("floor", np.floor, "The next whole number below.")
ceil = _step("ceil", np.ceil, "The next whole number above.")
trunc = _step("trunc", np.trunc, "The whole number towards zero.")
sign = _step("sign", _sign, "-1, 0 or 1.")
_rint = _step("round", np.rint, "The nearest whole number, halves to even.")
isnan = _question("isnan", "Which elements are not a number.")
isinf = _question("isinf", "Which elements are infinite.")
isfinite = _question("isfinite", "Which elements are neither infinite nor NaN.")
logical_not = _question("logical_not", "Which elements are zero or False.")


def round(x: Any, decimals: int = 0) -> Any:
    """Rounded to `decimals` places, halves to even."""
    return _rint(x) if decimals == 0 else _rint(x * 10.0**decimals) / 10.0**decimals


def frac(x: Any) -> Any:
    """What is left of x after `trunc`."""
    return x - trunc(x)


def neg(x: Any) -> Any:
    """-x."""
    return Neg.apply(x)


def absolute(x: Any) -> Any:
    """|x|; the gradient at 0 is 0."""
    return Abs.apply(x)


def reciprocal(x: Any) -> Any:
    """1 / x."""
    return Div.apply(1, x)


def square(x: Any) -> Any:
    """x · x."""
    return Power.apply(x, p=2) if x.dtype.kind == "f" else x * x


def clamp(x: Any, min: Any = None, max: Any = None) -> Any:
    """x held between min and max: numbers, tensors, or None for no bound.

    Raises:
        RuntimeError: neither bound was given.
        TypeError: x is no tensor, or a bound neither a number nor a tensor.
    """
    if min is None and max is None:
        raise RuntimeError("clamp: give min, max, or both")
    check_tensor("clamp", "input", x)
    for name, bound in (("min", min), ("max", max)):
        if not (bound is None or type(bound) in (int, float)
                or isinstance(bound, function.Tensor)):
            check_number("clamp", name, bound)
    if isinstance(min, function.Tensor) or isinstance(max, function.Tensor):
        x = x if min is None else maximum(x, min)
        return x if max is None else minimum(x, max)
    return Clamp.apply(x, low=min, high=max)


def nan_to_num(x: Any, nan: float = 0.0, posinf: float | None = None,
               neginf: float | None = None) -> Any:
    """x with numbers in the place of NaN and of the infinities (None: the largest)."""
    return NanToNum.apply(x, nan=nan, posinf=posinf, neginf=neginf)


class Elementwise:
    """The elementwise methods of a tensor."""

    exp, exp2, expm1, log, log2, log10, log1p = exp, exp2, expm1, log, log2, log10, log1p
    sqrt, rsqrt, reciprocal, square = sqrt, rsqrt, reciprocal, square
    sin, cos, tan, sinh, cosh = sin, cos, tan, sinh, cosh
    asin, acos, atan, asinh, acosh, atanh = asin, acos, atan, asinh, acosh, atanh
    arcsin, arccos, arctan = asin, acos, atan
    abs, absolute, neg, negative = absolute, absolute, neg, neg
    __abs__, __neg__ = absolute, neg
    clamp, clip, nan_to_num, erf = clamp, clamp, nan_to_num, erf
    floor, ceil, trunc, fix, round, frac = floor, ceil, trunc, trunc, round, frac
    sign, sgn = sign, sign
    isnan, isinf, isfinite, logical_not = isnan, isinf, isfinite, logical_not

    def __pos__(self) -> Any:
        return self

    def __invert__(self) -> Any:
        """Every bit flipped; of bools, not."""
        array, device = self.array, self.device           # type: ignore[attr-defined]
        if array.dtype.kind == "f":
            raise TypeError(f"~ inverts bools and whole numbers, this tensor is "
                            f"{array.dtype}")
        return function.Tensor._of(~array, device)

    bitwise_not = __invert__

    def clamp_min(self, min: Any) -> Any:
        """x, but at least min."""
        return clamp(self, min=min)

    def clamp_max(self, max: Any) -> Any:
        """x, but at most max."""
        return clamp(self, max=max)
