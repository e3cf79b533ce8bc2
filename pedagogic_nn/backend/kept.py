"""What was made of an array is kept as long as the array's numbers stay the same.

Kernels read a weight in another order than modules hold it (`packed.py`).  To bring it
into that order takes as long as a product with 8 rows; a recurrent cell reads the same
weight at each step, and a model in use at each call.

An array does not say when it was changed.  Its tensors do: all that share memory share a
`Memory`, in which each of their changes is counted.  Who else can write there (a NumPy
array that was handed out, an address) says nothing, so that nothing is kept of memory
which was `lent`.

    follow(array, memory)      by those who have tensors, before they compute
    kept(array, name, make)    by those who have arrays, and would make the same again
"""
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np


class Memory:
    """What is known of the memory that some tensors share.

    Attributes:
        writes: how often one of the tensors changed it.
        lent: whether somebody may write there without a word.
    """

    writes = 0
    lent = False


class _Followed:
    """An array, its Memory, and what was made of it when `writes` was what it is now."""

    __slots__ = ("array", "memory", "made")

    def __init__(self, array: Any, memory: Memory) -> None:
        self.array, self.memory = array, memory
        self.made: tuple[int, dict] = memory.writes, {}


_followed: dict[int, _Followed] = {}         # by the array's id; it leaves when it dies


def follow(array: np.ndarray, memory: Memory) -> None:
    """From now on, keep what is made of `array`, whose changes `memory` counts."""
    key = id(array)
    known = _followed.get(key)
    if known is None or known.array() is not array:
        def forget(dead: Any) -> None:
            if (now := _followed.get(key)) is not None and now.array is dead:
                del _followed[key]

        _followed[key] = _Followed(weakref.ref(array, forget), memory)
    elif known.memory is not memory:         # two counts for one memory: neither is whole
        known.memory.lent = memory.lent = True


def kept(array: np.ndarray, name: str, make: Callable[[], Any]) -> Any:
    """make(), or what it returned when it was last called for the same numbers.

    None if the array is not followed, or if it is asked for the first time since a
    change: what is needed only once, as in a training step, need not be kept.

    Example:
        >>> memory, a = Memory(), np.ones(3)
        >>> follow(a, memory)
        >>> [kept(a, "sum", lambda: float(a.sum())) for _ in range(3)]
        [None, 3.0, 3.0]
        >>> a += 1
        >>> memory.writes += 1
        >>> [kept(a, "sum", lambda: float(a.sum())) for _ in range(2)]
        [None, 6.0]
    """
    known = _followed.get(id(array))
    if known is None or known.memory.lent or known.array() is not array:
        return None
    writes = known.memory.writes             # read before the numbers are
    if known.made[0] != writes:
        known.made = writes, {}
    made = known.made[1]
    if name not in made:
        made[name] = None
        return None
    if (found := made[name]) is None:
        found = made[name] = make()
    return found
