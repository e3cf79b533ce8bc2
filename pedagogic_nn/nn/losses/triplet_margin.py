"""TripletMarginLoss: an anchor must be nearer to its like than to another, by a margin.

For one triple of features a, p, n (D,), anchor, positive and negative:

    dist(u, v) = (Σ_j |d_j|^q)^(1/q)                with d = u - v + ε
    loss       = max(0, margin + dist(a, p) - dist(a, n))
    ∂ dist / ∂ u_j = sign(d_j) (|d_j| / dist)^(q - 1) = -∂ dist / ∂ v_j

The slope is 0 where the distance is 0.  For q = ∞ the distance is the largest |d_j|; its
slope is shared by all that are as large.  With `swap` the negative's distance is the
smaller one of dist(a, n) and dist(p, n); if they are equal, each has half the slope.

Book: losses/triplet_margin.
"""
from math import isinf, prod
from typing import Any

import numpy as np

from ...autograd.arithmetic import promote, unbroadcast
from ...autograd.checks import check_not_bool
from ...backend import HALF, ONE, TWO, ZERO, cuda, jit, like, math, op
from ...backend.math import where
from .reduction import Loss, check_number, reduction_of
from .rows import RowLoss, check_tensors, stretched

# ---- the reference -------------------------------------------------------------------


@op
def triplet_margin_rows(a, p, n, margin, q, eps, swap, scale, with_slopes):
    """a, p, n (N, D), six numbers → losses (N,), slopes in a, p and n (N, D).

    The slopes are those of scale · Σ losses; without `with_slopes` they are (0, D).
    """
    near, from_near = _distance(a - p + a.dtype.type(eps), q)
    far, from_far = _distance(a - n + a.dtype.type(eps), q)
    between, from_between = _distance(p - n + a.dtype.type(eps), q)
    nearest = np.minimum(far, between) if swap else far
    own = (far == nearest) / (1.0 + (far == between) * swap)
    losses = margin + near - nearest
    k = (scale * (losses >= 0)).astype(a.dtype)
    from_near, from_far = k * from_near, (k * own).astype(a.dtype) * from_far
    from_between = (k * (1 - own)).astype(a.dtype) * from_between
    slopes = (from_near - from_far, -from_near - from_between, from_far + from_between)
    return (np.maximum(losses, 0)[:, 0].astype(a.dtype),
            *[s if with_slopes else s[:0] for s in slopes])


def _distance(d, q):
    """d (N, D) → its q-norm (N, 1), and the slope of it (N, D)."""
    with np.errstate(all="ignore"):
        if q == 0:
            return (d != 0).sum(axis=1, keepdims=True).astype(d.dtype), np.zeros_like(d)
        if isinf(q):
            norm = (np.max if q > 0 else np.min)(np.abs(d), axis=1, keepdims=True)
            hit = np.abs(d) == norm
            share = hit / np.maximum(hit.sum(axis=1, keepdims=True), 1)
            return norm, (np.sign(d) * share).astype(d.dtype)
        norm = ((np.abs(d) ** q).sum(axis=1, keepdims=True) ** (1 / q)).astype(d.dtype)
        slope = np.sign(d) * (np.abs(d) / norm) ** d.dtype.type(q - 1)
        flat = (norm == 0) | ((d == 0) & (q < 1))
        return norm, np.where(flat, d.dtype.type(0), slope)


# ---- kernels -------------------------------------------------------------------------


@jit(forceinline=True)
def _difference(u, v, eps):
    """Always rounded in the same order: the slope looks for the d that was largest."""
    return u - v + eps


@jit(reassociate=True)
def _norm(u, v, eps, q):
    """The q-norm of u - v + ε, for rows (D,)."""
    total = u.dtype.type(0)
    if q == TWO:
        for j in range(u.size):
            d = _difference(u[j], v[j], eps)
            total += d * d
        return math.sqrt(total)
    if q == ONE:
        for j in range(u.size):
            total += abs(_difference(u[j], v[j], eps))
        return total
    if isinf(q):
        sign = where(q > ZERO, ONE, -ONE)                   # the smallest, for q = -∞
        total = u.dtype.type(-np.inf)
        for j in range(u.size):
            total = math.maximum(total, sign * abs(_difference(u[j], v[j], eps)))
        return sign * total
    for j in range(u.size):
        d = abs(_difference(u[j], v[j], eps))
        total += where(d == ZERO, ZERO, ONE) if q == ZERO else d ** q
    return total if q == ZERO else total ** (ONE / q)


@jit(reassociate=True)
def _add_slope(du, dv, u, v, eps, q, norm, k):
    """Add k times the slope of the norm to du, and take it from dv."""
    if norm == ZERO or q == ZERO:
        return
    if q == TWO:
        for j in range(u.size):
            slope = k * (_difference(u[j], v[j], eps) / norm)
            du[j] += slope
            dv[j] -= slope
        return
    if isinf(q):
        hits = u.dtype.type(0)
        for j in range(u.size):
            hits += where(abs(_difference(u[j], v[j], eps)) == norm, ONE, ZERO)
        k = k / math.maximum(hits, ONE)
    for j in range(u.size):
        d = _difference(u[j], v[j], eps)
        sign = where(d > ZERO, ONE, where(d < ZERO, -ONE, ZERO))
        if isinf(q):
            slope = where(abs(d) == norm, sign * k, ZERO)
        elif q == ONE or (d == ZERO and q < ONE):
            slope = sign * k
        else:
            slope = sign * k * (abs(d) / norm) ** (q - ONE)
        du[j] += slope
        dv[j] -= slope


@jit
def _row(a, p, n, margin, q, eps, swap, scale, with_slopes, da, dp, dn):
    """One triple: returns its loss and, if the slopes are wanted, fills them."""
    near, far = _norm(a, p, eps, q), _norm(a, n, eps, q)
    between = _norm(p, n, eps, q) if swap else far
    nearest = -math.maximum(-far, -between)
    loss = margin + near - nearest
    if with_slopes:
        own = ONE
        if swap:
            own = where(far == between, HALF, where(far == nearest, ONE, ZERO))
        for j in range(a.size):
            da[j], dp[j], dn[j] = ZERO, ZERO, ZERO
        k = where(loss >= ZERO, scale, ZERO)
        _add_slope(da, dp, a, p, eps, q, near, k)
        _add_slope(da, dn, a, n, eps, q, far, -k * own)
        if swap:
            _add_slope(dp, dn, p, n, eps, q, between, -k * (ONE - own))
    return math.maximum(loss, ZERO)


@jit
def _rows_cpu(lo, hi, losses, da, dp, dn, a, p, n, margin, q, eps, swap, scale,
              with_slopes):
    for i in range(lo, hi):
        k = i * with_slopes
        losses[i] = _row(a[i], p[i], n[i], margin, q, eps, swap, scale, with_slopes,
                         da[k], dp[k], dn[k])


@cuda.jit
def _rows_cuda(losses, da, dp, dn, a, p, n, margin, q, eps, swap, scale, with_slopes):
    i = cuda.grid(1)
    if i < a.shape[0]:
        k = i * with_slopes
        losses[i] = _row(a[i], p[i], n[i], margin, q, eps, swap, scale, with_slopes,
                         da[k], dp[k], dn[k])


@triplet_margin_rows.kernels(cpu=_rows_cpu, cuda=_rows_cuda)
def _run_rows(run, a, p, n, margin, q, eps, swap, scale, with_slopes):
    number, shape = a.dtype.type, a.shape if with_slopes else (1, a.shape[1])
    losses, slopes = like(a, a.shape[:1]), [like(a, shape) for _ in range(3)]
    run(losses.shape, losses, *slopes, a, p, n, number(margin), number(q), number(eps),
        int(swap), number(scale), int(with_slopes), work=a.size)
    return losses, *[s if with_slopes else s[:0] for s in slopes]


# ---- on the tape ---------------------------------------------------------------------


class TripletMargin(RowLoss):
    """Three arrays (*, D), whose other axes stretch to one shape."""

    rows = triplet_margin_rows

    @classmethod
    def forward(cls, ctx, *arrays, numbers, reduction):
        ctx.shapes = [a.shape for a in arrays]
        arrays = _alike(*arrays)
        ctx.whole = whole = arrays[0].shape
        if len(whole) != 2:
            *rows, D = whole or (1,)
            arrays = [a.reshape(prod(rows), D) for a in arrays]
        losses = super().forward(ctx, *arrays, numbers=numbers, reduction=reduction)
        return losses.reshape(whole[:-1]) if reduction == "none" else losses

    @classmethod
    def backward(cls, ctx, g):
        slopes = super().backward(ctx, g.reshape(-1) if g.ndim else g)
        return tuple(None if s is None else unbroadcast(_shaped(s, ctx.whole), shape)
                     for s, shape in zip(slopes, ctx.shapes))


def _alike(a, p, n):
    """The three in one real dtype and one shape."""
    if (a.dtype == p.dtype == n.dtype and a.dtype.kind == "f"
            and a.shape == p.shape == n.shape):
        return a, p, n
    dtype, shape = promote(a, p, n), np.broadcast_shapes(a.shape, p.shape, n.shape)
    if dtype.kind != "f":
        dtype = np.dtype(np.float32)
    return [stretched(x.astype(dtype, copy=False), shape) for x in (a, p, n)]


def _shaped(a, shape):
    return a if a.shape == shape else a.reshape(shape)


def triplet_margin_loss(anchor: Any, positive: Any, negative: Any, margin: float = 1.0,
                        p: float = 2.0, eps: float = 1e-6, swap: bool = False,
                        size_average: bool | None = None, reduce: bool | None = None,
                        reduction: str = "mean") -> Any:
    """The loss of triples by two distances; see `TripletMarginLoss`."""
    who = "triplet_margin_loss"
    return _triplet_margin(who, anchor, positive, negative, margin, p, eps, swap,
                           reduction_of(who, reduction, size_average, reduce))


def _triplet_margin(who, anchor, positive, negative, margin, p, eps, swap, reduction):
    margin, p, eps = _options(who, margin, p, eps)
    check_tensors(who, anchor=anchor, positive=positive, negative=negative)
    triple = anchor, positive, negative
    for name, x in zip(("anchor", "positive", "negative"), triple):
        check_not_bool(who, name, x)
    shape, *others = [x.array.shape for x in triple]
    if others != [shape, shape]:
        _check_shapes(who, shape, *others)
    D = shape[-1] if shape else 1
    if not D and (isinf(p) or p < 0):
        raise RuntimeError(f"{who}: features of length 0 have no norm for p={p}")
    return TripletMargin.apply(*triple, numbers=(margin, p, eps, bool(swap)),
                               reduction=reduction)


def _check_shapes(who, *shapes):
    """Shapes that differ have one number of axes, and the last axis in common.

    Raises:
        RuntimeError: they have not, or do not broadcast.
    """
    given = f"got shapes {', '.join(map(str, shapes))}"
    if len({len(shape) for shape in shapes}) > 1:
        raise RuntimeError(f"{who}: anchor, positive and negative must have the same "
                           f"number of axes, {given}")
    try:
        np.broadcast_shapes(*shapes)
        (_,) = {shape[-1] for shape in shapes}
    except ValueError:
        raise RuntimeError(f"{who}: anchor, positive and negative must have features of "
                           f"one length and fit together, {given}") from None


def _options(who, margin, p, eps):
    margin = check_number(who, "margin", margin)
    if margin <= 0:
        raise ValueError(f"{who}: margin must be greater than 0, got {margin}")
    return margin, check_number(who, "p", p), check_number(who, "eps", eps)


class TripletMarginLoss(Loss):
    """An anchor must be nearer to its like than to another, by a margin.

    Args:
        margin: how much nearer.
        p: the degree of the norm that measures distances.
        eps: added to every difference, so that no distance is 0 where the slope has none.
        swap: take the smaller one of the negative's distances from the anchor and from
            the positive.
        size_average, reduce: 0.1's spelling of reduction.
        reduction: 'mean', 'sum', or 'none' for each triple's.

    Shape:
        anchor, positive, negative (*, D) → a single number, or (*) with 'none'

    Raises:
        ValueError: the margin is not above 0.
        RuntimeError: shapes do not fit.

    Example:
        >>> a = torch.zeros(1, 2)
        >>> p, n = torch.tensor([[3.0, 4.0]]), torch.tensor([[0.0, 2.0]])
        >>> nn.TripletMarginLoss(eps=0.0)(a, p, n)              # 1 + 5 - 2
        tensor(4.)

    Source: Balntas et al., "Learning local feature descriptors with triplets and shallow
    convolutional neural networks", 2016.
    """

    def __init__(self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6,
                 swap: bool = False, size_average: bool | None = None,
                 reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin, self.p, self.eps = _options("TripletMarginLoss", margin, p, eps)
        self.swap = swap

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Any:
        return _triplet_margin("TripletMarginLoss", anchor, positive, negative,
                               self.margin, self.p, self.eps, self.swap, self.reduction)
