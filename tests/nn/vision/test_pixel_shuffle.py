import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.vision.pixel_shuffle import (
    pixel_shuffle,
    pixel_unshuffle,
    shuffle,
    unshuffle,
)
from tests.harness import backend_tests, case, gradient_tests

CASES = [
    case(shuffle, x=(2, 12, 3, 4), r=2),
    case(shuffle, x=(1, 9, 1, 1), r=3),
    case(shuffle, x=(0, 4, 2, 2), r=2),
    case(shuffle, x=(2, 3, 2, 2), r=1),
    case(unshuffle, x=(2, 3, 6, 8), r=2),
    case(unshuffle, x=(1, 1, 3, 3), r=3),
    case(unshuffle, x=(0, 1, 4, 4), r=2),
]
test_backends = backend_tests(CASES)
test_gradients = gradient_tests(
    [
        case(pixel_shuffle, input=(2, 8, 2, 3), upscale_factor=2),
        case(pixel_unshuffle, input=(2, 2, 4, 6), downscale_factor=2),
    ]
)


def test_by_hand():
    """Four channels of one pixel become one channel of 2 x 2, in reading order."""
    x = torch.tensor([1.0, 2.0, 3.0, 4.0]).view(1, 4, 1, 1)
    assert nn.PixelShuffle(2)(x).tolist() == [[[[1, 2], [3, 4]]]]


def test_unshuffle_is_the_way_back():
    x = torch.randn(2, 18, 4, 5)
    np.testing.assert_array_equal(
        nn.PixelUnshuffle(3)(nn.PixelShuffle(3)(x)).numpy(), x.numpy()
    )


def test_leading_axes_are_a_batch():
    x = torch.randn(2, 3, 4, 2, 2)
    y = nn.PixelShuffle(2)(x)
    assert y.shape == (2, 3, 1, 4, 4)
    np.testing.assert_array_equal(y[1, 2].numpy(), nn.PixelShuffle(2)(x[1, 2]).numpy())


def test_says_what_it_expected():
    with pytest.raises(RuntimeError, match="expected a multiple of 4 channels, got 6"):
        nn.PixelShuffle(2)(torch.zeros(1, 6, 2, 2))
    with pytest.raises(RuntimeError, match=r"reads images of shape \(\*, C, H, W\)"):
        nn.PixelShuffle(2)(torch.zeros(4, 4))
    with pytest.raises(
        ValueError, match="upscale_factor must be a positive integer, got 0"
    ):
        nn.PixelShuffle(0)
    with pytest.raises(ValueError, match="must be below 2\\^31, got 1099511627776"):
        nn.PixelShuffle(2**40)(torch.zeros(1, 0, 2, 0))
    with pytest.raises(RuntimeError, match="got 5 and 4"):
        nn.PixelUnshuffle(2)(torch.zeros(1, 1, 5, 4))


def test_repr():
    assert repr(nn.PixelShuffle(3)) == "PixelShuffle(upscale_factor=3)"
