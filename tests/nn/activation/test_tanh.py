import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.activation.tanh import (
    tanh,
    tanh_backward,
    tanh_backward_one,
    tanh_forward,
    tanh_one,
)
from tests.nn.activation.pattern import activation_tests

test_backends, test_gradients, test_formulas = activation_tests(
    tanh, (tanh_forward, tanh_one), (tanh_backward, tanh_backward_one))


def test_by_hand():
    x = torch.tensor([0.0, 200.0, -200.0], requires_grad=True)
    y = nn.Tanh()(x)
    y.sum().backward()
    assert y.tolist() == [0.0, 1.0, -1.0]
    assert x.grad.tolist() == [1.0, 0.0, 0.0]
