"""Adam and AdamW: backends against the reference, PyTorch's numbers, a step by hand."""
import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import optim
from pedagogic_nn.optim import adam
from tests.golden.optimizers import PROGRAMS
from tests.golden.recorder import check
from tests.harness import backend_tests, case, check_stays_float32, uniform

OPTIONS = dict(t=3.0, lr=0.1, beta1=0.9, beta2=0.99, eps=1e-3, weight_decay=0.2,
               decoupled=False, maximize=False)
VARIANTS = [OPTIONS, {**OPTIONS, "decoupled": True}, {**OPTIONS, "maximize": True},
            {**OPTIONS, "weight_decay": 0, "t": 1.0}]


def rows(update, **averages):
    for options in VARIANTS:
        yield case(update, p=(3, 4), g=(3, 4), m=(3, 4), **averages, **options)


test_backends = backend_tests([
    *rows(adam.adam_update, v=uniform(3, 4)),
    *rows(adam.amsgrad_update, v=uniform(3, 4), v_max=uniform(3, 4, seed=1)),
    case(adam.adam_update, p=(0, 2), g=(0, 2), m=(0, 2), v=(0, 2), **OPTIONS),
    case(adam.adam_update, p=(), g=(), m=(), v=uniform(), **OPTIONS),
    case(adam.adam_update, p=np.float64([1]), g=np.float64([2]), m=np.float64([3]),
         v=np.float64([4]), **OPTIONS),
    case(adam.amsgrad_update, p=np.float64([1]), g=np.float64([2]), m=np.float64([3]),
         v=np.float64([4]), v_max=np.float64([5]), **OPTIONS),
    case(adam.amsgrad_update, p=(0,), g=(0,), m=(0,), v=(0,), v_max=(0,), **OPTIONS),
])


@pytest.mark.parametrize("key", [key for key in PROGRAMS if key.startswith("Adam")])
def test_agrees_with_pytorch(key):
    check("optimizers", key, PROGRAMS[key])


def test_formulas_stay_in_float32():
    check_stays_float32(adam._adam, 12)
    check_stays_float32(adam._amsgrad, 13)


@pytest.mark.parametrize("gradient", [1e-3, 1.0, 1e3])
def test_the_first_step_is_lr_whatever_the_gradient(gradient):
    p = torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
    p.grad = torch.tensor([gradient], dtype=torch.float64)
    optim.Adam([p], lr=0.25).step()
    assert p.item() == pytest.approx(0.75, abs=1e-5)


def test_amsgrad_can_be_switched_on_while_training():
    p = torch.ones(1, requires_grad=True)
    p.grad = torch.ones(1)
    optimizer = optim.Adam([p])
    optimizer.step()
    optimizer.param_groups[0]["amsgrad"] = True
    optimizer.step()
    state = optimizer.state[p]
    assert state["max_exp_avg_sq"].item() == state["exp_avg_sq"].item() > 0


def test_a_gradient_that_is_no_number_shows():
    for amsgrad in (False, True):
        p = torch.ones(2, requires_grad=True)
        p.grad = torch.tensor([float("nan"), 1.0])
        optimizer = optim.Adam([p], amsgrad=amsgrad)
        optimizer.step()
        assert np.isnan(p.tolist()).tolist() == [True, False]
        for name in set(optimizer.state[p]) - {"step"}:
            assert np.isnan(optimizer.state[p][name].tolist()).tolist() == [True, False]
