"""`make test`: every check of the project, one stage after the other.

The cheap stages come first. The kernels are compiled once, in one process, before several
processes want them. A stage that collects no test has failed.
"""
import os
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field

import environment
import site_builder
from environment import PYTHON, ROOT, TEST
from progress import Problem

REPORTS = ROOT / "build" / "reports"
LIMIT = 1200                               # seconds; a stage that hangs must not hang CI

TWO_AT_A_TIME = ["-n", "2", "--dist", "loadfile"]
SIMULATOR = {"NUMBA_ENABLE_CUDASIM": "1"}  # read when numba is imported
SIGNATURES = ROOT / "build" / "cuda_signatures"  # from "library" to "gpu"
RECORD = {**SIMULATOR, "CUDA_SIGNATURES": str(SIGNATURES)}
COMPILE = {"NUMBA_ENABLE_CUDASIM": "0", "CUDA_SIGNATURES": str(SIGNATURES)}
OWN_STAGE = ["tests/gpu", "tests/grading", "tests/browser"]


@dataclass
class Stage:
    """One check: a command of .venv's Python, or a function that raises Problem."""

    name: str
    does: str
    command: list = field(default_factory=list)
    environment: dict = field(default_factory=dict)
    function: object = None


def _pytest(*arguments):
    return ["-m", "pytest", "-q", "--no-header", "--durations=5", *arguments]


LIBRARY = ["tests", *(f"--ignore={folder}" for folder in OWN_STAGE)]

STAGES = [
    Stage("style", "ruff", ["-m", "ruff", "check", "--quiet"]),
    Stage("types", "mypy", ["-m", "mypy", "--no-error-summary"]),
    Stage("warm", "compile the CPU kernels",
          ["-m", "pedagogic_nn.warmup", "--jobs", "2"]),
    Stage("library", "operations, autograd, modules; CUDA in numba's simulator",
          _pytest(*LIBRARY, "-m", "not serial", *TWO_AT_A_TIME,
                  "-p", "tests.gpu.record_signatures"), RECORD),
    Stage("alone", "timing, several processes, all threads",
          _pytest(*LIBRARY, "-m", "serial"), SIMULATOR),
    Stage("doctests", "the examples in docstrings",
          _pytest("--doctest-modules", "pedagogic_nn"), SIMULATOR),
    Stage("gpu", "compile the CUDA kernels for real GPUs", _pytest("tests/gpu"), COMPILE),
    Stage("grading", "solutions pass, known mistakes are named",
          _pytest("tests/grading", "-n", "2", "--dist", "load"), SIMULATOR),
    Stage("notebooks", "hygiene", ["-m", "pedagogic_nn.book.notebooks", "check"]),
    Stage("pages", "every cell prints what the book shows",
          _pytest("book", *TWO_AT_A_TIME)),
    Stage("book", "built with warnings as errors", function=site_builder.build),
    Stage("browser", "the built book in Chromium",
          _pytest("tests/browser", "-n", "2", "--dist", "loadgroup")),
]


@dataclass
class Result:
    stage: Stage
    passed: int
    failed: int
    seconds: float


def run(options):
    """Set up, run the stages that `options` names (all if none), print the sums.

    Returns the exit status: 0 if everything passed.
    """
    if "--list" in options:
        print("\n".join(f"{stage.name:10} {stage.does}" for stage in STAGES))
        return 0
    unknown = set(options) - {stage.name for stage in STAGES}
    if unknown:
        raise Problem(f"test: no stage is called {', '.join(sorted(unknown))}; there are "
                      + ", ".join(stage.name for stage in STAGES))
    start = time.monotonic()
    environment.set_up(TEST)
    REPORTS.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(SIGNATURES, ignore_errors=True)
    results = [_run(stage) for stage in STAGES if not options or stage.name in options]
    return _summary(results, time.monotonic() - start)


def _run(stage):
    print(f"\n==== {stage.name}: {stage.does}", flush=True)
    start = time.monotonic()
    if stage.name == "gpu" and sys.platform != "linux":
        print("not on this system: NVIDIA's compilers are installed on Linux only")
        return Result(stage, 0, 0, 0.0)
    try:
        passed, failed = _call(stage) if stage.function else _execute(stage)
    except Problem as problem:
        print(problem)
        passed, failed = 0, 1
    seconds = time.monotonic() - start
    verdict = "FAILED" if failed else "ok"
    print(f"---- {stage.name}: {verdict} in {seconds:.0f} s", flush=True)
    return Result(stage, passed, failed, seconds)


def _call(stage):
    stage.function()
    return 1, 0


def _execute(stage):
    """Run a stage's command; how many of its tests passed and failed."""
    report = REPORTS / f"{stage.name}.xml"
    report.unlink(missing_ok=True)
    is_pytest = stage.command[:2] == ["-m", "pytest"]
    command = [PYTHON, *stage.command, *([f"--junitxml={report}"] if is_pytest else [])]
    variables = {**os.environ, **stage.environment, "MPLBACKEND": "Agg"}
    if stage.name == "browser":
        variables["CHROMIUM"] = environment.find_chromium()
    try:
        status = subprocess.run(command, cwd=ROOT, env=variables, timeout=LIMIT,
                                stdin=subprocess.DEVNULL).returncode
    except subprocess.TimeoutExpired:
        raise Problem(f"stopped after {LIMIT} s") from None
    passed, failed = _counts(report) if is_pytest else (int(status == 0), 0)
    if status and not failed:              # an error outside any test, or no test at all
        failed = 1
    return passed, failed


def _counts(report):
    """Passed and failed tests in a JUnit report; a skipped test has not passed."""
    if not report.exists():
        return 0, 0
    sums = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    for suite in ElementTree.parse(report).iter("testsuite"):
        for key in sums:
            sums[key] += int(suite.get(key, 0))
    failed = sums["failures"] + sums["errors"] + sums["skipped"]
    return sums["tests"] - failed, failed


def _summary(results, seconds):
    print("\n==== summary")
    for result in results:
        print(f"{result.stage.name:10} {result.passed:6} passed {result.failed:4} failed "
              f"{result.seconds:7.0f} s")
    passed = sum(result.passed for result in results)
    failed = sum(result.failed for result in results)
    print(f"total time {seconds:.0f} s, with setting up")
    print(f"{passed} passed, {failed} failed")
    return int(failed > 0 or passed == 0)
