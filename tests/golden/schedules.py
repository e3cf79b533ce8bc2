"""Programs of 30 steps with each schedule; their results are in schedules.json.gz.

    python -m tests.golden.schedules      # where PyTorch is installed: records them
"""
import itertools
import warnings

import numpy as np

STEPS = 30


class Falling:
    """A function of the epoch that has a state."""

    def __init__(self, start):
        self.start = start

    def __call__(self, epoch):
        return self.start * 0.9**epoch


# name, options without the optimiser; each runs with the learning rates 0.5 and 2
SCHEDULES = [
    ("StepLR", dict(step_size=3, gamma=0.9)), ("StepLR", dict(step_size=7)),
    ("StepLR", dict(step_size=1, gamma=1.1)), ("StepLR", dict(step_size=4, gamma=0)),
    ("MultiStepLR", dict(milestones=[3, 8, 8, 20], gamma=0.5)),
    ("MultiStepLR", dict(milestones=[])), ("MultiStepLR", dict(milestones=[0, 5])),
    ("MultiStepLR", dict(milestones=[10])), ("ConstantLR", dict(total_iters=10)),
    ("ExponentialLR", dict(gamma=0.9)), ("ExponentialLR", dict(gamma=1)),
    ("ConstantLR", dict()), ("ConstantLR", dict(factor=0.5, total_iters=12)),
    ("ConstantLR", dict(factor=1)), ("ConstantLR", dict(total_iters=40)),
    ("LinearLR", dict()), ("LinearLR", dict(start_factor=0.1, total_iters=20)),
    ("LinearLR", dict(start_factor=1.0, end_factor=0, total_iters=9)),
    ("LinearLR", dict(start_factor=1.0, end_factor=0.2, total_iters=40)),
    ("PolynomialLR", dict()), ("PolynomialLR", dict(total_iters=20, power=2.0)),
    ("PolynomialLR", dict(total_iters=40, power=0.5)),
    ("CosineAnnealingLR", dict(T_max=5)), ("CosineAnnealingLR", dict(T_max=30)),
    ("CosineAnnealingLR", dict(T_max=10, eta_min=0.1)),
    ("CosineAnnealingLR", dict(T_max=1)),
    ("CosineAnnealingLR", dict(T_max=7, eta_min=3.0)),
    ("CosineAnnealingWarmRestarts", dict(T_0=5)),
    ("CosineAnnealingWarmRestarts", dict(T_0=3, T_mult=2, eta_min=0.1)),
    ("CosineAnnealingWarmRestarts", dict(T_0=1)),
    ("LambdaLR", dict(lr_lambda=lambda t: 0.95**t)),
    ("LambdaLR", dict(lr_lambda=[lambda t: t**0.5, lambda t: t + 1])),
    ("LambdaLR", dict(lr_lambda=Falling(3))),
    ("MultiplicativeLR", dict(lr_lambda=lambda t: 0.95)),
    ("MultiplicativeLR", dict(lr_lambda=[lambda t: t, lambda t: 1 / t])),
    ("CyclicLR", dict(base_lr=0.1, max_lr=0.5, step_size_up=4)),
    ("CyclicLR", dict(base_lr=[0.1, 0.2], max_lr=[1, 2], step_size_up=4,
                      step_size_down=7, mode="triangular2")),
    ("CyclicLR", dict(base_lr=0.1, max_lr=0.5, step_size_up=3, mode="exp_range",
                      gamma=0.95)),
    ("CyclicLR", dict(base_lr=0.1, max_lr=0.5, step_size_up=3,
                      scale_fn=lambda cycle: cycle**0.5)),
    ("CyclicLR", dict(base_lr=0.1, max_lr=0.5, step_size_up=3, scale_fn=lambda t: 1 + t,
                      scale_mode="iterations", cycle_momentum=False)),
    ("OneCycleLR", dict(max_lr=1.0, total_steps=31)),
    ("OneCycleLR", dict(max_lr=[1.0, 0.5], epochs=5, steps_per_epoch=8,
                        anneal_strategy="linear", pct_start=0.5)),
    ("OneCycleLR", dict(max_lr=1.0, total_steps=40, three_phase=True, div_factor=5.0,
                        final_div_factor=10.0, base_momentum=[0.5, 0.6])),
    ("OneCycleLR", dict(max_lr=1.0, total_steps=10)),             # too few: an error
    ("OneCycleLR", dict(max_lr=1.0, total_steps=35, cycle_momentum=False)),
]

MISTAKES = [
    ("StepLR", dict(step_size=3, last_epoch=4)), ("ConstantLR", dict(factor=1.5)),
    ("ConstantLR", dict(factor=-0.5)), ("LinearLR", dict(start_factor=0)),
    ("LinearLR", dict(start_factor=2.0)), ("LinearLR", dict(end_factor=-1)),
    ("LambdaLR", dict(lr_lambda=[abs])), ("LambdaLR", dict(lr_lambda=3)),
    ("MultiplicativeLR", dict(lr_lambda=[abs] * 3)),
    ("CosineAnnealingWarmRestarts", dict(T_0=0)),
    ("CosineAnnealingWarmRestarts", dict(T_0=2.0)),
    ("CosineAnnealingWarmRestarts", dict(T_0=2, T_mult=0)),
    ("CosineAnnealingWarmRestarts", dict(T_0=2, eta_min="0")),
    ("CyclicLR", dict(base_lr=[0.1], max_lr=0.5)),
    ("CyclicLR", dict(base_lr=0.1, max_lr=0.5, mode="square")),
    ("OneCycleLR", dict(max_lr=1.0)), ("OneCycleLR", dict(max_lr=1.0, epochs=3)),
    ("OneCycleLR", dict(max_lr=1.0, total_steps=0)),
    ("OneCycleLR", dict(max_lr=1.0, epochs=2, steps_per_epoch=1.5)),
    ("OneCycleLR", dict(max_lr=1.0, total_steps=10, pct_start=2.0)),
    ("OneCycleLR", dict(max_lr=1.0, total_steps=10, pct_start=1)),
    ("OneCycleLR", dict(max_lr=1.0, total_steps=10, anneal_strategy="square")),
    ("OneCycleLR", dict(max_lr=[1.0], total_steps=10)),
    ("ReduceLROnPlateau", dict(factor=1.0)), ("ReduceLROnPlateau", dict(mode="less")),
    ("ReduceLROnPlateau", dict(min_lr=[0.1])),
    ("ReduceLROnPlateau", dict(threshold_mode="share")),
    ("SequentialLR", dict(schedulers=[], milestones=[])),
    ("SequentialLR", dict(schedulers=[3], milestones=[])),
]

LOSSES = [3.0, 2.0, 2.0, 1.99999, 2.5, 2.0, 1.5, 1.5, 1.5, 1.4999, 1.6, 1.2, 1.1, 1.1,
          float("nan"), 1.1, 1.1, 1.1, -1.0, -1.0, -1.0, -1.1, -1.0, -2.0, -2.0, -2.0,
          -2.0, -2.0, -2.0, float("inf")]
PLATEAUS = [
    dict(patience=2), dict(patience=0, factor=0.5), dict(patience=1, cooldown=3),
    dict(patience=1, threshold=0.5, threshold_mode="abs"), dict(patience=1, mode="max"),
    dict(patience=2, mode="max", threshold=0.1, threshold_mode="abs", cooldown=1),
    dict(patience=0, factor=0.1, min_lr=[0.01, 0.5]), dict(patience=0, eps=0.1),
]


def optimizer_of(torch, name="SGD", lrs=(0.5, 2.0)):
    """An optimiser with two groups; it has a momentum."""
    groups = [{"params": [torch.ones(1, requires_grad=True)], "lr": lr} for lr in lrs]
    options = {"momentum": 0.9} if name in ("SGD", "RMSprop") else {}
    return getattr(torch.optim, name)(groups, lr=1.0, **options)


def rates(optimizer, scheduler):
    """What a step may change, as numbers."""
    groups = optimizer.param_groups
    momenta = [g["betas"][0] if "betas" in g else g.get("momentum", 0) for g in groups]
    lrs = [g["lr"] for g in groups]
    assert lrs == scheduler.get_last_lr()
    return [*lrs, *momenta]


def walk(torch, optimizer, scheduler, steps=STEPS, **by_hand):
    """The rates at the beginning and after each step, as a tensor."""
    rows = [rates(optimizer, scheduler)]
    for t in range(steps):
        optimizer.step()
        if t == by_hand.get("at"):
            optimizer.param_groups[0]["lr"] *= 3
        scheduler.step()
        rows.append(rates(optimizer, scheduler))
    return torch.from_numpy(np.array(rows, np.float64))


def make(torch, name, options, optimizer):
    return getattr(torch.optim.lr_scheduler, name)(optimizer, **options)


def fresh(name, options, optimizer="SGD", **by_hand):
    def run(torch):
        opt = optimizer_of(torch, optimizer)
        return walk(torch, opt, make(torch, name, options, opt), **by_hand)
    return run


def resumed(name, options):
    """Ten steps; then a new optimiser and schedule, by last_epoch and by state_dict."""
    def run(torch):
        first = optimizer_of(torch)
        before = make(torch, name, options, first)
        walk(torch, first, before, 10)
        opt = optimizer_of(torch, lrs=(7.0, 8.0))
        opt.load_state_dict(first.state_dict())
        by_epoch = walk(torch, opt, make(torch, name, {**options, "last_epoch": 9}, opt))
        other = optimizer_of(torch)
        after = make(torch, name, options, other)
        other.load_state_dict(first.state_dict())
        after.load_state_dict(before.state_dict())
        kept = sorted(k for k in before.state_dict() if k in KEPT.get(name, BASE))
        return [by_epoch, walk(torch, other, after), kept]
    return run


BASE = {"base_lrs", "last_epoch", "_step_count", "_last_lr"}
KEPT = {name: BASE | set(keys.split()) for name, keys in {
    "StepLR": "step_size gamma", "MultiStepLR": "milestones gamma",
    "ExponentialLR": "gamma", "ConstantLR": "factor total_iters",
    "LinearLR": "start_factor end_factor total_iters", "LambdaLR": "lr_lambdas",
    "PolynomialLR": "total_iters power", "CosineAnnealingLR": "T_max eta_min",
    "CosineAnnealingWarmRestarts": "T_0 T_i T_mult T_cur eta_min",
    "MultiplicativeLR": "lr_lambdas", "OneCycleLR": "total_steps _schedule_phases",
    "CyclicLR": "max_lrs total_size step_ratio mode gamma scale_mode _scale_fn_custom",
}.items()}


def at_epochs(name, options):
    """0.4's spelling: step(epoch), back and forth."""
    def run(torch):
        opt = optimizer_of(torch)
        scheduler, rows = make(torch, name, options, opt), []
        for epoch in (0, 3, 12, 12, 5, 21, 1):
            opt.step()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                scheduler.step(epoch)
            rows.append(rates(opt, scheduler))
        opt.step()
        scheduler.step()
        return torch.from_numpy(np.array([*rows, rates(opt, scheduler)], np.float64))
    return run


def plateau(options):
    def run(torch):
        opt = optimizer_of(torch)
        scheduler, rows = make(torch, "ReduceLROnPlateau", options, opt), []
        for loss in LOSSES:
            scheduler.step(loss)
            rows.append([*rates(opt, scheduler), scheduler.num_bad_epochs,
                         scheduler.cooldown_counter, scheduler.best])
        other = make(torch, "ReduceLROnPlateau", {}, opt)
        other.load_state_dict(scheduler.state_dict())
        other.step(torch.tensor(-1.5))
        rows.append([*rates(opt, other), other.num_bad_epochs, other.cooldown_counter,
                     other.best])
        return [torch.from_numpy(np.array(rows, np.float64)),
                sorted(scheduler.state_dict())]
    return run


PARTS = [("ConstantLR", dict(factor=0.5, total_iters=6)), ("StepLR", dict(step_size=4)),
         ("LinearLR", dict(start_factor=0.25, total_iters=8)),
         ("ExponentialLR", dict(gamma=0.9)), ("MultiStepLR", dict(milestones=[2, 5])),
         ("CosineAnnealingLR", dict(T_max=6, eta_min=0.1)),
         ("PolynomialLR", dict(total_iters=12, power=2.0)),
         ("MultiplicativeLR", dict(lr_lambda=lambda t: 0.95)),
         ("LambdaLR", dict(lr_lambda=lambda t: 0.95**t)),
         ("CosineAnnealingWarmRestarts", dict(T_0=4))]


def combined(kind, parts, milestones=None):
    def run(torch):
        def build(opt):
            made = [make(torch, name, options, opt) for name, options in parts]
            if kind == "ChainedScheduler":
                return torch.optim.lr_scheduler.ChainedScheduler(made)
            return torch.optim.lr_scheduler.SequentialLR(opt, made, milestones)

        opt = optimizer_of(torch)
        scheduler = build(opt)
        table = walk(torch, opt, scheduler, 17)
        other = optimizer_of(torch)
        after = build(other)
        other.load_state_dict(opt.state_dict())
        after.load_state_dict(scheduler.state_dict())
        return [table, walk(torch, other, after)]
    return run


def nested(torch):
    """A sequence in a sequence, and a chain in it."""
    s, opt = torch.optim.lr_scheduler, optimizer_of(torch)
    inner = s.SequentialLR(opt, [s.ConstantLR(opt, 0.5), s.ExponentialLR(opt, 0.9)], [4])
    outer = s.SequentialLR(opt, [inner, s.StepLR(opt, 3)], [10])
    return walk(torch, opt, outer)


def programs():
    for name, options in SCHEDULES:
        key = f"{name} {_spell(options)}"
        yield key, fresh(name, options)
        yield f"{key} by hand", fresh(name, options, at=4)
        yield f"{key} resumed", resumed(name, options)
        yield f"{key} at epochs", at_epochs(name, options)
        for optimizer in ("Adam", "Adagrad"):
            if name in ("CyclicLR", "OneCycleLR"):
                yield f"{key} {optimizer}", fresh(name, options, optimizer)
    for name, options in MISTAKES:
        yield f"mistake {name} {_spell(options)}", fresh(name, options)
    for options in PLATEAUS:
        yield f"plateau {_spell(options)}", plateau(options)
    for a, b in itertools.permutations(PARTS, 2):
        yield f"chain {a[0]} {b[0]}", combined("ChainedScheduler", [a, b])
        yield f"sequence {a[0]} {b[0]}", combined("SequentialLR", [a, b], [7])
    yield "sequence of three", combined("SequentialLR", PARTS[:3], [5, 11])
    yield "sequence from 0", combined("SequentialLR", PARTS[:2], [0])
    yield "too few milestones", combined("SequentialLR", PARTS[:3], [5])
    yield "nested", nested


def _spell(options):
    return ", ".join(f"{k}={getattr(v, '__name__', type(v).__name__)}"
                     if callable(v) or isinstance(v, list) and callable(v[0] if v else v)
                     else f"{k}={v!r}" for k, v in options.items())


PROGRAMS = dict(programs())
assert len(PROGRAMS) == len(list(programs())), "two programs of one key"


if __name__ == "__main__":
    from tests.golden.recorder import record

    record("schedules", PROGRAMS)
