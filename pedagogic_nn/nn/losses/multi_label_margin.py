"""MultiLabelMarginLoss: every right class must lead every wrong one by 1.

For one example with scores x (C,) and a list of right classes y, which ends at its first
-1 (or after C):

    loss = (1 / C) Σ_k Σ_j max(0, 1 - x_{y_k} + x_j)      j runs over the wrong classes
    dx   = 1 / C more at j and less at y_k, for each pair that has not the lead

A class that is listed twice counts twice.

Book: losses/multi_label_margin.
"""
from typing import Any

import numpy as np

from ...backend import ONE, ZERO, cuda, jit, like, op
from ...backend.math import where
from .reduction import Loss, reduction_of
from .rows import (
    IGNORED,
    INT64,
    NAN,
    RowLoss,
    check_labels,
    check_matrix,
    check_tensors,
)


@op
def multi_label_margin_rows(x, y, scale, with_slope):
    """x (N, C), y (N, C) of classes and -1, a number → losses (N,), slope (N, C).

    The slope is that of scale · Σ losses; without `with_slope` it is (0, C).  In a row
    with a label that is neither a class nor -1 the loss is NaN, and the slope 0.
    """
    C, number = x.shape[1], x.dtype.type
    wrong = ((y < IGNORED) | (y >= C)).any(axis=1)
    y = np.where(wrong[:, None], IGNORED, y)
    listed = np.cumsum(y < 0, axis=1) == 0
    counts = ((y[:, :, None] == np.arange(C)) & listed[:, :, None]).sum(axis=1)
    # right classes i down, wrong ones j across
    v = number(1) - x[:, :, None] + x[:, None, :]
    pairs = np.where((counts[:, None, :] == 0) & (v > 0), counts[:, :, None], 0)
    losses = (pairs * np.where(pairs > 0, v, number(0))).sum(axis=(1, 2)) / C
    slope = number(scale / C) * (pairs.sum(axis=1) - pairs.sum(axis=2))
    losses = np.where(wrong, number(np.nan), losses)
    return losses.astype(x.dtype), (slope if with_slope else slope[:0]).astype(x.dtype)


@jit(reassociate=True)
def _row(x, y, wrong, scale, with_slope, dx):
    """One row: returns its loss and, if the slope is wanted, fills dx.

    wrong (C,) is scratch: 1 for the wrong classes, 0 for the right ones.
    """
    for j in range(x.size):
        wrong[j] = ONE
    if with_slope:
        for j in range(x.size):
            dx[j] = ZERO
    for k in range(y.size):
        if y[k] < IGNORED or y[k] >= x.size:
            return NAN
    listed = 0
    while listed < y.size and y[listed] >= 0:
        wrong[y[listed]] = ZERO
        listed += 1
    loss, each = x.dtype.type(0), ONE / x.dtype.type(x.size)
    for k in range(listed):
        base, hits = ONE - x[y[k]], x.dtype.type(0)
        for j in range(x.size):
            v = base + x[j]
            hit = where(v > ZERO, wrong[j], ZERO)
            loss += where(hit > ZERO, v, ZERO)
            hits += hit
            if with_slope:
                dx[j] += hit * each * scale
        if with_slope:
            dx[y[k]] -= hits * each * scale
    return loss * each


@jit
def _rows_cpu(lo, hi, losses, dx, _, x, y, scale, with_slope):
    wrong = np.empty(x.shape[1], x.dtype)
    for n in range(lo, hi):
        losses[n] = _row(x[n], y[n], wrong, scale, with_slope, dx[n * with_slope])


@cuda.jit
def _rows_cuda(losses, dx, wrong, x, y, scale, with_slope):
    n = cuda.grid(1)
    if n < x.shape[0]:
        losses[n] = _row(x[n], y[n], wrong[n], scale, with_slope, dx[n * with_slope])


@multi_label_margin_rows.kernels(cpu=_rows_cpu, cuda=_rows_cuda)
def _run_rows(run, x, y, scale, with_slope):
    losses = like(x, x.shape[:1])
    dx = like(x, x.shape if with_slope else (1, x.shape[1]))     # a row that nobody reads
    scratch = like(x, (0, 0) if type(x) is np.ndarray else x.shape)   # of GPU threads
    run(losses.shape, losses, dx, scratch, x, y, x.dtype.type(scale), int(with_slope),
        work=x.size)
    return losses, dx if with_slope else dx[:0]


class MultiLabelMargin(RowLoss):
    """x (N, C), y (N, C) of classes and -1."""

    rows = multi_label_margin_rows

    @classmethod
    def forward(cls, ctx, x, y, who, reduction):
        losses = super().forward(ctx, x, y, numbers=(), reduction=reduction)
        check_labels(who, losses, y, x.shape[1], IGNORED, RuntimeError)
        return losses


def multilabel_margin_loss(input: Any, target: Any, size_average: bool | None = None,
                           reduce: bool | None = None, reduction: str = "mean") -> Any:
    """How far wrong classes come within 1 of the right ones; see
    `MultiLabelMarginLoss`."""
    who = "multilabel_margin_loss"
    return _multi_label_margin(
        who, input, target, reduction_of(who, reduction, size_average, reduce))


def _multi_label_margin(who, input, target, reduction):
    check_tensors(who, input=input, target=target)
    N, C = check_matrix(who, input)
    shape, given = input.array.shape, target.array.shape
    if given != shape:
        raise RuntimeError(f"{who}: target must have the input's shape {shape}, got "
                           f"{given}; fill its rows up with -1")
    if target.array.dtype != INT64:
        raise RuntimeError(f"{who}: classes must be int64, got {target.dtype}; "
                           "say target.long()")
    if input.ndim == 2:
        return MultiLabelMargin.apply(input, target, who=who, reduction=reduction)
    loss = MultiLabelMargin.apply(input.reshape(N, C), target.reshape(N, C), who=who,
                                  reduction=reduction)
    return loss.squeeze(0) if reduction == "none" else loss


class MultiLabelMarginLoss(Loss):
    """Every right class must lead every wrong one by 1.

    Args:
        size_average, reduce: 0.1's spelling of reduction.
        reduction: 'mean', 'sum', or 'none' for each example's.

    Shape:
        input (N, C), target (N, C): in each row the right classes, then -1 up to the end
        → a single number, or (N,) with 'none'; or input (C,), target (C,)

    Raises:
        RuntimeError: a target is neither a class nor -1; shapes or dtypes do not fit.

    Example:
        >>> x = torch.tensor([[0.1, 0.2, 0.4, 0.8]])
        >>> nn.MultiLabelMarginLoss()(x, torch.tensor([[3, 0, -1, 1]]))
        tensor(0.8500)
    """

    def forward(self, input: Any, target: Any) -> Any:
        return _multi_label_margin("MultiLabelMarginLoss", input, target, self.reduction)
