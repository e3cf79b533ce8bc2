"""Printing: a line for each row, the geometric mean; and the JSON file that keeps it."""

import json
import math
import os
import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numba
import numpy as np

from .timing import Result


def line(r: Result) -> str:
    """Name, what, threads, both times, the ratio with its range, an arrow if behind."""
    ahead = " " if r.ratio <= 1 else "←"
    return (
        f"{r.name:<40} {r.what:<19} {r.threads:>2}  {seconds(r.ours)} "
        f"{seconds(r.theirs)}  {r.ratio:5.2f} ({r.low:.2f} … {r.high:.2f}) {ahead}"
    )


HEADER = (
    f"{'row':<40} {'what':<19} {'th':>2}  {'ours':>9} {'PyTorch':>9}  ratio (low … high)"
)


def seconds(t: float) -> str:
    """A time with a unit that keeps it readable, nine characters wide."""
    for factor, unit in ((1, "s "), (1e3, "ms"), (1e6, "µs")):
        if t * factor >= 1:
            return f"{t * factor:6.1f} {unit}"
    return f"{t * 1e9:6.0f} ns"


def geometric_mean(ratios: Iterable[float]) -> float:
    """The mean of ratios: 0.5 and 2 make 1."""
    logarithms = [math.log(ratio) for ratio in ratios]
    return math.exp(sum(logarithms) / len(logarithms))


def summary(results: list[Result]) -> str:
    """The geometric mean of the ratios, and the rows where PyTorch is ahead."""
    behind = [r for r in results if r.ratio > 1]
    text = (
        f"\n{len(results)} rows, geometric mean of ours / PyTorch "
        f"{geometric_mean(r.ratio for r in results):.2f}; "
        f"ahead in {len(results) - len(behind)}"
    )
    return text + "".join(f"\n  behind: {line(r)}" for r in behind)


def others(content: dict[str, Any]) -> str:
    """Memory, start and growth, as text."""
    lines = [f"peak memory   {m['name']:<28} {m['ours']:6.0f} MiB {m['theirs']:6.0f} MiB "
             f"{m['ratio']:5.2f}" for m in content["memory"]]
    lines += [
        f"start         {s['name']:<28} warm {seconds(s['warm'][0])}"
        + (f", cold {seconds(s['cold'][0])}" if s["cold"] is not None else "")
        + (f"; PyTorch {seconds(s['theirs'][0])}" if s["theirs"] is not None else "")
        for s in content["start"]]
    lines += [f"growth        {g['name']:<28} slope {g['slopes'][0]:.2f}, "
              f"PyTorch's {g['slopes'][1]:.2f}; fixed {seconds(g['fixed'][0])}, "
              f"PyTorch's {seconds(g['fixed'][1])}" for g in content["growth"]]
    return "\n".join(lines)


# ---- the file ------------------------------------------------------------------------


def machine(torch: Any) -> dict[str, str]:
    """What the figures were measured on."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "numba": numba.__version__,
        "PyTorch": torch.__version__,
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
        return next(
            s.partition(":")[2].strip() for s in text.splitlines() if "model name" in s
        )
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def write(path: str, content: dict[str, Any]) -> None:
    """All figures as JSON, to four digits, a line for each row."""
    lines = [f"{json.dumps(key)}: {_written(value)}" for key, value in content.items()]
    Path(path).write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


def _written(value: Any) -> str:
    if not isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    rows = [r.as_dict() if isinstance(r, Result) else r for r in value]
    return "[\n" + ",\n".join(
        json.dumps(_rounded(r), ensure_ascii=False) for r in rows) + "\n]"


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_rounded(v) for v in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def read(path: str) -> dict[str, Any]:
    """What `write` wrote."""
    content = json.loads(Path(path).read_text("utf-8"))
    content["results"] = [Result(**r) for r in content["results"]]
    return content
