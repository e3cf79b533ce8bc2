"""python -m pedagogic_nn.warmup: compile the CPU kernels ahead of time.

numba compiles a kernel at its first call and keeps the machine code on disk.  This
calls every layer once in float32, forward and backward, on little data (one thread) and
on much (all threads), so that the first program after it starts at full speed.
"""
import sys
import time
from collections.abc import Callable
from typing import Any

import pedagogic_nn as torch
from pedagogic_nn import nn, optim

LITTLE, MUCH = 4, 512              # rows; much is above launch.PARALLEL_ABOVE elements


def _train(module: Any, *inputs: Any) -> None:
    """Forward and backward once, with gradients for everything."""
    out = module(*[x.requires_grad_() if x.is_floating_point() else x for x in inputs])
    (out[0] + out[1] if isinstance(out, tuple) else out).sum().backward()


def _cell(make: Callable) -> Callable[[int], None]:
    return lambda n: _train(make(16, 160), torch.randn(n, 16))


def _activation(make: Callable) -> Callable[[int], None]:
    return lambda n: _train(make(), torch.randn(n, 160))


def _optimiser(make: Callable) -> Callable[[int], None]:
    def step(n: int) -> None:
        weight = nn.Parameter(torch.randn(n, 160))
        optimiser = make([weight])
        weight.sum().backward()
        optimiser.step()
    return step


STEPS: dict[str, Callable[[int], None]] = {
    "products and Linear": lambda n: _train(nn.Linear(160, 160), torch.randn(n, 160)),
    "exp, log, sqrt, clamp": lambda n: _train(
        lambda x: (x.exp().log() + (x * x).sqrt()).clamp(-1, 1), torch.randn(n, 160)),
    "ReLU": _activation(nn.ReLU),
    "Sigmoid": _activation(nn.Sigmoid),
    "Tanh": _activation(nn.Tanh),
    "LogSoftmax": _activation(lambda: nn.LogSoftmax(1)),
    "RNNCell": _cell(nn.RNNCell),
    "RNNCell with ReLU": _cell(lambda d, h: nn.RNNCell(d, h, nonlinearity="relu")),
    "LSTMCell": _cell(nn.LSTMCell),
    "L1Loss": lambda n: _train(nn.L1Loss(), torch.randn(n, 160), torch.randn(n, 160)),
    "L1Loss, each element": lambda n: _train(
        nn.L1Loss(reduction="none"), torch.randn(n, 160), torch.randn(n, 160)),
    "CrossEntropyLoss": lambda n: _train(nn.CrossEntropyLoss(), torch.randn(n, 160),
                                         torch.randint(160, (n,))),
    "PixelShuffle": lambda n: _train(nn.PixelShuffle(2), torch.randn(n, 4, 8, 8)),
    "SGD": _optimiser(lambda p: optim.SGD(p, lr=0.1, momentum=0.9)),
    "Adam": _optimiser(lambda p: optim.Adam(p)),
}


def main() -> int:
    """Compile everything, a line for each step."""
    start = time.perf_counter()
    for k, (name, step) in enumerate(STEPS.items(), 1):
        before = time.perf_counter()
        print(f"[{k:>2}/{len(STEPS)}] {name:<24}", end="", flush=True)
        step(LITTLE)
        step(MUCH)
        print(f"{time.perf_counter() - before:6.1f} s", flush=True)
    print(f"all kernels are compiled; {time.perf_counter() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
