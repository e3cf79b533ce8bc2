"""The simulated GPU's arrays: what CuPy refuses and what it gives, played by NumPy.

The class is tested as it is, so these tests say the same on a machine with a GPU.
"""
import numpy as np
import pytest

from pedagogic_nn.backend import cuda, launch
from pedagogic_nn.backend.device import (
    Device,
    SimulatedArray,
    _simulated,
    to_host,
    worker,
    xp_of,
)
from tests.programs import run


def on_gpu(*values, dtype=np.float32):
    return np.array(values, dtype).view(SimulatedArray)


MEETINGS = {
    "a ufunc": lambda g, h: np.add(g, h),
    "a ufunc, the host first": lambda g, h: np.add(h, g),
    "a number of the host as an array": lambda g, h: g * np.array(2.0),
    "an operator": lambda g, h: g + h,
    "an operator, the host first": lambda g, h: h - g,
    "a product of matrices": lambda g, h: g @ h,
    "a comparison": lambda g, h: g < h,
    "out on the host": lambda g, h: np.exp(g, out=h),
    "out on the GPU": lambda g, h: np.exp(h, out=g),
    "a mask": lambda g, h: np.exp(g, out=g, where=h > 0),
    "a ufunc's method": lambda g, h: np.add.reduce(g, out=h[0, ...]),
    "add.at with indices of the host": lambda g, h: np.add.at(g, np.array([0]), 1),
    "+= with the host": lambda g, h: g.__iadd__(h),
    "the host += with the GPU": lambda g, h: h.__iadd__(g),
    "a function": lambda g, h: np.where(g > 0, g, h),
    "a function of a list": lambda g, h: np.concatenate([g, h]),
    "a keyword": lambda g, h: np.clip(g, min=h, max=None),
    "copyto": lambda g, h: np.copyto(h, g),
    "an index": lambda g, h: g[np.array([0, 1])],
    "a mask as index": lambda g, h: g[h > 0],
    "a tuple of indices": lambda g, h: g[None, np.array([0, 1])],
    "a value that is written": lambda g, h: g.__setitem__(slice(None), h),
    "an index that is written to": lambda g, h: g.__setitem__(np.array([0]), 1),
    "the module's ufunc": lambda g, h: _simulated.exp(h),
    "the module's function": lambda g, h: _simulated.stack([h, h]),
    "the module's reduction": lambda g, h: _simulated.add.reduce(h),
}


@pytest.mark.parametrize("meet", MEETINGS.values(), ids=MEETINGS)
def test_a_host_array_is_refused(meet):
    g, h = on_gpu(1, 2, 3), np.ones(3, np.float32)
    with pytest.raises(TypeError, match="a host array met an array on the"):
        meet(g, h)
    np.testing.assert_array_equal(to_host(g), [1, 2, 3])        # and nothing was written
    np.testing.assert_array_equal(h, 1)


STAYS = {
    "a number of Python": lambda g: 2 * g + 1,
    "a number of NumPy": lambda g: np.float32(2) * g,
    "a reduction": lambda g: g.sum(),
    "one element": lambda g: g[0],
    "an index": lambda g: g[g.argsort()],
    "a mask": lambda g: g[g > 1],
    "a list of numbers": lambda g: g[[0, 1]],
    "a view": lambda g: g[None, :].T,
    "another dtype": lambda g: g.astype(np.float64),
    "functions": lambda g: np.where(g > 1, g, np.concatenate([g])),
    "the module's arrays": lambda g: _simulated.zeros((2, 3)),
    "the module's ufunc": lambda g: _simulated.exp(g),
    "the module's method of a ufunc": lambda g: _simulated.maximum.accumulate(g),
}


@pytest.mark.parametrize("compute", STAYS.values(), ids=STAYS)
def test_results_stay_on_the_gpu(compute):
    result = compute(on_gpu(1, 2, 3))
    assert type(result) is SimulatedArray and xp_of(result) is _simulated


def test_several_results_stay_on_the_gpu_in_their_container():
    pair = np.divmod(on_gpu(7, 8), 3)
    assert type(pair) is tuple and list(map(type, pair)) == [SimulatedArray] * 2
    parts = np.split(on_gpu(1, 2, 3, 4), 2)
    assert type(parts) is list and list(map(type, parts)) == [SimulatedArray] * 2
    factors = _simulated.linalg.qr(on_gpu([2, 0], [0, 3]))
    assert type(factors.Q) is type(factors.R) is SimulatedArray
    np.testing.assert_allclose(to_host(factors.Q @ factors.R), [[2, 0], [0, 3]])


@pytest.mark.parametrize("change", [
    lambda g: g.__iadd__(1), lambda g: g.__iadd__(on_gpu(1, 1)),
    lambda g: np.add(g, 1, out=g), lambda g: np.add(g, on_gpu(1, 1), g)])
def test_a_change_in_place_changes_this_array(change):
    g = on_gpu(1, 2)
    view = g[:1]
    assert change(g) is g
    np.testing.assert_array_equal(to_host(g), [2, 3])
    assert float(view[0]) == 2


def test_elements_and_parts_can_be_written():
    g = on_gpu(1, 2, 3)
    g[0] = 5
    g[1:] += 10
    g[on_gpu(2, dtype=int)] = on_gpu(7)
    np.add.at(g, on_gpu(1, 1, dtype=int), 100)
    np.testing.assert_array_equal(to_host(g), [5, 212, 7])


def test_putting_copies_between_the_two_memories_only():
    host = np.ones(2, np.float32)
    gpu = host.view(SimulatedArray)
    assert to_host(host) is host and np.shares_memory(to_host(gpu), host)
    back = Device("cpu:2").put(gpu)
    assert type(back) is np.ndarray and not np.shares_memory(back, host)
    assert Device("cpu").put(host, np.float32) is host
    assert Device("cpu").put(host, np.float64).dtype == np.float64


@cuda.jit
def fill(out, x):
    k = cuda.grid(1)
    if k < out.size:
        out[k] = x[k]


def test_a_kernel_refuses_a_host_array(monkeypatch):
    monkeypatch.setattr(launch, "SIMULATED", True)
    for arguments in [(on_gpu(0, 0), np.ones(2, np.float32)), (np.ones(2), on_gpu(1, 2))]:
        with pytest.raises(TypeError, match="a CUDA kernel was given a host array"):
            launch.on_gpu(fill, (2,), *arguments)


@pytest.mark.parametrize("index", [1.0, "1", [1]])
def test_the_index_of_a_device_is_a_whole_number(index):
    with pytest.raises(TypeError, match="device: expected a whole number as index"):
        Device("cuda", index)


WITHOUT_A_GPU = """
import numpy as np
import pedagogic_nn as torch
from pedagogic_nn.backend.device import Device, worker

gpu = Device("cuda:1")
attempts = [lambda: gpu.xp, lambda: gpu.put(np.ones(2)), lambda: gpu.__enter__(),
            lambda: worker(gpu), lambda: torch.zeros(2).to(gpu),
            lambda: torch.zeros(2, device="cuda:1"),
            lambda: torch.nn.Linear(2, 3).to(gpu)]
for attempt in attempts:
    try:
        attempt()
    except RuntimeError as error:
        print(error)
"""


def test_without_a_gpu_every_way_to_it_says_the_same():
    said = run(WITHOUT_A_GPU, NUMBA_ENABLE_CUDASIM="0",
               CUDA_VISIBLE_DEVICES="").splitlines()
    assert len(said) == 7 and len(set(said)) == 1
    assert said[0].startswith("cuda:1: found 0 GPUs.")
    assert "pip install 'pedagogic_nn[cuda]'" in said[0]
    assert "NUMBA_ENABLE_CUDASIM=1" in said[0]


def test_a_worker_has_its_own_thread_named_after_its_device():
    import threading
    names = {d: worker(Device(d)).submit(lambda: threading.current_thread().name).result()
             for d in ("cpu", "cpu:1", "cpu:2")}
    assert len(set(names.values())) == 3
    assert all(name.startswith(f"pedagogic_nn {d}_") for d, name in names.items())
