"""Vision layers."""
import itertools

from ..recorder import sample
from .grid import DTYPES, layer


def programs():
    for dtype, r, batch in itertools.product(DTYPES, (1, 2, 3), [(2,), (), (1, 2)]):
        yield layer("PixelShuffle", (r,), sample(*batch, 2 * r * r, 3, 2), dtype=dtype)
        yield layer("PixelUnshuffle", (r,), sample(*batch, 2, 3 * r, 2 * r), dtype=dtype)
