"""RMSprop: backends against the reference, PyTorch's numbers, a step by hand."""
import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import optim
from pedagogic_nn.optim import rmsprop
from tests.golden.optimizers import PROGRAMS
from tests.golden.recorder import check
from tests.harness import backend_tests, case, check_stays_float32, uniform

OPTIONS = dict(lr=0.1, alpha=0.9, eps=1e-3, weight_decay=0.2, momentum=0.5,
               maximize=False)
V, A = uniform(3, 4, low=1.0, high=2.0), uniform(3, 4, low=-0.5, high=0.5, seed=1)
UPDATES = {rmsprop.rmsprop_update: [], rmsprop.momentum_update: ["b"],
           rmsprop.centered_update: ["a"], rmsprop.centered_momentum_update: ["b", "a"]}


def rows(update, more):
    for options in (OPTIONS, {**OPTIONS, "maximize": True, "weight_decay": 0}):
        yield case(update, p=(3, 4), g=(3, 4), v=V, **{name: A for name in more},
                   **options)
    for n in (0, 1):
        numbers = {name: np.full(n, 0.25) for name in more}
        yield case(update, p=np.ones(n), g=np.ones(n), v=np.ones(n), **numbers, **OPTIONS)
    yield case(update, p=(), g=(), v=uniform(low=1.0, high=2.0),
               **{name: uniform(high=0.5) for name in more}, **OPTIONS)


test_backends = backend_tests(
    [row for update, more in UPDATES.items() for row in rows(update, more)])


@pytest.mark.parametrize("key", [key for key in PROGRAMS if key.startswith("RMSprop")])
def test_agrees_with_pytorch(key):
    check("optimizers", key, PROGRAMS[key])


def test_formulas_stay_in_float32():
    check_stays_float32(rmsprop._rmsprop, 10)
    check_stays_float32(rmsprop._momentum, 11)
    check_stays_float32(rmsprop._centered, 11)
    check_stays_float32(rmsprop._centered_momentum, 12)


def step(optimizer, gradient):
    (p,) = optimizer.param_groups[0]["params"]
    p.grad = torch.tensor(gradient, dtype=p.dtype)
    optimizer.step()
    return p.tolist()


def parameter(*numbers):
    return torch.tensor(numbers, dtype=torch.float64, requires_grad=True)


def test_by_hand():
    """v = ¼ · 4 = 1, so the step is lr · 2 / 1."""
    assert step(optim.RMSprop([parameter(1.0)], lr=0.25, alpha=0.75, eps=0.0),
                [2.0]) == [0.5]
    # a = ¼ · 4 = 1, v = ¼ · 16 = 4, the variance is 3
    moved = step(optim.RMSprop([parameter(1.0)], lr=0.25, alpha=0.75, eps=0.0,
                               centered=True), [4.0])
    assert moved == pytest.approx([1 - 0.25 * 4 / 3**0.5])
    optimizer = optim.RMSprop([parameter(1.0)], lr=0.25, alpha=0.0, eps=0.0,
                              momentum=0.5)
    assert step(optimizer, [3.0]) == [0.75]                      # b = 1
    assert step(optimizer, [-3.0]) == [0.875]                    # b = ½ - 1


@pytest.mark.parametrize("momentum", [0, 0.5])
def test_a_gradient_that_stays_the_same_has_no_variance(momentum):
    """Rounded, v - a² may be below 0; the root of it would be no number."""
    optimizer = optim.RMSprop([torch.ones(8, requires_grad=True)], lr=1e-6, alpha=0.3,
                              centered=True, momentum=momentum)
    gradient = [0.1, 0.3, 0.7, 1.1, 1.3, 1.7, 1.9, 2.3]
    for _ in range(40):
        moved = step(optimizer, gradient)
    assert np.isfinite(moved).all()


def test_options_can_be_switched_on_while_training():
    p = parameter(1.0)
    optimizer = optim.RMSprop([p])
    step(optimizer, [1.0])
    optimizer.param_groups[0].update(centered=True, momentum=0.5)
    step(optimizer, [1.0])
    assert set(optimizer.state[p]) == {"step", "square_avg", "grad_avg",
                                       "momentum_buffer"}
    assert optimizer.state[p]["step"].item() == 2


@pytest.mark.parametrize("options", [dict(), dict(momentum=0.5), dict(centered=True),
                                     dict(momentum=0.5, centered=True)])
def test_a_gradient_that_is_no_number_shows(options):
    moved = step(optim.RMSprop([parameter(1.0, 1.0)], **options), [float("nan"), 1.0])
    assert np.isnan(moved).tolist() == [True, False]
