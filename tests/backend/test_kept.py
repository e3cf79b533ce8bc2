"""What is kept of an array is forgotten with its numbers, and with the array."""
import gc

import numpy as np
import pytest

from pedagogic_nn.backend import kept as module
from pedagogic_nn.backend.kept import Memory, follow, kept


@pytest.fixture
def made():
    """A function that makes the sum of an array, and counts how often."""
    def of(array):
        of.times += 1
        return float(array.sum())

    of.times = 0
    return of


def test_it_is_made_for_the_second_asking_and_then_no_more(made):
    a = np.ones(3)
    follow(a, Memory())
    assert [kept(a, "sum", lambda: made(a)) for _ in range(4)] == [None, 3.0, 3.0, 3.0]
    assert made.times == 1


def test_nothing_is_kept_of_an_array_that_nobody_follows(made):
    a = np.ones(3)
    assert [kept(a, "sum", lambda: made(a)) for _ in range(3)] == [None] * 3
    assert made.times == 0


def test_each_change_makes_it_forget(made):
    a, memory = np.ones(3), Memory()
    follow(a, memory)
    for value in (1.0, 2.0, 5.0):
        a[...] = value
        memory.writes += 1
        follow(a, memory)                              # again and again, as layers do
        found = [kept(a, "sum", lambda: made(a)) for _ in range(3)]
        assert found == [None, 3 * value, 3 * value]
    assert made.times == 3


def test_names_are_apart():
    a = np.arange(4.0)
    follow(a, Memory())
    for _ in range(2):
        least, most = kept(a, "min", lambda: a.min()), kept(a, "max", lambda: a.max())
    assert (least, most) == (0.0, 3.0)


def test_nothing_is_kept_of_lent_memory(made):
    a, memory = np.ones(3), Memory()
    follow(a, memory)
    assert [kept(a, "sum", lambda: made(a)) for _ in range(2)] == [None, 3.0]
    memory.lent = True
    assert kept(a, "sum", lambda: made(a)) is None


def test_two_counts_for_one_array_are_believed_no_more(made):
    a, one, other = np.ones(3), Memory(), Memory()
    follow(a, one)
    follow(a, other)
    assert one.lent and other.lent
    assert [kept(a, "sum", lambda: made(a)) for _ in range(3)] == [None] * 3


def test_what_was_kept_goes_with_the_array():
    before = len(module._followed)
    arrays = [np.ones(3) for _ in range(10)]
    for a in arrays:
        follow(a, Memory())
    assert len(module._followed) == before + 10
    del a, arrays
    gc.collect()
    assert len(module._followed) == before


def test_a_new_array_in_an_old_ones_place_begins_anew():
    """CPython gives a dead object's id to the next one."""
    memory = Memory()

    def asked_twice(value):
        a = np.full(3, value)
        follow(a, memory)
        return [kept(a, "sum", lambda: float(a.sum())) for _ in range(2)]

    for value in range(1000):
        assert asked_twice(float(value)) == [None, 3.0 * value]
