"""NumPy without its warnings: 1 / 0 is inf and log -1 is NaN, and nobody needs to be
told.

`np.errstate` does it in 1 µs, half of what an operation on a few numbers takes.  NumPy
keeps its settings in a context variable, so it is enough to set them once, in a context
of our own, and to call functions there: 0.1 µs.  A context can be entered by one thread
at a time, so that each has one.
"""
import contextvars
import threading
from collections.abc import Callable
from typing import Any

import numpy as np


class _Quiet(threading.local):
    def __init__(self) -> None:
        context = contextvars.copy_context()
        context.run(np.seterr, divide="ignore", invalid="ignore", over="ignore")
        self.run = context.run


_here = _Quiet()


def quiet(function: Callable, *arrays: Any) -> Any:
    """function(*arrays), without warnings of NumPy's; it must not call `quiet` itself.

    Example:
        >>> quiet(np.divide, 1.0, np.zeros(1))
        array([inf])
    """
    return _here.run(function, *arrays)
