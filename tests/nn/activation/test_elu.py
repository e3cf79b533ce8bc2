import math

import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.activation.elu import (
    elu,
    elu_backward,
    elu_backward_one,
    elu_forward,
    elu_one,
)
from tests.nn.activation.pattern import activation_tests

test_backends, test_gradients, test_formulas = activation_tests(
    elu, (elu_forward, elu_one), (elu_backward, elu_backward_one),
    alpha=1.5)


def test_by_hand():
    x = torch.tensor([-1.0, 0.0, 3.0], dtype=torch.float64, requires_grad=True)
    y = nn.ELU(2.0)(x)
    y.sum().backward()
    assert y.tolist() == pytest.approx([2 * (1 / math.e - 1), 0, 3], rel=1e-15)
    assert x.grad.tolist() == pytest.approx([2 / math.e, 2, 1], rel=1e-15)


def test_small_numbers_keep_their_digits():
    y = elu(torch.tensor([-1e-6], dtype=torch.float64)).item()
    assert y == pytest.approx(math.expm1(-1e-6), rel=1e-14)
