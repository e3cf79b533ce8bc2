"""Schedules along a half wave of the cosine: slow at the top, fast in between, slow at
the bottom.

    lr = eta_min + (base_lr − eta_min) · (1 + cos(π t / T)) / 2
"""
import math

from ..optimizer import Optimizer
from .base import LRScheduler
from .factors import FactorLR


class CosineAnnealingLR(FactorLR):
    """From base_lr down to eta_min in T_max epochs, and up again in as many.

    Args:
        optimizer: whose groups get new learning rates.
        T_max: after how many epochs the bottom is reached.
        eta_min: the learning rate there.
        last_epoch: see `LRScheduler`.

    Example:
        >>> optimizer = optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
        >>> scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4)
        >>> for epoch in range(5):
        ...     print(round(scheduler.get_last_lr()[0], 3), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        1.0 0.854 0.5 0.146 0.0

    Source: Loshchilov, Hutter: SGDR: Stochastic Gradient Descent with Warm Restarts
    (2017), equation 5, without the restarts.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0,
                 last_epoch: int = -1) -> None:
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    @property
    def _floor(self) -> float:                                    # type: ignore[override]
        return self.eta_min

    def _factor_at(self, t: int) -> float:
        return (1 + math.cos(math.pi * t / self.T_max)) / 2


class CosineAnnealingWarmRestarts(LRScheduler):
    """Down to eta_min in T_0 epochs, then back to the top at once, and down again.

    `step` also takes fractions of an epoch: `scheduler.step(epoch + batch / batches)`.

    Args:
        optimizer: whose groups get new learning rates.
        T_0: how many epochs the first descent takes.
        T_mult: how many times longer each descent is than the one before.
        eta_min: the learning rate at the bottom.
        last_epoch: see `LRScheduler`.

    Raises:
        ValueError: T_0 or T_mult is not a positive whole number, or eta_min no number.

    Example:
        >>> optimizer = optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
        >>> scheduler = optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2)
        >>> for epoch in range(5):
        ...     print(round(scheduler.get_last_lr()[0], 3), end=" ")
        ...     optimizer.step()
        ...     scheduler.step()
        1.0 0.5 1.0 0.5 1.0

    Source: Loshchilov, Hutter: SGDR: Stochastic Gradient Descent with Warm Restarts
    (2017), equation 5.
    """

    def __init__(self, optimizer: Optimizer, T_0: int, T_mult: int = 1,
                 eta_min: float = 0.0, last_epoch: int = -1) -> None:
        for name, value in (("T_0", T_0), ("T_mult", T_mult)):
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{self._name}: {name} must be a positive whole number, "
                                 f"got {value!r}")
        if not isinstance(eta_min, (int, float)):
            raise ValueError(f"{self._name}: eta_min must be a number, got a "
                             f"{type(eta_min).__name__}")
        self.T_0, self.T_i, self.T_mult, self.eta_min = T_0, T_0, T_mult, eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The learning rates at T_cur epochs of a descent of T_i."""
        factor = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (base - self.eta_min) * factor for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Set the learning rates of the next epoch, or of this one (fractions, too)."""
        if epoch is None and self.last_epoch >= 0:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        else:
            epoch = 0 if epoch is None else epoch
            if epoch < 0:
                raise ValueError(f"{self._name}: an epoch is at least 0, got {epoch}")
            self.T_cur, self.T_i = self._descent_at(epoch)
        self.last_epoch = math.floor(epoch)
        self._set(self.get_lr())

    def _descent_at(self, epoch):
        """How far into a descent this epoch is, and how long the descent."""
        if epoch < self.T_0:
            return epoch, self.T_0
        m = self.T_mult
        if m == 1:
            return epoch % self.T_0, self.T_i
        n = int(math.log(epoch / self.T_0 * (m - 1) + 1, m))      # descents before it
        return epoch - self.T_0 * (m**n - 1) / (m - 1), self.T_0 * m**n
