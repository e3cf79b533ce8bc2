"""Growth: time against steps, batch, units and elements, and the slopes.

On logarithmic axes a time that grows like nᵏ is a line of slope k.  The slope is taken
over the upper half of the sizes: below, both libraries pay for calls more than for
numbers, and who pays less starts lower and must rise more.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from . import timing
from .programs import _steps


def _lstm(T: int, B: int, H: int) -> Callable:
    def program(torch: Any, numbers: Callable) -> dict:
        layer = torch.nn.LSTM(H, H)
        for p in layer.parameters():
            p.data.copy_(torch.from_numpy(numbers(*p.shape) * 0.5 / H**0.5))
        x = torch.from_numpy(numbers(T, B, H))
        return _steps(torch, lambda x: layer(x)[0], [x], layer.parameters())

    return program


def _loss(n: int) -> Callable:
    def program(torch: Any, numbers: Callable) -> dict:
        loss, target = torch.nn.SmoothL1Loss(), torch.from_numpy(numbers(n))
        return _steps(torch, lambda x: loss(x, target), [torch.from_numpy(numbers(n))])

    return program


# what grows: (its sizes, the program of a size)
AXES: dict[str, tuple[tuple[int, ...], Callable[[int], Callable]]] = {
    "LSTM, steps": ((8, 16, 32, 64, 128, 256), lambda T: _lstm(T, 16, 64)),
    "LSTM, batch": ((4, 8, 16, 32, 64, 128), lambda B: _lstm(16, B, 64)),
    "LSTM, units": ((16, 32, 64, 128, 256, 512), lambda H: _lstm(16, 16, H)),
    "SmoothL1Loss, elements": (
        tuple(4**k for k in range(5, 12)), _loss),
}


def measure(
    libraries: tuple[Any, Any], rounds: int = 5, axes: Any = tuple(AXES)
) -> list[dict[str, Any]]:
    """[{name, sizes, ours, theirs, slopes}]: seconds of forward and backward, one
    thread."""
    return [_axis(name, *AXES[name], libraries, rounds) for name in axes]


def _axis(
    name: str, sizes: tuple, program_of: Callable, libraries: tuple, rounds: int
) -> dict[str, Any]:
    rows = [(f"{name} {n:,}", "", program_of(n)) for n in sizes]
    found = [r for r in timing.run(rows, libraries, 1, rounds) if r.what != "forward"]
    ours, theirs = [r.ours for r in found], [r.theirs for r in found]
    return {
        "name": name, "sizes": list(sizes), "ours": ours, "theirs": theirs,
        "slopes": [slope(sizes, times) for times in (ours, theirs)],
    }


def slope(sizes: Any, times: Any) -> float:
    """The k of nᵏ, over the upper half of the sizes."""
    half = len(sizes) // 2
    return float(np.polyfit(np.log(sizes[half:]), np.log(times[half:]), 1)[0])
