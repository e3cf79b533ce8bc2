"""One decorator for every CPU kernel: numba's njit with this library's flags and cache.

Flags, and what was measured (facts in the chapter "numba on the CPU"):

    nogil=True            several threads may run kernels at once (DataParallel)
    error_model='numpy'   1 / 0 is inf, as in NumPy and on a GPU, and no branch stands in
                          the way of vectors
    fastmath              'contract' (fused multiply-add) and 'nsz'; `reassociate=True`
                          adds 'reassoc', which lets a sum run in vector lanes (0.05 ns
                          per element instead of 1.05).  Never 'nnan' or 'ninf': with
                          them numba no longer sees NaN or inf.

The cache.  Numba's own notices a change in the file of a kernel, but not in the files
of the kernels that it calls, and then runs old code.  `_stamp` looks through: it covers
every function that a kernel reaches.  What was typed into a notebook or a prompt has no
file to watch and is compiled once per process, as is everything where no folder can be
written.
"""
import os
import types

import numpy as np
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


def specialised(template, names, around):
    """A copy of `template` that finds `names` as globals, named after a function in
    them.

    Numba's disk cache files a kernel under its name; copies of one template need one
    each.
    """
    function = getattr(around, "py_func", around)    # plain under NUMBA_DISABLE_JIT=1
    name = (f"{function.__module__}.{function.__qualname__}"
            f".{function.__code__.co_firstlineno}{template.__name__}")
    copy = types.FunctionType(template.__code__, names, name)
    copy.__qualname__ = name
    return copy


# ---- the disk cache ------------------------------------------------------------------


def cached(dispatcher):
    """Give a numba dispatcher this package's disk cache, if a folder can be written."""
    if isinstance(dispatcher, Dispatcher):     # not with NUMBA_DISABLE_JIT=1
        try:
            dispatcher._cache = _PackageCache(dispatcher.py_func)
        except RuntimeError:                   # "no locator available": nowhere to write
            pass
    return dispatcher


_NOT_FOLLOWED = ("numpy", "numba", "llvmlite", "math", "cupy", "builtins")


def _stamp(function):
    """Every function and number that `function` reaches, and the state of their files.

    None if something has no file: then nobody can tell whether it has changed.
    """
    reached, files, seen, waiting = [], set(), set(), [function]
    while waiting:
        f = waiting.pop()
        f = getattr(f, "py_func", getattr(f, "_defn", f))     # a kernel, an intrinsic
        if isinstance(f, (bool, int, float, np.generic)):
            reached.append(repr(f))
        elif isinstance(f, types.FunctionType) and id(f) not in seen:
            seen.add(id(f))
            if str(f.__module__).partition(".")[0] not in _NOT_FOLLOWED:
                code = f.__code__
                reached.append((f.__module__, f.__qualname__, code.co_firstlineno))
                files.add(code.co_filename)
                waiting += _mentioned(f)
    if not all(map(os.path.isfile, files)):
        return None
    states = [(path, os.stat(path)) for path in sorted(files)]
    return (tuple(sorted(map(str, reached))),
            tuple((os.path.basename(path), s.st_mtime, s.st_size) for path, s in states))


def _mentioned(function):
    """What the code of `function` may use: globals, members of modules, its closure."""
    codes, names = [function.__code__], set()
    while codes:
        code = codes.pop()
        names.update(code.co_names)
        codes += [c for c in code.co_consts if isinstance(c, types.CodeType)]
    found = [function.__globals__[name] for name in sorted(names)
             if name in function.__globals__]
    for module in [v for v in found if isinstance(v, types.ModuleType)]:
        if module.__name__.partition(".")[0] not in _NOT_FOLLOWED:
            found += [getattr(module, name, None) for name in sorted(names)]
    for cell in function.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:                     # a name that is given its value later
            pass
    return found


class _Unstamped:
    """A cache locator that leaves the stamp to `_PackageCache`."""

    def get_source_stamp(self):
        return None


class _Provided(_Unstamped, UserProvidedCacheLocator):
    """The folder that NUMBA_CACHE_DIR names."""


class _InTree(_Unstamped, InTreeCacheLocator):
    """`__pycache__` beside the source."""


class _UserWide(_Unstamped, UserWideCacheLocator):
    """The user's cache folder, for a package that cannot be written."""


class _PackageCacheImpl(CompileResultCacheImpl):
    _locator_classes = [_Provided, _InTree, _UserWide]


class _PackageCache(FunctionCache):
    """The stamp is taken at the first call, when all that a kernel mentions is
    defined."""

    _impl_class = _PackageCacheImpl

    def load_overload(self, sig, target_context):
        return super().load_overload(sig, target_context) if self._stamped() else None

    def save_overload(self, sig, data):
        if self._stamped():
            super().save_overload(sig, data)

    def _stamped(self):
        self._cache_file._source_stamp = stamp = _stamp(self._py_func)
        return stamp is not None
