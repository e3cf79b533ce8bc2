"""The sweep: sums of weights times pixels at the distances of their taps, by tiles."""
from ...backend.once import once
from ...backend.tiles import PANEL_BYTES, ROWS, VECTOR_BYTES, itemsize, shift
from .tiles import outputs_tile, vectors_of

# The pixels of so many taps and a panel stay in the first cache (about 20 KB of float32)
# while the tiles of all outputs go over them.
TAPS_BLOCK = 160


@once("w", "x", "y")
def sweep(rows, pixels, taps, w, w_row, distances, x, y, y_row):
    """y (rows, pixels) = Σ_tap w (rows, taps) · x at the distance of the tap.

    Whole panels of y are written.  Strides are in bytes, `distances` is the address of
    the table.
    """
    count = (rows + ROWS - 1) // ROWS               # tiles of nearly equal height
    low, higher = rows // count, rows % count
    blocks = max(1, (taps + TAPS_BLOCK - 1) // TAPS_BLOCK)
    size = itemsize(y)
    end, width = pixels * size, vectors_of(rows) * VECTOR_BYTES
    for block in range(blocks):
        k, at = taps * block // blocks, 0
        some = taps * (block + 1) // blocks - k
        while at < end:
            wide, i = width > PANEL_BYTES and end - at >= width, 0
            for t in range(count):
                height = low + 1 if t < higher else low
                outputs_tile(height, wide, some, shift(w, i * w_row + k * size), size,
                             distances + k * 8, shift(x, at), w_row,
                             shift(y, i * y_row + at), y_row, k > 0)
                i += height
            at += width if wide else PANEL_BYTES
