"""Schedules that rise before they fall, and turn the momentum the other way.

A large learning rate in the middle of training keeps a network from settling early; less
momentum meanwhile keeps the large steps from adding up.  Both schedules make their steps
after every batch, not after every epoch.
"""
import math
from collections.abc import Callable
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, check_optimizer, one_for_each_group, saved_function


class _Cycle(LRScheduler):
    """What the two share: the momentum of each group, which is SGD's momentum or Adam's
    β₁."""

    cycle_momentum: bool
    use_beta1: bool

    def _begin_momentum(self, base_momentum: Any, max_momentum: Any, last_epoch: int
                        ) -> tuple[list, list]:
        optimizer = self.optimizer
        self.use_beta1 = "betas" in optimizer.defaults
        if not self.use_beta1 and "momentum" not in optimizer.defaults:
            raise ValueError(
                f"{self._name} changes the momentum too, but "
                f"{type(optimizer).__name__} has none; say cycle_momentum=False")
        lowest = one_for_each_group(f"{self._name}: base_momentum", base_momentum,
                                    optimizer)
        highest = one_for_each_group(f"{self._name}: max_momentum", max_momentum,
                                     optimizer)
        if last_epoch == -1:
            for group, low, high in zip(optimizer.param_groups, lowest, highest):
                self._set_momentum(group, high)
                group["max_momentum"], group["base_momentum"] = high, low
        return lowest, highest

    def _set_momentum(self, group: dict[str, Any], momentum: float) -> None:
        if self.use_beta1:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum


class CyclicLR(_Cycle):
    """Up from base_lr to max_lr and down again, over and over.

    Args:
        optimizer: whose groups get new learning rates.
        base_lr: the learning rate at the bottom; a number, or one for each group.
        max_lr: at the top.
        step_size_up: how many steps up.
        step_size_down: how many steps down, as many as up unless told otherwise.
        mode: "triangular", all tops equal; "triangular2", each half as high as the one
            before; "exp_range", lower by gamma with each step.
        gamma: see mode.
        scale_fn: instead of mode: how high the tops are, a function of the cycle (from 1)
            or of the step.
        scale_mode: "cycle" or "iterations": what scale_fn is a function of.
        cycle_momentum: turn the momentum the other way.
        base_momentum: the momentum where the learning rate is highest.
        max_momentum: where it is lowest.
        last_epoch: see `LRScheduler`.

    Raises:
        ValueError: mode is another word, the optimiser has no momentum, or there are not
            as many values as groups.

    Example:
        >>> optimizer = optim.SGD([torch.ones(1, requires_grad=True)], momentum=0.9)
        >>> scheduler = optim.lr_scheduler.CyclicLR(optimizer, 0.0, 1.0, step_size_up=2)
        >>> for step in range(6):
        ...     print(scheduler.get_last_lr()[0], end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        0.0 0.5 1.0 0.5 0.0 0.5

    Source: Smith: Cyclical Learning Rates for Training Neural Networks (2017), section 3.
    """

    def __init__(self, optimizer: Optimizer, base_lr: float | list[float],
                 max_lr: float | list[float], step_size_up: int = 2000,
                 step_size_down: int | None = None, mode: str = "triangular",
                 gamma: float = 1.0, scale_fn: Callable[[float], float] | None = None,
                 scale_mode: str = "cycle", cycle_momentum: bool = True,
                 base_momentum: float = 0.8, max_momentum: float = 0.9,
                 last_epoch: int = -1) -> None:
        check_optimizer(self, optimizer)
        if scale_fn is None and mode not in ("triangular", "triangular2", "exp_range"):
            raise ValueError(f"{self._name}: mode is 'triangular', 'triangular2' or "
                             f"'exp_range', or scale_fn is given; got {mode!r}")
        self.optimizer, self.mode, self.gamma = optimizer, mode, gamma
        base_lrs = one_for_each_group(f"{self._name}: base_lr", base_lr, optimizer)
        self.max_lrs = one_for_each_group(f"{self._name}: max_lr", max_lr, optimizer)
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, base_lrs, strict=True):
                group["lr"] = lr
        down = step_size_up if step_size_down is None else step_size_down
        self.total_size = float(step_size_up) + float(down)
        self.step_ratio = float(step_size_up) / self.total_size
        self._scale_fn_custom, self.scale_mode = scale_fn, scale_mode
        if scale_fn is None:
            self.scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums, self.max_momentums = self._begin_momentum(
                base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x: float) -> float:
        """How high a top is, as a share of the first: x is the cycle, or the step."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular2":
            return 2.0 ** (1 - x)
        return self.gamma**x if self.mode == "exp_range" else 1.0

    def get_lr(self) -> list[float]:
        """The learning rates at `last_epoch`; the momentum is set, too."""
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1 + self.last_epoch / self.total_size - cycle
        up = x / self.step_ratio if x <= self.step_ratio else \
            (x - 1) / (self.step_ratio - 1)
        height = up * self.scale_fn(cycle if self.scale_mode == "cycle"
                                    else self.last_epoch)
        if self.cycle_momentum:
            for group, low, high in zip(self.optimizer.param_groups, self.base_momentums,
                                        self.max_momentums, strict=True):
                self._set_momentum(group, high - (high - low) * height)
        return [low + (high - low) * height
                for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        """As `LRScheduler.state_dict`; of scale_fn only a callable object is kept."""
        custom = self._scale_fn_custom
        return {**super().state_dict(),
                "_scale_fn_custom": None if custom is None else saved_function(custom)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        custom, saved = self._scale_fn_custom, state_dict["_scale_fn_custom"]
        super().load_state_dict({**state_dict, "_scale_fn_custom": custom})
        if saved is not None:
            vars(custom).update(saved)


class OneCycleLR(_Cycle):
    """One rise to max_lr and one long fall, in exactly total_steps steps.

    Args:
        optimizer: whose groups get new learning rates.
        max_lr: the learning rate at the top; a number, or one for each group.
        total_steps: how many steps training has; or epochs · steps_per_epoch.
        epochs, steps_per_epoch: see total_steps.
        pct_start: which share of the steps goes up.
        anneal_strategy: "cos", along a half wave, or "linear".
        cycle_momentum: turn the momentum the other way.
        base_momentum: the momentum where the learning rate is highest.
        max_momentum: where it is lowest.
        div_factor: the first learning rate is max_lr / div_factor.
        final_div_factor: the last is that, divided by final_div_factor.
        three_phase: up, down as fast, and then further down.
        last_epoch: see `LRScheduler`.

    Raises:
        ValueError: the number of steps is missing or not positive, an option is out of
            range, the optimiser has no momentum, or there are not as many values as
            groups; by `step`: there are no steps left.

    Example:
        >>> optimizer = optim.SGD([torch.ones(1, requires_grad=True)], momentum=0.9)
        >>> scheduler = optim.lr_scheduler.OneCycleLR(
        ...     optimizer, max_lr=1.0, total_steps=6, pct_start=0.5, div_factor=4.0,
        ...     final_div_factor=10.0, anneal_strategy="linear")
        >>> for step in range(6):
        ...     print(round(scheduler.get_last_lr()[0], 4), end=" ")
        ...     optimizer.step()
        ...     if step < 5:
        ...         scheduler.step()
        0.25 0.625 1.0 0.675 0.35 0.025

    Source: Smith, Topin: Super-Convergence: Very Fast Training of Neural Networks Using
    Large Learning Rates (2018).
    """

    def __init__(self, optimizer: Optimizer, max_lr: float | list[float],
                 total_steps: int | None = None, epochs: int | None = None,
                 steps_per_epoch: int | None = None, pct_start: float = 0.3,
                 anneal_strategy: str = "cos", cycle_momentum: bool = True,
                 base_momentum: float | list[float] = 0.85,
                 max_momentum: float | list[float] = 0.95, div_factor: float = 25.0,
                 final_div_factor: float = 1e4, three_phase: bool = False,
                 last_epoch: int = -1) -> None:
        check_optimizer(self, optimizer)
        self.optimizer = optimizer
        self.total_steps = self._steps_of(total_steps, epochs, steps_per_epoch)
        if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
            raise ValueError(f"{self._name}: pct_start must be a real number from 0 to "
                             f"1, got {pct_start!r}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"{self._name}: anneal_strategy is 'cos' or 'linear', got "
                             f"{anneal_strategy!r}")
        self._anneal_func_type = anneal_strategy
        self._schedule_phases = _phases(self.total_steps, pct_start, three_phase)
        tops = one_for_each_group(f"{self._name}: max_lr", max_lr, optimizer)
        if last_epoch == -1:
            for group, top in zip(optimizer.param_groups, tops, strict=True):
                group["initial_lr"], group["max_lr"] = top / div_factor, top
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._begin_momentum(base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def _steps_of(self, total_steps, epochs, steps_per_epoch):
        if total_steps is None and None in (epochs, steps_per_epoch):
            raise ValueError(f"{self._name}: say total_steps, or epochs and "
                             "steps_per_epoch")
        numbers = {"total_steps": total_steps} if total_steps is not None else \
            {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
        for name, value in numbers.items():
            if not isinstance(value, int) or value <= 0:
                raise ValueError(f"{self._name}: {name} must be a positive whole number, "
                                 f"got {value!r}")
        return math.prod(numbers.values())

    def get_lr(self) -> list[float]:
        """The learning rates at `last_epoch`; the momentum is set, too."""
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(
                f"{self._name}: this is step {step} of a schedule of {self.total_steps}; "
                "make it longer, or leave out the last scheduler.step()")
        start = 0.0
        for phase in self._schedule_phases:
            if step <= phase["end_step"] or phase is self._schedule_phases[-1]:
                break
            start = phase["end_step"]
        way = (step - start) / (phase["end_step"] - start)
        if self.cycle_momentum:
            for group in self.optimizer.param_groups:
                self._set_momentum(group, self._between(
                    group[phase["start_momentum"]], group[phase["end_momentum"]], way))
        return [self._between(group[phase["start_lr"]], group[phase["end_lr"]], way)
                for group in self.optimizer.param_groups]

    def _between(self, start: float, end: float, way: float) -> float:
        if self._anneal_func_type == "linear":
            return start + (end - start) * way
        return end + (start - end) * (1 + math.cos(math.pi * way)) / 2


def _phases(total_steps: int, share: float, three: bool) -> list[dict[str, Any]]:
    """From which to which of a group's numbers, and with which step it ends."""
    def phase(end_step, start_lr, end_lr, start_momentum, end_momentum):
        return {"end_step": end_step, "start_lr": start_lr, "end_lr": end_lr,
                "start_momentum": start_momentum, "end_momentum": end_momentum}

    last = total_steps - 1
    up = phase(share * total_steps - 1, "initial_lr", "max_lr", "max_momentum",
               "base_momentum")
    if not three:
        return [up, phase(last, "max_lr", "min_lr", "base_momentum", "max_momentum")]
    return [up, phase(2 * share * total_steps - 2, "max_lr", "initial_lr",
                      "base_momentum", "max_momentum"),
            phase(last, "initial_lr", "min_lr", "max_momentum", "max_momentum")]
