"""Run a program in a process of its own, where it may set variables, fork or crash."""
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def start(*arguments, **environment):
    """Start Python with these arguments; a variable that is None is taken away."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)], text=True, cwd=ROOT,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={name: value for name, value in variables.items() if value is not None})


def finish(process, seconds=300):
    """What the program printed; if it failed, the test fails with its error."""
    try:
        printed, error = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        printed, error = process.communicate()
        raise AssertionError(f"no end after {seconds} s\n{printed}\n{error}") from None
    assert process.returncode == 0, f"status {process.returncode}\n{printed}\n{error}"
    return printed


def run(script, seconds=300, **environment):
    """Run a program given as text; what it printed."""
    return finish(start("-c", script, **environment), seconds)
