"""What an operation with two results returns: a named tuple, (values, indices).

Each operation has a class of its own, as in PyTorch, and they print as PyTorch's do.

Example:
    >>> torch.tensor([3, 1]).sort()
    torch.return_types.sort(
    values=tensor([1, 3]),
    indices=tensor([1, 0]))
"""
# ruff: noqa: N801, A001      (the classes bear the names of the operations)
from typing import Any, NamedTuple


class _Fields(NamedTuple):
    values: Any
    indices: Any


class _Pair(_Fields):
    def __repr__(self) -> str:
        return (f"torch.return_types.{type(self).__name__}(\nvalues={self.values!r},\n"
                f"indices={self.indices!r})")


class max(_Pair):
    """The largest along an axis, and where they stood."""


class min(_Pair):
    """The smallest along an axis, and where they stood."""


class sort(_Pair):
    """An axis in order, and where each element stood."""


class topk(_Pair):
    """The k largest or smallest along an axis, in order, and where they stood."""


class kthvalue(_Pair):
    """The k-th smallest along an axis, and where it stood."""


class median(_Pair):
    """The element in the middle of an axis, and where it stood."""
