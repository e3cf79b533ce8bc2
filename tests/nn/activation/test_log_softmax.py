import math

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.activation.log_softmax import (
    log_softmax,
    log_softmax_backward,
    log_softmax_forward,
)
from tests.harness import backend_tests, case, gradient_tests, saturated, uniform

CASES = [
    case(log_softmax_forward, x=(3, 5), dim=1),
    case(log_softmax_forward, x=(2, 3, 17), dim=1),
    case(log_softmax_forward, x=(0, 5), dim=1),
    case(log_softmax_forward, x=(1, 1), dim=1),
    case(log_softmax_forward, x=saturated(4, 6), dim=1),
    case(log_softmax_forward, x=saturated(2, 4, 3), dim=1),
    case(log_softmax_backward, y=-uniform(3, 5), dy=(3, 5), dim=1),
    case(log_softmax_backward, y=-uniform(2, 3, 17), dy=(2, 3, 17), dim=1),
    case(log_softmax_backward, y=(0, 5), dy=(0, 5), dim=1),
]
test_backends = backend_tests(CASES)
test_gradients = gradient_tests([
    case(log_softmax, input=(3, 4), dim=1),
    case(log_softmax, input=(2, 3, 4), dim=1),
    case(log_softmax, input=(4,), dim=-1),
])


@pytest.mark.parametrize("shape", [(300, 10), (3, 600), (2, 5, 20, 30)])
def test_rows_short_and_long_and_pictures_agree_with_the_reference(shape):
    """Each shape takes another loop on the CPU, and more than one block of it."""
    x = torch.randn(*shape, requires_grad=True)
    y = log_softmax(x, 1)
    dy = torch.randn(*shape)
    y.backward(dy)
    expected = log_softmax_forward.reference(x.detach().numpy(), 1)
    np.testing.assert_allclose(y.detach().numpy(), expected, 1e-5, 1e-5)
    np.testing.assert_allclose(
        x.grad.numpy(),
        log_softmax_backward.reference(y.detach().numpy(), dy.numpy(), 1), 1e-4, 1e-4)


def test_by_hand():
    y = nn.LogSoftmax(dim=1)(torch.tensor([[0.0, math.log(3.0)]]))
    np.testing.assert_allclose(y.numpy(), [[math.log(1 / 4), math.log(3 / 4)]], rtol=1e-6)


def test_large_scores_do_not_overflow():
    y = log_softmax(torch.tensor([[1e4, 0.0]]), dim=1)
    assert y.tolist() == [[0.0, -1e4]]


def test_left_out_dim_warns_and_follows_the_old_rule():
    x = torch.randn(2, 3)
    with pytest.warns(UserWarning, match="dim") as caught:
        y = nn.LogSoftmax()(x)
    assert caught[0].filename == __file__
    assert torch.allclose(y, log_softmax(x, dim=1))


def test_a_wrong_dim_names_the_dims_there_are():
    with pytest.raises(IndexError, match=r"dim 2 is out of range; .* dims -2 … 1"):
        log_softmax(torch.zeros(2, 3), dim=2)


@pytest.mark.parametrize("shape", [(1, 2), (1, 600), (1, 2, 20)])
def test_large_scores_keep_the_digits_of_the_logarithm(shape):
    """10000 + log 2 is rounded to 1/1024 in float32: the largest score must go first."""
    y = nn.LogSoftmax(1)(torch.full(shape, 1e4)).numpy()
    np.testing.assert_allclose(y, -np.log(shape[1]), 1e-6)
