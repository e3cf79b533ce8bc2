"""torch.nn.utils.rnn: sequences of several lengths, padded to a rectangle or packed.

Three forms of the sequences abc and x, and the functions between them:

    a list         [abc, x]         pack_sequence          unpack_sequence
    padded         a b c            pack_padded_sequence   pad_packed_sequence
                   x 0 0            pad_sequence           unpad_sequence
    packed         a x b c          batch_sizes 2 1 1      (see nn/packed_sequence.py)

All of them move whole elements: out[k] = x[index[k]], or a padding value where index[k]
is negative.  So there is one operation, `take_rows`.  Every element has one place in
either form, and therefore the gradient is the same operation with the index inverted.
"""
from collections.abc import Iterable
from math import prod
from typing import Any

import numpy as np

from ...autograd.factories import from_numpy
from ...autograd.function import CPU, Primitive
from ...autograd.shaping import Cat, unbind
from ...autograd.tensor import Tensor
from ...backend import cuda, jit, like, op
from ...backend.device import xp_of
from ..packed_sequence import PackedSequence, checked_batch_sizes, invert_permutation

__all__ = ["PackedSequence", "invert_permutation", "pack_padded_sequence",
           "pack_sequence", "pad_packed_sequence", "pad_sequence", "unpack_sequence",
           "unpad_sequence"]

# ---- the operation -------------------------------------------------------------------


@op
def take_rows(x, index, fill):
    """x (R, D), index (S,), fill: a number → (S, D): rows of x, or fill for index < 0."""
    out = xp_of(x).full((index.size, x.shape[1]), fill, x.dtype)
    taken = index >= 0
    out[taken] = x[index[taken]]
    return out


@jit
def _take_rows_cpu(lo, hi, out, x, index, fill):
    for k in range(lo, hi):
        source = index[k]
        if source < 0:
            for d in range(out.shape[1]):
                out[k, d] = fill
        else:
            for d in range(out.shape[1]):
                out[k, d] = x[source, d]


@cuda.jit
def _take_rows_cuda(out, x, index, fill):
    k, d = cuda.grid(2)
    if k < out.shape[0] and d < out.shape[1]:
        source = index[k]
        out[k, d] = fill if source < 0 else x[source, d]


@take_rows.kernels(cpu=_take_rows_cpu, cuda=_take_rows_cuda)
def _run_take_rows(run, x, index, fill):
    out = like(x, (index.size, x.shape[1]))
    run(out.shape, out, x, index, x.dtype.type(fill))
    return out


class Rearrange(Primitive):
    """x (*, features) with its leading axes counted through → (*to, features)."""

    @staticmethod
    def forward(ctx, x, index, axes, to, fill=0):
        """index: for each row of the output a row of x, none twice, or -1 for `fill`;
        axes: how many axes of x lead."""
        rows, features = prod(x.shape[:axes]), x.shape[axes:]
        ctx.index, ctx.shape, ctx.table = index, x.shape, (rows, prod(features))
        y = take_rows(x.reshape(ctx.table), ctx.device.put(index), fill)
        return y.reshape(*to, *features)

    @staticmethod
    def backward(ctx, dy):
        rows, features = ctx.table
        back = ctx.device.put(_inverse(ctx.index, rows))
        dy = dy.reshape(ctx.index.size, features)
        return take_rows(dy, back, 0).reshape(ctx.shape)


# ---- where the elements go -----------------------------------------------------------
#
# Sequence b has its elements at the places start[b], start[b] + step, start[b] + 2·step …
# of its rectangle (or of a list, one sequence after the other).  These loops count whole
# numbers on the CPU, once; the elements themselves are moved by take_rows.


@jit
def _conjugate(counts):
    """How many of these counts (which fall) are above 0, 1, 2 …

    Of the lengths (B,) it makes the batch sizes (T,), and of those the lengths.
    """
    above = np.empty(counts[0], np.int64)
    b = counts.size
    for t in range(above.size):
        while counts[b - 1] <= t:
            b -= 1
        above[t] = b
    return above


@jit
def _packed_places(batch_sizes, start, step):
    """The places of all elements in the order of a PackedSequence (S,)."""
    places = np.empty(batch_sizes.sum(), np.int64)
    k = 0
    for t in range(batch_sizes.size):
        for b in range(batch_sizes[t]):
            places[k] = start[b] + t * step
            k += 1
    return places


@jit
def _listed_places(lengths, start, step):
    """The places of all elements, one sequence after the other (S,)."""
    places = np.empty(lengths.sum(), np.int64)
    k = 0
    for b in range(lengths.size):
        for t in range(lengths[b]):
            places[k] = start[b] + t * step
            k += 1
    return places


@jit
def _inverse(index, size):
    """For each of `size` places which element of index stands there, or -1."""
    back = np.full(size, -1)
    for k in range(index.size):
        if index[k] >= 0:
            back[index[k]] = k
    return back


def _grid(steps, count, batch_first):
    """Shape, starts of the sequences and step of a rectangle."""
    if batch_first:
        return (count, steps), np.arange(count) * steps, 1
    return (steps, count), np.arange(count), count


def _starts(lengths):
    """Where each sequence begins in a list."""
    return np.cumsum(lengths) - lengths


def _sorted(who, lengths, enforce_sorted):
    """Lengths in falling order, and which sequence each is of."""
    if lengths.min() <= 0:
        raise RuntimeError(f"{who}: every sequence needs at least one element, got the "
                           f"lengths {lengths.tolist()}")
    if not enforce_sorted:
        order = np.argsort(-lengths, kind="stable")
        return lengths[order], order
    if (lengths[1:] > lengths[:-1]).any():
        raise RuntimeError(
            f"{who} expected the longest sequence first, then the second longest …, got "
            f"the lengths {lengths.tolist()}; enforce_sorted=False lets it sort them")
    return lengths, np.arange(lengths.size)


def _packed(data, batch_sizes, order, enforce_sorted):
    """A PackedSequence; its indices are on the device of its data."""
    if enforce_sorted:                                 # the sequences came in this order
        return PackedSequence(data, from_numpy(batch_sizes))
    order = Tensor._of(data.device.put(order), data.device)
    return PackedSequence(data, from_numpy(batch_sizes), order)


def _unpacked(who, packed):
    """The batch sizes, which sequence each column is of, and the lengths of the sequences
    in the order of before the packing."""
    batch_sizes = checked_batch_sizes(who, packed)
    count = int(batch_sizes[0])
    order = np.arange(count)
    lengths = _conjugate(batch_sizes)
    if packed.unsorted_indices is not None:
        unsorted = packed.unsorted_indices.cpu().numpy()
        order = np.argsort(unsorted, kind="stable")
        if unsorted.shape != (count,) or (unsorted[order] != np.arange(count)).any():
            raise RuntimeError(f"{who}: unsorted_indices must hold each of 0 … "
                               f"{count - 1} once, got {unsorted.tolist()}")
        lengths = lengths[unsorted]
    return batch_sizes, order, lengths


# ---- padded ↔ packed -----------------------------------------------------------------


def pack_padded_sequence(input: Any, lengths: Any, batch_first: bool = False,
                         enforce_sorted: bool = True) -> PackedSequence:
    """Take the padding out of sequences in a rectangle.

    Args:
        input: the padded sequences.
        lengths: how long each sequence is, a list or a tensor on the CPU.
        batch_first: whether input is (B, T, *).
        enforce_sorted: whether the sequences must come with the longest first; if not,
            they are sorted, and the order is kept in the result.

    Shape:
        input (T, B, *) or (B, T, *), lengths (B,) → data (sum of lengths, *)

    Raises:
        RuntimeError: there is not one length for each sequence, a length is not from 1 to
            T, or the lengths are not sorted.
        TypeError: input is not a tensor.

    Example:
        >>> padded = torch.tensor([[1, 2, 3], [9, 0, 0]])
        >>> packed = nn.utils.rnn.pack_padded_sequence(padded, [3, 1], batch_first=True)
        >>> packed.data, packed.batch_sizes
        (tensor([1, 9, 2, 3]), tensor([2, 1, 1]))
    """
    who = "pack_padded_sequence"
    steps, count = _rectangle(who, input, batch_first)
    given = _lengths(who, lengths, count)
    if given.size == 0 or input.numel() == 0:
        raise RuntimeError(f"{who}: there is nothing to pack in shape "
                           f"{tuple(input.shape)}")
    if given.max() > steps:
        raise RuntimeError(f"{who}: the sequences are {steps} long with their padding, "
                           f"got the lengths {given.tolist()}")
    falling, order = _sorted(who, given, enforce_sorted)
    batch_sizes = _conjugate(falling)
    _, start, step = _grid(steps, count, batch_first)
    index = _packed_places(batch_sizes, start[order], step)
    data = Rearrange.apply(input, index=index, axes=2, to=index.shape)
    return _packed(data, batch_sizes, order, enforce_sorted)


def pad_packed_sequence(sequence: PackedSequence, batch_first: bool = False,
                        padding_value: float = 0.0,
                        total_length: int | None = None) -> tuple[Tensor, Tensor]:
    """Put packed sequences into a rectangle: `pack_padded_sequence` backwards.

    Args:
        sequence: what was packed.
        batch_first: whether the result is (B, T, *).
        padding_value: what stands behind the shorter sequences.
        total_length: T, if it shall be more than the greatest length.

    Returns:
        The padded sequences in the order of before the packing, and their lengths.

    Shape:
        data (S, *) → (T, B, *) or (B, T, *), and lengths (B,)

    Raises:
        ValueError: total_length is too small.
        RuntimeError: padding_value does not exist in the dtype of the data, or the batch
            sizes or the indices contradict the data.

    Example:
        >>> packed = nn.utils.rnn.pack_sequence([torch.tensor([1, 2]), torch.tensor([9])])
        >>> nn.utils.rnn.pad_packed_sequence(packed, batch_first=True, padding_value=-1)
        (tensor([[ 1,  2],
                [ 9, -1]]), tensor([2, 1]))
    """
    who = "pad_packed_sequence"
    batch_sizes, order, lengths = _unpacked(who, sequence)
    steps = _total(who, total_length, batch_sizes.size)
    to, start, step = _grid(steps, order.size, batch_first)
    places = _packed_places(batch_sizes, start[order], step)
    padded = Rearrange.apply(
        sequence.data, index=_inverse(places, order.size * steps), axes=1, to=to,
        fill=_fill(who, padding_value, sequence.data.dtype))
    return padded, from_numpy(lengths)


# ---- a list ↔ padded, a list ↔ packed ------------------------------------------------


def pad_sequence(sequences: Any, batch_first: bool = False, padding_value: float = 0.0,
                 padding_side: str = "right") -> Tensor:
    """Sequences of several lengths, padded to a rectangle.

    Args:
        sequences: tensors that differ in their first size only; the dtype of the first
            is that of the result.
        batch_first: whether the result is (B, T, *).
        padding_value: what fills up the shorter sequences.
        padding_side: "right", behind them, or "left", before them.

    Shape:
        B tensors (length, *) → (T, B, *) or (B, T, *)

    Raises:
        RuntimeError: there are no sequences, they do not fit to each other, or
            padding_side is another word.

    Example:
        >>> nn.utils.rnn.pad_sequence([torch.ones(3), torch.ones(1)], batch_first=True)
        tensor([[1., 1., 1.],
                [1., 0., 0.]])
    """
    who = "pad_sequence"
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"{who}: padding_side is 'left' or 'right', got "
                           f"{padding_side!r}")
    data, lengths = _joined(who, sequences)
    steps = int(lengths.max())
    to, start, step = _grid(steps, lengths.size, batch_first)
    if padding_side == "left":
        start = start + (steps - lengths) * step
    places = _listed_places(lengths, start, step)
    return Rearrange.apply(
        data, index=_inverse(places, lengths.size * steps), axes=1, to=to,
        fill=_fill(who, padding_value, data.dtype))


def pack_sequence(sequences: Any, enforce_sorted: bool = True) -> PackedSequence:
    """Pack a list of sequences; see `pack_padded_sequence`.

    Shape:
        B tensors (length, *) → data (sum of lengths, *)

    Raises:
        RuntimeError: there are no sequences, one is empty, they do not fit to each other,
            or they are not sorted.

    Example:
        >>> abc, x = torch.tensor([1, 2, 3]), torch.tensor([9])
        >>> nn.utils.rnn.pack_sequence([abc, x]).data
        tensor([1, 9, 2, 3])
    """
    who = "pack_sequence"
    joined, lengths = _joined(who, sequences)
    falling, order = _sorted(who, lengths, enforce_sorted)
    batch_sizes = _conjugate(falling)
    index = _packed_places(batch_sizes, _starts(lengths)[order], 1)
    data = Rearrange.apply(joined, index=index, axes=1, to=index.shape)
    return _packed(data, batch_sizes, order, enforce_sorted)


def unpad_sequence(padded_sequences: Any, lengths: Any,
                   batch_first: bool = False) -> list[Tensor]:
    """The sequences in a rectangle as a list, without their padding.

    Args:
        padded_sequences: what `pad_sequence` made.
        lengths: how long each sequence is, a list or a tensor on the CPU.
        batch_first: whether padded_sequences is (B, T, *).

    Shape:
        (T, B, *) or (B, T, *), lengths (B,) → B tensors (length, *)

    Raises:
        RuntimeError: there is not one length from 0 to T for each sequence.

    Example:
        >>> padded = torch.tensor([[1, 2, 3], [9, 0, 0]])
        >>> nn.utils.rnn.unpad_sequence(padded, torch.tensor([3, 1]), batch_first=True)
        [tensor([1, 2, 3]), tensor([9])]
    """
    who = "unpad_sequence"
    steps, count = _rectangle(who, padded_sequences, batch_first)
    given = _lengths(who, lengths, count)
    if ((given < 0) | (given > steps)).any():
        raise RuntimeError(f"{who}: the sequences are {steps} long with their padding, "
                           f"got the lengths {given.tolist()}")
    _, start, step = _grid(steps, count, batch_first)
    return _list(padded_sequences, _listed_places(given, start, step), 2, given)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """Packed sequences as a list: `pack_sequence` backwards.

    Shape:
        data (S, *) → B tensors (length, *), in the order of before the packing

    Example:
        >>> packed = nn.utils.rnn.pack_sequence([torch.tensor([1, 2]), torch.tensor([9])])
        >>> nn.utils.rnn.unpack_sequence(packed)
        [tensor([1, 2]), tensor([9])]
    """
    who = "unpack_sequence"
    batch_sizes, order, lengths = _unpacked(who, packed_sequences)
    places = _packed_places(batch_sizes, _starts(lengths)[order], 1)
    return _list(packed_sequences.data, _inverse(places, places.size), 1, lengths)


class Unjoin(Primitive):
    """x (S, *) → pieces (n, *) one after the other, with `lengths` n."""

    @staticmethod
    def forward(ctx, x, lengths):
        cuts = np.cumsum(lengths)[:-1].tolist()
        return tuple(xp_of(x).split(x, cuts))

    @staticmethod
    def backward(ctx, *gradients):
        return xp_of(gradients[0]).concatenate(gradients)


def _list(x, index, axes, lengths):
    if lengths.size == 0:
        return []
    rows = Rearrange.apply(x, index=index, axes=axes, to=index.shape)
    return list(Unjoin.apply(rows, lengths=lengths))


# ---- what the caller gave ------------------------------------------------------------


def _rectangle(who, x, batch_first):
    """T and B of padded sequences."""
    if not isinstance(x, Tensor):
        raise TypeError(f"{who} expected a tensor, got {type(x).__name__}")
    if x.ndim < 2:
        raise IndexError(f"{who} reads sequences of shape "
                         f"{'(B, T, *)' if batch_first else '(T, B, *)'}, "
                         f"got shape {tuple(x.shape)}")
    steps, count = x.shape[:2]
    return (count, steps) if batch_first else (steps, count)


def _lengths(who, lengths, count):
    """The lengths as an int64 array (count,)."""
    where = lengths.device if isinstance(lengths, Tensor) else CPU
    given = np.asarray(lengths.array if isinstance(lengths, Tensor) else lengths)
    if given.ndim != 1 or where.type != "cpu":
        raise RuntimeError(f"{who}: lengths is a list of whole numbers or a 1-D tensor "
                           f"on the CPU, got shape {given.shape} on {where}")
    if given.size != count:
        raise RuntimeError(f"{who} expected a length for each of the {count} sequences, "
                           f"got {given.size}")
    return given.astype(np.int64)


def _joined(who, sequences):
    """The sequences one after the other (S, *), and their lengths."""
    if isinstance(sequences, Tensor):
        sequences = unbind(sequences)
    if not isinstance(sequences, Iterable):
        raise RuntimeError(f"{who} expected a list of tensors, got "
                           f"{type(sequences).__name__}")
    listed = list(sequences)
    if not listed:
        raise RuntimeError(f"{who} expected at least one sequence, got none")
    for k, x in enumerate(listed):
        if not isinstance(x, Tensor):
            raise TypeError(f"{who} expected tensors, got {type(x).__name__} as sequence "
                            f"{k}")
        if x.ndim == 0:
            raise IndexError(f"{who}: sequence {k} is a single number; a sequence has "
                             "shape (length, *)")
        if x.shape[1:] != listed[0].shape[1:]:
            raise RuntimeError(
                f"{who}: sequences differ in their first size only; sequence 0 has shape "
                f"{tuple(listed[0].shape)}, sequence {k} has {tuple(x.shape)}")
    lengths, dtype = np.array([len(x) for x in listed]), listed[0].dtype
    if len(listed) == 1:
        return listed[0], lengths
    alike = [x if x.dtype == dtype else x.to(dtype) for x in listed]
    return Cat.apply(*alike, dim=0), lengths


def _total(who, total_length, steps):
    """T: the greatest length, or total_length."""
    if total_length is None:
        return steps
    if isinstance(total_length, bool) or not isinstance(total_length, int):
        raise TypeError(f"{who}: total_length is a whole number, got {total_length!r}")
    if total_length < steps:
        raise ValueError(f"{who}: total_length is {total_length}, but the longest "
                         f"sequence has {steps} elements")
    return total_length


def _fill(who, value, dtype):
    """The padding value as a number of this dtype."""
    if dtype.kind == "b":
        return bool(value)
    number = float(value)
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    if dtype.kind == "f":
        fits = not np.isfinite(number) or abs(number) <= limits.max
    else:
        fits = np.isfinite(number) and limits.min <= int(number) <= limits.max
        number = int(number) if fits else 0
    if not fits:
        raise RuntimeError(f"{who}: there is no {value} in {dtype}, the dtype of the "
                           "sequences")
    return number
