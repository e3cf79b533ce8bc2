"""The pictures that the book shows, as SVG: a dot for each row, and the lines of growth.

Both stand on a white card, as all figures of the book do, so that they are the same on a
light and on a dark page.  Text stays text.  What the picture shows is written into it, as
<title> and <desc>, for who cannot see it.
"""

import io
import re
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from .report import geometric_mean
from .targets import FAMILIES, target_of
from .timing import Result

# Okabe and Ito's blue and vermilion differ for colour-blind eyes, too, and in lightness;
# the marks differ in shape besides.
OURS, THEIRS, INK, GREY = "#0072B2", "#D55E00", "#1B1F24", "#6E7781"
MARKS = (("o", OURS), ("^", THEIRS), ("s", "#009E73"), ("D", "#CC79A7"))
LOOK = {
    "svg.fonttype": "none", "svg.hashsalt": "benchmarks", "font.size": 10.5,
    "font.family": "sans-serif", "text.color": INK, "axes.labelcolor": INK,
    "xtick.color": INK, "ytick.color": INK, "axes.edgecolor": GREY,
    "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True,
    "grid.color": "#D8DEE4", "grid.linewidth": 0.7, "legend.frameon": False,
    "figure.constrained_layout.use": True,
}


def draw(content: dict[str, Any], path: str) -> list[str]:
    """Write the dots to `path`, and growth, if measured, beside it as `…_growth.svg`.

    Returns:
        What each picture shows, in words: its alternative text.
    """
    file = Path(path)
    words = [alt_of_rows(content["results"])]
    _save(rows(content["results"]), file, "Time of this library divided by PyTorch's",
          words[0])
    if content["growth"]:
        words.append(alt_of_growth(content["growth"]))
        _save(growth(content["growth"]), file.with_stem(f"{file.stem}_growth"),
              "Time against size, this library and PyTorch", words[1])
    return words


# ---- a dot for each row --------------------------------------------------------------


def rows(results: list[Result]) -> Any:
    """Families on the y axis, ratios on a logarithmic x axis, a mark for each number of
    threads."""
    plt = _pyplot()
    families = [f for f in FAMILIES if any(target_of(r).family == f for r in results)]
    threads = sorted({r.threads for r in results})
    figure, axes = plt.subplots(figsize=(6.4, 0.9 + 0.46 * len(families)))
    for lane, n in enumerate(threads):
        mark, colour = MARKS[lane % len(MARKS)]
        own = [r for r in results if r.threads == n]
        heights = [_height(r, families, lane, len(threads)) for r in own]
        axes.scatter([r.ratio for r in own], heights, s=13, marker=mark, color=colour,
                     alpha=0.55, linewidths=0, label=_threads(n))
    axes.axvline(1, color=INK, linewidth=1.2)
    axes.set(xscale="log", yticks=range(len(families)),
             xlabel="← ahead · ours ÷ PyTorch · behind →")
    axes.set_yticklabels([_two_lines(f) for f in families])
    axes.invert_yaxis()
    ticks = [t for t in (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30) if _within(t, results)]
    axes.set_xticks(ticks, [f"{t:g}" for t in ticks])
    axes.minorticks_off()
    axes.grid(axis="x")
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=len(threads),
                borderaxespad=0.1, handletextpad=0.1, fontsize=9.5)
    return figure


def _height(r: Result, families: list[str], lane: int, lanes: int) -> float:
    """A lane for each number of threads; in it, rows are spread by a hash of the name."""
    spread = sum(r.name.encode()) % 17 / 16 - 0.5
    return families.index(target_of(r).family) + 0.7 * (
        (lane + 0.5 + 0.7 * spread) / lanes - 0.5)


def _two_lines(family: str) -> str:
    head, comma, tail = family.partition(", ")
    second = tail.find(",", 12)
    if len(family) < 30 or second < 0:
        return family
    return f"{head}{comma}{tail[:second + 1]}\n{tail[second + 2:]}"


def _within(tick: float, results: list[Result]) -> bool:
    ratios = [r.ratio for r in results]
    return min(*ratios, 1) / 2 <= tick <= max(*ratios, 1) * 2


def alt_of_rows(results: list[Result]) -> str:
    """What the dots show."""
    ahead = sum(r.ratio <= 1 for r in results)
    families = []
    for family in FAMILIES:
        own = [r.ratio for r in results if target_of(r).family == family]
        if own:
            families.append(f"{family} {geometric_mean(own):.2f} "
                            f"({min(own):.2f} to {max(own):.2f})")
    return (f"A dot for each of {len(results)} measurements: the time of this library "
            f"divided by PyTorch's, on a logarithmic axis, by families. {ahead} lie left "
            f"of 1, where the library is ahead. Geometric means, lowest and highest: "
            f"{'; '.join(families)}.")


# ---- growth --------------------------------------------------------------------------


def growth(found: list[dict[str, Any]]) -> Any:
    """A field for each thing that grows: both sides, logarithmic axes."""
    plt = _pyplot()
    figure, fields = plt.subplots(
        (len(found) + 1) // 2, 2, figsize=(6.4, 2.4 * ((len(found) + 1) // 2)),
        squeeze=False)
    for axes in fields.flat[len(found):]:
        axes.set_visible(False)
    for axes, g in zip(fields.flat, found):
        for times, slope, name, (mark, colour) in zip(
                (g["ours"], g["theirs"]), g["slopes"], ("ours", "PyTorch"), MARKS):
            axes.loglog(g["sizes"], [1e3 * t for t in times], marker=mark, markersize=4.5,
                        color=colour, label=f"{name}, slope {slope:.2f}")
        axes.set_title(g["name"], loc="left", fontsize=10.5, fontweight="bold")
        axes.set_ylabel("ms")
        axes.minorticks_off()
        shown = g["sizes"][::max(1, len(g["sizes"]) // 3)]
        axes.set_xticks(shown, [f"{n:,}" for n in shown])
        axes.yaxis.set_major_formatter("{x:g}")
        axes.grid()
        axes.legend(fontsize=9)
    return figure


def alt_of_growth(found: list[dict[str, Any]]) -> str:
    """What the lines show."""
    return "Time of forward and backward against size, logarithmic axes. " + " ".join(
        f"{g['name']}, {g['sizes'][0]:,} to {g['sizes'][-1]:,}: beyond the fixed cost of "
        f"a call ours rises with slope {g['slopes'][0]:.2f}, PyTorch's with "
        f"{g['slopes'][1]:.2f}; at the largest size "
        f"the ratio is {g['ours'][-1] / g['theirs'][-1]:.2f}." for g in found)


# ---- files ---------------------------------------------------------------------------


def _pyplot() -> Any:
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    plt.rcParams.update(LOOK)
    return plt


def _save(figure: Any, file: Path, title: str, alt: str) -> None:
    """The same figures give the same file: no date, no random names."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", facecolor="white", metadata={"Date": None})
    _pyplot().close(figure)
    svg = buffer.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\n\s*\n", "\n", svg)
    words = f"<title>{escape(title)}</title>\n <desc>{escape(alt)}</desc>"
    fits = 'style="max-width: 100%; height: auto"'              # on a phone, too
    svg = re.sub(r"(<svg [^>]*)>", rf'\1 role="img" {fits}>\n {words}', svg, count=1)
    file.write_text(svg[svg.index("<svg"):], "utf-8")


def _threads(n: int) -> str:
    return "one thread" if n == 1 else f"{n} threads"
