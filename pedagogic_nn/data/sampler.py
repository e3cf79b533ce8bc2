"""Samplers: the order in which a DataLoader asks for examples, and its batches."""
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..backend.device import Device
from ..backend.random import Generator
from ..backend.random import generator as default_generator


def stream(generator: Generator | None) -> np.random.Generator:
    """NumPy's generator inside `generator`, or the one that `manual_seed` seeds."""
    return (generator or default_generator(Device("cpu"))).numpy


def permutation(n: int, generator: Generator | None = None) -> np.ndarray:
    """0 … n - 1 in random order, int64 (n,)."""
    return stream(generator).permutation(n)


class Sampler:
    """An order of examples: `__iter__` gives their numbers, `__len__` counts them."""

    def __iter__(self) -> Iterator:
        raise TypeError(f"{type(self).__name__} cannot be read: a Sampler needs a method "
                        "__iter__(self)")


class SequentialSampler(Sampler):
    """0, 1, 2 … len(data_source) - 1.

    Example:
        >>> list(SequentialSampler("abc"))
        [0, 1, 2]
    """

    def __init__(self, data_source: Any) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler):
    """A new random order each time it is read.

    Args:
        data_source: what is sampled; only its length is used.
        replacement: draw each number anew from all: some come twice and some never.
        num_samples: how many numbers to give; `len(data_source)` by default. Without
            replacement, more than that many starts another shuffled round.
        generator: the stream to draw from; the default one (see `manual_seed`) otherwise.

    Raises:
        ValueError: num_samples is not a whole number above 0, or data_source is empty.

    Example:
        >>> sorted(RandomSampler("abcd"))
        [0, 1, 2, 3]
    """

    def __init__(
        self, data_source: Any, replacement: bool = False,
        num_samples: int | None = None, generator: Generator | None = None,
    ) -> None:
        if num_samples is not None:
            _check_count("RandomSampler: num_samples", num_samples)
            if len(data_source) == 0:
                raise ValueError(f"RandomSampler: cannot draw {num_samples} numbers "
                                 "from an empty data_source")
        self.data_source = data_source
        self.replacement = replacement
        self.num_samples = len(data_source) if num_samples is None else num_samples
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        n, left = len(self.data_source), self.num_samples
        if self.replacement and n:
            yield from stream(self.generator).integers(0, n, left).tolist()
            return
        while left:
            yield from permutation(n, self.generator)[:left].tolist()
            left -= min(n, left)

    def __len__(self) -> int:
        return self.num_samples


class WeightedRandomSampler(Sampler):
    """Numbers drawn by weight: i comes with probability weights[i] / sum(weights).

    The usual use: rare classes as often as common ones, with the weight
    1 / (size of its class) for each example.

    Args:
        weights: one for each example; they need not add up to 1.
        num_samples: how many numbers to draw.
        replacement: False draws each number at most once.
        generator: the stream to draw from; the default one (see `manual_seed`) otherwise.

    Raises:
        ValueError: weights are not a row of finite numbers, none below 0 and one above;
            num_samples is not a whole number above 0; or, without replacement, fewer
            than num_samples weights are above 0.

    Example:
        >>> list(WeightedRandomSampler([0.0, 2.5, 0.0], num_samples=4))
        [1, 1, 1, 1]
    """

    def __init__(
        self, weights: Sequence[float], num_samples: int, replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        _check_count("WeightedRandomSampler: num_samples", num_samples)
        self.weights = np.asarray(weights, dtype=np.float64)
        finite = self.weights.ndim == 1 and np.isfinite(self.weights).all()
        if not finite or (self.weights < 0).any() or not self.weights.any():
            raise ValueError("WeightedRandomSampler: weights must be one row of finite "
                             f"numbers, none below 0 and one above 0, got {weights!r}")
        possible = np.count_nonzero(self.weights)
        if not replacement and num_samples > possible:
            raise ValueError(
                f"WeightedRandomSampler: cannot draw {num_samples} different numbers, "
                f"only {possible} weights are above 0; pass replacement=True"
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        chances = self.weights / self.weights.sum()
        drawn = stream(self.generator).choice(
            len(chances), self.num_samples, self.replacement, chances
        )
        return iter(drawn.tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler):
    """The numbers of another sampler, in lists of `batch_size`.

    Args:
        sampler: gives the numbers.
        batch_size: how many to a list.
        drop_last: leave out the last list if it is shorter.

    Raises:
        ValueError: batch_size is not a whole number above 0, or drop_last is not a bool.

    Example:
        >>> list(BatchSampler(range(5), batch_size=2, drop_last=False))
        [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Any, batch_size: int, drop_last: bool) -> None:
        _check_count("BatchSampler: batch_size", batch_size)
        if not isinstance(drop_last, bool):
            raise ValueError(
                f"BatchSampler: drop_last must be True or False, got {drop_last!r}"
            )
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list]:
        batch = []
        for index in self.sampler:
            batch.append(index)
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch and not self.drop_last:
            yield batch

    def __len__(self) -> int:
        whole, rest = divmod(len(self.sampler), self.batch_size)
        return whole + bool(rest and not self.drop_last)


def _check_count(what: str, value: Any) -> None:
    """Raise ValueError unless `value` is a whole number above 0 (True is not one)."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < 1:
        raise ValueError(f"{what} must be a whole number above 0, got {value!r}")
