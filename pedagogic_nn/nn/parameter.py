"""Parameter: a tensor that says "train me"."""
from typing import Any

import numpy as np

from ..autograd.tensor import Tensor
from ..backend import kept, packed


class Parameter(Tensor):
    """A leaf tensor that a Module registers when it is assigned to one of its attributes.

    It differs from a Tensor in three ways: its class, which is all that
    `Module.__setattr__` looks at; `requires_grad`, which is True unless you say
    otherwise; and `volatile`, which it can never be.  A plain Tensor assigned to a
    Module stays an ordinary attribute.  That is on purpose: a module may keep a result
    (the last hidden state, say) without an optimiser finding it.

    Args:
        data: a Tensor; its memory is shared, not copied.  Without it, no elements.
        requires_grad: whether backward computes its gradient.

    Raises:
        RuntimeError: whole numbers cannot require a gradient.
        TypeError: `data` is no Tensor, or `volatile=True` was given.

    Example:
        >>> weight = nn.Parameter(torch.ones(2))
        >>> weight
        Parameter containing:
        tensor([1., 1.], requires_grad=True)
        >>> (weight * 2).sum().backward()
        >>> weight.grad
        tensor([2., 2.])
    """

    def __init__(self, data: Any = None, requires_grad: bool = True, *,
                 volatile: bool = False) -> None:
        if volatile:
            raise TypeError("Parameter: volatile=True would keep it from being trained; "
                            "to record nothing, compute inside `with torch.no_grad():`")
        if data is None:
            data = Tensor()
        if not isinstance(data, Tensor):
            raise TypeError("Parameter: data must be a Tensor, got a "
                            f"{type(data).__name__}; wrap it in torch.tensor(…)")
        view = data.detach()                  # the same memory, without a past
        self.array, self.device, self._counter = view.array, view.device, view._counter
        self.requires_grad = requires_grad

    @property
    def volatile(self) -> bool:
        """Always False; see the class."""
        return False

    @volatile.setter
    def volatile(self, value: bool) -> None:
        if value:
            raise RuntimeError("Parameter: a parameter cannot be volatile; to record "
                               "nothing, compute inside `with torch.no_grad():`")

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"


def follow(*weights: Any) -> None:
    """Keep what kernels make of those that are parameters, on the CPU and large, until
    they are changed (backend/kept.py)."""
    for w in weights:
        if type(w) is Parameter:
            array = w.array
            if array.size >= packed.WORTH_KEEPING and type(array) is np.ndarray:
                kept.follow(array, w._share_memory())
