"""The loss that CONTRIBUTING.md works through runs as it stands there."""

import re
from pathlib import Path

import numpy as np
import pytest

from pedagogic_nn.backend import Op
from tests.harness import (
    BACKENDS,
    Case,
    case,
    check_backend,
    check_gradient,
    saturated,
)

PAGE = Path(__file__).parents[1] / "CONTRIBUTING.md"


@pytest.fixture
def page():
    """The names that the two blocks of the page define; the registries as they were."""
    operations, cases = len(Op.all), len(Case.all)
    file, rows = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf8"), re.DOTALL)
    names = {
        "__name__": "pedagogic_nn.nn.losses.huber",
        "case": case,
        "saturated": saturated,
        "__package__": "pedagogic_nn.nn.losses",
        "backend_tests": list,
        "gradient_tests": list,
    }
    exec(compile(file, "huber.py", "exec"), names)
    exec(compile(rows, "test_huber.py", "exec"), names)
    yield names
    del Op.all[operations:], Case.all[cases:]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_rows_pass(page, backend):
    for row in page["test_backends"]:
        check_backend(row, backend)
    for row in page["test_gradients"]:
        check_gradient(row.function, *row.arguments()[0], backend=backend)


def test_the_value_is_right(page):
    x = np.array([0.0, 0.5, 3.0], np.float32)
    np.testing.assert_allclose(page["huber"](x, np.zeros(3, np.float32)), [0, 0.125, 2.5])
