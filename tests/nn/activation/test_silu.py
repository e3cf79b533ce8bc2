import math

import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.activation.silu import (
    mish,
    mish_backward,
    mish_backward_one,
    mish_forward,
    mish_one,
    silu,
    silu_backward,
    silu_backward_one,
    silu_forward,
    silu_one,
)
from tests.nn.activation.pattern import activation_tests

test_backends, test_gradients, test_formulas = activation_tests(
    silu, (silu_forward, silu_one), (silu_backward, silu_backward_one))
test_mish_backends, test_mish_gradients, test_mish_formulas = activation_tests(
    mish, (mish_forward, mish_one), (mish_backward, mish_backward_one))


def test_silu_by_hand():
    x = torch.tensor([0.0, math.log(3.0)], dtype=torch.float64, requires_grad=True)
    y = nn.SiLU()(x)
    y.sum().backward()
    assert y.tolist() == pytest.approx([0, math.log(3) * 3 / 4])     # sigmoid(log 3) = ¾
    assert x.grad.tolist() == pytest.approx([1 / 2, 3 / 4 + math.log(3) * 3 / 16])


def test_mish_by_hand():
    """At 0: softplus is log 2, and tanh(log 2) = (2 - ½) / (2 + ½) = 0.6."""
    x = torch.tensor([0.0], dtype=torch.float64, requires_grad=True)
    y = nn.Mish()(x)
    y.backward()
    assert y.item() == 0 and x.grad.item() == pytest.approx(0.6)


def test_silu_and_mish_reach_the_lowest_values_that_they_promise():
    x = torch.linspace(-3, 0, 3001, dtype=torch.float64)
    assert silu(x).min().item() == pytest.approx(-0.27846, abs=1e-5)
    assert mish(x).min().item() == pytest.approx(-0.30884, abs=1e-5)
