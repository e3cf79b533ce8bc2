"""Schedules: PyTorch's numbers, a few by hand, warnings, errors and checkpoints."""
import math
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import optim
from pedagogic_nn.optim import lr_scheduler
from tests.golden.recorder import check
from tests.golden.schedules import PROGRAMS


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("key", PROGRAMS)
def test_agrees_with_pytorch(key):
    check("schedules", key, PROGRAMS[key])


def sgd(*lrs, **options):
    groups = [{"params": torch.ones(1, requires_grad=True), "lr": lr} for lr in lrs]
    return optim.SGD(groups, **options)


def walk(optimizer, scheduler, steps):
    """The learning rate of the first group, at the beginning and after each step."""
    seen = [optimizer.param_groups[0]["lr"]]
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
        seen.append(optimizer.param_groups[0]["lr"])
    return seen


# ---- by hand -------------------------------------------------------------------------


@pytest.mark.parametrize("name, options, expected", [
    ("StepLR", dict(step_size=2, gamma=0.5), [1, 1, 0.5, 0.5, 0.25]),
    ("MultiStepLR", dict(milestones=[1, 3], gamma=0.5), [1, 0.5, 0.5, 0.25, 0.25]),
    ("ExponentialLR", dict(gamma=0.5), [1, 0.5, 0.25, 0.125, 0.0625]),
    ("ConstantLR", dict(factor=0.5, total_iters=3), [0.5, 0.5, 0.5, 1, 1]),
    ("LinearLR", dict(start_factor=0.25, total_iters=3), [0.25, 0.5, 0.75, 1, 1]),
    ("PolynomialLR", dict(total_iters=4, power=2.0), [1, 9 / 16, 1 / 4, 1 / 16, 0]),
    ("CosineAnnealingLR", dict(T_max=2, eta_min=0.5), [1, 0.75, 0.5, 0.75, 1]),
    ("CosineAnnealingWarmRestarts", dict(T_0=2), [1, 0.5, 1, 0.5, 1]),
    ("LambdaLR", dict(lr_lambda=lambda t: 2 + t), [2, 3, 4, 5, 6]),
    ("MultiplicativeLR", dict(lr_lambda=lambda t: t), [1, 1, 2, 6, 24]),
    ("CyclicLR", dict(base_lr=0.0, max_lr=4.0, step_size_up=2, cycle_momentum=False),
     [0, 2, 4, 2, 0]),
    ("OneCycleLR", dict(max_lr=4.0, total_steps=5, pct_start=0.6, div_factor=2.0,
                        final_div_factor=1.0, anneal_strategy="linear",
                        cycle_momentum=False), [2, 3, 4, 3, 2]),
])
def test_by_hand(name, options, expected):
    optimizer = sgd(1.0)
    scheduler = getattr(lr_scheduler, name)(optimizer, **options)
    assert walk(optimizer, scheduler, 4) == pytest.approx(expected, abs=1e-15)
    assert scheduler.get_last_lr() == [optimizer.param_groups[0]["lr"]]


def test_every_group_keeps_its_own_rate():
    optimizer = sgd(1.0, 8.0)
    scheduler = lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    walk(optimizer, scheduler, 2)
    assert scheduler.get_last_lr() == [0.25, 2.0]
    assert [g["initial_lr"] for g in optimizer.param_groups] == [1.0, 8.0]


def test_a_rate_that_was_set_by_hand_is_not_forgotten():
    optimizer = sgd(1.0)
    scheduler = lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.param_groups[0]["lr"] = 16.0
    assert walk(optimizer, scheduler, 2) == [16, 8, 4]


def test_the_momentum_turns_the_other_way():
    optimizer = sgd(1.0, momentum=0.5)
    scheduler = lr_scheduler.CyclicLR(optimizer, 0.0, 1.0, step_size_up=2,
                                      base_momentum=0.5, max_momentum=0.75)
    momenta = []
    for _ in range(4):
        momenta.append(optimizer.param_groups[0]["momentum"])
        optimizer.step()
        scheduler.step()
    assert momenta == [0.75, 0.625, 0.5, 0.625]


def test_fractions_of_an_epoch():
    optimizer = sgd(1.0)
    scheduler = lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2)
    scheduler.step(0.5)
    assert scheduler.get_last_lr()[0] == pytest.approx((1 + math.cos(math.pi / 4)) / 2)
    assert scheduler.last_epoch == 0
    scheduler.step(2.5)
    assert scheduler.get_last_lr()[0] == pytest.approx((1 + math.cos(math.pi / 4)) / 2)


def test_a_plateau_takes_tensors():
    optimizer = sgd(1.0)
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, patience=0)
    for loss, lr, cooling in ((2.0, 1.0, False), (2.0, 0.1, False), (1.0, 0.1, False)):
        scheduler.step(torch.tensor(loss))
        assert scheduler.get_last_lr() == [lr] and scheduler.in_cooldown is cooling


@settings(max_examples=25)
@given(st.integers(1, 6), st.integers(1, 6), st.floats(0.1, 1), st.integers(0, 12),
       st.sampled_from(["StepLR", "ExponentialLR", "LinearLR", "PolynomialLR",
                        "CosineAnnealingLR", "ConstantLR", "MultiStepLR"]))
def test_step_after_step_is_the_formula(a, b, gamma, steps, name):
    """What the steps multiply up is the closed form at the last epoch."""
    options = {"StepLR": dict(step_size=a, gamma=gamma),
               "ExponentialLR": dict(gamma=gamma),
               "LinearLR": dict(start_factor=gamma, end_factor=0.5, total_iters=a),
               "PolynomialLR": dict(total_iters=a, power=b / 2),
               "CosineAnnealingLR": dict(T_max=a, eta_min=0.25),
               "ConstantLR": dict(factor=gamma, total_iters=a),
               "MultiStepLR": dict(milestones=[a, b], gamma=gamma)}[name]
    optimizer, other = sgd(1.0), sgd(1.0)
    seen = walk(optimizer, getattr(lr_scheduler, name)(optimizer, **options), steps)
    jump = getattr(lr_scheduler, name)(other, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        jump.step(steps)
    assert seen[-1] == pytest.approx(jump.get_last_lr()[0], rel=1e-9, abs=1e-12)


# ---- warnings ------------------------------------------------------------------------


def test_a_schedule_before_the_optimiser_is_noticed_once():
    optimizer = sgd(1.0)
    scheduler = lr_scheduler.StepLR(optimizer, 1)
    with pytest.warns(UserWarning, match="came before optimizer.step"):
        scheduler.step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler.step()
        other = sgd(1.0)
        walk(other, lr_scheduler.StepLR(other, 1), 3)


def test_an_optimiser_with_a_step_of_its_own_is_believed():
    class Own(optim.SGD):
        def step(self, closure=None):
            return None
    optimizer = Own([torch.ones(1, requires_grad=True)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        walk(optimizer, lr_scheduler.StepLR(optimizer, 1), 2)


def test_old_spellings():
    optimizer = sgd(1.0)
    scheduler = lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    with pytest.warns(UserWarning, match="step.epoch. is the old spelling"):
        scheduler.step(3)
    assert scheduler.get_last_lr() == [0.125] and scheduler.last_epoch == 3
    plateau = lr_scheduler.ReduceLROnPlateau(optimizer)
    with pytest.warns(UserWarning, match="step.metrics, epoch. is the old spelling"):
        plateau.step(1.0, epoch=7)
    assert plateau.last_epoch == 7
    assert issubclass(lr_scheduler.StepLR, lr_scheduler._LRScheduler)


# ---- errors --------------------------------------------------------------------------


def plateau():
    return lr_scheduler.ReduceLROnPlateau(sgd(1.0))


def step():
    return lr_scheduler.StepLR(sgd(1.0), 1)


@pytest.mark.parametrize("call, error, words", [
    (lambda: lr_scheduler.StepLR([1.0], 1), TypeError, "StepLR expected an optimiser, g"),
    (lambda: lr_scheduler.ReduceLROnPlateau(3), TypeError, "got int"),
    (lambda: lr_scheduler.LRScheduler(sgd(1.0)), TypeError, r"the method get_lr\(\)"),
    (lambda: lr_scheduler.StepLR(sgd(1.0), 1, last_epoch=3), KeyError,
     "goes on after epoch 3, but group 0 has no 'initial_lr'"),
    (lambda: lr_scheduler.ConstantLR(sgd(1.0), 1.5), ValueError, "from 0 to 1, got 1.5"),
    (lambda: lr_scheduler.LinearLR(sgd(1.0), 0.0), ValueError, "must be above 0"),
    (lambda: lr_scheduler.LambdaLR(sgd(1.0), [abs, abs]), ValueError,
     "lr_lambda: expected one for each of the 1 groups, got 2"),
    (lambda: lr_scheduler.LambdaLR(sgd(1.0), 0.5), TypeError, "function .* got a float"),
    (lambda: lr_scheduler.CosineAnnealingWarmRestarts(sgd(1.0), 0), ValueError, "T_0"),
    (lambda: lr_scheduler.CosineAnnealingWarmRestarts(sgd(1.0), 2).step(-1), ValueError,
     "at least 0, got -1"),
    (lambda: lr_scheduler.CyclicLR(sgd(1.0), 0, 1, mode="square"), ValueError, "square"),
    (lambda: lr_scheduler.OneCycleLR(optim.Adagrad([torch.ones(1)]), 1.0, 9), ValueError,
     "Adagrad has none; say cycle_momentum=False"),
    (lambda: lr_scheduler.OneCycleLR(sgd(1.0), 1.0), ValueError, "say total_steps, or"),
    (lambda: lr_scheduler.OneCycleLR(sgd(1.0), 1.0, epochs=2, steps_per_epoch=0),
     ValueError, "steps_per_epoch must be a positive whole number, got 0"),
    (lambda: walk(*(lambda o: (o, lr_scheduler.OneCycleLR(o, 1.0, 2)))(sgd(1.0)), 3),
     ValueError, "step 3 of a schedule of 2"),
    (lambda: lr_scheduler.ReduceLROnPlateau(sgd(1.0), factor=1), ValueError, "below 1"),
    (lambda: lr_scheduler.ReduceLROnPlateau(sgd(1.0), "less"), ValueError,
     "mode is 'min' or 'max', got 'less'"),
    (lambda: lr_scheduler.SequentialLR(sgd(1.0), [], []), ValueError, "at least one"),
    (lambda: lr_scheduler.SequentialLR(sgd(1.0), [step()], []), ValueError,
     "belongs to another optimiser"),
    (lambda: lr_scheduler.ChainedScheduler([plateau()]), ValueError, "needs a number"),
    (lambda: lr_scheduler.ChainedScheduler([3]), TypeError, "is a int, not a schedule"),
    (lambda: (lambda s: lr_scheduler.SequentialLR(s.optimizer, [s], [1]))(step()),
     ValueError, "1 schedules need 0 milestones between them, got 1"),
])
def test_says_what_it_expected(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_groups_that_were_added_later():
    optimizer = sgd(1.0)
    one, each = (lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, min_lr=low)
                 for low in (0.05, [0.05]))
    optimizer.add_param_group({"params": torch.ones(1, requires_grad=True), "lr": 3.0})
    one.step(1.0)
    one.step(1.0)
    assert [g["lr"] for g in optimizer.param_groups] == pytest.approx([0.1, 0.3])
    each.step(1.0)
    with pytest.raises(RuntimeError, match="1 min_lr were given, .* has 2 groups"):
        each.step(1.0)


# ---- checkpoints ---------------------------------------------------------------------


class Falling:
    """A function of the epoch with a state."""

    def __init__(self, rate):
        self.rate = rate

    def __call__(self, t):
        return self.rate**t


def test_the_state_of_functions():
    """Objects are saved with what they hold; of a function there is nothing to save."""
    optimizer = sgd(1.0, 1.0)
    scheduler = lr_scheduler.LambdaLR(optimizer, [Falling(0.5), math.sqrt])
    state = scheduler.state_dict()
    assert state["lr_lambdas"] == [{"rate": 0.5}, None] and "optimizer" not in state
    other = lr_scheduler.LambdaLR(sgd(1.0, 1.0), [Falling(0.1), math.sqrt])
    other.load_state_dict(state)
    assert other.lr_lambdas[0].rate == 0.5 and "lr_lambdas" in state

    cyclic = lr_scheduler.CyclicLR(sgd(1.0), 0.0, 1.0, scale_fn=Falling(0.5),
                                   cycle_momentum=False)
    again = lr_scheduler.CyclicLR(sgd(1.0), 0.0, 1.0, scale_fn=Falling(0.1),
                                  cycle_momentum=False)
    again.load_state_dict(cyclic.state_dict())
    assert again.scale_fn(2) == 0.25


def test_a_state_can_be_saved_as_text():
    import json
    optimizer = sgd(1.0)
    scheduler = lr_scheduler.CosineAnnealingLR(optimizer, 5)
    walk(optimizer, scheduler, 3)
    other = lr_scheduler.CosineAnnealingLR(sgd(1.0), 7)
    other.load_state_dict(json.loads(json.dumps(scheduler.state_dict())))
    assert (other.T_max, other.last_epoch) == (5, 3)
    assert other.get_last_lr() == scheduler.get_last_lr()


def test_an_optimiser_keeps_the_first_rates_in_its_state():
    optimizer = sgd(1.0)
    scheduler = lr_scheduler.ExponentialLR(optimizer, 0.5)
    walk(optimizer, scheduler, 2)
    other = sgd(7.0)
    other.load_state_dict(optimizer.state_dict())
    resumed = lr_scheduler.ExponentialLR(other, 0.5, last_epoch=1)
    assert resumed.base_lrs == [1.0] and resumed.get_last_lr() == [0.25]
