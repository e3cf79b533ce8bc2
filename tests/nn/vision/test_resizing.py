"""Sizes, scales, and the tables of input pixels; the numbers are PyTorch's."""
import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.vision.resizing import Axis, axes_of, linear_table, nearest_table

IMAGE = torch.zeros(1, 1, 3, 4)


def test_a_size_or_a_scale_gives_the_axes():
    assert axes_of("it", IMAGE, 6, None) == ((3, 6, None), (4, 6, None))
    assert axes_of("it", IMAGE, (6, 2), None) == ((3, 6, None), (4, 2, None))
    assert axes_of("it", IMAGE, None, 1.5) == ((3, 4, 1.5), (4, 6, 1.5))
    assert axes_of("it", IMAGE, None, (2, 0.5)) == ((3, 6, 2), (4, 2, 0.5))
    assert axes_of("it", IMAGE, None, 1.5, True) == ((3, 4, None), (4, 6, None))
    assert axes_of("it", IMAGE[0], 9, None) == ((4, 9, None),)


def test_pixels_that_are_copied():
    assert nearest_table(Axis(2, 4, None)).tolist() == [0, 0, 1, 1]
    assert nearest_table(Axis(3, 5, None)).tolist() == [0, 0, 1, 1, 2]
    assert nearest_table(Axis(3, 5, None), centres=True).tolist() == [0, 0, 1, 2, 2]
    assert nearest_table(Axis(5, 2, None)).tolist() == [0, 2]
    assert nearest_table(Axis(5, 2, None), centres=True).tolist() == [1, 3]


def test_a_rounded_scale_reads_other_pixels_than_the_size_it_gives():
    """4 pixels by 1.7 are 6: pixel 3 copies from 3 / 1.7 = 1.8, or from 3 · 4 / 6 = 2."""
    assert nearest_table(Axis(4, 6, 1.7)).tolist() == [0, 0, 1, 1, 2, 2]
    assert nearest_table(Axis(4, 6, None)).tolist() == [0, 0, 1, 2, 2, 3]


def test_a_length_that_doubles_only_after_rounding_is_doubled_evenly():
    assert nearest_table(Axis(3, 6, 2.07)).tolist() == [0, 0, 1, 1, 2, 2]
    assert nearest_table(Axis(5, 5, 1.04)).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_pixels_that_are_blended(real):
    left, right, u = linear_table(Axis(2, 4, None), True, real)
    assert left.tolist() == [0, 0, 0, 1] and right.tolist() == [1, 1, 1, 1]
    np.testing.assert_allclose(u, [0, 1 / 3, 2 / 3, 0], atol=1e-6)
    left, right, u = linear_table(Axis(2, 4, None), False, real)
    assert left.tolist() == [0, 0, 0, 1] and right.tolist() == [1, 1, 1, 1]
    assert u.tolist() == [0, 0.25, 0.75, 0.25] and u.dtype == real
    left, right, u = linear_table(Axis(3, 3, 1.3), True, real)
    assert left.tolist() == right.tolist() == [0, 1, 2] and not u.any()
    assert linear_table(Axis(5, 1, None), True, real)[0].tolist() == [0]


def test_tables_are_kept_and_cannot_be_written():
    for table in linear_table(Axis(2, 5, None), True, np.float32):
        with pytest.raises(ValueError, match="read-only"):
            table[0] = 1


@pytest.mark.parametrize("size, scale, error, words", [
    (None, None, ValueError, "either size or scale_factor, got neither"),
    (3, 2, ValueError, "got both"),
    ((3,), None, ValueError, r"along 2 axes, got size \(3,\)"),
    (None, (1, 2, 3), ValueError, r"scale_factor \(1, 2, 3\)"),
    (2.5, None, TypeError, "must be an integer, got 2.5"),
    (True, None, TypeError, "must be an integer, got True"),
    ("3", None, TypeError, "must be an integer, got '3'"),
    (None, "a", TypeError, "must be a finite number, got 'a'"),
    (None, float("inf"), RuntimeError, "must be a finite number, got inf"),
    (0, None, RuntimeError, r"from 1 to .* would become \[0, 0\] pixels"),
    (None, 0.3, RuntimeError, r"\[0, 1\] pixels"),
    (-2, None, RuntimeError, r"\[-2, -2\] pixels"),
    (2**40, None, RuntimeError, "pixels along an axis")])
def test_says_what_it_expected(size, scale, error, words):
    with pytest.raises(error, match=words):
        axes_of("Upsample", IMAGE, size, scale)


def test_images_without_channels_or_pixels_and_integers_are_refused():
    for shape in [(1, 0, 2, 2), (1, 1, 0, 2)]:
        with pytest.raises(RuntimeError, match="needs channels"):
            axes_of("Upsample", torch.zeros(*shape), 2, None)
    with pytest.raises(NotImplementedError, match=r"real numbers, got int64.*\.float"):
        axes_of("Upsample", IMAGE.long(), 2, None)
    with pytest.raises(ValueError, match="recompute_scale_factor needs a scale_factor"):
        axes_of("Upsample", IMAGE, 2, None, True)


@pytest.mark.parametrize("made, words", [
    (nn.Upsample(scale_factor=2), "Upsample(scale_factor=2.0, mode='nearest')"),
    (nn.Upsample((3, 4)), "Upsample(size=(3, 4), mode='nearest')"),
    (nn.UpsamplingNearest2d(scale_factor=(2, 3)),
     "UpsamplingNearest2d(scale_factor=(2.0, 3.0), mode='nearest')"),
    (nn.UpsamplingBilinear2d(4), "UpsamplingBilinear2d(size=4, mode='bilinear')")])
def test_repr(made, words):
    assert repr(made) == words
