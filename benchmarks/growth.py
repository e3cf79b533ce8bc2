"""Growth: time against steps, batch, units and elements, and how steeply it rises.

    time = fixed + c · sizeᵏ

On logarithmic axes c · sizeᵏ is a line of slope k.  The fixed cost of a call (Python, the
tape, launches) bends it flat where the size is small, and the further up, the dearer the
call is.  A line laid through the times (`line`, over the upper half of the sizes) is thus
steeper for the side whose calls are cheaper.  So both terms are fitted too, for both
sides in the same way, by least squares of the relative errors over all sizes: `slope` is
k, and `fixed` stands beside it.  Who is ahead at the largest size with a k no larger
stays ahead.  Two runs on a busy machine differed by up to 0.16 in k.

The work that a size needs is counted as well (multiply-adds as two operations, or bytes
read and written once).  Work per second is what the processor's peak bounds for both: who
comes near it at a small size already has less to gain at the large ones.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

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


def _operations(T: int, B: int, H: int) -> int:
    """Of the products: x and h with four gates each, forward, and for both slopes."""
    return 2 * T * B * 2 * H * 4 * H * 3


class Axis(NamedTuple):
    """What grows: its sizes, and of one size the program and its work."""

    sizes: tuple[int, ...]
    program: Callable[[int], Callable]
    work: Callable[[int], int]
    unit: str = "GFLOP/s"


AXES = {
    "LSTM, steps": Axis((16, 32, 64, 128, 256, 512, 1024), lambda T: _lstm(T, 16, 64),
                        lambda T: _operations(T, 16, 64)),
    "LSTM, batch": Axis((8, 16, 32, 64, 128, 256, 512), lambda B: _lstm(16, B, 64),
                        lambda B: _operations(16, B, 64)),
    "LSTM, units": Axis((16, 32, 64, 128, 256, 512), lambda H: _lstm(16, 16, H),
                        lambda H: _operations(16, 16, H)),
    "SmoothL1Loss, elements": Axis(           # x, target and the slope, 4 bytes each
        tuple(4**k for k in range(5, 12)), _loss, lambda n: 12 * n, "GB/s"),
}


def measure(
    libraries: tuple[Any, Any], rounds: int = 5, axes: Any = tuple(AXES)
) -> list[dict[str, Any]]:
    """[{name, sizes, ours, theirs, lines, fixed, slopes, rates, unit}]: seconds of
    forward and backward, one thread; from `lines` on for ours and theirs, the rates at
    the smallest size and at the largest."""
    return [_axis(name, AXES[name], libraries, rounds) for name in axes]


def _axis(name: str, axis: Axis, libraries: tuple, rounds: int) -> dict[str, Any]:
    sizes = axis.sizes
    rows = [(f"{name} {n:,}", "", axis.program(n)) for n in sizes]
    found = [r for r in timing.run(rows, libraries, 1, rounds) if r.what != "forward"]
    ours, theirs = [r.ours for r in found], [r.theirs for r in found]
    fixed, slopes = zip(*(fit(sizes, times) for times in (ours, theirs)), strict=True)
    return {
        "name": name, "sizes": list(sizes), "ours": ours, "theirs": theirs,
        "lines": [line(sizes, ours), line(sizes, theirs)],
        "fixed": list(fixed), "slopes": list(slopes), "unit": axis.unit,
        "rates": [[axis.work(sizes[k]) / times[k] / 1e9 for k in (0, -1)]
                  for times in (ours, theirs)],
    }


def line(sizes: Any, times: Any) -> float:
    """The slope of the line through the upper half of the times, on logarithmic axes."""
    half = len(sizes) // 2
    return float(np.polyfit(np.log(sizes[half:]), np.log(times[half:]), 1)[0])


def fit(sizes: Any, times: Any) -> tuple[float, float]:
    """`fixed` and k of time = fixed + c · sizeᵏ, for fixed and c not below 0."""
    n, t = np.array(sizes, float), np.array(times, float)
    found = []
    for k in np.arange(0.1, 3.0, 0.01):
        for terms in ([np.ones_like(n), n**k], [n**k]):        # the second: fixed = 0
            scaled = np.stack(terms, 1) / t[:, None]
            factors = np.linalg.lstsq(scaled, np.ones_like(t), rcond=None)[0]
            if (factors >= 0).all():
                error = ((scaled @ factors - 1) ** 2).sum()
                fixed = factors[0] if len(terms) == 2 else 0.0
                found.append((float(error), float(fixed), float(k)))
    _, fixed, k = min(found)
    return fixed, round(k, 2)
