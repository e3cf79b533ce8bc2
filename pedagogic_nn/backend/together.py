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
here only, of arrays that `can_join` has looked at, and last as long as one call.
"""
import ctypes
import functools
from typing import Any

import numpy as np
from llvmlite import ir
from numba import carray, types
from numba.extending import intrinsic, overload

from .jit import jit, specialised
from .launch import on_cpu, sum_on_cpu
from .op import _mode


def can_join(*arrays: Any) -> bool:
    """Whether a table may name these: NumPy's, of one size and dtype (which the caller
    knows), in C order, writeable; and fast versions are wanted."""
    for a in arrays:
        if type(a) is not np.ndarray or not a.flags.carray:
            return False
    return not _mode.reference and arrays[0].dtype.itemsize >= 4       # no float16


def run_together(kernel: Any, rows: list, *numbers: Any) -> None:
    """Run `kernel(lo, hi, *arrays, *numbers)` on the arrays of each row, flat."""
    total, table, of_dtype = _table(rows)
    over_rows = _over_rows(kernel, _run_row_by_row, len(rows[0]))
    on_cpu(over_rows, (total,), table, of_dtype, *numbers)


def sum_together(kernel: Any, rows: list) -> float:
    """The sum of what `kernel(lo, hi, array)` returns for the one array of each row."""
    total, table, of_dtype = _table(rows)
    over_rows = _over_rows(kernel, _sum_row_by_row, 1)
    return sum_on_cpu(over_rows, (total,), table, of_dtype)


def _table(rows):
    """How many elements there are, the table, and an array of their dtype."""
    table = np.empty((len(rows), 1 + len(rows[0])), np.int64)
    for k, arrays in enumerate(rows):
        _write_down(table, k, *arrays)
    return int(table[:, 0].sum()), table, np.empty(0, rows[0][0].dtype)


@jit
def _write_down(table, k, *arrays):
    """Row k.  Compiled, because Python takes 2 µs to find an address."""
    table[k, 0] = arrays[0].size
    for j in range(len(arrays)):
        table[k, j + 1] = arrays[j].ctypes.data


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


def _sum_row_by_row(lo, hi, table, of_dtype):
    start, total = 0, 0.0
    for row in table:
        a, b = _part(lo, hi, start, row[0])
        if a < b:
            total += kernel(a, b, *arrays(row, of_dtype))  # noqa: F821
        start += row[0]
    return total


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
