import warnings

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.losses.kl_div import (
    kl_div,
    kl_div_log,
    kl_div_log_one,
    kl_div_plain,
    kl_div_plain_one,
)
from tests.harness import backend_tests, case, check_stays_float32, gradient_tests
from tests.nn.losses.rows import loss_cases, normal, other, probabilities

PLAIN = [[0, -1e4, -np.inf, np.nan, 1, 1], [0, 0.5, 0.5, 0.5, 1e-30, 0]]
LOGS = [[0, -1e4, -np.inf, np.nan, 1, 0], [-np.inf, 0.5, 0.5, 0.5, -1, -200]]
CASES = [
    *loss_cases(kl_div_plain, normal, probabilities, PLAIN),
    *loss_cases(kl_div_log, normal, other, LOGS),
]
test_backends = backend_tests(CASES)
PAIR = {"input": normal(3, 4), "target": probabilities(3, 4)}
test_gradients = gradient_tests([
    case(kl_div, **PAIR, reduction=reduction, log_target=log_target)
    for reduction in ("batchmean", "none") for log_target in (False, True)
])


def test_by_hand():
    """From (½, ½) to (¾, ¼): ¾ log(3/2) + ¼ log(1/2)."""
    x = torch.tensor([[0.5, 0.5]]).log().requires_grad_()
    loss = nn.KLDivLoss(reduction="batchmean")(x, torch.tensor([[0.75, 0.25]]))
    loss.backward()
    np.testing.assert_allclose(
        loss.item(), 0.75 * np.log(1.5) + 0.25 * np.log(0.5), rtol=1e-6)
    assert x.grad.tolist() == [[-0.75, -0.25]]


def test_reductions_divide_by_different_numbers():
    x, y = torch.from_numpy(normal(3, 4)), torch.from_numpy(probabilities(3, 4))
    total = kl_div(x, y, reduction="sum").item()
    np.testing.assert_allclose(kl_div(x, y, reduction="batchmean").item(), total / 3,
                               rtol=1e-6)
    np.testing.assert_allclose(kl_div(x, y, size_average=True).item(), total / 12,
                               rtol=1e-6)


def test_logs_as_targets_say_the_same():
    x, y = torch.from_numpy(normal(3, 4)), torch.from_numpy(probabilities(3, 4))
    np.testing.assert_allclose(
        kl_div(x, y.log(), reduction="sum", log_target=True).item(),
        kl_div(x, y, reduction="sum").item(), rtol=1e-5)


def test_an_impossible_outcome_costs_nothing():
    loss = kl_div(torch.tensor([-3.0, -1.0]), torch.tensor([0.0, 1.0]), reduction="none")
    assert loss.tolist() == [0, 1]


def test_the_mean_warns_and_old_spellings_do_not():
    x = torch.zeros(2)
    with pytest.warns(UserWarning, match="the divergence of .* 'batchmean'|batchmean"):
        nn.KLDivLoss()(x, x)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kl_div(x, x, reduction="batchmean")
        kl_div(x, x, size_average=True)
        kl_div(x, x, reduction="none")


def test_says_what_it_expected():
    x = torch.zeros(2)
    with pytest.raises(RuntimeError, match="target must hold real numbers, got int64"):
        kl_div(x, x.long(), reduction="sum")
    with pytest.raises(RuntimeError, match=r"target has shape \(3,\)"):
        kl_div(x, torch.zeros(3), reduction="sum")
    with pytest.raises(ValueError, match="'sum' or 'batchmean', got 'avg'"):
        nn.KLDivLoss(reduction="avg")
    with pytest.raises(ValueError, match="'mean' or 'sum', got 'batchmean'"):
        nn.MSELoss(reduction="batchmean")


def test_the_formulas_stay_float32():
    check_stays_float32(kl_div_plain_one, 2)
    check_stays_float32(kl_div_log_one, 2)
