"""Dropout: in training, numbers vanish by chance and the others grow.

    y  = x / (1 - p)  with probability 1 - p,  else 0
    dx = dy / (1 - p) where x was kept,        else 0

so that the expected value of y is x.  In evaluation y = x.

No mask is stored.  Number k is kept if a hash of k and of two random words exceeds
p · 2³²; backward hashes again and finds the same answer.  The hash sees nothing but k,
so neither the number of threads nor the device changes what vanishes.

Dropout1d and Dropout2d decide once for each channel.

Book: nn/dropout.
"""
import warnings
from math import prod
from typing import Any

import numpy as np

from ...autograd.checks import check_tensor
from ...autograd.function import Primitive
from ...backend import cuda, jit, like, math, op, random
from ..module import Module

# ---- chance: a hash of the place -----------------------------------------------------
# MurmurHash3's finaliser (Austin Appleby): every bit of h reaches every bit of what
# comes out.

A, B = np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35)


@jit(forceinline=True)
def mix(h):
    h = np.uint32((h ^ (h >> np.uint32(16))) * A)
    h = np.uint32((h ^ (h >> np.uint32(13))) * B)
    return np.uint32(h ^ (h >> np.uint32(16)))


@jit(forceinline=True)
def is_kept(k, first, second, threshold):
    """Whether decision k is to keep.  Two random words: with one, all calls would use
    the same sequence, only shifted.  (k counts modulo 2³².)"""
    return mix(np.uint32(mix(np.uint32(np.uint32(k) + first)) ^ second)) >= threshold


@jit(forceinline=True)
def drop_one(x, kept, scale, shift, shift_dropped):
    """x · scale + shift, or x · 0 + shift_dropped: infinity does not vanish."""
    return x * math.where(kept, scale, scale - scale) + math.where(
        kept, shift, shift_dropped)


# ---- all numbers ---------------------------------------------------------------------


@op
def drop(x, each, first, second, threshold, scale, shift, shift_dropped):
    """x (*) and numbers → y (*): x · scale + shift where kept, else shift_dropped.

    Neighbours share a decision, `each` of them; the flat x is cut into such parts.
    """
    k = np.repeat(np.arange(x.size // each, dtype=np.uint32), each).reshape(x.shape)
    kept = _mix(_mix(k + first) ^ second) >= threshold
    number = x.dtype.type
    return (x * np.where(kept, number(scale), number(0))
            + np.where(kept, number(shift), number(shift_dropped)))


def _mix(h):
    """The reference keeps its own hash, so that it can disagree with the kernels."""
    h = (h ^ (h >> 16)) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> 13)) * np.uint32(0xC2B2AE35)
    return h ^ (h >> 16)


@jit
def _drop_cpu(lo, hi, y, x, each, first, second, threshold, scale, shift, shift_dropped):
    if each == 1:
        part, out = x[lo:hi], y[lo:hi]
        for k in range(part.size):
            kept = is_kept(lo + k, first, second, threshold)
            out[k] = drop_one(part[k], kept, scale, shift, shift_dropped)
        return
    while lo < hi:
        end = min(hi, (lo // each + 1) * each)
        kept = is_kept(lo // each, first, second, threshold)
        part, out = x[lo:end], y[lo:end]
        for k in range(part.size):
            out[k] = drop_one(part[k], kept, scale, shift, shift_dropped)
        lo = end


@cuda.jit
def _drop_cuda(y, x, each, first, second, threshold, scale, shift, shift_dropped):
    k = cuda.grid(1)
    if k < x.size:
        kept = is_kept(k // each, first, second, threshold)
        y[k] = drop_one(x[k], kept, scale, shift, shift_dropped)


@drop.kernels(cpu=_drop_cpu, cuda=_drop_cuda)
def _run_drop(run, x, each, first, second, threshold, scale, shift, shift_dropped):
    y, number = like(x), x.dtype.type
    run((x.size,), y.reshape(-1), x.reshape(-1), each, first, second, threshold,
        number(scale), number(shift), number(shift_dropped))
    return y


# ---- on the tape ---------------------------------------------------------------------


class DropFunction(Primitive):
    """x (*) → y (*); `chance` is what `chance_of` returns."""

    @staticmethod
    def forward(ctx, x, each, chance, scale, shift, shift_dropped):
        ctx.numbers = each, *chance, scale
        return drop(x, *ctx.numbers, shift, shift_dropped)

    @staticmethod
    def backward(ctx, dy):
        return drop(dy, *ctx.numbers, 0.0, 0.0)


def chance_of(p: float, device: Any) -> tuple:
    """Two random words of the device's generator, and the threshold for dropping with
    probability p."""
    bits = random.generator(device).numpy.bit_generator.random_raw()
    threshold = min(round(p * 2**32), 2**32 - 1)
    return np.uint32(bits & 0xFFFFFFFF), np.uint32(bits >> 32), np.uint32(threshold)


def dropped(who: str, input: Any, p: float, training: bool, inplace: bool, each: int = 1,
            scale: float | None = None, shift: float = 0.0,
            shift_dropped: float = 0.0) -> Any:
    """`input` with some parts dropped, or itself if there is nothing to do."""
    check_tensor(who, "input", input)
    check_probability(who, p)
    p = float(p)
    if p == 0 or not training or not input.array.size:
        return input
    dtype = input.array.dtype
    if dtype.kind != "f":
        raise RuntimeError(f"{who}: expected floating-point input, got {dtype}; say "
                           "input.float()")
    chance = chance_of(p, input.device)
    if scale is None:
        scale = dtype.type(1) / dtype.type(1 - p) if p < 1 else 0.0
    numbers = {"each": each, "chance": chance, "scale": scale, "shift": shift,
               "shift_dropped": shift_dropped}

    def compute(x):
        return DropFunction.apply(x, **numbers)

    def overwrite(a):
        a[...] = drop(a, each, *chance, scale, shift, shift_dropped)

    return input._in_place(compute, overwrite) if inplace else compute(input)


def check_probability(who: str, p: Any) -> None:
    """p must be a number from 0 to 1.

    Raises:
        ValueError: it is another number.
        TypeError: it is no number.
    """
    if not hasattr(p, "__float__"):
        raise TypeError(f"{who}: p must be a number from 0 to 1, got {p!r}")
    if not 0 <= p <= 1:
        raise ValueError(f"{who}: p is the probability to drop and must be from 0 to 1, "
                         f"got {p}")


# ---- the functional forms ------------------------------------------------------------


def dropout(input: Any, p: float = 0.5, training: bool = True,
            inplace: bool = False) -> Any:
    """Each number dropped with probability p, the others divided by 1 - p; see
    `Dropout`."""
    return dropped("dropout", input, p, training, inplace)


def dropout1d(input: Any, p: float = 0.5, training: bool = True,
              inplace: bool = False) -> Any:
    """Each channel of (N, C, L) or (C, L) dropped with probability p; see `Dropout1d`."""
    check_tensor("dropout1d", "input", input)
    if input.ndim not in (2, 3):
        raise RuntimeError(f"dropout1d reads input of shape (N, C, L) or (C, L), got "
                           f"{tuple(input.shape)}")
    return dropped("dropout1d", input, p, training, inplace, input.shape[-1])


def dropout2d(input: Any, p: float = 0.5, training: bool = True,
              inplace: bool = False) -> Any:
    """Each channel of (N, C, H, W) dropped with probability p; see `Dropout2d`."""
    check_tensor("dropout2d", "input", input)
    shape = tuple(input.shape)
    if len(shape) < 2:
        raise RuntimeError(f"dropout2d reads input of shape (N, C, H, W), got {shape}")
    if len(shape) == 3:
        warnings.warn(f"dropout2d: input of shape {shape} is read as (N, C, L), as in "
                      "PyTorch; say dropout1d, or unsqueeze(0) for one image (C, H, W)",
                      UserWarning, stacklevel=2)
    elif len(shape) != 4:
        warnings.warn(f"dropout2d reads input of shape (N, C, H, W), got {shape}; each "
                      "[n, c] is dropped as a whole", UserWarning, stacklevel=2)
    return dropped("dropout2d", input, p, training, inplace, prod(shape[2:]))


# ---- modules -------------------------------------------------------------------------


class DropoutModule(Module):
    """What all dropout modules keep: p and inplace."""

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        check_probability(type(self).__name__, p)
        self.p, self.inplace = p, inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(DropoutModule):
    """In training, each number is 0 with probability p, and else divided by 1 - p.

    The network cannot rely on any one unit.  Evaluation passes everything on unchanged:
    the expected values are the same.

    Args:
        p: the probability to drop.
        inplace: change the input instead of making a new tensor.

    Shape:
        input (*) → the same

    Raises:
        ValueError: p is not from 0 to 1.

    Example:
        >>> y = nn.Dropout(0.2)(torch.ones(1000))
        >>> y.unique()
        tensor([0.0000, 1.2500])
        >>> x = torch.ones(3)
        >>> nn.Dropout(0.2).eval()(x) is x
        True

    Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from
    overfitting", 2014.
    """

    def forward(self, input: Any) -> Any:
        return dropout(input, self.p, self.training, self.inplace)


class Dropout1d(DropoutModule):
    """In training, each channel of a sequence is 0 with probability p.

    Shape:
        input (N, C, L) or (C, L) → the same

    Example:
        >>> y = nn.Dropout1d(0.5)(torch.ones(4, 3, 5))
        >>> bool((y == y[:, :, :1]).all())
        True

    For the arguments see `Dropout`, for the reason `Dropout2d`.
    """

    def forward(self, input: Any) -> Any:
        return dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(DropoutModule):
    """In training, each channel of an image is 0 with probability p.

    Neighbouring pixels are alike, so that a single dropped one says little; a whole
    channel is missed.  For the arguments see `Dropout`.

    Shape:
        input (N, C, H, W) → the same; (N, C, L) with a warning

    Example:
        >>> y = nn.Dropout2d(0.5)(torch.ones(4, 3, 2, 2))
        >>> bool((y == y[:, :, :1, :1]).all())
        True

    Source: Tompson et al., "Efficient object localization using convolutional
    networks", 2015.
    """

    def forward(self, input: Any) -> Any:
        return dropout2d(input, self.p, self.training, self.inplace)
