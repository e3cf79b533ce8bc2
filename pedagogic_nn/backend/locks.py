"""A lock that a forked child finds open.

`fork` copies a process with all its memory, but with one thread only.  A lock that
another thread held at that moment stays locked in the child for ever, since nobody is
there to open it.  So the child gets new ones.
"""
import os
import threading
import weakref
from typing import Any

_all: "weakref.WeakSet[Lock]" = weakref.WeakSet()


class Lock:
    """`with lock:`, as `threading.Lock`; or as `RLock`, which its thread may enter
    again."""

    def __init__(self, reentrant: bool = False) -> None:
        self.make = threading.RLock if reentrant else threading.Lock
        self.lock: Any = self.make()
        _all.add(self)

    def __enter__(self) -> None:
        self.lock.acquire()

    def __exit__(self, *error: Any) -> None:
        self.lock.release()


def _renew() -> None:
    for each in list(_all):
        each.lock = each.make()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
