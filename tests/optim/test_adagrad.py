"""Adagrad: backends against the reference, PyTorch's numbers, steps by hand."""
import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import optim
from pedagogic_nn.optim import adagrad
from tests.golden.optimizers import PROGRAMS
from tests.golden.recorder import check
from tests.harness import backend_tests, case, check_stays_float32, uniform

OPTIONS = dict(t=3.0, lr=0.1, lr_decay=0.5, eps=1e-3, weight_decay=0.2, maximize=False)
test_backends = backend_tests([
    case(adagrad.adagrad_update, p=(3, 4), g=(3, 4), s=uniform(3, 4), **OPTIONS),
    case(adagrad.adagrad_update, p=(3, 4), g=(3, 4), s=uniform(3, 4),
         **{**OPTIONS, "maximize": True, "weight_decay": 0, "t": 1.0}),
    case(adagrad.adagrad_update, p=(0, 2), g=(0, 2), s=(0, 2), **OPTIONS),
    case(adagrad.adagrad_update, p=(), g=(), s=uniform(), **OPTIONS),
    case(adagrad.adagrad_update, p=np.float64([1]), g=np.float64([2]), s=np.float64([3]),
         **OPTIONS),
])


@pytest.mark.parametrize("key", [key for key in PROGRAMS if key.startswith("Adagrad")])
def test_agrees_with_pytorch(key):
    check("optimizers", key, PROGRAMS[key])


def test_formulas_stay_in_float32():
    check_stays_float32(adagrad._adagrad, 7)


def test_by_hand():
    """Sums of squares 9, 25: steps of lr · 3/3 and lr / (1 + ½) · 4/5."""
    p = torch.tensor([1.0], requires_grad=True)
    optimizer = optim.Adagrad([p], lr=0.25, lr_decay=0.5, eps=0.0)
    for gradient, expected in ((3.0, 0.75), (4.0, 0.75 - 0.25 / 1.5 * 0.8)):
        p.grad = torch.tensor([gradient])
        optimizer.step()
        assert p.item() == pytest.approx(expected)


def test_the_state_is_there_from_the_start():
    """As in PyTorch; parameters that are added later begin with their first step."""
    p, q = torch.ones(2, requires_grad=True), torch.ones(1, requires_grad=True)
    optimizer = optim.Adagrad([p], initial_accumulator_value=0.5)
    assert optimizer.state[p]["sum"].tolist() == [0.5, 0.5]
    assert optimizer.state[p]["step"].item() == 0
    optimizer.add_param_group({"params": q, "initial_accumulator_value": 3})
    q.grad = torch.ones(1)
    optimizer.step()
    assert optimizer.state[q]["sum"].tolist() == [4]


def test_a_gradient_that_is_no_number_shows():
    p = torch.ones(2, requires_grad=True)
    p.grad = torch.tensor([float("nan"), 1.0])
    optim.Adagrad([p]).step()
    assert np.isnan(p.tolist()).tolist() == [True, False]
