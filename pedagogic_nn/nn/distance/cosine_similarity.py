"""CosineSimilarity: the cosine of the angle between two vectors.

    n    = max(‖x‖, eps)                            of each of the two
    y    = Σ (x1 / n1) (x2 / n2)
    dx1  = dy · (x2 / n2 - y x1 / ‖x1‖) / n1        dx2 with 1 and 2 exchanged

As in PyTorch, eps holds the norm by which is divided, not its slope: the gradient takes n
for ‖x‖ below eps too.

Book: nn/distances.
"""
from typing import Any

import numpy as np

from ...autograd.arithmetic import check_shapes, unbroadcast
from ...autograd.checks import check_number, check_tensor
from ...autograd.function import Primitive
from ...autograd.reductions import axis
from ...backend import ONE, ZERO, cuda, jit, like, math, op
from ...backend.device import xp_of
from ..module import Module
from .pairwise_distance import rows, same


@op
def cosine_rows(x1, x2, eps):
    """x1, x2 (N, D), a number → cosines (N,), ‖x1‖ (N,), ‖x2‖ (N,)."""
    length1, length2 = np.sqrt((x1 * x1).sum(1)), np.sqrt((x2 * x2).sum(1))
    n1, n2 = (np.maximum(n, n.dtype.type(eps))[:, None] for n in (length1, length2))
    return ((x1 / n1) * (x2 / n2)).sum(1), length1, length2


@jit(reassociate=True)
def _cosine(x1, x2, eps):
    s1 = s2 = y = x1.dtype.type(0)
    for k in range(x1.size):
        s1 += x1[k] * x1[k]
        s2 += x2[k] * x2[k]
    length1, length2 = math.sqrt(s1), math.sqrt(s2)
    r1, r2 = ONE / math.maximum(length1, eps), ONE / math.maximum(length2, eps)
    for k in range(x1.size):
        y += (x1[k] * r1) * (x2[k] * r2)
    return y, length1, length2


@jit
def _cosine_cpu(lo, hi, y, length1, length2, x1, x2, eps):
    for n in range(lo, hi):
        y[n], length1[n], length2[n] = _cosine(x1[n], x2[n], eps)


@cuda.jit
def _cosine_cuda(y, length1, length2, x1, x2, eps):
    n = cuda.grid(1)
    if n < x1.shape[0]:
        y[n], length1[n], length2[n] = _cosine(x1[n], x2[n], eps)


@cosine_rows.kernels(cpu=_cosine_cpu, cuda=_cosine_cuda)
def _run_cosine(run, x1, x2, eps):
    y, length1, length2 = (like(x1, x1.shape[:1]) for _ in range(3))
    run(y.shape, y, length1, length2, x1, x2, x1.dtype.type(eps), work=x1.size)
    return y, length1, length2


@op
def cosine_rows_backward(x1, x2, y, length1, length2, dy, eps):
    """x1, x2 (N, D), y, ‖x1‖, ‖x2‖, dy (N,), a number → dx1 (N, D), dx2 (N, D)."""
    y, dy, eps = y[:, None], dy[:, None], x1.dtype.type(eps)
    length1, length2 = length1[:, None], length2[:, None]
    unit1, unit2 = (x / np.where(length == 0, x.dtype.type(1), length)
                    for x, length in ((x1, length1), (x2, length2)))
    n1, n2 = np.maximum(length1, eps), np.maximum(length2, eps)
    return dy / n1 * (x2 / n2 - y * unit1), dy / n2 * (x1 / n1 - y * unit2)


@jit
def _angles(dx1, dx2, x1, x2, y, length1, length2, dy, eps):
    r1, r2 = ONE / math.maximum(length1, eps), ONE / math.maximum(length2, eps)
    y1 = math.where(length1 == ZERO, y * ZERO, y / length1)     # NaN · 0 stays NaN
    y2 = math.where(length2 == ZERO, y * ZERO, y / length2)
    g1, g2 = dy * r1, dy * r2
    for k in range(x1.size):
        a, b = x1[k], x2[k]
        dx1[k] = g1 * (b * r2 - a * y1)
        dx2[k] = g2 * (a * r1 - b * y2)


@jit
def _backward_cpu(lo, hi, dx1, dx2, x1, x2, y, length1, length2, dy, eps):
    for n in range(lo, hi):
        _angles(dx1[n], dx2[n], x1[n], x2[n], y[n], length1[n], length2[n], dy[n], eps)


@cuda.jit
def _backward_cuda(dx1, dx2, x1, x2, y, length1, length2, dy, eps):
    n = cuda.grid(1)
    if n < x1.shape[0]:
        _angles(dx1[n], dx2[n], x1[n], x2[n], y[n], length1[n], length2[n], dy[n], eps)


@cosine_rows_backward.kernels(cpu=_backward_cpu, cuda=_backward_cuda)
def _run_backward(run, x1, x2, y, length1, length2, dy, eps):
    dx1, dx2 = like(x1), like(x2)
    run(x1.shape[:1], dx1, dx2, x1, x2, y, length1, length2, dy, x1.dtype.type(eps),
        work=x1.size)
    return dx1, dx2


class CosineSimilarityFunction(Primitive):
    """Along axis `dim` of the shape to which the two broadcast."""

    @staticmethod
    def forward(ctx, x1, x2, dim, eps):
        ctx.shapes, ctx.dim, ctx.eps = (x1.shape, x2.shape), dim, eps
        x1, x2 = same(x1, x2)
        ctx.is_last = dim >= x1.ndim - 1
        if not ctx.is_last:
            x1, x2 = (xp_of(x).moveaxis(x, dim, -1) for x in (x1, x2))
        ctx.moved = x1.shape
        x1, x2 = rows(x1), rows(x2)
        y, *lengths = cosine_rows(x1, x2, eps)
        ctx.save_for_backward(x1, x2, y, *lengths)
        return y.reshape(ctx.moved[:-1])

    @staticmethod
    def backward(ctx, dy):
        both = cosine_rows_backward(*ctx.saved, dy.reshape(-1), ctx.eps)
        both = [dx.reshape(ctx.moved) for dx in both]
        if not ctx.is_last:
            both = [xp_of(dx).moveaxis(dx, -1, ctx.dim) for dx in both]
        return tuple(unbroadcast(dx, shape) for dx, shape in zip(both, ctx.shapes))


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """The cosine of the angle between x1 and x2 along `dim`; see `CosineSimilarity`.

    Raises:
        RuntimeError: the shapes do not broadcast, neither holds real numbers, or eps is
            negative.
        IndexError: there is no axis `dim`.
    """
    check_tensor("cosine_similarity", "x1", x1)
    check_tensor("cosine_similarity", "x2", x2)
    if not check_number("cosine_similarity", "eps", eps) >= 0:
        raise RuntimeError(f"cosine_similarity: eps must not be negative, got {eps}")
    if x1.dtype.kind != "f" and x2.dtype.kind != "f":
        raise RuntimeError(f"cosine_similarity expected real numbers, got {x1.dtype} and "
                           f"{x2.dtype}; convert one, for example with .float()")
    check_shapes("cosine_similarity", x1, x2)
    dim = axis(dim, max(x1.ndim, x2.ndim), "cosine_similarity")
    return CosineSimilarityFunction.apply(x1, x2, dim=dim, eps=float(eps))


class CosineSimilarity(Module):
    """The cosine of the angle between two vectors: 1 the same direction, 0 a right angle,
    -1 opposite.

    Args:
        dim: the axis along which the vectors stand.
        eps: the smallest norm by which is divided.

    Shape:
        x1 (N, D, *), x2 (N, D, *), or what broadcasts → output (N, *) for dim=1

    Raises:
        RuntimeError: the shapes do not broadcast.

    Example:
        >>> x1, x2 = torch.tensor([[3.0, 4.0]]), torch.tensor([[4.0, 3.0]])
        >>> nn.CosineSimilarity()(x1, x2)
        tensor([0.9600])
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim, self.eps = dim, eps

    def forward(self, x1: Any, x2: Any) -> Any:
        return cosine_similarity(x1, x2, self.dim, self.eps)
