"""MultiLabelSoftMarginLoss: one yes-or-no question for each class, by the logistic loss.

For one example with scores x (C,), targets y (C,) between 0 and 1, and class weights w:

    loss = (1 / C) Σ_j w_j (y_j softplus(-x_j) + (1 - y_j) softplus(x_j))
    dx_j = (1 / C) w_j (sigmoid(x_j) - y_j)
    dy_j = (1 / C) w_j (softplus(-x_j) - softplus(x_j))
    dw_j = (1 / C) (y_j softplus(-x_j) + (1 - y_j) softplus(x_j))

softplus(x) = log(1 + e^x) = max(x, 0) + log(1 + e^-|x|) does not overflow, and
softplus(-x) is -log sigmoid(x).

Book: losses/multi_label_soft_margin.
"""
from math import prod
from typing import Any

import numpy as np

from ...autograd.arithmetic import promote, unbroadcast
from ...autograd.function import Primitive
from ...backend import ONE, ZERO, cuda, jit, like, math, op
from ...backend.device import xp_of
from ...backend.math import where
from .reduction import Loss, keep_weight, reduction_of
from .rows import check_scores, check_tensors, reduce_rows, scaled, weights_of


@op
def multi_label_soft_margin_rows(x, y, w, each, scale, with_slope):
    """x, y (N, C), w (N, C) or (1, C), two numbers → losses (N,), slope (N, C).

    `each` is what one class counts, 1 / C.  The slope is that of scale · Σ losses;
    without `with_slope` it is (0, C).
    """
    yes, no = np.logaddexp(0, -x), np.logaddexp(0, x)
    losses = each * (w * (y * yes + (1 - y) * no)).sum(axis=1)
    slope = scale * each * w * (np.exp(-np.logaddexp(0, -x)) - y)
    return losses.astype(x.dtype), (slope if with_slope else slope[:0]).astype(x.dtype)


@jit(forceinline=True)
def _question(x, y):
    """The loss of one class.  In the order that is written here, where x is infinite:
    y · (yes - no) + no would be NaN."""
    rest = math.log1p_exp_neg_abs(x)
    no = where(x > ZERO, x, ZERO) + rest                     # softplus(x)
    yes = where(x < ZERO, -x, ZERO) + rest                   # softplus(-x)
    return y * yes + (ONE - y) * no


@jit(reassociate=True)
def _row(x, y, w, each, scale, with_slope, dx):
    """One row: returns its loss and, if the slope is wanted, fills dx."""
    loss = x.dtype.type(0)
    for j in range(x.size):
        loss += w[j] * _question(x[j], y[j])
        if with_slope:
            dx[j] = w[j] * (math.sigmoid(x[j]) - y[j]) * each * scale
    return loss * each


@jit
def _rows_cpu(lo, hi, losses, dx, x, y, w, each, scale, with_slope):
    own = int(w.shape[0] > 1)                        # each row has weights of its own
    for n in range(lo, hi):
        losses[n] = _row(x[n], y[n], w[n * own], each, scale, with_slope,
                         dx[n * with_slope])


@cuda.jit
def _rows_cuda(losses, dx, x, y, w, each, scale, with_slope):
    n = cuda.grid(1)
    if n < x.shape[0]:
        own = int(w.shape[0] > 1)
        losses[n] = _row(x[n], y[n], w[n * own], each, scale, with_slope,
                         dx[n * with_slope])


@multi_label_soft_margin_rows.kernels(cpu=_rows_cpu, cuda=_rows_cuda)
def _run_rows(run, x, y, w, each, scale, with_slope):
    number = x.dtype.type
    losses = like(x, x.shape[:1])
    dx = like(x, x.shape if with_slope else (1, x.shape[1]))     # a row that nobody reads
    run(losses.shape, losses, dx, x, y, w, number(each), number(scale), int(with_slope),
        work=x.size)
    return losses, dx if with_slope else dx[:0]


# ---- on the tape ---------------------------------------------------------------------


class MultiLabelSoftMargin(Primitive):
    """x, y and w (or None), of shapes that stretch to one; all have gradients.

    The classes stand along the last axis of x.
    """

    @staticmethod
    def forward(ctx, x, y, w, reduction):
        arrays = [a for a in (x, y, w) if a is not None]
        ctx.shapes, ctx.axis, C = [a.shape for a in arrays], x.ndim - 1, x.shape[-1]
        ctx.whole = whole = np.broadcast_shapes(*ctx.shapes)
        each = 1 / C if C else np.nan
        x, y, *given = (_as_rows(a, whole, ctx.axis, promote(*arrays)) for a in arrays)
        w = given[0] if given else weights_of(None, x.shape[1], x)[None]
        scale = 1 / len(x) if reduction == "mean" and len(x) else 1.0
        losses, dx = multi_label_soft_margin_rows(x, y, w, each, scale,
                                                  ctx.needs_input_grad[0])
        dy = dw = None
        if any(ctx.needs_input_grad[1:]):
            with np.errstate(all="ignore"):
                yes, no = (xp_of(x).logaddexp(a, a.dtype.type(0)) for a in (-x, x))
                dy = w * (yes - no) * (each * scale)
                dw = (y * yes + (1 - y) * no) * (each * scale)
        ctx.save_for_backward(dx, dy, dw)
        kept = whole[:ctx.axis] + whole[ctx.axis + 1:]
        return reduce_rows(losses.reshape(kept), reduction, scale)

    @staticmethod
    def backward(ctx, g):
        g = g.reshape(-1) if g.ndim else g
        shapes = [*ctx.shapes, ()]
        return tuple(
            unbroadcast(_from_rows(scaled(slope, g), ctx.whole, ctx.axis), shape)
            if needed else None
            for slope, shape, needed in zip(ctx.saved, shapes, ctx.needs_input_grad))


def _as_rows(a, whole, axis, dtype):
    """`a` stretched to the shape `whole`, as rows along `axis`."""
    a = a.astype(dtype, copy=False)
    if a.shape != whole:
        a = xp_of(a).broadcast_to(a, whole)
    if axis != a.ndim - 1:
        a = xp_of(a).moveaxis(a, axis, -1)
    return a if a.ndim == 2 else a.reshape(prod(a.shape[:-1]), a.shape[-1])


def _from_rows(rows, whole, axis):
    """Rows along `axis` of an array of the shape `whole`, as that array."""
    if rows.shape == whole and axis == len(whole) - 1:
        return rows
    moved = (*whole[:axis], *whole[axis + 1:], whole[axis])
    return xp_of(rows).moveaxis(rows.reshape(moved), -1, axis)


def multilabel_soft_margin_loss(
        input: Any, target: Any, weight: Any = None, size_average: bool | None = None,
        reduce: bool | None = None, reduction: str = "mean") -> Any:
    """The mean logistic loss of each class; see `MultiLabelSoftMarginLoss`."""
    who = "multilabel_soft_margin_loss"
    return _multi_label_soft_margin(
        who, input, target, weight, reduction_of(who, reduction, size_average, reduce))


def _multi_label_soft_margin(who, input, target, weight, reduction):
    check_tensors(who, input=input, target=target, weight=weight)
    check_scores(who, input)
    shapes = [tuple(a.shape) for a in (input, target, weight) if a is not None]
    if not shapes[0]:
        raise IndexError(f"{who}: input must have shape (C,) or (*, C), got a single "
                         "number")
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        raise RuntimeError(f"{who}: input, target and weight must stretch to one shape, "
                           f"got {', '.join(map(str, shapes))}") from None
    if target.dtype == bool:
        raise RuntimeError(f"{who}: target must hold numbers from 0 to 1, got bool; say "
                           "target.float()")
    return MultiLabelSoftMargin.apply(input, target, weight, reduction=reduction)


class MultiLabelSoftMarginLoss(Loss):
    """One yes-or-no question for each class: the mean over classes of the logistic loss.

    Args:
        weight: one weight for each class, (C,).
        size_average, reduce: 0.1's spelling of reduction.
        reduction: 'mean', 'sum', or 'none' for each example's.

    Shape:
        input (*, C), target (*, C) of numbers from 0 to 1 → a single number, or (*) with
        'none'

    Raises:
        RuntimeError: shapes or dtypes do not fit.

    Example:
        >>> x, y = torch.zeros(2, 4), torch.ones(2, 4)
        >>> nn.MultiLabelSoftMarginLoss()(x, y)
        tensor(0.6931)
    """

    def __init__(self, weight: Any = None, size_average: bool | None = None,
                 reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)
        keep_weight(self, "weight", weight)

    def forward(self, input: Any, target: Any) -> Any:
        return _multi_label_soft_margin("MultiLabelSoftMarginLoss", input, target,
                                        self.weight, self.reduction)
