import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.backend import reference
from pedagogic_nn.nn import functional as F
from pedagogic_nn.nn.pooling.avg_pool import average, average_backward
from pedagogic_nn.nn.pooling.windows import window_of
from tests.harness import backend_tests, case, fixed, gradient_tests, saturated


def rows(x, size, *window):
    """Both operations for one window: x is a shape or an array, size that of y."""
    shape = x.shape if isinstance(x, np.ndarray) else x
    counts = [np.arange(1, n + 1, dtype=np.float32) for n in size]
    window = fixed(window_of("", 2, *window))
    return [case(average, x=x, rows=counts[0], columns=counts[1], window=window),
            case(average_backward, dy=(shape[0], *size), rows=counts[0],
                 columns=counts[1], size=fixed(shape[1:]), window=window)]


test_backends = backend_tests([
    *rows((2, 4, 5), (2, 2), 2, 2, 0),
    *rows((1, 5, 4), (3, 3), 3, (2, 1), 1),
    *rows((1, 7, 8), (2, 3), 2, 3, 0),                   # pixels that no window holds
    *rows((2, 1, 7), (1, 3), (1, 3), (1, 3), (0, 1)),
    *rows((0, 4, 4), (2, 2), 2, 2, 0),
    *rows((1, 1, 1), (1, 1), 1, 1, 0),
    *rows(saturated(1, 4, 4), (2, 2), 2, 2, 0),
])
test_gradients = gradient_tests([
    case(F.avg_pool2d, input=(2, 2, 4, 5), kernel_size=2),
    case(F.avg_pool2d, input=(1, 5, 4), kernel_size=3, stride=2, padding=1,
         count_include_pad=False),
    case(F.avg_pool2d, input=(1, 5, 4), kernel_size=2, divisor_override=3),
    case(F.avg_pool1d, input=(2, 2, 7), kernel_size=3, stride=2, ceil_mode=True),
])


def test_by_hand():
    x = torch.tensor([[[1.0, 5, 2, 0], [3, 3, 8, 2]]], requires_grad=True)
    y = F.avg_pool2d(x, 2)
    assert y.tolist() == [[[3, 3]]]
    (y * torch.tensor([[[4.0, 8]]])).sum().backward()
    assert x.grad.tolist() == [[[1, 1, 2, 2], [1, 1, 2, 2]]]


def test_what_the_mean_divides_by():
    x = torch.ones(1, 3)
    assert F.avg_pool1d(x, 2, 2, 1).tolist() == [[0.5, 1]]
    assert F.avg_pool1d(x, 2, 2, 1, count_include_pad=False).tolist() == [[1, 1]]
    # The last window reaches beyond the padding, and that never counts.
    assert F.avg_pool1d(x, 3, 2, 1, ceil_mode=True).tolist()[0] == pytest.approx(
        [2 / 3, 2 / 3])
    assert F.avg_pool1d(torch.ones(1, 4), 3, 3, ceil_mode=True).tolist() == [[1, 1]]
    assert F.avg_pool2d(torch.ones(1, 2, 2), 2, divisor_override=-2).tolist() == [[[-2]]]


def test_an_infinite_pixel_is_only_in_its_windows():
    x = torch.zeros(1, 4, 4)
    x[0, 0, 3] = np.inf
    assert F.avg_pool2d(x, 2).tolist() == [[[0, np.inf], [0, 0]]]


@pytest.mark.parametrize("dtype", [np.int64, np.float16, np.float64])
def test_every_dtype(dtype):
    x = torch.from_numpy(np.arange(16).reshape(1, 4, 4).astype(dtype))
    y = F.avg_pool2d(x, 2)
    half = 0 if dtype is np.int64 else 0.5
    assert y.dtype == x.dtype
    assert y.tolist() == [[[2 + half, 4 + half], [10 + half, 12 + half]]]


def test_unbatched_and_strided_input():
    x = torch.randn(2, 3, 6, 8)
    np.testing.assert_array_equal(F.avg_pool2d(x[:, :, :, ::2], 2).numpy(),
                                  F.avg_pool2d(x[:, :, :, ::2].clone(), 2).numpy())
    np.testing.assert_array_equal(F.avg_pool2d(x[0], 2).numpy(),
                                  F.avg_pool2d(x, 2)[0].numpy())


def test_modules():
    x = torch.arange(9.0).reshape(1, 3, 3)
    assert nn.AvgPool2d(2, ceil_mode=True)(x).tolist() == [[[2, 3.5], [6.5, 8]]]
    assert nn.AvgPool1d(2)(x).tolist() == [[[0.5], [3.5], [6.5]]]
    assert repr(nn.AvgPool2d((2, 3), divisor_override=3)) == \
        "AvgPool2d(kernel_size=(2, 3), stride=(2, 3), padding=0)"
    assert repr(nn.AvgPool1d(2)) == \
        "AvgPool1d(kernel_size=(2,), stride=(2,), padding=(0,))"


@pytest.mark.parametrize("error, message, options", [
    (RuntimeError, "padding=2 is more than half of kernel_size=2",
     {"kernel_size": 2, "padding": 2}),
    (RuntimeError, "stride must be at least 1", {"kernel_size": 2, "stride": 0}),
    (RuntimeError, r"no window of \(5, 5\)", {"kernel_size": 5}),
    (RuntimeError, "divisor_override must not be 0",
     {"kernel_size": 2, "divisor_override": 0}),
    (TypeError, "divisor_override must be a whole number",
     {"kernel_size": 2, "divisor_override": 1.5}),
    (TypeError, "kernel_size must be a whole number", {"kernel_size": "2"}),
    (TypeError, "kernel_size must be a whole number", {"kernel_size": True}),
])
def test_says_what_it_expected(error, message, options):
    with pytest.raises(error, match=message):
        F.avg_pool2d(torch.zeros(1, 1, 4, 4), **options)


def test_bools_have_no_mean():
    with pytest.raises(NotImplementedError, match="avg_pool1d is not there for bools"):
        F.avg_pool1d(torch.zeros(1, 1, 4) > 0, 2)


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_any_window_is_the_reference_or_an_error(data):
    n, draw = data.draw(st.integers(1, 2)), data.draw
    few = st.integers(0, 4)
    arguments = [tuple(draw(few) for _ in range(n)) for _ in range(3)]
    arguments += [draw(st.booleans()), draw(st.booleans())]
    shape = [draw(st.integers(0, 2)), *(draw(st.integers(1, 9)) for _ in range(1 + n))]
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    x = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    function = (F.avg_pool1d, F.avg_pool2d)[n - 1]
    results = []
    for mode in (reference, torch.enable_grad):
        leaf = torch.from_numpy(x).requires_grad_()
        try:
            with mode():
                y = function(leaf, *arguments)
                y.backward(torch.ones(*y.shape).to(leaf.dtype))
            results.append((y.detach().numpy(), leaf.grad.numpy()))
        except RuntimeError as error:
            assert str(error).startswith("avg_pool")
            results.append(())
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, 1e-5, 1e-6)


def test_taps_that_never_meet_the_image_cost_nothing():
    """A kernel of 10⁶ x 10⁶ would be walked for hours, and make a band of its size."""
    x = torch.tensor([[[1.0, 5.0, 3.0], [4.0, 2.0, 3.0]]], requires_grad=True)
    y = nn.AvgPool2d(10**6, ceil_mode=True)(x)
    y.sum().backward()
    assert y.tolist() == [[[3]]]
    np.testing.assert_allclose(x.grad.numpy(), 1 / 6, 1e-6)
    many = nn.AvgPool1d(10**6, stride=1, padding=5 * 10**5)(torch.arange(3.0)[None])
    np.testing.assert_allclose(many.numpy(), 3e-6, 1e-5)


def test_numbers_beyond_32_bits_are_refused():
    with pytest.raises(RuntimeError, match="at most 2147483647"):
        nn.AvgPool2d(2**62, ceil_mode=True)(torch.zeros(1, 2, 2))
