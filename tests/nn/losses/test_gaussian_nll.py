import math

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.losses.gaussian_nll import gaussian, gaussian_nll_loss, gaussian_one
from tests.harness import backend_tests, case, check_stays_float32, gradient_tests
from tests.nn.losses.rows import loss_cases, normal, probabilities

EXTREME = [[1e4, 1, 0, np.inf, np.nan, 1, 1], [1, 1e4, 0, 1, 1, np.nan, 1e-9]]
CASES = loss_cases(gaussian, normal, probabilities, EXTREME, option=1e-6)
test_backends = backend_tests(CASES)
test_gradients = gradient_tests([
    case(gaussian_nll_loss, input=(3, 4), target=(3, 4), var=probabilities(3, 4)),
    case(gaussian_nll_loss, input=(3, 4), target=(3, 4), var=probabilities(3),
         full=True, reduction="sum"),
    case(gaussian_nll_loss, input=(3, 4), target=(3, 4), var=probabilities(1, 4),
         full=True, reduction="none"),
])


def test_by_hand():
    """Two standard deviations off, with a variance of 4."""
    x = torch.tensor([0.0], requires_grad=True)
    v = torch.tensor([4.0], requires_grad=True)
    loss = nn.GaussianNLLLoss(full=True)(x, torch.tensor([4.0]), v)
    loss.backward()
    expected = -math.log(math.exp(-16 / 8) / math.sqrt(2 * math.pi * 4))
    np.testing.assert_allclose(loss.item(), expected, rtol=1e-6)
    assert x.grad.item() == -1
    assert v.grad.item() == (1 - 16 / 4) / 4 / 2


def test_full_adds_a_constant_for_each_element():
    x, y, v = torch.zeros(2, 3), torch.zeros(2, 3), torch.ones(2, 1)
    found = [gaussian_nll_loss(x, y, v, full=True, reduction=reduction).sum().item()
             for reduction in ("mean", "sum", "none")]
    each = math.log(2 * math.pi) / 2
    np.testing.assert_allclose(found, [each, 6 * each, 6 * each], rtol=1e-6)


def test_the_variance_may_be_a_number():
    x, y = torch.zeros(3), torch.ones(3)
    for v in (2, 2.0, torch.tensor([2.0])):
        np.testing.assert_allclose(gaussian_nll_loss(x, y, v).item(),
                                   (math.log(2) + 1 / 2) / 2, rtol=1e-6)


def test_a_held_variance_keeps_its_gradient():
    v = torch.tensor([1e-9], requires_grad=True)
    gaussian_nll_loss(torch.zeros(1), torch.ones(1), v, eps=0.5).backward()
    assert v.grad.item() == (1 - 1 / 0.5) / 0.5 / 2


@pytest.mark.parametrize("var", [-1.0, torch.tensor([1.0, -1.0])])
def test_a_negative_variance_is_refused(var):
    with pytest.raises(ValueError, match="a variance is never negative; say var.exp()"):
        gaussian_nll_loss(torch.zeros(2), torch.zeros(2), var)


def test_says_what_it_expected():
    x = torch.zeros(2, 3)
    for shape in [(3,), (1, 1), (2, 3, 1), ()]:
        with pytest.raises(ValueError, match=r"var must have the input's shape \(2, 3\)"):
            gaussian_nll_loss(x, x, torch.ones(shape))
    with pytest.raises(RuntimeError, match="var must hold real numbers, got int64"):
        gaussian_nll_loss(x, x, torch.ones(2, 3).long())
    with pytest.raises(TypeError, match="var must be a number, got list"):
        gaussian_nll_loss(x, x, [1.0])
    with pytest.raises(RuntimeError, match=r"target has shape \(4,\)"):
        gaussian_nll_loss(x, torch.zeros(4), 1.0)
    with pytest.raises(TypeError):
        nn.GaussianNLLLoss(True)


def test_the_formula_stays_float32():
    check_stays_float32(gaussian_one, 3)
