"""Adadelta: backends against the reference, PyTorch's numbers, a step by hand."""
import math

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import optim
from pedagogic_nn.optim import adadelta
from tests.golden.optimizers import PROGRAMS
from tests.golden.recorder import check
from tests.harness import backend_tests, case, check_stays_float32, uniform

OPTIONS = dict(lr=0.5, rho=0.9, eps=1e-3, weight_decay=0.2, maximize=False)
V, U = uniform(3, 4), uniform(3, 4, seed=1)
test_backends = backend_tests([
    case(adadelta.adadelta_update, p=(3, 4), g=(3, 4), v=V, u=U, **OPTIONS),
    case(adadelta.adadelta_update, p=(3, 4), g=(3, 4), v=V, u=U,
         **{**OPTIONS, "maximize": True, "weight_decay": 0}),
    case(adadelta.adadelta_update, p=(0, 2), g=(0, 2), v=(0, 2), u=(0, 2), **OPTIONS),
    case(adadelta.adadelta_update, p=(), g=(), v=uniform(), u=uniform(), **OPTIONS),
    case(adadelta.adadelta_update, p=np.float64([1]), g=np.float64([2]),
         v=np.float64([3]), u=np.float64([4]), **OPTIONS),
])


@pytest.mark.parametrize("key", [key for key in PROGRAMS if key.startswith("Adadelta")])
def test_agrees_with_pytorch(key):
    check("optimizers", key, PROGRAMS[key])


def test_formulas_stay_in_float32():
    check_stays_float32(adadelta._adadelta, 10)


def test_by_hand():
    """v = ¼ · 8 = 2: a step of √(0.25 / 2.25) · √8, and u = ¼ of its square."""
    p = torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
    p.grad = torch.tensor([math.sqrt(8)], dtype=torch.float64)
    optimizer = optim.Adadelta([p], rho=0.75, eps=0.25)
    optimizer.step()
    assert p.item() == pytest.approx(1 - math.sqrt(8) / 3)
    assert optimizer.state[p]["square_avg"].item() == pytest.approx(2)
    assert optimizer.state[p]["acc_delta"].item() == pytest.approx(2 / 9)
    assert optimizer.state[p]["step"].item() == 1


def test_a_gradient_that_is_no_number_shows():
    p = torch.ones(2, requires_grad=True)
    p.grad = torch.tensor([float("nan"), 1.0])
    optim.Adadelta([p]).step()
    assert np.isnan(p.tolist()).tolist() == [True, False]
