"""The matrix product against float64 NumPy: shapes, strides, vector widths, threads."""
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pedagogic_nn.backend import gemm
from pedagogic_nn.backend.jit import jit

DTYPES = [np.float32, np.float64]
BOUND = {"float32": 2e-6, "float64": 4e-15}       # of the sum of |a| |b|

pack_rows, pack_columns = gemm.pack_rows, gemm.pack_columns
rows_times_packed, multiply_into = gemm.rows_times_packed, gemm.multiply_into


def close(got, a, b, before=0.0):
    """Whether got = before + a b, within the rounding errors of its dtype."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    scale = np.abs(a) @ np.abs(b) + np.abs(before) + 1e-30
    return bool((np.abs(got - (a @ b + before)) <= BOUND[got.dtype.name] * scale).all())


def matrix(rng, rows, columns, dtype, kind):
    """A matrix of a kind of memory layout."""
    def numbers(*shape):
        return rng.standard_normal(shape).astype(dtype)

    return {
        "C": lambda: numbers(rows, columns),
        "F": lambda: numbers(columns, rows).T,
        "every second": lambda: numbers(2 * rows, 3 * columns)[::2, ::3],
        "reversed": lambda: numbers(rows, columns)[::-1, ::-1],
        "one row": lambda: np.broadcast_to(numbers(1, columns), (rows, columns)),
        "one column": lambda: np.broadcast_to(numbers(rows, 1), (rows, columns)),
        "wide rows": lambda: numbers(rows, columns + 5)[:, 2:columns + 2],
    }[kind]()


SOURCES = ["C", "F", "every second", "reversed", "one row", "one column", "wide rows"]
TARGETS = ["C", "F", "every second", "reversed", "wide rows"]
SIZES = st.one_of(st.integers(0, 20), st.integers(21, 150))


@settings(max_examples=200, deadline=None)
@given(m=SIZES, k=st.one_of(SIZES, st.integers(500, 600)), n=SIZES, data=st.data(),
       dtype=st.sampled_from(DTYPES), accumulate=st.booleans(),
       threads=st.sampled_from([1, 1, 2]))
def test_any_shape_and_stride(m, k, n, data, dtype, accumulate, threads):
    rng = np.random.default_rng(m + 1000 * k + 1_000_000 * n)
    a = matrix(rng, m, k, dtype, data.draw(st.sampled_from(SOURCES), "a"))
    b = matrix(rng, k, n, dtype, data.draw(st.sampled_from(SOURCES), "b"))
    out = matrix(rng, m, n, dtype, data.draw(st.sampled_from(TARGETS), "out"))
    before = out.astype(np.float64) if accumulate else np.zeros((m, n))
    assert gemm.matmul(a, b, out, accumulate, threads) is out
    assert close(out, a, b, before)


@pytest.mark.parametrize("kind", ["every second", "wide rows", "reversed"])
def test_nothing_is_written_outside_of_out(kind):
    room = np.full((40, 70), 7, np.float32)
    out = {"every second": room[1:39:2, 3:60:3], "wide rows": room[2:21, 5:24],
           "reversed": room[30:11:-1, 40:21:-1]}[kind]
    inside = np.zeros(room.shape, bool)
    gemm.matmul(np.zeros((19, 4), np.float32), np.zeros((4, 19), np.float32), out)
    inside[{"every second": np.s_[1:39:2, 3:60:3], "wide rows": np.s_[2:21, 5:24],
            "reversed": np.s_[30:11:-1, 40:21:-1]}[kind]] = True
    assert (room[inside] == 0).all() and (room[~inside] == 7).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_products_larger_than_every_block(dtype):
    rng = np.random.default_rng(0)
    m, k = gemm.M_BLOCK + 7, gemm.K_BLOCK + 9
    n = gemm.N_BLOCK_BYTES // np.dtype(dtype).itemsize + 11
    a, b = matrix(rng, m, k, dtype, "F"), matrix(rng, k, n, dtype, "C")
    assert close(gemm.matmul(a, b, threads=1), a, b)
    assert close(gemm.matmul(a, b, threads=3), a, b)


def test_inputs_may_be_read_only_and_unaligned():
    bytes_ = b"x" + np.arange(6, dtype=np.float32).tobytes()
    a = np.frombuffer(bytes_, np.float32, offset=1)
    a = a.reshape(2, 3)
    assert not a.flags.aligned and not a.flags.writeable
    np.testing.assert_array_equal(gemm.matmul(a, a.T), [[5, 14], [14, 50]])


def test_nan_and_inf_pass_through():
    a = np.array([[np.nan, 1], [np.inf, 1], [0, 1]], np.float32)
    np.testing.assert_array_equal(gemm.matmul(a, np.ones((2, 1), np.float32)),
                                  [[np.nan], [np.inf], [1]])


def test_padding_does_not_turn_into_nan():
    a = np.full((3, 2), np.inf, np.float32)       # inf · 0 of the padding stays unseen
    c = gemm.matmul(a, np.ones((2, 3), np.float32))
    np.testing.assert_array_equal(c, np.full((3, 3), np.inf))


def test_shapes_that_do_not_fit():
    a = np.ones((2, 3), np.float32)
    with pytest.raises(ValueError, match=r"\(K, N\), got \(2, 3\) times \(2, 3\)"):
        gemm.matmul(a, a)
    with pytest.raises(ValueError, match=r"expected out of shape \(2, 2\), got \(3, 3\)"):
        gemm.matmul(a, a.T, np.empty((3, 3), np.float32))
    with pytest.raises(ValueError, match="K is 3 on the left and 2 on the right"):
        gemm.product(a, np.ones((4, 2, 3), np.float32))


@pytest.mark.parametrize("left, right", [
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)),
    ((5, 2, 3), (3,)), ((3,), (5, 3, 4)), ((5, 2, 3), (5, 3, 4)),
    ((5, 1, 2, 3), (6, 3, 4)), ((2, 3), (5, 3, 4)), ((1, 2, 3), (5, 3, 4)),
    ((0, 2, 3), (3, 4)), ((5, 2, 0), (0, 4)),
    ((7, 0, 2, 3), (7, 0, 3, 4)), ((2, 2, 2, 3), (2, 2, 3, 4)), ((0,), (0,))])
@pytest.mark.parametrize("dtype", [*DTYPES, np.int64, np.float16, bool])
def test_product_has_the_rules_of_numpy(left, right, dtype):
    rng = np.random.default_rng(0)
    a, b = (rng.integers(-3, 4, shape).astype(dtype) for shape in (left, right))
    got, wanted = gemm.product(a, b), np.matmul(a, b)
    assert np.shape(got) == np.shape(wanted) and got.dtype == wanted.dtype
    np.testing.assert_array_equal(got, wanted)


def test_product_of_two_dtypes_has_the_wider_one():
    a, b = np.ones((2, 3), np.float32), np.ones((3, 2))
    assert gemm.product(a, b).dtype == np.float64
    assert gemm.matmul(a, b).dtype == np.float64
    with pytest.raises(ValueError, match="scalar|dimension"):
        gemm.product(a, np.float32(2))


def test_batches_are_shared_between_threads():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((5, 3, 7, 9)), rng.standard_normal((3, 9, 4))
    np.testing.assert_allclose(gemm.product(a, b, threads=2), a @ b, rtol=1e-13)


@jit
def compiled_pack_rows(w, packed):
    pack_rows(w, packed)


@jit
def compiled_pack_columns(w, packed):
    pack_columns(w, packed)


@jit
def compiled_rows(a, packed, c, lo, hi, accumulate):
    rows_times_packed(a[lo:hi], packed, c[lo:hi], accumulate)


@jit
def compiled_multiply(a, b, c, accumulate):
    multiply_into(a, b, c, accumulate)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("m, k, n", [(1, 10, 80), (2, 70, 200), (3, 20, 5), (8, 32, 128),
                                     (0, 4, 4), (4, 0, 4), (101, 33, 47), (7, 1100, 9)])
def test_packed_weights_in_compiled_code_do_what_their_python_says(m, k, n, dtype):
    rng = np.random.default_rng(0)
    w, a = matrix(rng, n, k, dtype, "C"), matrix(rng, m, k, dtype, "C")
    c = matrix(rng, m, n, dtype, "C")
    packed = np.full(gemm.packed_shape(n, k, dtype), 9, dtype)
    in_python = packed.copy()
    compiled_pack_rows(w, packed)
    pack_rows(w, in_python)
    np.testing.assert_array_equal(packed, in_python)
    packed[...] = 9
    compiled_pack_columns(np.ascontiguousarray(w.T), packed)
    np.testing.assert_array_equal(packed, in_python)

    result, in_python, before = c.copy(), c.copy(), c.astype(np.float64)
    lo, hi = m // 3, m
    compiled_rows(a, packed, result, lo, hi, True)
    assert close(result[lo:hi], a[lo:hi], w.T, before[lo:hi])
    np.testing.assert_array_equal(result[:lo], c[:lo])
    compiled_rows(a, packed, result, 0, m, False)
    rows_times_packed(a, packed, in_python, False)
    assert close(result, a, w.T) and close(in_python, a, w.T)


def test_a_product_in_compiled_code():
    a, b, c = np.ones((4, 5)), np.ones((5, 6)), np.ones((4, 6))
    compiled_multiply(a, b, c, True)
    np.testing.assert_array_equal(c, np.full((4, 6), 6.0))
    multiply_into(a, b, c, False)
    np.testing.assert_array_equal(c, np.full((4, 6), 5.0))


def test_several_threads_of_python_at_once():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((60, 70)), rng.standard_normal((70, 80))
    wanted, wrong = a @ b, []

    def work(threads):
        for _ in range(100):
            if not np.allclose(gemm.matmul(a, b, threads=threads), wanted, rtol=1e-12):
                wrong.append(threads)

    workers = [threading.Thread(target=work, args=(1 + i % 2,)) for i in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


WIDTH = """
import numpy as np
from pedagogic_nn.backend import gemm
assert gemm.PANEL_BYTES == 2 * int({width})
rng = np.random.default_rng(0)
for dtype in (np.float32, np.float64):
    for m, k, n in ((1, 9, 150), (2, 9, 150), (13, 40, 37), (50, 700, 70)):
        a = rng.standard_normal((m, k)).astype(dtype)
        b = rng.standard_normal((n, k)).astype(dtype)
        for right in (b.T, np.ascontiguousarray(b.T)):
            c = gemm.matmul(a, right, threads=1)
            error = np.abs(c - a.astype(float) @ right).max()
            assert error < (1e-4 if dtype == np.float32 else 1e-12), (m, k, n, dtype)
"""


@pytest.mark.parametrize("width", ["16", "32", "64"])
def test_every_width_of_vectors_gives_the_same(width, tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", WIDTH.format(width=width)], capture_output=True, text=True,
        env={**os.environ, "PEDAGOGIC_NN_VECTOR_BYTES": width,
             "NUMBA_CACHE_DIR": str(tmp_path)}, check=False)
    assert run.returncode == 0, run.stderr


def test_without_the_compiler_numpy_does_it():
    script = """
import numpy as np
from pedagogic_nn.backend import gemm
a = np.arange(6, dtype=np.float32).reshape(2, 3)
assert (gemm.matmul(a, a.T) == a @ a.T).all()
assert (gemm.product(a, a[0]) == a @ a[0]).all()
packed = np.empty(gemm.packed_shape(2, 3, np.float32), np.float32)
gemm.pack_rows(a, packed)
c = np.empty((2, 2), np.float32)
gemm.rows_times_packed(a, packed, c, False)
assert (c == a @ a.T).all()
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                         env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, check=False)
    assert run.returncode == 0, run.stderr
