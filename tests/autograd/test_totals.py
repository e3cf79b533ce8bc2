"""Sums and variances in one kernel: against NumPy, near and beyond what float32 adds."""
import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn.autograd.totals import BLOCK, PART, middle, total, variance
from tests.harness import backend_tests, case, saturated, uniform

SHAPES = [(2, 5, 1), (3, 4, 2), (1, 1, 1), (1, 7, 3), (2, 1, 4)]
test_backends = backend_tests([
    *(case(total, x=shape) for shape in SHAPES),
    *(case(variance, x=shape, divisor=3.0) for shape in SHAPES),
    *(case(operation, x=x, **given)
      for operation, given in [(total, {}), (variance, {"divisor": 4.0})]
      for x in [uniform(2, BLOCK + 3, 1), saturated(2, 3, 1),
                uniform(3, 4, 2).astype(np.float64)]),
])


@pytest.mark.parametrize("dims", [None, (0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)])
def test_axes_side_by_side_are_the_middle_of_three(dims):
    x = np.arange(24.0).reshape(2, 3, 4)
    whole = middle(x, dims)
    assert whole.base is not None and whole.shape[1] == (
        24 if dims is None else np.prod([x.shape[d] for d in dims]))
    np.testing.assert_array_equal(total(whole).reshape(-1), np.ravel(x.sum(dims)))


@pytest.mark.parametrize("x, dims", [
    (np.zeros((2, 3, 4)), (0, 2)), (np.zeros((2, 3)).T, (0,)), (np.zeros((2, 0)), (1,)),
    (np.zeros((2, 3), np.float16), (1,)), (np.zeros((2, 3), np.int64), None),
])
def test_what_is_left_to_numpy(x, dims):
    assert middle(x, dims) is None


@pytest.mark.parametrize("n", [PART, PART + 1, 5 * PART - 7])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_long_sum_keeps_its_digits_with_any_number_of_threads(n, threads):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        x = np.full(n, 0.1, np.float32)
        exact = x.astype(np.float64).sum()
        assert torch.from_numpy(x).sum().item() == pytest.approx(exact, rel=1e-6)
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("dims", [None, 0, 1, 2, (0, 2), (1, 2)])
@pytest.mark.parametrize("correction", [0, 1])
def test_variances_far_from_zero_keep_their_digits(dims, correction):
    x = np.random.default_rng(0).normal(1000, 1, (5, 6, 7))
    t = torch.from_numpy(x.astype(np.float32))
    found = t.var(dims, correction=correction).numpy()
    wanted = x.astype(np.float32).astype(np.float64).var(dims, ddof=correction)
    np.testing.assert_allclose(found, wanted, 1e-4)


@pytest.mark.parametrize("columns", [3, 2_000])
def test_many_columns_are_taken_side_by_side(columns):
    x = uniform(2, 3, columns)
    np.testing.assert_allclose(total(x), x.sum(1), 1e-5, 1e-6)
    y, mean = variance(x, 2.0)
    np.testing.assert_allclose(y, x.var(1, ddof=1), 1e-4)
    np.testing.assert_allclose(mean, x.mean(1), 1e-4, 1e-6)
