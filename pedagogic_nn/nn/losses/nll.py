"""NLLLoss: the negative log-probability of the right class.

For one example with log-probabilities x (C,), right class t, class weights w (C,):

    loss = -w_t x_t
    dx_j = -w_t [j = t]

The mean over a batch is weighted: Σ loss / Σ w_t, over the examples whose class is not
`ignore_index`.  Only one log-probability of each example counts, so the kernels touch no
other; the gradient is 0 elsewhere.

Book: losses/nll.
"""
from math import prod
from typing import Any

import numpy as np

from ...autograd.checks import check_whole_number
from ...autograd.function import Primitive
from ...backend import ZERO, contiguous, cuda, jit, like, op
from ...backend.device import xp_of
from ...backend.launch import on_cpu, on_gpu, threads_for
from .reduction import Loss, keep_weight, reduction_of
from .rows import (
    INT64,
    NAN,
    check_classes,
    check_labels,
    check_tensors,
    number_like,
    weights_of,
)

# ---- losses --------------------------------------------------------------------------


@op
def nll_forward(x, t, w, ignore_index):
    """x (N, C, *), t (N, *), w (C,), a number → losses (N, *), sums (2,).

    The sums are Σ losses and Σ w_t.  Where the class is `ignore_index` both are 0.  If
    another one is no class, the first sum is NaN, and the losses mean nothing.
    """
    xp = xp_of(x)
    c, own, ignored, wrong = _classes(t, w, ignore_index)
    losses = -own * xp.take_along_axis(x, c[:, None], axis=1)[:, 0] if x.size else 0 * own
    losses = xp.where(wrong, x.dtype.type(np.nan), xp.where(ignored, 0, losses))
    sums = [a.sum(dtype=np.float64) for a in (losses, own)]
    return losses.astype(x.dtype), xp.stack(sums)


def _classes(t, w, ignore_index):
    """t (N, *) → classes to read at, their weights, and which are ignored or none."""
    xp, C = xp_of(t), len(w)
    ignored, wrong = t == ignore_index, (t < 0) | (t >= C)
    c = xp.where(wrong, 0, t)
    own = w[c] if C else xp.zeros(t.shape, w.dtype)
    return c, xp.where(ignored | wrong, w.dtype.type(0), own), ignored, wrong & ~ignored


@jit
def _forward_cpu(lo, hi, losses, sums, x, t, w, ignore_index):
    """Some parts of the batch; there are as many as sums has rows."""
    N, C, P, parts = t.shape[0], w.size, t.size // max(t.shape[0], 1), sums.shape[0]
    x, t, losses = x.reshape(N, C, P), t.reshape(N, P), losses.reshape(N, P)
    for q in range(lo, hi):
        total = weight = 0.0
        for n in range(q * N // parts, (q + 1) * N // parts):
            for p in range(P):
                c = t[n, p]
                if c == ignore_index:
                    losses[n, p] = ZERO
                elif 0 <= c < C:
                    own = w[c]
                    losses[n, p] = loss = -own * x[n, c, p]
                    total += loss
                    weight += own
                else:
                    sums[q, 0] = np.nan
                    return
        sums[q, 0], sums[q, 1] = total, weight


@nll_forward.cpu
def _forward_on_cpu(x, t, w, ignore_index):
    parts = min(threads_for(t.size), len(t)) or 1
    losses, sums = np.empty(t.shape, x.dtype), np.empty((parts, 2))
    on_cpu(_forward_cpu, (parts,), losses, sums, contiguous(x), contiguous(t),
           contiguous(w), ignore_index, work=t.size)
    return losses, sums[0] if parts == 1 else sums.sum(axis=0)


@cuda.jit
def _forward_cuda(losses, weights, x, t, w, ignore_index):
    n, p = cuda.grid(2)
    if n < t.shape[0] and p < t.shape[1]:
        c = t[n, p]
        losses[n, p], weights[n, p] = ZERO, ZERO
        if 0 <= c < w.size and c != ignore_index:
            losses[n, p], weights[n, p] = -w[c] * x[n, c, p], w[c]
        elif c != ignore_index:
            losses[n, p] = NAN


@nll_forward.cuda
def _forward_on_cuda(x, t, w, ignore_index):
    (N, C), P = x.shape[:2], prod(x.shape[2:])
    losses, weights = like(x, (N, P)), like(x, (N, P))
    on_gpu(_forward_cuda, (N, P), losses, weights, contiguous(x).reshape(N, C, P),
           contiguous(t).reshape(N, P), contiguous(w), ignore_index)
    sums = [a.sum(dtype=np.float64) for a in (losses, weights)]
    return losses.reshape(t.shape), xp_of(x).stack(sums)


nll_forward.cuda_kernels.append(_forward_cuda)


# ---- their gradient ------------------------------------------------------------------


@op
def nll_backward(t, w, g, scale, shape, ignore_index):
    """t (N, *), w (C,), g (N, *) or (), a number, a shape (N, C, *), a number → dx (N, C,
    *).

    scale · g is the gradient of each loss, or of all.
    """
    xp = xp_of(t)
    dx = xp.zeros(shape, w.dtype)
    if dx.size:
        c, own, ignored, wrong = _classes(t, w, ignore_index)
        slope = xp.where(ignored | wrong, w.dtype.type(0), -own * g * w.dtype.type(scale))
        xp.put_along_axis(dx, c[:, None], slope[:, None], axis=1)
    return dx


@jit
def _backward_cpu(lo, hi, dx, t, w, g, scale, ignore_index):
    N, P = t.shape[0], t.size // t.shape[0]
    dx, t = dx.reshape(N, w.size, P), t.reshape(N, P)
    own = int(g.size > 1)                         # each example has a gradient of its own
    for n in range(lo, hi):
        dx[n] = ZERO
        for p in range(P):
            c = t[n, p]
            if c != ignore_index and 0 <= c < w.size:
                dx[n, c, p] = -w[c] * g[(n * P + p) * own] * w.dtype.type(scale)


@nll_backward.cpu
def _backward_on_cpu(t, w, g, scale, shape, ignore_index):
    dx = np.empty(shape, w.dtype)
    on_cpu(_backward_cpu, t.shape[:1], dx, contiguous(t), contiguous(w),
           np.asarray(g).reshape(-1), scale, ignore_index, work=dx.size)
    return dx


@cuda.jit
def _backward_cuda(dx, t, w, g, scale, ignore_index):
    n, p = cuda.grid(2)
    own = int(g.size > 1)
    if n < t.shape[0] and p < t.shape[1]:
        c = t[n, p]
        if c != ignore_index and 0 <= c < w.size:
            dx[n, c, p] = -w[c] * g[n * own, p * own] * scale


@nll_backward.cuda
def _backward_on_cuda(t, w, g, scale, shape, ignore_index):
    (N, C), P = shape[:2], prod(shape[2:])
    dx = xp_of(t).zeros((N, C, P), w.dtype)
    g = contiguous(g).reshape((N, P) if g.ndim else (1, 1))
    on_gpu(_backward_cuda, (N, P), dx, contiguous(t).reshape(N, P), contiguous(w), g,
           w.dtype.type(scale), ignore_index)
    return dx.reshape(shape)


nll_backward.cuda_kernels.append(_backward_cuda)


# ---- on the tape ---------------------------------------------------------------------


class NLL(Primitive):
    """x (N, C, *), t (N, *), w (C,) or None."""

    @staticmethod
    def forward(ctx, x, t, w, who, ignore_index, reduction):
        if t.dtype != INT64:
            t = t.astype(INT64)
        w = weights_of(w, x.shape[1], x)
        losses, sums = nll_forward(x, t, w, ignore_index)
        total, weight = sums.tolist()
        check_labels(who, total, t, x.shape[1], ignore_index)
        scale = 1.0
        if reduction == "mean":
            scale = 1 / weight if weight else np.nan
        ctx.scale, ctx.shape, ctx.ignore_index = scale, x.shape, ignore_index
        ctx.save_for_backward(t, w)
        return losses if reduction == "none" else number_like(total * scale, losses)

    @staticmethod
    def backward(ctx, g):
        t, w = ctx.saved
        dx = nll_backward(t, w, g, ctx.scale, ctx.shape, ctx.ignore_index)
        return dx, None, None


def nll_loss(input: Any, target: Any, weight: Any = None,
             size_average: bool | None = None, ignore_index: int = -100,
             reduce: bool | None = None, reduction: str = "mean") -> Any:
    """The negative log-probabilities of the right classes; see `NLLLoss`."""
    return _nll("nll_loss", input, target, weight, ignore_index,
                reduction_of("nll_loss", reduction, size_average, reduce))


def _nll(who, input, target, weight, ignore_index, reduction):
    check_tensors(who, input=input, target=target, weight=weight)
    ignore_index = check_whole_number(who, "ignore_index", ignore_index)
    check_classes(who, input, target, weight)
    options = dict(who=who, ignore_index=ignore_index, reduction=reduction)
    if input.ndim > 1:
        return NLL.apply(input, target, weight, **options)
    loss = NLL.apply(input.unsqueeze(0), target.reshape(1), weight, **options)
    return loss.squeeze(0) if reduction == "none" else loss


class NLLLoss(Loss):
    """The negative log-probability of the right class, for log-probabilities.

    They come from `LogSoftmax`; `CrossEntropyLoss` is the two in one, and faster.

    Args:
        weight: one weight for each class, (C,).
        size_average, reduce: 0.1's spelling of reduction.
        ignore_index: examples of this class count nothing.
        reduction: 'mean' (weighted: Σ loss / Σ w_t), 'sum', or 'none' for each example's.

    Shape:
        input (N, C), target (N,) of classes 0 … C - 1 → a single number, or (N,) with
        'none'; input (N, C, d₁, …), target (N, d₁, …); or input (C,), target ()

    Raises:
        IndexError: a target is no class.
        ValueError, RuntimeError: shapes or dtypes do not fit.

    Example:
        >>> log_p = nn.LogSoftmax(dim=1)(torch.zeros(2, 4))
        >>> nn.NLLLoss()(log_p, torch.tensor([0, 3]))
        tensor(1.3863)
    """

    def __init__(self, weight: Any = None, size_average: bool | None = None,
                 ignore_index: int = -100, reduce: bool | None = None,
                 reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)
        keep_weight(self, "weight", weight)
        self.ignore_index = ignore_index

    def forward(self, input: Any, target: Any) -> Any:
        return _nll(type(self).__name__, input, target, self.weight, self.ignore_index,
                    self.reduction)
