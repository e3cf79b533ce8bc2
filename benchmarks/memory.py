"""Peak memory of large training steps, each library in a process of its own.

A process imports the library, does a small step, so that everything is loaded, and notes
how much memory it holds.  Then it builds the large model with its data, does two training
steps, and reports the highest mark above what it held.  The lower of two processes
counts: the first one may have had kernels to compile.
"""

import gc
import importlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def lstm(torch: Any, T: int, B: int, H: int) -> Callable:
    """LSTM over T steps of B sequences, H features and units."""
    layer = torch.nn.LSTM(H, H)
    return _fit(torch, layer, lambda x: layer(x)[0], (T, B, H))


def conv(torch: Any, N: int, C: int, side: int) -> Callable:
    """Conv2d 3x3 over C channels of N pictures."""
    layer = torch.nn.Conv2d(C, C, 3, padding=1)
    return _fit(torch, layer, layer, (N, C, side, side))


def mlp(torch: Any, N: int, D: int) -> Callable:
    """Four of Linear and ReLU, of D units, over N examples."""
    nn = torch.nn
    layers = [layer for _ in range(4) for layer in (nn.Linear(D, D), nn.ReLU())]
    network = nn.Sequential(*layers)
    return _fit(torch, network, network, (N, D))


def cross_entropy(torch: Any, N: int, D: int, C: int) -> Callable:
    """Linear and cross entropy over C classes, N examples of D features."""
    layer = torch.nn.Linear(D, C)
    x = torch.from_numpy(_numbers(N, D))
    y = torch.from_numpy(np.arange(N) % C)
    return _step(
        torch, lambda: torch.nn.functional.cross_entropy(layer(x), y), layer)


# name: function, small arguments, large ones
PROGRAMS: dict[str, tuple[Callable, tuple, tuple]] = {
    "LSTM T128 B64 H1024": (lstm, (4, 16, 64), (128, 64, 1024)),
    "Conv2d 16x64x112x112": (conv, (2, 32, 16), (16, 64, 112)),
    "MLP 4096 x 4 x 2048": (mlp, (64, 64), (4096, 2048)),
    "cross entropy 512 x 50,257": (cross_entropy, (8, 16, 100), (512, 256, 50_257)),
}


def _numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).random(shape, np.float32) - 0.5


def _fit(torch: Any, module: Any, forward: Callable, shape: tuple) -> Callable:
    """Input and target of one shape, the squared error between."""
    x, y = (torch.from_numpy(_numbers(*shape)) for _ in range(2))
    return _step(torch, lambda: torch.nn.functional.mse_loss(forward(x), y), module)


def _step(torch: Any, loss_of: Callable, module: Any) -> Callable:
    optimizer = torch.optim.SGD(module.parameters(), lr=1e-3, momentum=0.9)

    def step() -> None:
        optimizer.zero_grad()
        loss_of().backward()
        optimizer.step()

    return step


# ---- in the process of one library ---------------------------------------------------


def peak(torch: Any, make: Callable, small: tuple, large: tuple) -> float:
    """MiB that two large steps need above what the loaded process holds."""
    make(torch, *small)()
    gc.collect()
    RESET.write_text("5")                  # the highest mark starts anew: man 5 proc
    before = _mebibytes("VmRSS")
    step = make(torch, *large)
    step()
    step()
    return _mebibytes("VmHWM") - before


def _mebibytes(name: str) -> float:
    return int(re.search(rf"{name}:\s+(\d+) kB", STATUS.read_text())[1]) / 1024


# ---- in the process that asks --------------------------------------------------------


def can_measure() -> bool:
    """Whether this system says how much memory a process holds, and forgets its mark."""
    return os.access(STATUS, os.R_OK) and os.access(RESET, os.W_OK)


def measure(
    libraries: tuple[str, str] = ("pedagogic_nn", "torch"),
    names: Any = tuple(PROGRAMS),
    runs: int = 2,
) -> list[dict[str, Any]]:
    """[{name, ours, theirs, ratio}], in MiB."""
    found = []
    for name in names:
        ours, theirs = (
            min(_in_process(library, name) for _ in range(runs)) for library in libraries)
        found.append(
            {"name": name, "ours": ours, "theirs": theirs, "ratio": ours / theirs})
    return found


def _in_process(library: str, name: str) -> float:
    command = [sys.executable, "-m", "benchmarks.memory", library, name]
    return float(subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True).stdout)


if __name__ == "__main__":
    print(peak(importlib.import_module(sys.argv[1]), *PROGRAMS[sys.argv[2]]))
