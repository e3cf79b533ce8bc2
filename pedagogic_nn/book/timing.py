"""`race` times several ways to do one thing: in turns, so that a slow moment hits all."""
import html
import statistics
import time

from IPython.display import display


def race(runners, *, baseline=None, rounds=7, least=0.02):
    """Time functions against each other and show a table of medians and ratios.

    Each is called once unmeasured (compilers compile, caches fill). Then they take
    turns: one measurement each per round, of as many calls as fill `least` seconds. The
    median of the rounds counts.

    Args:
        runners: {name: function without arguments}.
        baseline: the name that the others are compared with; else the first.
        rounds: measurements of each.
        least: seconds that one measurement lasts at least.

    Returns:
        a dictionary {name: seconds of one call}.

    Raises:
        ValueError: no runner, or a baseline that is not among them.
    """
    if not runners:
        raise ValueError("race: nothing to time; give {'name': function}")
    baseline = baseline or next(iter(runners))
    if baseline not in runners:
        raise ValueError(f"race: baseline {baseline!r} is not among {list(runners)}")
    calls = {name: _calls_needed(run, least) for name, run in runners.items()}
    times = {name: [] for name in runners}
    for _ in range(rounds):
        for name, run in runners.items():
            times[name].append(_time(run, calls[name]) / calls[name])
    medians = {name: statistics.median(values) for name, values in times.items()}
    rows = [(name, _seconds(median), _ratio(medians[baseline], median))
            for name, median in medians.items()]
    display({"text/html": _table(rows, baseline), "text/plain": _text(rows, baseline)},
            raw=True)
    return Medians(medians)


class Medians(dict):
    """{name: seconds}. As the last value of a cell it shows nothing more."""

    def _ipython_display_(self):
        pass


def _time(run, calls):
    begin = time.perf_counter()
    for _ in range(calls):
        run()
    return time.perf_counter() - begin


def _calls_needed(run, least):
    """How many calls last `least` seconds; the first call of all is not counted."""
    run()
    calls = 1
    while (spent := _time(run, calls)) < least:
        calls = max(2 * calls, int(calls * least / max(spent, 1e-9) * 0.7))
    return calls


def _seconds(value):
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def _ratio(reference, value):
    ratio = reference / value
    return f"{ratio:.1f} ×" if ratio < 10 else f"{ratio:.0f} ×"


def _text(rows, baseline):
    width = max(len(name) for name, _, _ in rows)
    head = f"{'':{width}}  one call  against {baseline}"
    return "\n".join([head] + [f"{name:{width}}  {s:>8}  {r:>8}" for name, s, r in rows])


def _table(rows, baseline):
    head = (f'<tr><th scope="col">way</th><th scope="col">one call</th>'
            f'<th scope="col">speed against {html.escape(baseline)}</th></tr>')
    body = "\n".join(
        f'<tr><th scope="row">{html.escape(name)}</th><td>{median}</td><td>{ratio}</td>'
        "</tr>" for name, median, ratio in rows)
    return f'<table class="pnn-race"><thead>{head}</thead>\n<tbody>{body}</tbody></table>'
