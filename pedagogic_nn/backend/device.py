"""Devices: where arrays live, and which array module makes them.

    cpu, cpu:1 … cpu:7     NumPy arrays.  One memory, but each name has its own worker
                           thread and generator, so that data parallelism can be taught,
                           tested and used on a laptop.
    cuda:0, cuda:1 …       CuPy arrays on a GPU.
    the same, simulated    With NUMBA_ENABLE_CUDASIM=1 in the environment and no GPU:
                           NumPy memory dressed as a `SimulatedArray`, which refuses to
                           meet a host array, as GPU memory does.

An array does not know "cpu:1" from "cpu:0" (both are NumPy's), so a tensor carries its
`Device` with it.
"""
import os
from types import ModuleType
from typing import Any

import numpy as np
from numba.core import config

from .locks import Lock

SIMULATED = bool(config.ENABLE_CUDASIM)
VIRTUAL_CPUS = 8
SIMULATED_GPUS = 4


class Device:
    """A place for arrays: `Device('cpu')`, `Device('cuda:1')`, `Device('cuda', 1)`.

    There is one object for each place, so devices are compared with `is` or `==`.

    Args:
        name: 'cpu' or 'cuda', with ':index' if it is not the first; a Device is returned
            as it is; a whole number means that GPU, as in PyTorch.
        index: the number, if the name does not carry it.

    Raises:
        RuntimeError: the name means no device.

    Example:
        >>> Device("cuda:1")
        device(type='cuda', index=1)
        >>> Device("cpu") is Device("cpu", 0)
        True
    """

    _known: dict[tuple[str, int], "Device"] = {}
    type: str
    index: int

    def __new__(cls, name: "str | int | Device" = "cpu",
                index: int | None = None) -> "Device":
        if isinstance(name, Device):
            return name
        key = _parse(name, index)
        if key not in cls._known:
            made = super().__new__(cls)
            made.type, made.index = key
            cls._known.setdefault(key, made)       # one object, also if two threads ask
        return cls._known[key]

    @property
    def xp(self) -> ModuleType:
        """The array module of this device: numpy, cupy, or numpy making simulated
        arrays."""
        if self.type == "cpu":
            return np
        return _simulated if SIMULATED else _cupy(self)

    def put(self, array: Any, dtype: Any = None) -> Any:
        """`array` (of any device, or nested lists) as an array on this device.

        It is copied between the CPU and a GPU, or to change its dtype, and else returned
        as it is: "cpu" and "cpu:1" share one memory.
        """
        if self.type == "cpu" or SIMULATED:
            moved = isinstance(array, SimulatedArray) == (self.type == "cpu")
            found = np.array(to_host(array), dtype, copy=True if moved else None)
            return found if self.type == "cpu" else found.view(SimulatedArray)
        with self:
            return self.xp.asarray(array, dtype)

    def synchronize(self) -> None:
        """Wait until all work queued on this device is done."""
        if self.type == "cuda" and not SIMULATED:
            with self:
                self.xp.cuda.get_current_stream().synchronize()

    def __enter__(self) -> "Device":
        """Make this device current for the thread; numba follows CuPy's context."""
        if self.type == "cuda" and not SIMULATED:
            self.xp.cuda.Device(self.index).__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        if self.type == "cuda" and not SIMULATED:
            self.xp.cuda.Device(self.index).__exit__(*error)

    def __repr__(self) -> str:
        if self.type == "cpu" and self.index == 0:
            return "device(type='cpu')"
        return f"device(type='{self.type}', index={self.index})"

    def __str__(self) -> str:
        first_cpu = self.type == "cpu" and self.index == 0
        return "cpu" if first_cpu else f"{self.type}:{self.index}"

    def __reduce__(self) -> tuple:
        return Device, (self.type, self.index)


def _parse(name: Any, index: int | None) -> tuple[str, int]:
    given = name if index is None else f"{name}, {index}"
    if isinstance(name, (int, np.integer)) and not isinstance(name, bool):
        name, index = "cuda", int(name)
    kind, colon, number = str(name).partition(":")
    if colon and index is None and number.isdecimal():
        index = int(number)
    elif colon:
        kind = ""                                  # 'cpu:', 'cpu:x', or the index twice
    limits = {"cpu": VIRTUAL_CPUS, "cuda": SIMULATED_GPUS if SIMULATED else 1024}
    if kind not in limits:
        raise RuntimeError("device: expected 'cpu', 'cuda', 'cpu:1', 'cuda:1' …, "
                           f"got {given!r}")
    if not isinstance(index, (int, np.integer, type(None))):
        raise TypeError(f"device: expected a whole number as index, got {index!r}")
    if not 0 <= (index or 0) < limits[kind]:
        raise RuntimeError(f"device: {kind}:{index} does not exist; the last one is "
                           f"{kind}:{limits[kind] - 1}")
    return kind, int(index or 0)


def gpu_count() -> int:
    """How many GPUs can be used: real ones, or simulated ones, or 0."""
    if SIMULATED:
        return SIMULATED_GPUS
    try:
        import cupy
        return cupy.cuda.runtime.getDeviceCount()
    except Exception:                  # no CuPy, or no driver: there is no GPU to use
        return 0


def _cupy(device: Device) -> ModuleType:
    if gpu_count() <= device.index:
        raise RuntimeError(
            f"{device}: found {gpu_count()} GPUs. On a machine with an NVIDIA GPU: "
            "pip install 'pedagogic_nn[cuda]'. To simulate one, set "
            "NUMBA_ENABLE_CUDASIM=1 before Python starts.")
    import cupy
    return cupy


def to_host(array: Any) -> Any:
    """A NumPy array with the contents of `array`; not copied if it is on the CPU."""
    if isinstance(array, SimulatedArray):
        return array.view(np.ndarray)
    if isinstance(array, (np.ndarray, np.generic)) or not hasattr(array, "get"):
        return array
    return array.get()


def xp_of(array: Any) -> Any:
    """The array module that `array` belongs to."""
    kind = type(array)
    if kind is np.ndarray:
        return np
    if kind is SimulatedArray:
        return _simulated
    if issubclass(kind, (np.ndarray, np.generic, int, float)):
        return np
    import cupy
    return cupy


# ---- a GPU's memory, played by NumPy -------------------------------------------------


class SimulatedArray(np.ndarray):
    """NumPy memory that plays GPU memory: with a host array it is an error, as in
    CuPy."""

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        options = _unwrap(options)
        if out is not None:
            options["out"] = _unwrap(out)
        result = getattr(ufunc, method)(*_unwrap(inputs), **options)
        return _dress(result) if out is None or len(out) > 1 else out[0]

    def __array_function__(self, function, types, args, options):
        return _dress(function(*_unwrap(args), **_unwrap(options)))

    def __getitem__(self, index):
        index = _unwrap(index)
        found = self.view(np.ndarray)[index]
        if isinstance(found, np.generic):      # NumPy copies it out, CuPy gives a view
            parts = index if isinstance(index, tuple) else (index,)
            found = self.view(np.ndarray)[(*parts, ...)]
        return _dress(found)

    def __setitem__(self, index, value):
        self.view(np.ndarray)[_unwrap(index)] = _unwrap(value)


def _unwrap(value):
    if isinstance(value, SimulatedArray):
        return value.view(np.ndarray)
    if isinstance(value, (list, tuple)):
        return _like(value, map(_unwrap, value))
    if isinstance(value, dict):
        return {k: _unwrap(v) for k, v in value.items()}
    if isinstance(value, np.ndarray):
        raise TypeError("a host array met an array on the (simulated) GPU; "
                        "move one of them first")
    return value


def _dress(value):
    if isinstance(value, (list, tuple)):
        return _like(value, map(_dress, value))
    if isinstance(value, np.generic):      # CuPy has no scalars: it gives 0-d arrays
        value = np.asarray(value)
    return value.view(SimulatedArray) if isinstance(value, np.ndarray) else value


def _like(sequence, items):
    """`items` in a list, tuple or named tuple."""
    kind = type(sequence)
    return kind(*items) if hasattr(kind, "_fields") else kind(items)


class _SimulatedModule:
    """numpy, with every array that it makes a SimulatedArray."""

    def __getattr__(self, name):
        item = getattr(np, name)
        if isinstance(item, np.ufunc):
            return _SimulatedUfunc(item)
        if not callable(item) or isinstance(item, type):
            return item
        return lambda *args, **options: _dress(item(*_unwrap(args), **_unwrap(options)))


class _SimulatedUfunc:
    def __init__(self, ufunc):
        self.ufunc = ufunc

    def __call__(self, *args, **options):
        return _dress(self.ufunc(*_unwrap(args), **_unwrap(options)))

    def __getattr__(self, name):
        method = getattr(self.ufunc, name)
        return lambda *args, **options: _dress(method(*_unwrap(args), **_unwrap(options)))


_simulated: Any = _SimulatedModule()


# ---- one worker thread for each device -----------------------------------------------

_workers: dict[Device, Any] = {}
_workers_lock = Lock()


def worker(device: Device) -> Any:
    """The executor whose single thread owns `device`: what is submitted runs in
    order."""
    from concurrent.futures import ThreadPoolExecutor
    with _workers_lock:
        if device not in _workers:
            _ = device.xp                  # no GPU: say so here, not in the thread
            name = f"pedagogic_nn {device}"
            _workers[device] = ThreadPoolExecutor(1, name, device.__enter__)
        return _workers[device]


def _after_fork() -> None:
    _workers.clear()                       # threads do not survive a fork


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
