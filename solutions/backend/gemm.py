"""The matrix product C = A B, by hand: by rows, packed, in tiles, in blocks.

Letters as in the chapter: A (M, K), B (K, N), C (M, N); all numbers are float64. A panel
is `width` columns of B, copied so that its rows follow each other in memory. A tile is
the part of C that a few rows of A make with one panel.

The product is what you build here, so the file does without NumPy's own: no `@`, no
np.matmul, dot, vdot, inner, tensordot, einsum.

Grade it with `pytest exercises -k gemm`.
"""

import numpy as np


def intensity(M, N, K, itemsize):
    """How much work a product is: (flops, bytes, flops per byte), two ints and a float.

    A multiplication and an addition are two flops. A and B are read once and C is written
    once; a number takes `itemsize` bytes.
    """
    # BEGIN SOLUTION: K multiplications and K additions for each number of C
    flops = 2 * M * N * K
    moved = itemsize * (M * K + K * N + M * N)
    return flops, moved, flops / moved
    # END SOLUTION


def by_rows(a, b):
    """a (M, K), b (K, N) → (M, N). Row i of C is a sum of rows of B: Σ_k a[i, k] b[k].

    An inner loop over k would walk down the columns of B, a whole row apart in memory.
    """
    # BEGIN SOLUTION: zeros, then i outside and k inside; a whole row of C in each step
    M, K = a.shape
    c = np.zeros((M, b.shape[1]))
    for i in range(M):
        for k in range(K):
            c[i] += a[i, k] * b[k]
    return c
    # END SOLUTION


def pack(b, width):
    """b (K, N) → its panels (ceil(N / width), K, width), a contiguous array.

    Panel p holds columns p·width to (p + 1)·width of B. The last one ends in zeros where
    B has no more columns.
    """
    # BEGIN SOLUTION: zeros for all panels, then the columns that each of them has
    K, N = b.shape
    count = -(-N // width)                 # N / width, rounded up
    panels = np.zeros((count, K, width))
    for p in range(count):
        columns = b[:, p * width:(p + 1) * width]
        panels[p, :, :columns.shape[1]] = columns
    return panels
    # END SOLUTION


def tile(a, panel):
    """a (R, K), panel (K, width) → their product (R, width), in one pass over K.

    Step k takes column k of A and row k of the panel and adds their outer product, so
    each number of the panel is read once. Compiled, the R·width sums stay in registers.
    """
    # BEGIN SOLUTION: a sum of K outer products
    c = np.zeros((len(a), panel.shape[1]))
    for k in range(len(panel)):
        c += np.outer(a[:, k], panel[k])
    return c
    # END SOLUTION


def matmul(a, b, rows=6, width=16, depth=64):
    """a (M, K), b (K, N) → (M, N), by your pack and your tile.

    K is cut into blocks of `depth`. The panels of a block are packed once and used by
    all rows of A; a tile has up to `rows` rows, and what it gives is added to C. No size
    needs to be a multiple of another, and each of M, N, K may be 0.
    """
    # BEGIN SOLUTION: loops over blocks of K, panels and tiles; the edges by slices
    M, K = a.shape
    N = b.shape[1]
    c = np.zeros((M, N))
    for k in range(0, K, depth):
        panels = pack(b[k:k + depth], width)
        for j in range(0, N, width):
            for i in range(0, M, rows):
                target = c[i:i + rows, j:j + width]
                whole = tile(a[i:i + rows, k:k + depth], panels[j // width])
                target += whole[:, :target.shape[1]]
    return c
    # END SOLUTION


def fast(a, b):
    """a (M, K), b (K, N) → (M, N), as fast as you can: it is timed against three loops.

    You may compile loops with `@njit` of numba.
    """
    # BEGIN SOLUTION: compiled loops in the order of by_rows, or few and large operations
    # Each operation of NumPy takes a microsecond before it starts. A whole row of C at a
    # time makes M large ones; by_rows makes M·K small ones.
    c = np.zeros((len(a), b.shape[1]))
    for i in range(len(a)):
        c[i] = (a[i][:, None] * b).sum(axis=0)
    return c
    # END SOLUTION
