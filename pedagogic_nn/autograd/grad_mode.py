"""Whether operations are recorded: a switch that each thread has for itself."""
import contextlib
import threading
from typing import Any


class _Mode(threading.local):
    enabled = True


mode = _Mode()


def is_grad_enabled() -> bool:
    """Whether this thread records operations at the moment."""
    return mode.enabled


class set_grad_enabled(contextlib.ContextDecorator):
    """Switch recording on or off: at once, or for a `with` block, or for a decorated function.

    Example:
        >>> with torch.set_grad_enabled(False):
        ...     torch.is_grad_enabled()
        False
    """

    def __init__(self, mode_: bool) -> None:
        self.before, mode.enabled = mode.enabled, bool(mode_)
        self.wanted = bool(mode_)

    def __enter__(self) -> None:
        mode.enabled = self.wanted

    def __exit__(self, *error: Any) -> None:
        mode.enabled = self.before

    def _recreate_cm(self) -> "set_grad_enabled":
        return type(self)(self.wanted)


class _Switch(contextlib.ContextDecorator):
    wanted: bool

    def __enter__(self) -> None:
        self.before, mode.enabled = mode.enabled, self.wanted

    def __exit__(self, *error: Any) -> None:
        mode.enabled = self.before

    def _recreate_cm(self) -> "_Switch":
        return type(self)()             # a decorated function may call itself: one object a call


class no_grad(_Switch):
    """Record nothing: `with torch.no_grad():`, or `@torch.no_grad()` on a function.

    Example:
        >>> w = torch.ones(2, requires_grad=True)
        >>> with torch.no_grad():
        ...     (w * 2).requires_grad
        False
    """

    wanted = False


class enable_grad(_Switch):
    """Record, also inside a `no_grad` block."""

    wanted = True


class inference_mode(_Switch):
    """PyTorch's stricter no_grad; here it is the same as `no_grad`."""

    wanted = False

    def __init__(self, mode: bool = True) -> None:
        self.wanted = not mode
