"""LRScheduler: learning rates that change while training."""
import inspect
import warnings
from typing import Any

from ..optimizer import Optimizer


class LRScheduler:
    """The base class of all schedules: after each epoch, `step` sets new learning rates.

    A subclass says in `get_lr` what they are.

    Args:
        optimizer: whose groups get new learning rates.
        last_epoch: the last epoch that was trained, when training goes on from a
            checkpoint; -1 for a fresh start.

    Attributes:
        last_epoch: the number of steps so far (or what `step(epoch)` said).
        base_lrs: the learning rate of each group before the first step.  It is kept in
            the group, as "initial_lr", and with it in the optimiser's checkpoints.

    Raises:
        TypeError: optimizer is none.
        KeyError: training shall go on, but the groups have no "initial_lr".

    Example:
        >>> class Halving(optim.lr_scheduler.LRScheduler):
        ...     def get_lr(self):
        ...         return [lr / 2**self.last_epoch for lr in self.base_lrs]
        >>> optimizer = optim.SGD([torch.ones(1, requires_grad=True)], lr=0.4)
        >>> scheduler = Halving(optimizer)
        >>> for epoch in range(3):
        ...     print(scheduler.get_last_lr())
        ...     optimizer.step()
        ...     scheduler.step()
        [0.4]
        [0.2]
        [0.1]
    """

    optimizer: Optimizer
    last_epoch: int
    _last_lr: list[float]
    _step_count = 0
    _is_initial = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        check_optimizer(self, optimizer)
        self.optimizer = optimizer
        for k, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(
                    f"{self._name}: training goes on after epoch {last_epoch}, but "
                    f"group {k} has no 'initial_lr'. Load the optimiser's state first, "
                    "or leave last_epoch out")
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._initial_step()

    @property
    def _name(self) -> str:
        return type(self).__name__

    # ---- what a subclass gives -------------------------------------------------------

    def get_lr(self) -> list[float]:
        """The learning rates at `last_epoch`, one for each group."""
        raise TypeError(f"{self._name} must give the method get_lr()")

    def get_last_lr(self) -> list[float]:
        """The learning rates that the last step set, one for each group."""
        return self._last_lr

    # ---- a step ----------------------------------------------------------------------

    def step(self, epoch: int | None = None) -> None:
        """Set the learning rates of the next epoch.  Call it after `optimizer.step()`.

        Args:
            epoch: 0.4's spelling: the rates of this epoch, wherever the schedule stood.
        """
        if self._step_count == 1 and self.optimizer._steps == 0 and \
                type(self.optimizer).step is Optimizer.step:
            warnings.warn(
                "lr_scheduler.step() came before optimizer.step(): the first learning "
                "rate of the schedule is never used. Call optimizer.step() first",
                UserWarning, stacklevel=2)
        if epoch is not None:
            warnings.warn("lr_scheduler.step(epoch) is the old spelling of step()",
                          UserWarning, stacklevel=2)
        self._step_count += 1
        self._update_lr(epoch)

    def _initial_step(self) -> None:
        """The step that comes with the making of a schedule."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def _update_lr(self, epoch: int | None = None) -> None:
        if epoch is None:
            self.last_epoch += 1
            self._set(self.get_lr())
        else:
            self.last_epoch = epoch
            self._set(self._lr_at_epoch())

    def _lr_at_epoch(self) -> list[float]:
        """The learning rates at `last_epoch`, whatever they were one step before."""
        return self.get_lr()

    def _set(self, lrs: list[float]) -> None:
        for group, lr in zip(self.optimizer.param_groups, lrs, strict=True):
            group["lr"] = lr
        self._last_lr = self._current()

    def _current(self) -> list[float]:
        return [group["lr"] for group in self.optimizer.param_groups]

    # ---- checkpoints -----------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """All attributes but the optimiser, which has a state of its own."""
        return {k: v for k, v in self.__dict__.items() if k != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        self.__dict__.update(state_dict)


def check_optimizer(scheduler: LRScheduler, optimizer: Any) -> None:
    """Raise unless this is an Optimizer."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(scheduler).__name__} expected an optimiser, got "
                        f"{type(optimizer).__name__}")


def one_for_each_group(name: str, value: Any, optimizer: Optimizer) -> list:
    """A list of values, one for each group: as given, or one value for all.

    Raises:
        ValueError: there are more or fewer values than groups.
    """
    n = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [value] * n
    if len(value) != n:
        raise ValueError(f"{name}: expected one for each of the {n} groups, got "
                         f"{len(value)}")
    return list(value)


def saved_function(function: Any) -> dict[str, Any] | None:
    """What a checkpoint keeps of something callable: an object's attributes, of a
    function nothing."""
    return None if inspect.isroutine(function) else dict(vars(function))
