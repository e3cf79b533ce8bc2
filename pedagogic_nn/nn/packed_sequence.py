"""PackedSequence: sequences of several lengths, step by step and without padding.

    abc, x     →     a x │ b │ c         batch_sizes  2 1 1

First the first elements of all sequences, the longest sequence in front, then the second
elements of those that have one, and so on.  A recurrent layer takes one slice of `data`
for each time step, and computes nothing for padding.
"""
from typing import Any, NamedTuple

import numpy as np

from ..autograd.dtypes import int64
from ..autograd.factories import tensor
from ..autograd.tensor import Tensor


class _Fields(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Fields):
    """Sequences of several lengths, packed; `nn.utils.rnn.pack_padded_sequence` makes it.

    A named tuple: `data, batch_sizes, sorted_indices, unsorted_indices = packed`.

    Args:
        data: the elements of all sequences, first those of step 0, then of step 1 …
        batch_sizes: how many sequences reach each step; whole numbers on the CPU, which
            never grow.  A list becomes a tensor.
        sorted_indices: which of the caller's sequences is the longest, the second
            longest …; None if they came in this order.
        unsorted_indices: the way back, `sorted_indices` inverted; computed if only that
            is given.

    Shape:
        data (S, *), with S the sum of all lengths; batch_sizes (T,), with T the greatest
        length; both indices (B,), with B the number of sequences

    Raises:
        TypeError: data is not a tensor, or batch_sizes are missing.
        ValueError: batch_sizes are on a GPU.

    Example:
        >>> abcx = torch.tensor([1, 9, 2, 3])               # a x b c
        >>> packed = nn.utils.rnn.PackedSequence(abcx, torch.tensor([2, 1, 1]))
        >>> packed.batch_sizes
        tensor([2, 1, 1])
        >>> packed.double().data
        tensor([1., 9., 2., 3.], dtype=torch.float64)
    """

    __slots__ = ()

    def __new__(cls, data: Any, batch_sizes: Any = None, sorted_indices: Any = None,
                unsorted_indices: Any = None) -> "PackedSequence":
        if batch_sizes is None and isinstance(data, (tuple, list)) and len(data) == 2:
            data, batch_sizes = data                    # 0.1's spelling: one pair
        if not isinstance(data, Tensor) or batch_sizes is None:
            raise TypeError(
                "PackedSequence expected a tensor and batch_sizes, got "
                f"{type(data).__name__} and {type(batch_sizes).__name__}; "
                "nn.utils.rnn.pack_sequence makes one from a list of tensors")
        if not isinstance(batch_sizes, Tensor):
            batch_sizes = tensor(batch_sizes, dtype=int64)
        if batch_sizes.device.type != "cpu":
            raise ValueError("PackedSequence keeps batch_sizes on the CPU, whatever the "
                             f"device of data; got them on {batch_sizes.device}")
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    @property
    def is_cuda(self) -> bool:
        """Whether data is on a GPU."""
        return self.data.is_cuda

    def to(self, *args: Any, **options: Any) -> "PackedSequence":
        """data with another dtype or on another device, arguments as `Tensor.to`.

        The indices follow to the device.  Returned itself if nothing changes.
        """
        data = self.data.to(*args, **options)
        if data is self.data:
            return self
        indices = [None if i is None else i.to(data.device) for i in self[2:]]
        return type(self)(data, self.batch_sizes, *indices)

    def cpu(self) -> "PackedSequence":
        """On the CPU."""
        return self.to("cpu")

    def cuda(self, device: Any = None, non_blocking: bool = False) -> "PackedSequence":
        """On a GPU, the first unless told otherwise."""
        return self.to("cuda" if device is None else device)

    def double(self) -> "PackedSequence":
        """data in float64."""
        return self.to(np.dtype("float64"))

    def float(self) -> "PackedSequence":
        """data in float32."""
        return self.to(np.dtype("float32"))

    def half(self) -> "PackedSequence":
        """data in float16."""
        return self.to(np.dtype("float16"))

    def long(self) -> "PackedSequence":
        """data in int64."""
        return self.to(np.dtype("int64"))

    def int(self) -> "PackedSequence":
        """data in int32."""
        return self.to(np.dtype("int32"))

    def short(self) -> "PackedSequence":
        """data in int16."""
        return self.to(np.dtype("int16"))

    def char(self) -> "PackedSequence":
        """data in int8."""
        return self.to(np.dtype("int8"))

    def byte(self) -> "PackedSequence":
        """data in uint8."""
        return self.to(np.dtype("uint8"))


def invert_permutation(permutation: Any) -> Any:
    """The permutation (B,) that undoes this one (B,); None for None."""
    if permutation is None:
        return None
    device = permutation.device
    return Tensor._of(device.xp.argsort(permutation.array), device)


def checked_batch_sizes(who: str, packed: PackedSequence) -> np.ndarray:
    """The batch sizes (T,) as an int64 array that kernels can trust.

    Raises:
        TypeError: this is no PackedSequence.
        RuntimeError: they are not positive whole numbers that never grow, or do not add
            up to the length of data.
    """
    if not isinstance(packed, PackedSequence):
        raise TypeError(f"{who} expected a PackedSequence, got {type(packed).__name__}")
    sizes = np.ascontiguousarray(packed.batch_sizes.array, np.int64)
    rows = packed.data.shape[0] if packed.data.ndim else 0
    if (sizes.ndim != 1 or sizes.size == 0 or sizes[-1] < 1
            or (sizes[1:] > sizes[:-1]).any() or sizes.sum() != rows):
        raise RuntimeError(
            f"{who}: the batch sizes of a PackedSequence are positive, never grow and "
            f"add up to the {rows} rows of its data, got {packed.batch_sizes.tolist()}")
    return sizes
