"""One decorator for every CPU kernel: `jit` is numba's njit with this library's flags and a safe disk cache.

Flags, and what was measured (facts in the chapter "numba on the CPU"):

    nogil=True            several threads may run kernels at once (DataParallel on virtual CPUs)
    error_model='numpy'   1 / 0 is inf, as in NumPy and on a GPU, and no branch stands in the way of vectors
    fastmath              'contract' (fused multiply-add) and 'nsz'; `reassociate=True` adds 'reassoc', which lets a
                          sum run in vector lanes (0.05 ns per element instead of 1.05).
                          Never 'nnan' or 'ninf': with them numba no longer sees NaN or inf.

The cache.  Numba's own notices a change in the file of a kernel, but not in the files of the kernels that it calls, and
then runs old code.  `_stamp` looks through: it covers every file that a kernel reaches.  Where no folder can be written,
kernels are compiled once per process instead.
"""
import inspect
import os
import types

from numba import njit
from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    InTreeCacheLocator,
    UserProvidedCacheLocator,
    UserWideCacheLocator,
)
from numba.core.dispatcher import Dispatcher

ELEMENTWISE = {"contract", "nsz"}
REDUCTION = {"contract", "nsz", "reassoc"}


def jit(function=None, *, reassociate=False, **options):
    """Compile `function` for the CPU on its first call.

    Args:
        reassociate: let sums change their order, so that they run in vector lanes.
        options: passed on to `numba.njit` (parallel, inline, locals …).
    """
    if function is None:
        return lambda f: jit(f, reassociate=reassociate, **options)
    options.setdefault("fastmath", REDUCTION if reassociate else ELEMENTWISE)
    compiled = njit(nogil=True, error_model="numpy", **options)(function)
    return cached(compiled)


def cached(dispatcher):
    """Give a numba dispatcher the disk cache of this package; unchanged where no folder can be written."""
    if isinstance(dispatcher, Dispatcher):                   # with NUMBA_DISABLE_JIT=1 it is a plain function
        try:
            dispatcher._cache = _PackageCache(dispatcher.py_func)
        except RuntimeError:                                 # "no locator available": nowhere to write
            pass
    return dispatcher


def _stamp(function):
    """Name, time and size of every file of this package that `function` reaches."""
    files, seen, waiting = set(), set(), [function]
    while waiting:
        f = waiting.pop()
        f = getattr(f, "py_func", f)
        if id(f) in seen or not isinstance(f, types.FunctionType):
            continue
        seen.add(id(f))
        path = inspect.getfile(f)
        if not path.startswith(_PACKAGE):
            continue
        files.add(path)
        waiting += (f.__globals__.get(name) for name in f.__code__.co_names)
    stats = ((os.path.relpath(path, _PACKAGE), os.stat(path)) for path in sorted(files))
    return tuple((name, s.st_mtime, s.st_size) for name, s in stats)


_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class _Stamped:
    """A cache locator whose stamp covers all files that the kernel reaches."""

    @classmethod
    def from_function(cls, function, path):
        locator = super().from_function(function, path)
        if locator is not None:
            locator.function = function
        return locator

    def get_source_stamp(self):
        return _stamp(self.function)


class _Provided(_Stamped, UserProvidedCacheLocator):
    """The folder that NUMBA_CACHE_DIR names."""


class _InTree(_Stamped, InTreeCacheLocator):
    """`__pycache__` beside the source."""


class _UserWide(_Stamped, UserWideCacheLocator):
    """The user's cache folder, for a package that cannot be written."""


class _PackageCacheImpl(CompileResultCacheImpl):
    _locator_classes = [_Provided, _InTree, _UserWide]


class _PackageCache(FunctionCache):
    _impl_class = _PackageCacheImpl
