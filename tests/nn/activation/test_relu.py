import numpy as np

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.activation.relu import (
    relu,
    relu_backward,
    relu_backward_one,
    relu_forward,
    relu_one,
)
from tests.nn.activation.pattern import activation_tests

test_backends, test_gradients, test_formulas = activation_tests(
    relu, (relu_forward, relu_one), (relu_backward, relu_backward_one))


def test_by_hand():
    x = torch.tensor([-2.0, 0.0, 3.0], requires_grad=True)
    y = nn.ReLU()(x)
    y.backward(torch.tensor([1.0, 1.0, 1.0]))
    assert y.tolist() == [0, 0, 3]
    assert x.grad.tolist() == [0, 0, 1]          # the slope at 0 is chosen to be 0


def test_nan_stays_nan():
    assert np.isnan(relu(torch.tensor([float("nan")])).item())
