"""Whether operations are recorded: a switch that each thread has for itself."""
import contextlib
import threading
from collections.abc import Callable
from typing import Any


class _Mode(threading.local):
    enabled = True


mode = _Mode()


def is_grad_enabled() -> bool:
    """Whether this thread records operations at the moment."""
    return mode.enabled


class _Switch(contextlib.ContextDecorator):
    """Recording on or off for a `with` block, or for a decorated function."""

    wanted: bool

    def __enter__(self) -> None:
        self.before, mode.enabled = mode.enabled, self.wanted

    def __exit__(self, *error: Any) -> None:
        mode.enabled = self.before

    def _recreate_cm(self) -> "_Switch":
        # A decorated function may call itself, so every call has a switch of its own.
        fresh = object.__new__(type(self))
        fresh.wanted = self.wanted
        return fresh


class _PlainSwitch(_Switch):
    """A switch without arguments; `@torch.no_grad` works without parentheses too."""

    def __new__(cls, function: Callable | None = None) -> Any:
        switch = super().__new__(cls)
        return switch if function is None else switch(function)


class no_grad(_PlainSwitch):
    """Record nothing: `with torch.no_grad():`, or `@torch.no_grad()` on a function.

    Example:
        >>> w = torch.ones(2, requires_grad=True)
        >>> with torch.no_grad():
        ...     (w * 2).requires_grad
        False
    """

    wanted = False


class enable_grad(_PlainSwitch):
    """Record, also inside a `no_grad` block."""

    wanted = True


class inference_mode(_Switch):
    """PyTorch's stricter no_grad; here it is the same as `no_grad`."""

    def __init__(self, mode: bool = True) -> None:
        self.wanted = not mode


class set_grad_enabled(_Switch):
    """Recording on or off: at once, for a `with` block, or for a decorated function.

    Example:
        >>> with torch.set_grad_enabled(False):
        ...     torch.is_grad_enabled()
        False
    """

    def __init__(self, mode_: bool) -> None:
        self.wanted = bool(mode_)
        self.before, mode.enabled = mode.enabled, self.wanted

    def __enter__(self) -> None:
        mode.enabled = self.wanted

    def __call__(self, function: Callable) -> Callable:     # type: ignore[override]
        mode.enabled = self.before          # the switch is meant for the calls
        return super().__call__(function)

    def _recreate_cm(self) -> "set_grad_enabled":
        return type(self)(self.wanted)
