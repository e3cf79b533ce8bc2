"""Every exercise that is found, with its reference kept warm; progress on long loops."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from exercises.grading.engine import Reference  # noqa: E402
from exercises.grading.exercise import load, paths  # noqa: E402


@pytest.fixture(scope="module", params=paths(), ids=lambda path: path.stem[5:])
def exercise(request):
    return load(request.param)


@pytest.fixture(scope="module")
def reference(exercise):
    one = Reference(exercise)
    yield one
    one.close()


@pytest.fixture
def progress(request, capsys):
    """progress(k, n) prints a line at each quarter."""
    quarters = set()

    def say(k, n):
        quarter = 4 * k // max(n, 1)
        if quarter not in quarters:
            quarters.add(quarter)
            with capsys.disabled():
                print(f"\n  {request.node.name}: {k} of {n}", end="", flush=True)

    return say
