"""Schedules that multiply: lr = base_lr · factor(t).

    StepLR          gamma^⌊t / step_size⌋
    MultiStepLR     gamma^(how many milestones t has reached)
    ExponentialLR   gamma^t
    ConstantLR      factor until total_iters, then 1
    LinearLR        from start_factor to end_factor, in total_iters steps
    PolynomialLR    (1 − t / total_iters)^power, then 0
    LambdaLR        yours
    MultiplicativeLR   yours, as the change from one step to the next

A step multiplies the present learning rate by factor(t) / factor(t − 1).  So schedules
can be chained, and a rate that you set by hand in between is not forgotten.
"""
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from ..optimizer import Optimizer
from .base import (
    LRScheduler,
    check_optimizer,
    one_for_each_group,
    saved_function,
)


class FactorLR(LRScheduler):
    """lr = floor + (base_lr − floor) · factor(t), with a floor of 0.

    A subclass gives `_factor_at(t)`.
    """

    _floor = 0.0
    # When training goes on after a checkpoint, the rate of the next epoch is in it; some
    # of PyTorch's schedules make the step there once more.
    _steps_when_resumed = False

    def _factor_at(self, t: int) -> float:
        """What the learning rates at the beginning are multiplied by at step t."""
        raise TypeError(f"{self._name} must give the method _factor_at(t)")

    def get_lr(self) -> list[float]:
        """The present learning rates, multiplied by factor(t) / factor(t − 1)."""
        t = self.last_epoch
        now, before = self._factor_at(t), self._factor_at(t - 1) if t > 0 else 1.0
        if now == before or (self._is_initial and t > 0 and not self._steps_when_resumed):
            return self._current()
        if before == 0:                                     # up again from the bottom
            return [lr + (base - self._floor) * now
                    for lr, base in zip(self._current(), self.base_lrs, strict=True)]
        return [self._floor + (lr - self._floor) * (now / before)
                for lr in self._current()]

    def _lr_at_epoch(self) -> list[float]:
        factor = self._factor_at(self.last_epoch)
        return [self._floor + (base - self._floor) * factor for base in self.base_lrs]


class StepLR(FactorLR):
    """Multiply by gamma every step_size epochs.

    Args:
        optimizer: whose groups get new learning rates.
        step_size: how many epochs a learning rate stays.
        gamma: what it is multiplied by then.
        last_epoch: see `LRScheduler`.

    Example:
        >>> optimizer = optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
        >>> scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
        >>> for epoch in range(5):
        ...     print(scheduler.get_last_lr()[0], end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        1.0 1.0 0.5 0.5 0.25
    """

    _steps_when_resumed = True

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1,
                 last_epoch: int = -1) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def _factor_at(self, t: int) -> float:
        return self.gamma ** (t // self.step_size)


class MultiStepLR(FactorLR):
    """Multiply by gamma at each milestone.

    Args:
        optimizer: whose groups get new learning rates.
        milestones: the epochs; one that stands there twice counts twice.
        gamma: what the learning rate is multiplied by.
        last_epoch: see `LRScheduler`.
    """

    _steps_when_resumed = True

    def __init__(self, optimizer: Optimizer, milestones: Iterable[int],
                 gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.milestones, self.gamma = Counter(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def _factor_at(self, t: int) -> float:
        return self.gamma ** bisect_right(sorted(self.milestones.elements()), t)


class ExponentialLR(FactorLR):
    """Multiply by gamma after every epoch.

    Args:
        optimizer: whose groups get new learning rates.
        gamma: what they are multiplied by.
        last_epoch: see `LRScheduler`.
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _factor_at(self, t: int) -> float:
        return self.gamma**t


class ConstantLR(FactorLR):
    """A smaller learning rate for the first epochs.

    Args:
        optimizer: whose groups get new learning rates.
        factor: what they are multiplied by, from 0 to 1.
        total_iters: for how many epochs.
        last_epoch: see `LRScheduler`.

    Raises:
        ValueError: factor is not from 0 to 1.
    """

    _steps_when_resumed = True

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5,
                 last_epoch: int = -1) -> None:
        _check_share(self, "factor", factor)
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def _factor_at(self, t: int) -> float:
        return self.factor if t < self.total_iters else 1.0


class LinearLR(FactorLR):
    """From a small learning rate to the full one (or the other way), step by step.

    Args:
        optimizer: whose groups get new learning rates.
        start_factor: what they are multiplied by at first, above 0 and at most 1.
        end_factor: what they are multiplied by in the end, from 0 to 1.
        total_iters: how many epochs it takes.
        last_epoch: see `LRScheduler`.

    Raises:
        ValueError: a factor is out of range.

    Example:
        >>> optimizer = optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
        >>> scheduler = optim.lr_scheduler.LinearLR(optimizer, 0.25, total_iters=3)
        >>> for epoch in range(5):
        ...     print(round(scheduler.get_last_lr()[0], 6), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        0.25 0.5 0.75 1.0 1.0
    """

    def __init__(self, optimizer: Optimizer, start_factor: float = 1 / 3,
                 end_factor: float = 1.0, total_iters: int = 5, last_epoch: int = -1
                 ) -> None:
        _check_share(self, "end_factor", end_factor)
        _check_share(self, "start_factor", start_factor)
        if start_factor == 0:
            raise ValueError("LinearLR: start_factor must be above 0: what is multiplied "
                             "by 0 cannot grow")
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _factor_at(self, t: int) -> float:
        way = min(self.total_iters, t) / self.total_iters
        return self.start_factor + (self.end_factor - self.start_factor) * way


class PolynomialLR(FactorLR):
    """Down to 0, along a line (power 1) or a curve.

    Args:
        optimizer: whose groups get new learning rates.
        total_iters: after how many epochs the learning rate is 0.
        power: above 1 it falls fast at first, below 1 fast in the end.
        last_epoch: see `LRScheduler`.
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0,
                 last_epoch: int = -1) -> None:
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def _factor_at(self, t: int) -> float:
        return (1 - min(self.total_iters, t) / self.total_iters) ** self.power


# ---- with a function of yours --------------------------------------------------------


class LambdaLR(LRScheduler):
    """lr = base_lr · your function of the epoch.

    Args:
        optimizer: whose groups get new learning rates.
        lr_lambda: epoch → factor; or a list of functions, one for each group.
        last_epoch: see `LRScheduler`.

    Raises:
        ValueError: there are not as many functions as groups.
        TypeError: one is no function.

    Example:
        >>> optimizer = optim.SGD([torch.ones(1, requires_grad=True)], lr=0.5)
        >>> scheduler = optim.lr_scheduler.LambdaLR(optimizer, lambda t: 1 / (1 + t))
        >>> for epoch in range(2):
        ...     print(scheduler.get_last_lr())
        ...     optimizer.step()
        ...     scheduler.step()
        [0.5]
        [0.25]
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Callable | list[Callable],
                 last_epoch: int = -1) -> None:
        check_optimizer(self, optimizer)
        self.lr_lambdas = one_for_each_group(f"{self._name}: lr_lambda", lr_lambda,
                                             optimizer)
        for function in self.lr_lambdas:
            if not callable(function):
                raise TypeError(f"{self._name}: lr_lambda must be a function of the "
                                f"epoch, got a {type(function).__name__}")
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The learning rates at the beginning, multiplied by the functions' values."""
        return [base * function(self.last_epoch)
                for base, function in zip(self.base_lrs, self.lr_lambdas, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        """As `LRScheduler.state_dict`; of functions only callable objects are kept."""
        return {**super().state_dict(),
                "lr_lambdas": [saved_function(f) for f in self.lr_lambdas]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        super().load_state_dict({k: v for k, v in state_dict.items()
                                 if k != "lr_lambdas"})
        for function, saved in zip(self.lr_lambdas, state_dict["lr_lambdas"]):
            if saved is not None:
                vars(function).update(saved)


class MultiplicativeLR(LambdaLR):
    """Multiply the present learning rate by your function of the epoch.

    Arguments as `LambdaLR`; the function gives the change from the epoch before.
    """

    def get_lr(self) -> list[float]:
        """The present learning rates, multiplied by the functions' values."""
        if self._is_initial:
            return self._current()
        return [lr * function(self.last_epoch)
                for lr, function in zip(self._current(), self.lr_lambdas, strict=True)]


def _check_share(scheduler: LRScheduler, name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"{type(scheduler).__name__}: {name} must be from 0 to 1, got "
                         f"{value}")
