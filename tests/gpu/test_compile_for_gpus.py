"""Every CUDA kernel compiles for real GPUs, stays in float32 and in registers.

Three steps, each in its own process, because numba reads NUMBA_ENABLE_CUDASIM once: tests
in the simulator record the argument types that kernels see (`make test` has done that by
now), compile_kernels.py compiles them, and the tests below read its report.
"""
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gpu.compile_kernels import GPUS

ROOT = Path(__file__).resolve().parents[2]
STATIC_SHARED_MEMORY = 48 * 1024     # bytes; CUDA refuses to load a kernel with more

# Kernels that compute in double on purpose, and why.
USES_DOUBLES = {}


@pytest.fixture(scope="session")
def signatures(tmp_path_factory):
    """The folder with the recorded types; recorded now if nobody has."""
    recorded = os.environ.get("CUDA_SIGNATURES")
    if recorded and any(Path(recorded).glob("*.json")):
        return recorded
    folder = tmp_path_factory.mktemp("signatures")
    tests = [f"tests/{name}" for name in ("backend", "autograd", "nn", "optim")]
    python("-m", "pytest", "-q", "-p", "tests.gpu.record_signatures", "-m", "not serial",
           *tests, CUDA_SIGNATURES=str(folder), NUMBA_ENABLE_CUDASIM="1")
    return folder


@pytest.fixture(scope="session")
def report(signatures, tmp_path_factory):
    """The rows of compile_kernels.py."""
    file = tmp_path_factory.mktemp("report") / "report.json"
    python("-m", "tests.gpu.compile_kernels", signatures, file, NUMBA_ENABLE_CUDASIM="0")
    return json.loads(file.read_text())


def python(*arguments, **environment):
    """Run this Python in a process of its own; what it printed is shown if it fails."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=ROOT, timeout=900,
        env={**os.environ, **environment}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


def fail_for(report, gpu, is_wrong):
    """Fail with a line for each row of `gpu` (and of no GPU at all) that is wrong."""
    rows = [row for row in report if row["gpu"] in (gpu, "") and is_wrong(row)]
    if rows:
        pytest.fail("\n".join(describe(row) for row in rows), pytrace=False)


def describe(row):
    used = {key: row[key] for key in ("doubles", "REG", "STACK", "SHARED", "LOCAL")}
    return f"{row['kernel']}({row['signature']}): {row['error'] or used}"


def is_float32(row):
    return "float32[" in row["signature"] and "float64[" not in row["signature"]


@pytest.mark.parametrize("gpu", GPUS)
def test_every_kernel_compiles(report, gpu):
    assert any(row["gpu"] == gpu for row in report), "the report has no row for this GPU"
    fail_for(report, gpu, lambda row: row["error"])


@pytest.mark.parametrize("gpu", GPUS)
def test_float32_kernels_compute_in_float32(report, gpu):
    """A bare 0.1 in a kernel is a double: up to 64 times slower on a GPU."""
    fail_for(report, gpu, lambda row: row["doubles"] and is_float32(row)
             and row["kernel"] not in USES_DOUBLES)


@pytest.mark.parametrize("gpu", GPUS)
def test_kernels_fit_into_registers_and_shared_memory(report, gpu):
    """Stack and local memory are slow device memory under a fast-sounding name."""
    fail_for(report, gpu, lambda row: row["STACK"] or row["LOCAL"]
             or row["SHARED"] > STATIC_SHARED_MEMORY)
