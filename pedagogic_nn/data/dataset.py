"""Datasets: anything with `len(dataset)` and `dataset[i]`; four ways to make one.

    TensorDataset(x, y)        row i of each tensor
    Subset(dataset, [3, 1])    some rows, in that order
    ConcatDataset([a, b])      one after the other
    random_split(d, [80, 20])  Subsets that share no row
"""
import bisect
import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any

from ..autograd.tensor import Tensor
from ..backend.random import Generator
from .sampler import permutation


class Dataset:
    """Examples that can be asked for by number.

    Write `__getitem__(self, index)` and `__len__(self)`.

    Raises:
        TypeError: `dataset[i]` of a class that has no `__getitem__` of its own.

    Example:
        >>> class Squares(Dataset):
        ...     def __getitem__(self, index):
        ...         return index, index ** 2
        ...     def __len__(self):
        ...         return 10
        >>> Squares()[3]
        (3, 9)
    """

    def __getitem__(self, index: Any) -> Any:
        name = type(self).__name__
        raise TypeError(f"{name} cannot be indexed: a Dataset needs a method "
                        "__getitem__(self, index)")

    def __add__(self, other: "Dataset") -> "ConcatDataset":
        return ConcatDataset([self, other])


class IterableDataset(Dataset):
    """Examples that come one after the other and have no number: write `__iter__(self)`.

    A DataLoader cuts them into batches in the order in which they come.
    """

    def __iter__(self) -> Iterator:
        name = type(self).__name__
        raise TypeError(f"{name} cannot be read: an IterableDataset needs a method "
                        "__iter__(self)")


class TensorDataset(Dataset):
    """Row i of every tensor, as a tuple.

    Args:
        tensors: tensors with the same number of rows (the same size of axis 0).

    Raises:
        ValueError: no tensor was given, or their numbers of rows differ.

    Example:
        >>> import numpy as np
        >>> from pedagogic_nn import from_numpy
        >>> pairs = TensorDataset(from_numpy(np.eye(3)), from_numpy(np.arange(3)))
        >>> len(pairs), pairs[1][0].tolist(), pairs[1][1].item()
        (3, [0.0, 1.0, 0.0], 1)
    """

    def __init__(self, *tensors: Tensor) -> None:
        if not tensors:
            raise ValueError("TensorDataset: expected at least one tensor, got none")
        for position, tensor in enumerate(tensors):
            if len(tensor.shape) == 0:
                raise ValueError(
                    f"TensorDataset: argument {position} is a single number and has no "
                    "rows; give it an axis with tensor.reshape(1)")
        rows = [tensor.shape[0] for tensor in tensors]
        if len(set(rows)) > 1:
            raise ValueError("TensorDataset: every tensor needs the same number of rows, "
                             "got " + ", ".join(map(str, rows)))
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return self.tensors[0].shape[0]


class Subset(Dataset):
    """The examples `dataset[i]` for the numbers i in `indices`, in that order.

    Example:
        >>> Subset("abcdef", [4, 0, 0])[0]
        'e'
    """

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return [self.dataset[self.indices[i]] for i in index]
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


class ConcatDataset(Dataset):
    """Several datasets, one after the other.

    Raises:
        ValueError: the list is empty.
        TypeError: one of them is an IterableDataset, which has no length.

    Example:
        >>> both = ConcatDataset(["ab", "xyz"])
        >>> len(both), both[2], both[-1]
        (5, 'x', 'z')
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset: expected at least one dataset, got none")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise TypeError("ConcatDataset joins datasets that have a length; "
                            "an IterableDataset has none")
        self.cumulative_sizes = list(accumulate(map(len, self.datasets)))

    def __getitem__(self, index: int) -> Any:
        if not -len(self) <= index < len(self):
            raise IndexError(f"ConcatDataset: index {index} is outside its "
                             f"{len(self)} examples")
        index = index % len(self)
        which = bisect.bisect_right(self.cumulative_sizes, index)
        before = self.cumulative_sizes[which - 1] if which else 0
        return self.datasets[which][index - before]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


def random_split(
    dataset: Any, lengths: Sequence[float], generator: Generator | None = None
) -> list[Subset]:
    """Deal the examples at random into Subsets that share none.

    Args:
        dataset: what to divide.
        lengths: how many examples each part gets (they add up to `len(dataset)`), or
            which fraction (they add up to 1; what rounding down leaves over goes one
            each to the first parts).
        generator: the stream to draw from; the default one (see `manual_seed`) otherwise.

    Raises:
        ValueError: the lengths or fractions do not add up, or one of them is negative.

    Example:
        >>> train, test = random_split(range(10), [0.8, 0.2], Generator().manual_seed(0))
        >>> len(train), len(test), sorted([*train, *test]) == list(range(10))
        (8, 2, True)
    """
    size = len(dataset)
    if any(length < 0 for length in lengths):
        raise ValueError(f"random_split: no length may be negative, got {list(lengths)}")
    counts: list[Any] = list(lengths)
    if math.isclose(sum(lengths), 1):
        counts = [math.floor(size * part + 1e-9) for part in lengths]  # 0.29 * 100 < 29
        for part in range(size - sum(counts)):
            counts[part % len(counts)] += 1
    if sum(counts) != size:
        raise ValueError(
            f"random_split: lengths {list(lengths)} add up to {sum(lengths)}, but the "
            f"dataset has {size} examples; give numbers that add up to {size}, "
            "or fractions that add up to 1")
    order = permutation(size, generator).tolist()
    ends = list(accumulate(counts))
    return [
        Subset(dataset, order[end - count : end])
        for count, end in zip(counts, ends, strict=True)
    ]

