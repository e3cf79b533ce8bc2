"""RESULTS.md, made from the figures: nothing in it is written by hand but the reasons.

reasons.toml says what stops a row; a row that misses its target without a reason is shown
as such.
"""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .models import MODELS
from .report import geometric_mean, seconds
from .targets import FAMILIES, MEAN_OF_MODELS, target_of
from .timing import Result

REASONS = Path(__file__).parent / "reasons.toml"
NO_REASON = "No reason is known yet."
METHOD = """\
Ours ÷ PyTorch: below 1 the library is ahead. Both sides run in one process, in turns,
with as many threads; each row was first checked to give PyTorch's numbers. A row is the
median of {rounds} ratios, with the lowest and the highest. With one thread the clock
counts the thread's CPU time, with several it is the wall clock. `timing.py` says more.
PyTorch is imported first, so that its threads wait for work as they do by default. What
is freed stays in the process (`backend/memory.py`), which serves both sides. Between two
trainings the weights of a layer count as changed, as by an optimiser; in use (forward),
and for the cells, which are steps in a loop, ours are packed once (see
`backend/packed.py`)."""


def page(content: dict[str, Any]) -> str:
    """The whole page."""
    results = content["results"]
    parts = [
        "# Measured",
        "Made by `python -m benchmarks --json FILE --markdown benchmarks/RESULTS.md`.\n"
        "What stops a row is kept in `reasons.toml`, the targets in `targets.py`.",
        "  \n".join(f"{k}: {v}" for k, v in content["machine"].items()),
        METHOD.format(rounds=content["rounds"]),
        *(f"**Wrong, and not timed: {words}**" for words in content["wrong"]),
        "## Families", families(results),
        "## Training steps of six models", models(results),
        "## Memory", memory(content["memory"]),
        "## Start", start(content["start"]),
        "## Growth", growth(content["growth"]),
        "## Behind PyTorch, and what stops it",
        misses([r for r in results if r.ratio > 1]),
        "## Ahead, but short of the target",
        misses([r for r in results if target_of(r).limit < r.ratio <= 1]),
        "## All rows", rows(results),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def families(results: list[Result]) -> str:
    """A line for each family: geometric means by threads, rows ahead, targets met."""
    threads = sorted({r.threads for r in results})
    lines = []
    for family in FAMILIES:
        own = [r for r in results if target_of(r).family == family]
        if own:
            limits = sorted({target_of(r).limit for r in own})
            means = [_mean(r.ratio for r in own if r.threads == n) for n in threads]
            met = sum(r.ratio <= target_of(r).limit for r in own)
            ahead = sum(r.ratio <= 1 for r in own)
            lines.append([family, *means, f"{ahead} of {len(own)}",
                          f"{met} of {len(own)}",
                          " / ".join(f"{limit:g}" for limit in limits)])
    heads = ["family", *(f"mean, {_threads(n)}" for n in threads), "ahead",
             "target met", "targets"]
    total = (f"{len(results)} rows, geometric mean {_mean(r.ratio for r in results)}; "
             f"ahead in {sum(r.ratio <= 1 for r in results)}.")
    return f"{_table(heads, lines)}\n\n{total}"


def models(results: list[Result]) -> str:
    """The six models by name, and their mean; the target of the mean is 0.5."""
    words = {f"model: {m.__name__.replace('_', ' ')}": m.__doc__ or "" for m in MODELS}
    own = [r for r in results if r.name in words]
    if not own:
        return "Not measured."
    lines = [[r.name.removeprefix("model: "), words[r.name].rstrip("."), r.threads,
              *_times(r), _ratio(r)] for r in own]
    table = _table(["model", "made of", "threads", "ours", "PyTorch", "ratio"], lines)
    means = [f"{_mean(r.ratio for r in own if r.threads == n)} with {_threads(n)}"
             for n in sorted({r.threads for r in own})]
    asked = f"{target_of(own[0]).limit:g} each, {MEAN_OF_MODELS:g} on average"
    return (f"{table}\n\nGeometric mean {', '.join(means)}. Asked for: {asked}.\n\n"
            f"{_reasons_file()['models'].strip()}")


def memory(found: list[dict[str, Any]]) -> str:
    """Peaks of both sides."""
    lines = [[m["name"], f"{m['ours']:.0f}", f"{m['theirs']:.0f}",
              _strong(m["ratio"])] for m in found]
    return "Peak of a large training step above the loaded process, in MiB.\n\n" + _table(
        ["step", "ours", "PyTorch", "ratio"], lines) if found else "Not measured."


def start(found: list[dict[str, Any]]) -> str:
    """Imports and first calls."""
    lines = [[s["name"], *(_or_dash(s[k]) for k in ("cold", "warm", "theirs"))]
             for s in found]
    return ("Seconds in a new process, on the wall (and of its thread's processor time). "
            "Cold: with an empty kernel cache; warm: with the kernels on the disk.\n\n"
            + _table(["what", "cold", "warm", "PyTorch"], lines)
            + "\n\n" + _reasons_file()["start"].strip()) if found else "Not measured."


def growth(found: list[dict[str, Any]]) -> str:
    """Slopes, fixed costs and rates of both sides, in two tables: one is too wide."""
    rises = [[g["name"], f"{g['sizes'][0]:,} … {g['sizes'][-1]:,}",
              *(f"{slope:.2f}" for slope in (*g["lines"], *g["slopes"]))] for g in found]
    costs = [[g["name"], *(seconds(fixed).strip() for fixed in g["fixed"]),
              *(f"{low:.1f} … {high:.1f} {g['unit']}" for low, high in g["rates"]),
              _strong(g["ours"][-1] / g["theirs"][-1])] for g in found]
    return ("Forward and backward, one thread. The slope is that of a line through the "
            "upper half of the times. The fixed cost of a call bends it, the more the "
            "dearer the call is. So time = fixed + c · sizeᵏ is fitted, too, which tells "
            "k and the fixed cost apart. The rate is the least work that a size takes "
            "over the time, at the smallest and the largest. `growth.py` says more.\n\n"
            + _table(["what grows", "sizes", "our slope", "PyTorch's", "our k",
                      "PyTorch's"], rises)
            + "\n\n"
            + _table(["what grows", "our fixed cost", "PyTorch's", "our rate",
                      "PyTorch's", "ratio at the largest"], costs)
            + "\n\n" + _reasons_file()["growth"].strip()) if found else "Not measured."


def misses(results: list[Result]) -> str:
    """The rows under the reason that stops them; those without one come last."""
    reasons = read_reasons()
    groups: dict[str, list[Result]] = {}
    for r in results:
        groups.setdefault(reason_of(r, reasons) or NO_REASON, []).append(r)
    if not groups:
        return "None."
    ordered = sorted(groups, key=lambda text: (text == NO_REASON, -len(groups[text])))
    return "\n\n".join(f"**{text}**\n\n" + _table(
        ["row", "what", "threads", "ours", "PyTorch", "ratio", "target"],
        [[r.name, r.what, r.threads, *_times(r), _ratio(r), f"{target_of(r).limit:g}"]
         for r in sorted(groups[text], key=lambda r: -r.ratio)]) for text in ordered)


def rows(results: list[Result]) -> str:
    """Every row once, with a column for each number of threads."""
    threads = sorted({r.threads for r in results})
    lines: dict[tuple[str, str, str], dict[int, Result]] = {}
    for r in results:
        lines.setdefault((r.name, r.size, r.what), {})[r.threads] = r
    heads = ["row", "size", "what"]
    for n in threads:
        heads += [f"ours, {_threads(n)}", "PyTorch", "ratio"]
    return _table(heads, [
        [*key, *(cell for n in threads for cell in (
            (*_times(by[n]), _ratio(by[n])) if n in by else ("", "", "")))]
        for key, by in lines.items()])


# ---- reasons -------------------------------------------------------------------------


def read_reasons() -> list[dict[str, Any]]:
    """What reasons.toml says of rows."""
    return _reasons_file()["reason"]


def _reasons_file() -> dict[str, Any]:
    return tomllib.loads(REASONS.read_text("utf-8"))


def reason_of(r: Result, reasons: list[dict[str, Any]]) -> str | None:
    """The first reason whose pattern fits, if there is one."""
    return next((entry["text"].strip() for entry in reasons
                 if re.search(entry["rows"], f"{r.name}, {r.what}")
                 and r.ours <= entry.get("upto", float("inf"))), None)


# ---- cells ---------------------------------------------------------------------------


def _table(heads: list[str], lines: list[list]) -> str:
    rules = ["---"] * len(heads)
    return "\n".join(f"| {' | '.join(map(str, cells))} |" for cells in (
        heads, rules, *lines))


def _times(r: Result) -> tuple[str, str]:
    return seconds(r.ours).strip(), seconds(r.theirs).strip()


def _ratio(r: Result) -> str:
    return f"{_strong(r.ratio)} ({r.low:.2f} … {r.high:.2f})"


def _strong(ratio: float) -> str:
    return f"**{ratio:.2f}**" if ratio > 1 else f"{ratio:.2f}"


def _mean(ratios: Iterable[float]) -> str:
    found = list(ratios)
    return f"{geometric_mean(found):.2f}" if found else ""


def _threads(n: int) -> str:
    return "one thread" if n == 1 else f"{n} threads"


def _or_dash(found: Any) -> str:
    """Two clocks' seconds."""
    if found is None:
        return "–"
    wall, processor = (seconds(t).strip() for t in found)
    return f"{wall} ({processor})"
