"""Windows that move over an image: what convolution and pooling share.

A window sees the rows i·s - p, i·s - p + d, …, i·s - p + (k - 1)·d for kernel size k,
stride s, padding p and dilation d, and columns alike.

To visit one element of all windows, a *tap*, is to visit every s-th pixel.  Kernels copy
an image, with its padding, into a *band*, in which those are neighbours: s·s smaller
images, the *phases*, each with every s-th row and column.

    columns of the image        0 1 2 3 4 5 6 7        stride 2, padding 1
    phase 0                     - 1 3 5 7              taps 0, 2, 4 of the windows 0, 1, …
    phase 1                     0 2 4 6                taps 1, 3

There every tap of the window at p is at p + a distance of its own, and one loop over all
p visits it for all windows.  (p runs over the ends of the rows; what is computed there is
not used.)
"""
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numba

from ..backend import Op, jit
from ..backend.once import once
from ..backend.tiles import itemsize, shift

COMPILED = not numba.config.DISABLE_JIT
LARGEST = 2**31 - 1         # of a kernel's size, a stride, a padding or a dilation


# ---- kernels that use addresses ------------------------------------------------------


def compiled(op: Op) -> Callable:
    """Register what runs on NumPy arrays (decorator), where numba compiles.

    With NUMBA_DISABLE_JIT=1 there are no addresses, and the reference runs.
    """
    return op.cpu if COMPILED else lambda kernel: op.cpu(op.reference)


def compiled_kernels(op: Op, cpu: Any, cuda: Any) -> Callable:
    """`op.kernels`, but where numba does not compile, the reference runs."""
    def register(launch: Callable) -> Callable:
        op.kernels(cpu=cpu, cuda=cuda)(launch)
        compiled(op)(op.on_cpu)
        return launch
    return register


@jit(forceinline=True)
def numbers(pointer, first, count):
    """`count` numbers in memory, from number `first` on, as an array.

    A slice would count as a use of its array, which takes longer than to copy a short
    row: `fill` needs 8 ns for a row of 28 numbers, and needed 45 with slices.  The array
    that the pointer came from must outlive these.
    """
    return numba.carray(shift(pointer, first * itemsize(pointer)), max(0, count))


# ---- the band ------------------------------------------------------------------------


@once("band", "source", "outside")
def fill(band, source, channels, height, width, first, tall, wide, top, left, rows,
         columns, outside):
    """Rows of source (channels, height, width) → band (channels, phases, rows, columns).

    The band must come with the number around the image everywhere: only pixels are
    written, and rows that lie outside.

    Args:
        first: the band's first row, in rows of a phase.
        tall, wide: how many phases, for rows and for columns.
        top, left: the padding; a negative one skips pixels.
        outside: address of the number around the image.
    """
    skip = min(width, max(0, -left))
    left = max(0, left)
    for c in range(channels):
        for a in range(tall):
            for i in range(rows):
                y = (first + i) * tall + a - top
                at = ((c * tall + a) * wide * rows + i) * columns
                if 0 <= y < height:
                    line = numbers(source, (c * height + y) * width + skip, width - skip)
                    _deal(band, at, rows * columns, columns, line, wide, left)
                else:
                    for b in range(wide):
                        row = numbers(band, at + b * rows * columns, columns)
                        for j in range(columns):
                            row[j] = outside[0]


@jit(forceinline=True)
def _deal(band, at, plane, columns, line, wide, left):
    """Deal out the pixels of a line to a row of each phase, in turns."""
    if wide == 1:
        row = _pixels(band, at, plane, columns, line.size, wide, left, 0)
        for j in range(row.size):
            row[j] = line[j]
    elif wide == 2:                            # both at once: LLVM finds vectors for that
        even = _pixels(band, at, plane, columns, line.size, wide, left, 0)
        odd = _pixels(band, at, plane, columns, line.size, wide, left, 1)
        both = min(even.size, odd.size)
        for j in range(both):
            even[j], odd[j] = line[2 * j], line[2 * j + 1]
        for j in range(both, even.size):
            even[j] = line[2 * j]
        for j in range(both, odd.size):
            odd[j] = line[2 * j + 1]
    else:
        for r in range(wide):
            row = _pixels(band, at, plane, columns, line.size, wide, left, r)
            for j in range(row.size):
                row[j] = line[r + j * wide]


@jit(forceinline=True)
def _pixels(band, at, plane, columns, width, wide, left, r):
    """Where the pixels r, r + wide, … of a line are, as far as the band has them."""
    start = (left + r) // wide
    count = min(columns - start, (width - r + wide - 1) // wide)
    return numbers(band, at + (left + r) % wide * plane + start, count)


@once("target", "band")
def collect(target, band, height, width, tall, wide, top, left, rows, columns):
    """band (phases, rows, columns) → target (height, width): what `fill` has dealt out,
    in its old order.  Pixels that are not in the band become 0."""
    for y in range(height):
        row, a = (y + top) // tall, (y + top) % tall
        line = numbers(target, y * width, width)
        if row >= rows:
            line[:] = 0
            continue
        at = (a * wide * rows + row) * columns
        if wide == 2:
            even = _pixels(band, at, rows * columns, columns, width, wide, left, 0)
            odd = _pixels(band, at, rows * columns, columns, width, wide, left, 1)
            both = min(even.size, odd.size)
            for j in range(both):
                line[2 * j], line[2 * j + 1] = even[j], odd[j]
            line[2 * both:] = 0
            for j in range(both, even.size):
                line[2 * j] = even[j]
            for j in range(both, odd.size):
                line[2 * j + 1] = odd[j]
        else:
            for r in range(wide):
                pixels = _pixels(band, at, rows * columns, columns, width, wide, left, r)
                for j in range(pixels.size):
                    line[r + j * wide] = pixels[j]
                for c in range(r + pixels.size * wide, width, wide):
                    line[c] = 0


# ---- arguments -----------------------------------------------------------------------


def whole_numbers(who: str, name: str, value: Any, n: int) -> tuple[int, ...]:
    """A number or a sequence as n whole numbers; one stands for all.

    Raises:
        TypeError: they are not whole numbers.
        RuntimeError: they are neither one nor n, or too large for kernels.
    """
    if type(value) is int and -LARGEST <= value <= LARGEST:       # nearly always
        return (value,) * n
    given = value if isinstance(value, (tuple, list)) else (value,)
    try:
        found = tuple(map(operator.index, given))
        if bool in map(type, given):
            raise TypeError
    except TypeError:
        raise TypeError(f"{who}: {name} must be a whole number or {n} of them, "
                        f"got {value!r}") from None
    if len(found) not in (1, n):
        raise RuntimeError(f"{who}: {name} must be 1 or {n} whole numbers, got {value!r}")
    if max(map(abs, found)) > LARGEST:           # products of two must fit into 64 bits
        raise RuntimeError(f"{who}: {name} must be at most {LARGEST}, got {value!r}")
    return found * n if len(found) == 1 else found


def two(size: Sequence[int]) -> tuple[int, int]:
    """The size of an image; a sequence is one row."""
    return (1, size[0]) if len(size) == 1 else (size[0], size[1])
