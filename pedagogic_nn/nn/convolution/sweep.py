"""The sweep: sums of weights times pixels at the distances of their taps, by tiles."""
from ...backend.once import once
from ...backend.tiles import PANEL_BYTES, ROWS, VECTOR_BYTES, itemsize, shift
from .tiles import outputs_tile, vectors_of

TAPS_BLOCK = 576                    # 6 rows of so many weights take 14 KiB of float32


@once("w", "x", "y")
def sweep(rows, pixels, taps, w, w_row, distances, x, y, y_row):
    """y (rows, pixels) = Σ_tap w (rows, taps) · x at the distance of the tap.

    Whole panels of y are written.  Strides are in bytes, `distances` is the address of
    the table.
    """
    count = (rows + ROWS - 1) // ROWS               # tiles of nearly equal height
    low, higher = rows // count, rows % count
    size = itemsize(y)
    for k in range(0, max(1, taps), TAPS_BLOCK):
        some, i = min(TAPS_BLOCK, taps - k), 0
        for t in range(count):
            height = low + 1 if t < higher else low
            at, end, width = 0, pixels * size, vectors_of(height) * VECTOR_BYTES
            while at < end:
                wide = width > PANEL_BYTES and end - at >= width
                outputs_tile(height, wide, some, shift(w, i * w_row + k * size), size,
                             distances + k * 8, shift(x, at), w_row,
                             shift(y, i * y_row + at), y_row, k > 0)
                at += width if wide else PANEL_BYTES
            i += height
