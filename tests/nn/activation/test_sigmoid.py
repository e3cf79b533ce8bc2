import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.activation.sigmoid import (
    sigmoid,
    sigmoid_backward,
    sigmoid_backward_one,
    sigmoid_forward,
    sigmoid_one,
)
from tests.nn.activation.pattern import activation_tests

test_backends, test_gradients, test_formulas = activation_tests(
    sigmoid, (sigmoid_forward, sigmoid_one), (sigmoid_backward, sigmoid_backward_one))


def test_by_hand():
    x = torch.tensor([0.0, 200.0, -200.0], requires_grad=True)
    y = nn.Sigmoid()(x)
    y.sum().backward()
    assert y.tolist() == [0.5, 1.0, 0.0]
    assert x.grad.tolist() == [0.25, 0.0, 0.0]
