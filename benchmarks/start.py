"""Seconds from a cold interpreter: imports, and the first call of a layer.

Every figure comes from a process of its own and is the median of three; with an empty
kernel cache one process is enough, because it takes long.  A process looks at two clocks:
the one on the wall, and the processor time of its thread, which other programs on the
machine hardly touch.  One that calls a layer goes on to its backward pass, whose kernels
would otherwise have to wait for the forward ones to be compiled a second time.

Bytecode is on the disk, as `pip install` leaves it.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from typing import Any

CLOCKS = "(time.perf_counter(), time.thread_time())"
IMPORT = f"""
import time
start = {CLOCKS}
import {{library}}
print(*start, *{CLOCKS})
"""
FIRST_CALLS = f"""
import time
import numpy as np, {{library}} as torch
x = torch.from_numpy(np.zeros({{shape}}, np.float32))
{{prepare}}
start = {CLOCKS}
{{forward}}
middle = {CLOCKS}
{{backward}}
print(*start, *middle, *{CLOCKS})
"""
# shape of x; what is made before the clock starts; forward; backward
CALLS = {
    "LSTM": ("(8, 4, 16)", "layer = torch.nn.LSTM(16, 32)", "y, _ = layer(x)",
             "y.sum().backward()"),
    "Conv2d": ("(2, 3, 16, 16)", "layer = torch.nn.Conv2d(3, 8, 3)", "y = layer(x)",
               "y.sum().backward()"),
    "CrossEntropyLoss": (
        "(8, 10)", "loss, y = torch.nn.CrossEntropyLoss(), torch.arange(8)",
        "l = loss(x.requires_grad_(), y)", "l.backward()"),
}
Seconds = tuple[float, float]                        # on the wall, and of the processor


def measure(
    libraries: tuple[str, str] = ("pedagogic_nn", "torch"), calls: Any = tuple(CALLS)
) -> list[dict[str, Any]]:
    """[{name, cold, warm, theirs}], each None or (seconds on the wall, of the processor).

    cold: with an empty kernel cache, for the rows that compile; warm: with a full one;
    theirs: the other library's.
    """
    ours, theirs = libraries
    imports = [
        {"name": f"import {name}", "cold": None, "warm": _import(name), "theirs": None}
        for name in ("numpy", "numba")]
    imports.append({"name": "import of the library", "cold": None,
                    "warm": _import(ours), "theirs": _import(theirs)})
    return [*imports, *(row for name in calls
                        for row in _first_calls(name, ours, theirs))]


def _import(library: str) -> Seconds:
    script = IMPORT.format(library=library)
    _marks(script)                                   # the first one writes the bytecode
    return _median([_between(_marks(script)) for _ in range(3)])


def _first_calls(name: str, ours: str, theirs: str) -> list[dict[str, Any]]:
    """Two rows: forward; forward and backward."""
    script, other = _script(name, ours), _script(name, theirs)
    with tempfile.TemporaryDirectory() as cache:
        cold = [_marks(script, NUMBA_CACHE_DIR=cache)]
        warm = [_marks(script, NUMBA_CACHE_DIR=cache) for _ in range(3)]
    found = {"cold": cold, "warm": warm, "theirs": [_marks(other) for _ in range(3)]}
    return [
        {"name": f"first {name}{what}",
         **{key: _median([_between(marks, end) for marks in runs])
            for key, runs in found.items()}}
        for what, end in (("", 1), (", forward and backward", 2))]


def _script(name: str, library: str) -> str:
    shape, prepare, forward, backward = CALLS[name]
    return FIRST_CALLS.format(library=library, shape=shape, prepare=prepare,
                              forward=forward, backward=backward)


def _marks(script: str, **variables: str) -> list[Seconds]:
    """What the clocks showed, each time that a process looked at them."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    ran = subprocess.run([sys.executable, "-c", script], check=True, text=True,
                         stdout=subprocess.PIPE, env={**kept, **variables})
    numbers = [float(word) for word in ran.stdout.split()]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _between(marks: list[Seconds], end: int = 1) -> Seconds:
    return marks[end][0] - marks[0][0], marks[end][1] - marks[0][1]


def _median(found: list[Seconds]) -> Seconds:
    wall, processor = zip(*found, strict=True)
    return statistics.median(wall), statistics.median(processor)
