import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.backend import reference
from pedagogic_nn.nn import functional as F
from pedagogic_nn.nn.pooling.max_pool import (
    max_pool,
    max_pool_backward,
    max_pool_values,
)
from pedagogic_nn.nn.pooling.windows import window_of
from tests.harness import backend_tests, case, fixed, gradient_tests, saturated

INF, NAN = np.inf, np.nan


def pool(x, size, *window):
    """A row with the places, and one without."""
    window = fixed(window_of("", 2, *window))
    return [case(op, x=x, size=fixed(size), window=window)
            for op in (max_pool, max_pool_values)]


EQUAL = np.array([[[1, 1, 2], [1, NAN, 2], [NAN, 0, 2]]], np.float32)
PLACES = np.array([[[0, 2], [2, -1]], [[5, 5], [3, 0]]], np.int32)
test_backends = backend_tests([
    *pool((2, 4, 5), (2, 2), 2, 2, 0),
    *pool((1, 5, 4), (3, 3), 3, (2, 1), 1),
    *pool((1, 6, 5), (2, 2), (2, 2), 3, 0, (2, 1)),
    *pool((2, 1, 7), (1, 3), (1, 3), (1, 3), (0, 1)),
    *pool((2, 1, 8), (1, 4), (1, 2), (1, 2), 0),         # rows without a rest
    *pool((2, 3, 9), (3, 3), (1, 3), (1, 3), 0),
    *pool((2, 1, 9), (1, 4), (1, 2), (1, 2), 0),
    *pool((2, 1, 6), (1, 2), (1, 2), (1, 3), 0, (1, 2)),
    *pool((2, 6, 20), (3, 10), 2, 2, 0),                 # squares that fill the width,
    *pool((1, 5, 4), (2, 2), 2, 2, 0),                   # not the height
    *pool(np.float64([[[0, 1] * 8, [1, 0] * 8]]), (1, 8), 2, 2, 0),
    *pool((0, 4, 4), (2, 2), 2, 2, 0),
    *pool((1, 1, 1), (1, 1), 1, 1, 0),
    *pool(saturated(1, 4, 4), (2, 2), 2, 2, 0),
    *pool(EQUAL, (2, 2), 2, 1, 0),
    *pool(np.full((1, 3, 3), -INF, np.float32), (2, 2), 2, 2, 1),
    *pool((1, 4, 1), (1, 2), 2, 1, 1, 5),                # windows that hold no pixel
    case(max_pool_backward, dy=(2, 2, 2), at=PLACES, size=fixed((2, 3))),
    case(max_pool_backward, dy=(0, 2, 2), at=PLACES[:0], size=fixed((2, 3))),
])
test_gradients = gradient_tests([
    case(F.max_pool2d, input=(2, 2, 4, 5), kernel_size=2),
    case(F.max_pool2d, input=(1, 5, 4), kernel_size=3, stride=1, padding=1),
    case(F.max_pool1d, input=(2, 2, 7), kernel_size=3, stride=2, ceil_mode=True),
])


def test_by_hand():
    x = torch.tensor([[[1.0, 5, 2, 0], [3, 4, 9, 8]]], requires_grad=True)
    y, at = F.max_pool2d(x, 2, return_indices=True)
    assert y.tolist() == [[[5, 9]]] and at.tolist() == [[[1, 6]]]
    assert at.dtype == torch.int64
    (y * torch.tensor([[[10.0, 20]]])).sum().backward()
    assert x.grad.tolist() == [[[0, 10, 0, 0], [0, 0, 20, 0]]]


def test_overlapping_windows_add_up():
    x = torch.tensor([[0.0, 3, 1]], requires_grad=True)
    F.max_pool1d(x, 2, 1).sum().backward()
    assert x.grad.tolist() == [[0, 2, 0]]


def test_without_a_gradient_the_numbers_are_the_same():
    x = torch.randn(2, 3, 7, 9, requires_grad=True)
    for function in (lambda: F.max_pool2d(x, 3, 2, 1), lambda: F.max_pool2d(x, (1, 3)),
                     lambda: F.adaptive_max_pool2d(x, (3, 4))):
        with torch.no_grad():
            alone = function()
        assert alone.grad_fn is None and alone.tolist() == function().tolist()


def test_the_first_of_equal_ones_and_the_last_nan():
    y, at = F.max_pool2d(torch.from_numpy(EQUAL), 2, 1, return_indices=True)
    assert np.isnan(y.numpy()[0, :, 0]).all()
    assert at.tolist() == [[[4, 4], [6, 4]]]
    assert F.max_pool1d(torch.ones(1, 3), 3, return_indices=True)[1].tolist() == [[0]]


def test_of_all_orders_in_a_square_the_first_of_equals_and_the_last_nan():
    squares = np.array(list(itertools.product((0, 1, -INF, NAN), repeat=4)), np.float32)
    x = squares.reshape(-1, 2, 2).transpose(1, 0, 2).reshape(1, 2, -1)
    y, at = F.max_pool2d(torch.from_numpy(x), 2, return_indices=True)
    for k, square in enumerate(squares.tolist()):
        nan = [q for q in range(4) if math.isnan(square[q])]
        place = nan[-1] if nan else square.index(max(square))
        np.testing.assert_equal(y[0, 0, k].item(), square[place])
        assert at[0, 0, k].item() == place // 2 * x.shape[2] + 2 * k + place % 2
    np.testing.assert_array_equal(F.max_pool2d(torch.from_numpy(x), 2).numpy(), y.numpy())


def test_padding_is_never_the_largest():
    x = torch.full((1, 2, 2), -5.0)
    assert F.max_pool2d(x, 2, 2, 1).tolist() == [[[-5, -5], [-5, -5]]]
    low, at = F.max_pool2d(torch.full((1, 2, 2), -INF), 2, 2, 1, return_indices=True)
    assert low.tolist() == [[[-INF, -INF], [-INF, -INF]]]
    assert at.tolist() == [[[0, 1], [2, 3]]]


def test_a_window_between_the_pixels_is_empty():
    """Dilated over the whole input: PyTorch reads beyond it here."""
    x = torch.zeros(1, 1, 4, requires_grad=True)
    y, at = F.max_pool1d(x, 2, 1, 1, 5, return_indices=True)
    assert y.tolist() == [[[-INF]]] and at.tolist() == [[[-1]]]
    y.sum().backward()
    assert x.grad.tolist() == [[[0, 0, 0, 0]]]


@pytest.mark.parametrize("dtype", [np.int64, np.float16, np.float64])
def test_every_dtype(dtype):
    x = torch.from_numpy(np.arange(16).reshape(1, 4, 4).astype(dtype))
    y = F.max_pool2d(x, 2)
    assert y.dtype == x.dtype and y.tolist() == [[[5, 7], [13, 15]]]


def test_unbatched_and_strided_input():
    x = torch.randn(2, 3, 6, 8)
    np.testing.assert_array_equal(F.max_pool2d(x[:, :, :, ::2], 2).numpy(),
                                  F.max_pool2d(x[:, :, :, ::2].clone(), 2).numpy())
    np.testing.assert_array_equal(F.max_pool2d(x[0], 2).numpy(),
                                  F.max_pool2d(x, 2)[0].numpy())


def test_modules():
    x = torch.arange(9.0).reshape(1, 3, 3)
    assert nn.MaxPool2d(2, ceil_mode=True)(x).tolist() == [[[4, 5], [7, 8]]]
    assert nn.MaxPool1d(2, return_indices=True)(x)[1].tolist() == [[[1], [1], [1]]]
    assert repr(nn.MaxPool2d((2, 3), stride=2)) == (
        "MaxPool2d(kernel_size=(2, 3), stride=2, padding=0, dilation=1, ceil_mode=False)")
    assert repr(nn.MaxPool1d(2)) == (
        "MaxPool1d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)")


@pytest.mark.parametrize("error, message, arguments", [
    (RuntimeError, "padding=2 is more than half of kernel_size=2", (2, 2, 2)),
    (RuntimeError, "padding must be at least 0", (2, 2, -1)),
    (RuntimeError, "stride must be at least 1", (2, 0)),
    (RuntimeError, "kernel_size must be at least 1", (0, 1)),
    (RuntimeError, "dilation must be at least 1", (2, 2, 0, 0)),
    (RuntimeError, r"no window of \(5, 5\)", (5,)),
    (RuntimeError, "1 or 2 whole numbers", ((2, 2, 2),)),
    (TypeError, "kernel_size must be a whole number", (2.0,)),
])
def test_says_what_it_expected(error, message, arguments):
    with pytest.raises(error, match=message):
        F.max_pool2d(torch.zeros(1, 1, 4, 4), *arguments)


def test_bools_have_no_maximum():
    with pytest.raises(NotImplementedError, match="max_pool2d is not there for bools"):
        F.max_pool2d(torch.zeros(1, 1, 4, 4) > 0, 2)


def test_says_which_input_it_reads():
    with pytest.raises(RuntimeError, match=r"\(N, C, H, W\) or \(C, H, W\)"):
        F.max_pool2d(torch.zeros(4, 4), 2)
    with pytest.raises(RuntimeError, match="only the batch may be empty"):
        F.max_pool1d(torch.zeros(1, 0, 4), 2)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_window_is_the_reference_or_an_error(data):
    n, draw = data.draw(st.integers(1, 2)), data.draw
    few = st.integers(0, 4)
    arguments = [tuple(draw(few) for _ in range(n)) for _ in range(3)]
    dilation, ceil = draw(st.integers(1, 3)), draw(st.booleans())
    shape = [draw(st.integers(0, 2)), *(draw(st.integers(1, 9)) for _ in range(1 + n))]
    x = np.random.default_rng(0).integers(-2, 3, shape).astype(np.float32)
    x[x == 2] = draw(st.sampled_from([2, INF, -INF, NAN]))
    function = (F.max_pool1d, F.max_pool2d)[n - 1]
    results = []
    for mode in (reference, torch.enable_grad):
        leaf = torch.from_numpy(x).requires_grad_()
        try:
            with mode():
                y, at = function(leaf, *arguments, dilation, ceil, True)
                y.backward(torch.ones(*y.shape))
            results.append((y.detach().numpy(), at.numpy(), leaf.grad.numpy()))
        except RuntimeError as error:
            assert str(error).startswith("max_pool")
            results.append(())
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)


def test_taps_that_never_meet_the_image_cost_nothing():
    """A kernel of 10⁶ x 10⁶ would be walked for hours, and make a band of its size."""
    x = torch.tensor([[[1.0, 5.0, 3.0], [4.0, 2.0, 3.0]]], requires_grad=True)
    y = nn.MaxPool2d(10**6, ceil_mode=True)(x)
    y.sum().backward()
    assert y.tolist() == [[[5]]]
    assert x.grad.tolist() == [[[0, 1, 0], [0, 0, 0]]]
    many = nn.MaxPool1d(10**6, stride=1, padding=5 * 10**5)(torch.arange(3.0)[None])
    assert many.tolist() == [[2, 2, 2, 2]]


def test_numbers_beyond_32_bits_are_refused():
    with pytest.raises(RuntimeError, match="at most 2147483647"):
        nn.MaxPool2d(2**62, ceil_mode=True)(torch.zeros(1, 2, 2))
