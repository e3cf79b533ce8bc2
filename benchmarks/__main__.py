"""python -m benchmarks: see the package's docstring."""

import argparse
import importlib
import os
import sys

import pedagogic_nn

from . import report, timing

# Each has `rows`: (name, size, program) of what is timed.
CATALOGUE = ("programs", "recurrent", "losses", "row_losses", "convolution", "vision",
             "activations", "normalization", "companions", "optimizers", "models")


def main() -> int:
    """Time the rows that were asked for, and print them as they come."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default="", help="rows whose name contains this word")
    parser.add_argument(
        "--threads",
        type=int,
        nargs="*",
        default=[1, os.cpu_count() or 1],
        help="numbers of threads (default: one, and all)",
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="rounds for each row (default 5)"
    )
    parser.add_argument("--json", help="write all figures to this file")
    options = parser.parse_args()
    try:
        import torch
    except ImportError:
        print(
            "The benchmarks compare with PyTorch, which is not installed: "
            "pip install 'pedagogic-nn[bench]'",
            file=sys.stderr,
        )
        return 1
    rows = [
        row
        for name in CATALOGUE
        for row in importlib.import_module(f"benchmarks.{name}").rows()
        if options.only.lower() in row[0].lower()
    ]
    if not rows:
        print(f"no row's name contains {options.only!r}", file=sys.stderr)
        return 1
    print(", ".join(f"{k} {v}" for k, v in report.machine(torch).items()))
    print(report.HEADER)
    results = []
    for threads in sorted(set(options.threads)):
        results += timing.run(
            rows,
            (pedagogic_nn, torch),
            threads,
            options.rounds,
            lambda r: print(report.line(r), flush=True),
        )
    print(report.summary(results))
    if options.json:
        report.write(options.json, results, torch)
    return 0


if __name__ == "__main__":
    sys.exit(main())
