"""0.1's spelling: Variable, and volatile.

A Variable was a Tensor's companion that could be recorded.  The two became one in
PyTorch 0.4, so `Variable(data)` returns a Tensor here.  `volatile=True` said "record
nothing from here on"; it spreads to whatever is computed from it.  Today
`torch.no_grad()` says so for a block of code.
"""
from typing import Any

from .tensor import Tensor


class _VariableType(type):
    """`Variable(x)` makes a Tensor, and every tensor is an instance of Variable."""

    def __call__(cls, data: Any, requires_grad: bool = False,
                 volatile: bool = False) -> Tensor:
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable: data must be a tensor, got {type(data).__name__}")
        if volatile and requires_grad:
            raise ValueError("Variable: volatile=True records nothing, so "
                             "requires_grad=True cannot hold at the same time; give one "
                             "of them")
        made = data.detach()
        made.requires_grad_(requires_grad)
        if volatile or data.volatile:
            made.volatile = True
        return made

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, Tensor)


class Variable(metaclass=_VariableType):
    """`Variable(data, requires_grad=False, volatile=False)`: a Tensor on the same
    memory.

    Raises:
        ValueError: both switches are on.

    Example:
        >>> x = Variable(torch.ones(2), volatile=True)
        >>> (x * 2).volatile, (x * 2).requires_grad
        (True, False)
    """
