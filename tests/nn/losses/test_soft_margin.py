import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.losses.soft_margin import (
    soft_margin,
    soft_margin_loss,
    soft_margin_one,
)
from tests.harness import backend_tests, case, check_stays_float32, gradient_tests
from tests.nn.losses.rows import loss_cases, normal, signs

EXTREME = [[1e4, -1e4, 90, -90, np.inf, -np.inf, np.nan, 0.0],
           [1, 1, -1, -1, 1, 1, 1, -1]]
CASES = loss_cases(soft_margin, normal, signs, EXTREME)
test_backends = backend_tests(CASES)
test_gradients = gradient_tests([
    case(soft_margin_loss, input=(3, 4), target=signs(3, 4).astype(int),
         reduction=reduction) for reduction in ("mean", "none")
])


def test_by_hand():
    x = torch.tensor([0.0, np.log(3)], requires_grad=True)
    loss = nn.SoftMarginLoss(reduction="sum")(x, torch.tensor([1.0, -1.0]))
    loss.backward()
    np.testing.assert_allclose(loss.item(), np.log(2) + np.log(4), rtol=1e-6)
    np.testing.assert_allclose(x.grad.numpy(), [-0.5, 0.75], rtol=1e-6)


def test_it_is_the_binary_cross_entropy_for_other_labels():
    x, y = torch.from_numpy(normal(9)), torch.from_numpy(signs(9))
    expected = nn.BCEWithLogitsLoss()(x, (y + 1) / 2)
    np.testing.assert_allclose(soft_margin_loss(x, y).item(), expected.item(), rtol=1e-6)


def test_large_scores_do_not_overflow():
    x = torch.tensor([-1e4, 1e4], requires_grad=True)
    loss = soft_margin_loss(x, torch.ones(2), reduction="none")
    loss.sum().backward()
    assert loss.tolist() == [1e4, 0]
    assert x.grad.tolist() == [-1, 0]


def test_says_what_it_expected():
    x = torch.zeros(2)
    with pytest.raises(RuntimeError, match="no gradient for target; say target.detach"):
        soft_margin_loss(x, torch.ones(2, requires_grad=True))
    with pytest.raises(RuntimeError, match=r"target must stretch to .* \(2,\), got"):
        soft_margin_loss(x, torch.ones(3, 2))
    with pytest.raises(RuntimeError, match=r"target has shape \(3,\)"):
        soft_margin_loss(x, torch.ones(3))


def test_the_formula_stays_float32():
    check_stays_float32(soft_margin_one, 2)
