"""The loss that CONTRIBUTING.md works through runs as it stands there."""

import re
from pathlib import Path

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn.backend import Op
from pedagogic_nn.backend.launch import CudaKernel
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
    known = [(kind.all, len(kind.all)) for kind in (Op, CudaKernel, Case)]
    file, rows = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf8"), re.DOTALL)
    names = {
        "__name__": "pedagogic_nn.nn.losses.cauchy",
        "case": case,
        "saturated": saturated,
        "__package__": "pedagogic_nn.nn.losses",
        "backend_tests": list,
        "gradient_tests": list,
    }
    exec(compile(file, "cauchy.py", "exec"), names)
    exec(compile(rows, "test_cauchy.py", "exec"), names)
    yield names
    for registry, count in known:
        del registry[count:]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_rows_pass(page, backend):
    for row in page["test_backends"]:
        check_backend(row, backend)
    for row in page["test_gradients"]:
        check_gradient(row.function, *row.arguments()[0], backend=backend)


def test_the_value_is_right(page):
    x = torch.tensor([0.0, 2.0, -6.0], requires_grad=True)
    loss = page["CauchyLoss"](c=2.0, reduction="none")(x, torch.zeros(3))
    loss.sum().backward()
    np.testing.assert_allclose(loss.tolist(), np.log([1, 1.5, 5.5]), rtol=1e-6)
    np.testing.assert_allclose(x.grad.tolist(), [0, 2 / 6, -6 / 22], rtol=1e-6)


def test_it_says_what_it_expected(page):
    with pytest.raises(RuntimeError, match="c must be positive, got 0.0"):
        page["cauchy_loss"](torch.zeros(2), torch.zeros(2), c=0)


def test_the_library_does_not_have_it_yet():
    assert not hasattr(torch.nn, "CauchyLoss")
