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
from tests.harness import (
    backend_tests,
    case,
    check_stays_float32,
    gradient_tests,
    saturated,
)

CASES = [
    case(relu_forward, x=(3, 5)),
    case(relu_forward, x=(0, 5)),
    case(relu_forward, x=(1,)),
    case(relu_forward, x=saturated(4, 6)),
    case(relu_backward, y=(3, 5), dy=(3, 5)),
    case(relu_backward, y=saturated(4, 6), dy=(4, 6)),
]
test_backends = backend_tests(CASES)
test_gradients = gradient_tests([case(relu, input=(3, 4))])


def test_by_hand():
    x = torch.tensor([-2.0, 0.0, 3.0], requires_grad=True)
    y = nn.ReLU()(x)
    y.backward(torch.tensor([1.0, 1.0, 1.0]))
    assert y.tolist() == [0, 0, 3]
    assert x.grad.tolist() == [0, 0, 1]          # the slope at 0 is chosen to be 0


def test_nan_stays_nan():
    assert np.isnan(relu(torch.tensor([float("nan")])).item())


def test_in_place_changes_its_input():
    x = torch.tensor([-1.0, 2.0])
    y = nn.ReLU(inplace=True)(x)
    assert y is x and x.tolist() == [0, 2]
    assert repr(nn.ReLU(inplace=True)) == "ReLU(inplace=True)"


def test_formulas_stay_float32():
    check_stays_float32(relu_one, 1)
    check_stays_float32(relu_backward_one, 2)
