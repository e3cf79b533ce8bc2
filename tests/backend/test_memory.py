"""Freed memory is kept: arrays that come and go touch no fresh pages."""
import os
import platform
import subprocess
import sys

import pytest

from pedagogic_nn.backend.memory import keep_freed_memory

ARRAYS_COME_AND_GO = """
import resource
import numpy as np
import pedagogic_nn

def steps(n):
    for _ in range(n):
        step = [np.ones(750_000, np.float32) for _ in range(10)]      # 30 MB

steps(3)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
steps(10)
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 10)
"""


def faults(**settings):
    """Pages touched for the first time in a step."""
    clean = {k: v for k, v in os.environ.items()
             if not k.startswith("MALLOC_") and k != "GLIBC_TUNABLES"}
    done = subprocess.run([sys.executable, "-c", ARRAYS_COME_AND_GO], text=True,
                          capture_output=True, check=True, env={**clean, **settings})
    return float(done.stdout)


def test_a_step_touches_no_fresh_pages():
    if platform.libc_ver()[0] != "glibc":               # the switch is glibc's
        assert keep_freed_memory() is False
        return
    assert faults() < 200                               # 30 MB are 7,300 pages
    assert faults(PEDAGOGIC_NN_KEEP_MIB="0") > 3_000
    assert faults(MALLOC_TRIM_THRESHOLD_="100000") > 3_000      # the user's own setting


@pytest.mark.parametrize("name, value", [
    ("PEDAGOGIC_NN_KEEP_MIB", "0"), ("MALLOC_MMAP_THRESHOLD_", "4096"),
    ("GLIBC_TUNABLES", "glibc.malloc.trim_threshold=4096")])
def test_malloc_is_left_alone_when_somebody_says_so(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert keep_freed_memory() is False


def test_elsewhere_nothing_is_changed(monkeypatch):
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    assert keep_freed_memory() is False


def test_a_setting_that_is_no_number_is_named(monkeypatch):
    monkeypatch.setenv("PEDAGOGIC_NN_KEEP_MIB", "much")
    with pytest.raises(ValueError, match="PEDAGOGIC_NN_KEEP_MIB: .* got 'much'"):
        keep_freed_memory()
