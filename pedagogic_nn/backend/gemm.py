"""The matrix product C = A B.

A product of n × n matrices does n³ multiplications on n² numbers, so each number should
be loaded once and used many times.  Three levels of that (K. Goto and R. van de Geijn,
"Anatomy of High-Performance Matrix Multiplication", 2008):

    tile    6 rows and 2 vectors of C are summed in registers (tiles.py).
    panel   B is copied once ("packed") into panels as wide as a tile, (panels, K, width),
            so that the inner loop reads memory in order.  The last one ends in zeros.
    block   M, N and K are cut so that a panel stays in the first cache while the tiles of
            a block of A go over it, and that block in the second.

Packing costs K N copies: a product of few rows reads B where it lies instead, and one
of a vector with contiguous columns is a row of dot products.

Python calls `matmul` and `product`.  Compiled kernels call `pack_rows`, `pack_columns`,
`rows_times_packed` and `multiply_into`, which in Python are the NumPy that says what
they do.
"""
import functools
import math

import numba
import numpy as np
from numba import prange, types
from numba.extending import overload

from . import launch
from .jit import jit
from .locks import Lock
from .once import once
from .tiles import (
    PANEL_BYTES,
    ROWS,
    VECTOR_BYTES,
    address,
    copy,
    itemsize,
    room_for_a_tile,
    shift,
    tile,
    transpose,
)

# Sizes of blocks.  Twice or half of each changes the speed by less than 5 % (measured).
K_BLOCK = 32768 // PANEL_BYTES           # a panel takes 32 KiB, a first-level cache
M_BLOCK = 16 * ROWS                      # a block of A takes 96 to 400 KiB of float32
N_BLOCK_BYTES = 2**20 // K_BLOCK         # of a row of B: its panels take 1 MiB
PACKED_K_BLOCK = 2 * K_BLOCK             # few rows of A gain less from a panel in cache
WORTH_A_COPY = 4                         # panels: for fewer, A is read where it lies
FEW_ROWS = 2 * ROWS                      # up to here packing B costs more than it gains
ALIAS_BYTES = 2048                       # rows this far apart share few cache lines
GAP = 16                                 # numbers between the rows of a copied block
PRODUCTS_PER_ELEMENT = 16                # multiply-adds in the time of launch's "element"
COMPILED = not numba.config.DISABLE_JIT


# ── Tiles over a block ────────────────────────────────────────────────────────────────

@once("a", "b", "c")
def _sweep(m, n, k, a, a_row, a_step, b, b_step, b_panel, c, c_row, c_step, accumulate):
    """C (m, n) = or += A (m, k) times panels, (ceil(n / width), k, width), by tiles."""
    size = itemsize(c)
    width = PANEL_BYTES // size
    spare = room_for_a_tile(c)
    count = (m + ROWS - 1) // ROWS                # tiles of nearly equal height
    low, higher = m // count, m % count
    wide_panels = 4 // m if m <= 2 and c_step == size else 1
    j = 0
    while j < n:
        panels = wide_panels if n - j >= wide_panels * width else 1
        columns = min(panels * width, n - j)
        whole = columns == panels * width and c_step == size
        b_now = shift(b, j // width * b_panel)
        i = 0
        for t in range(count):
            rows = low + 1 if t < higher else low
            c_now = shift(c, i * c_row + j * c_step)
            # The next panel is on its way to the second cache while the first tile runs:
            # weights too large for it are read 1.2 times as fast.
            tile(rows, panels > 1, k, shift(a, i * a_row), a_row, a_step, b_now, b_step,
                 b_panel, shift(b_now, panels * b_panel) if t == 0 else b_now,
                 c_now if whole else spare, c_row if whole else PANEL_BYTES,
                 whole and accumulate != 0)
            if not whole:
                _unload(rows, columns, spare, c_now, c_row, c_step, accumulate)
            i += rows
        j += columns


@jit
def _unload(rows, columns, spare, c, c_row, c_step, accumulate):
    """Take from `spare` the part of a tile that C has; C may have any strides."""
    for i in range(rows):
        source = shift(spare, i * PANEL_BYTES)
        for j in range(columns):
            target = shift(c, i * c_row + j * c_step)
            target[0] = target[0] + source[j] if accumulate != 0 else source[j]


# ── Packing ───────────────────────────────────────────────────────────────────────────

@jit
def _copy_block(rows, columns, source, row, step, target, target_row):
    """source (rows, columns) with any strides → target, contiguous along its rows."""
    size = itemsize(source)
    lanes = VECTOR_BYTES // size
    if step == size:
        for i in range(rows):
            copy(shift(target, i * target_row), shift(source, i * row), columns * size)
        return
    whole_rows = rows - rows % lanes if row == size else 0
    whole_columns = columns - columns % lanes if row == size else 0
    for j in range(0, whole_columns, lanes):
        for i in range(0, whole_rows, lanes):
            transpose(shift(source, i * row + j * step), step,
                       shift(target, i * target_row + j * size), target_row)
    for i in range(rows):
        line = shift(target, i * target_row)
        for j in range(whole_columns if i < whole_rows else 0, columns):
            line[j] = shift(source, i * row + j * step)[0]


@once("b", "packed")
def _pack(k, n, b, b_row, b_step, packed):
    """B (k, n) → packed (ceil(n / width), k, width), padded with zeros."""
    width = PANEL_BYTES // itemsize(b)
    row = width * itemsize(b)            # a number that numba does not make a version for
    for j in range(0, n, width):
        panel = shift(packed, j // width * k * PANEL_BYTES)
        columns = min(width, n - j)
        _copy_block(k, columns, shift(b, j * b_step), b_row, b_step, panel, row)
        for i in range(k):
            for pad in range(columns, width):
                panel[i * width + pad] = 0


@jit
def _must_copy(a_row, a_step, size):
    """Whether tiles would read A slowly: with gaps, or with rows that drive each other
    out of the cache (which takes up to a fifth of the speed)."""
    return a_step != size or a_row % ALIAS_BYTES == 0


# ── The whole product ─────────────────────────────────────────────────────────────────

@jit
def _packed_product(m, n, k, a, a_row, a_step, b, b_row, b_step, c, c_row, c_step,
                    accumulate, panels, block):
    """C = or += A B, block by block.

    panels, block: room for packed B and for a block of A.  They come as arrays because
    numba frees an array after its last use, and an address does not count as one.
    """
    size, panels_at, block_at = itemsize(c), address(panels), address(block)
    n_block = N_BLOCK_BYTES // size
    for n0 in range(0, n, n_block):
        columns = min(n_block, n - n0)
        for k0 in range(0, max(k, 1), K_BLOCK):
            depth = min(K_BLOCK, k - k0)
            _pack(depth, columns, shift(b, k0 * b_row + n0 * b_step), b_row, b_step,
                  panels_at)
            for m0 in range(0, m, M_BLOCK):
                rows = min(M_BLOCK, m - m0)
                left, left_row = shift(a, m0 * a_row + k0 * a_step), a_row
                if _must_copy(a_row, a_step, size):
                    left_row = (depth + GAP) * size
                    _copy_block(rows, depth, left, a_row, a_step, block_at, left_row)
                    left = block_at
                _sweep(rows, columns, depth, left, left_row, size,
                       panels_at, PANEL_BYTES, depth * PANEL_BYTES,
                       shift(c, m0 * c_row + n0 * c_step), c_row, c_step,
                       1 if k0 > 0 else accumulate)


@jit(reassociate=True)
def _dots(m, n, k, a, a_row, b, b_step, c, c_row, c_step, accumulate):
    """C = or += A B for contiguous rows of A and columns of B: sums along vectors."""
    for i in range(m):
        x = numba.carray(shift(a, i * a_row), k)
        for j in range(0, n, 4):
            # Four columns share the loads of x.  The last group repeats its last column.
            b0 = numba.carray(shift(b, j * b_step), k)
            b1 = numba.carray(shift(b, min(j + 1, n - 1) * b_step), k)
            b2 = numba.carray(shift(b, min(j + 2, n - 1) * b_step), k)
            b3 = numba.carray(shift(b, min(j + 3, n - 1) * b_step), k)
            s0 = s1 = s2 = s3 = x.dtype.type(0)
            for t in range(k):
                s0 += x[t] * b0[t]
                s1 += x[t] * b1[t]
                s2 += x[t] * b2[t]
                s3 += x[t] * b3[t]
            sums = (s0, s1, s2, s3)
            for q in range(min(4, n - j)):
                y = shift(c, i * c_row + (j + q) * c_step)
                y[0] = y[0] + sums[q] if accumulate != 0 else sums[q]


@once("a", "b", "c")
def _multiply_at(m, n, k, a, a_row, a_step, b, b_row, b_step, c, c_row, c_step,
                 accumulate):
    """C (m, n) = or += A (m, k) B (k, n), with addresses and strides of any kind."""
    size = itemsize(c)
    if m == 0 or n == 0:
        return
    if (n == 1 and m > 1) or (c_row == size and c_step != size):        # Cᵀ = Bᵀ Aᵀ
        m, n = n, m
        a, a_row, a_step, b, b_row, b_step = b, b_step, b_row, a, a_step, a_row
        c_row, c_step = c_step, c_row
    if m <= 2 and a_step == size and b_row == size and b_step != size:
        _dots(m, n, k, a, a_row, b, b_step, c, c_row, c_step, accumulate)
        return
    width = PANEL_BYTES // size
    if b_step == size and m <= FEW_ROWS:          # whole panels where they lie in B
        whole = n - n % width
        _sweep(m, whole, k, a, a_row, a_step, b, b_row, PANEL_BYTES, c, c_row, c_step,
               accumulate)
        n, b, c = n - whole, shift(b, whole * b_step), shift(c, whole * c_step)
    if n > 0:
        number = numba.carray(c, 1).dtype
        columns = min((n + width - 1) // width * width, N_BLOCK_BYTES // size)
        panels = np.empty(min(k, K_BLOCK) * columns, number)
        block = np.empty(min(m, M_BLOCK) * (K_BLOCK + GAP), number)
        _packed_product(m, n, k, a, a_row, a_step, b, b_row, b_step, c, c_row, c_step,
                        accumulate, panels, block)


@jit
def _multiply(a, b, c, accumulate):
    """The same for arrays (M, K) (K, N) → (M, N)."""
    m, n = c.shape
    _multiply_at(m, n, a.shape[1], address(a), a.strides[0], a.strides[1],
                 address(b), b.strides[0], b.strides[1],
                 address(c), c.strides[0], c.strides[1], accumulate)


@jit
def _part(a, b, c, accumulate, part, parts):
    """Batches (G, M, K) (G, K, N) → (G, M, N): the share `part` of `parts`.

    Parts share out the batch, or when it is smaller than they are, the longer side of C.
    """
    g, m, n = c.shape
    if g >= parts:
        for i in range(part * g // parts, (part + 1) * g // parts):
            _multiply(a[i], b[i], c[i], accumulate)
        return
    m0, m1, n0, n1 = 0, m, 0, n
    if m >= n:
        m0, m1 = _share(m, ROWS, part, parts), _share(m, ROWS, part + 1, parts)
    else:
        width = PANEL_BYTES // c.itemsize
        n0, n1 = _share(n, width, part, parts), _share(n, width, part + 1, parts)
    for i in range(g):
        _multiply(a[i, m0:m1], b[i, :, n0:n1], c[i, m0:m1, n0:n1], accumulate)


@jit
def _share(n, unit, part, parts):
    """Where `part` begins when n is cut into `parts`, at a multiple of `unit`."""
    return min(n, (n + unit - 1) // unit * part // parts * unit)


# Three that only Python calls: they are closed to new layouts after their first one (see
# below), which what other kernels call must not be.


@jit
def _whole_product(a, b, c, accumulate):
    _multiply(a, b, c, accumulate)


@jit
def _whole_batch(a, b, c, accumulate):
    _part(a, b, c, accumulate, 0, 1)


@jit(parallel=True)
def _all_parts(a, b, c, accumulate, parts):
    for part in prange(parts):
        _part(a, b, c, accumulate, part, parts)


# ── From Python ───────────────────────────────────────────────────────────────────────

_FLOATS = {np.dtype(np.float32), np.dtype(np.float64)}
_compiling = Lock()


@functools.cache
def _for_any_strides(kernel, dtype, ndim, integers):
    """`kernel(a, b, c, *integers)`, compiled once for arrays of `dtype` with any strides.

    By itself, numba would compile it again for each mix of C, Fortran and strided order.
    """
    number = numba.from_dtype(dtype)
    source = types.Array(number, ndim, "A", readonly=True, aligned=False)
    target = types.Array(number, ndim, "A", aligned=False)
    with _compiling:
        kernel.disable_compile(False)
        kernel.compile(types.void(source, source, target, *[types.intp] * integers))
        kernel.disable_compile()             # it converts other layouts to this one now
    return kernel


def _run(a, b, c, accumulate, threads):
    """Batches (G, M, K) (G, K, N) → (G, M, N), by one thread or several."""
    if threads == 1:
        _for_any_strides(_whole_batch, c.dtype, 3, 1)(a, b, c, accumulate)
    else:
        kernel = _for_any_strides(_all_parts, c.dtype, 3, 2)
        launch.in_parallel(kernel, a, b, c, accumulate, threads)


def _threads_for(products):
    return launch.threads_for(products // PRODUCTS_PER_ELEMENT)


def matmul(a, b, out=None, accumulate=False, threads=None):
    """The product of two matrices.

    Args:
        a: (M, K).
        b: (K, N).  Strides of both may be any: no view or transpose is copied beforehand.
        out: (M, N), where to write; it must not overlap a or b.  A new array without it.
        accumulate: add the product to `out` instead.
        threads: how many; by default as many as the work is worth.

    Returns: `out`.

    Raises:
        ValueError: shapes that do not fit.

    Other dtypes than float32 and float64, and two dtypes, are left to NumPy.

    Example:
        >>> matmul(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]))
        array([[11.]])
    """
    shapes = a.shape + b.shape
    if len(shapes) != 4 or shapes[1] != shapes[2]:
        raise ValueError(f"matmul: expected (M, K) times (K, N), "
                         f"got {a.shape} times {b.shape}")
    m, k, _, n = shapes
    dtype = a.dtype
    if out is None:
        wider = dtype if dtype == b.dtype else np.result_type(a, b)
        accumulate, out = False, np.empty((m, n), wider)
    elif out.shape != (m, n):
        raise ValueError(f"matmul: expected out of shape {(m, n)}, got {out.shape}")
    if threads is None:
        threads = _threads_for(m * n * k)
    if not (dtype == b.dtype == out.dtype and dtype in _FLOATS and COMPILED):
        out[...] = np.matmul(a, b) + out if accumulate else np.matmul(a, b)
    elif threads == 1:
        _for_any_strides(_whole_product, dtype, 2, 1)(a, b, out, accumulate)
    else:
        _run(a[None], b[None], out[None], accumulate, threads)
    return out


def product(a, b, threads=None):
    """`a @ b` with NumPy's rules for vectors and batches.

    Args:
        a: (…, M, K) or (K,).
        b: (…, K, N) or (K,).  The axes in front of the last two are broadcast.

    Returns: (…, M, N), without M or N where `a` or `b` is a vector.

    Example:
        >>> product(np.ones((5, 2, 3)), np.ones(3)).shape
        (5, 2)
    """
    if a.ndim == b.ndim == 2 and a.dtype == b.dtype:
        return matmul(a, b, threads=threads)
    dtype = np.result_type(a, b)
    if dtype not in _FLOATS or not COMPILED or a.ndim == 0 or b.ndim == 0:
        return np.matmul(a, b)
    a, b = a.astype(dtype, copy=False), b.astype(dtype, copy=False)
    left = a[None] if a.ndim == 1 else a
    right = b[:, None] if b.ndim == 1 else b
    if left.shape[-1] != right.shape[-2]:
        raise ValueError(
            f"product: expected (…, M, K) @ (…, K, N), got {a.shape} @ {b.shape}: "
            f"K is {left.shape[-1]} on the left and {right.shape[-2]} on the right")
    out = _batched(left, right, threads)
    if a.ndim == 1:
        out = out[..., 0, :]
    return out[..., 0] if b.ndim == 1 else out


def _batched(a, b, threads):
    """(…, M, K) @ (…, K, N), two axes or more each."""
    if b.ndim == 2:                                    # one matrix for all: one product
        rows = a.reshape(math.prod(a.shape[:-1]), a.shape[-1])
        return matmul(rows, b, threads=threads).reshape(*a.shape[:-1], b.shape[1])
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a = np.broadcast_to(a, batch + a.shape[-2:])       # strides of zero, no copy
    b = np.broadcast_to(b, batch + b.shape[-2:])
    out = np.empty(batch + (a.shape[-2], b.shape[-1]), a.dtype)
    if threads is None:                                # for each step of the loop below
        threads = _threads_for(batch[-1] * a.shape[-2] * a.shape[-1] * b.shape[-1])
    for index in np.ndindex(batch[:-1]):
        _run(a[index], b[index], out[index], False, threads)
    return out


# ── From compiled kernels.  In Python, the same in NumPy. ─────────────────────────────

def panel_width(dtype):
    """Numbers in a row of a panel of this dtype."""
    return PANEL_BYTES // np.dtype(dtype).itemsize


def packed_shape(n, k, dtype):
    """The shape of packed rows (n, k): (panels, k, panel width)."""
    width = panel_width(dtype)
    return -(-n // width), k, width


def pack_rows(w, packed):
    """w (N, K), a weight as nn.Linear keeps it → packed, for x @ w.T.

    `packed` has the shape `packed_shape(N, K, w.dtype)` and C order.
    """
    panels, k, width = packed.shape
    padded = np.zeros((panels * width, k), w.dtype)
    padded[:len(w)] = w
    packed[...] = padded.reshape(panels, width, k).transpose(0, 2, 1)


@overload(pack_rows, target="cpu")
def _(w, packed):
    def pack_rows(w, packed):
        n, k = w.shape
        _pack(k, n, address(w), w.strides[1], w.strides[0], address(packed))

    return pack_rows


def pack_columns(w, packed):
    """w (K, N) → packed, for dy @ w: the shape is `packed_shape(N, K, w.dtype)`."""
    pack_rows(w.T, packed)


@overload(pack_columns, target="cpu")
def _(w, packed):
    def pack_columns(w, packed):
        k, n = w.shape
        _pack(k, n, address(w), w.strides[0], w.strides[1], address(packed))

    return pack_columns


def rows_times_packed(a, packed, c, accumulate):
    """c (M, N) = or += a (M, K) times the N columns that `packed` holds.

    Give slices a[lo:hi], c[lo:hi] for a range of rows.  Strides may be any; contiguous
    rows of `a` and `c`, and N a multiple of the panel width, are fastest.
    """
    panels, k, width = packed.shape
    b = packed.transpose(1, 0, 2).reshape(k, panels * width)[:, :c.shape[1]]
    c[...] = a @ b + c if accumulate else a @ b


@overload(rows_times_packed, target="cpu")
def _(a, packed, c, accumulate):
    def rows_times_packed(a, packed, c, accumulate):
        (m, k), n = a.shape, c.shape[1]
        _rows_times_packed(m, n, k, address(a), a.strides[0], a.strides[1],
                           address(packed), packed.shape[0], address(c), c.strides[0],
                           c.strides[1], accumulate)

    return rows_times_packed


@once("a", "packed", "c")
def _rows_times_packed(m, n, k, a, a_row, a_step, packed, panels, c, c_row, c_step,
                       accumulate):
    copied = panels >= WORTH_A_COPY and _must_copy(a_row, a_step, itemsize(a))
    if copied:
        size = min(m, M_BLOCK) * (min(k, PACKED_K_BLOCK) + GAP)
        block = np.empty(size, numba.carray(a, 1).dtype)
        _rows_times_panels(m, n, k, a, a_row, a_step, packed, c, c_row, c_step,
                           accumulate, copied, block)
    else:                                # room for nothing would still take 0.05 µs
        _rows_times_panels(m, n, k, a, a_row, a_step, packed, c, c_row, c_step,
                           accumulate, copied, numba.carray(a, 1))


@jit
def _rows_times_panels(m, n, k, a, a_row, a_step, packed, c, c_row, c_step, accumulate,
                       copied, block):
    size, block_at = itemsize(a), address(block)
    for k0 in range(0, max(k, 1), PACKED_K_BLOCK):
        depth = min(PACKED_K_BLOCK, k - k0)
        for m0 in range(0, m, M_BLOCK):
            rows = min(M_BLOCK, m - m0)
            left, left_row = shift(a, m0 * a_row + k0 * a_step), a_row
            if copied:
                left_row = (depth + GAP) * size
                _copy_block(rows, depth, left, a_row, a_step, block_at, left_row)
                left = block_at
            _sweep(rows, n, depth, left, left_row, size if copied else a_step,
                   shift(packed, k0 * PANEL_BYTES), PANEL_BYTES, k * PANEL_BYTES,
                   shift(c, m0 * c_row), c_row, c_step, 1 if k0 > 0 else accumulate)


def multiply_into(a, b, c, accumulate):
    """c (M, N) = or += a (M, K) @ b (K, N), on one thread, any strides."""
    c[...] = a @ b + c if accumulate else a @ b


@overload(multiply_into, target="cpu")
def _(a, b, c, accumulate):
    return lambda a, b, c, accumulate: _multiply(a, b, c, accumulate)
