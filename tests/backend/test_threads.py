"""Threads: when a kernel gets several, how its parts are cut, who waits for whom."""
import threading
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import pytest

from pedagogic_nn.backend import launch
from pedagogic_nn.backend.jit import jit
from pedagogic_nn.backend.launch import PARALLEL_ABOVE, on_cpu, one_thread, sum_on_cpu
from tests.programs import run


@jit
def count_and_mark(lo, hi, visits, part):
    """Count a visit of each row, and note the first row of the part it came in."""
    for k in range(lo, hi):
        visits[k] += 1
        part[k] = lo


@jit
def sum_rows(lo, hi, x):
    total = 0.0
    for k in range(lo, hi):
        total += x[k]
    return total


def parts(rows, columns=1, work=0):
    """Into how many parts `on_cpu` cuts rows × columns elements; each row comes once."""
    visits, part = np.zeros(rows, np.int64), np.full(rows, -1)
    on_cpu(count_and_mark, (rows, columns), visits, part, work=work)
    np.testing.assert_array_equal(visits, 1)
    return len(np.unique(part))


@pytest.fixture
def four_threads(monkeypatch):
    """Four parts, however many cores this machine has."""
    monkeypatch.setattr(launch, "_threads", 4)


@pytest.mark.parametrize("rows, columns, expected", [
    (1, 1, 1), (PARALLEL_ABOVE - 1, 1, 1), (PARALLEL_ABOVE, 1, 4),
    (4 * PARALLEL_ABOVE + 3, 1, 4),                          # parts of unequal length
    (2, PARALLEL_ABOVE, 2), (1, PARALLEL_ABOVE, 1),          # a row is not cut
    (PARALLEL_ABOVE // 8 - 1, 8, 1), (PARALLEL_ABOVE // 8, 8, 4)])
def test_much_work_is_cut_into_as_many_parts_as_threads(four_threads, rows, columns,
                                                        expected):
    assert parts(rows, columns) == expected


def test_work_speaks_louder_than_the_shape(four_threads):
    assert parts(8, work=PARALLEL_ABOVE) == 4
    assert parts(PARALLEL_ABOVE, work=1) == 1


def test_in_one_thread_nothing_is_cut(four_threads, monkeypatch):
    with one_thread():
        assert parts(PARALLEL_ABOVE) == 1
        with ThreadPoolExecutor(1) as other:                 # of this thread, not of all
            assert other.submit(parts, PARALLEL_ABOVE).result() == 4
    with pytest.raises(ZeroDivisionError), one_thread():
        raise ZeroDivisionError
    assert parts(PARALLEL_ABOVE) == 4
    monkeypatch.setattr(launch, "_threads", 1)
    assert parts(PARALLEL_ABOVE) == 1


def test_a_kernel_is_not_called_for_nothing():
    def never(*args):
        raise AssertionError("called")

    on_cpu(never, (0, 5))
    on_cpu(never, (0,), work=10**9)
    assert sum_on_cpu(never, (0,)) == 0.0


@pytest.mark.parametrize("n", [1, PARALLEL_ABOVE - 1, PARALLEL_ABOVE, PARALLEL_ABOVE + 5])
def test_sums_of_parts_add_up(four_threads, n):
    assert sum_on_cpu(sum_rows, (n,), np.arange(n)) == n * (n - 1) / 2


def test_four_threads_that_compile_a_kernel_at_once_all_get_it_right(four_threads):
    @jit
    def square_into(lo, hi, out, x):
        for k in range(lo, hi):
            out[k] = x[k] * x[k]

    start = threading.Barrier(4)

    def work(seed):
        x = np.random.default_rng(seed).random(PARALLEL_ABOVE + 1000 * seed)
        start.wait()
        for _ in range(20):
            out = np.zeros_like(x)
            on_cpu(square_into, x.shape, out, x)
            np.testing.assert_array_equal(out, x * x)
        return seed

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [0, 1, 2, 3]


def most_at_once(seconds):
    """How many of 4 threads were inside a parallel region together."""
    inside, most, lock = 0, 0, threading.Lock()
    together = threading.Event()

    def region():
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
            if inside > 1:
                together.set()
        together.wait(seconds)
        with lock:
            inside -= 1

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(launch.in_parallel, region) for _ in range(4)]:
            done.result()
    return most


def test_threads_queue_up_where_numba_would_abort(monkeypatch):
    monkeypatch.setattr(launch, "_layer_is_safe", False)
    monkeypatch.setattr(numba, "threading_layer", lambda: "workqueue")
    assert most_at_once(seconds=0.05) == 1


@pytest.mark.parametrize("layer", ["omp", "tbb"])
def test_threads_do_not_queue_up_where_several_may_enter(monkeypatch, layer):
    monkeypatch.setattr(launch, "_layer_is_safe", False)
    monkeypatch.setattr(numba, "threading_layer", lambda: layer)
    launch.in_parallel(lambda: None)                         # the first one asks
    assert most_at_once(seconds=3) > 1


FOUR_THREADS = """
import threading
import numba, numpy as np
import pedagogic_nn as torch

x = torch.rand(300_000)
w = torch.rand(200, 200)
wanted = torch.tanh(x).sum().item(), (w @ w).sum().item()
right = []

def work():
    for _ in range(20):
        got = torch.tanh(x).sum().item(), (w @ w).sum().item()
        np.testing.assert_allclose(got, wanted, rtol=1e-5)
    right.append(True)

threads = [threading.Thread(target=work) for _ in range(4)]
for t in threads: t.start()
for t in threads: t.join()
assert len(right) == 4
print(numba.threading_layer())
"""


@pytest.mark.serial
def test_the_workqueue_layer_survives_four_threads():
    layer = run(FOUR_THREADS, NUMBA_THREADING_LAYER="workqueue", NUMBA_NUM_THREADS="4")
    assert layer == "workqueue\n"
