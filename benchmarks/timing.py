"""How it is timed: both sides in one process, in turns, medians of ratios.

A block is a warm-up call, then calls for about `seconds`; its result is the median time
of a call.  A call that takes longer than a block is a block, and needs no warm-up.  A
round is a block of ours and a block of theirs, one after the other, so that a busy
machine slows both; its result is the ratio of the two.  The answer is the median over the
rounds, with the lowest and the highest.  With one thread the clock counts the thread's
CPU time, which other programs on the machine do not touch; with several it is the wall
clock.
"""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

SLOW = 0.25             # seconds: of calls that take longer, three rounds are enough


@dataclass
class Result:
    """One row: seconds of one call on each side, and the ratio ours / theirs over the
    rounds."""

    name: str
    size: str
    what: str
    threads: int
    ours: float
    theirs: float
    ratio: float
    low: float
    high: float

    as_dict = asdict


def check(name: str, ours: list, theirs: list) -> None:
    """Both sides gave the same numbers, or the row is not worth timing."""
    for k, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        a, b = a.detach().numpy(), b.detach().numpy()
        scale = float(np.abs(b).max(initial=0)) or 1.0
        error = float(np.abs(a - b).max(initial=0)) / scale
        if not error <= 1e-4:
            raise AssertionError(
                f"{name}: result {k} differs by {error:.1e} of its largest number"
            )


def compare(
    ours: Callable, theirs: Callable, threads: int, rounds: int = 5, seconds: float = 0.03
) -> dict[str, float]:
    """Time two functions in turns; see the module's docstring."""
    clock = time.thread_time if threads == 1 else time.perf_counter
    takes = [_takes(f) for f in (ours, theirs)]
    rounds = min(rounds, 3) if max(takes) > SLOW else rounds
    times: list[list[float]] = [[], []]
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for k, f in enumerate((ours, theirs)):
                times[k].append(_block(f, clock, takes[k], seconds))
    finally:
        gc.enable()
    ratios = [a / b for a, b in zip(*times, strict=True)]
    return {
        "ours": statistics.median(times[0]),
        "theirs": statistics.median(times[1]),
        "ratio": statistics.median(ratios),
        "low": min(ratios),
        "high": max(ratios),
    }


def _takes(f: Callable) -> float:
    """About how many seconds a call takes; the first ones prepare memory and caches."""
    for k in range(3):
        start = time.perf_counter()
        f()
        last = max(time.perf_counter() - start, 1e-7)
        if k and last > SLOW:
            break
    return last


def _block(
    f: Callable, clock: Callable[[], float], takes: float, seconds: float
) -> float:
    calls = max(1, int(5e-4 / takes))         # so many between two looks at the clock
    if takes < seconds:
        f()
    found: list[float] = []
    end = time.perf_counter() + seconds
    while not found or time.perf_counter() < end:
        start = clock()
        for _ in range(calls):
            f()
        found.append((clock() - start) / calls)
    return statistics.median(found)


def run(
    rows: Any,
    libraries: tuple[Any, Any],
    threads: int,
    rounds: int,
    announce: Callable[[Result], None] = lambda result: None,
    wrong: list[str] | None = None,
) -> list[Result]:
    """Check and time every row on both libraries (ours, theirs).

    A row whose numbers differ is not timed: it is an error, or, where `wrong` is given,
    a line there.
    """
    for library in libraries:
        library.set_num_threads(threads)
    results = []
    for name, size, program in rows:
        steps = [program(library, _numbers()) for library in libraries]
        for what in steps[0]:
            try:
                check(f"{name}, {what}", steps[0][what](), steps[1][what]())
            except AssertionError as error:
                if wrong is None:
                    raise
                wrong.append(str(error))
                continue
            found = compare(steps[0][what], steps[1][what], threads, rounds)
            results.append(Result(name, size, what, threads, **found))
            announce(results[-1])
    return results


def _numbers() -> Callable[..., np.ndarray]:
    """A source of random arrays that begins anew for each library."""
    rng = np.random.default_rng(0)
    return lambda *shape: rng.standard_normal(shape, np.float32)
