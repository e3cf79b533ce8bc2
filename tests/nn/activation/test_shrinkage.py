import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.activation.shrinkage import (
    hardshrink,
    hardshrink_forward,
    hardshrink_one,
    shrink_backward,
    shrink_backward_one,
    softshrink,
    softshrink_forward,
    softshrink_one,
    tanhshrink,
    tanhshrink_backward,
    tanhshrink_backward_one,
    tanhshrink_forward,
    tanhshrink_one,
)
from tests.nn.activation.pattern import activation_tests

SLOPE = shrink_backward, shrink_backward_one
test_backends, test_gradients, test_formulas = activation_tests(
    softshrink, (softshrink_forward, softshrink_one), SLOPE, lambd=0.5)
test_hard_backends, test_hard_gradients, test_hard_formulas = activation_tests(
    hardshrink, (hardshrink_forward, hardshrink_one), SLOPE, lambd=0.5)
test_tanh_backends, test_tanh_gradients, test_tanh_formulas = activation_tests(
    tanhshrink, (tanhshrink_forward, tanhshrink_one),
    (tanhshrink_backward, tanhshrink_backward_one))


@pytest.mark.parametrize("layer, values", [
    (nn.Softshrink(1), [-1, 0, 0, 0, 1]), (nn.Hardshrink(1), [-2, 0, 0, 0, 2])])
def test_by_hand(layer, values):
    x = torch.tensor([-2.0, -1.0, 0.5, 1.0, 2.0], requires_grad=True)
    y = layer(x)
    y.sum().backward()
    assert y.tolist() == values
    assert x.grad.tolist() == [1, 0, 0, 0, 1]        # at ±λ the slope is 0


def test_tanhshrink_by_hand():
    x = torch.tensor([0.0, 100.0], requires_grad=True)
    y = nn.Tanhshrink()(x)
    y.sum().backward()
    assert y.tolist() == [0, 99] and x.grad.tolist() == [0, 1]


def test_hardshrink_is_a_method_of_tensors():
    assert torch.tensor([0.2, 3.0]).hardshrink(1).tolist() == [0, 3]
    assert torch.hardshrink(torch.tensor([0.2, 3.0])).tolist() == [0, 3]


def test_a_negative_lambda_moves_nothing_or_is_refused():
    assert hardshrink(torch.tensor([0.5]), -1).tolist() == [0.5]
    with pytest.raises(RuntimeError, match="a finite number from 0 on, got -1"):
        nn.Softshrink(-1)(torch.zeros(2))
    with pytest.raises(RuntimeError, match="a finite number from 0 on, got inf"):
        nn.Softshrink(float("inf"))(torch.zeros(2))
