import numpy as np
import pytest

from pedagogic_nn.nn.normalization.statistics import BLOCK, add_row


def moments(*rows):
    count, total, spread = 0, 0.0, 0.0
    for row in rows:
        count, total, spread = add_row(row, count, total, spread)
    return total / count, spread / count


@pytest.mark.parametrize("size", [1, 2, 7, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5])
def test_mean_and_variance_of_a_row(size):
    row = np.random.default_rng(size).normal(3, 2, size)
    mean, variance = moments(row)
    np.testing.assert_allclose([mean, variance], [row.mean(), row.var()], 1e-12)


def test_rows_are_put_together():
    """The rows differ in their means, so their spreads alone are not enough."""
    rows = [np.random.default_rng(k).normal(10 * k, 1, k + 1) for k in range(6)]
    together = np.concatenate(rows)
    np.testing.assert_allclose(moments(*rows), [together.mean(), together.var()], 1e-12)


@pytest.mark.parametrize("size", [50, 5000])
def test_a_mean_far_from_zero_does_not_swallow_the_variance(size):
    """In float32, E(x²) - E(x)² of these numbers is off by more than ½."""
    row = (1e4 + np.random.default_rng(0).normal(0, 1, size)).astype(np.float32)
    mean, variance = moments(row)
    exact = row.astype(np.float64)
    np.testing.assert_allclose(mean, exact.mean(), 1e-7)
    np.testing.assert_allclose(variance, exact.var(), 1e-5)
    assert abs((row * row).mean() - row.mean() ** 2 - exact.var()) > 0.5
