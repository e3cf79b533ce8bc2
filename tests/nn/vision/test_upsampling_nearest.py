import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.vision.resizing import Axis, nearest_tables
from pedagogic_nn.nn.vision.upsampling_nearest import (
    nearest,
    nearest_backward,
    upsample_nearest,
)
from tests.harness import backend_tests, case


def rows_of(p, height, width, new_height, new_width, real=np.float32):
    """A row for the operation and one for its gradient, of P planes H x W → H' x W'."""
    rows, columns = nearest_tables((Axis(height, new_height, None),
                                    Axis(width, new_width, None)), False)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((p, height, width)).astype(real)
    dy = rng.standard_normal((p, new_height, new_width)).astype(real)
    return [case(nearest, x=x, rows=rows, columns=columns),
            case(nearest_backward, dy=dy, rows=rows, columns=columns, height=height,
                 width=width)]


CASES = [row for sizes in [
    (2, 2, 3, 4, 6), (2, 2, 3, 6, 9), (1, 2, 2, 8, 8), (2, 3, 4, 5, 7), (2, 5, 4, 2, 3),
    (1, 1, 1, 1, 1), (0, 2, 2, 4, 4), (1, 1, 5, 1, 3), (1, 3, 1, 6, 4), (1, 2, 4, 3, 6),
    (1, 1, 6, 2, 9), (1, 2, 3, 2, 5)
] for row in rows_of(*sizes)] + rows_of(1, 2, 2, 3, 4, np.float64)
test_backends = backend_tests(CASES)


def test_by_hand():
    x = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]], requires_grad=True)
    y = nn.UpsamplingNearest2d(scale_factor=2)(x)
    y.backward(torch.arange(16.0).view(1, 1, 4, 4))
    assert y.tolist() == [[[[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]]]
    assert x.grad.tolist() == [[[[0 + 1 + 4 + 5, 2 + 3 + 6 + 7],
                                 [8 + 9 + 12 + 13, 10 + 11 + 14 + 15]]]]


def test_shrinking_leaves_pixels_out_and_they_get_no_gradient():
    x = torch.tensor([[[[1.0, 2.0, 3.0, 4.0]]]], requires_grad=True)
    y = nn.UpsamplingNearest2d((1, 2))(x)
    y.sum().backward()
    assert y.tolist() == [[[[1, 3]]]] and x.grad.tolist() == [[[[1, 0, 1, 0]]]]


def test_the_old_function_works_and_warns():
    with pytest.warns(UserWarning, match="interpolate"):
        y = upsample_nearest(torch.ones(1, 2, 3, 3), scale_factor=2)
    assert y.shape == (1, 2, 6, 6)


def test_says_what_it_expected():
    with pytest.raises(NotImplementedError, match=r"UpsamplingNearest2d reads.*\(3, 3"):
        nn.UpsamplingNearest2d(2)(torch.zeros(3, 3))
    with pytest.raises(ValueError, match="UpsamplingNearest2d: give either size or"):
        nn.UpsamplingNearest2d()(torch.zeros(1, 1, 3, 3))
