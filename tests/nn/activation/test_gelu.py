import math

import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.activation.gelu import (
    CUBIC,
    PEAK,
    ROOT_HALF,
    STEEPNESS,
    gelu,
    gelu_backward,
    gelu_backward_one,
    gelu_forward,
    gelu_one,
    tanh_gelu_backward,
    tanh_gelu_backward_one,
    tanh_gelu_forward,
    tanh_gelu_one,
)
from tests.harness import case, gradient_tests
from tests.nn.activation.pattern import activation_tests

test_backends, test_gradients, test_formulas = activation_tests(
    gelu, (gelu_forward, gelu_one), (gelu_backward, gelu_backward_one),
    root_half=ROOT_HALF, peak=PEAK)
test_tanh_backends, _, test_tanh_formulas = activation_tests(
    gelu, (tanh_gelu_forward, tanh_gelu_one),
    (tanh_gelu_backward, tanh_gelu_backward_one),
    steepness=STEEPNESS, cubic=CUBIC)
test_tanh_gradients = gradient_tests([case(gelu, input=(3, 4), approximate="tanh")])


def test_by_hand():
    """Φ(1) = 0.8413 and φ(1) = 0.2420: a table of the normal distribution."""
    x = torch.tensor([1.0, 0.0, -1.0], dtype=torch.float64, requires_grad=True)
    y = nn.GELU()(x)
    y.sum().backward()
    below, density = 0.8413447460685429, 0.24197072451914337
    assert y.tolist() == pytest.approx([below, 0, below - 1], rel=1e-14)
    assert x.grad.tolist() == pytest.approx(
        [below + density, 0.5, 1 - below - density], rel=1e-14)


def test_the_curve_with_tanh_is_close_but_not_the_same():
    x = torch.linspace(-5, 5, 101)
    difference = (gelu(x) - gelu(x, approximate="tanh")).abs().max().item()
    assert 1e-5 < difference < 1e-3


def test_infinity_stays_and_its_negative_is_nan():
    """-∞ · 0 is NaN, and PyTorch leaves it so."""
    y = gelu(torch.tensor([math.inf, -math.inf]))
    assert y[0].item() == math.inf and math.isnan(y[1].item())


def test_says_what_it_expected():
    with pytest.raises(RuntimeError, match="'none' or 'tanh', got 'erf'"):
        nn.GELU("erf")(torch.zeros(2))
