import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
import pedagogic_nn.nn.functional as F
from pedagogic_nn import nn
from pedagogic_nn.backend import reference
from pedagogic_nn.nn.vision.upsample import interpolate, upsample
from tests.harness import case, gradient_tests

test_gradients = gradient_tests([
    case(interpolate, input=(2, 1, 2, 3), scale_factor=2),
    case(interpolate, input=(1, 2, 4, 3), scale_factor=0.7),
    case(interpolate, input=(1, 2, 3), size=5, mode="nearest-exact"),
    case(interpolate, input=(1, 1, 2, 3), size=5, mode="bilinear"),
    case(interpolate, input=(1, 2, 4, 3), scale_factor=0.7, mode="bilinear",
         align_corners=True),
    case(interpolate, input=(1, 2, 3), scale_factor=2.5, mode="linear"),
])

LENGTHS = st.integers(1, 5)


@st.composite
def resizings(draw):
    """An input, a mode and where to: (x, options)."""
    pixels = draw(st.lists(LENGTHS, min_size=1, max_size=2))
    shape = (draw(st.integers(0, 2)), draw(st.integers(1, 2)), *pixels)
    linear = "linear" if len(pixels) == 1 else "bilinear"
    options = {"mode": draw(st.sampled_from(["nearest", "nearest-exact", linear]))}
    if options["mode"] == linear:
        options["align_corners"] = draw(st.sampled_from([None, False, True]))
    if draw(st.booleans()):
        options["size"] = tuple(draw(st.integers(1, 9)) for _ in pixels)
    else:
        scales = [draw(st.floats(1 / n, 4)) for n in pixels]
        options["scale_factor"] = tuple(s if int(n * s) else 1.0
                                        for n, s in zip(pixels, scales))
        options["recompute_scale_factor"] = draw(st.sampled_from([None, True]))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    wide = np.random.default_rng(sum(shape)).standard_normal((*shape, 2)).astype(dtype)
    return draw(st.sampled_from([wide[..., 0], np.flip(wide[..., 1])])), options


@settings(max_examples=30, deadline=None)
@given(resizings())
def test_every_resizing_agrees_with_its_reference_and_its_gradient_is_the_adjoint(drawn):
    x, options = drawn
    leaf = torch.from_numpy(x).requires_grad_()
    with reference():
        expected = interpolate(torch.from_numpy(x), **options).numpy()
    y = interpolate(leaf, **options)
    close = 1e-5 if x.dtype == np.float32 else 1e-12
    np.testing.assert_allclose(y.detach().numpy(), expected, close, close)
    g = np.random.default_rng(1).standard_normal(y.shape).astype(x.dtype)
    y.backward(torch.from_numpy(g))
    assert leaf.grad.shape == x.shape and leaf.grad.dtype == x.dtype
    left, right = (expected * g).sum(), (x * leaf.grad.numpy()).sum()
    assert left == pytest.approx(right, rel=1e-4, abs=1e-4)


@settings(max_examples=25, deadline=None)
@given(shape=st.lists(st.integers(0, 3), max_size=5), size=st.sampled_from(
    [None, 0, -1, 2, 2.5, (2,), (2, 3), [2, 3], (2, 2, 2), "2", True]),
    scale=st.sampled_from([None, 0, -1.5, 2, (2, 0.1), float("nan"), "2"]),
    mode=st.sampled_from(["nearest", "linear", "bilinear", "cubic", None]))
def test_whatever_is_asked_gives_pixels_or_an_error(shape, size, scale, mode):
    try:
        y = interpolate(torch.zeros(*shape), size, scale, mode)
    except (ValueError, TypeError, RuntimeError) as error:
        assert str(error).startswith("interpolate")
    else:
        assert y.shape[:2] == tuple(shape[:2]) and y.ndim == len(shape)


def test_recompute_scale_factor_forgets_the_scale():
    x = torch.arange(4.0).view(1, 1, 4)
    assert nn.Upsample(scale_factor=1.7)(x).tolist() == [[[0, 0, 1, 1, 2, 2]]]
    again = nn.Upsample(scale_factor=1.7, recompute_scale_factor=True)(x)
    assert again.tolist() == nn.Upsample(6)(x).tolist() == [[[0, 0, 1, 2, 2, 3]]]


def test_half_precision():
    x = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    for mode in ("nearest", "bilinear"):
        y = interpolate(x.half(), 3, mode=mode)
        assert y.dtype == torch.float16
        np.testing.assert_allclose(y.numpy(), interpolate(x, 3, mode=mode).numpy(), 1e-3)


def test_the_old_name_works_and_warns():
    with pytest.warns(UserWarning, match="old name of interpolate"):
        y = upsample(torch.ones(1, 1, 2, 2), scale_factor=2)
    assert y.shape == (1, 1, 4, 4)


@pytest.mark.parametrize("options, error, words", [
    ({"size": 2, "mode": "linear"}, NotImplementedError, "no mode 'linear' for input of"),
    ({"size": 2, "mode": "cubic"}, NotImplementedError, "there is 'nearest' of 3 or 4"),
    ({"size": 2, "align_corners": True}, ValueError, "for 'linear' and 'bilinear'"),
    ({"size": 2, "antialias": True}, ValueError, "antialias=True is not offered"),
    ({}, ValueError, "either size or scale_factor")])
def test_says_what_it_expected(options, error, words):
    with pytest.raises(error, match=words):
        F.interpolate(torch.zeros(1, 1, 2, 2), **options)
