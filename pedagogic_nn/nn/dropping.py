"""Dropping numbers by chance, without a stored mask: for Dropout, and between the layers
of RNN, LSTM and GRU.

Number k is kept if a hash of k and of two random words exceeds p · 2³²; backward hashes
again and finds the same answer.  The hash sees nothing but k, so neither the number of
threads nor the device changes what vanishes.

Book: nn/dropout.
"""
import functools
from typing import Any

import numpy as np

from ..autograd.function import Primitive
from ..backend import cuda, jit, like, math, op, random

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
    the same sequence, only shifted.  (All numbers count modulo 2³².)"""
    h = mix(np.uint32(np.uint32(k) + np.uint32(first)))
    return mix(np.uint32(h ^ np.uint32(second))) >= np.uint32(threshold)


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
    kept = _mix(_mix(k + np.uint32(first)) ^ np.uint32(second)) >= threshold
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
    number = x.dtype.type                         # Python's numbers are of 64 bits
    scale, shift, shift_dropped = number(scale), number(shift), number(shift_dropped)
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
def _run_drop(run, x, *numbers):
    y = like(x)
    if type(x) is not np.ndarray:      # on the CPU the kernel does it, in a third of 1 µs
        numbers = *numbers[:4], *map(x.dtype.type, numbers[4:])
    run((x.size,), y.reshape(-1), x.reshape(-1), *numbers)
    return y


# ---- on the tape ---------------------------------------------------------------------


class DropFunction(Primitive):
    """x (*) → y (*); `numbers` are all arguments of `drop` but x."""

    @staticmethod
    def forward(ctx, x, numbers):
        ctx.numbers = numbers
        return drop(x, *numbers)

    @staticmethod
    def backward(ctx, dy):
        return drop(dy, *ctx.numbers[:-2], 0.0, 0.0)


def random_words(device: Any) -> tuple[int, int]:
    """Two random words, of 32 bits each, from the device's generator."""
    bits = random.generator(device).numpy.bit_generator.random_raw()
    return bits & 0xFFFFFFFF, bits >> 32


@functools.lru_cache(64)
def threshold_and_scale(p: float, dtype: Any) -> tuple[int, float]:
    """What hashes are compared with for dropping with probability p, and 1 / (1 - p) as
    the dtype has it."""
    scale = float(dtype.type(1) / dtype.type(1 - p)) if p < 1 else 0.0
    return min(round(p * 2**32), 2**32 - 1), scale


def drop_each(x: Any, p: float) -> Any:
    """x with each number zeroed with probability p, the others scaled by 1 / (1 - p)."""
    chance = *random_words(x.device), *threshold_and_scale(p, x.array.dtype)
    return DropFunction.apply(x, numbers=(1, *chance, 0.0, 0.0))
