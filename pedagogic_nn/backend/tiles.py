"""Register tiles: the inner loop of the matrix product, as LLVM vector instructions.

A tile is a block of C = A B of up to 6 rows and 2 vectors.  Its sums stay in vector
registers while the inner loop walks over K.  Each step loads 2 vectors of a row of B
and 6 numbers of a column of A, and does 12 fused multiply-adds: with AVX2, 8 loads feed
96 float32 products.

                  b₀  b₁      a row of B: two vectors, side by side in memory
          a₀ →  [ c₀₀ c₀₁ ]
          a₁ →  [ c₁₀ c₁₁ ]   c_ij += a_i · b_j, with a_i copied into all lanes
          …         …
          a₅ →  [ c₅₀ c₅₁ ]

A compiler does not find this in a triple loop: it vectorises one row and loads or
stores C in every step (18-28 GF/s, of 90 possible).  So `_tile` writes the
instructions, for each number of rows, through `numba.extending.intrinsic`: a Python
function that emits LLVM code where a kernel calls it.

The width of a vector is the machine's: 64 bytes with AVX-512, 32 with AVX, 16 with SSE2
and on Arm (NEON).  LLVM splits a vector that is wider than the machine's, so every
setting computes the same on every machine.
"""
import itertools
import os

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .jit import jit


def _vector_bytes():
    """Bytes of a vector register."""
    features = llvm.get_host_cpu_features()
    return 64 if features.get("avx512f") else 32 if features.get("avx") else 16


# PEDAGOGIC_NN_VECTOR_BYTES is for tests; give each value its own NUMBA_CACHE_DIR.
VECTOR_BYTES = int(os.environ.get("PEDAGOGIC_NN_VECTOR_BYTES") or _vector_bytes())
ROWS, VECTORS = 6, 2                     # of a tile: 12 sums + 2 of B + 1 of A <= 16
PANEL_BYTES = VECTORS * VECTOR_BYTES     # one row of a tile
LINE_BYTES = 64                          # what a cache takes from memory at once


# ── Addresses.  Numba's pointers carry their element type, and strides are in bytes. ──

@intrinsic
def address(typing, array):
    """The address of the first element of an array."""
    def generate(context, builder, signature, arguments):
        return context.make_array(signature.args[0])(context, builder, arguments[0]).data

    return types.CPointer(array.dtype)(array), generate


@intrinsic
def shift(typing, pointer, nbytes):
    """`pointer` moved by a number of bytes."""
    def generate(context, builder, signature, arguments):
        return cgutils.pointer_add(builder, *arguments)

    return pointer(pointer, types.intp), generate


@intrinsic
def itemsize(typing, pointer):
    """Bytes of a number that `pointer` points to, a constant of the compiled kernel."""
    def generate(context, builder, signature, arguments):
        return context.get_constant(types.intp, pointer.dtype.bitwidth // 8)

    return types.intp(pointer), generate


@intrinsic
def room_for_a_tile(typing, pointer):
    """Uninitialised memory for one tile, on the stack of the calling function."""
    def generate(context, builder, signature, arguments):
        number = context.get_value_type(pointer.dtype)
        size = ROWS * PANEL_BYTES // (pointer.dtype.bitwidth // 8)
        return cgutils.alloca_once(builder, number, size=size)

    return pointer(pointer), generate


@intrinsic
def copy(typing, target, source, nbytes):
    """Copy contiguous memory."""
    def generate(context, builder, signature, arguments):
        cgutils.raw_memcpy(builder, *arguments, itemsize=1)

    return types.void(target, source, types.intp), generate


# ── The tile ──────────────────────────────────────────────────────────────────────────

class Vectors:
    """LLVM instructions on vectors of one element type."""

    def __init__(self, context, builder, pointer):
        self.builder = builder
        self.number = context.get_value_type(pointer.dtype)
        self.lanes = VECTOR_BYTES // (pointer.dtype.bitwidth // 8)
        self.type = ir.VectorType(self.number, self.lanes)

    def _at(self, pointer, offset, kind):
        moved = cgutils.pointer_add(self.builder, pointer, offset)
        return self.builder.bitcast(moved, kind.as_pointer())

    def load(self, pointer, offset):
        return self.builder.load(self._at(pointer, offset, self.type), align=1)

    def store(self, vector, pointer, offset):
        self.builder.store(vector, self._at(pointer, offset, self.type), align=1)

    def prefetch(self, pointer, offset, cache):
        """Ask for memory that will soon be needed, without waiting for it.

        It comes into the first cache or into the second.
        """
        number, byte = ir.IntType(32), ir.IntType(8)
        at = self._at(pointer, offset, byte)
        kind = ir.FunctionType(ir.VoidType(), [at.type, number, number, number])
        function = cgutils.get_or_insert_function(self.builder.module, kind,
                                                  "llvm.prefetch.p0")
        self.builder.call(function, [at, number(0), number(4 - cache), number(1)])

    def broadcast(self, pointer, offset):
        """One number of memory in all lanes."""
        number = self.builder.load(self._at(pointer, offset, self.number), align=1)
        empty = ir.Constant(self.type, ir.Undefined)
        first = self.builder.insert_element(empty, number, ir.IntType(32)(0))
        return self.shuffle(first, empty, [0] * self.lanes)

    def shuffle(self, a, b, lanes):
        mask = ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), lanes)
        return self.builder.shuffle_vector(a, b, mask)

    def multiply_add(self, a, b, c):
        """a b + c; 'contract' lets both become one instruction."""
        product = self.builder.fmul(a, b, flags=["contract"])
        return self.builder.fadd(product, c, flags=["contract"])


def _tile(rows, panels):
    """A compiled function for tiles of `rows` rows and `panels` panels; K steps.

    Its arguments: K; A, its strides along rows and along K; B, its strides along K and
    from one panel to the next; the B that will come next; C and its stride along rows;
    whether to add to C.
    """
    def generate(context, builder, signature, arguments):
        k, a, a_row, a_step, b, b_step, b_panel, ahead, c, c_row, accumulate = arguments
        v = Vectors(context, builder, signature.args[1])
        columns = list(itertools.product(range(panels), range(VECTORS)))

        def offset(i, stride, constant=0):
            return builder.add(builder.mul(stride.type(i), stride), stride.type(constant))

        def place(panel, vector, stride):
            return offset(panel, stride, vector * VECTOR_BYTES)

        # C comes from memory while the inner loop runs, not after it: 3 to 10 % faster.
        for i in range(rows):
            c_i = cgutils.pointer_add(builder, c, offset(i, c_row))
            for line in range(0, panels * PANEL_BYTES, LINE_BYTES):
                v.prefetch(c_i, c_row.type(line), cache=1)
        zero = ir.Constant(v.type, [0.0] * v.lanes)
        # Variables in memory, for which LLVM finds registers.
        sums = [[cgutils.alloca_once_value(builder, zero) for _ in columns]
                for _ in range(rows)]
        with cgutils.for_range(builder, k) as loop:
            a_now = cgutils.pointer_add(builder, a, builder.mul(loop.index, a_step))
            b_now = cgutils.pointer_add(builder, b, builder.mul(loop.index, b_step))
            if rows == ROWS:       # fewer multiply-adds leave no time for it: 10 % slower
                ahead_now = cgutils.pointer_add(builder, ahead,
                                                builder.mul(loop.index, b_step))
                for line in range(0, PANEL_BYTES, LINE_BYTES):
                    v.prefetch(ahead_now, c_row.type(line), cache=2)
            b_row = [v.load(b_now, place(*column, b_panel)) for column in columns]
            for i in range(rows):
                a_i = v.broadcast(a_now, offset(i, a_row))
                for b_j, total in zip(b_row, sums[i], strict=True):
                    builder.store(v.multiply_add(a_i, b_j, builder.load(total)), total)

        def finish(old):
            for i in range(rows):
                c_i = cgutils.pointer_add(builder, c, offset(i, c_row))
                for (panel, vector), total in zip(columns, sums[i], strict=True):
                    at = c_row.type(panel * PANEL_BYTES + vector * VECTOR_BYTES)
                    new = builder.load(total)
                    v.store(builder.fadd(v.load(c_i, at), new) if old else new, c_i, at)

        with builder.if_else(accumulate) as (then, otherwise):
            with then:
                finish(old=True)
            with otherwise:
                finish(old=False)

    @intrinsic
    def tile(typing, k, a, a_row, a_step, b, b_step, b_panel, ahead, c, c_row,
             accumulate):
        n = types.intp
        return types.void(n, a, n, n, a, n, n, a, a, n, types.boolean), generate

    return tile


_tile1, _tile2, _tile3, _tile4, _tile5, _tile6 = (_tile(rows, 1) for rows in range(1, 7))
# One or two rows leave registers free, for 8 sums: as many as hide the latency of a
# multiply-add (4 cycles, of which 2 start in each).
_tile1_wide, _tile2_wide = _tile(1, 4), _tile(2, 2)


@jit
def tile(rows, wide, k, a, a_row, a_step, b, b_step, b_panel, ahead, c, c_row,
         accumulate):
    if rows == 6:
        _tile6(k, a, a_row, a_step, b, b_step, b_panel, ahead, c, c_row, accumulate)
    elif rows == 5:
        _tile5(k, a, a_row, a_step, b, b_step, b_panel, ahead, c, c_row, accumulate)
    elif rows == 4:
        _tile4(k, a, a_row, a_step, b, b_step, b_panel, ahead, c, c_row, accumulate)
    elif rows == 3:
        _tile3(k, a, a_row, a_step, b, b_step, b_panel, ahead, c, c_row, accumulate)
    elif rows == 2 and wide:
        _tile2_wide(k, a, a_row, a_step, b, b_step, b_panel, ahead, c, c_row, accumulate)
    elif rows == 2:
        _tile2(k, a, a_row, a_step, b, b_step, b_panel, ahead, c, c_row, accumulate)
    elif wide:
        _tile1_wide(k, a, a_row, a_step, b, b_step, b_panel, ahead, c, c_row, accumulate)
    else:
        _tile1(k, a, a_row, a_step, b, b_step, b_panel, ahead, c, c_row, accumulate)


# ── Transposing ───────────────────────────────────────────────────────────────────────

@intrinsic
def transpose(typing, source, source_row, target, target_row):
    """A square block, as many rows as a vector has lanes, from rows into columns.

    To interleave the first half of the rows with the second, log2(lanes) times, does it.
    """
    def generate(context, builder, signature, arguments):
        source, source_row, target, target_row = arguments
        v = Vectors(context, builder, signature.args[0])
        n = v.lanes
        low = [lane for i in range(n // 2) for lane in (i, n + i)]
        high = [lane + n // 2 for lane in low]
        rows = [v.load(source, builder.mul(source_row.type(i), source_row))
                for i in range(n)]
        for _ in range(n.bit_length() - 1):
            pairs = zip(rows[:n // 2], rows[n // 2:], strict=True)
            rows = [v.shuffle(a, b, half) for a, b in pairs for half in (low, high)]
        for i, row in enumerate(rows):
            v.store(row, target, builder.mul(target_row.type(i), target_row))

    return types.void(source, types.intp, source, types.intp), generate
