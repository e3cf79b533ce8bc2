import math

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.activation.rrelu import rrelu
from tests.harness import BACKENDS, case, gradient_tests

test_gradients = gradient_tests([
    case(rrelu, input=(3, 4)), case(rrelu, input=(0, 4)), case(rrelu, input=())])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("inplace", [False, True])
def test_backward_uses_the_slopes_that_forward_drew(backend, inplace):
    x = torch.randn(40, 50, device=backend, requires_grad=True)
    before = x.detach().cpu().numpy().copy()
    y = nn.RReLU(0.2, 0.6, inplace)(x * 1)
    y.sum().backward()
    slopes = x.grad.cpu().numpy()
    np.testing.assert_allclose(y.detach().cpu().numpy(), before * slopes, 1e-6)
    assert (slopes[before > 0] == 1).all()
    drawn = slopes[before <= 0]
    assert 0.2 <= drawn.min() < 0.25 and 0.55 < drawn.max() <= 0.6
    assert abs(drawn.mean() - 0.4) < 0.02


def test_evaluation_takes_the_slope_in_the_middle():
    layer = nn.RReLU(0.1, 0.3).eval()
    x = torch.tensor([-1.0, 2.0], requires_grad=True)
    y = layer(x)
    y.sum().backward()
    assert y.tolist() == pytest.approx([-0.2, 2])
    assert x.grad.tolist() == pytest.approx([0.2, 1])


def test_a_seed_draws_the_same_slopes_again():
    x = -torch.ones(5)
    torch.manual_seed(3)
    first = torch.rrelu(x, training=True)
    torch.manual_seed(3)
    assert rrelu(x, training=True).tolist() == first.tolist()
    assert rrelu(x, 0.25, 0.25, True).tolist() == [-0.25] * 5


def test_extremes():
    x = torch.tensor([math.nan, math.inf, -math.inf, 0.0, -0.0])
    y = rrelu(x, training=True).tolist()
    assert math.isnan(y[0]) and y[1:] == [math.inf, -math.inf, 0, 0]
    assert rrelu(torch.zeros(0), training=True).shape == (0,)


def test_says_what_it_expected():
    for training in (False, True):
        with pytest.raises(RuntimeError, match="lower must not be above upper"):
            rrelu(torch.ones(2), 0.5, 0.2, training)
        with pytest.raises(NotImplementedError, match="real numbers"):
            rrelu(torch.arange(3), training=training)
    with pytest.raises(TypeError, match="upper must be a number, got str"):
        rrelu(torch.ones(2), 0.5, "1")
    assert repr(nn.RReLU(0.1, 0.3, True)) == "RReLU(lower=0.1, upper=0.3, inplace=True)"
