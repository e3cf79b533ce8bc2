"""CosineEmbeddingLoss: pairs that belong together point the same way, others do not.

For one pair of features u, v (D,) and a target y, 1 or -1:

    c    = u · v / √((u · u + ε)(v · v + ε))        ε = 1e-12 keeps 0 / 0 away
    loss = 1 - c              where y = 1
           max(0, c - margin) where y = -1, and 0 for any other y
    du   = k (v - c √((v · v + ε) / (u · u + ε)) u) / √((u · u + ε)(v · v + ε))
    dv   = the same with u and v exchanged

k is -1 where y = 1, 1 where y = -1 and c ≥ margin, else 0.

Book: losses/cosine_embedding.
"""
from typing import Any

import numpy as np

from ...autograd.arithmetic import promote, unbroadcast
from ...backend import ONE, ZERO, cuda, jit, like, math, op
from ...backend.math import where
from .reduction import Loss, check_number, reduction_of
from .rows import RowLoss, check_tensors, stretched

EPSILON = 1e-12


@op
def cosine_embedding_rows(u, v, y, margin, scale, with_slopes):
    """u, v (N, D), y (N,), two numbers → losses (N,), slopes in u and v (N, D).

    The slopes are those of scale · Σ losses; without `with_slopes` they are (0, D).
    """
    number = u.dtype.type
    uu, vv = ((a * a).sum(axis=1, keepdims=True) + number(EPSILON) for a in (u, v))
    norm = np.sqrt(uu * vv)
    c = (u * v).sum(axis=1, keepdims=True) / norm
    y = y[:, None]
    near, far = y == 1, (y == -1) & (c >= margin)
    over = np.maximum(c - number(margin), 0)
    losses = np.where(near, 1 - c, np.where(y == -1, over, 0))[:, 0]
    k = number(scale) * np.where(near, -1, np.where(far, 1, 0)).astype(u.dtype)
    share = k * (c / norm) / norm
    du, dv = k / norm * v - share * vv * u, k / norm * u - share * uu * v
    if not with_slopes:
        du, dv = du[:0], dv[:0]
    return losses.astype(u.dtype), du, dv


@jit(reassociate=True)
def _row(u, v, y, margin, scale, epsilon, with_slopes, du, dv):
    """One pair: returns its loss and, if the slopes are wanted, fills du and dv."""
    uv, uu, vv = u.dtype.type(0), u.dtype.type(0), u.dtype.type(0)
    for j in range(u.size):
        uv += u[j] * v[j]
        uu += u[j] * u[j]
        vv += v[j] * v[j]
    uu, vv = uu + epsilon, vv + epsilon
    norm = math.sqrt(uu * vv)
    c = uv / norm
    near, far = y == ONE, y == -ONE
    if with_slopes:
        k = where(near, -scale, where(far, where(c >= margin, scale, ZERO), ZERO))
        cross, share = k / norm, k * (c / norm) / norm
        of_u, of_v = share * vv, share * uu
        for j in range(u.size):
            du[j] = cross * v[j] - of_u * u[j]
            dv[j] = cross * u[j] - of_v * v[j]
    if near:
        return ONE - c
    return math.maximum(c - margin, ZERO) if far else ZERO


@jit
def _rows_cpu(lo, hi, losses, du, dv, u, v, y, margin, scale, epsilon, with_slopes):
    for n in range(lo, hi):
        losses[n] = _row(u[n], v[n], y[n], margin, scale, epsilon, with_slopes,
                         du[n * with_slopes], dv[n * with_slopes])


@cuda.jit
def _rows_cuda(losses, du, dv, u, v, y, margin, scale, epsilon, with_slopes):
    n = cuda.grid(1)
    if n < u.shape[0]:
        losses[n] = _row(u[n], v[n], y[n], margin, scale, epsilon, with_slopes,
                         du[n * with_slopes], dv[n * with_slopes])


@cosine_embedding_rows.kernels(cpu=_rows_cpu, cuda=_rows_cuda)
def _run_rows(run, u, v, y, margin, scale, with_slopes):
    number, shape = u.dtype.type, u.shape if with_slopes else (1, u.shape[1])
    losses, du, dv = like(u, u.shape[:1]), like(u, shape), like(u, shape)
    run(losses.shape, losses, du, dv, u, v, y, number(margin), number(scale),
        number(EPSILON), int(with_slopes), work=u.size)
    return (losses, du, dv) if with_slopes else (losses, du[:0], dv[:0])


class CosineEmbedding(RowLoss):
    """u, v (N, D) or (D,), y (N,) or (); an N of 1 is stretched."""

    rows = cosine_embedding_rows

    @classmethod
    def forward(cls, ctx, u, v, y, margin, reduction):
        ctx.shapes, dtype = (u.shape, v.shape), promote(u, v)
        if dtype.kind != "f":
            dtype = np.dtype(np.float32)
        *rows, D = np.broadcast_shapes(u.shape, v.shape)
        (N,) = np.broadcast_shapes(rows, y.shape) or (1,)
        u, v = (stretched(a.astype(dtype, copy=False), (N, D)) for a in (u, v))
        y = stretched(y.astype(dtype, copy=False), (N,))
        losses = super().forward(ctx, u, v, y, numbers=(margin,), reduction=reduction)
        return losses if rows or reduction != "none" else losses.reshape(())

    @classmethod
    def backward(cls, ctx, g):
        du, dv, _ = super().backward(ctx, g.reshape(-1) if g.ndim else g)
        return (None if du is None else unbroadcast(du, ctx.shapes[0]),
                None if dv is None else unbroadcast(dv, ctx.shapes[1]), None)


def cosine_embedding_loss(input1: Any, input2: Any, target: Any, margin: float = 0.0,
                          size_average: bool | None = None, reduce: bool | None = None,
                          reduction: str = "mean") -> Any:
    """The loss of pairs by the angle between them; see `CosineEmbeddingLoss`."""
    who = "cosine_embedding_loss"
    return _cosine_embedding(who, input1, input2, target, margin,
                             reduction_of(who, reduction, size_average, reduce))


def _cosine_embedding(who, input1, input2, target, margin, reduction):
    margin = check_number(who, "margin", margin)
    check_tensors(who, input1=input1, input2=input2, target=target)
    first, second, given = (tuple(a.shape) for a in (input1, input2, target))
    if len(given) > 1 or len(first) != len(given) + 1 or len(second) != len(given) + 1:
        raise RuntimeError(f"{who}: expected features (N, D) with targets (N,), or (D,) "
                           f"with (), got {first}, {second} and {given}")
    try:
        np.broadcast_shapes(first[:-1], second[:-1], given)
        fits = first[-1] == second[-1]
    except ValueError:
        fits = False
    if not fits:
        raise RuntimeError(f"{who}: features of shape {first} and {second} and targets "
                           f"of shape {given} do not fit")
    if target.requires_grad:                 # a label has no gradient
        target = target.detach()
    return CosineEmbedding.apply(input1, input2, target, margin=margin,
                                 reduction=reduction)


class CosineEmbeddingLoss(Loss):
    """Pairs that belong together point the same way, others do not.

    Args:
        margin: the cosine up to which a pair that does not belong together costs
            nothing, from -1 to 1; 0 to 0.5 is usual.
        size_average, reduce: 0.1's spelling of reduction.
        reduction: 'mean', 'sum', or 'none' for each pair's.

    Shape:
        input1, input2 (N, D), target (N,) of 1 and -1 → a single number, or (N,) with
        'none'; or input1, input2 (D,), target ()

    Raises:
        RuntimeError: shapes do not fit.

    Example:
        >>> u = torch.tensor([[3.0, 4.0], [3.0, 4.0]])
        >>> v = torch.tensor([[4.0, 3.0], [4.0, 3.0]])
        >>> nn.CosineEmbeddingLoss(reduction="none")(u, v, torch.tensor([1, -1]))
        tensor([0.0400, 0.9600])
    """

    def __init__(self, margin: float = 0.0, size_average: bool | None = None,
                 reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Any, input2: Any, target: Any) -> Any:
        return _cosine_embedding("CosineEmbeddingLoss", input1, input2, target,
                                 self.margin, self.reduction)
