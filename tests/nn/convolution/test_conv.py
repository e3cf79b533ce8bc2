import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.backend import reference
from pedagogic_nn.nn import functional as F
from pedagogic_nn.nn.convolution import winograd
from pedagogic_nn.nn.convolution.reference import (
    bias_gradient,
    convolve,
    convolve_transposed,
    weight_gradient,
    window,
)
from tests.harness import backend_tests, case, fixed, gradient_tests, saturated


def rows(x, w, dy, win, bias=True):
    """The operations of one convolution: x, w and dy are shapes, win a window."""
    size, image, kernel = fixed(dy[2:]), fixed(x[2:]), fixed(w[2:])
    channels = w[1] * win.groups
    return [
        case(convolve, x=x, w=w, bias=(w[0],) if bias else None, size=size,
             window=fixed(win)),
        case(convolve_transposed, dy=dy, w=w, bias=(channels,) if bias else None,
             size=image, window=fixed(win)),
        case(weight_gradient, x=x, dy=dy, kernel=kernel, window=fixed(win)),
    ]


PLAIN = window((1, 1), (0, 0), (1, 1), 1)
CASES = [
    *rows((2, 2, 4, 5), (3, 2, 2, 3), (2, 3, 3, 3), PLAIN),
    *rows((1, 2, 3, 4), (2, 2, 3, 3), (1, 2, 3, 4), window((1, 1), (1, 1), (1, 1), 1)),
    *rows((1, 4, 5, 4), (4, 2, 3, 2), (1, 4, 3, 2), window((2, 2), (1, 0), (1, 1), 2)),
    *rows((1, 3, 6, 5), (3, 1, 2, 2), (1, 3, 2, 2), window((3, 2), (1, 0), (2, 2), 3)),
    *rows((1, 1, 2, 2), (7, 1, 1, 1), (1, 7, 6, 2), window((1, 3), (2, 2), (1, 1), 1)),
    *rows((0, 2, 3, 3), (3, 2, 2, 2), (0, 3, 2, 2), PLAIN),
    *rows((1, 1, 1, 1), (1, 1, 1, 1), (1, 1, 1, 1), PLAIN, bias=False),
    case(convolve, x=saturated(1, 2, 3, 3), w=(2, 2, 2, 2), bias=(2,), size=fixed((2, 2)),
         window=fixed(PLAIN)),
    case(bias_gradient, dy=(2, 3, 2, 4)),
    case(bias_gradient, dy=(0, 3, 2, 2)),
]
test_backends = backend_tests(CASES)
test_gradients = gradient_tests([
    case(F.conv2d, input=(2, 2, 4, 3), weight=(3, 2, 2, 3), bias=(3,), padding=1),
    case(F.conv2d, input=(1, 4, 4, 3), weight=(4, 2, 2, 2), stride=2, groups=2),
    case(F.conv2d, input=(1, 5, 4), weight=(2, 1, 2, 2), dilation=2, padding="same"),
    case(F.conv1d, input=(2, 2, 6), weight=(3, 2, 3), bias=(3,), stride=2, padding=1),
    case(F.conv1d, input=(2, 5), weight=(1, 2, 2)),
])


def test_by_hand():
    layer = nn.Conv2d(1, 1, 2)
    layer.weight.data.copy_(torch.tensor([[[[1.0, 2], [3, 4]]]]))
    layer.bias.data.fill_(10)
    x = torch.tensor([[[[1.0, 0, 2], [0, 1, 0]]]], requires_grad=True)
    y = layer(x)
    assert y.tolist() == [[[[1 + 4 + 10, 4 + 3 + 10]]]]
    y.sum().backward()
    assert x.grad.tolist() == [[[[1, 1 + 2, 2], [3, 3 + 4, 4]]]]
    assert layer.weight.grad.tolist() == [[[[1 + 0, 0 + 2], [0 + 1, 1 + 0]]]]
    assert layer.bias.grad.tolist() == [2]


def agree_with_reference(make, x, tolerance=1e-5):
    """Outputs and all gradients of a layer, against the reference implementation."""
    results = []
    for mode in (reference, lambda: torch.enable_grad()):
        leaf = torch.from_numpy(x).requires_grad_()
        torch.manual_seed(0)
        layer = make().to(leaf.dtype)
        with mode():
            y = layer(leaf)
            weights = np.cos(np.arange(y.numel())).reshape(y.shape).astype(x.dtype)
            (y * torch.from_numpy(weights)).sum().backward()
        results.append([y.detach(), leaf.grad, *(p.grad for p in layer.parameters())])
    for a, b in zip(*results, strict=True):
        scale = tolerance * max(1, np.abs(a.numpy()).max(initial=0))
        np.testing.assert_allclose(b.numpy(), a.numpy(), rtol=0, atol=scale)


@pytest.mark.parametrize("options", [
    dict(kernel_size=3, padding=1),
    dict(kernel_size=5),
    dict(kernel_size=3, stride=2, padding=1, bias=False),
    dict(kernel_size=(1, 4), dilation=(1, 3), groups=2),
    dict(kernel_size=1),
], ids=str)
def test_many_channels_and_pixels(options):
    """Several tiles, blocks of taps and bands, with all threads."""
    x = np.random.default_rng(0).standard_normal((3, 130, 45, 50)).astype(np.float32)
    agree_with_reference(lambda: nn.Conv2d(130, 34, **options), x, 2e-5)


@pytest.fixture
def fewer_multiplications(monkeypatch):
    """Winograd's way wherever it is open, also where it is slower."""
    monkeypatch.setattr(winograd, "WORTH", np.inf)


@pytest.mark.usefixtures("fewer_multiplications")
@pytest.mark.parametrize("shape, padding", [
    ((45, 33, 6, 5), 1),                       # several images in one band
    ((3, 32, 31, 40), (0, 2)),
    ((2, 40, 3, 600), 1),
    ((30, 32, 9, 9), (3, 4)),                  # backwards the padding is negative
    ((4, 3, 29, 28), 1),
    ((3, 33, 30, 28), 1),                      # runs that end within an image
    ((9, 70, 7, 7), 1),                        # a single run: threads share the outputs
], ids=str)
def test_the_way_with_fewer_multiplications(shape, padding):
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    outputs = shape[1] + 2                     # several blocks, of which one is not full
    agree_with_reference(lambda: nn.Conv2d(shape[1], outputs, 3, padding=padding), x)
    agree_with_reference(lambda: nn.ConvTranspose2d(shape[1], outputs, 3), x)


@pytest.mark.parametrize("fits, channels, side, images, dilation", [
    (True, 64, 28, 4, 1),
    (True, 16, 56, 4, 1),                      # few channels, wide rows
    (True, 256, 7, 8, 1),
    (False, 16, 14, 64, 1),                    # most lanes of a vector would be idle
    (False, 8, 7, 1, 1),
    (True, 128, 56, 2, 2),
    (False, 32, 28, 16, 2),                    # two images of 14 x 14
])
def test_that_way_is_chosen_where_it_is_worth_it(
        monkeypatch, fits, channels, side, images, dilation):
    monkeypatch.setattr(winograd, "VECTOR_BYTES", 64)        # of the widest processors
    monkeypatch.setattr(winograd, "PANEL_BYTES", 128)
    win = window((1, 1), (dilation,) * 2, (dilation,) * 2, 1)
    assert winograd.fits(channels, channels, (3, 3), (side,) * 2, images, win) == fits


@pytest.mark.parametrize("kernel, stride, groups", [
    ((3, 1), (1, 1), 1), ((3, 3), (1, 2), 1), ((3, 3), (1, 1), 2)])
def test_that_way_is_open_to_3_x_3_pixels_alone(
        kernel, stride, groups, fewer_multiplications):
    win = window(stride, (1, 1), (1, 1), groups)
    assert not winograd.fits(512, 512, kernel, (56, 56), 8, win)


@pytest.mark.usefixtures("fewer_multiplications")
def test_fewer_multiplications_do_not_cost_digits():
    """512 channels: as far from the exact sum as the direct way, 3e-6."""
    rng = np.random.default_rng(0)
    x, w = (torch.from_numpy(rng.standard_normal(shape).astype(np.float32))
            for shape in ((8, 512, 7, 7), (64, 512, 3, 3)))
    y, exact = (F.conv2d(*pair, padding=1).numpy()
                for pair in ((x, w), (x.double(), w.double())))
    assert np.abs(y - exact).max() < 1e-5 * np.abs(exact).max()


@pytest.mark.usefixtures("fewer_multiplications")
@pytest.mark.parametrize("padding, dilation", [((2, 4), (2, 4)), ((0, 9), (1, 2)),
                                               ((5, 0), (3, 1))], ids=str)
def test_a_dilation_makes_images_of_their_own(padding, dilation):
    x = np.random.default_rng(0).standard_normal((2, 32, 29, 26)).astype(np.float32)
    agree_with_reference(
        lambda: nn.Conv2d(32, 35, 3, padding=padding, dilation=dilation), x)


@pytest.mark.parametrize("shape, options", [
    ((5, 6, 14, 14), dict(kernel_size=5)),
    ((2, 32, 1, 100), dict(kernel_size=(1, 5), padding=(0, 2), groups=2)),
    ((3, 40, 9, 5), dict(kernel_size=4, stride=(1, 2), padding=1)),
    ((1, 8, 3, 2), dict(kernel_size=2)),
], ids=str)
def test_narrow_images(shape, options):
    """Vectors of output channels instead of pixels, there and back."""
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    agree_with_reference(lambda: nn.Conv2d(shape[1], 36, **options), x)
    agree_with_reference(lambda: nn.ConvTranspose2d(shape[1], 36, **options), x)


@pytest.mark.usefixtures("fewer_multiplications")
def test_an_infinite_pixel_reaches_only_its_patches():
    """Differences of turned pixels would make its neighbours NaN."""
    x = np.zeros((1, 32, 40, 40), np.float32)
    x[0, 3, 5, 6] = np.inf
    weight = torch.ones(32, 32, 3, 3)
    y = F.conv2d(torch.from_numpy(x), weight, padding=1).numpy()
    expected = np.zeros_like(y)
    expected[:, :, 4:7, 5:8] = np.inf
    np.testing.assert_array_equal(y, expected)


@pytest.mark.parametrize("stride", [1, 2, (3, 1)], ids=str)
def test_a_filter_of_one_pixel_is_a_matrix_product(stride):
    for n in (0, 3):
        x = np.random.default_rng(0).standard_normal((n, 20, 7, 5)).astype(np.float32)
        agree_with_reference(lambda: nn.Conv2d(20, 9, 1, stride), x)
        agree_with_reference(lambda: nn.Conv2d(20, 9, 1, stride, dilation=2), x)
        agree_with_reference(lambda: nn.ConvTranspose2d(20, 9, 1, stride), x)
        agree_with_reference(
            lambda: nn.ConvTranspose2d(20, 9, 1, stride, bias=False), x)


def test_a_stride_that_leads_nowhere_costs_nothing():
    x = torch.ones(1, 1, 2, 2, requires_grad=True)
    weight = torch.ones(1, 1, 2, 1, requires_grad=True)
    y = F.conv2d(x, weight, stride=10**9)
    y.sum().backward()
    assert y.tolist() == [[[[2]]]] and weight.grad.tolist() == [[[[1], [1]]]]
    assert x.grad.tolist() == [[[[1, 0], [1, 0]]]]


def test_one_image_on_several_threads():
    x = np.random.default_rng(0).standard_normal((1, 16, 70, 64)).astype(np.float32)
    agree_with_reference(lambda: nn.Conv2d(16, 24, 3, padding=1), x, 2e-5)


def test_each_channel_alone():
    """Groups of one channel: a result is what that channel gives on its own."""
    layer, x = nn.Conv2d(3, 3, 2, groups=3), torch.randn(2, 3, 5, 4)
    for c in range(3):
        alone = F.conv2d(x[:, c:c + 1], layer.weight[c:c + 1], layer.bias[c:c + 1])
        np.testing.assert_allclose(layer(x)[:, c:c + 1].detach().numpy(),
                                   alone.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_a_wide_kernel_sums_in_one_order():
    """The same numbers for one image and for the same image in a batch."""
    layer, x = nn.Conv2d(40, 8, 5), torch.randn(4, 40, 12, 12)
    np.testing.assert_array_equal(layer(x)[2:3].detach().numpy(),
                                  layer(x[2:3]).detach().numpy())


def test_unbatched_and_strided_input():
    layer, x = nn.Conv2d(2, 3, 2), torch.randn(2, 2, 5, 8)
    y = layer(x[:, :, :, ::2])
    np.testing.assert_array_equal(y.detach().numpy(),
                                  layer(x[:, :, :, ::2].clone()).detach().numpy())
    np.testing.assert_array_equal(layer(x[0]).detach().numpy(),
                                  layer(x)[0].detach().numpy())
    assert nn.Conv1d(2, 3, 2)(torch.randn(2, 6)).shape == (3, 5)


def test_infinity_stays_where_it_is():
    x = np.ones((1, 1, 4, 5), np.float32)
    x[0, 0, 0, 4] = np.inf
    image = torch.from_numpy(x).requires_grad_()
    weight = torch.ones(1, 1, 2, 2, requires_grad=True)
    y = F.conv2d(image, weight)
    assert np.isinf(y.detach().numpy()).sum() == 1
    y.sum().backward()
    assert weight.grad.tolist() == [[[[12, math.inf], [12, 12]]]]


def test_half_precision():
    layer = nn.Conv2d(2, 3, 2).half()
    x = torch.ones(1, 2, 3, 3).half()
    assert layer(x).dtype == torch.float16
    np.testing.assert_allclose(layer(x).detach().numpy(),
                               layer.float()(x.float()).detach().numpy(), rtol=2e-3)


def test_parameters_start_in_their_bounds():
    layer = nn.Conv2d(8, 40, (2, 3), groups=2)
    assert layer.weight.shape == (40, 4, 2, 3)
    for p in layer.parameters():
        assert 0.9 / math.sqrt(24) < float(p.abs().max()) <= 1 / math.sqrt(24)


def test_without_gradients_nothing_is_computed():
    weight, x = torch.ones(1, 1, 2, 2, requires_grad=True), torch.ones(1, 1, 3, 3)
    F.conv2d(x, weight).sum().backward()
    assert x.grad is None and weight.grad.tolist() == [[[[4, 4], [4, 4]]]]


def test_old_checkpoints_fit():
    layer = nn.Conv2d(1, 2, 3)
    assert list(layer.state_dict()) == ["weight", "bias"]
    assert list(nn.Conv2d(1, 2, 3, bias=False).state_dict()) == ["weight"]


@pytest.mark.parametrize("layer, text", [
    (nn.Conv2d(3, 4, 3), "Conv2d(3, 4, kernel_size=(3, 3), stride=(1, 1))"),
    (nn.Conv1d(3, 4, 3, padding="same"),
     "Conv1d(3, 4, kernel_size=(3,), stride=(1,), padding=same)"),
    (nn.Conv2d(4, 6, (3, 2), (2, 1), (1, 2), 3, 2, False, "reflect"),
     "Conv2d(4, 6, kernel_size=(3, 2), stride=(2, 1), padding=(1, 2), dilation=(3, 3), "
     "groups=2, bias=False, padding_mode=reflect)"),
])
def test_repr(layer, text):
    assert repr(layer) == text


@pytest.mark.parametrize("error, message, make", [
    (ValueError, "groups=2 must divide in_channels=3",
     lambda: nn.Conv2d(3, 4, 1, groups=2)),
    (ValueError, "groups=2 must divide out_channels=3",
     lambda: nn.Conv2d(4, 3, 1, groups=2)),
    (ValueError, "groups must be a positive", lambda: nn.Conv2d(4, 3, 1, groups=0)),
    (ValueError, "'zeros', 'reflect', 'replicate', 'circular', got 'mirror'",
     lambda: nn.Conv2d(1, 1, 1, padding_mode="mirror")),
    (ValueError, "'same', 'valid' or numbers, got 'some'",
     lambda: nn.Conv2d(1, 1, 1, padding="some")),
    (ValueError, "keeps the size", lambda: nn.Conv1d(1, 1, 1, 2, padding="same")),
    (TypeError, "in_channels must be a whole number", lambda: nn.Conv2d(1.0, 1, 1)),
    (RuntimeError, "reads input of shape", lambda: nn.Conv2d(1, 1, 1)(torch.ones(4, 4))),
    (RuntimeError, r"reads 3 channels, got 2 in input of shape \(1, 2, 4, 4\)",
     lambda: nn.Conv2d(3, 1, 1)(torch.ones(1, 2, 4, 4))),
    (RuntimeError, "covers 5 x 5 does not fit into the padded input of 4 x 6",
     lambda: nn.Conv2d(1, 1, 3, dilation=2)(torch.ones(1, 1, 4, 6))),
    (RuntimeError, "one dtype, got float64 input and float32 weight",
     lambda: nn.Conv2d(1, 1, 1)(torch.ones(1, 1, 2, 2).double())),
    (RuntimeError, "stride must be at least 1",
     lambda: nn.Conv2d(1, 1, 1, stride=0)(torch.ones(1, 1, 2, 2))),
    (RuntimeError, "padding must be at least 0",
     lambda: nn.Conv2d(1, 1, 1, padding=-1)(torch.ones(1, 1, 2, 2))),
    (RuntimeError, "dilation must be at least 1",
     lambda: nn.Conv2d(1, 1, 1, dilation=0)(torch.ones(1, 1, 2, 2))),
    (RuntimeError, "needs a bias of shape",
     lambda: F.conv2d(torch.ones(1, 1, 2, 2), torch.ones(3, 1, 1, 1), torch.ones(2))),
    (RuntimeError, "expected weight of shape",
     lambda: F.conv1d(torch.ones(1, 1, 2), torch.ones(1, 1, 1, 1))),
    (RuntimeError, "2 groups must divide the 3 output channels",
     lambda: F.conv2d(torch.ones(1, 2, 2, 2), torch.ones(3, 1, 1, 1), groups=2)),
    (RuntimeError, "1 or 2 whole numbers",
     lambda: F.conv2d(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 1, 1), stride=(1, 1, 1))),
    (TypeError, "dilation must be a whole number",
     lambda: F.conv2d(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 1, 1), dilation=1.5)),
    (RuntimeError, "only the batch or the channels may be empty",
     lambda: nn.Conv2d(1, 1, 1)(torch.ones(1, 1, 0, 2))),
    (RuntimeError, "expected all arrays on one device|on one device",
     lambda: nn.Conv2d(1, 1, 1)(torch.ones(1, 1, 2, 2, device="cuda"))),
])
def test_says_what_it_expected(error, message, make):
    with pytest.raises(error, match=message):
        make()


@st.composite
def convolutions(draw):
    """(layer, input array): sizes from nothing on, any options."""
    small, n = st.integers(1, 4), draw(st.integers(1, 2))
    groups = draw(st.integers(1, 3))
    options = {name: tuple(draw(values) for _ in range(n)) for name, values in (
        ("kernel_size", small), ("stride", st.integers(1, 3)),
        ("dilation", st.integers(1, 3)), ("padding", st.integers(0, 3)))}
    if draw(st.booleans()):
        options["padding"], options["stride"] = "same", 1
    mode = draw(st.sampled_from(["zeros", "zeros", "replicate", "circular", "reflect"]))
    sizes = [draw(st.integers(1, 9)) for _ in range(n)]
    shape = (draw(st.integers(0, 3)), groups * draw(small), *sizes)
    kind = nn.Conv1d if n == 1 else nn.Conv2d

    def make():
        return kind(shape[1], groups * 2, groups=groups, padding_mode=mode,
                    bias=groups != 2, **options)

    dtype = draw(st.sampled_from([np.float32, np.float64]))
    x = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    return make, x[0] if shape[0] and draw(st.booleans()) else x


@settings(max_examples=25, deadline=None)
@given(convolutions())
def test_any_convolution_is_the_reference_or_an_error(drawn):
    make, x = drawn
    try:
        agree_with_reference(make, x)
    except RuntimeError as error:                # a filter or a padding too large
        assert str(error).startswith(("Conv", "pad"))
