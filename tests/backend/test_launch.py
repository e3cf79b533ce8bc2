"""Launching: allocation, threads, grids; several Python threads and processes at once."""
import multiprocessing
import os
import subprocess
import sys
import threading

import numba
import numpy as np
import pytest

from pedagogic_nn.backend import cuda, jit, like
from pedagogic_nn.backend.device import Device, to_host, xp_of
from pedagogic_nn.backend.launch import (
    PARALLEL_ABOVE,
    contiguous,
    get_num_threads,
    on_cpu,
    on_gpu,
    one_thread,
    set_num_threads,
    sum_on_cpu,
    threads_for,
)

LARGE = 3 * PARALLEL_ABOVE + 7           # threads get parts of different lengths


@jit
def _double(lo, hi, out, x):
    out, x = out[lo:hi], x[lo:hi]
    for k in range(out.size):
        out[k] += x[k] + x[k]


@jit
def _total(lo, hi, x):
    total = 0.0
    for k in range(lo, hi):
        total += x[k]
    return total


@cuda.jit
def _add_places(out, x):
    i, j = cuda.grid(2)
    if i < out.shape[0] and j < out.shape[1]:
        out[i, j] = x[i, j] + 10 * i + j


@cuda.jit
def _add_places_3d(out):
    i, j, k = cuda.grid(3)
    if i < out.shape[0] and j < out.shape[1] and k < out.shape[2]:
        out[i, j, k] += 100 * i + 10 * j + k


@pytest.fixture
def all_threads():
    before = get_num_threads()
    set_num_threads(int(numba.config.NUMBA_NUM_THREADS))
    yield
    set_num_threads(before)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_like_allocates_beside_its_model(device):
    a = Device(device).put(np.zeros((2, 3), np.float32))
    assert (like(a).shape, like(a).dtype) == ((2, 3), np.float32)
    b = like(a, (4,), np.int64)
    assert (b.shape, b.dtype) == ((4,), np.int64) and xp_of(b) is xp_of(a)


def test_contiguous_copies_only_what_has_gaps():
    a = np.zeros((3, 4))
    assert contiguous(a) is a
    assert contiguous(a.T).flags.c_contiguous and contiguous(a[:, ::2]).flags.c_contiguous


@pytest.mark.parametrize("n", [0, 1, 5, PARALLEL_ABOVE - 1, LARGE])
def test_each_element_is_done_once(n, all_threads):
    x = np.arange(n, dtype=np.float64)
    out = np.zeros(n)
    on_cpu(_double, (n,), out, x)
    np.testing.assert_array_equal(out, 2 * x)
    assert sum_on_cpu(_total, (n,), np.ones(n)) == n


def test_the_shape_or_the_work_decides_about_threads(all_threads):
    assert threads_for(PARALLEL_ABOVE - 1) == 1
    assert threads_for(PARALLEL_ABOVE) == get_num_threads()
    with one_thread():
        assert threads_for(10**9) == 1
        with one_thread():
            pass
        assert threads_for(10**9) == 1
    assert threads_for(10**9) == get_num_threads()


def test_set_num_threads_is_held_between_1_and_numbas_limit(all_threads):
    set_num_threads(10**6)
    assert get_num_threads() == numba.config.NUMBA_NUM_THREADS
    set_num_threads(1)
    assert threads_for(10**9) == 1
    for wrong in (0, -1, 2.0, "2", True, None):
        with pytest.raises(RuntimeError, match="positive integer"):
            set_num_threads(wrong)


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (4, 8), (5, 9), (0, 4), (4, 0)])
def test_a_grid_covers_the_shape(shape):
    x = np.random.default_rng(0).random(shape)
    out = like(Device("cuda").put(x))
    on_gpu(_add_places, shape, out, Device("cuda").put(x))
    expected = x + 10 * np.arange(shape[0])[:, None] + np.arange(shape[1])
    np.testing.assert_allclose(to_host(out), expected)


def test_a_grid_with_three_axes():
    out = Device("cuda").put(np.zeros((3, 5, 6), np.int64))
    on_gpu(_add_places_3d, out.shape, out)
    i, j, k = np.indices((3, 5, 6))
    np.testing.assert_array_equal(to_host(out), 100 * i + 10 * j + k)


def test_a_cuda_kernel_refuses_a_host_array():
    with pytest.raises(TypeError):
        on_gpu(_add_places, (2, 2), Device("cuda").put(np.zeros((2, 2))),
               np.zeros((2, 2)))


def test_cuda_kernels_remember_their_types():
    out = Device("cuda").put(np.zeros((2, 2), np.float32))
    on_gpu(_add_places, (2, 2), out, out)
    if _add_places.signatures:                          # the simulator takes notes
        assert ("float32[:, ::1]", "float32[:, ::1]") in _add_places.signatures


# ---- several at once -----------------------------------------------------------------


def test_four_threads_run_parallel_kernels(all_threads):
    wrong = []

    def work(seed):
        x = np.random.default_rng(seed).random(LARGE)
        for _ in range(10):
            out = np.zeros(LARGE)
            on_cpu(_double, (LARGE,), out, x)
            if not np.array_equal(out, 2 * x):
                wrong.append(seed)

    _run_threads(work, 4)
    assert not wrong


def test_four_threads_launch_on_the_gpu():
    results = {}

    def work(seed):
        x = np.full((6, 7), float(seed))
        out = Device("cuda").put(np.zeros((6, 7)))
        for _ in range(3):
            on_gpu(_add_places, (6, 7), out, Device("cuda").put(x))
        results[seed] = to_host(out)[5, 6]

    _run_threads(work, 4)
    assert results == {k: k + 56.0 for k in range(4)}


def _run_threads(work, n):
    errors = []

    def guarded(k):
        try:
            work(k)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(k,)) for k in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    assert not errors and not any(t.is_alive() for t in threads)


AFTER_FORK = """
import os, sys
import numpy as np
import pedagogic_nn as torch
from pedagogic_nn.backend.device import Device, worker
from pedagogic_nn.backend.launch import threads_for

x = torch.rand(300_000)
expected = (x.exp() @ x).item()                 # the parent has started its threads
worker(Device("cpu:1")).submit(len, "").result()
child = os.fork()
if child == 0:
    assert threads_for(10**9) == 1
    assert abs((x.exp() @ x).item() / expected - 1) < 1e-5
    assert worker(Device("cpu:1")).submit(len, "abc").result(20) == 3
    sys.stdout.write("child is well\\n")
    sys.stdout.flush()
    os._exit(0)
_, status = os.waitpid(child, 0)
assert status == 0, f"the child ended with status {status}"
assert abs((x.exp() @ x).item() / expected - 1) < 1e-5      # and the parent goes on
print("parent is well")
"""


@pytest.mark.serial
@pytest.mark.parametrize("layer", ["default", "workqueue"])
def test_a_forked_child_runs_kernels_on_one_thread(layer):
    environment = {**os.environ, "NUMBA_THREADING_LAYER": layer, "NUMBA_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", AFTER_FORK], timeout=300,
                          capture_output=True, text=True, env=environment)
    assert "child is well" in done.stdout and "parent is well" in done.stdout, done.stderr


SPAWN = """
import multiprocessing
import pedagogic_nn as torch

def work(x):
    x.requires_grad = True
    (x.exp() * 2).sum().backward()
    return x.grad

if __name__ == "__main__":
    torch.manual_seed(0)
    given = [torch.rand(3) for _ in range(2)]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        for x, g in zip(given, pool.map(work, given)):
            assert torch.allclose(g, x.exp() * 2), (x, g)
    print("both are well")
"""


@pytest.mark.serial
def test_spawned_processes_take_and_return_tensors(tmp_path):
    (tmp_path / "spawning.py").write_text(SPAWN)
    paths = [os.getcwd(), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, str(tmp_path / "spawning.py")], capture_output=True, text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))})
    assert "both are well" in done.stdout, done.stderr
    assert "spawn" in multiprocessing.get_all_start_methods()


WITHOUT_JIT = """
import numpy as np
import pedagogic_nn as torch
from pedagogic_nn.backend.launch import set_num_threads
set_num_threads(2)
x = torch.full((70_000,), 1.0)
assert abs(x.exp().sum().item() / (np.e * 70_000) - 1) < 1e-5
print("well")
"""


@pytest.mark.serial
def test_kernels_run_as_python_when_the_jit_is_off():
    done = subprocess.run([sys.executable, "-c", WITHOUT_JIT], capture_output=True,
                          text=True, timeout=300,
                          env={**os.environ, "NUMBA_DISABLE_JIT": "1"})
    assert "well" in done.stdout, done.stderr
