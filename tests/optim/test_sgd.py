"""SGD: every backend against the reference, PyTorch's numbers, one step by hand."""
import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import optim
from pedagogic_nn.optim import sgd
from tests.golden.optimizers import PROGRAMS
from tests.golden.recorder import check
from tests.harness import backend_tests, case, check_stays_float32

ALL = dict(lr=0.1, weight_decay=0.2, maximize=True)
ROLL = dict(lr=0.1, momentum=0.9, dampening=0.3, nesterov=False, weight_decay=0.2,
            maximize=False)

test_backends = backend_tests([
    case(sgd.sgd_update, p=(3, 4), g=(3, 4), lr=0.1, weight_decay=0, maximize=False),
    case(sgd.sgd_update, p=(3, 4), g=(3, 4), **ALL),
    case(sgd.sgd_update, p=(0, 4), g=(0, 4), **ALL),
    case(sgd.sgd_update, p=(), g=(), **ALL),
    case(sgd.sgd_update, p=np.float64([1, -2]), g=np.float64([3, 4]), **ALL),
    case(sgd.momentum_update, p=(3, 4), g=(3, 4), b=(3, 4), **ROLL),
    case(sgd.momentum_update, p=(3, 4), g=(3, 4), b=(3, 4),
         **{**ROLL, "nesterov": True, "maximize": True}),
    case(sgd.momentum_update, p=(0,), g=(0,), b=(0,), **ROLL),
    case(sgd.momentum_update, p=np.float64([1, -2]), g=np.float64([3, 4]),
         b=np.float64([5, 6]), **ROLL),
])


@pytest.mark.parametrize("key", [key for key in PROGRAMS if key.startswith("SGD")])
def test_agrees_with_pytorch(key):
    check("optimizers", key, PROGRAMS[key])


def test_formulas_stay_in_float32():
    check_stays_float32(sgd._descend, 5)
    check_stays_float32(sgd._roll, 9)


def test_two_steps_by_hand():
    p = torch.tensor([1.0], requires_grad=True)
    optimizer = optim.SGD([p], lr=0.5, momentum=0.5, dampening=0.5)
    p.grad = torch.tensor([2.0])
    optimizer.step()                                      # b = 2 (undampened), p = 1 - 1
    assert p.item() == 0 and optimizer.state[p]["momentum_buffer"].item() == 2
    optimizer.step()                                      # b = 1 + 1, p = 0 - 1
    assert p.item() == -1 and optimizer.state[p]["momentum_buffer"].item() == 2


def test_nothing_is_remembered_without_momentum():
    p = torch.ones(1, requires_grad=True)
    p.grad = torch.ones(1)
    optimizer = optim.SGD([p])
    optimizer.step()
    assert optimizer.state_dict()["state"] == {}
