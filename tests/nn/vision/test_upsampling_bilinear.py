import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.vision.resizing import Axis, linear_tables
from pedagogic_nn.nn.vision.upsampling_bilinear import (
    bilinear,
    bilinear_backward,
    upsample_bilinear,
)
from tests.harness import backend_tests, case

TABLES = ("top", "bottom", "v", "left", "right", "u")


def rows_of(p, height, width, new_height, new_width, align_corners, real=np.float32):
    """A row for the operation and one for its gradient, of P planes H x W → H' x W'."""
    tables = dict(zip(TABLES, linear_tables(
        (Axis(height, new_height, None), Axis(width, new_width, None)), align_corners,
        np.dtype(real))))
    rng = np.random.default_rng(0)
    x = rng.standard_normal((p, height, width)).astype(real)
    dy = rng.standard_normal((p, new_height, new_width)).astype(real)
    return [case(bilinear, x=x, **tables),
            case(bilinear_backward, dy=dy, **tables, height=height, width=width)]


CASES = [row for align in (True, False) for sizes in [
    (2, 2, 3, 4, 6), (2, 3, 4, 5, 9), (2, 6, 5, 2, 3), (1, 1, 1, 1, 1), (1, 1, 1, 3, 2),
    (0, 2, 2, 4, 4), (1, 1, 5, 1, 8), (1, 3, 4, 3, 2), (2, 1, 5, 1, 10), (1, 1, 2, 1, 4),
    (1, 1, 1, 1, 2)
] for row in rows_of(*sizes, align)] + rows_of(1, 2, 2, 3, 4, True, np.float64)
test_backends = backend_tests(CASES)


def test_by_hand():
    """The table that the manual prints: thirds between the corners."""
    x = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]], requires_grad=True)
    y = nn.UpsamplingBilinear2d(scale_factor=2)(x)
    y.sum().backward()
    np.testing.assert_allclose(y.detach().numpy()[0, 0], [
        [1.0000, 1.3333, 1.6667, 2.0000], [1.6667, 2.0000, 2.3333, 2.6667],
        [2.3333, 2.6667, 3.0000, 3.3333], [3.0000, 3.3333, 3.6667, 4.0000]], atol=5e-5)
    np.testing.assert_allclose(x.grad.numpy(), np.full((1, 1, 2, 2), 4), rtol=1e-6)


def test_a_plane_stays_a_plane():
    """Blends of a linear picture are the linear picture, at any size."""
    h, w = torch.linspace(0, 1, 4).view(4, 1), torch.linspace(0, 1, 5)
    x = (2 * h - 3 * w + 1).view(1, 1, 4, 5)
    y = nn.UpsamplingBilinear2d((7, 9))(x)
    h, w = torch.linspace(0, 1, 7).view(7, 1), torch.linspace(0, 1, 9)
    np.testing.assert_allclose(y.numpy()[0, 0], (2 * h - 3 * w + 1).numpy(), atol=1e-6)


def test_an_unchanged_size_does_not_spread_nan():
    x = torch.tensor([[[[1.0, float("nan")], [3.0, 4.0]]]])
    y = nn.UpsamplingBilinear2d(2)(x).tolist()[0][0]
    assert y[0][0] == 1 and y[0][1] != y[0][1] and y[1] == [3, 4]


def test_the_old_function_works_and_warns():
    with pytest.warns(UserWarning, match="interpolate"):
        y = upsample_bilinear(torch.ones(1, 2, 3, 3), scale_factor=2)
    assert y.shape == (1, 2, 6, 6) and (y == 1).all()


def test_says_what_it_expected():
    with pytest.raises(NotImplementedError,
                       match=r"UpsamplingBilinear2d reads images.*\(1, 3, 3\)"):
        nn.UpsamplingBilinear2d(2)(torch.zeros(1, 3, 3))
    with pytest.raises(NotImplementedError, match="expected real numbers, got int64"):
        nn.UpsamplingBilinear2d(2)(torch.zeros(1, 1, 3, 3).long())


def test_a_result_that_memory_cannot_hold_is_refused_before_its_tables_are_made():
    with pytest.raises(RuntimeError, match="no memory for a result of shape"):
        nn.UpsamplingBilinear2d(size=(10**9, 10**9))(torch.zeros(1, 1, 2, 2))
