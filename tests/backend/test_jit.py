"""@jit: its flags, and a disk cache that never runs old code."""
import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

from pedagogic_nn.backend.jit import ELEMENTWISE, REDUCTION, _stamp, jit, specialised
from pedagogic_nn.backend.launch import _run_part


def test_flags():
    @jit
    def plain(x):
        return x + 1

    @jit(reassociate=True)
    def summing(x):
        return x + 2

    assert plain.targetoptions["fastmath"] == ELEMENTWISE == {"contract", "nsz"}
    assert summing.targetoptions["fastmath"] == REDUCTION
    assert plain.targetoptions["nogil"] and plain.targetoptions["error_model"] == "numpy"


def test_division_by_zero_and_nan_are_those_of_numpy():
    @jit
    def divide(x, y):
        return x / y

    assert divide(1.0, 0.0) == np.inf and np.isnan(divide(0.0, 0.0))

    @jit(reassociate=True)
    def count_nan(a):
        n = 0
        for x in a:
            if np.isnan(x):
                n += 1
        return n

    assert count_nan(np.array([1, np.nan, np.inf, np.nan])) == 2


# ---- the cache -----------------------------------------------------------------------

PROGRAM = """
import numpy as np
from pedagogic_nn.backend import jit, op
import {helper}

@jit
def inner(x):
    return {helper}.scale(x)

@jit
def outer(x):
    return inner(x) + 1

@op
def shifted(x):
    '''x (*) → x with a shift (*).'''
    return x

@shifted.elementwise
def shift_one(x):
    return {helper}.scale(x) + 2

print(outer(1.0), shifted(np.ones(2))[0])
print("hits", sum(outer.stats.cache_hits.values()))
"""


def _run(folder):
    environment = {**os.environ,
                   "PYTHONPATH": os.pathsep.join([os.getcwd(), str(folder)]),
                   "NUMBA_CACHE_DIR": str(folder / "cache")}
    done = subprocess.run([sys.executable, str(folder / "program.py")], env=environment,
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")


def _write_helper(folder, factor):
    (folder / "scaling.py").write_text(
        "from pedagogic_nn.backend import jit\n\n\n@jit\ndef scale(x):\n"
        f"    return x * {factor}\n")


@pytest.mark.serial
def test_a_change_in_a_called_file_is_noticed(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM.format(helper="scaling"))
    _write_helper(tmp_path, 3)
    assert _run(tmp_path)[:2] == ["4.0 5.0", "hits 0"]
    assert _run(tmp_path)[:2] == ["4.0 5.0", "hits 1"]
    _write_helper(tmp_path, 50)
    assert _run(tmp_path)[:2] == ["51.0 52.0", "hits 0"]
    (tmp_path / "program.py").write_text(
        PROGRAM.format(helper="scaling").replace("+ 1", "+ 7"))
    assert _run(tmp_path)[0] == "57.0 52.0"


@jit
def _first(x):
    return x + 1


@jit
def _second(x):
    return x + 2


def test_copies_of_one_template_have_names_and_stamps_of_their_own():
    copies = [specialised(_run_part, {"kernel": k}, k) for k in (_first, _second)]
    assert copies[0].__qualname__ != copies[1].__qualname__
    assert _stamp(copies[0]) != _stamp(copies[1])
    assert _stamp(copies[0]) == _stamp(specialised(_run_part, {"kernel": _first}, _first))


def test_the_stamp_reaches_through_modules_closures_and_numbers():
    from pedagogic_nn.autograd.elementwise import _exp_one

    files = {name for name, _, _ in _stamp(_exp_one)[1]}
    assert files == {"elementwise.py", "math.py"}

    def with_closure(number):
        def inside(x):
            return _first(x) + number
        return inside

    assert _stamp(with_closure(1)) != _stamp(with_closure(2))
    assert any("_first" in name for name in _stamp(with_closure(1))[0])


def test_code_without_a_file_is_not_cached():
    names = {"jit": jit}
    exec("@jit\ndef typed_in(x):\n    return x * 2\n", names)
    assert names["typed_in"](3.0) == 6.0
    assert _stamp(names["typed_in"]) is None


def test_functions_defined_later_are_reached_too(tmp_path, monkeypatch):
    (tmp_path / "later.py").write_text(
        "from pedagogic_nn.backend import jit\n\n\n@jit\ndef first(x):\n"
        "    return second(x) + 1\n\n\n@jit\ndef second(x):\n    return x * 2\n")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    spec = importlib.util.spec_from_file_location("later", tmp_path / "later.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.first(2.0) == 5.0
    assert any("second" in name for name in _stamp(module.first)[0])
