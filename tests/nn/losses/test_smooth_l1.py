import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.losses.smooth_l1 import smooth_l1, smooth_l1_loss, smooth_l1_one
from tests.harness import backend_tests, case, check_stays_float32, gradient_tests
from tests.nn.losses.rows import loss_cases, normal, other

EXTREME = [[1e4, -1e4, np.inf, np.nan, 0.0, 0.5], [-1e4, 1e4, 0.0, 1.0, -0.0, 0.0]]
CASES = loss_cases(smooth_l1, normal, other, EXTREME, option=0.5)
test_backends = backend_tests(CASES)
test_gradients = gradient_tests([
    case(smooth_l1_loss, input=(3, 4), target=(3, 4), reduction=reduction, beta=0.7)
    for reduction in ("mean", "none")
])


def test_by_hand():
    """With β = 2 errors of 1 and 2 are at ¼ and on the seam; -5 is on the line."""
    x = torch.tensor([1.0, 2.0, -5.0], requires_grad=True)
    loss = nn.SmoothL1Loss(reduction="none", beta=2.0)(x, torch.zeros(3))
    loss.sum().backward()
    assert loss.tolist() == [0.25, 1, 4]
    assert x.grad.tolist() == [0.5, 1, -1]


def test_without_a_parabola_it_is_the_l1_loss():
    x, y = torch.tensor([0.0, 0.5, -2.0]), torch.zeros(3)
    expected = nn.L1Loss(reduction="none")(x, y).tolist()
    assert smooth_l1_loss(x, y, beta=0.0, reduction="none").tolist() == expected


def test_says_what_it_expected():
    x = torch.zeros(2)
    with pytest.raises(RuntimeError, match="beta must not be negative, got -1.0"):
        smooth_l1_loss(x, x, beta=-1)
    with pytest.raises(TypeError, match="beta must be a number, got str"):
        smooth_l1_loss(x, x, beta="1")
    with pytest.raises(RuntimeError, match=r"target has shape \(3,\)"):
        smooth_l1_loss(x, torch.zeros(3))
    with pytest.warns(UserWarning, match="seldom what is meant"):
        smooth_l1_loss(x, torch.zeros(1))


def test_the_formula_stays_float32():
    check_stays_float32(smooth_l1_one, 3)
