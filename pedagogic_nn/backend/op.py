"""One operation, three implementations.

An `Op` is born from its NumPy reference, which the chapter quotes and the tests trust.
`.kernels`, `.elementwise`, `.cpu` and `.cuda` add the fast versions.  A call looks at
where the arrays live and runs the matching one:

    CuPy (or simulated) arrays → cuda
    NumPy arrays               → cpu, or the reference inside `with reference():`

Arrays of two kinds are an error that names the way out; nothing moves silently.
"""
import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .jit import jit, specialised
from .launch import CudaKernel, contiguous, cuda, like, on_cpu, on_gpu

# Constants for scalar formulas.  A plain 1 or 0.5 in a kernel is 64 bits wide and would
# turn float32 arithmetic into double; with these, float32 stays float32, and float64
# stays float64.
ZERO, HALF, ONE, TWO = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2)

_ndarray = np.ndarray
_FLOAT16 = np.dtype(np.float16)
_HALF = _FLOAT16.num
_NUMBERS = {int, float, bool, type(None)}       # beside arrays, these are met most often


def _is_array(a: Any) -> bool:
    return hasattr(a, "shape") and not isinstance(a, np.generic)


class _Mode(threading.local):
    reference = False


_mode = _Mode()


@contextlib.contextmanager
def reference() -> Iterator[None]:
    """Run NumPy arrays through the reference implementations (in this thread).

    Example:
        >>> with reference():
        ...     y = torch.tanh(torch.zeros(2))
    """
    before, _mode.reference = _mode.reference, True
    try:
        yield
    finally:
        _mode.reference = before


class Op:
    """One operation on arrays.  Made by `@op`; see the module's docstring."""

    all: list["Op"] = []                        # every Op, so that tests can visit them

    def __init__(self, reference: Callable) -> None:
        functools.update_wrapper(self, reference)
        self.reference = reference
        self.on_cpu: Callable | None = None
        self.on_cuda: Callable | None = None
        self.cuda_kernels: list[CudaKernel] = []
        Op.all.append(self)

    def __call__(self, *args: Any) -> Any:
        host = gpu = half = False
        for a in args:
            kind = type(a)
            if kind is _ndarray:
                host = True
            elif kind not in _NUMBERS and _is_array(a):
                gpu = True
            else:
                continue
            if a.dtype.num == _HALF:
                half = True
        if gpu:
            return self._on_gpu(args, host, half)
        if _mode.reference or self.on_cpu is None:
            return self.reference(*args)
        return _in_float32(self.on_cpu, args) if half else self.on_cpu(*args)

    def _on_gpu(self, args: tuple, host: bool, half: bool) -> Any:
        if host:
            raise RuntimeError(f"{self.reference.__name__} expected all arrays on one "
                               "device, got some on the CPU and some on the GPU; move "
                               "them with .to('cuda') or .to('cpu')")
        if self.on_cuda is None:
            raise RuntimeError(f"{self.reference.__name__} has no CUDA version; register "
                               "one with .cuda, .kernels or .elementwise, or move the "
                               "arrays with .to('cpu')")
        return _in_float32(self.on_cuda, args) if half else self.on_cuda(*args)

    def cpu(self, implementation: Callable) -> Callable:
        """Register what runs on NumPy arrays (decorator)."""
        self.on_cpu = implementation
        return implementation

    def cuda(self, implementation: Callable) -> Callable:
        """Register what runs on GPU arrays (decorator)."""
        self.on_cuda = implementation
        return implementation

    def kernels(self, cpu: Any, cuda: CudaKernel) -> Callable:
        """Register a CPU and a CUDA kernel that share one launch (decorator).

        The launch is `f(run, *arrays)`: it allocates the outputs with `like`, calls
        `run(shape, *outputs, *inputs)` and returns the outputs.  On the CPU `run` calls
        `cpu(lo, hi, …)` over the first axis of shape; on a GPU `cuda(…)` gets one
        thread for each element of shape.
        """
        self.cuda_kernels.append(cuda)

        def register(launch: Callable) -> Callable:
            self.on_cpu = functools.partial(launch, _run(on_cpu, cpu))
            self.on_cuda = functools.partial(launch, _run(on_gpu, cuda))
            return launch
        return register

    def elementwise(self, scalar: Callable | None = None, *,
                    arrays: int | None = None) -> Any:
        """Register one scalar formula on both fast backends (decorator).

        The operation takes arrays of one shape and returns one like the first.  With
        `arrays=n` only the first n arguments are arrays, and the others are numbers.
        """
        if scalar is None:
            return functools.partial(self.elementwise, arrays=arrays)
        formula = jit(scalar, forceinline=True)   # a call in a loop would not vectorise
        count = scalar.__code__.co_argcount
        n = arrays or count
        cpu = _loop(_CPU_LOOPS[n, count - n], formula)
        cuda = _loop(_CUDA_LOOPS[n, count - n], formula)
        self.cuda_kernels.append(cuda_kernel := CudaKernel(cuda))
        name = self.reference.__name__
        self.on_cpu = functools.partial(_map, name, on_cpu, jit(cpu), n)
        self.on_cuda = functools.partial(_map, name, on_gpu, cuda_kernel, n)
        return formula


def op(reference: Callable) -> Op:
    """Make an Op from its reference: a function in array notation, its own oracle."""
    return Op(reference)


def _run(start, kernel):
    """`run` for a launch: `start` (on_cpu or on_gpu) with contiguous arrays."""
    def run(shape, *args, work=0):
        args = [a if type(a) in _NUMBERS or not getattr(a, "ndim", 0)
                or a.flags.c_contiguous else contiguous(a) for a in args]
        start(kernel, shape, *args, work=work)
    return run


def _in_float32(implementation, args):
    """Half precision, which CPU kernels lack: in float32, rounded at the end."""
    wider = [a.astype(np.float32) if getattr(a, "dtype", None) == _FLOAT16 else a
             for a in args]
    out = implementation(*wider)
    if isinstance(out, tuple):
        return tuple(_to_half(o) for o in out)
    return _to_half(out)


def _to_half(a):
    return a.astype(_FLOAT16) if getattr(a, "dtype", None) == np.float32 else a


# ---- elementwise: a loop on the CPU, a thread for each element on a GPU --------------


def _map(name, start, kernel, n, *args):
    """Run an elementwise kernel over flat arrays.

    Numbers take the dtype of the first array.  Kernels do not check bounds: arrays of
    different shapes would be read past their ends.
    """
    first, shape = args[0], args[0].shape
    out = like(first)
    flat = [out if len(shape) == 1 else out.reshape(-1)]
    for a in args if len(args) == n else args[:n]:
        if a.shape != shape:
            raise ValueError(f"{name} expected arrays of one shape, got "
                             f"{', '.join(str(a.shape) for a in args[:n])}")
        flat.append(a if len(shape) == 1 and a.flags.c_contiguous else a.ravel())
    if len(args) > n:
        to_dtype = first.dtype.type
        for p in args[n:]:
            flat.append(to_dtype(p))
    start(kernel, (out.size,), *flat)
    return out


# The numbers are spelt out: numba compiles no *numbers for a GPU, and on the CPU an empty
# one is looked up anew at every call of a kernel that came from the disk cache.
# The slices: an index that runs from lo to hi does not vectorise.


def _cpu1(lo, hi, out, x):
    out, x = out[lo:hi], x[lo:hi]
    for k in range(out.size):
        out[k] = formula(x[k])  # noqa: F821


def _cpu1_number(lo, hi, out, x, p):
    out, x = out[lo:hi], x[lo:hi]
    for k in range(out.size):
        out[k] = formula(x[k], p)  # noqa: F821


def _cpu1_numbers(lo, hi, out, x, p, q):
    out, x = out[lo:hi], x[lo:hi]
    for k in range(out.size):
        out[k] = formula(x[k], p, q)  # noqa: F821


def _cpu2(lo, hi, out, x, y):
    out, x, y = out[lo:hi], x[lo:hi], y[lo:hi]
    for k in range(out.size):
        out[k] = formula(x[k], y[k])  # noqa: F821


def _cpu2_number(lo, hi, out, x, y, p):
    out, x, y = out[lo:hi], x[lo:hi], y[lo:hi]
    for k in range(out.size):
        out[k] = formula(x[k], y[k], p)  # noqa: F821


def _cpu2_numbers(lo, hi, out, x, y, p, q):
    out, x, y = out[lo:hi], x[lo:hi], y[lo:hi]
    for k in range(out.size):
        out[k] = formula(x[k], y[k], p, q)  # noqa: F821


def _cpu3(lo, hi, out, x, y, z):
    out, x, y, z = out[lo:hi], x[lo:hi], y[lo:hi], z[lo:hi]
    for k in range(out.size):
        out[k] = formula(x[k], y[k], z[k])  # noqa: F821


def _cuda1(out, x):
    k = cuda.grid(1)
    if k < out.size:
        out[k] = formula(x[k])  # noqa: F821


def _cuda1_number(out, x, p):
    k = cuda.grid(1)
    if k < out.size:
        out[k] = formula(x[k], p)  # noqa: F821


def _cuda1_numbers(out, x, p, q):
    k = cuda.grid(1)
    if k < out.size:
        out[k] = formula(x[k], p, q)  # noqa: F821


def _cuda2(out, x, y):
    k = cuda.grid(1)
    if k < out.size:
        out[k] = formula(x[k], y[k])  # noqa: F821


def _cuda2_number(out, x, y, p):
    k = cuda.grid(1)
    if k < out.size:
        out[k] = formula(x[k], y[k], p)  # noqa: F821


def _cuda2_numbers(out, x, y, p, q):
    k = cuda.grid(1)
    if k < out.size:
        out[k] = formula(x[k], y[k], p, q)  # noqa: F821


def _cuda3(out, x, y, z):
    k = cuda.grid(1)
    if k < out.size:
        out[k] = formula(x[k], y[k], z[k])  # noqa: F821


_CPU_LOOPS = {(1, 0): _cpu1, (1, 1): _cpu1_number, (1, 2): _cpu1_numbers,
              (2, 0): _cpu2, (2, 1): _cpu2_number, (2, 2): _cpu2_numbers,
              (3, 0): _cpu3}
_CUDA_LOOPS = {(1, 0): _cuda1, (1, 1): _cuda1_number, (1, 2): _cuda1_numbers,
               (2, 0): _cuda2, (2, 1): _cuda2_number, (2, 2): _cuda2_numbers,
               (3, 0): _cuda3}


def _loop(template, formula):
    """`template` around `formula`."""
    return specialised(template, {**globals(), "formula": formula}, formula)
