"""Freed memory is kept for the next array.

A training step allocates its activations, and frees them all at its end.  glibc's
`malloc` hands large pieces back to the system at once.  The next step gets fresh ones,
which the system clears and maps page by page (4 KiB) when they are first touched.  That
costs 0.25 µs a page, on a virtual machine 2.5 µs, ten times what a kernel needs to fill
it: half of the training step of a small super-resolution network went there (measured).

So `malloc` is told, once for the process, to serve arrays up to 32 MiB (the most that it
documents) from its own heap, and to keep what is freed at its end, up to 512 MiB.  That
costs some holes: the peak of a large multilayer perceptron rose by an eighth.  With
arrays up to 64 MiB, that of a step with convolutions rose by a fifth.

PEDAGOGIC_NN_KEEP_MIB in the environment sets the 512; with 0, or where glibc was given
settings of its own, `malloc` is left as it is.  Other C libraries have no such switch and
lose less: macOS keeps freed memory by itself.
"""
import ctypes
import os

MMAP_MIB, KEEP_MIB = 32, 512

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3              # the numbers of glibc's malloc.h
_SETTINGS = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TOP_PAD_",
             "MALLOC_MMAP_MAX_")


def keep_freed_memory() -> bool:
    """Tell glibc to keep freed memory, as the module's docstring says.

    Returns: whether it will.

    Raises:
        ValueError: PEDAGOGIC_NN_KEEP_MIB is no whole number of MiB.
    """
    text = os.environ.get("PEDAGOGIC_NN_KEEP_MIB", str(KEEP_MIB))
    if not text.isdecimal():
        raise ValueError("PEDAGOGIC_NN_KEEP_MIB: expected a whole number of MiB, got "
                         f"{text!r}")
    keep = min(int(text), 2047) << 20                   # glibc reads an int of 32 bits
    if keep == 0 or _has_settings():
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):        # another C library, or Windows
        return False
    return bool(mallopt(_MMAP_THRESHOLD, MMAP_MIB << 20)
                and mallopt(_TRIM_THRESHOLD, keep))


def _has_settings() -> bool:
    return (any(name in os.environ for name in _SETTINGS)
            or "glibc.malloc" in os.environ.get("GLIBC_TUNABLES", ""))
