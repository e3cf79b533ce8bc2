import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn import functional as F
from tests.harness import case, gradient_tests
from tests.nn.convolution.test_conv import agree_with_reference

test_gradients = gradient_tests([
    case(F.conv_transpose2d, input=(2, 2, 3, 2), weight=(2, 3, 2, 3), bias=(3,), stride=2,
         padding=1, output_padding=1),
    case(F.conv_transpose2d, input=(4, 2, 3), weight=(4, 1, 3, 2), groups=2, dilation=2),
    case(F.conv_transpose1d, input=(2, 2, 4), weight=(2, 3, 3), bias=(3,), stride=3),
])


def test_by_hand():
    """Each input is spread over a patch; with stride 2 and a kernel of 2 none overlap."""
    x = torch.tensor([[[[1.0, 10.0]]]], requires_grad=True)
    weight = torch.tensor([[[[1.0, 2], [3, 4]]]])
    y = F.conv_transpose2d(x, weight, torch.tensor([0.5]), stride=2)
    assert y.tolist() == [[[[1.5, 2.5, 10.5, 20.5], [3.5, 4.5, 30.5, 40.5]]]]
    y.sum().backward()
    assert x.grad.tolist() == [[[[10, 10]]]]


@pytest.mark.parametrize("options", [
    {}, {"stride": 2, "padding": 1}, {"stride": (1, 3), "dilation": (2, 1)},
    {"groups": 2, "padding": 2}], ids=str)
def test_it_is_the_adjoint_of_the_convolution(options):
    """⟨conv(x), y⟩ = ⟨x, conv_transpose(y)⟩, which is what a transpose is."""
    weight = torch.randn(6, 4 // options.get("groups", 1), 3, 2).double()
    x = torch.randn(2, 4, 7, 8).double()
    y = F.conv2d(x, weight, **options)
    dual = torch.randn(*y.shape).double()
    exact = [a - b for a, b in zip(x.shape[2:], F.conv_transpose2d(
        dual, weight, **options).shape[2:])]
    back = F.conv_transpose2d(dual, weight, output_padding=exact, **options)
    assert back.shape == x.shape
    assert float((y * dual).sum()) == pytest.approx(float((x * back).sum()), rel=1e-10)


def test_many_channels_and_pixels():
    x = np.random.default_rng(0).standard_normal((3, 66, 30, 28)).astype(np.float32)
    for options in ({}, {"stride": 2, "padding": 1}, {"stride": 2, "groups": 2}):
        agree_with_reference(lambda o=options: nn.ConvTranspose2d(66, 14, 3, **o), x,
                             2e-5)


def test_output_size():
    layer, x = nn.ConvTranspose2d(1, 1, 3, stride=2), torch.randn(1, 1, 4, 4)
    assert layer(x).shape == (1, 1, 9, 9)
    assert layer(x, output_size=(10, 9)).shape == (1, 1, 10, 9)
    assert layer(x, output_size=(1, 1, 10, 10)).shape == (1, 1, 10, 10)
    assert layer(x[0], [10, 10]).shape == (1, 10, 10)
    line = nn.ConvTranspose1d(2, 3, 2, stride=3)
    assert line(torch.randn(2, 4), output_size=[13]).shape == (3, 13)
    larger = layer(x, output_size=(10, 9))[:, :, :9]
    np.testing.assert_array_equal(larger.detach().numpy(), layer(x).detach().numpy())


def test_parameters():
    layer = nn.ConvTranspose2d(4, 6, (3, 2), groups=2)
    assert layer.weight.shape == (4, 3, 3, 2) and layer.bias.shape == (6,)
    assert float(layer.weight.abs().max()) <= 1 / math.sqrt(3 * 6)
    assert list(layer.state_dict()) == ["weight", "bias"]


def test_repr():
    assert repr(nn.ConvTranspose2d(3, 4, 3, 2, 1, 1, 1, False, 2)) == (
        "ConvTranspose2d(3, 4, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), "
        "dilation=(2, 2), output_padding=(1, 1), bias=False)")
    assert repr(nn.ConvTranspose1d(3, 4, 3)) == \
        "ConvTranspose1d(3, 4, kernel_size=(3,), stride=(1,))"


@pytest.mark.parametrize("error, message, make", [
    (ValueError, "padding_mode must be 'zeros', got 'reflect'",
     lambda: nn.ConvTranspose2d(1, 1, 1, padding_mode="reflect")),
    (ValueError, r"sizes \(9, 9\) to \(10, 10\), not \(11, 9\)",
     lambda: nn.ConvTranspose2d(1, 1, 3, 2)(torch.ones(1, 1, 4, 4), (11, 9))),
    (ValueError, "output_size must have 2 or 4 numbers",
     lambda: nn.ConvTranspose2d(1, 1, 3, 2)(torch.ones(1, 1, 4, 4), (10,))),
    (RuntimeError, "smaller than the stride or the dilation",
     lambda: nn.ConvTranspose2d(1, 1, 3, output_padding=1)(torch.ones(1, 1, 4, 4))),
    (RuntimeError, "leaves nothing of the output; its size would be -2 x -2",
     lambda: nn.ConvTranspose2d(1, 1, 3, padding=4)(torch.ones(1, 1, 4, 4))),
    (RuntimeError, "reads 3 channels, got 2",
     lambda: nn.ConvTranspose2d(3, 1, 1)(torch.ones(1, 2, 4, 4))),
    (RuntimeError, "2 groups must divide the 3 input channels",
     lambda: F.conv_transpose2d(torch.ones(1, 3, 2, 2), torch.ones(3, 1, 1, 1),
                                groups=2)),
    (TypeError, "padding must be a whole number",
     lambda: nn.ConvTranspose2d(1, 1, 1, padding="same")(torch.ones(1, 1, 2, 2))),
])
def test_says_what_it_expected(error, message, make):
    with pytest.raises(error, match=message):
        make()


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_any_transposed_convolution_is_the_reference_or_an_error(data):
    small, n = st.integers(1, 3), data.draw(st.integers(1, 2))
    groups = data.draw(st.integers(1, 2))
    options = {name: tuple(data.draw(values) for _ in range(n)) for name, values in (
        ("kernel_size", st.integers(1, 4)), ("stride", small), ("dilation", small),
        ("padding", st.integers(0, 3)), ("output_padding", st.integers(0, 2)))}
    shape = (data.draw(st.integers(0, 2)), groups * data.draw(small),
             *(data.draw(st.integers(1, 6)) for _ in range(n)))
    kind = nn.ConvTranspose1d if n == 1 else nn.ConvTranspose2d
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    try:
        agree_with_reference(lambda: kind(shape[1], groups * 2, groups=groups, **options),
                             x)
    except RuntimeError as error:                        # nothing is left
        assert str(error).startswith("ConvTranspose")
