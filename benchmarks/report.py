"""Printing: a line for each row, the geometric mean, and a JSON file for the book's
picture."""

import json
import math
import platform
from pathlib import Path
from typing import Any

import numba
import numpy as np

from .timing import Result


def line(r: Result) -> str:
    """Name, what, threads, both times, the ratio with its range, an arrow if behind."""
    ahead = " " if r.ratio <= 1 else "←"
    return (
        f"{r.name:<32} {r.what:<19} {r.threads:>2}  {seconds(r.ours)} "
        f"{seconds(r.theirs)}  {r.ratio:5.2f} ({r.low:.2f} … {r.high:.2f}) {ahead}"
    )


HEADER = (
    f"{'row':<32} {'what':<19} {'th':>2}  {'ours':>9} {'PyTorch':>9}  ratio (low … high)"
)


def seconds(t: float) -> str:
    """A time with a unit that keeps it readable, nine characters wide."""
    for factor, unit in ((1, "s "), (1e3, "ms"), (1e6, "µs")):
        if t * factor >= 1:
            return f"{t * factor:6.1f} {unit}"
    return f"{t * 1e9:6.0f} ns"


def summary(results: list[Result]) -> str:
    """The geometric mean of the ratios, and the rows where PyTorch is ahead."""
    mean = math.exp(sum(math.log(r.ratio) for r in results) / len(results))
    behind = [r for r in results if r.ratio > 1]
    text = (
        f"\n{len(results)} rows, geometric mean of ours / PyTorch {mean:.2f}; "
        f"ahead in {len(results) - len(behind)}"
    )
    return text + "".join(f"\n  behind: {line(r)}" for r in behind)


def machine(torch: Any) -> dict[str, str]:
    """What the figures were measured on."""
    return {
        "processor": _processor(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "torch": torch.__version__,
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
        return next(
            s.partition(":")[2].strip() for s in text.splitlines() if "model name" in s
        )
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def write(path: str, results: list[Result], torch: Any) -> None:
    """All figures as JSON."""
    content = {"machine": machine(torch), "results": [r.as_dict() for r in results]}
    Path(path).write_text(json.dumps(content, indent=1) + "\n")
