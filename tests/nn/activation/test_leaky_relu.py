import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.activation.leaky_relu import (
    leaky_relu,
    leaky_relu_backward,
    leaky_relu_backward_one,
    leaky_relu_forward,
    leaky_relu_one,
)
from tests.nn.activation.pattern import activation_tests

test_backends, test_gradients, test_formulas = activation_tests(
    leaky_relu, (leaky_relu_forward, leaky_relu_one),
    (leaky_relu_backward, leaky_relu_backward_one), slope=0.1)


def test_by_hand():
    x = torch.tensor([-2.0, 0.0, 3.0], requires_grad=True)
    y = nn.LeakyReLU(0.5)(x)
    y.sum().backward()
    assert y.tolist() == [-1, 0, 3]
    assert x.grad.tolist() == [0.5, 0.5, 1]      # at 0 the slope is the negative side's


def test_a_negative_slope_below_zero_keeps_its_gradient_in_place():
    """PyTorch refuses here: it keeps only the output, which no longer tells the sides."""
    x = torch.tensor([-2.0, 3.0], requires_grad=True)
    leaky_relu(x * 1, -0.5, inplace=True).sum().backward()
    assert x.grad.tolist() == [-0.5, 1]


def test_a_slope_that_is_no_number_is_refused():
    with pytest.raises((TypeError, ValueError)):
        leaky_relu(torch.zeros(2), "a")
