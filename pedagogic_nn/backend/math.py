"""exp, log, tanh, erf and others for kernels: vector lanes on a CPU, its own on a GPU.

`math.exp` in a compiled loop calls the C library once per number: 3 ns each, and no
vector lanes.  The functions here hold no call and no branch, only sums, products and
operations on bits, so LLVM runs 4, 8 or 16 of them at once.

    exp      x = n ln 2 + r with |r| <= ln 2 / 2, so e^x = 2^n e^r.  2^n is written into
             the exponent bits of a floating-point number; e^r is its Taylor series, which
             converges fast on so short an interval.
    log      x = 2^k m with m between √½ and √2, both read from the bits of x, so
             log x = k ln 2 + log m.  With s = (m - 1) / (m + 1),
             log m = 2 artanh s = 2 (s + s³/3 + s⁵/5 + …).
    expm1    e^x - 1 = 2^n (e^r - 1) + (2^n - 1): no digits are lost where x is small.
    tanh     -t / (t + 2) with t = e^(-2|x|) - 1, then the sign of x.
    erf      1 - e^(-|x| g(|x|)), then the sign of x.  A polynomial in the place of erf
             would have to bend to its flat ends; g is nearly a straight line.
    sigmoid  1 / (1 + e^-x), computed from e^-|x|, which cannot overflow.

One name is three functions.  Python calls NumPy's; compiled code gets the one that
`overload` names for its target:

    exp(x) ─┬─ Python, CUDA simulator:  np.exp
            ├─ compiled for the CPU:    the polynomial below
            └─ compiled for a GPU:      math.exp, a few instructions there

Largest error measured, in units in the last place (tests/backend/test_math.py):

               exp    expm1  log    log1p  tanh   erf    sigmoid  log1p_exp_neg_abs
    float32    1.0    1.6    0.8    0.8    2.5    2.6    2.1      2.6
    float64    1.0    1.8    0.8    0.8    2.5    2.0    2.4      2.6

Sources: Cody and Waite, "Software Manual for the Elementary Functions" (1980): exp with
ln 2 in two parts.  Sun's fdlibm (1993), e_log.c, s_log1p.c: the order of the last sums
in log.
"""
import math
from functools import cache
from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload, register_jitable

from .jit import jit
from .op import HALF, ONE, TWO, ZERO

# ── Pieces of one instruction each ────────────────────────────────────────────────────

@intrinsic
def _bits(typing, x):
    """The bits of a floating-point number, as a signed integer of the same width."""
    integer = types.int32 if x == types.float32 else types.int64

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], context.get_value_type(integer))

    return integer(x), generate


@intrinsic
def _from_bits(typing, i):
    """The floating-point number with these bits."""
    real = types.float32 if i == types.int32 else types.float64

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], context.get_value_type(real))

    return real(i), generate


@intrinsic
def _select(typing, condition, a, b):
    """`a if condition else b`, both computed, so that each lane can choose its own."""
    common = typing.unify_types(a, b)

    def generate(context, builder, signature, arguments):
        return builder.select(*arguments)

    return common(types.boolean, common, common), generate


def _binary(name):
    """LLVM's function `name` of two floating-point numbers."""
    @intrinsic
    def call(typing, a, b):
        common = typing.unify_types(a, b)

        def generate(context, builder, signature, arguments):
            real = arguments[0].type
            function = builder.module.declare_intrinsic(
                name, [real], ir.FunctionType(real, [real, real]))
            return builder.call(function, arguments)

        return common(common, common), generate

    return call


_copy_sign = _binary("llvm.copysign")
_maximum = _binary("llvm.maximum")


def _polynomial(*coefficients):
    """x ↦ c0 + x (c1 + x (c2 + …)): Horner's rule, a multiply-add per coefficient."""
    @intrinsic
    def evaluate(typing, x):
        def generate(context, builder, signature, arguments):
            (x,) = arguments
            *others, total = (ir.Constant(x.type, float(c)) for c in coefficients)
            for c in reversed(others):
                product = builder.fmul(total, x, flags=["contract"])
                total = builder.fadd(product, c, flags=["contract"])
            return total

        return x(x), generate

    return evaluate


# ── What differs between float32 and float64 ──────────────────────────────────────────

class _Format(NamedTuple):
    """Constants of a floating-point format, in its own type or as its bits."""

    mantissa: int
    magic: np.floating
    magic_bits: np.integer
    one_bits: np.integer
    sqrt_half_bits: np.integer
    log2_e: np.floating
    ln2_high: np.floating
    ln2_low: np.floating
    highest: np.floating
    lowest: np.floating
    saturated: np.floating
    smallest_normal: np.floating
    lift: np.floating
    lift_exponent: np.floating
    zero: np.floating
    infinity: np.floating
    nan: np.floating


def _format(real, integer, mantissa, ln2_high, ln2_low, highest, lowest):
    # 1.5 · 2^mantissa: a small number plus this has no bits left for a fraction.  The sum
    # is rounded to an integer, which then stands in its lowest bits.
    magic = real(1.5 * 2.0**mantissa)
    return _Format(
        mantissa=mantissa, magic=magic, magic_bits=magic.view(integer),
        one_bits=real(1).view(integer), sqrt_half_bits=real(math.sqrt(0.5)).view(integer),
        log2_e=real(1 / math.log(2)), ln2_high=real(ln2_high), ln2_low=real(ln2_low),
        highest=real(highest), lowest=real(lowest), saturated=real(-2 * mantissa),
        smallest_normal=np.finfo(real).smallest_normal,
        lift=real(2.0**(mantissa + 2)), lift_exponent=real(mantissa + 2),
        zero=real(0), infinity=real(np.inf), nan=real(np.nan))


# ln 2 = high + low; `high` ends in zeros, so that n · high is exact (Cody and Waite).
# e^x is infinite above `highest`, and below `lowest` less than half the smallest number.
_FLOAT32 = _format(np.float32, np.int32, 23, 0.693359375, -2.1219444005469e-4, 89, -104)
_FLOAT64 = _format(np.float64, np.int64, 52, float.fromhex("0x1.62e42feep-1"),
                   1.90821492938517e-10, 710, -746)


# The caller's 'reassoc' would turn (x + magic) - magic into x, so these flags replace it.
# LLVM would call a long function instead of inlining it, and calls have no lanes.
_FLAGS = {"fastmath": {"contract"}, "error_model": "numpy", "forceinline": True}


def _cpu(function):
    """Give compiled CPU code `build(format)` where it calls `function`."""
    def register(build):
        def choose(x):
            if not isinstance(x, types.Float):
                return lambda x: function(float(x))      # integers as float64
            return build(_FLOAT32 if x == types.float32 else _FLOAT64)

        overload(function, target="cpu", jit_options=_FLAGS)(choose)
        return build

    return register


def _numpy(function, *x):
    """`function` without NumPy's warnings: compiled code does not warn either."""
    with np.errstate(all="ignore"):
        return function(*x)


# ── exp, tanh, sigmoid ────────────────────────────────────────────────────────────────

@cache                                          # one function, compiled once, for all
def _reduced_exp(f):
    """x ↦ (e^r - 1, t), where x = n ln 2 + r and t = n + magic."""
    # r⁸/8! and r¹⁴/14! are below a tenth of the last place.
    terms = 8 if f is _FLOAT32 else 14
    tail = _polynomial(*(1 / math.factorial(k) for k in range(2, terms)))

    @register_jitable
    def reduced_exp(x):
        t = x * f.log2_e + f.magic
        n = t - f.magic
        r = (x - n * f.ln2_high) - n * f.ln2_low
        return r * r * tail(r) + r, t

    return reduced_exp


@cache
def _power_of_two(f):
    """t = n + magic ↦ 2^n, for 2^n a normal number."""
    integer = type(f.one_bits)

    @register_jitable
    def power_of_two(t):                         # the shift drops all bits but those of n
        return _from_bits(integer(integer(_bits(t) << f.mantissa) + f.one_bits))

    return power_of_two


def exp(x):
    """e^x.  0 at -inf, inf above 88.7 (float32) or 709.8 (float64)."""
    return _numpy(np.exp, x)


@_cpu(exp)
def _(f):
    reduced_exp, power_of_two = _reduced_exp(f), _power_of_two(f)

    def exp(x):
        x = where(x > f.highest, f.highest, x)
        x = where(x < f.lowest, f.lowest, x)
        y, t = reduced_exp(x)
        # 2^n in two factors: n runs beyond the normal exponents, to 0 and to infinity.
        half = (t - f.magic) * HALF + f.magic
        rest = (t - f.magic) - (half - f.magic) + f.magic
        return (y + ONE) * power_of_two(half) * power_of_two(rest)

    return exp


@cache
def _half_expm1(f):
    """x ↦ (e^x - 1) / 2 without cancellation; half, because 2^n alone may overflow."""
    reduced_exp, power_of_two = _reduced_exp(f), _power_of_two(f)

    @register_jitable
    def half_expm1(x):
        y, t = reduced_exp(where(x < f.saturated, f.saturated, x))
        half = power_of_two(t - ONE)
        return y * half + (half - HALF)

    return half_expm1


def expm1(x):
    """e^x - 1, exact for small x too.  Keeps the sign of zero."""
    return _numpy(np.expm1, x)


@_cpu(expm1)
def _(f):
    half_expm1 = _half_expm1(f)

    def expm1(x):
        return _copy_sign(TWO * half_expm1(where(x > f.highest, f.highest, x)), x)

    return expm1


def tanh(x):
    """(e^x - e^-x) / (e^x + e^-x).  Keeps the sign of zero."""
    return _numpy(np.tanh, x)


@_cpu(tanh)
def _(f):
    half_expm1 = _half_expm1(f)

    def tanh(x):
        t = half_expm1(-TWO * abs(x))
        return _copy_sign(t / (t + ONE), x)

    return tanh


# -log(1 - erf x) / x for 0 <= x <= `end`, where erf x has become 1.  Fitted by weighted
# least squares in 60 digits; the weights make the largest relative error of erf small.
_ERF32 = (
    1.128379172, 0.636619382, 0.1027778296, -0.01915305989, -0.000160404276,
    0.001667036371, -0.0006328420838, 0.0001176428313, -9.25644985e-6)
_ERF64 = (
    1.128379167095512548, 0.636619772367591131, 0.1027726033013065313,
    -0.01912844699290281074, -0.0002091948561163490201, 0.001696207685318138077,
    -0.000590132503288166148, 2.590474551266490247e-5, 6.441986341505924421e-5,
    -2.957452667435679684e-5, 3.168020894689160769e-6, 3.134831783014365707e-6,
    -2.038861461136172011e-6, 5.718224028467208348e-7, -1.238274596045343019e-8,
    -6.542896113496071152e-8, 3.44757379727196827e-8, -1.074259869199354962e-8,
    2.35379164927341591e-9, -3.749561929014121225e-10, 4.288251392626951243e-11,
    -3.353022915665651663e-12, 1.609037437576842742e-13, -3.578275506663201409e-15)


def erf(x):
    """2/√π times the integral of e^(-t²) from 0 to x.  Keeps the sign of zero."""
    return type(x)(math.erf(x))                                       # NumPy has no erf


@_cpu(erf)
def _(f):
    half_expm1 = _half_expm1(f)
    g = _polynomial(*(_ERF32 if f is _FLOAT32 else _ERF64))
    end = type(f.zero)(4 if f is _FLOAT32 else 6)

    def erf(x):
        z = abs(x)
        z = where(z > end, end, z)
        return _copy_sign(TWO * half_expm1(-z * g(z)), x)

    return erf


def sigmoid(x):
    """1 / (1 + e^-x)."""
    return _numpy(lambda x: np.exp(np.minimum(x, ZERO)) / (ONE + np.exp(-np.abs(x))), x)


def _sigmoid(x):
    e = exp(-abs(x))                     # at most 1, where e^-x would overflow
    return where(x < ZERO, e, ONE) / (ONE + e)


_cpu(sigmoid)(lambda f: _sigmoid)


# ── log, log1p ────────────────────────────────────────────────────────────────────────

@cache
def _positive_log(f):
    """(x, correction) ↦ log x + correction for finite x > 0 and a correction near 0."""
    integer = type(f.one_bits)
    # s¹⁰/11 and s²²/23 (s <= 0.172) are below a tenth of the last place.
    tail = _polynomial(*(2 / (2 * k + 1) for k in range(1, 5 if f is _FLOAT32 else 11)))

    @register_jitable
    def positive_log(x, correction):
        tiny = x < f.smallest_normal             # has no exponent of its own to read
        b = _bits(where(tiny, x * f.lift, x))
        exponent = integer(integer(b - f.sqrt_half_bits) >> f.mantissa)
        m = _from_bits(integer(b - integer(exponent << f.mantissa)))
        k = _from_bits(integer(exponent + f.magic_bits)) - f.magic
        k = k - where(tiny, f.lift_exponent, f.zero)
        # log(1 + d) = d - (d²/2 - s (d²/2 + tail)): d is exact, and the rest is small.
        d = m - ONE
        h = HALF * d * d
        s = d / (TWO + d)
        w = s * s
        small = s * (h + w * tail(w)) + (k * f.ln2_low + correction)
        return k * f.ln2_high - ((h - small) - d)

    return positive_log


def log(x):
    """Natural logarithm: -inf at 0, NaN below."""
    return _numpy(np.log, x)


@_cpu(log)
def _(f):
    positive_log = _positive_log(f)

    def log(x):
        y = where(x < f.infinity, positive_log(x, f.zero), x)        # inf and NaN stay
        return where(x > f.zero, y, where(x == f.zero, -f.infinity, f.nan))

    return log


def log1p(x):
    """log(1 + x), exact for small x too: log1p(1e-30) = 1e-30."""
    return _numpy(np.log1p, x)


@_cpu(log1p)
def _(f):
    positive_log = _positive_log(f)

    def log1p(x):
        u = ONE + x
        # 1 + x was rounded to u; the first-order correction is what the sum lost, over u.
        lost = where(x < ONE, x - (u - ONE), ONE - (u - x))
        y = where(x < f.infinity, positive_log(u, lost / u), x)
        y = where(x == f.zero, x, y)             # keeps the sign of zero
        return where(u > f.zero, y, where(u == f.zero, -f.infinity, f.nan))

    return log1p


def log1p_exp_neg_abs(x):
    """log(1 + e^-|x|), in [0, log 2]: softplus(x) = max(x, 0) + log(1 + e^-|x|)."""
    return _numpy(lambda x: np.log1p(np.exp(-np.abs(x))), x)


@_cpu(log1p_exp_neg_abs)
def _(f):
    # e = e^-|x| <= 1, so s = e / (2 + e) <= 1/3 needs no reduction, only a longer series.
    tail = _polynomial(*(2 / (2 * k + 1) for k in range(1, 8 if f is _FLOAT32 else 17)))

    def log1p_exp_neg_abs(x):
        e = exp(-abs(x))
        s = e / (TWO + e)
        w = s * s
        return TWO * s + s * (w * tail(w))

    return log1p_exp_neg_abs


# ── sqrt, choices and maxima ──────────────────────────────────────────────────────────

def sqrt(x):
    """The square root; NaN below 0."""
    return _numpy(np.sqrt, x)


_cpu(sqrt)(lambda f: lambda x: math.sqrt(x))     # one instruction, which has vector lanes


def where(condition, a, b):
    """`a if condition else b` for numbers, with both computed: vectors need no branch.

    Use it for a choice between numbers.  Where one side must not run, write `if`.
    """
    return a if condition else b


@overload(where, target="cpu")
def _(condition, a, b):
    return lambda condition, a, b: _select(condition, a, b)


def maximum(a, b):
    """The larger of two numbers; NaN if either is (`max` forgets it on one side)."""
    return _numpy(np.maximum, a, b)


@overload(maximum, target="cpu")
def _(a, b):
    return lambda a, b: _maximum(a, b)


@jit
def row_max(row):
    """row (N,) → its largest number; NaN if it holds one, -inf if it is empty."""
    largest = row.dtype.type(-np.inf)
    for j in range(row.size):
        largest = maximum(largest, row[j])
    return largest


# ── On a GPU ──────────────────────────────────────────────────────────────────────────

def _gpu(function, body):
    """Give compiled GPU code `body` where it calls `function`."""
    overload(function, target="cuda")(lambda x: body)


_gpu(exp, lambda x: math.exp(x))
_gpu(expm1, lambda x: math.expm1(x))
_gpu(erf, lambda x: math.erf(x))
_gpu(log, lambda x: math.log(x))
_gpu(log1p, lambda x: math.log1p(x))
_gpu(tanh, lambda x: math.tanh(x))
_gpu(sqrt, lambda x: math.sqrt(x))
_gpu(sigmoid, _sigmoid)
_gpu(log1p_exp_neg_abs, lambda x: log1p(exp(-abs(x))))


@overload(where, target="cuda")
def _(condition, a, b):
    return lambda condition, a, b: a if condition else b


@overload(maximum, target="cuda")
def _(a, b):
    return lambda a, b: a if a > b or a != a else b
