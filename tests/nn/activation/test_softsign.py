import math

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.activation.softsign import (
    softsign,
    softsign_backward,
    softsign_backward_one,
    softsign_forward,
    softsign_one,
)
from tests.nn.activation.pattern import activation_tests

test_backends, test_gradients, test_formulas = activation_tests(
    softsign, (softsign_forward, softsign_one),
    (softsign_backward, softsign_backward_one))


def test_by_hand():
    x = torch.tensor([-1.0, 0.0, 3.0], requires_grad=True)
    y = nn.Softsign()(x)
    y.sum().backward()
    assert y.tolist() == [-0.5, 0, 0.75]
    assert x.grad.tolist() == [0.25, 1, 0.0625]


def test_infinity_is_nan_in_value_and_slope():
    x = torch.tensor([math.inf], requires_grad=True)
    y = softsign(x)
    y.backward()
    assert math.isnan(y.item()) and math.isnan(x.grad.item())
