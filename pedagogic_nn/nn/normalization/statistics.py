"""What all normalizations share: mean and variance in one pass, and one row brought to
mean 0 and variance 1.

E(x²) - E(x)² loses every digit when the mean is large: for numbers near 10 000 both terms
are near 10⁸, and a float32 there is exact to 8.  So each block of numbers gives its sum
and its spread Σ (x - m)² around its own mean m, and two blocks meet by

    Σ = Σ_a + Σ_b
    S = S_a + S_b + (m_b - m_a)² n_a n_b / (n_a + n_b)

A block is read twice, but the second time from the cache.

Source: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing
sample variances", 1979.
"""
from math import prod
from typing import Any

import numpy as np

from ...backend import ONE, jit, like
from ...backend.device import xp_of

BLOCK = 1024            # numbers: 4 KiB of float32, which stay in the fastest cache
_HALF = np.dtype(np.float16)


@jit(reassociate=True, forceinline=True)    # a call costs a tenth of a row of 64
def moments(block):
    """m, Σ (x - m) and Σ (x - m)² of a block (L,): m is the mean but for its rounding,
    and the second sum is L times what rounding lost."""
    total = rest = squares = block.dtype.type(0)
    for j in range(block.size):
        total += block[j]
    mean = total / block.dtype.type(block.size)
    for j in range(block.size):
        d = block[j] - mean
        rest += d
        squares += d * d
    if rest != rest:                     # infinity less infinity
        rest = block.dtype.type(0)
    return mean, rest, squares


@jit
def add_row(row, count, total, spread):
    """(count, Σ x, Σ (x - mean)²) of the numbers so far, and a row (L,) → all of them."""
    for start in range(0, row.size, BLOCK):
        block = row[start:start + BLOCK]
        n = block.size
        mean, rest, squares = moments(block)
        block_total = n * np.float64(mean) + rest
        spread += squares - rest * np.float64(rest) / n
        if count:
            shift = block_total / n - total / count
            spread += shift * shift * (count * (n / (count + n)))
        total += block_total
        count += n
    return count, total, spread


@jit(reassociate=True, forceinline=True)
def mean_and_variance(row):
    """Those of a row (L,).  One of a single block does without the wider numbers, and
    without a look at infinities (its mean is NaN then): half of the time for 64 features.
    """
    if row.size > BLOCK:
        count, total, spread = add_row(row, 0, 0.0, 0.0)
        return row.dtype.type(total / count), row.dtype.type(spread / count)
    each = ONE / row.dtype.type(row.size)
    total = rest = squares = row.dtype.type(0)
    for j in range(row.size):
        total += row[j]
    mean = total * each
    for j in range(row.size):
        d = row[j] - mean
        rest += d
        squares += d * d
    return mean + rest * each, (squares - rest * rest * each) * each


@jit
def scale_row(y, x, mean, scale, shift):
    """y = (x - mean) · scale + shift for a row (L,) and three numbers."""
    for j in range(x.size):
        y[j] = (x[j] - mean) * scale + shift


@jit(forceinline=True)                      # a call takes as long as a row of 64
def scale_elements(y, x, mean, scale, shift):
    """The same with a number for each element: five rows (L,)."""
    for j in range(x.size):
        y[j] = (x[j] - mean[j]) * scale[j] + shift[j]


@jit(reassociate=True)
def sums_of_row(dy, x, mean):
    """Σ dy and Σ dy (x - mean) of a row."""
    a = b = x.dtype.type(0)
    for j in range(x.size):
        a += dy[j]
        b += dy[j] * (x[j] - mean)
    return a, b


@jit
def slope_row(dx, dy, x, mean, scale, shift, slope):
    """dx = dy · scale - shift - (x - mean) · slope for a row (L,) and four numbers."""
    for j in range(x.size):
        dx[j] = dy[j] * scale - shift - (x[j] - mean) * slope


def totals(a: Any, C: int) -> Any:
    """a, C-order and seen as (B, C, L), on the CPU → its sums (C,) over the other axes,
    added up in float64."""
    sums, B = like(a, (C,)), len(a)
    _add_up(sums, a.reshape(B, C, a.size // max(B * C, 1)))
    return sums


@jit
def _add_up(sums, a):
    for c in range(sums.size):
        total = 0.0
        for b in range(a.shape[0]):
            for k in range(a.shape[2]):
                total += a[b, c, k]
        sums[c] = total


def wide(x: Any) -> Any:
    """`x` as the kernels compute with it: half precision becomes float32."""
    return x.astype(np.float32) if x.dtype == _HALF else x


def vector(x: Any, given: Any, size: int, default: int) -> Any:
    """A weight or a bias as the kernels read it: (size,), of one number if left out."""
    if given is None:
        return xp_of(x).full(size, default, x.dtype)
    return wide(given).reshape(size)


def as_planes(x: Any) -> Any:
    """x (N, C, *) as (N, C, L)."""
    return x if x.ndim == 3 else x.reshape(*x.shape[:2], prod(x.shape[2:]))


def gradients(ctx: Any, inputs: tuple, found: tuple) -> tuple:
    """What backward found, in the shapes and dtypes of the inputs; None for what nobody
    wants."""
    return tuple([_like_input(gradient, a) if wanted else None
                  for gradient, a, wanted in zip(found, inputs, ctx.needs_input_grad)])


def _like_input(gradient, a):
    if gradient.shape != a.shape:
        gradient = gradient.reshape(a.shape)
    return gradient if gradient.dtype == a.dtype else gradient.astype(a.dtype)


def check_parameters(who: str, input: Any, channels: int, **vectors: Any) -> None:
    """Parameters and buffers must have one element for each channel and the dtype of the
    input; half precision may meet float32.

    Raises:
        RuntimeError: a shape or dtype does not fit, or the input holds whole numbers.
    """
    dtype = input.array.dtype
    if dtype.kind != "f":
        raise RuntimeError(f"{who}: expected floating-point input, got {dtype}; "
                           "say input.float()")
    for name, given in vectors.items():
        if given is None:
            continue
        a = given.array
        if a.shape != (channels,):
            raise RuntimeError(f"{who}: {name} must have one element for each of the "
                               f"{channels} channels, got shape {a.shape}")
        if a.dtype is not dtype:
            check_dtype(who, dtype, name, a.dtype)


def check_count(who: str, name: str, value: Any) -> None:
    """A number of channels must be a whole number from 0 on.

    Raises:
        TypeError: it is no whole number.
        RuntimeError: it is negative (the type is PyTorch's).
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{who}: {name} must be a whole number, got {value!r}")
    if value < 0:
        raise RuntimeError(f"{who}: {name} must not be negative, got {value}")


def check_dtype(who: str, dtype: Any, name: str, other: Any) -> None:
    """Input and parameter share their dtype, or are half precision and float32."""
    if other != dtype and not (dtype == _HALF and other == np.float32):
        raise RuntimeError(f"{who}: input is {dtype} and {name} is {other}; convert one, "
                           f"for example input.to({other})")
