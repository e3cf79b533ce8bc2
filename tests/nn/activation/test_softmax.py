import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.activation.softmax import (
    softmax,
    softmax_backward,
    softmax_forward,
)
from tests.harness import backend_tests, case, gradient_tests, saturated, uniform

CASES = [
    case(softmax_forward, x=(3, 5), dim=1),
    case(softmax_forward, x=(2, 3, 17), dim=1),
    case(softmax_forward, x=(0, 5), dim=1),
    case(softmax_forward, x=(2, 0, 3), dim=1),
    case(softmax_forward, x=(1, 1), dim=1),
    case(softmax_forward, x=saturated(4, 6), dim=1),
    case(softmax_forward, x=saturated(2, 4, 3), dim=1),
    case(softmax_backward, y=uniform(3, 5), dy=(3, 5), dim=1),
    case(softmax_backward, y=uniform(2, 3, 17), dy=(2, 3, 17), dim=1),
    case(softmax_backward, y=(0, 5), dy=(0, 5), dim=1),
]
test_backends = backend_tests(CASES)
test_gradients = gradient_tests([
    case(softmax, input=(3, 4), dim=1),
    case(softmax, input=(2, 3, 4), dim=1),
    case(softmax, input=(2, 3, 20), dim=-2),
    case(softmax, input=(), dim=0),
])


def test_by_hand():
    x = torch.tensor([[0.0, math.log(3.0)]], requires_grad=True)
    y = nn.Softmax(dim=1)(x)
    y[0, 1].backward()
    np.testing.assert_allclose(y.detach().numpy(), [[1 / 4, 3 / 4]], rtol=1e-6)
    np.testing.assert_allclose(x.grad.numpy(), [[-3 / 16, 3 / 16]], rtol=1e-6)


@pytest.mark.parametrize("shape", [(300, 10), (3, 3000), (2, 5, 20, 30)])
def test_rows_short_and_long_and_pictures_agree_with_the_reference(shape):
    """More than one block of rows, of long rows and of pixels."""
    x = torch.randn(*shape, requires_grad=True)
    y = softmax(x, 1)
    dy = torch.randn(*shape)
    y.backward(dy)
    np.testing.assert_allclose(
        y.detach().numpy(), softmax_forward.reference(x.detach().numpy(), 1), 1e-5, 1e-6)
    np.testing.assert_allclose(
        x.grad.numpy(),
        softmax_backward.reference(y.detach().numpy(), dy.numpy(), 1), 1e-5, 1e-6)


def test_extreme_scores_give_probabilities():
    y = softmax(torch.tensor([[1e4, -1e4], [-math.inf, 0.0]]), 1)
    assert y.tolist() == [[1, 0], [0, 1]]
    lost = softmax(torch.tensor([[math.inf, 0.0], [-math.inf, -math.inf]]), 1)
    assert np.isnan(lost.numpy()).all()


def test_over_the_channels_of_each_pixel():
    x = torch.randn(2, 3, 4, 5)
    assert torch.allclose(nn.Softmax2d()(x), x.softmax(1))
    assert torch.allclose(nn.Softmax2d()(x[0]), x[0].softmax(0))
    with pytest.raises(ValueError, match=r"expected input of shape .* got \(2, 3\)"):
        nn.Softmax2d()(torch.zeros(2, 3))


def test_left_out_dim_warns_and_follows_the_old_rule():
    x = torch.randn(2, 3, 4)
    for way in (nn.Softmax(), nn.functional.softmax):
        with pytest.warns(UserWarning, match="softmax: say which axis") as caught:
            y = way(x)
        assert caught[0].filename == __file__
        assert torch.allclose(y, softmax(x, dim=0))
    with pytest.raises(TypeError):
        x.softmax()


def test_says_what_it_expected():
    with pytest.raises(IndexError, match=r"softmax: dim 2 is out of range; .* -2 … 1"):
        softmax(torch.zeros(2, 3), dim=2)
    for dim in (1.0, True, "a"):
        with pytest.raises(TypeError, match="softmax: dim must be a whole number"):
            torch.zeros(2, 3).softmax(dim)
        with pytest.raises(TypeError, match="log_softmax: dim must be a whole number"):
            nn.LogSoftmax(dim)(torch.zeros(2, 3))
    with pytest.raises(NotImplementedError, match=r"got int64; say input.float\(\)"):
        torch.arange(3).softmax(0)
    assert torch.softmax(torch.arange(2), 0, dtype=torch.float64).dtype == torch.float64


@settings(max_examples=25)
@given(data=st.data())
def test_any_shape_axis_and_layout(data):
    """Along any axis, probabilities add up to 1, and log-softmax is their logarithm."""
    shape = data.draw(st.lists(st.integers(0, 5), max_size=4))
    dim = data.draw(st.integers(-len(shape) or -1, max(len(shape) - 1, 0)))
    dtype = data.draw(st.sampled_from([torch.float32, torch.float64]))
    x = torch.randn(*shape, dtype=dtype) * 9
    if len(shape) > 1 and data.draw(st.booleans()):
        x = x.transpose(0, -1)
    if x.ndim and data.draw(st.booleans()):
        x = x[: x.shape[0] // 2 + 1]
    y = x.softmax(dim).numpy()
    assert y.dtype == dtype and y.shape == x.shape
    tolerance = 1e-6 if dtype == torch.float32 else 1e-14
    if y.size:
        np.testing.assert_allclose(y.sum(dim if y.ndim else None), 1, rtol=9 * tolerance)
        np.testing.assert_allclose(np.exp(x.log_softmax(dim).numpy()), y,
                                   40 * tolerance, tolerance)
