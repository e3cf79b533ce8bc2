"""CrossEntropyLoss: how surprised are scores by the right class?

For one example with scores x (C,), right class t, class weights w (C,), smoothing ε:

    log p_j = x_j - log Σ_k exp(x_k)
    loss    = -(1 - ε) w_t log p_t - (ε / C) Σ_j w_j log p_j
    dx_j    = A p_j - (ε / C) w_j - (1 - ε) w_t [j = t]
    with A  = (1 - ε) w_t + (ε / C) Σ_k w_k

Without weights and smoothing that is loss = -log p_t, dx = p - one-hot(t).  The mean
over a batch is weighted: Σ loss / Σ w_t, over the examples whose class is not
`ignore_index`.  Targets that are probabilities: soft_targets.py.

The largest score is taken off first: exp cannot overflow, and log p is exact where p is
tiny.

Book: losses/cross_entropy.
"""
from math import prod
from typing import Any

import numpy as np

from ...autograd.checks import check_number, check_whole_number
from ...autograd.function import Primitive
from ...backend import ONE, ZERO, cuda, jit, like, math, op
from ...backend.math import where
from ...backend.softmax import (
    BLOCK,
    COLUMNS,
    SHORT,
    columns_at,
    exp_columns,
    exp_rows,
    log_each,
    row_sum,
    surprise,
)
from .reduction import Loss, keep_weight, reduction_of
from .rows import (
    IGNORED,
    check_classes,
    check_tensors,
    classes_of,
    reduce_rows,
    scaled,
    weights_of,
)
from .soft_targets import soft_cross_entropy

# ---- rows of scores: losses and their slope in one pass ------------------------------


@op
def cross_entropy_rows(x, t, w, smoothing, scale, with_slope):
    """x (N, C), t (N,), w (C,), three numbers → losses (N,), slope (N, C).

    The slope is that of scale · Σ losses; without `with_slope` it is (0, C).  Rows with
    class -1 have loss 0 and slope 0.
    """
    C = x.shape[1]
    x = x - x.max(axis=1, keepdims=True)
    log_p = x - np.log(np.exp(x).sum(axis=1, keepdims=True))
    target = (np.arange(C) == t[:, None]) * (1 - smoothing) + smoothing / C
    target = (target * w * (t != IGNORED)[:, None]).astype(x.dtype)
    losses = -(target * log_p).sum(axis=1)
    slope = scale * (target.sum(axis=1, keepdims=True) * np.exp(log_p) - target)
    slope[t == IGNORED] = 0                         # also where scale is NaN
    return losses.astype(x.dtype), (slope if with_slope else slope[:0]).astype(x.dtype)


@jit(reassociate=True)
def _row(x, t, w, smoothing, scale, with_slope, dx):
    """One row: returns its loss and, if the slope is wanted, fills dx."""
    top = math.row_max(x)
    zero = x.dtype.type(0)              # x[0] * 0 would be NaN for a score of -inf
    total = zero
    if with_slope:
        for j in range(x.size):
            dx[j] = math.exp(x[j] - top)
            total += dx[j]
    else:
        for j in range(x.size):
            total += math.exp(x[j] - top)
    log_total = math.log(total)                      # log p_j = x_j - top - log_total
    rest, spread, each = zero, zero, smoothing / x.dtype.type(x.size)
    if each != ZERO:
        for j in range(x.size):
            spread += w[j]
            rest += w[j] * surprise(x[j], top, log_total)
    own = w[t] - smoothing * w[t]
    if with_slope:
        slope = (own + each * spread) * scale / total
        for j in range(x.size):
            dx[j] *= slope                                 # p_j (own + each · spread)
        if each != ZERO:
            for j in range(x.size):
                dx[j] -= w[j] * each * scale
        dx[t] -= own * scale
    return own * surprise(x[t], top, log_total) + each * rest


@jit
def _rows_cpu(lo, hi, losses, dx, x, t, w, smoothing, scale, with_slope):
    if x.shape[1] <= SHORT and smoothing == ZERO:
        _short_rows(lo, hi, losses, dx, x, t, w, scale, with_slope)
        return
    for n in range(lo, hi):
        if t[n] == IGNORED:
            losses[n] = ZERO
            if with_slope:
                dx[n] = ZERO
        else:
            losses[n] = _row(x[n], t[n], w, smoothing, scale, with_slope,
                             dx[n * with_slope])


@jit
def _short_rows(lo, hi, losses, dx, x, t, w, scale, with_slope):
    """The same without smoothing, many rows at a time; see backend/softmax.py."""
    C = x.shape[1]
    R = BLOCK // C
    e = np.empty((R, C), x.dtype)
    tops, totals, logs = (np.empty(R, x.dtype), np.empty(R, x.dtype),
                          np.empty(R, x.dtype))
    for start in range(lo, hi, R):
        stop = min(start + R, hi)
        r = stop - start
        exps = dx[start:stop] if with_slope else e[:r]
        exp_rows(exps, tops[:r], totals[:r], x[start:stop])
        log_each(logs[:r], totals[:r])
        for n in range(start, stop):
            if t[n] == IGNORED:
                losses[n] = ZERO
                if with_slope:
                    dx[n] = ZERO
                continue
            own, k = w[t[n]], n - start
            losses[n] = own * surprise(x[n, t[n]], tops[k], logs[k])
            if with_slope:
                _scale(dx[n], own * scale / totals[k])
                dx[n, t[n]] -= own * scale


@jit
def _scale(x, factor):
    for j in range(x.size):
        x[j] *= factor


@cuda.jit
def _rows_cuda(losses, dx, x, t, w, smoothing, scale, with_slope):
    n = cuda.grid(1)
    if n < x.shape[0]:
        if t[n] == IGNORED:
            losses[n] = ZERO
            if with_slope:
                for j in range(x.shape[1]):
                    dx[n, j] = ZERO
        else:
            losses[n] = _row(x[n], t[n], w, smoothing, scale, with_slope,
                             dx[n * with_slope])


@cross_entropy_rows.kernels(cpu=_rows_cpu, cuda=_rows_cuda)
def _run_rows(run, x, t, w, smoothing, scale, with_slope):
    number = x.dtype.type
    losses = like(x, x.shape[:1])
    dx = like(x, x.shape if with_slope else (1, x.shape[1]))     # a row that nobody reads
    if x.size:
        run(losses.shape, losses, dx, x, t, w, number(smoothing), number(scale),
            int(with_slope), work=x.size)
    else:
        losses.fill(0)
    return losses, dx if with_slope else dx[:0]


# ---- pixels: the scores of one example stand in a column -----------------------------


@op
def cross_entropy_pixels(x, t, w, smoothing, scale, with_slope):
    """x (N, C, *), t (N, *), w (C,), three numbers → losses (N, *), slope (N, C, *).

    What cross_entropy_rows does, along the second axis.
    """
    rows = np.moveaxis(x, 1, -1)
    losses, slope = cross_entropy_rows.reference(
        rows.reshape(t.size, x.shape[1]), t.reshape(-1), w, smoothing, scale, True)
    slope = np.moveaxis(slope.reshape(rows.shape), -1, 1)
    return losses.reshape(t.shape), slope if with_slope else slope[:0]


@jit
def _pixels_cpu(lo, hi, losses, dx, x, t, w, smoothing, scale, with_slope):
    scratch = np.empty((5, COLUMNS), x.dtype)
    nothing = np.empty((0, 0), x.dtype)
    k = lo
    while k < hi:
        n, start, width = columns_at(k, hi, x.shape[2])
        k, stop = k + width, start + width
        top, total, log_total = scratch[0, :width], scratch[1, :width], scratch[2, :width]
        own, kept = scratch[3, :width], scratch[4, :width]
        exp_columns(dx[n] if with_slope else nothing, top, total, x[n], start)
        log_each(log_total, total)
        _pixel_losses(losses[n, start:stop], own, kept, top, log_total, x[n], start,
                      t[n, start:stop], w, smoothing)
        if with_slope:
            _pixel_slopes(dx[n], start, total, own, kept, t[n, start:stop], w, smoothing,
                          scale)


@jit
def _pixel_losses(losses, own, kept, top, log_total, x, start, t, w, smoothing):
    """Also kept, 0 where ignored and 1 elsewhere, and own, the weight of the class."""
    for p in range(t.size):
        c = max(t[p], 0)
        kept[p] = ZERO if t[p] == IGNORED else ONE
        own[p] = (w[c] - smoothing * w[c]) * kept[p]
        loss = own[p] * surprise(x[c, start + p], top[p], log_total[p])
        losses[p] = where(kept[p] > ZERO, loss, ZERO)
    if smoothing > ZERO:
        for c in range(w.size):
            each = smoothing * w[c] / x.dtype.type(w.size)
            for p in range(t.size):
                rest = each * surprise(x[c, start + p], top[p], log_total[p])
                losses[p] += where(kept[p] > ZERO, rest, ZERO)


@jit
def _pixel_slopes(dx, start, total, own, kept, t, w, smoothing, scale):
    """dx holds the exps, total their sums."""
    each = smoothing * scale / w.dtype.type(w.size)
    spread = each * row_sum(w)
    for p in range(t.size):
        total[p] = where(kept[p] > ZERO, (own[p] * scale + spread) / total[p], ZERO)
    for c in range(w.size):
        row = dx[c, start:start + t.size]
        for p in range(row.size):
            row[p] = row[p] * total[p] - where(kept[p] > ZERO, each * w[c], ZERO)
    for p in range(t.size):
        if kept[p] > ZERO:
            dx[t[p], start + p] -= own[p] * scale


@cuda.jit
def _pixels_cuda(losses, dx, x, t, w, smoothing, scale, with_slope):
    k, P = cuda.grid(1), x.shape[2]
    if k < losses.size:
        n, p = k // P, k % P
        if t[n, p] == IGNORED:
            losses[n, p] = ZERO
            if with_slope:
                for c in range(x.shape[1]):
                    dx[n, c, p] = ZERO
        else:
            losses[n, p] = _row(x[n, :, p], t[n, p], w, smoothing, scale, with_slope,
                                dx[n * with_slope, :, p * with_slope])


@cross_entropy_pixels.kernels(cpu=_pixels_cpu, cuda=_pixels_cuda)
def _run_pixels(run, x, t, w, smoothing, scale, with_slope):
    number, (N, C), P = x.dtype.type, x.shape[:2], prod(x.shape[2:])
    losses, dx = like(x, t.shape), like(x, x.shape if with_slope else (1, C, 1))
    if x.size:
        run((t.size,), losses.reshape(N, P), dx.reshape(-1, C, P if with_slope else 1),
            x.reshape(N, C, P), t.reshape(N, P), w, number(smoothing), number(scale),
            int(with_slope), work=x.size)
    else:
        losses.fill(0)
    return losses, dx if with_slope else x[:0]


# ---- on the tape ---------------------------------------------------------------------


class CrossEntropy(Primitive):
    """Class targets.  x (N, C) or (N, C, *), t (N, *), w (C,) or None."""

    @staticmethod
    def forward(ctx, x, t, w, ignore_index, reduction, smoothing):
        C = x.shape[1]
        classes, weight = classes_of("CrossEntropyLoss", t, w, C, ignore_index)
        scale = 1.0
        if reduction == "mean":
            scale = 1 / weight if weight else np.nan
        operation = cross_entropy_rows if x.ndim == 2 else cross_entropy_pixels
        losses, slope = operation(x, classes, weights_of(w, C, x), smoothing, scale,
                                  ctx.needs_input_grad[0])
        ctx.save_for_backward(slope)
        return reduce_rows(losses, reduction, scale)

    @staticmethod
    def backward(ctx, g):
        (slope,) = ctx.saved
        return scaled(slope, g), None, None


def cross_entropy(input: Any, target: Any, weight: Any = None,
                  size_average: bool | None = None, ignore_index: int = -100,
                  reduce: bool | None = None, reduction: str = "mean",
                  label_smoothing: float = 0.0) -> Any:
    """The cross entropy of scores and targets; see `CrossEntropyLoss`."""
    reduction = reduction_of("cross_entropy", reduction, size_average, reduce)
    who = "CrossEntropyLoss"
    ignore_index = check_whole_number(who, "ignore_index", ignore_index)
    if not 0 <= check_number(who, "label_smoothing", label_smoothing) <= 1:
        raise RuntimeError(f"cross_entropy: label_smoothing must be from 0 to 1, "
                           f"got {label_smoothing}")
    check_tensors(who, input=input, target=target, weight=weight)
    if target.is_floating_point():
        return soft_cross_entropy(input, target, weight, ignore_index, reduction,
                                  label_smoothing)
    check_classes(who, input, target, weight)
    if input.ndim > 1:
        return CrossEntropy.apply(input, target, weight, ignore_index=ignore_index,
                                  reduction=reduction, smoothing=label_smoothing)
    loss = CrossEntropy.apply(
        input.unsqueeze(0), target.reshape(1), weight, ignore_index=ignore_index,
        reduction=reduction, smoothing=label_smoothing)
    return loss.squeeze(0) if reduction == "none" else loss


class CrossEntropyLoss(Loss):
    """How surprised scores are by the right class: -log of its softmax probability.

    Args:
        weight: one weight for each class, (C,).
        size_average, reduce: 0.1's spelling of reduction.
        ignore_index: examples of this class count nothing.
        reduction: 'mean' (weighted: Σ loss / Σ w_t), 'sum', or 'none' for each example's.
        label_smoothing: ε; the right class gets 1 - ε and all classes share ε.

    Shape:
        input (N, C), target (N,) of classes 0 … C - 1 → a single number, or (N,) with
        'none'; input (N, C, d₁, …), target (N, d₁, …); input (C,), target (); or target
        of the input's shape with a probability for each class.

    Raises:
        IndexError: a target is no class.
        ValueError, RuntimeError: shapes or dtypes do not fit.

    Example:
        >>> loss = nn.CrossEntropyLoss()
        >>> loss(torch.zeros(2, 4), torch.tensor([0, 3]))
        tensor(1.3863)

    Source: Bridle, "Probabilistic interpretation of feedforward classification network
    outputs", 1990; label smoothing from Szegedy et al., "Rethinking the Inception
    architecture", 2016.
    """

    def __init__(self, weight: Any = None, size_average: bool | None = None,
                 ignore_index: int = -100, reduce: bool | None = None,
                 reduction: str = "mean", label_smoothing: float = 0.0) -> None:
        super().__init__(size_average, reduce, reduction)
        keep_weight(self, "weight", weight)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def forward(self, input: Any, target: Any) -> Any:
        return cross_entropy(
            input, target, self.weight, ignore_index=self.ignore_index,
            reduction=self.reduction, label_smoothing=self.label_smoothing)
