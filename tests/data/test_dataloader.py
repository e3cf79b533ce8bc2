"""DataLoader: batches, their order, their contents, threads, errors."""
import threading
import time
from collections import OrderedDict, defaultdict, namedtuple

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn.data import (
    BatchSampler,
    DataLoader,
    IterableDataset,
    RandomSampler,
    TensorDataset,
    default_collate,
)

Example = namedtuple("Example", "image label")


class Countdown(IterableDataset):
    def __iter__(self):
        return iter([3, 2, 1])


class CountdownWithLength(Countdown):
    def __len__(self):
        return 3


def numbers(n):
    return TensorDataset(torch.from_numpy(np.arange(float(n))))


def batches(loader):
    return [batch[0].tolist() for batch in loader]


# ---- batches and their order ---------------------------------------------------------


def test_batches_come_in_order():
    loader = DataLoader(numbers(5), batch_size=2)
    assert batches(loader) == [[0, 1], [2, 3], [4]]
    assert len(loader) == 3


def test_the_last_batch_can_be_dropped():
    loader = DataLoader(numbers(5), batch_size=2, drop_last=True)
    assert batches(loader) == [[0, 1], [2, 3]]
    assert len(loader) == 2


def test_the_default_is_one_example_to_a_batch():
    assert batches(DataLoader(numbers(3))) == [[0], [1], [2]]


def test_an_empty_dataset_gives_no_batch():
    assert batches(DataLoader(numbers(0), batch_size=4)) == []
    assert batches(DataLoader(numbers(0), batch_size=4, shuffle=True)) == []


def test_shuffling_gives_every_example_once_in_a_new_order_each_pass():
    loader = DataLoader(numbers(50), batch_size=7, shuffle=True)
    first, second = batches(loader), batches(loader)
    assert first != second
    assert sorted(sum(first, [])) == sorted(sum(second, [])) == list(range(50))


def test_shuffling_follows_the_seed():
    def order(**options):
        return batches(DataLoader(numbers(50), batch_size=50, shuffle=True, **options))

    torch.manual_seed(4)
    by_default = order()
    torch.manual_seed(4)
    assert order() == by_default
    generator = torch.Generator()
    assert order(generator=generator.manual_seed(8)) == order(
        generator=generator.manual_seed(8)
    )


def test_a_sampler_sets_the_order():
    assert batches(DataLoader(numbers(5), batch_size=2, sampler=[4, 0, 4])) == [
        [4, 0], [4]]


def test_a_batch_sampler_sets_the_batches():
    loader = DataLoader(numbers(5), batch_sampler=[[1], [4, 2, 0]])
    assert batches(loader) == [[1], [4, 2, 0]]
    assert len(loader) == 2 and loader.batch_size is None
    sampler = BatchSampler(RandomSampler(range(5)), 5, False)
    assert sorted(batches(DataLoader(numbers(5), batch_sampler=sampler))[0]) == [
        0, 1, 2, 3, 4]


def test_no_batch_size_gives_the_examples_themselves():
    assert list(DataLoader(["a", None], batch_size=None)) == ["a", None]
    assert len(DataLoader(["a", None], batch_size=None)) == 2


def test_a_loader_can_be_read_twice_at_once():
    loader = DataLoader(numbers(2))
    pairs = [(x[0].item(), y[0].item()) for x in loader for y in loader]
    assert pairs == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_an_iterable_dataset_is_cut_into_batches():
    loader = DataLoader(Countdown(), batch_size=2)
    assert [batch.tolist() for batch in loader] == [[3, 2], [1]]
    assert [x for x in DataLoader(Countdown(), batch_size=None)] == [3, 2, 1]
    dropped = DataLoader(Countdown(), batch_size=2, drop_last=True)
    assert [batch.tolist() for batch in dropped] == [[3, 2]]


def test_an_iterable_dataset_may_know_its_length():
    assert len(DataLoader(CountdownWithLength(), batch_size=2)) == 2
    assert len(DataLoader(CountdownWithLength(), batch_size=None)) == 3
    with pytest.raises(TypeError, match="Countdown does not say how many.*__len__"):
        len(DataLoader(Countdown(), batch_size=2))


# ---- what a batch is -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("examples", "dtype"),
    [
        ([1, 2], "int64"),
        ([1.5, 2.0], "float64"),
        ([True, False], "bool"),
        ([np.float32(1), np.float32(2)], "float32"),
        ([np.zeros((2, 3), "uint8"), np.ones((2, 3), "uint8")], "uint8"),
        ([torch.zeros(2, 3), torch.ones(2, 3)], "float32"),
    ],
)
def test_numbers_become_a_tensor(examples, dtype):
    batch = default_collate(examples)
    assert isinstance(batch, torch.Tensor) and batch.dtype == np.dtype(dtype)
    assert tuple(batch.shape) == (2, *np.shape(examples[0]))
    assert batch.tolist() == [np.asarray(example).tolist() for example in examples]


def test_texts_stay_a_list():
    assert default_collate(["a", "bc"]) == ["a", "bc"]
    assert default_collate([b"a", b"bc"]) == [b"a", b"bc"]


def test_pairs_become_a_list_of_batches():
    x, y = default_collate([(1.0, [2, "a"]), (3.0, [4, "b"])])
    assert x.tolist() == [1.0, 3.0]
    assert y[0].tolist() == [2, 4] and y[1] == ["a", "b"]


def test_dicts_become_a_dict_of_batches():
    batch = default_collate([{"x": 1, "name": "a"}, {"name": "b", "x": 2}])
    assert type(batch) is dict and list(batch) == ["x", "name"]
    assert batch["x"].tolist() == [1, 2] and batch["name"] == ["a", "b"]


def test_other_mappings_keep_their_class_where_they_can():
    assert type(default_collate([OrderedDict(x=1)])) is OrderedDict
    assert type(default_collate([defaultdict(int, x=1)])) is dict


def test_named_tuples_keep_their_names():
    batch = default_collate([Example(np.zeros(2), 0), Example(np.ones(2), 1)])
    assert isinstance(batch, Example)
    assert tuple(batch.image.shape) == (2, 2) and batch.label.tolist() == [0, 1]


def test_gradients_flow_through_a_batch():
    x = torch.ones(2, requires_grad=True)
    (default_collate([x, x * 3]) * 2).sum().backward()
    assert x.grad.tolist() == [8.0, 8.0]


def test_a_collate_fn_replaces_the_default():
    loader = DataLoader(["a", "bc", "d"], batch_size=2, collate_fn="-".join)
    assert list(loader) == ["a-bc", "d"]
    upper = DataLoader(["a", "b"], batch_size=None, collate_fn=str.upper)
    assert list(upper) == ["A", "B"]


@pytest.mark.parametrize(
    ("batch", "error", "message"),
    [
        ([np.zeros(3), np.zeros(3), np.zeros(4)], RuntimeError,
         r"got \(3,\) first and \(4,\) in place 2.*collate_fn"),
        ([torch.zeros(1, 2), torch.zeros(2, 1)], RuntimeError, r"need one shape"),
        ([(1, 2), (1, 2, 3)], RuntimeError, r"same number of parts, got \[2, 3\]"),
        ([None, None], TypeError, r"cannot make a batch of NoneType.*collate_fn"),
        ([np.array("a")], TypeError, r"hold no numbers"),
        ([{"x": 1}, {"y": 1}], KeyError, "x"),
    ],
)
def test_what_makes_no_batch_is_named(batch, error, message):
    with pytest.raises(error, match=message):
        default_collate(batch)


# ---- threads -------------------------------------------------------------------------


class Slow:
    """The later the example, the sooner it is ready: threads finish in disorder."""

    def __init__(self, n, fail_at=None):
        self.n, self.fail_at = n, fail_at
        self.threads, self.asked = set(), []

    def __getitem__(self, index):
        if index == self.fail_at:
            raise ZeroDivisionError(f"example {index} is broken")
        self.threads.add(threading.current_thread().name)
        self.asked.append(index)
        time.sleep(0.002 * (self.n - index) / self.n)
        return index

    def __len__(self):
        return self.n


@pytest.mark.parametrize("num_workers", [1, 3])
def test_threads_change_neither_batches_nor_order(num_workers):
    dataset = Slow(23)
    loader = DataLoader(dataset, batch_size=4, num_workers=num_workers)
    found = [batch.tolist() for batch in loader]
    assert found == [batch.tolist() for batch in DataLoader(Slow(23), batch_size=4)]
    assert all(name.startswith("DataLoader") for name in dataset.threads)


def test_threads_shuffle_as_one_does():
    def order(num_workers):
        generator = torch.Generator().manual_seed(2)
        loader = DataLoader(
            Slow(20), 3, shuffle=True, num_workers=num_workers, generator=generator
        )
        return [batch.tolist() for batch in loader]

    assert order(0) == order(2)


def test_each_thread_is_started_with_its_number():
    started = []
    loader = DataLoader(Slow(8), num_workers=2, worker_init_fn=started.append)
    assert len(list(loader)) == 8
    assert sorted(started) == list(range(len(started))) and 1 <= len(started) <= 2


def test_prefetch_factor_says_how_many_batches_are_made_ahead():
    dataset = Slow(20)
    reader = iter(DataLoader(dataset, num_workers=1, prefetch_factor=5))
    next(reader)
    while len(dataset.asked) < 5:
        time.sleep(0.001)
    time.sleep(0.02)
    assert dataset.asked == [0, 1, 2, 3, 4]
    reader.close()


def test_a_batch_that_takes_too_long_is_an_error():
    class Stuck(Slow):
        def __getitem__(self, index):
            time.sleep(0.2)

    with pytest.raises(RuntimeError, match="not ready after 0.01 s"):
        next(iter(DataLoader(Stuck(2), num_workers=1, timeout=0.01)))


def test_options_for_processes_are_taken():
    loader = DataLoader(numbers(3), 1, False, None, None, 2, None, True, True,
                        persistent_workers=True, pin_memory_device="cuda")
    assert batches(loader) == [[0], [1], [2]]
    assert loader.pin_memory and loader.drop_last


def test_an_error_in_a_thread_reaches_the_reader_in_its_turn():
    reader = iter(DataLoader(Slow(20, fail_at=5), batch_size=2, num_workers=2))
    assert next(reader).tolist() == [0, 1]
    assert next(reader).tolist() == [2, 3]
    with pytest.raises(ZeroDivisionError, match="example 5 is broken"):
        next(reader)


def test_threads_end_when_the_reader_stops_early():
    dataset = Slow(1000)
    reader = iter(DataLoader(dataset, num_workers=2))
    next(reader)
    reader.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("DataLoader")]
    assert len(dataset.asked) <= 5  # the one that was read, and two to a thread


# ---- errors --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size must be a whole number above 0, got 0"),
        ({"batch_size": 2.5}, "batch_size must be a whole number above 0"),
        ({"drop_last": 1, "batch_size": 2}, "drop_last must be True or False"),
        ({"shuffle": True, "sampler": [0]}, "sampler already gives the order"),
        ({"batch_sampler": [[0]], "batch_size": 2}, "already gives the batches"),
        ({"batch_sampler": [[0]], "shuffle": True}, "already gives the batches"),
        ({"batch_sampler": [[0]], "sampler": [0]}, "already gives the batches"),
        ({"batch_sampler": [[0]], "drop_last": True}, "already gives the batches"),
        ({"batch_size": None, "drop_last": True}, "no last batch to drop"),
        ({"num_workers": -1}, "num_workers must be a whole number of at least 0"),
        ({"num_workers": True}, "num_workers must be a whole number of at least 0"),
        ({"timeout": -1}, "timeout must be 0 or more"),
        ({"prefetch_factor": 2}, "with 0 workers"),
        ({"prefetch_factor": 0, "num_workers": 1}, "prefetch_factor must be at least 1"),
    ],
)
def test_options_that_exclude_each_other(options, message):
    with pytest.raises(ValueError, match=message):
        DataLoader(numbers(4), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shuffle": True}, "Countdown is an IterableDataset and sets its own order"),
        ({"sampler": [0]}, "sets its own order"),
        ({"batch_sampler": [[0]]}, "sets its own order"),
        ({"num_workers": 2}, "only one thread can read it"),
    ],
)
def test_what_an_iterable_dataset_excludes(options, message):
    with pytest.raises(ValueError, match=message):
        DataLoader(Countdown(), **options)
