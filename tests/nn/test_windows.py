"""What a band holds: every window's tap is a run of neighbours, and the way back."""
import itertools

import numpy as np
import pytest

from pedagogic_nn.backend import jit
from pedagogic_nn.backend.tiles import address
from pedagogic_nn.nn.windows import collect, fill, two, whole_numbers


@jit
def _fill(band, source, first, tall, wide, top, left, rows, columns, outside):
    C, H, W = source.shape
    fill(address(band), address(source), C, H, W, first, tall, wide, top, left, rows,
         columns, address(outside))


@jit
def _collect(target, band, tall, wide, top, left, rows, columns):
    H, W = target.shape
    collect(address(target), address(band), H, W, tall, wide, top, left, rows, columns)


@pytest.mark.parametrize("tall, wide, top, left, first", [
    (1, 1, 0, 0, 0), (1, 1, 2, 1, 0), (2, 2, 1, 0, 0), (2, 2, 0, 1, 1), (3, 3, 2, 4, 0),
    (1, 2, 1, 3, 2), (1, 1, -1, -2, 0)])
def test_a_band_is_the_padded_image_in_phases(tall, wide, top, left, first):
    image = np.arange(1, 2 * 7 * 9 + 1, dtype=np.float32).reshape(2, 7, 9)
    rows, columns = 4, 5
    band = np.full((2, tall, wide, rows, columns), -1, np.float32)
    _fill(band.reshape(-1), image, first, tall, wide, top, left, rows, columns,
          np.float32([-1]))
    expected = np.full_like(band, -1)
    for c, a, b, i, j in np.ndindex(*band.shape):
        y, x = (first + i) * tall + a - top, j * wide + b - left
        if 0 <= y < 7 and 0 <= x < 9:
            expected[c, a, b, i, j] = image[c, y, x]
    np.testing.assert_array_equal(band, expected)


def test_collect_is_the_way_back():
    """Over every stride and padding; pixels that the band lacks become 0."""
    image = np.arange(1, 64, dtype=np.float64).reshape(7, 9)
    for tall, wide, top, left in itertools.product((1, 2, 3), (1, 2, 3), (0, 1), (0, 2)):
        for rows, columns in (((7 + top) // tall + 1, (9 + left) // wide + 1), (2, 2)):
            band = np.zeros(tall * wide * rows * columns)
            _fill(band, image[None], 0, tall, wide, top, left, rows, columns, np.zeros(1))
            found = np.full_like(image, -1)
            _collect(found, band, tall, wide, top, left, rows, columns)
            y, x = np.arange(7)[:, None] + top, np.arange(9) + left
            inside = (y // tall < rows) & (x // wide < columns)
            np.testing.assert_array_equal(found, np.where(inside, image, 0))


def test_whole_numbers():
    assert whole_numbers("f", "stride", 2, 2) == (2, 2)
    assert whole_numbers("f", "stride", [np.int64(3)], 2) == (3, 3)
    assert whole_numbers("f", "stride", (1, 2), 2) == (1, 2)
    with pytest.raises(TypeError, match="f: stride must be a whole number or 2 of them"):
        whole_numbers("f", "stride", (1, 2.0), 2)
    with pytest.raises(RuntimeError, match="f: stride must be 1 or 2 whole numbers"):
        whole_numbers("f", "stride", (1, 2, 3), 2)


def test_a_sequence_is_an_image_of_one_row():
    assert two((5,)) == (1, 5) and two((4, 5)) == (4, 5)
