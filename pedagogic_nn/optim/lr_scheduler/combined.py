"""Schedules made of schedules: one after the other, or all at once."""
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler
from .plateau import ReduceLROnPlateau


class _Combined(LRScheduler):
    """What the two share: checks, and the states of their schedules."""

    _schedulers: Sequence[LRScheduler]

    def _check(self, schedulers: Sequence, optimizer: Any) -> None:
        if not schedulers:
            raise ValueError(f"{self._name} expected at least one schedule, got none")
        for k, scheduler in enumerate(schedulers):
            if not hasattr(scheduler, "optimizer"):
                raise TypeError(f"{self._name}: schedulers[{k}] is a "
                                f"{type(scheduler).__name__}, not a schedule")
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(f"{self._name}: schedulers[{k}] is a ReduceLROnPlateau, "
                                 "whose step needs a number; call it by itself")
            if scheduler.optimizer is not optimizer:
                raise ValueError(f"{self._name}: schedulers[{k}] belongs to another "
                                 "optimiser; all must have the same")

    def state_dict(self) -> dict[str, Any]:
        """As `LRScheduler.state_dict`, with the states of the schedules."""
        return {**super().state_dict(),
                "_schedulers": [s.state_dict() for s in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        super().load_state_dict({k: v for k, v in state_dict.items()
                                 if k != "_schedulers"})
        for scheduler, state in zip(self._schedulers, state_dict["_schedulers"],
                                    strict=True):
            scheduler.load_state_dict(state)


class SequentialLR(_Combined):
    """One schedule after the other; each begins anew at its milestone.

    Args:
        optimizer: whose groups get new learning rates.
        schedulers: the schedules, all of this optimiser.
        milestones: at which epoch the second begins, the third …
        last_epoch: see `LRScheduler`.

    Raises:
        ValueError: there are no schedules, one belongs to another optimiser or is a
            ReduceLROnPlateau, or there is not one milestone less than schedules.
        TypeError: one is no schedule.

    Example:
        >>> optimizer = optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
        >>> warm_up = optim.lr_scheduler.ConstantLR(optimizer, 0.5, total_iters=2)
        >>> decay = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        >>> scheduler = optim.lr_scheduler.SequentialLR(optimizer, [warm_up, decay], [2])
        >>> for epoch in range(5):
        ...     print(scheduler.get_last_lr()[0], end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        0.5 0.5 1.0 0.5 0.25
    """

    def __init__(self, optimizer: Optimizer, schedulers: list[LRScheduler],
                 milestones: list[int], last_epoch: int = -1) -> None:
        self._check(schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(f"{self._name}: {len(schedulers)} schedules need "
                             f"{len(schedulers) - 1} milestones between them, got "
                             f"{len(milestones)}")
        self._schedulers, self._milestones = schedulers, milestones
        self.last_epoch, self.optimizer = last_epoch + 1, optimizer
        # Each schedule set its first rate when it was made.  Back to the beginning, and
        # only the first one does so again.
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        _undo(self)
        first = schedulers[bisect_right(milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def step(self) -> None:                                   # type: ignore[override]
        """Set the learning rates of the next epoch."""
        self.last_epoch += 1
        k = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[k]
        if k > 0 and self._milestones[k - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


class ChainedScheduler(_Combined):
    """All schedules at once: each changes what the one before it has set.

    Args:
        schedulers: the schedules, all of one optimiser.
        optimizer: theirs; need not be given.

    Raises:
        ValueError: there are no schedules, or one belongs to another optimiser or is a
            ReduceLROnPlateau.
        TypeError: one is no schedule.

    Example:
        >>> optimizer = optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
        >>> warm_up = optim.lr_scheduler.ConstantLR(optimizer, 0.5, total_iters=2)
        >>> decay = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        >>> scheduler = optim.lr_scheduler.ChainedScheduler([warm_up, decay])
        >>> for epoch in range(4):
        ...     print(scheduler.get_last_lr()[0], end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        0.5 0.25 0.25 0.125
    """

    def __init__(self, schedulers: Sequence[LRScheduler],
                 optimizer: Optimizer | None = None) -> None:
        if optimizer is None and schedulers:
            optimizer = getattr(schedulers[0], "optimizer", None)
        self._check(schedulers, optimizer)
        self._schedulers, self.optimizer = schedulers, schedulers[0].optimizer
        self._last_lr = self._current()

    def step(self) -> None:                                   # type: ignore[override]
        """Let every schedule set the learning rates of its next epoch."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = self._current()


def _undo(scheduler: LRScheduler) -> None:
    """Take back one step of the count of a schedule, or of all within it."""
    if isinstance(scheduler, _Combined):
        for inner in scheduler._schedulers:
            _undo(inner)
    else:
        scheduler.last_epoch -= 1
