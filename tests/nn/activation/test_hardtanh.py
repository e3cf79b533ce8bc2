import math

import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.activation.hardtanh import (
    hardtanh,
    hardtanh_backward,
    hardtanh_backward_one,
    hardtanh_forward,
    hardtanh_one,
)
from tests.nn.activation.pattern import activation_tests

test_backends, test_gradients, test_formulas = activation_tests(
    hardtanh, (hardtanh_forward, hardtanh_one),
    (hardtanh_backward, hardtanh_backward_one), low=-0.5, high=2.0)


def test_by_hand():
    x = torch.tensor([-3.0, -2.0, 0.5, 4.0, 5.0], requires_grad=True)
    y = nn.Hardtanh(-2, 4)(x)
    y.sum().backward()
    assert y.tolist() == [-2, -2, 0.5, 4, 4]
    assert x.grad.tolist() == [0, 0, 1, 0, 0]        # at a bound the slope is 0


def test_nan_keeps_its_slope():
    """PyTorch: 1 in its scalar loop, 0 in its vector loop; here 1, as through ReLU."""
    x = torch.tensor([math.nan], requires_grad=True)
    y = hardtanh(x)
    y.backward()
    assert math.isnan(y.item()) and x.grad.item() == 1


def test_relu6_is_a_hardtanh_from_0_to_6():
    assert nn.ReLU6()(torch.tensor([-1.0, 3.0, 7.0])).tolist() == [0, 3, 6]
    assert isinstance(nn.ReLU6(), nn.Hardtanh)


def test_the_old_names_of_the_bounds_work_and_warn():
    with pytest.warns(FutureWarning, match="0.1's name of m(in|ax)_val"):
        layer = nn.Hardtanh(min_value=-2, max_value=3)
    assert (layer.min_val, layer.max_val) == (-2, 3)


def test_says_what_it_expected():
    with pytest.raises(AssertionError, match="above min_val, got 1 and 1"):
        nn.Hardtanh(1, 1)
    with pytest.raises(ValueError, match="not be above max_val, got 2 and 1"):
        hardtanh(torch.zeros(2), 2, 1)
