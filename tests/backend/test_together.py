"""Many arrays in one call: every element is visited once, whoever visits it."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pedagogic_nn import set_num_threads
from pedagogic_nn.backend.jit import jit
from pedagogic_nn.backend.launch import get_num_threads
from pedagogic_nn.backend.op import reference
from pedagogic_nn.backend.together import (
    largest_together,
    run_together,
    sum_together,
    table_of,
)


@jit
def add(lo, hi, x, y, factor):
    x, y = x[lo:hi], y[lo:hi]
    for k in range(x.size):
        x[k] += factor * y[k]


@jit
def add_five(lo, hi, x, a, b, c, d):
    for k in range(lo, hi):
        x[k] = a[k] + b[k] + c[k] + d[k]


@jit
def total(lo, hi, x, factor):
    s = 0.0
    for k in range(lo, hi):
        s += factor * x[k]
    return s


@jit
def highest(lo, hi, x, factor):
    return factor * x[lo:hi].max()


@pytest.fixture(params=[1, 2])
def threads(request):
    before = get_num_threads()
    set_num_threads(request.param)
    yield
    set_num_threads(before)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shapes", [
    [(3, 4)], [(), (5,), (2, 3, 4)], [(0,), (1,), (0, 2)], [(0,)],
    [(7,), (50_000,), (3, 3), (40_000, 2), (1,)],                # enough for two threads
])
def test_every_element_is_visited_once(shapes, dtype, threads):
    rows = [(np.full(s, 1, dtype), np.full(s, k, dtype)) for k, s in enumerate(shapes)]
    run_together(add, table_of(rows), dtype(2))
    for k, (x, y) in enumerate(rows):
        np.testing.assert_array_equal(x, np.full(x.shape, 1 + 2 * k))
        np.testing.assert_array_equal(y, np.full(x.shape, k))
    expected = sum(x.sum(dtype=float) for x, _ in rows)
    assert sum_together(total, table_of([(x,) for x, _ in rows]), 3.0) == 3 * expected


def test_five_arrays():
    arrays = [np.full((2, 3), 10.0**k) for k in range(5)]
    run_together(add_five, table_of([arrays]))
    np.testing.assert_array_equal(arrays[0], np.full((2, 3), 11110.0))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=12))
def test_the_sum_over_rows_of_any_length(sizes):
    numbers = iter(range(1000))
    rows = [(np.array([next(numbers) for _ in range(n)], np.float32),) for n in sizes]
    table, count = table_of(rows), sum(sizes)
    assert table.size == count
    assert sum_together(total, table, 2.0) == 2 * sum(range(count))
    assert largest_together(highest, table, 2.0) == 2 * max(count - 1, 0)


def test_a_number_that_is_none_is_the_largest():
    rows = [(np.array(x, np.float32),) for x in ([1, np.nan], [3])]
    assert np.isnan(largest_together(highest, table_of(rows), 1.0))


def test_what_cannot_join():
    a = np.ones((4, 4), np.float32)
    fixed = a.copy()
    fixed.flags.writeable = False
    short = a[1:3]

    def joined(*rows):
        return table_of(rows) is not None
    assert joined((a,), (short,)) and joined((a, a.copy()), (short, short))
    for other in (a.T, fixed, short, a.astype(float)):
        assert not joined((a, other))
    for other in (a[:, 0], a.astype(float), a.astype(np.float16), a.astype(int)):
        assert not joined((a,), (other,))
    assert not joined((a.astype(np.float16),)) and joined((a.astype(float),))
    with reference():
        assert not joined((a,))
