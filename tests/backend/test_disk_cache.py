"""The disk cache of compiled kernels: never old code, never another's, never in the way.

Most tests play several processes in one: a module that is loaded again has new functions
and new dispatchers, which know of the first ones only what is on the disk.
"""
import importlib
import sys

import numba
import numpy as np
import pytest

from pedagogic_nn.backend import jit as make_kernel
from pedagogic_nn.backend.jit import _FileForEachSignature, _PackageCache
from tests.programs import finish, run, start

HEAD = "import numpy as np\nfrom pedagogic_nn.backend.jit import jit\n"
ADD = "@jit\ndef kernel(x):\n    return x + 1\n"


class Process:
    """`process(kernels="…", helpers="…")` writes these files, and loads the first one."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, **sources):
        for name, text in sources.items():
            (self.folder / f"{name}.py").write_text(HEAD + text)
        self.forget()
        importlib.invalidate_caches()
        return importlib.import_module("kernels")

    def forget(self):
        for name in ("kernels", "helpers"):
            sys.modules.pop(name, None)

    def files(self):
        return list((self.folder / "cache").rglob("*.nbc"))


@pytest.fixture
def process(tmp_path, monkeypatch):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(tmp_path)
    process = Process(tmp_path)
    yield process
    process.forget()


def found_and_compiled(kernel):
    """How many versions of a kernel came from the disk, and how many were compiled."""
    stats = kernel.stats
    return sum(stats.cache_hits.values()), sum(stats.cache_misses.values())


def test_the_next_process_compiles_nothing(process):
    first = process(kernels=ADD).kernel
    assert first(1.0) == 2.0 and found_and_compiled(first) == (0, 1)
    second = process().kernel
    assert second(1.0) == 2.0 and found_and_compiled(second) == (1, 0)
    assert second(1) == 2 and found_and_compiled(second) == (1, 1)       # another type
    third = process().kernel
    assert third(1) == 2 and third(1.0) == 2.0 and found_and_compiled(third) == (2, 0)
    assert len(process.files()) == 2


STEP = "from helpers import step\n@jit\ndef kernel(x):\n    return step(x)\n"
PLAIN = "import helpers\nstep = jit(helpers.step)\n" + STEP.partition("\n")[2]
NUMBERS = "from helpers import A, B\n@jit\ndef kernel(x):\n    return A * x + B\n"
TABLE = "from helpers import T\n@jit\ndef kernel(x):\n    return T[0] * x + T[1]\n"

CHANGES = {                                  # kernels.py, helpers.py before and after
    "a kernel that is called": (
        STEP, "@jit\ndef step(x):\n    return x + 2",
        "@jit\ndef step(x):\n    return x + 3"),
    "a function of a module": (
        PLAIN, "def step(x):\n    return x + 2", "def step(x):\n    return x + 3"),
    "a function of a module's module": (
        "import helpers\n@jit\ndef kernel(x):\n    return helpers.step(x)",
        "@jit\ndef step(x):\n    return x + 2", "@jit\ndef step(x):\n    return x + 3"),
    "a default": (
        STEP, "@jit\ndef step(x, by=2):\n    return x + by",
        "@jit\ndef step(x, by=3):\n    return x + by"),
    "numbers that change places": (NUMBERS, "A, B = 1, 2", "A, B = 2, 1"),
    "a tuple": (TABLE, "T = (1, 2)", "T = (2, 1)"),
    "an array": (TABLE, "T = np.array([1, 2])", "T = np.array([2, 1])"),
}


@pytest.mark.parametrize("kernels, before, after", CHANGES.values(), ids=CHANGES)
def test_a_change_elsewhere_is_noticed(process, kernels, before, after):
    assert process(kernels=kernels, helpers=before).kernel(2) == 4
    same = process().kernel
    assert same(2) == 4 and found_and_compiled(same) == (1, 0)
    assert process(helpers=after).kernel(2) == 5


def test_a_process_that_outlived_a_change_does_not_pass_old_code_on(process):
    old = process(kernels=ADD).kernel
    process(kernels=ADD.replace("+ 1", "+ 5"))
    assert old(1.0) == 2.0                   # compiled now, from what it had read before
    assert process().kernel(1.0) == 6.0


CLOSURES = """
def adding(step):
    @jit
    def kernel(x):
        return x + step
    return kernel

def calling(inner):
    @jit
    def kernel(x):
        return inner(x)
    return kernel

one, two = adding(1), adding(2)
through = calling(one)
"""


def test_closures_are_found_and_told_apart(process):
    process(kernels=CLOSURES).through(1.0)
    count = len(process.files())
    for _ in range(3):                       # numba's own cache grows with each process
        module = process()
        assert module.through(1.0) == 2.0
        assert found_and_compiled(module.through) == (1, 0)
    assert len(process.files()) == count
    assert (module.one(1), module.two(1)) == (2, 3)
    again = process()
    assert (again.two(1), again.one(1)) == (3, 2)


def test_options_are_told_apart(process):
    sums = ("def total(x):\n    s = 0.0\n    for v in x:\n        s += v\n    return s\n"
            "exact, fast = jit(total), jit(total, reassociate=True)\n")
    x = np.array([0.5, 0.25])
    for expected in [(0, 1), (1, 0)]:
        module = process(kernels=sums) if expected == (0, 1) else process()
        for kernel in (module.exact, module.fast):
            assert kernel(x) == 0.75
            assert found_and_compiled(kernel) == expected


@pytest.mark.parametrize("part", [0, 0.5])
def test_a_file_that_was_cut_short_is_written_anew(process, part):
    process(kernels=ADD).kernel(1.0)
    (file,) = process.files()
    whole = file.read_bytes()
    file.write_bytes(whole[:int(part * len(whole))])
    for expected in [(0, 1), (1, 0)]:
        kernel = process().kernel
        assert kernel(1.0) == 2.0 and found_and_compiled(kernel) == expected


def test_where_no_folder_can_be_written_kernels_are_compiled_each_time(process, tmp_path,
                                                                       monkeypatch):
    for name in ("file", "__pycache__"):     # a file where a folder would have to be
        (tmp_path / name).write_text("")
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "file/cache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    for _ in range(2):
        kernel = process(kernels=ADD).kernel
        assert not isinstance(kernel._cache._cache, _PackageCache)
        assert kernel(1.0) == 2.0


def test_a_full_disk_stops_nobody(process, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_FileForEachSignature, "_save_data", full)
    assert process(kernels=ADD).kernel(1.0) == 2.0
    assert process.files() == []


def test_what_two_processes_save_at_the_same_moment_is_kept(process, monkeypatch):
    """Numba's index is read, changed and written: the other's entry would be lost."""
    first, second = process(kernels=ADD).kernel, process().kernel
    write = _FileForEachSignature._open_for_write

    def interrupted(self, path):
        monkeypatch.setattr(_FileForEachSignature, "_open_for_write", write)
        assert second(1) == 2                # compiled and written while the first writes
        return write(self, path)

    monkeypatch.setattr(_FileForEachSignature, "_open_for_write", interrupted)
    assert first(1.0) == 2.0
    third = process().kernel
    assert third(1.0) == 2.0 and third(1) == 2 and found_and_compiled(third) == (2, 0)


TYPES = """
import sys
import time
from pathlib import Path
import numpy as np
from pedagogic_nn.backend.jit import jit

@jit
def twice(x):
    return x + x

kinds = [np.float32, np.int32, np.float64, np.int64]
first, signal = int(sys.argv[1]), Path(sys.argv[2])
print("ready", flush=True)
while not signal.exists():
    time.sleep(0.001)
for kind in kinds[first:] + kinds[:first]:
    assert twice(kind(1.5)) == (3 if issubclass(kind, np.floating) else 2)
print(sum(twice.stats.cache_hits.values()))
"""


@pytest.mark.serial
def test_processes_that_start_together_on_an_empty_cache(tmp_path):
    program, signal = tmp_path / "types.py", tmp_path / "signal"
    program.write_text(TYPES)

    def begin(k):
        return start(program, k, signal, NUMBA_CACHE_DIR=str(tmp_path / "cache"))

    processes = [begin(k) for k in range(3)]
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * 3
    signal.touch()
    for process in processes:
        finish(process)
    assert finish(begin(0)) == "ready\n4\n"                     # all was kept


ALL_KERNELS = """
import gc
from numba.core.dispatcher import Dispatcher
import pedagogic_nn
from pedagogic_nn.backend.jit import _PackageCache, _stamp

kernels = [d for d in gc.get_objects() if isinstance(d, Dispatcher)]
assert len(kernels) > 30
for kernel in kernels:
    kept = isinstance(kernel._cache._cache, _PackageCache)
    if not kept or _stamp(kernel.py_func) is None:
        print(kernel.py_func.__module__, kernel.py_func.__qualname__)
"""


def test_every_kernel_of_the_library_can_be_kept():
    assert run(ALL_KERNELS) == ""


def test_without_the_compiler_a_kernel_is_the_function_itself(monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)

    @make_kernel(reassociate=True)
    def double(x):
        return x + x

    assert type(double).__name__ == "function" and double("ab") == "abab"
