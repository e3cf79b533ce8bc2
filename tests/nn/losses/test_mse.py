import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.losses.mse import mse, mse_loss, mse_one
from tests.harness import backend_tests, case, check_stays_float32, gradient_tests
from tests.nn.losses.rows import loss_cases, normal, other

EXTREME = [[1e4, -1e4, np.inf, np.nan, 0.0], [-1e4, 1e4, 0.0, 1.0, -0.0]]
CASES = loss_cases(mse, normal, other, EXTREME)
test_backends = backend_tests(CASES)


def weighted(input, target, weight, reduction):
    return mse_loss(input, target, weight=weight, reduction=reduction)


test_gradients = gradient_tests([
    case(mse_loss, input=(3, 4), target=(3, 4), reduction="mean"),
    case(mse_loss, input=(3, 4), target=(3, 4), reduction="none"),
    case(weighted, input=(3, 4), target=(3, 4), weight=(3, 4), reduction="mean"),
])


def test_by_hand():
    x = torch.tensor([1.0, 2.0, 5.0, 3.0], requires_grad=True)
    y = torch.tensor([3.0, 2.0, 1.0, 3.5], requires_grad=True)
    loss = nn.MSELoss()(x, y)
    loss.backward()
    assert loss.item() == (4 + 0 + 16 + 0.25) / 4
    assert x.grad.tolist() == [-1, 0, 2, -0.25]
    assert y.grad.tolist() == [1, 0, -2, 0.25]


def test_the_weighted_mean_divides_by_the_weights():
    x, y = torch.tensor([3.0, 1.0]), torch.zeros(2)
    w = torch.tensor([1.0, 3.0])
    assert mse_loss(x, y, weight=w).item() == (9 + 3) / 4
    assert mse_loss(x, y, weight=w, reduction="sum").item() == 12
    assert mse_loss(x, y, weight=w, reduction="none").tolist() == [9, 3]


def test_stretched_shapes_warn():
    with pytest.warns(UserWarning, match=r"input has shape \(2, 3\), target has shape"):
        loss = mse_loss(torch.zeros(2, 3), torch.full((2, 1), 2.0))
    assert loss.item() == 4


def test_says_what_it_expected():
    x = torch.zeros(2)
    with pytest.raises(RuntimeError, match=r"mse_loss .* target has shape \(3,\)"):
        mse_loss(x, torch.zeros(3))
    with pytest.raises(TypeError, match="mse_loss: target must be a tensor, got list"):
        mse_loss(x, [1.0, 2.0])
    with pytest.raises(RuntimeError, match="compares real numbers, got int64 and int64"):
        mse_loss(x.long(), x.long())
    with pytest.raises(ValueError, match=r"weight must have the input's shape \(2,\)"):
        mse_loss(x, x, weight=torch.ones(1))
    with pytest.raises(TypeError, match="weight must be a tensor, got float"):
        mse_loss(x, x, weight=1.0)


def test_the_formula_stays_float32():
    check_stays_float32(mse_one, 2)
