import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.backend import reference
from pedagogic_nn.nn import functional as F
from pedagogic_nn.nn.pooling.adaptive_pool import (
    adaptive_average,
    adaptive_average_backward,
    adaptive_max,
    adaptive_max_values,
)
from tests.harness import backend_tests, case, fixed, gradient_tests, saturated

NAN = np.nan


def rows(x, size):
    return [case(adaptive_average, x=x, size=fixed(size)),
            case(adaptive_max, x=x, size=fixed(size)),
            case(adaptive_max_values, x=x, size=fixed(size)),
            case(adaptive_average_backward, dy=(x[0], *size), size=fixed(x[1:]))]


test_backends = backend_tests([
    *rows((2, 4, 5), (2, 3)),
    *rows((1, 3, 3), (5, 4)),                     # more windows than pixels
    *rows((1, 5, 4), (1, 1)),
    *rows((0, 4, 4), (2, 2)),
    *rows((1, 1, 1), (1, 1)),
    case(adaptive_average, x=(2, 3, 4), size=fixed((0, 2))),
    *(case(op, x=x, size=fixed(size)) for op in (adaptive_max, adaptive_max_values)
      for x, size in [((2, 3, 4), (0, 2)), (saturated(1, 4, 4), (2, 2)),
                      (np.array([[[NAN, 1, NAN, 2, 2]]], np.float32), (1, 2))]),
])
test_gradients = gradient_tests([
    case(F.adaptive_avg_pool2d, input=(2, 2, 5, 4), output_size=3),
    case(F.adaptive_avg_pool1d, input=(2, 5), output_size=2),
    case(F.adaptive_max_pool2d, input=(1, 2, 5, 4), output_size=[2, None]),
    case(F.adaptive_max_pool1d, input=(2, 5), output_size=2),
])


def test_by_hand():
    """Five columns in two windows: 0 to 2 and 2 to 4; the middle one is in both."""
    x = torch.tensor([[1.0, 2, 6, 1, 2]], requires_grad=True)
    assert F.adaptive_avg_pool1d(x, 2).tolist() == [[3, 3]]
    y, at = F.adaptive_max_pool1d(x, 2, return_indices=True)
    assert y.tolist() == [[6, 6]] and at.tolist() == [[2, 2]]
    F.adaptive_avg_pool1d(x, 2).sum().backward()
    assert x.grad.tolist()[0] == pytest.approx([1 / 3, 1 / 3, 2 / 3, 1 / 3, 1 / 3])


def test_one_window_is_the_mean_of_each_channel():
    x = torch.randn(2, 3, 4, 5)
    np.testing.assert_allclose(nn.AdaptiveAvgPool2d(1)(x).numpy()[:, :, 0, 0],
                               x.numpy().mean(axis=(2, 3)), rtol=1e-5, atol=1e-6)


def test_sizes():
    x = torch.randn(2, 3, 6, 8)
    assert nn.AdaptiveAvgPool2d((None, 2))(x).shape == (2, 3, 6, 2)
    assert nn.AdaptiveMaxPool2d(3, return_indices=True)(x)[1].shape == (2, 3, 3, 3)
    assert nn.AdaptiveAvgPool2d(0)(x).shape == (2, 3, 0, 0)
    assert nn.AdaptiveAvgPool1d(4)(x[0]).shape == (3, 6, 4)
    assert nn.AdaptiveMaxPool1d(4)(x[0, 0]).shape == (6, 4)
    assert F.adaptive_avg_pool2d(x.half(), 2).dtype == torch.float16
    some = x[:, :, :, ::2]
    np.testing.assert_array_equal(F.adaptive_avg_pool2d(some, 2).numpy(),
                                  F.adaptive_avg_pool2d(some.clone(), 2).numpy())


def test_repr():
    assert repr(nn.AdaptiveAvgPool2d((None, 3))) == \
        "AdaptiveAvgPool2d(output_size=(None, 3))"
    assert repr(nn.AdaptiveMaxPool1d(2)) == "AdaptiveMaxPool1d(output_size=2)"


@pytest.mark.parametrize("error, message, size", [
    (RuntimeError, "output_size must be 2 whole numbers", (1, 2, 3)),
    (RuntimeError, "output_size must not be negative", -1),
    (TypeError, r"a whole number for each axis \(or None\)", 1.5),
])
def test_says_what_it_expected(error, message, size):
    with pytest.raises(error, match=message):
        F.adaptive_avg_pool2d(torch.zeros(1, 1, 4, 4), size)


def test_says_which_input_it_reads():
    with pytest.raises(RuntimeError, match=r"\(N, C, L\) or \(C, L\)"):
        F.adaptive_avg_pool1d(torch.zeros(4), 2)
    with pytest.raises(RuntimeError, match="only the batch may be empty"):
        F.adaptive_max_pool2d(torch.zeros(1, 0, 4, 4), 2)
    with pytest.raises(NotImplementedError, match="real numbers, got int64"):
        F.adaptive_avg_pool2d(torch.zeros(1, 4, 4, dtype=torch.int64), 2)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 7), min_size=4, max_size=4), st.integers(0, 2),
       st.sampled_from([F.adaptive_avg_pool2d, F.adaptive_max_pool2d]))
def test_any_size_is_the_reference(sizes, n, function):
    x = np.random.default_rng(0).integers(-2, 3, (n, 2, *sizes[:2])).astype(np.float64)
    results = []
    for mode in (reference, torch.enable_grad):
        leaf = torch.from_numpy(x).requires_grad_()
        with mode():
            y = function(leaf, sizes[2:])
            y.backward(torch.ones(*y.shape).double())
        results.append((y.detach().numpy(), leaf.grad.numpy()))
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, 1e-12, 1e-12)
