import math

import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.activation.hardswish import (
    hardsigmoid,
    hardsigmoid_backward,
    hardsigmoid_backward_one,
    hardsigmoid_forward,
    hardsigmoid_one,
    hardswish,
    hardswish_backward,
    hardswish_backward_one,
    hardswish_forward,
    hardswish_one,
)
from tests.nn.activation.pattern import activation_tests

test_sigmoid_backends, test_sigmoid_gradients, test_sigmoid_formulas = activation_tests(
    hardsigmoid, (hardsigmoid_forward, hardsigmoid_one),
    (hardsigmoid_backward, hardsigmoid_backward_one))
test_backends, test_gradients, test_formulas = activation_tests(
    hardswish, (hardswish_forward, hardswish_one),
    (hardswish_backward, hardswish_backward_one))

POINTS = [-4.0, -3.0, -1.5, 0.0, 1.5, 3.0, 4.0]


@pytest.mark.parametrize("layer, values, slopes", [
    (nn.Hardsigmoid(), [0, 0, 0.25, 0.5, 0.75, 1, 1], [0, 0, *[1 / 6] * 3, 0, 0]),
    (nn.Hardswish(), [0, 0, -0.375, 0, 1.125, 3, 4], [0, 0, 0, 0.5, 1, 1, 1]),
])
def test_by_hand(layer, values, slopes):
    x = torch.tensor(POINTS, requires_grad=True)
    y = layer(x)
    y.sum().backward()
    assert y.tolist() == values
    assert x.grad.tolist() == pytest.approx(slopes, rel=1e-7)


def test_nan_stays_and_its_slope_is_pytorchs():
    for function, slope in ((hardsigmoid, 0), (hardswish, 1)):
        x = torch.tensor([math.nan], requires_grad=True)
        y = function(x)
        y.backward()
        assert math.isnan(y.item()) and x.grad.item() == slope


@pytest.mark.parametrize("function", [hardsigmoid, hardswish])
def test_says_what_it_expected(function):
    with pytest.raises(NotImplementedError, match="expected real numbers, got int64"):
        function(torch.arange(3))


def test_in_place_and_printed():
    x = torch.tensor([1.5])
    assert nn.Hardswish(inplace=True)(x) is x and x.item() == 1.125
    assert repr(nn.Hardswish(True)) == "Hardswish()"             # as in PyTorch
    assert repr(nn.Hardsigmoid()) == "Hardsigmoid()"
