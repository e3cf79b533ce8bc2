import math

import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.activation.celu import (
    celu,
    celu_backward,
    celu_backward_one,
    celu_forward,
    celu_one,
)
from tests.nn.activation.pattern import activation_tests

test_backends, test_gradients, test_formulas = activation_tests(
    celu, (celu_forward, celu_one), (celu_backward, celu_backward_one),
    alpha=1.5, inverse=1 / 1.5)


def test_by_hand():
    x = torch.tensor([-2.0, 0.0, 3.0], dtype=torch.float64, requires_grad=True)
    y = nn.CELU(2.0)(x)
    y.sum().backward()
    assert y.tolist() == pytest.approx([2 * (1 / math.e - 1), 0, 3], rel=1e-15)
    assert x.grad.tolist() == pytest.approx([1 / math.e, 1, 1], rel=1e-15)


def test_says_what_it_expected():
    with pytest.raises(RuntimeError, match="alpha must not be 0"):
        nn.CELU(0)(torch.zeros(2))
    with pytest.raises(TypeError, match="celu: alpha must be a number, got NoneType"):
        celu(torch.zeros(2), None)


def test_repr():
    assert repr(nn.CELU()) == "CELU(alpha=1.0)"
    assert repr(nn.CELU(2, True)) == "CELU(alpha=2, inplace=True)"
