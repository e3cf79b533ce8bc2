"""DataLoader: the examples of a dataset, in some order, put together into batches."""
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from ..autograd.factories import from_numpy
from ..autograd.shaping import stack
from ..autograd.tensor import Tensor
from ..backend.random import Generator
from .dataset import IterableDataset
from .sampler import BatchSampler, RandomSampler, SequentialSampler

NUMBERS = ((bool, np.bool_), (int, np.int64), (float, np.float64))  # True is an int too
OWN_COLLATE = "Pass your own collate_fn to DataLoader: it gets the list of examples"


def default_collate(batch: Sequence) -> Any:
    """Put a list of N examples together into one batch, by what the first of them is.

    | each example is | the batch is |
    | --- | --- |
    | a Tensor or an array of shape S | a Tensor of shape (N, *S), the same dtype |
    | a float; an int; a bool | a Tensor of shape (N,): float64; int64; bool |
    | a string or bytes | the list, as it is |
    | a tuple or a list | a list: the batch of the first parts, of the second parts … |
    | a named tuple; a dict | one of its kind, with a batch in each field |

    Raises:
        RuntimeError: the examples differ in shape or in length.
        KeyError: a dict lacks a key that the first one has.
        TypeError: something else, None for instance.

    Example:
        >>> x, names = default_collate([(1.5, "ada"), (2.5, "bo")])
        >>> x.tolist(), names
        ([1.5, 2.5], ['ada', 'bo'])
    """
    first = batch[0]
    if isinstance(first, (Tensor, np.ndarray, np.generic)):
        return _stack(batch)
    for kind, dtype in NUMBERS:
        if isinstance(first, kind):
            return from_numpy(np.array(batch, dtype))
    if isinstance(first, (str, bytes)):
        return list(batch)
    if isinstance(first, Mapping):
        columns = {key: [example[key] for example in batch] for key in first}
        return _like(first, {key: default_collate(columns[key]) for key in columns})
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*_transpose(batch))
    if isinstance(first, (tuple, list)):
        return _transpose(batch)
    raise TypeError(
        f"default_collate: cannot make a batch of {type(first).__name__}; examples may "
        "be Tensors, arrays, numbers, strings, and tuples, lists or dicts of these. "
        f"{OWN_COLLATE}"
    )


def _stack(batch: Sequence) -> Tensor:
    """Tensors, arrays or NumPy numbers of one shape S -> Tensor (N, *S)."""
    shapes = [tuple(example.shape) for example in batch]
    if len(set(shapes)) > 1:
        other = [shape == shapes[0] for shape in shapes].index(False)
        raise RuntimeError(
            f"default_collate: the examples of a batch need one shape, got {shapes[0]} "
            f"first and {shapes[other]} in place {other}. Pad them, or: {OWN_COLLATE}"
        )
    if isinstance(batch[0], Tensor):
        return stack(list(batch), 0)
    if batch[0].dtype.kind in "OUS":
        raise TypeError(
            f"default_collate: arrays of dtype {batch[0].dtype} hold no numbers and make "
            f"no Tensor. {OWN_COLLATE}"
        )
    return from_numpy(np.stack(batch))


def _transpose(batch: Sequence) -> list:
    """N examples of K parts -> K batches of N."""
    lengths = sorted({len(example) for example in batch})
    if len(lengths) > 1:
        raise RuntimeError(
            "default_collate: every example needs the same number of parts, got "
            f"{lengths}. Pad them, or: {OWN_COLLATE}"
        )
    return [default_collate(parts) for parts in zip(*batch, strict=True)]


def _like(mapping: Mapping, fields: dict) -> Any:
    """`fields` in the class of `mapping`, or as a dict if that class takes none."""
    try:
        return type(mapping)(fields)  # type: ignore[call-arg]
    except TypeError:
        return fields


class DataLoader:
    """A dataset in batches: `for x, y in DataLoader(dataset, 32, shuffle=True): …`.

    Args:
        dataset: anything with `len(dataset)` and `dataset[i]`, or an IterableDataset.
        batch_size: examples to a batch; None gives single examples, uncollated.
        shuffle: a new random order in each pass.
        sampler: gives the order instead of `shuffle`.
        batch_sampler: gives lists of numbers, one to a batch, instead of batch_size,
            shuffle, sampler and drop_last.
        num_workers: threads that make batches ahead of time; 0 makes each when it is
            asked for. They are threads, not processes as in PyTorch: nothing is copied
            or pickled. Reading files and the work of NumPy and numba overlap with
            training; plain Python in `__getitem__` takes turns with it, and gains
            nothing. The batches and their order do not depend on this number, unless
            `__getitem__` itself draws from a shared generator.
        collate_fn: turns a list of examples into a batch; by default `default_collate`.
        drop_last: leave out the last batch if it is smaller.
        timeout: seconds to wait for a batch that a thread makes; 0 waits for ever.
        worker_init_fn: called in each thread with its number, before its first batch.
        generator: the stream for `shuffle`; by default the one `manual_seed` seeds.
        prefetch_factor: batches that are made ahead for each thread, 2 by default.
        pin_memory, multiprocessing_context, persistent_workers, pin_memory_device:
            taken so that programs for PyTorch run, and without effect. There is no
            process to keep alive, and nothing is copied to pinned memory.

    Raises:
        ValueError: options that exclude each other, or out of range.
        RuntimeError: a batch took longer than `timeout`.
        TypeError: `len(loader)` of an IterableDataset without a length.

    Example:
        >>> loader = DataLoader([(i, 10.0 * i) for i in range(5)], batch_size=2)
        >>> [x.tolist() for x, y in loader], len(loader)
        ([[0, 1], [2, 3], [4]], 3)
    """

    def __init__(
        self, dataset: Any, batch_size: int | None = 1, shuffle: bool = False,
        sampler: Iterable | None = None, batch_sampler: Iterable | None = None,
        num_workers: int = 0, collate_fn: Callable | None = None,
        pin_memory: bool = False, drop_last: bool = False, timeout: float = 0,
        worker_init_fn: Callable | None = None, multiprocessing_context: Any = None,
        generator: Generator | None = None, *, prefetch_factor: int | None = None,
        persistent_workers: bool = False, pin_memory_device: str = "",
    ) -> None:
        _check_order(batch_size, shuffle, sampler, batch_sampler, drop_last)
        _check_workers(num_workers, timeout, prefetch_factor)
        if isinstance(dataset, IterableDataset):
            _check_stream(dataset, shuffle, sampler, batch_sampler, num_workers)
        self.dataset, self.generator = dataset, generator
        self.num_workers, self.drop_last = num_workers, drop_last
        self.timeout, self.worker_init_fn = timeout, worker_init_fn
        self.prefetch_factor = prefetch_factor or 2
        self.pin_memory, self.persistent_workers = pin_memory, persistent_workers
        self.batch_size = None if batch_sampler is not None else batch_size
        if sampler is None:
            sampler = _order(dataset, shuffle, generator)
        if batch_sampler is None and batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.sampler, self.batch_sampler = sampler, batch_sampler
        as_batch = _as_it_is if batch_sampler is None else default_collate
        self.collate_fn = collate_fn or as_batch

    def __iter__(self) -> Iterator:
        if isinstance(self.dataset, IterableDataset):  # its "order" gives the examples
            return map(self.collate_fn, self._requests())
        if self.num_workers:
            return self._ahead()
        return map(self._fetch, self._requests())

    def __len__(self) -> int:
        stream = isinstance(self.dataset, IterableDataset)
        if stream and not hasattr(self.dataset, "__len__"):
            raise TypeError(
                f"DataLoader has no length here: {type(self.dataset).__name__} does not "
                "say how many examples will come; give it a method __len__"
            )
        return len(self._requests())

    def _requests(self) -> Any:
        """What is asked for, one after the other: lists of numbers, or single numbers."""
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def _fetch(self, request: Any) -> Any:
        """The batch of a list of numbers, or the single example of one number."""
        if self.batch_sampler is None:
            return self.collate_fn(self.dataset[request])
        return self.collate_fn([self.dataset[index] for index in request])

    def _ahead(self) -> Iterator:
        """The same batches in the same order, made by threads before they are needed."""
        begin = self.worker_init_fn and _numbered(self.worker_init_fn)
        with ThreadPoolExecutor(self.num_workers, "DataLoader", begin) as pool:
            waiting: deque = deque()
            try:
                for request in self._requests():
                    waiting.append(pool.submit(self._fetch, request))
                    if len(waiting) >= self.prefetch_factor * self.num_workers:
                        yield self._wait_for(waiting.popleft())
                while waiting:
                    yield self._wait_for(waiting.popleft())
            finally:  # the reader stopped early, or an example failed
                for future in waiting:
                    future.cancel()

    def _wait_for(self, future: Future) -> Any:
        """The batch that a thread makes."""
        try:
            return future.result(self.timeout or None)
        except TimeoutError:
            if future.done():      # the dataset itself raised it
                raise
            raise RuntimeError(
                f"DataLoader: a batch was not ready after {self.timeout} s; give more "
                "seconds in timeout, or 0 to wait for ever"
            ) from None


def _numbered(worker_init_fn: Callable) -> Callable:
    """A function without arguments that calls `worker_init_fn` with 0, 1, 2 …"""
    numbers = itertools.count()
    return lambda: worker_init_fn(next(numbers))


class _Stream:
    """An IterableDataset as an order: it gives examples where samplers give numbers."""

    def __init__(self, dataset: IterableDataset) -> None:
        self.dataset = dataset

    def __iter__(self) -> Iterator:
        return iter(self.dataset)

    def __len__(self) -> int:
        return len(self.dataset)  # type: ignore[arg-type]


def _order(dataset: Any, shuffle: bool, generator: Generator | None) -> Iterable:
    """The sampler of a loader that was given none."""
    if isinstance(dataset, IterableDataset):
        return _Stream(dataset)
    if shuffle:
        return RandomSampler(dataset, generator=generator)
    return SequentialSampler(dataset)


def _as_it_is(example: Any) -> Any:
    return example


def _check_order(
    batch_size: int | None, shuffle: bool, sampler: Iterable | None,
    batch_sampler: Iterable | None, drop_last: bool,
) -> None:
    """Raise ValueError where options exclude each other (BatchSampler checks its own)."""
    others = batch_size != 1 or shuffle or sampler is not None or drop_last
    if batch_sampler is not None and others:
        raise ValueError(
            "DataLoader: batch_sampler already gives the batches; leave out batch_size, "
            "shuffle, sampler and drop_last"
        )
    if sampler is not None and shuffle:
        raise ValueError(
            "DataLoader: sampler already gives the order; leave out shuffle. To draw at "
            "random, pass a RandomSampler as sampler"
        )
    if batch_size is None and drop_last:
        raise ValueError(
            "DataLoader: batch_size=None gives single examples, so there is no last "
            "batch to drop; leave out drop_last"
        )


def _check_workers(
    num_workers: int, timeout: float, prefetch_factor: int | None
) -> None:
    whole = isinstance(num_workers, int) and not isinstance(num_workers, bool)
    if not whole or num_workers < 0:
        raise ValueError(
            "DataLoader: num_workers must be a whole number of at least 0, "
            f"got {num_workers!r}"
        )
    if timeout < 0:
        raise ValueError(f"DataLoader: timeout must be 0 or more seconds, got {timeout}")
    if prefetch_factor is not None and (num_workers == 0 or prefetch_factor < 1):
        raise ValueError(
            "DataLoader: prefetch_factor must be at least 1, and there must be "
            f"num_workers to make batches ahead; got {prefetch_factor} with "
            f"{num_workers} workers"
        )


def _check_stream(
    dataset: IterableDataset, shuffle: bool, sampler: Iterable | None,
    batch_sampler: Iterable | None, num_workers: int,
) -> None:
    """Raise ValueError for what an IterableDataset excludes."""
    who = f"DataLoader: {type(dataset).__name__} is an IterableDataset"
    if shuffle or sampler is not None or batch_sampler is not None:
        raise ValueError(
            f"{who} and sets its own order; leave out shuffle, sampler and batch_sampler"
        )
    if num_workers:
        raise ValueError(f"{who} and only one thread can read it; leave num_workers at 0")
