import math

import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.activation.selu import (
    SCALE,
    STEEPNESS,
    selu,
    selu_backward,
    selu_backward_one,
    selu_forward,
    selu_one,
)
from tests.nn.activation.pattern import activation_tests

test_backends, test_gradients, test_formulas = activation_tests(
    selu, (selu_forward, selu_one), (selu_backward, selu_backward_one),
    scale=SCALE, steepness=STEEPNESS)


def test_by_hand():
    x = torch.tensor([-1.0, 0.0, 3.0], dtype=torch.float64, requires_grad=True)
    y = nn.SELU()(x)
    y.sum().backward()
    assert y.tolist() == pytest.approx([STEEPNESS * (1 / math.e - 1), 0, 3 * SCALE])
    assert x.grad.tolist() == pytest.approx([STEEPNESS / math.e, STEEPNESS, SCALE])


def test_mean_and_variance_stay():
    torch.manual_seed(0)
    y = selu(torch.randn(200_000))
    assert abs(y.mean().item()) < 0.01 and abs(y.var().item() - 1) < 0.02


def test_repr():
    assert repr(nn.SELU()) == "SELU()" and repr(nn.SELU(True)) == "SELU(inplace=True)"
