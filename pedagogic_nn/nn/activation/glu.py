"""GLU: one half of the channels says how much of the other half passes.

    y  = a s                      s = sigmoid b,    x = (a, b) along an axis
    da = dy · s
    db = dy · a s (1 - s)

Book: nn/activations.
"""
from typing import Any

import numpy as np

from ...autograd.checks import check_real, check_tensor
from ...autograd.function import Primitive
from ...autograd.reductions import axis
from ...backend import ONE, like, math, op
from ..module import Module


@op
def glu_forward(a, b):
    """a, b (*) → a sigmoid(b) (*)."""
    return a * _expit(b)


def _expit(x):
    return 0.5 * np.tanh(0.5 * x) + 0.5


@glu_forward.elementwise(arrays=2)
def glu_one(a, b):
    return a * math.sigmoid(b)


@op
def glu_backward(a, b, dy):
    """a, b, dy (*) → db (*); da is `glu_forward(dy, b)`."""
    s = _expit(b)
    return dy * a * s * (1 - s)


@glu_backward.elementwise(arrays=3)
def glu_backward_one(a, b, dy):
    s = math.sigmoid(b)
    return dy * a * s * (ONE - s)


class GLUFunction(Primitive):
    @staticmethod
    def forward(ctx, x, dim):
        ctx.dim = dim
        ctx.save_for_backward(x)
        return glu_forward(*_halves(x, dim))

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved
        dx, (a, b) = like(x), _halves(x, ctx.dim)
        da, db = _halves(dx, ctx.dim)
        da[...] = glu_forward(dy, b)
        db[...] = glu_backward(a, b, dy)
        return dx


def _halves(x, dim):
    """The two halves of x along an axis, on its memory."""
    before, half = (slice(None),) * dim, x.shape[dim] // 2
    return x[(*before, slice(None, half))], x[(*before, slice(half, None))]


def glu(input: Any, dim: int = -1) -> Any:
    """The first half of input along `dim` · sigmoid(the second half).

    Raises:
        RuntimeError: the axis does not fall into two halves, or there is none.
        NotImplementedError: the input holds whole numbers.
    """
    check_tensor("glu", "input", input)
    check_real("glu", "input", input)
    if not input.ndim:
        raise RuntimeError("glu: a single number has no halves")
    dim = axis(dim, input.ndim, "glu")
    if input.shape[dim] % 2:
        raise RuntimeError(f"glu: axis {dim} must have an even size to fall into halves, "
                           f"got shape {tuple(input.shape)}")
    return GLUFunction.apply(input, dim=dim)


class GLU(Module):
    """The first half of an axis, each number times the sigmoid of its fellow in the
    second half.

    Args:
        dim: the axis.

    Shape:
        input (*, 2K, *) → output (*, K, *)

    Raises:
        RuntimeError: the axis does not fall into two halves.

    Example:
        >>> nn.GLU()(torch.tensor([3.0, 4.0, 0.0, 100.0]))
        tensor([1.5000, 4.0000])

    Source: Dauphin et al., "Language modeling with gated convolutional networks", 2017.
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Any:
        return glu(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
