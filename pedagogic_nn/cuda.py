"""torch.cuda's names: is there a GPU, how many, wait for it.

With NUMBA_ENABLE_CUDASIM=1 the GPUs are simulated, and these functions say that they
are there.
"""
from typing import Any

from .autograd.factories import old_types
from .backend.device import SIMULATED, Device, gpu_count
from .backend.random import generator

_current = 0


def _gpu(device: Any) -> Device:
    """The GPU that is meant; None means the current one."""
    place = Device(_current if device is None else device)
    if place.type != "cuda":
        raise ValueError(f"expected a GPU, such as 'cuda:0', got {place}")
    return place


def is_available() -> bool:
    """Whether a GPU, real or simulated, can be used."""
    return gpu_count() > 0


def is_simulated() -> bool:
    """Whether the GPUs are numba's simulator."""
    return SIMULATED


def device_count() -> int:
    """The number of GPUs."""
    return gpu_count()


def current_device() -> int:
    """The GPU that `set_device` chose, 0 at the start."""
    return _current


def set_device(device: Any) -> None:
    """Choose the GPU that `current_device` names."""
    global _current
    _current = _gpu(device).index


def synchronize(device: Any = None) -> None:
    """Wait until a GPU has done all its work; timings need this."""
    _gpu(device).synchronize()


def get_device_name(device: Any = None) -> str:
    """The name of a GPU."""
    place = _gpu(device)
    if SIMULATED:
        return f"numba's CUDA simulator ({place})"
    return place.xp.cuda.runtime.getDeviceProperties(place.index)["name"].decode()


def manual_seed(seed: int) -> None:
    """Seed the generator of the current GPU."""
    generator(Device(_current)).manual_seed(seed)


def manual_seed_all(seed: int) -> None:
    """Seed the generators of all GPUs."""
    for k in range(gpu_count()):
        generator(Device("cuda", k)).manual_seed(seed)


def empty_cache() -> None:
    """Give memory that CuPy keeps for reuse back to the GPU."""
    if gpu_count() and not SIMULATED:
        Device(_current).xp.get_default_memory_pool().free_all_blocks()


globals().update(old_types("cuda"))
