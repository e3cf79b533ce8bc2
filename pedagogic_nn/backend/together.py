"""Many small arrays in one call of a kernel.

To call a kernel takes a few microseconds, in which it could do 10,000 elements, and a
network has dozens of arrays smaller than that: biases, and the scales of normalizations.
Compiled code does not take a list of arrays as it comes; it takes a table of numbers.  So
the table says where the arrays are, a row for each parameter, and the kernel makes arrays
of the addresses again:

    elements    address of p      address of its gradient
        1024    0x55d0c08f1a40    0x55d0c0900c80
          32    0x55d0c08f2f00    0x55d0c09024c0

The threads share the elements of all rows evenly, whichever row these are in.

An address keeps no array alive, and nothing says what stands there.  So tables are made
here only, of arrays that have been looked at, and serve only while their caller holds the
arrays.
"""
import ctypes
import functools
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import carray, types
from numba.extending import intrinsic, overload

from .jit import jit, specialised
from .launch import on_cpu, sum_on_cpu
from .math import maximum
from .op import _mode

_ndarray = np.ndarray


class Table(NamedTuple):
    """Where arrays are; see `table_of`."""

    size: int                       # elements of all rows
    rows: np.ndarray                # (number of rows, 1 + arrays in a row), int64
    like: np.ndarray                # no elements, of the dtype of all arrays

    @property
    def dtype(self) -> np.dtype:
        return self.like.dtype


def table_of(rows: list) -> Table | None:
    """The table of rows of arrays, or None if there is to be none.

    It may name NumPy's arrays in C order that can be written to, of one shape in each row
    and of one dtype in all, float32 or float64; and fast versions must be wanted.  That
    the arrays of a row are on one device, the caller has seen.
    """
    size, dtype = 0, rows[0][0].dtype
    if _mode.reference or dtype.itemsize < 4:            # numba has no float16 on a CPU
        return None
    table = np.empty((len(rows), 1 + len(rows[0])), np.int64)
    for k, arrays in enumerate(rows):
        first = arrays[0]
        if type(first) is not _ndarray or first.dtype is not dtype:
            return None
        elements = _write_down(table, k, *arrays)
        if elements < 0:
            return None
        size += elements
    return Table(size, table, np.empty(0, dtype))


def run_together(kernel: Any, table: Table, *numbers: Any) -> None:
    """Run `kernel(lo, hi, *arrays, *numbers)` on the arrays of each row, flat."""
    over_rows = _over_rows(kernel, _run_row_by_row, table.rows.shape[1] - 1)
    on_cpu(over_rows, (table.size,), table.rows, table.like, *numbers)


def sum_together(kernel: Any, table: Table, number: Any) -> float:
    """The sum of what `kernel(lo, hi, array, number)` returns for the one array of each
    row."""
    over_rows = _over_rows(kernel, _sum_row_by_row, 1)
    return sum_on_cpu(over_rows, (table.size,), table.rows, table.like, number)


def largest_together(kernel: Any, table: Table, number: Any) -> float:
    """The largest, on one thread: 0, or what `kernel` returns for a row; NaN wins."""
    over_rows = _over_rows(kernel, _largest_row_by_row, 1)
    return over_rows(0, table.size, table.rows, table.like, number)


# ---- a row ---------------------------------------------------------------------------


@jit
def _write_down(table, k, *arrays):
    """Row k → how many elements each array has, or -1 if they do not fit.  Compiled,
    because Python takes 2 µs to find an address, and as long to ask for shapes, dtypes
    and flags, which compiled code knows."""
    return _described(table, k, arrays)


def _described(table, k, arrays):            # in Python, with NUMBA_DISABLE_JIT=1
    first = arrays[0]
    table[k] = first.size, *(a.ctypes.data for a in arrays)
    fit = first.dtype in (np.float32, np.float64) and all(
        a.flags.carray and (a.shape, a.dtype) == (first.shape, first.dtype)
        for a in arrays)
    return first.size if fit else -1


@overload(_described)
def _described_compiled(table, k, arrays):
    kind = arrays[0]
    if any(a != kind for a in arrays) or not (
            kind.layout == "C" and kind.mutable and kind.aligned
            and kind.dtype in (types.float32, types.float64)):
        return lambda table, k, arrays: -1

    def described(table, k, arrays):
        table[k, 0] = arrays[0].size
        for j in range(len(arrays)):
            table[k, j + 1] = arrays[j].ctypes.data
            if arrays[j].shape != arrays[0].shape:
                return -1
        return arrays[0].size

    return described


# ---- kernels over the rows -----------------------------------------------------------


def _pointer(address):                       # in Python, with NUMBA_DISABLE_JIT=1
    return ctypes.c_void_p(int(address))


@intrinsic
def _to_pointer(typing, address):
    def generate(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], ir.IntType(8).as_pointer())

    return types.voidptr(address), generate


@overload(_pointer)
def _pointer_compiled(address):
    return lambda address: _to_pointer(address)


@jit
def _part(lo, hi, start, size):
    """Of lo … hi, counted through all rows, what lies in the row of `size` elements from
    `start` on, counted in the row."""
    return max(lo - start, 0), min(hi - start, size)


def _run_row_by_row(lo, hi, table, of_dtype, *numbers):
    start = 0
    for row in table:
        a, b = _part(lo, hi, start, row[0])
        if a < b:
            kernel(a, b, *(arrays(row, of_dtype) + numbers))  # noqa: F821
        start += row[0]


def _sum_row_by_row(lo, hi, table, of_dtype, number):
    start, total = 0, 0.0
    for row in table:
        a, b = _part(lo, hi, start, row[0])
        if a < b:
            total += kernel(a, b, *arrays(row, of_dtype), number)  # noqa: F821
        start += row[0]
    return total


def _largest_row_by_row(lo, hi, table, of_dtype, number):
    start, largest = 0, 0.0
    for row in table:
        a, b = _part(lo, hi, start, row[0])
        if a < b:
            found = kernel(a, b, *arrays(row, of_dtype), number)  # noqa: F821
            largest = maximum(largest, float(found))
        start += row[0]
    return largest


@jit
def _array(row, k, of_dtype):
    return carray(_pointer(row[k]), row[0], of_dtype.dtype)


@jit
def _arrays1(row, x):
    return (_array(row, 1, x),)


@jit
def _arrays2(row, x):
    return _array(row, 1, x), _array(row, 2, x)


@jit
def _arrays3(row, x):
    return _array(row, 1, x), _array(row, 2, x), _array(row, 3, x)


@jit
def _arrays4(row, x):
    return _array(row, 1, x), _array(row, 2, x), _array(row, 3, x), _array(row, 4, x)


@jit
def _arrays5(row, x):
    return (_array(row, 1, x), _array(row, 2, x), _array(row, 3, x), _array(row, 4, x),
            _array(row, 5, x))


_ARRAYS = {1: _arrays1, 2: _arrays2, 3: _arrays3, 4: _arrays4, 5: _arrays5}


@functools.cache
def _over_rows(kernel, template, count):
    """`template` around a kernel of `count` arrays."""
    names = {**globals(), "kernel": kernel, "arrays": _ARRAYS[count]}
    return jit(specialised(template, names, kernel))
