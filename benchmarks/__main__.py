"""python -m benchmarks: see the package's docstring."""

import argparse
import importlib
import os
import sys
from pathlib import Path
from typing import Any

try:                            # first, or our settings for OpenMP's threads would be its
    import torch
except ImportError:
    torch = None

import pedagogic_nn

from . import growth, markdown, memory, report, start, timing

# Each has `rows`: (name, size, program) of what is timed.
CATALOGUE = ("programs", "recurrent", "losses", "row_losses", "convolution", "vision",
             "activations", "normalization", "companions", "optimizers", "models")
PARTS = ("rows", "memory", "start", "growth")


def main() -> int:
    """Measure what was asked for, or read it, and show it."""
    options = _options()
    if options.json and Path(options.json).exists() and (
            options.picture or options.markdown):
        content = report.read(options.json)
    else:
        if torch is None:
            return _complain(
                "The benchmarks compare with PyTorch, which is not installed: "
                "pip install 'pedagogic-nn[bench]'")
        rows = all_rows(options.only)
        if not rows:
            return _complain(f"no row's name contains {options.only!r}")
        content = measure(options, rows, torch)
        if options.json:
            report.write(options.json, content)
    if options.markdown:
        Path(options.markdown).write_text(markdown.page(content), "utf-8")
    if options.picture:
        from . import picture

        print("\n\n".join(picture.draw(content, options.picture)))
    return _complain("\n".join(content["wrong"])) if content["wrong"] else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default="", help="rows whose name contains this word")
    parser.add_argument(
        "--parts", nargs="+", choices=PARTS,
        help="what to measure (default: all, but with --only just the rows)")
    parser.add_argument(
        "--threads", type=int, nargs="+", default=[1, os.cpu_count() or 1],
        help="numbers of threads for the rows (default: one, and all)")
    parser.add_argument(
        "--rounds", type=int, default=5, help="rounds for each row (default 5)")
    parser.add_argument(
        "--json", metavar="FILE",
        help="write all figures to this file; with --picture or --markdown, read them "
             "from it if it is there")
    parser.add_argument("--picture", metavar="FILE", help="draw the figures, as SVG")
    parser.add_argument("--markdown", metavar="FILE", help="write the page of results")
    options = parser.parse_args()
    options.parts = options.parts or (PARTS[:1] if options.only else PARTS)
    return options


def _complain(words: str) -> int:
    print(words, file=sys.stderr)
    return 1


def all_rows(only: str = "") -> list:
    """The rows of all catalogues whose name contains a word."""
    return [
        row
        for name in CATALOGUE
        for row in importlib.import_module(f"benchmarks.{name}").rows()
        if only.lower() in row[0].lower()
    ]


def measure(options: argparse.Namespace, rows: list, torch: Any) -> dict[str, Any]:
    """Time the rows, printing them as they come, then the other parts."""
    libraries = (pedagogic_nn, torch)
    content: dict[str, Any] = {
        "machine": report.machine(torch), "rounds": options.rounds, "wrong": [],
        "results": [], "memory": [], "start": [], "growth": []}
    print(", ".join(f"{k} {v}" for k, v in content["machine"].items()))
    if "rows" in options.parts:
        print(report.HEADER)
        for threads in sorted(set(options.threads)):
            content["results"] += timing.run(
                rows, libraries, threads, options.rounds,
                lambda r: print(report.line(r), flush=True), content["wrong"])
        print(report.summary(content["results"]))
    if "growth" in options.parts:
        content["growth"] = growth.measure(libraries, options.rounds)
    if "memory" in options.parts and memory.can_measure():
        content["memory"] = memory.measure()
    if "start" in options.parts:
        content["start"] = start.measure()
    print(report.others(content))
    return content


if __name__ == "__main__":
    sys.exit(main())
