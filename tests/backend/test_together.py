"""Many arrays in one call: every element is visited once, whoever visits it."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pedagogic_nn import set_num_threads
from pedagogic_nn.backend.jit import jit
from pedagogic_nn.backend.launch import get_num_threads
from pedagogic_nn.backend.op import reference
from pedagogic_nn.backend.together import can_join, run_together, sum_together


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
def total(lo, hi, x):
    s = 0.0
    for k in range(lo, hi):
        s += x[k]
    return s


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
    run_together(add, rows, dtype(2))
    for k, (x, y) in enumerate(rows):
        np.testing.assert_array_equal(x, np.full(x.shape, 1 + 2 * k))
        np.testing.assert_array_equal(y, np.full(x.shape, k))
    expected = sum(x.sum(dtype=float) for x, _ in rows)
    assert sum_together(total, [(x,) for x, _ in rows]) == expected


def test_five_arrays():
    arrays = [np.full((2, 3), 10.0**k) for k in range(5)]
    run_together(add_five, [arrays])
    np.testing.assert_array_equal(arrays[0], np.full((2, 3), 11110.0))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=12))
def test_the_sum_over_rows_of_any_length(sizes):
    numbers = iter(range(1000))
    rows = [(np.array([next(numbers) for _ in range(n)], np.float32),) for n in sizes]
    assert sum_together(total, rows) == sum(range(sum(sizes)))


def test_what_cannot_join():
    a = np.ones((4, 4), np.float32)
    fixed = a.copy()
    fixed.flags.writeable = False
    assert can_join(a) and can_join(a, a[1:3])
    assert not can_join(a, a.T) and not can_join(a[:, 0]) and not can_join(a, fixed)
    assert not can_join(a.astype(np.float16))
    with reference():
        assert not can_join(a)
