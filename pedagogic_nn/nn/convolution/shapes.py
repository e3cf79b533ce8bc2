"""The door of the functional forms: arguments as tuples, shapes that fit, sizes.

Everything is checked here, once; what comes behind trusts its caller.
"""
import functools
from collections.abc import Sequence
from typing import Any

from ...autograd.checks import check_tensor
from ..windows import whole_numbers
from .reference import reach


def checked(who: str, n: int, input: Any, weight: Any, bias: Any, stride: Any,
            padding: Any, dilation: Any, groups: int, transposed: bool = False) -> tuple:
    """The arguments of a convolution of n dimensions, in the order in which they are
    checked: (stride, (before, after) of each axis, dilation), as tuples.

    Raises:
        TypeError: numbers are not whole.
        RuntimeError: what does not fit; the functions below say what.
    """
    check_tensor(who, "weight", weight)
    check_tensor(who, "input", input)
    if bias is not None:
        check_tensor(who, "bias", bias)
    stride = whole_numbers(who, "stride", stride, n)
    dilation = whole_numbers(who, "dilation", dilation, n)
    if transposed or not isinstance(padding, str):     # 'same' and 'valid'
        padding = whole_numbers(who, "padding", padding, n)
    pads = _fitting(who, n, _kind(input), _kind(weight),
                    None if bias is None else _kind(bias), stride, padding, dilation,
                    groups, transposed)
    return stride, pads, dilation


def _kind(tensor):
    return tensor.array.shape, tensor.dtype


@functools.lru_cache(maxsize=1024, typed=True)
def _fitting(who, n, x, weight, bias, stride, padding, dilation, groups, transposed):
    """The padding (before, after) of each axis, if shapes, dtypes and numbers fit.

    x, weight, bias: (shape, dtype) each, or None without a bias.  What fits once fits
    again, so it is looked up: the checks take 8 µs.
    """
    shape, _ = weight
    check_weight(who, shape, n)
    pads = paddings(who, padding, shape[2:], stride, dilation)
    check_numbers(who, stride, [p for p, _ in pads], dilation, groups)
    first, second = shape[0], shape[1] * groups
    check_groups(who, "input" if transposed else "output", first, groups)
    channels, outputs = (first, second) if transposed else (second, first)
    check_operands(who, x, weight, bias, groups, channels, outputs)
    return pads


def check_operands(who: str, x: tuple, weight: tuple, bias: tuple | None, groups: int,
                   channels: int, outputs: int) -> None:
    """Input, weight and bias fit together.

    Args:
        x, weight, bias: (shape, dtype) each.
        channels, outputs: of the weight, all groups together.

    Raises:
        RuntimeError: they do not; the message says which.
    """
    (shape, dtype), (filters, wanted) = x, weight
    n = len(filters) - 2
    names = "(N, C, L) or (C, L)" if n == 1 else "(N, C, H, W) or (C, H, W)"
    if len(shape) not in (n + 1, n + 2):
        raise RuntimeError(f"{who} reads input of shape {names}, got shape {shape}")
    if dtype != wanted or (bias is not None and bias[1] != wanted):
        raise RuntimeError(f"{who}: input, weight and bias must have one dtype, got "
                           f"{dtype} input and {wanted} weight; convert one, for "
                           f"example input.to({wanted})")
    if dtype.kind != "f":
        raise RuntimeError(f"{who} computes with real numbers, got {dtype}; convert "
                           "both with .float()")
    if 0 in filters[2:] or (filters[0] == 0 and filters[1] > 0):
        raise RuntimeError(f"{who} needs a weight with filters of at least one number, "
                           f"got weight of shape {filters}")
    if shape[-n - 1] != channels:
        raise RuntimeError(
            f"{who}: weight of shape {filters} with groups={groups} reads {channels} "
            f"channels, got {shape[-n - 1]} in input of shape {shape}")
    if bias is not None and bias[0] != (outputs,):
        raise RuntimeError(f"{who}: weight of shape {filters} makes {outputs} channels "
                           f"and needs a bias of shape ({outputs},), got {bias[0]}")
    if 0 in shape[-n:] and 0 not in shape[:-n]:
        raise RuntimeError(f"{who}: only the batch or the channels may be empty, got "
                           f"input of shape {shape}")


def check_weight(who: str, shape: tuple[int, ...], n: int) -> None:
    """The weight has two axes and those of n dimensions."""
    if len(shape) != n + 2:
        names = "(out, in, kL)" if n == 1 else "(out, in, kH, kW)"
        raise RuntimeError(f"{who} expected weight of shape {names}, got shape {shape}")


def check_numbers(who: str, stride: Sequence, padding: Sequence, dilation: Sequence,
                  groups: Any) -> None:
    """Stride, dilation and groups are positive, padding is not negative.

    Raises:
        RuntimeError: one is not.
    """
    for name, values, least in (("stride", stride, 1), ("padding", padding, 0),
                                ("dilation", dilation, 1), ("groups", (groups,), 1)):
        if min(values) < least:
            raise RuntimeError(f"{who}: {name} must be at least {least}, got "
                               f"{values[0] if name == 'groups' else tuple(values)}")


def check_groups(who: str, name: str, channels: int, groups: int) -> None:
    """The groups divide the channels of the weight's first axis."""
    if channels % groups:
        raise RuntimeError(f"{who}: {groups} groups must divide the {channels} {name} "
                           "channels of the weight")


def paddings(who: str, padding: Any, kernel: Sequence, stride: Sequence,
             dilation: Sequence) -> tuple[tuple[int, int], ...]:
    """'same', 'valid', a number or numbers as (before, after) for each axis.

    'same' adds d (k - 1) zeros in all; if that is odd, one more after than before.

    Raises:
        RuntimeError: an unknown word, or 'same' with a stride.
    """
    if not isinstance(padding, str):
        return tuple((p, p) for p in whole_numbers(who, "padding", padding, len(kernel)))
    if padding == "valid":
        return ((0, 0),) * len(kernel)
    if padding != "same":
        raise RuntimeError(f"{who}: padding must be 'same', 'valid' or numbers, got "
                           f"{padding!r}")
    if max(stride) > 1:
        raise RuntimeError(f"{who}: padding='same' keeps the size, which stride="
                           f"{tuple(stride)} does not; give numbers instead")
    around = [d * (k - 1) for k, d in zip(kernel, dilation)]
    return tuple((a // 2, a - a // 2) for a in around)


def output_size(who: str, size: Sequence, kernel: Sequence, stride: Sequence,
                pads: Sequence, dilation: Sequence) -> tuple[int, ...]:
    """⌊(H + padding - d (k - 1) - 1) / s⌋ + 1 for each axis.

    Raises:
        RuntimeError: the filter is larger than the padded input.
    """
    padded = [h + before + after for h, (before, after) in zip(size, pads)]
    spread = [reach(1, k, 1, d) for k, d in zip(kernel, dilation)]
    if any(h < k for h, k in zip(padded, spread)):
        raise RuntimeError(f"{who}: a filter that covers {_by(spread)} does not fit into "
                           f"the padded input of {_by(padded)}")
    return tuple((h - k) // s + 1 for h, k, s in zip(padded, spread, stride))


@functools.lru_cache(maxsize=1024)
def transposed_size(who: str, size: Sequence, kernel: Sequence, stride: Sequence,
                    padding: Sequence, dilation: Sequence, output_padding: Sequence
                    ) -> tuple[int, ...]:
    """(H - 1) s - 2 p + d (k - 1) + 1 + output_padding for each axis.

    Raises:
        RuntimeError: nothing is left, or output_padding is not smaller than the stride
            or the dilation.
    """
    for extra, s, d in zip(output_padding, stride, dilation):
        if not 0 <= extra < max(s, d):
            raise RuntimeError(
                f"{who}: output_padding must be from 0 on and smaller than the stride or "
                f"the dilation, got output_padding={tuple(output_padding)} with stride="
                f"{tuple(stride)} and dilation={tuple(dilation)}")
    found = tuple(reach(h, k, s, d) - 2 * p + extra for h, k, s, p, d, extra in zip(
        size, kernel, stride, padding, dilation, output_padding))
    if min(found) < 1:
        raise RuntimeError(f"{who}: padding={tuple(padding)} leaves nothing of the "
                           f"output; its size would be {_by(found)}")
    return found


def _by(sizes):
    return " x ".join(map(str, sizes))


# ---- one axis as two, no batch as one ------------------------------------------------


def as_images(a: Any, ndim: int) -> Any:
    """Arrays for a weight of `ndim` axes as (N, C, H, W): one image has a batch of 1, a
    line a height of 1."""
    if a.ndim == ndim - 1:
        a = a[None]
    return a[:, :, None] if ndim == 3 else a


def as_batch(y: Any, x: Any, w: Any, size: Sequence[int]) -> Any:
    """Results (N, O, H, W) with the axes that x has, for weights w and images of `size`.
    """
    return y.reshape(*x.shape[:x.ndim - w.ndim + 1], y.shape[1], *size)
