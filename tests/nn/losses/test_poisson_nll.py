import math

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.losses.poisson_nll import (
    poisson_log,
    poisson_log_one,
    poisson_nll_loss,
    poisson_rate,
    poisson_rate_one,
    stirling,
    stirling_one,
)
from tests.harness import backend_tests, case, check_stays_float32, gradient_tests
from tests.nn.losses.rows import loss_cases, normal, probabilities

LOGS = [[1e4, -1e4, 0, -np.inf, np.nan, 50], [1, 1, 0, 2, 1, 0]]
RATES = [[1e4, 0, 0, np.inf, np.nan, -1], [1, 0, 5, 2, 1, 0]]
COUNTS = [[0] * 7, [0, 1, 2, 1e4, 0.5, np.nan, np.inf]]


def counts(*shape):
    return np.floor(probabilities(*shape) * 8)


CASES = [
    *loss_cases(poisson_log, normal, counts, LOGS),
    *loss_cases(poisson_rate, probabilities, counts, RATES, option=1e-8),
    *loss_cases(stirling, normal, counts, COUNTS),
]
test_backends = backend_tests(CASES)
PAIR = {"input": probabilities(3, 4), "target": probabilities(3, 4) * 5}
test_gradients = gradient_tests([
    case(poisson_nll_loss, **PAIR, log_input=log_input, full=full, reduction=reduction)
    for log_input, full, reduction in [
        (True, False, "mean"), (False, False, "mean"), (False, True, "none")]
])


def test_by_hand():
    """The rate 2 and the counts 0 and 3, without and with log 3! ≈ 1.7918."""
    x = torch.tensor([2.0, 2.0], requires_grad=True)
    y = torch.tensor([0.0, 3.0])
    loss = nn.PoissonNLLLoss(log_input=False, reduction="none")(x, y)
    loss.sum().backward()
    np.testing.assert_allclose(loss.tolist(), [2, 2 - 3 * math.log(2)], rtol=1e-6)
    np.testing.assert_allclose(x.grad.tolist(), [1, 1 - 3 / 2], rtol=1e-6)
    full = nn.PoissonNLLLoss(log_input=False, full=True, reduction="none")(x, y)
    np.testing.assert_allclose((full - loss).tolist(), [0, math.log(6)], atol=0.03)


def test_the_log_of_the_rate_is_the_rate():
    rate, y = torch.from_numpy(probabilities(5)), torch.from_numpy(counts(5))
    np.testing.assert_allclose(
        poisson_nll_loss(rate.log(), y).item(),
        poisson_nll_loss(rate, y, log_input=False).item(), rtol=1e-5)


def test_it_is_least_at_the_count():
    x = torch.tensor([4.0], requires_grad=True)
    poisson_nll_loss(x, torch.tensor([4.0]), log_input=False).backward()
    np.testing.assert_allclose(x.grad.item(), 0, atol=1e-6)


def test_a_stretched_target_counts_as_often():
    x, y = torch.zeros(2, 3), torch.tensor([2.0, 3.0, 4.0])
    whole = y.expand(2, 3)
    for reduction in ("mean", "sum"):
        assert poisson_nll_loss(x, y, full=True, reduction=reduction).item() == \
            poisson_nll_loss(x, whole, full=True, reduction=reduction).item()


def test_says_what_it_expected():
    x = torch.zeros(2)
    with pytest.raises(RuntimeError, match=r"target has shape \(3,\)"):
        poisson_nll_loss(x, torch.zeros(3))
    with pytest.raises(TypeError, match="eps must be a number, got NoneType"):
        poisson_nll_loss(x, x, log_input=False, eps=None)


def test_the_formulas_stay_float32():
    check_stays_float32(poisson_log_one, 2)
    check_stays_float32(poisson_rate_one, 3)
    check_stays_float32(stirling_one, 2)
