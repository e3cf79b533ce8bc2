"""Seconds from a cold interpreter: imports, and the first call of a layer.

Every figure comes from a process of its own, and is the median of three; what runs with
an empty kernel cache runs once, because it takes long.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from typing import Any

TIMED = """
import sys, time
start = time.perf_counter()
{first}
print(time.perf_counter() - start)
"""
FIRST_CALL = """
import numpy as np, {library} as torch
x = torch.from_numpy(np.zeros({shape}, np.float32))
{prepare}
start = time.perf_counter()
{call}
"""
# A training step of each: shape of x, what is made before the clock starts, the call
CALLS = {
    "LSTM": ("(8, 4, 16)", "layer = torch.nn.LSTM(16, 32)", "layer(x)"),
    "LSTM with backward": (
        "(8, 4, 16)", "layer = torch.nn.LSTM(16, 32)", "layer(x)[0].sum().backward()"),
    "Conv2d": ("(2, 3, 16, 16)", "layer = torch.nn.Conv2d(3, 8, 3)", "layer(x)"),
    "CrossEntropyLoss": (
        "(8, 10)", "loss, y = torch.nn.CrossEntropyLoss(), torch.arange(8)",
        "loss(x, y)"),
}


def measure(
    libraries: tuple[str, str] = ("pedagogic_nn", "torch"), calls: Any = tuple(CALLS)
) -> list[dict[str, Any]]:
    """[{name, cold, warm, theirs}], in seconds.

    cold: with an empty kernel cache, for the rows that compile; warm: with a full one;
    theirs: the other library's.
    """
    ours, theirs = libraries
    imports = [
        {"name": f"import {name}", "cold": None, "warm": _median(f"import {name}"),
         "theirs": None}
        for name in ("numpy", "numba")]
    imports.append({
        "name": "import of the library", "cold": None, "warm": _median(f"import {ours}"),
        "theirs": _median(f"import {theirs}")})
    return [*imports, *(_first_call(name, ours, theirs) for name in calls)]


def _first_call(name: str, ours: str, theirs: str) -> dict[str, Any]:
    shape, prepare, call = CALLS[name]
    script, other = (
        FIRST_CALL.format(library=library, shape=shape, prepare=prepare, call=call)
        for library in (ours, theirs))
    with tempfile.TemporaryDirectory() as cache:
        return {
            "name": f"first {name}",
            "cold": _seconds(script, NUMBA_CACHE_DIR=cache),
            "warm": _median(script, NUMBA_CACHE_DIR=cache),
            "theirs": _median(other),
        }


def _median(script: str, **variables: str) -> float:
    return statistics.median(_seconds(script, **variables) for _ in range(3))


def _seconds(script: str, **variables: str) -> float:
    command = [sys.executable, "-c", TIMED.format(first=script)]
    ran = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True,
        env={**os.environ, **variables})
    return float(ran.stdout)
