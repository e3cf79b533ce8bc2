"""MultiMarginLoss: the right class must lead every other by a margin.

For one example with scores x (C,), right class t, class weights w (C,), and
v_j = margin - x_t + x_j for j ≠ t:

    loss = (w_t / C) Σ_j max(0, v_j)^p                  p is 1 or 2
    dx_j = (w_t / C) p max(0, v_j)^(p - 1)              where v_j > 0, else 0
    dx_t = -Σ_j dx_j

Book: losses/multi_margin.
"""
from typing import Any

import numpy as np

from ...backend import ONE, TWO, ZERO, cuda, jit, like, op
from ...backend.math import where
from .reduction import Loss, check_number, keep_weight, reduction_of
from .rows import (
    INT64,
    NAN,
    RowLoss,
    check_class_weight,
    check_constant,
    check_labels,
    check_matrix,
    check_tensors,
    weights_of,
)


@op
def multi_margin_rows(x, t, w, p, margin, scale, with_slope):
    """x (N, C), t (N,), w (C,), p 1 or 2, two numbers → losses (N,), slope (N, C).

    The slope is that of scale · Σ losses; without `with_slope` it is (0, C).  Where t is
    no class the loss is NaN and the slope 0.
    """
    rows, C, number = np.arange(len(x)), x.shape[1], x.dtype.type
    wrong = (t < 0) | (t >= C)
    t = np.where(wrong, 0, t)
    v = number(margin) - x[rows, t][:, None] + x
    hit = (v > 0) & (np.arange(C) != t[:, None]) & ~wrong[:, None]
    v, factor = np.where(hit, v, number(0)), w[t] / number(C)
    losses = factor * (v if p == 1 else v * v).sum(axis=1)
    slope = number(scale) * factor[:, None] * (hit if p == 1 else 2 * v)
    slope[rows, t] = -slope.sum(axis=1)
    return np.where(wrong, number(np.nan), losses), slope if with_slope else slope[:0]


@jit(reassociate=True)
def _row(x, n, t, weight, p, margin, scale, with_slope, dx):
    """Row n, of class t: returns its loss and, if the slope is wanted, fills dx[n]."""
    C, zero = x.shape[1], x.dtype.type(0)
    base, factor = margin - x[n, t], weight / x.dtype.type(C)
    loss, sum_of_slopes = zero, zero
    for j in range(C):
        v = base + x[n, j]
        v = where(v > ZERO, where(j == t, zero, v), zero)
        loss += where(p == ONE, v, v * v)
        if with_slope:
            slope = where(p == ONE, where(v > ZERO, ONE, ZERO), TWO * v) * factor * scale
            dx[n, j] = slope
            sum_of_slopes += slope
    if with_slope:
        dx[n, t] = -sum_of_slopes
    return loss * factor


@jit
def _rows_cpu(lo, hi, losses, dx, x, t, w, p, margin, scale, with_slope):
    for n in range(lo, hi):
        if 0 <= t[n] < w.size:
            losses[n] = _row(x, n, t[n], w[t[n]], p, margin, scale, with_slope, dx)
        else:
            losses[n] = NAN
            if with_slope:
                dx[n] = ZERO


@cuda.jit
def _rows_cuda(losses, dx, x, t, w, p, margin, scale, with_slope):
    n = cuda.grid(1)
    if n < x.shape[0]:
        if 0 <= t[n] < w.size:
            losses[n] = _row(x, n, t[n], w[t[n]], p, margin, scale, with_slope, dx)
        else:
            losses[n] = NAN
            if with_slope:
                for j in range(x.shape[1]):
                    dx[n, j] = ZERO


@multi_margin_rows.kernels(cpu=_rows_cpu, cuda=_rows_cuda)
def _run_rows(run, x, t, w, p, margin, scale, with_slope):
    number = x.dtype.type
    losses, dx = like(x, x.shape[:1]), like(x, x.shape if with_slope else (0, 0))
    run(losses.shape, losses, dx, x, t, w, number(p), number(margin), number(scale),
        int(with_slope), work=x.size)
    return losses, dx if with_slope else x[:0]


class MultiMargin(RowLoss):
    """x (N, C), t (N,), w (C,) or None."""

    rows = multi_margin_rows

    @classmethod
    def forward(cls, ctx, x, t, w, who, p, margin, reduction):
        C = x.shape[1]
        losses = super().forward(ctx, x, t.reshape(len(x)), weights_of(w, C, x),
                                 numbers=(p, margin), reduction=reduction)
        check_labels(who, losses, t, C, error=RuntimeError)
        return losses


def multi_margin_loss(input: Any, target: Any, p: int = 1, margin: float = 1.0,
                      weight: Any = None, size_average: bool | None = None,
                      reduce: bool | None = None, reduction: str = "mean") -> Any:
    """How far other classes come within a margin of the right one; see
    `MultiMarginLoss`."""
    who = "multi_margin_loss"
    reduction = reduction_of(who, reduction, size_average, reduce)
    _check_options(who, p, weight)
    return _multi_margin(who, input, target, p, margin, weight, reduction)


def _check_options(who, p, weight):
    if p != 1 and p != 2:
        raise ValueError(f"{who}: p must be 1 or 2, got {p}")
    check_tensors(who, weight=weight)
    if weight is not None and weight.ndim != 1:
        raise ValueError(f"{who}: weight must have shape (C,), got "
                         f"{tuple(weight.shape)}")


def _multi_margin(who, input, target, p, margin, weight, reduction):
    check_tensors(who, input=input, target=target)
    N, C = check_matrix(who, input)
    given, dtype = target.array.shape, target.array.dtype
    if given != (N,) and not (given == () and N == 1):
        raise RuntimeError(f"{who}: for input of shape {tuple(input.shape)} expected "
                           f"classes of shape ({N},), got {given}")
    if dtype != INT64:
        raise RuntimeError(f"{who}: classes must be int64, got {dtype}; "
                           "say target.long()")
    if weight is not None:
        check_class_weight(who, weight, C)
        check_constant(who, weight, input)
    loss = MultiMargin.apply(
        input if input.ndim == 2 else input.reshape(N, C), target, weight, who=who,
        p=p, margin=check_number(who, "margin", margin), reduction=reduction)
    return loss.reshape(()) if reduction == "none" and given == () else loss


class MultiMarginLoss(Loss):
    """The right class must lead every other by a margin.

    Args:
        p: 1 or 2, the power of what is missing.
        margin: the lead that costs nothing.
        weight: one weight for each class, (C,); that of the right class counts.
        size_average, reduce: 0.1's spelling of reduction.
        reduction: 'mean', 'sum', or 'none' for each example's.

    Shape:
        input (N, C), target (N,) of classes 0 … C - 1 → a single number, or (N,) with
        'none'; or input (C,), target ()

    Raises:
        ValueError: p is neither 1 nor 2.
        RuntimeError: a target is no class; shapes or dtypes do not fit.

    Example:
        >>> x = torch.tensor([[0.1, 0.2, 0.4, 0.8]])
        >>> nn.MultiMarginLoss()(x, torch.tensor([3]))
        tensor(0.3250)

    Source: Crammer & Singer, "On the algorithmic implementation of multiclass
    kernel-based vector machines", 2001; there only the worst class counts.
    """

    def __init__(self, p: int = 1, margin: float = 1.0, weight: Any = None,
                 size_average: bool | None = None, reduce: bool | None = None,
                 reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)
        keep_weight(self, "weight", weight)
        _check_options("MultiMarginLoss", p, weight)
        self.p, self.margin = p, margin

    def forward(self, input: Any, target: Any) -> Any:
        return _multi_margin("MultiMarginLoss", input, target, self.p, self.margin,
                             self.weight, self.reduction)
