"""Devices, and the simulated GPU that refuses host arrays as a real one does."""
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest

from pedagogic_nn.backend.device import (
    SIMULATED,
    Device,
    SimulatedArray,
    gpu_count,
    to_host,
    worker,
    xp_of,
)

GPU = Device("cuda")


@pytest.mark.parametrize("name, index, text", [
    ("cpu", None, "cpu"), ("cpu", 0, "cpu"), ("cpu:0", None, "cpu"),
    ("cpu:3", None, "cpu:3"),
    ("cuda", None, "cuda:0"), ("cuda", 1, "cuda:1"), (1, None, "cuda:1"),
    (np.int64(2), None, "cuda:2")])
def test_names_of_devices(name, index, text):
    device = Device(name, index)
    assert str(device) == text
    assert Device(device) is device
    assert Device(text) is device


@pytest.mark.parametrize("name, index", [
    ("gpu", None), ("cpu:", None), ("cpu:x", None), ("cpu:1", 1), ("cpu:-1", None),
    ("cpu:8", None), ("cuda", -1), ("", None), (None, None), (True, None),
    ("cpu:²", None)])
def test_what_is_no_device_is_told(name, index):
    with pytest.raises(RuntimeError, match="device:"):
        Device(name, index)


def test_repr_is_that_of_pytorch():
    assert repr(Device("cpu")) == "device(type='cpu')"
    assert repr(Device("cpu:1")) == "device(type='cpu', index=1)"
    assert repr(Device("cuda")) == "device(type='cuda', index=0)"


def test_a_device_survives_pickle_and_threads_as_one_object():
    assert pickle.loads(pickle.dumps(Device("cpu:5"))) is Device("cpu:5")
    found, start = [], threading.Barrier(8)

    def ask():
        start.wait()
        found.append(Device("cpu:6"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(found) == 8 and len(set(map(id, found))) == 1


def test_put_copies_between_cpu_and_gpu_only():
    a = np.arange(3.0)
    assert Device("cpu:1").put(a) is a
    on_gpu = GPU.put(a)
    a[0] = 7
    assert to_host(on_gpu)[0] == 0                      # its own memory
    assert GPU.put(on_gpu) is on_gpu or np.shares_memory(
        to_host(GPU.put(on_gpu)), to_host(on_gpu))
    back = Device("cpu").put(on_gpu)
    assert type(back) is np.ndarray and not np.shares_memory(back, to_host(on_gpu))
    assert GPU.put([[1, 2]], np.float32).dtype == np.float32


def test_xp_makes_arrays_of_the_device():
    assert Device("cpu").xp is np
    for a in (GPU.xp.zeros(3), GPU.xp.arange(3), GPU.xp.zeros(3).sum()):
        assert xp_of(a) is GPU.xp
    assert xp_of(np.float32(1)) is np and xp_of(2.0) is np
    assert xp_of(np.zeros(2).view(np.recarray)) is np


SIMULATION = pytest.mark.parametrize("meet", [
    lambda g, h: g + h, lambda g, h: h * g, lambda g, h: np.maximum(g, h),
    lambda g, h: GPU.xp.where(g > 0, g, h), lambda g, h: g.__setitem__(0, h[:1]),
    lambda g, h: g[h.astype(int)], lambda g, h: GPU.xp.add.at(g, GPU.xp.zeros(3, int), h),
    lambda g, h: np.concatenate([g, h]), lambda g, h: np.add(g, g, out=h),
    lambda g, h: GPU.xp.stack([g, h])])


@SIMULATION
def test_host_and_gpu_arrays_do_not_meet(meet):
    with pytest.raises(TypeError):
        meet(GPU.put(np.zeros(3)), np.zeros(3))


@pytest.mark.parametrize("compute", [
    lambda g: g + 1, lambda g: 1 - g, lambda g: g[0], lambda g: g[:, 0],
    lambda g: g.sum(),
    lambda g: g.max(axis=0), lambda g: g.T, lambda g: g.reshape(-1), lambda g: g @ g.T,
    lambda g: np.exp(g), lambda g: xp_of(g).exp(g), lambda g: g.astype(np.float64),
    lambda g: g.mean(), lambda g: xp_of(g).take_along_axis(g, g.astype(int), 0),
    lambda g: xp_of(g).concatenate([g, g]), lambda g: -g, lambda g: g > 0,
    lambda g: g.copy()])
def test_what_is_computed_on_a_gpu_stays_there(compute):
    g = GPU.put(np.ones((2, 3), np.float32))
    g -= g                                              # in place, too
    result = compute(g)
    assert xp_of(result) is GPU.xp
    np.testing.assert_array_equal(to_host(result), compute(np.zeros((2, 3), np.float32)))


def test_simulation_is_what_the_tests_run_on():
    if SIMULATED:
        assert gpu_count() == 4
        assert isinstance(GPU.put([1]), SimulatedArray)
        with pytest.raises(RuntimeError, match="does not exist"):
            Device("cuda:4")


def test_without_a_gpu_the_error_tells_the_ways_out():
    program = ("import pedagogic_nn as torch\n"
               "assert not torch.cuda.is_available()\n"
               "try: torch.zeros(2).cuda()\n"
               "except RuntimeError as error: print(error)\n")
    if gpu_count() and not SIMULATED:
        assert GPU.put([1]).sum() == 1
        return
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                          env=_environment(NUMBA_ENABLE_CUDASIM="0"), timeout=120)
    assert "pip install 'pedagogic_nn[cuda]'" in said.stdout, said.stderr
    assert "NUMBA_ENABLE_CUDASIM=1" in said.stdout


def _environment(**changes):
    import os
    return {**os.environ, **changes}


def test_a_worker_owns_its_device_and_keeps_the_order():
    seen = []
    tasks = [worker(Device("cpu:2")).submit(
        lambda k: seen.append((k, threading.get_ident())), k) for k in range(20)]
    for task in tasks:
        task.result()
    assert [k for k, _ in seen] == list(range(20))
    assert len({ident for _, ident in seen}) == 1 and seen[0][1] != threading.get_ident()
    assert worker(Device("cpu:2")) is worker(Device("cpu:2"))
    assert worker(Device("cpu:2")) is not worker(Device("cpu:3"))
