import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.losses.huber import huber, huber_loss, huber_one
from tests.harness import backend_tests, case, check_stays_float32, gradient_tests
from tests.nn.losses.rows import loss_cases, normal, other

EXTREME = [[1e4, -1e4, np.inf, np.nan, 0.0, 0.5], [-1e4, 1e4, 0.0, 1.0, -0.0, 0.0]]
CASES = loss_cases(huber, normal, other, EXTREME, option=0.5)
test_backends = backend_tests(CASES)


def weighted(input, target, weight, reduction):
    return huber_loss(input, target, reduction, weight=weight)


test_gradients = gradient_tests([
    case(huber_loss, input=(3, 4), target=(3, 4), reduction="mean", delta=0.7),
    case(huber_loss, input=(3, 4), target=(3, 4), reduction="none", delta=0.7),
    case(weighted, input=(3, 4), target=(3, 4), weight=(3, 4), reduction="mean"),
])


def test_by_hand():
    """With δ = 2 the parabola ends at 2, with slope 2."""
    x = torch.tensor([1.0, 2.0, -5.0], requires_grad=True)
    loss = nn.HuberLoss(reduction="none", delta=2.0)(x, torch.zeros(3))
    loss.sum().backward()
    assert loss.tolist() == [0.5, 2, 8]
    assert x.grad.tolist() == [1, 2, -2]


def test_it_is_delta_times_smooth_l1():
    x, y = torch.from_numpy(normal(7) * 2), torch.zeros(7)
    smooth = nn.SmoothL1Loss(beta=1.5)(x, y)
    np.testing.assert_allclose(huber_loss(x, y, delta=1.5).item(), 1.5 * smooth.item(),
                               rtol=1e-6)


def test_the_weighted_mean_divides_by_the_number():
    x, w = torch.tensor([1.0, 5.0]), torch.tensor([2.0, 4.0])
    assert huber_loss(x, torch.zeros(2), weight=w).item() == (1 + 18) / 2


def test_says_what_it_expected():
    x = torch.zeros(2)
    for delta in (0, -1.0, float("nan")):
        with pytest.raises(RuntimeError, match=f"delta must be positive, got {delta}"):
            huber_loss(x, x, delta=delta)
    with pytest.raises(TypeError, match="delta must be a number, got NoneType"):
        huber_loss(x, x, delta=None)
    with pytest.raises(RuntimeError, match=r"target has shape \(3,\)"):
        huber_loss(x, torch.zeros(3))
    with pytest.raises(ValueError, match="weight must have the input's shape"):
        huber_loss(x, x, weight=torch.ones(1))


def test_the_formula_stays_float32():
    check_stays_float32(huber_one, 3)
