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
every function and number that a kernel reaches.  What was typed into a notebook or a
prompt has no file to watch and is compiled once per process, as is everything where no
folder can be written.
"""
import contextlib
import functools
import hashlib
import os
import pickle
import types

import numpy as np
from numba import __version__ as numba_version
from numba import njit
from numba.core import event
from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    IndexDataCacheFile,
    InTreeCacheLocator,
    NullCache,
    UserProvidedCacheLocator,
    UserWideCacheLocator,
)
from numba.core.dispatcher import Dispatcher

from ..collector import paused

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
    compiled = njit(nogil=True, error_model="numpy", **_NO_WRAPPER, **options)(function)
    return cached(compiled)


# Numba compiles two functions around each kernel, one for calls from Python and one for
# calls from C, which do not occur here.
_NO_WRAPPER = {"no_cfunc_wrapper": True}


class _PausedWhileCompiling(event.Listener):
    """What numba calls when it begins to compile, and when it ends."""

    def __init__(self):
        self._pauses = []

    def on_start(self, _):
        self._pauses.append(paused())
        self._pauses[-1].__enter__()

    def on_end(self, _):
        self._pauses.pop().__exit__()


event.register("numba:compile", _PausedWhileCompiling())


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
        dispatcher._cache = _CacheWhenCalled(dispatcher)
    return dispatcher


class _CacheWhenCalled:
    """A kernel's cache, made at the first call: to look for a folder takes 0.3 ms, and
    most of the library's 400 kernels are never called by a program."""

    def __init__(self, dispatcher):
        self._dispatcher = dispatcher

    @functools.cached_property
    def _cache(self):
        try:
            return _PackageCache(self._dispatcher)
        except RuntimeError:                   # "no locator available": nowhere to write
            return NullCache()

    def __getattr__(self, name):
        return getattr(self._cache, name)


_NOT_FOLLOWED = ("numpy", "numba", "llvmlite", "math", "cupy", "builtins")


def _stamp(function):
    """What `function` reaches, and evidence that it is still the same.

    Returns three sorted lists, or None if something has no file, or no name that is the
    same in every process:

        names    of functions; numbers and other constants with their values
        files    name, time and size
        codes    a hash of each function, for files that were changed after this process
                 had read them
    """
    names, files, codes, seen, waiting = set(), set(), set(), set(), [("", function)]
    while waiting:
        name, value = waiting.pop()
        value = getattr(value, "py_func", getattr(value, "_defn", value))   # an intrinsic
        if isinstance(value, types.FunctionType):
            if id(value) in seen or not _is_followed(value.__module__):
                continue
            seen.add(id(value))
            code, name = value.__code__, f"{value.__module__}.{value.__qualname__}"
            if not os.path.isfile(code.co_filename):
                return None
            file = os.stat(code.co_filename)
            files.add((os.path.basename(code.co_filename), file.st_mtime, file.st_size))
            names.add(name)
            codes.add(_fingerprint(code))
            waiting += _mentioned(name, value)
        elif isinstance(value, tuple):
            waiting += [(f"{name}[{k}]", v) for k, v in enumerate(value)]
        elif not isinstance(value, types.ModuleType):
            names.add(spelling := f"{name} = {_spell(value)}")
            if " at 0x" in spelling:           # an address: it differs in every process
                return None
    return sorted(names), sorted(files), sorted(codes)


def _is_followed(module):
    """Whether code of this module may change; what `exec` ran has None for a module."""
    return str(module).partition(".")[0] not in _NOT_FOLLOWED


def _fingerprint(code):
    """A hash of the instructions and constants of a function, and of those inside it."""
    constants = [_fingerprint(c) if isinstance(c, types.CodeType) else repr(c)
                 for c in code.co_consts]
    return hashlib.sha256(repr((code.co_code, code.co_names, constants)).encode()
                          ).hexdigest()


def _spell(value):
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{value.shape} {hashlib.sha256(value.tobytes()).hexdigest()}"
    return repr(value)


def _mentioned(owner, function):
    """(name, value) of what the code of `function` may use: globals, members of modules,
    what it closes over, defaults."""
    codes, names = [function.__code__], set()
    while codes:
        code = codes.pop()
        names.update(code.co_names)
        codes += [c for c in code.co_consts if isinstance(c, types.CodeType)]
    found = {name: function.__globals__[name] for name in names
             if name in function.__globals__}
    for key, module in list(found.items()):
        if isinstance(module, types.ModuleType) and _is_followed(module.__name__):
            found.update({f"{key}.{name}": getattr(module, name) for name in names
                          if hasattr(module, name)})
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
        with contextlib.suppress(ValueError):  # a name that is given its value later
            found[name] = cell.cell_contents
    found["defaults"] = function.__defaults__ or ()
    return [(f"{owner}: {name}", value) for name, value in found.items()]


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


class _FileForEachSignature(IndexDataCacheFile):
    """Numba keeps an index of numbered files.  Two processes that start together lose
    each other's entries in it, or swap them: then float32 runs the code for int32.  Here
    the name of a file says what is in it."""

    def load(self, key):
        try:
            evidence, data = self._load_data(self._file_of(key))
        except (OSError, EOFError, pickle.UnpicklingError):    # none, or cut short
            return None
        return data if evidence == self._source_stamp[1:] else None

    def save(self, key, data):
        self._save_data(self._file_of(key), (self._source_stamp[1:], data))

    def _file_of(self, key):
        content = repr((numba_version, self._source_stamp[0], key))
        return self._index_name.replace(
            ".nbi", f".{hashlib.sha256(content.encode()).hexdigest()[:16]}.nbc")


class _PackageCache(FunctionCache):
    """The stamp is taken at the first call, when all that a kernel mentions is
    defined."""

    _impl_class = _PackageCacheImpl

    def __init__(self, dispatcher):
        super().__init__(dispatcher.py_func)
        self._options = sorted((name, sorted(value) if isinstance(value, set) else value)
                               for name, value in dispatcher.targetoptions.items()
                               if name not in _NO_WRAPPER)
        self._cache_file = _FileForEachSignature(
            self.cache_path, self._impl.filename_base, source_stamp=None)

    def load_overload(self, sig, target_context):
        return super().load_overload(sig, target_context) if self._stamped() else None

    def save_overload(self, sig, data):
        if self._stamped():
            with contextlib.suppress(OSError):         # a full disk must not stop anyone
                super().save_overload(sig, data)

    def _stamped(self):
        self._cache_file._source_stamp = stamp = _stamp(self._py_func)
        return stamp is not None

    def _index_key(self, sig, codegen):
        return sig, codegen.magic_tuple(), self._options
