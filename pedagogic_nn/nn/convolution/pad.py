"""Padding: an array with something around its edges, one axis after the other.

    y[…, m, …] = x[…, index[m], …]       or `value` where the index is -1

Each mode is a rule for the index.  For an axis of 4 with 3 more at both ends:

    constant    - - - 0 1 2 3 - - -
    replicate   0 0 0 0 1 2 3 3 3 3
    reflect     3 2 1 0 1 2 3 2 1 0
    circular    1 2 3 0 1 2 3 0 1 2

A negative number takes away instead.  The gradient of an element is the sum over the
places where it stands.

Book: nn/convolution.
"""
import operator
from typing import Any

import numpy as np

from ...autograd.checks import check_number, check_tensor
from ...autograd.dtypes import fitting
from ...autograd.function import Primitive
from ...backend import cuda, jit, like, op
from ..windows import LARGEST

OUTSIDE = -1


@op
def pad_axis(x, index, value):
    """x (A, L, B), index (M,), a number → y (A, M, B)."""
    y = np.full((len(x), index.size, x.shape[2]), value, x.dtype)
    inside = index != OUTSIDE
    y[:, inside] = x[:, index[inside]]
    return y


@jit
def _pad_cpu(lo, hi, y, x, index, value):
    for a in range(lo, hi):
        for m in range(index.size):
            k = index[m]
            for b in range(y.shape[2]):
                y[a, m, b] = value if k == OUTSIDE else x[a, k, b]


@cuda.jit
def _pad_cuda(y, x, index, value):
    a, m, b = cuda.grid(3)
    if a < y.shape[0] and m < index.size and b < y.shape[2]:
        k = index[m]
        y[a, m, b] = value if k == OUTSIDE else x[a, k, b]


@pad_axis.kernels(cpu=_pad_cpu, cuda=_pad_cuda)
def _run_pad(run, x, index, value):
    y = like(x, (x.shape[0], index.size, x.shape[2]))
    run(y.shape, y, x, index, x.dtype.type(value))
    return y


@op
def pad_axis_backward(dy, index, length):
    """dy (A, M, B), index (M,), L → dx (A, L, B): the sum of dy over each index."""
    dx = np.zeros((len(dy), length, dy.shape[2]), dy.dtype)
    inside = np.flatnonzero(index != OUTSIDE)
    np.add.at(dx, (slice(None), index[inside]), dy[:, inside])
    return dx


@jit
def _pad_backward_cpu(lo, hi, dx, dy, index):
    for a in range(lo, hi):
        dx[a] = 0
        for m in range(index.size):
            k = index[m]
            if k != OUTSIDE:
                for b in range(dy.shape[2]):
                    dx[a, k, b] += dy[a, m, b]


@cuda.jit
def _pad_backward_cuda(dx, dy, index):
    a, k, b = cuda.grid(3)
    if a < dx.shape[0] and k < dx.shape[1] and b < dx.shape[2]:
        total = dx.dtype.type(0)
        for m in range(index.size):              # the index is short
            if index[m] == k:
                total += dy[a, m, b]
        dx[a, k, b] = total


@pad_axis_backward.kernels(cpu=_pad_backward_cpu, cuda=_pad_backward_cuda)
def _run_pad_backward(run, dy, index, length):
    dx = like(dy, (dy.shape[0], length, dy.shape[2]))
    run(dx.shape, dx, dy, index)
    return dx


class PadFunction(Primitive):
    """Along one axis."""

    @staticmethod
    def forward(ctx, x, axis, index, value):
        ctx.shape, ctx.axis = x.shape, axis
        ctx.index = ctx.device.put(index)
        y = pad_axis(x.reshape(_three(x.shape, axis)), ctx.index, value)
        return y.reshape(*x.shape[:axis], index.size, *x.shape[axis + 1:])

    @staticmethod
    def backward(ctx, dy):
        dx = pad_axis_backward(dy.reshape(_three(dy.shape, ctx.axis)), ctx.index,
                               ctx.shape[ctx.axis])
        return dx.reshape(ctx.shape)


def _three(shape, axis):
    """The axes before, the axis, the axes after it, as one each."""
    return _product(shape[:axis]), shape[axis], _product(shape[axis + 1:])


def _product(numbers):
    product = 1
    for n in numbers:
        product *= n
    return product


# ---- the functional form -------------------------------------------------------------


def pad(input: Any, pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    """Add something around the edges of the last axes, or take it away.

    Args:
        pad: how many before and after, for the last axis, then the last but one, …; a
            negative number takes away.
        mode: 'constant', 'reflect', 'replicate' or 'circular'.
        value: what 'constant' adds, 0 if it is left out.

    Shape:
        input (*, L) → (*, before + L + after).  The modes but 'constant' pad the last one
        of 2 or 3 axes, the last two of 3 or 4, or the last three of 4 or 5.

    Raises:
        TypeError: pad is no sequence of whole numbers, or value no number.
        RuntimeError: there are too many, the mode cannot add so much, or the value does
            not fit into the dtype.
        NotImplementedError: the mode is unknown, or not made for so many axes or bools.

    Example:
        >>> F.pad(torch.tensor([[1.0, 2.0, 3.0]]), (2, 1), mode="reflect")
        tensor([[3., 2., 1., 2., 3., 2.]])
    """
    check_tensor("pad", "input", input)
    pairs = _pairs(pad, input)
    if value is not None:
        check_number("pad", "value", value)
        value = fitting("pad", value, input.array.dtype)
    if mode != "constant":
        _check_mode(mode, value, pairs, input)
    for k, (before, after) in enumerate(pairs):
        axis = input.ndim - 1 - k
        length = input.shape[axis]
        check_room(mode, before, after, length, axis, input)
        if before or after:
            input = PadFunction.apply(input, axis=axis, value=value or 0,
                                      index=places(mode, before, after, length))
    return input if any(map(any, pairs)) else input.clone()


def places(mode: str, before: int, after: int, length: int) -> np.ndarray:
    """Where each element of a padded axis comes from; see the module's docstring."""
    at = np.arange(-before, length + after)
    if mode == "constant":
        return np.where((at >= 0) & (at < length), at, OUTSIDE)
    if mode == "replicate":
        return at.clip(0, length - 1)
    if mode == "circular":                             # around what is not taken away
        first, kept = max(0, -before), _kept(before, after, length)
        return first + (at - first) % max(1, kept)
    period = max(1, 2 * (length - 1))                                # there and back
    return length - 1 - np.abs(at % period - (length - 1))


def _pairs(pad, input):
    """(before, after) for each axis, from the last on."""
    try:
        numbers = [operator.index(n) for n in pad]
    except TypeError:
        raise TypeError("pad: expected a sequence of whole numbers, got "
                        f"{pad!r}") from None
    if len(numbers) % 2 or len(numbers) > 2 * input.ndim:
        raise RuntimeError("pad: expected two numbers for each axis to be padded, at "
                           f"most {2 * input.ndim} for input of shape "
                           f"{tuple(input.shape)}, got {len(numbers)}")
    if any(abs(n) > LARGEST for n in numbers):
        raise RuntimeError(f"pad: at most {LARGEST} can be added to an axis, got {pad!r}")
    return list(zip(numbers[::2], numbers[1::2]))


def _check_mode(mode, value, pairs, input):
    if mode not in ("reflect", "replicate", "circular"):
        raise NotImplementedError("pad: mode must be 'constant', 'reflect', 'replicate' "
                                  f"or 'circular', got {mode!r}")
    if value:
        raise RuntimeError(f"pad: mode {mode!r} takes its numbers from the input; value="
                           f"{value} belongs to mode='constant'")
    if input.array.dtype.kind == "b" and mode != "circular":
        raise NotImplementedError(f"pad: mode {mode!r} is not there for bools (nor in "
                                  "PyTorch); say input.int()")
    if not 1 <= len(pairs) <= 3 or input.ndim - len(pairs) not in (1, 2):
        raise NotImplementedError(
            f"pad: mode {mode!r} pads 1, 2 or 3 axes behind a channel axis and perhaps a "
            f"batch; got {2 * len(pairs)} numbers for input of shape "
            f"{tuple(input.shape)}")
    if 0 in input.shape[1 if input.ndim - len(pairs) == 2 else 0:]:
        raise RuntimeError(f"pad: mode {mode!r} needs numbers to repeat; only the batch "
                           f"may be empty, got shape {tuple(input.shape)}")


def check_room(mode: str, before: int, after: int, length: int, axis: int, input: Any
               ) -> None:
    """The axis is long enough for what the mode adds, and something is left of it.

    Raises:
        RuntimeError: it is not.
    """
    who = f"pad: axis {axis} of input of shape {tuple(input.shape)}"
    kept = _kept(before, after, length)
    most = {"reflect": length - 1, "circular": max(0, kept)}.get(mode)
    if most is not None and max(before, after) > most:
        raise RuntimeError(f"{who} has {length} numbers, of which mode {mode!r} can add "
                           f"{most} at either end, got {(before, after)}")
    if mode == "constant" and kept < 0:
        raise RuntimeError(f"{who} has {length} numbers; {(before, after)} takes more")
    if before + length + after < (mode in ("reflect", "replicate")):
        raise RuntimeError(f"{who} has {length} numbers; {(before, after)} leaves none")


def _kept(before, after, length):
    """How many numbers are left when negative ones have taken theirs away."""
    return length + min(0, before) + min(0, after)
