"""ReduceLROnPlateau: a smaller learning rate where the loss no longer falls."""
import math
import warnings
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, check_optimizer, one_for_each_group


class ReduceLROnPlateau(LRScheduler):
    """Multiply the learning rate by a factor when a number has not improved for a while.

    `step` takes that number, as a rule the loss on data that is not trained on.

    Args:
        optimizer: whose groups get new learning rates.
        mode: "min" if less is better, "max" if more is.
        factor: what the learning rate is multiplied by, below 1.
        patience: how many epochs without improvement are allowed; one more, and the
            learning rate falls.
        threshold: by how much a number must be better to count.
        threshold_mode: "rel", as a share of the best number, or "abs".
        cooldown: how many epochs after a fall are not counted.
        min_lr: the learning rate never falls below; a number, or one for each group.
        eps: changes smaller than this are not made.

    Raises:
        ValueError: factor is 1 or more, there are not as many min_lr as groups, or one of
            the modes is another word.

    Example:
        >>> optimizer = optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
        >>> scheduler = optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1)
        >>> for loss in (3.0, 2.0, 2.0, 2.0, 1.0):
        ...     scheduler.step(loss)
        ...     print(scheduler.get_last_lr()[0], end=" ")
        1.0 1.0 1.0 0.1 0.1
    """

    def __init__(self, optimizer: Optimizer, mode: str = "min", factor: float = 0.1,
                 patience: int = 10, threshold: float = 1e-4, threshold_mode: str = "rel",
                 cooldown: int = 0, min_lr: float | list[float] = 0, eps: float = 1e-8
                 ) -> None:
        if factor >= 1:
            raise ValueError(f"{self._name}: factor must be below 1, got {factor}")
        check_optimizer(self, optimizer)
        for name, word, words in (("mode", mode, ("min", "max")),
                                  ("threshold_mode", threshold_mode, ("rel", "abs"))):
            if word not in words:
                raise ValueError(f"{self._name}: {name} is {words[0]!r} or {words[1]!r}, "
                                 f"got {word!r}")
        self.optimizer, self.mode, self.factor = optimizer, mode, factor
        self.patience, self.cooldown, self.eps = patience, cooldown, eps
        self.threshold, self.threshold_mode = threshold, threshold_mode
        self.default_min_lr = None if isinstance(min_lr, (list, tuple)) else min_lr
        self.min_lrs = one_for_each_group(f"{self._name}: min_lr", min_lr, optimizer)
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.best = self.mode_worse
        self.cooldown_counter = self.num_bad_epochs = self.last_epoch = 0
        self._last_lr = self._current()

    @property
    def in_cooldown(self) -> bool:
        """Whether epochs are not counted, after a fall of the learning rate."""
        return self.cooldown_counter > 0

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore
        """Take in the number of this epoch, and set the learning rates of the next.

        Args:
            metrics: what shall improve; a number, or a tensor ().
            epoch: 0.4's spelling: which epoch this is.
        """
        if epoch is not None:
            warnings.warn("ReduceLROnPlateau.step(metrics, epoch) is the old spelling of "
                          "step(metrics)", UserWarning, stacklevel=2)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        current = float(metrics)
        if self._is_better(current):
            self.best, self.num_bad_epochs = current, 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = self._current()

    def _is_better(self, current: float) -> bool:
        sign = -1 if self.mode == "min" else 1
        if self.threshold_mode == "rel":
            wanted = self.best * (1 + sign * self.threshold)
        else:
            wanted = self.best + sign * self.threshold
        return current < wanted if self.mode == "min" else current > wanted

    def _reduce(self) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            if self.default_min_lr is None:
                raise RuntimeError(
                    f"{self._name}: {len(self.min_lrs)} min_lr were given, and the "
                    f"optimiser has {len(groups)} groups by now; set scheduler.min_lrs")
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, lowest in zip(groups, self.min_lrs, strict=True):
            lr = max(group["lr"] * self.factor, lowest)
            if group["lr"] - lr > self.eps:
                group["lr"] = lr
