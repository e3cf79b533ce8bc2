import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.linear.linear import affine, linear
from tests.harness import backend_tests, case, gradient_tests

CASES = [
    case(affine, x=(3, 4), weight=(5, 4), bias=(5,)),
    case(affine, x=(0, 4), weight=(5, 4), bias=(5,)),
    case(affine, x=(1, 1), weight=(1, 1), bias=(1,)),
]
test_backends = backend_tests(CASES)
test_gradients = gradient_tests([
    case(linear, input=(3, 4), weight=(5, 4), bias=(5,)),
    case(linear, input=(2, 3, 4), weight=(5, 4), bias=(5,)),
    case(linear, input=(4,), weight=(5, 4)),
])


def test_by_hand():
    layer = nn.Linear(2, 1)
    layer.weight.data.copy_(torch.tensor([[2.0, 3.0]]))
    layer.bias.data.fill_(10)
    x = torch.tensor([[1.0, 4.0]], requires_grad=True)
    y = layer(x)
    y.backward()
    assert y.item() == 2 * 1 + 3 * 4 + 10
    assert layer.weight.grad.tolist() == [[1, 4]]
    assert layer.bias.grad.tolist() == [1]
    assert x.grad.tolist() == [[2, 3]]


def test_parameters_start_in_their_bounds():
    layer = nn.Linear(100, 50)
    for p in layer.parameters():
        assert float(p.abs().max()) <= 0.1
        assert float(p.abs().max()) > 0.09


def test_a_non_contiguous_input_gives_the_same():
    layer, x = nn.Linear(3, 4), torch.randn(3, 6)
    np.testing.assert_array_equal(layer(x.t()).detach().numpy(),
                                  layer(x.t().clone()).detach().numpy())


def test_says_what_it_expected():
    with pytest.raises(RuntimeError, match=r"Linear\(3, 5\) reads 3 features"):
        nn.Linear(3, 5)(torch.zeros(2, 4))
    with pytest.raises(RuntimeError, match="float64.*convert"):
        nn.Linear(3, 5)(torch.zeros(2, 3).double())
    with pytest.raises(ValueError, match="in_features"):
        nn.Linear(-1, 5)
    with pytest.raises(RuntimeError, match="expected all tensors on one device"):
        nn.Linear(3, 5)(torch.zeros(2, 3, device="cuda"))


def test_repr():
    assert repr(nn.Linear(3, 5)) == "Linear(in_features=3, out_features=5, bias=True)"


@pytest.mark.parametrize("features, outputs", [(0, 3), (2, 0), (0, 0)])
def test_sizes_of_zero(features, outputs):
    x = torch.zeros(4, 5, features, requires_grad=True)
    layer = nn.Linear(features, outputs)
    y = layer(x)
    y.backward(torch.ones(*y.shape))
    assert y.shape == (4, 5, outputs) and x.grad.shape == x.shape
    assert layer.weight.grad.shape == (outputs, features)
    assert layer.bias.grad.tolist() == [20] * outputs
