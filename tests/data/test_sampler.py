"""Samplers: orders, weights, batches."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

import pedagogic_nn as torch
from pedagogic_nn.data import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    WeightedRandomSampler,
)


def test_a_sampler_without_iter_says_what_it_needs():
    with pytest.raises(TypeError, match=r"Sampler cannot be read.*__iter__"):
        iter(Sampler())


def test_a_sequential_sampler_counts():
    assert list(SequentialSampler("abc")) == [0, 1, 2]
    assert len(SequentialSampler("")) == 0


def test_a_random_sampler_gives_every_number_once_in_a_new_order_each_pass():
    sampler = RandomSampler(range(100))
    first, second = list(sampler), list(sampler)
    assert sorted(first) == sorted(second) == list(range(100))
    assert first != second != list(range(100))


@given(some.integers(1, 7), some.integers(1, 20))
def test_more_samples_than_examples_start_another_round(n, num_samples):
    drawn = list(RandomSampler(range(n), num_samples=num_samples))
    assert len(drawn) == num_samples
    counts = np.bincount(drawn, minlength=n)
    assert counts.max() - counts.min() <= 1


def test_a_random_sampler_with_replacement_repeats():
    sampler = RandomSampler(range(10), replacement=True, num_samples=1000)
    counts = np.bincount(list(sampler), minlength=10)
    assert len(sampler) == counts.sum() == 1000
    assert counts.min() > 50 and counts.max() < 150  # 100 each, standard deviation 9.5


def test_a_random_sampler_of_nothing_is_empty():
    assert list(RandomSampler([])) == list(RandomSampler([], replacement=True)) == []


def test_random_samplers_follow_the_seed():
    def order():
        return list(RandomSampler(range(30), generator=torch.Generator().manual_seed(5)))

    assert order() == order()
    torch.manual_seed(3)
    by_default = list(RandomSampler(range(30)))
    torch.manual_seed(3)
    assert list(RandomSampler(range(30))) == by_default


@pytest.mark.parametrize("num_samples", [0, -1, 2.5, True])
def test_a_random_sampler_says_what_it_expected(num_samples):
    with pytest.raises(ValueError, match="num_samples must be a whole number above 0"):
        RandomSampler(range(3), num_samples=num_samples)


def test_nothing_can_be_drawn_from_nothing():
    with pytest.raises(ValueError, match="cannot draw 2 numbers from an empty"):
        RandomSampler([], num_samples=2)


def test_weights_are_frequencies():
    drawn = list(WeightedRandomSampler([1, 0, 3], 4000))
    counts = np.bincount(drawn, minlength=3)
    assert counts[1] == 0
    assert abs(counts[2] / 4000 - 0.75) < 0.03  # standard deviation 0.007


def test_weights_without_replacement_give_each_number_once():
    sampler = WeightedRandomSampler([5, 1, 0, 2], 3, replacement=False)
    assert len(sampler) == 3
    assert sorted(sampler) == [0, 1, 3]


@pytest.mark.parametrize(
    "weights", [[], [0, 0], [1, -1], [1, float("nan")], [1, float("inf")], [[1, 2]], 3.0]
)
def test_weights_must_be_weights(weights):
    with pytest.raises(ValueError, match="weights must be one row of finite numbers"):
        WeightedRandomSampler(weights, 1)


def test_a_weighted_sampler_says_what_it_expected():
    with pytest.raises(ValueError, match="num_samples must be a whole number above 0"):
        WeightedRandomSampler([1, 1], 0)
    with pytest.raises(ValueError, match="only 1 weights are above 0.*replacement=True"):
        WeightedRandomSampler([1, 0], 2, replacement=False)


@pytest.mark.parametrize(
    ("drop_last", "batches"),
    [(False, [[0, 1, 2], [3, 4, 5], [6]]), (True, [[0, 1, 2], [3, 4, 5]])],
)
def test_a_batch_sampler_cuts_lists(drop_last, batches):
    sampler = BatchSampler(range(7), 3, drop_last)
    assert list(sampler) == batches
    assert len(sampler) == len(batches)


@given(some.integers(0, 20), some.integers(1, 8), some.booleans())
def test_a_batch_sampler_counts_its_lists(n, batch_size, drop_last):
    sampler = BatchSampler(range(n), batch_size, drop_last)
    assert len(list(sampler)) == len(sampler)


def test_a_batch_sampler_says_what_it_expected():
    with pytest.raises(ValueError, match="batch_size must be a whole number above 0"):
        BatchSampler(range(3), 0, False)
    with pytest.raises(ValueError, match="drop_last must be True or False, got 1"):
        BatchSampler(range(3), 2, 1)
