"""PixelShuffle: fold r² channels into an image r times finer, and PixelUnshuffle: the
way back.

    out[n, c, h·r + a, w·r + b] = x[n, c·r² + a·r + b, h, w]

H and W are the coarse size everywhere; y = h·r + a and z = w·r + b are a fine place.
A rearrangement: every element keeps its value, so the gradient is the rearrangement
backwards.

Book: vision/pixel_shuffle.
"""
import math
from typing import Any

from ...autograd.checks import check_tensor
from ...autograd.function import Primitive
from ...backend import cuda, jit, like, op
from ..module import Module


@op
def shuffle(x, r):
    """x (N, C·r², H, W) → (N, C, H·r, W·r)."""
    n, cr2, h, w = x.shape
    c = cr2 // r**2
    x = x.reshape(n, c, r, r, h, w)        # n c a b h w       split the channels
    x = x.transpose(0, 1, 4, 2, 5, 3)      # n c h a w b       each axis with its r
    return x.reshape(n, c, h * r, w * r)   # n c (h a) (w b)   merge the pairs


@jit
def _shuffle_cpu(lo, hi, out, x, r):
    C, H, W = out.shape[1], x.shape[2], x.shape[3]
    for plane in range(lo, hi):
        n, c = plane // C, plane % C
        for y in range(H * r):
            row = out[n, c, y]
            for b in range(r):
                source = x[n, (c * r + y % r) * r + b, y // r]
                for w in range(W):
                    row[w * r + b] = source[w]


@cuda.jit
def _shuffle_cuda(out, x, r):
    plane, y, z = cuda.grid(3)                     # one place of the fine image
    N, C, H, W = out.shape[0], out.shape[1], x.shape[2], x.shape[3]
    if plane < N * C and y < H * r and z < W * r:
        n, c = plane // C, plane % C
        out[n, c, y, z] = x[n, (c * r + y % r) * r + z % r, y // r, z // r]


@shuffle.kernels(cpu=_shuffle_cpu, cuda=_shuffle_cuda)
def _run_shuffle(run, x, r):
    n, cr2, h, w = x.shape
    out = like(x, (n, cr2 // r**2, h * r, w * r))
    # one thread for each output pixel
    run((n * out.shape[1], h * r, w * r), out, x, r)
    return out


@op
def unshuffle(x, r):
    """x (N, C, H·r, W·r) → (N, C·r², H, W)."""
    n, c, hr, wr = x.shape
    x = x.reshape(n, c, hr // r, r, wr // r, r)     # n c h a w b
    x = x.transpose(0, 1, 3, 5, 2, 4)               # n c a b h w
    return x.reshape(n, c * r**2, hr // r, wr // r)


@jit
def _unshuffle_cpu(lo, hi, out, x, r):
    C, H, W = x.shape[1], out.shape[2], out.shape[3]
    for plane in range(lo, hi):
        n, c = plane // C, plane % C
        for y in range(H * r):
            row = x[n, c, y]
            for b in range(r):
                target = out[n, (c * r + y % r) * r + b, y // r]
                for w in range(W):
                    target[w] = row[w * r + b]


@cuda.jit
def _unshuffle_cuda(out, x, r):
    plane, y, z = cuda.grid(3)
    N, C, H, W = x.shape[0], x.shape[1], out.shape[2], out.shape[3]
    if plane < N * C and y < H * r and z < W * r:
        n, c = plane // C, plane % C
        out[n, (c * r + y % r) * r + z % r, y // r, z // r] = x[n, c, y, z]


@unshuffle.kernels(cpu=_unshuffle_cpu, cuda=_unshuffle_cuda)
def _run_unshuffle(run, x, r):
    n, c, hr, wr = x.shape
    out = like(x, (n, c * r**2, hr // r, wr // r))
    run((n * c, hr, wr), out, x, r)
    return out


class _Rearrangement(Primitive):
    """One of the two; its gradient is the other."""

    @classmethod
    def forward(cls, ctx, x, r):
        ctx.r = r
        return _batched(cls.there, x, r)

    @classmethod
    def backward(cls, ctx, dy):
        return _batched(cls.back, dy, ctx.r)


def _batched(operation, x, r):
    """All leading axes are one batch."""
    if x.ndim == 4:
        return operation(x, r)
    *batch, c, h, w = x.shape
    y = operation(x.reshape(math.prod(batch), c, h, w), r)
    return y.reshape(*batch, *y.shape[1:])


class PixelShuffleFunction(_Rearrangement):
    there, back = shuffle, unshuffle


class PixelUnshuffleFunction(_Rearrangement):
    there, back = unshuffle, shuffle


def _check(who, name, factor):
    if isinstance(factor, bool) or not isinstance(factor, int) or factor < 1:
        raise ValueError(f"{who}: {name} must be a positive integer, got {factor!r}")


def _check_images(who, name, factor, x):
    _check(who, name, factor)
    check_tensor(who, "input", x)
    if x.array.ndim < 3:
        raise RuntimeError(f"{who}({factor}) reads images of shape (*, C, H, W), "
                           f"got shape {tuple(x.shape)}")
    if factor >= 2**31:                        # its square would not fit into an integer
        raise ValueError(f"{who}: {name} must be below 2^31, got {factor}")


def pixel_shuffle(input: Any, upscale_factor: int) -> Any:
    """(*, C·r², H, W) → (*, C, H·r, W·r); see `PixelShuffle`."""
    _check_images("PixelShuffle", "upscale_factor", upscale_factor, input)
    r, channels = upscale_factor, input.array.shape[-3]
    if channels % r**2:
        raise RuntimeError(
            f"PixelShuffle({r}) folds {r}² = {r * r} channels into one: expected a "
            f"multiple of {r * r} channels, got {channels} in shape {tuple(input.shape)}")
    return PixelShuffleFunction.apply(input, r=r)


def pixel_unshuffle(input: Any, downscale_factor: int) -> Any:
    """(*, C, H·r, W·r) → (*, C·r², H, W); see `PixelUnshuffle`."""
    _check_images("PixelUnshuffle", "downscale_factor", downscale_factor, input)
    r, (h, w) = downscale_factor, input.array.shape[-2:]
    if h % r or w % r:
        raise RuntimeError(f"PixelUnshuffle({r}) needs a height and a width that {r} "
                           f"divides, got {h} and {w} in shape {tuple(input.shape)}")
    return PixelUnshuffleFunction.apply(input, r=r)


class PixelShuffle(Module):
    """Fold r² channels into an image r times finer.

    Args:
        upscale_factor: how many times finer, r.

    Shape:
        input (*, C·r², H, W) → output (*, C, H·r, W·r)

    Raises:
        RuntimeError: r² does not divide the number of channels.

    Example:
        >>> nn.PixelShuffle(3)(torch.zeros(1, 9, 4, 4)).shape
        torch.Size([1, 1, 12, 12])

    Source: Shi et al., "Real-time single image and video super-resolution using an
    efficient sub-pixel convolutional neural network", 2016, section 2.2.
    """

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        _check("PixelShuffle", "upscale_factor", upscale_factor)
        self.upscale_factor = upscale_factor

    def forward(self, input: Any) -> Any:
        return pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Spread each r x r block of pixels over r² channels: PixelShuffle backwards.

    Args:
        downscale_factor: how many times coarser, r.

    Shape:
        input (*, C, H·r, W·r) → output (*, C·r², H, W)

    Example:
        >>> nn.PixelUnshuffle(3)(torch.zeros(1, 1, 12, 12)).shape
        torch.Size([1, 9, 4, 4])
    """

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        _check("PixelUnshuffle", "downscale_factor", downscale_factor)
        self.downscale_factor = downscale_factor

    def forward(self, input: Any) -> Any:
        return pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"
