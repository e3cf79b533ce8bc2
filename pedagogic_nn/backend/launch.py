"""Launching: allocate, choose threads or blocks, run a kernel.

Loops and threads are written here, once.  A CPU kernel is a `@jit` function over a
range of its first axis, `kernel(lo, hi, *arrays)`.  `on_cpu` calls it once for little
work, and once per thread (numba's `prange`) for much.  A CUDA kernel is a `@cuda.jit`
function with one thread for each element; `on_gpu` covers a shape with blocks.
"""
import functools
import os
import threading
import types
from typing import Any

import numba
import numpy as np
from numba import prange
from numba.core.dispatcher import Dispatcher

from .device import SIMULATED, SimulatedArray, xp_of
from .jit import cached, specialised
from .locks import Lock

# How often GNU's OpenMP looks for work before a thread goes to sleep.  To wake it takes
# 60 to 100 µs, as long as some 3,000 looks.  By default there are 300,000.  On a busy
# machine, where the thread that all wait for may not be running, training steps took nine
# times as long with 100,000 as with 3,000; with none, a quiet machine takes up to twice
# as long.  (It is read when the first parallel kernel runs.)
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "3000")

# Elements: below, a second thread costs more (3 µs) than it saves; measured on two
# cores.
PARALLEL_ABOVE = 65_536
CHEAP = 4        # elements of a sum or a copy (0.25 ns each) in the time of one of these


# ---- arrays --------------------------------------------------------------------------

_ndarray, _empty = np.ndarray, np.empty      # names found at once: `like` is called often


def like(a: Any, shape: Any = None, dtype: Any = None) -> Any:
    """An empty array on the device of `a`, of its shape and dtype unless told
    otherwise."""
    empty = _empty if type(a) is _ndarray else xp_of(a).empty
    return empty(a.shape if shape is None else shape, a.dtype if dtype is None else dtype)


def contiguous(a: Any) -> Any:
    """`a` with its elements in C order: itself, or a copy.

    Kernels are compiled for this layout only.
    """
    return a if a.flags.c_contiguous else a.copy(order="C")


# ---- threads -------------------------------------------------------------------------

_threads = int(numba.config.NUMBA_NUM_THREADS)
_here = threading.local()
_forked = False
_layer_lock, _layer_is_safe = Lock(), False


def get_num_threads() -> int:
    """How many threads a large CPU kernel uses."""
    return _threads


def set_num_threads(n: int) -> None:
    """Let large CPU kernels use `n` threads.

    There are at most as many as NUMBA_NUM_THREADS said when numba was imported.

    Raises:
        RuntimeError: n is not a positive integer.
    """
    global _threads
    if not isinstance(n, int) or isinstance(n, bool) or n < 1:
        raise RuntimeError(f"set_num_threads: expected a positive integer, got {n!r}")
    _threads = min(n, int(numba.config.NUMBA_NUM_THREADS))


def threads_for(work: int) -> int:
    """How many threads are worth it for `work` elements.

    One for little work, in a forked child, and inside `with one_thread():`.
    """
    if work < PARALLEL_ABOVE or _threads == 1 or _forked:
        return 1
    return 1 if getattr(_here, "serial", False) else _threads


class one_thread:
    """`with one_thread():` keeps the kernels of this thread serial.

    The replicas of DataParallel use one thread each.
    """

    def __enter__(self) -> None:
        self.before, _here.serial = getattr(_here, "serial", False), True

    def __exit__(self, *error: Any) -> None:
        _here.serial = self.before


def _after_fork() -> None:
    global _forked
    _forked = True           # OpenMP kills a forked child that enters a parallel region


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def in_parallel(function: Any, *args: Any) -> Any:
    """Call a `@jit(parallel=True)` function, from whichever thread.

    Numba's threading layer 'workqueue' aborts the process when two threads enter it, so
    calls queue up unless the layer is OpenMP or TBB.
    """
    global _layer_is_safe
    if _layer_is_safe or numba.config.DISABLE_JIT:
        return function(*args)
    with _layer_lock:
        result = function(*args)
        _layer_is_safe = numba.threading_layer() in ("omp", "tbb")
        return result


# ---- CPU kernels ---------------------------------------------------------------------


def on_cpu(kernel: Any, shape: tuple[int, ...], *args: Any, work: int = 0) -> None:
    """Run `kernel(lo, hi, *args)` over 0 … shape[0].

    It is split over threads when there is enough to do: `work` elements, or as many as
    `shape` holds.
    """
    n = shape[0]
    work = work or (n if len(shape) == 1 else _size(shape))
    parts = 1 if work < PARALLEL_ABOVE else min(threads_for(work), n)
    if parts > 1:
        in_parallel(_over_parts(kernel, _run_part), parts, n, *args)
    elif n:
        kernel(0, n, *args)


def sum_on_cpu(kernel: Any, shape: tuple[int, ...], *args: Any) -> float:
    """The sum of what `kernel(lo, hi, *args)` returns over parts of 0 … shape[0]."""
    n = shape[0]
    parts = min(threads_for(n if len(shape) == 1 else _size(shape)), n)
    if parts > 1:
        return in_parallel(_over_parts(kernel, _sum_part), parts, n, *args)
    return kernel(0, n, *args) if n else 0.0


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for n in shape:
        size *= n
    return size


def _run_part(parts, n, *args):
    for q in prange(parts):
        kernel(q * n // parts, (q + 1) * n // parts, *args)              # noqa: F821


def _sum_part(parts, n, *args):
    sums = np.zeros((parts, 8))          # a cache line each: threads must not share one
    for q in prange(parts):
        sums[q, 0] = kernel(q * n // parts, (q + 1) * n // parts, *args)  # noqa: F821
    return sums[:, 0].sum()


@functools.cache
def _over_parts(kernel, template):
    """`template` over the parts of `kernel`, compiled for several threads."""
    copy = specialised(template, {**globals(), "kernel": kernel}, kernel)
    options = {k: v for k, v in getattr(kernel, "targetoptions", {}).items()
               if k in ("fastmath", "error_model")}
    return cached(numba.njit(parallel=True, nogil=True, **options)(copy))


# ---- CUDA kernels --------------------------------------------------------------------

# Threads in a block, by the number of axes. CUDA counts the first axis fastest, memory
# the last: only the last is spread, so that neighbours in memory meet neighbour threads.
BLOCKS = {1: (256,), 2: (1, 256), 3: (1, 4, 64)}
if SIMULATED:                              # the simulator pays 0.1 ms for each thread
    BLOCKS = {1: (32,), 2: (4, 8), 3: (2, 4, 4)}
_simulator = Lock()                        # the simulator runs one launch at a time


class CudaKernel:
    """A function that becomes a CUDA kernel at its first launch.

    So importing the library loads no CUDA.
    """

    all: list["CudaKernel"] = []

    def __init__(self, function: Any, **options: Any) -> None:
        functools.update_wrapper(self, function)        # type: ignore[arg-type]
        self.function, self.options = function, options
        self.signatures: set[tuple[str, ...]] = set()   # types the simulator has seen
        CudaKernel.all.append(self)

    @functools.cached_property
    def compiled(self) -> Any:
        from numba import cuda
        f = self.function
        names = {**f.__globals__, "cuda": cuda}
        if SIMULATED:
            names.update({k: _for_simulator(names[k])
                          for k in f.__code__.co_names if k in names})
        real = types.FunctionType(f.__code__, names, f.__name__, f.__defaults__,
                                  f.__closure__)
        real.__module__, real.__qualname__ = f.__module__, f.__qualname__
        return cuda.jit(**self.options)(real)

    def launch(self, grid: Any, block: Any, *args: Any) -> None:
        """Run with `grid` blocks of `block` threads."""
        if not SIMULATED:
            self.compiled[grid, block](*args)
            return
        self.signatures.add(tuple(_numba_type(a) for a in args))
        with _simulator:
            self.compiled[grid, block](*(_plain(a) for a in args))


class _LazyCuda:
    """`from ..backend import cuda` gives `cuda.jit` without loading CUDA.

    Inside a kernel the name means numba.cuda itself.
    """

    def jit(self, function: Any = None, **options: Any) -> Any:
        if function is None:
            return lambda f: CudaKernel(f, **options)
        return CudaKernel(function, **options)


cuda: Any = _LazyCuda()


def on_gpu(kernel: CudaKernel, shape: tuple[int, ...], *args: Any, work: int = 0) -> None:
    """Run a CUDA kernel with one thread for each element of `shape` (1 to 3 axes)."""
    if 0 not in shape:                     # CUDA refuses a grid of no blocks
        block = BLOCKS[len(shape)]
        grid = tuple(-(-n // b) for n, b in zip(shape, block, strict=True))
        kernel.launch(grid, block, *args)


def _for_simulator(value):
    """A `@jit` function that takes the simulator's arrays: it is called with what they
    wrap."""
    if not isinstance(value, Dispatcher):
        return value

    def call(*args):
        return value(*(getattr(a, "_ary", a) for a in args))
    return call


def _plain(a):
    if isinstance(a, np.ndarray):
        if not isinstance(a, SimulatedArray):
            raise TypeError("a CUDA kernel was given a host array; "
                            "move it to the GPU first")
        return a.view(np.ndarray)
    return a


def _numba_type(a):
    """The type of a kernel's argument in numba's spelling: 'float32[:, ::1]', 'int64'
    …"""
    if isinstance(a, np.ndarray):
        return f"{a.dtype}[{', '.join([':'] * (a.ndim - 1) + ['::1'])}]"
    return str(np.asarray(a).dtype)
