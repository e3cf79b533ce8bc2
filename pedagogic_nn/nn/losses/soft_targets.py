"""Cross entropy where each target is a probability for every class.

For one example with scores x (C,), probabilities q (C,), class weights w (C,),
smoothing ε:

    log p_j = x_j - log Σ_k exp(x_k)
    r_j     = ((1 - ε) q_j + ε / C) w_j
    loss    = -Σ_j r_j log p_j
    dx_j    = p_j Σ_k r_k - r_j
    dq_j    = -(1 - ε) w_j log p_j

The mean divides by the number of examples, whatever the weights.

Book: losses/cross_entropy.
"""
from math import prod
from typing import Any

import numpy as np

from ...autograd.function import Primitive
from ...backend import ONE, cuda, jit, like, math, op
from ...backend.device import xp_of
from ...backend.softmax import BLOCK, SHORT, exp_rows, log_each, surprise
from .rows import check_class_weight, check_scores, reduce_rows, scaled, weights_of


@op
def soft_cross_entropy_rows(x, q, w, smoothing, scale, slopes):
    """x, q (N, C), w (C,), three numbers → losses (N,), slopes in x and q (N, C).

    The slopes are those of scale · Σ losses.  With slopes=0 both are (0, C), with
    slopes=1 that in q is.
    """
    x = x - x.max(axis=1, keepdims=True, initial=-np.inf)
    log_p = x - np.log(np.exp(x).sum(axis=1, keepdims=True))
    r = (q * (1 - smoothing) + smoothing / x.shape[1]) * w
    dx = scale * (r.sum(axis=1, keepdims=True) * np.exp(log_p) - r)
    dq = -scale * (1 - smoothing) * w * log_p
    losses, dx, dq = (a.astype(x.dtype) for a in (-(r * log_p).sum(axis=1), dx, dq))
    return losses, dx if slopes else dx[:0], dq if slopes > 1 else dq[:0]


@jit(reassociate=True)
def _row(x, q, w, smoothing, scale, slopes, dx, dq):
    """One row: returns its loss and fills the slopes that are wanted."""
    top, total = math.row_max(x), x.dtype.type(0)
    if slopes > 0:
        for j in range(x.size):
            dx[j] = math.exp(x[j] - top)
            total += dx[j]
    else:
        for j in range(x.size):
            total += math.exp(x[j] - top)
    return _finish_row(x, q, w, smoothing, scale, slopes, dx, dq, top, total,
                       math.log(total))


@jit(reassociate=True)
def _finish_row(x, q, w, smoothing, scale, slopes, dx, dq, top, total, log_total):
    """What is left where dx holds exp(x - top), and total its sum."""
    rest, each = ONE - smoothing, smoothing / x.dtype.type(x.size)
    loss = spread = x.dtype.type(0)                  # log p_j = x_j - top - log_total
    for j in range(x.size):
        r = (rest * q[j] + each) * w[j]
        spread += r
        loss += r * surprise(x[j], top, log_total)
    if slopes > 0:
        factor = spread / total
        for j in range(x.size):
            r = (rest * q[j] + each) * w[j]
            dx[j] = (dx[j] * factor - r) * scale
    if slopes > 1:
        for j in range(x.size):
            dq[j] = rest * w[j] * surprise(x[j], top, log_total) * scale
    return loss


@jit
def _rows_cpu(lo, hi, losses, dx, dq, x, q, w, smoothing, scale, slopes):
    if x.shape[1] <= SHORT:
        _short_rows(lo, hi, losses, dx, dq, x, q, w, smoothing, scale, slopes)
        return
    for n in range(lo, hi):
        losses[n] = _row(x[n], q[n], w, smoothing, scale, slopes, dx[n * (slopes > 0)],
                         dq[n * (slopes > 1)])


@jit
def _short_rows(lo, hi, losses, dx, dq, x, q, w, smoothing, scale, slopes):
    """The same, many rows at a time; see backend/softmax.py."""
    C = x.shape[1]
    R = BLOCK // C
    e, (tops, totals, logs) = np.empty((R, C), x.dtype), np.empty((3, R), x.dtype)
    for start in range(lo, hi, R):
        stop = min(start + R, hi)
        r = stop - start
        exps = dx[start:stop] if slopes > 0 else e[:r]
        exp_rows(exps, tops[:r], totals[:r], x[start:stop])
        log_each(logs[:r], totals[:r])
        for k in range(r):
            n = start + k
            losses[n] = _finish_row(x[n], q[n], w, smoothing, scale, slopes, exps[k],
                                    dq[n * (slopes > 1)], tops[k], totals[k], logs[k])


@cuda.jit
def _rows_cuda(losses, dx, dq, x, q, w, smoothing, scale, slopes):
    n = cuda.grid(1)
    if n < x.shape[0]:
        losses[n] = _row(x[n], q[n], w, smoothing, scale, slopes, dx[n * (slopes > 0)],
                         dq[n * (slopes > 1)])


@soft_cross_entropy_rows.kernels(cpu=_rows_cpu, cuda=_rows_cuda)
def _run_rows(run, x, q, w, smoothing, scale, slopes):
    number, unread = x.dtype.type, (1, x.shape[1])
    losses = like(x, x.shape[:1])
    dx, dq = (like(x, x.shape if slopes > k else unread) for k in (0, 1))
    if x.size:
        run(losses.shape, losses, dx, dq, x, q, w, number(smoothing), number(scale),
            slopes, work=x.size)
    else:
        losses.fill(0)
    return losses, dx if slopes else dx[:0], dq if slopes > 1 else dq[:0]


# ---- on the tape ---------------------------------------------------------------------


class SoftCrossEntropy(Primitive):
    """x, q (N, C) or (N, C, *), w (C,) or None; all three have gradients."""

    @staticmethod
    def forward(ctx, x, q, w, reduction, smoothing):
        ctx.shape, C = x.shape, x.shape[1]
        dtype = np.result_type(*[a.dtype for a in (x, q, w) if a is not None])
        x, q = (_as_rows(a.astype(dtype, copy=False)) for a in (x, q))
        w = weights_of(w if w is None else w.astype(dtype, copy=False), C, x)
        scale = 1 / len(x) if reduction == "mean" and len(x) else 1.0
        want_x, want_q, want_w = ctx.needs_input_grad
        losses, dx, dq = soft_cross_entropy_rows(
            x, q, w, smoothing, scale, 2 if want_q else int(want_x))
        dw = None
        if want_w:                      # r_j / w_j times -log p_j, which is dq without w
            _, _, dw = soft_cross_entropy_rows(x, q, xp_of(w).ones_like(w), 0.0, scale, 2)
            dw = dw * (q * (1 - smoothing) + smoothing / C)
        ctx.save_for_backward(dx, dq, dw)
        losses = losses.reshape(ctx.shape[:1] + ctx.shape[2:])
        return reduce_rows(losses, reduction, scale)

    @staticmethod
    def backward(ctx, g):
        want_x, want_q, want_w = ctx.needs_input_grad
        dx, dq, dw = ctx.saved
        g = g.reshape(-1) if g.ndim else g
        return (_from_rows(scaled(dx, g), ctx.shape) if want_x else None,
                _from_rows(scaled(dq, g), ctx.shape) if want_q else None,
                scaled(dw, g).sum(axis=0) if want_w else None)


def _as_rows(x):
    """x (N, C, *) with the classes at the end, as rows (N ·, C)."""
    if x.ndim == 2:
        return x
    rows = xp_of(x).moveaxis(x, 1, -1)
    return rows.reshape(prod(rows.shape[:-1]), x.shape[1])


def _from_rows(rows, shape):
    """What `_as_rows` made of an array of this shape, back again."""
    if len(shape) == 2:
        return rows
    return xp_of(rows).moveaxis(rows.reshape(shape[:1] + shape[2:] + shape[1:2]), -1, 1)


def soft_cross_entropy(input: Any, target: Any, weight: Any, ignore_index: int,
                       reduction: str, smoothing: float) -> Any:
    """The cross entropy of scores and probabilities, both (C,), (N, C) or (N, C, *).

    Raises:
        RuntimeError: shapes do not fit, or a class is to be ignored.
    """
    who, shape = "CrossEntropyLoss", tuple(input.shape)
    if tuple(target.shape) != shape or not shape:
        raise RuntimeError(f"{who}: probabilities must have the input's shape {shape}, "
                           f"got {tuple(target.shape)}; classes must be int64")
    if ignore_index >= 0:
        raise RuntimeError(f"{who}: ignore_index={ignore_index} has no meaning for "
                           "probabilities; leave it out")
    check_scores(who, input)
    if weight is not None:
        check_class_weight(who, weight, shape[-1 if len(shape) == 1 else 1])
    if input.ndim > 1:
        return SoftCrossEntropy.apply(input, target, weight, reduction=reduction,
                                      smoothing=smoothing)
    loss = SoftCrossEntropy.apply(input.unsqueeze(0), target.unsqueeze(0), weight,
                                  reduction=reduction, smoothing=smoothing)
    return loss.squeeze(0) if reduction == "none" else loss
