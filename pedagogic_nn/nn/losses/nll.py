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
from ...backend import ZERO, cuda, jit, like, op
from ...backend.device import xp_of
from .reduction import Loss, keep_weight, reduction_of
from .rows import (
    IGNORED,
    check_classes,
    check_tensors,
    classes_of,
    reduce_rows,
    total_weight,
    weights_of,
)

# ---- losses --------------------------------------------------------------------------


@op
def nll_forward(x, t, w):
    """x (N, C, *), t (N, *), w (C,) → losses (N, *), 0 where the class is -1."""
    if not x.size:
        return np.zeros(t.shape, x.dtype)
    c = np.maximum(t, 0)
    losses = -w[c] * np.take_along_axis(x, c[:, None], axis=1)[:, 0]
    return np.where(t == IGNORED, x.dtype.type(0), losses)


@jit
def _forward_cpu(lo, hi, losses, x, t, w):
    for n in range(lo, hi):
        for p in range(t.shape[1]):
            c = t[n, p]
            losses[n, p] = ZERO if c == IGNORED else -w[c] * x[n, c, p]


@cuda.jit
def _forward_cuda(losses, x, t, w):
    n, p = cuda.grid(2)
    if n < t.shape[0] and p < t.shape[1]:
        c = t[n, p]
        losses[n, p] = ZERO if c == IGNORED else -w[c] * x[n, c, p]


@nll_forward.kernels(cpu=_forward_cpu, cuda=_forward_cuda)
def _run_forward(run, x, t, w):
    losses, (N, C), P = like(x, t.shape), x.shape[:2], prod(x.shape[2:])
    if x.size:
        run((N, P), losses.reshape(N, P), x.reshape(N, C, P), t.reshape(N, P), w)
    else:
        losses.fill(0)
    return losses


# ---- their gradient ------------------------------------------------------------------


@op
def nll_backward(t, w, g, shape):
    """t (N, *), w (C,), g (N, *) or (), a shape (N, C, *) → dx (N, C, *).

    g is the gradient of each loss, or of all.
    """
    dx = np.zeros(shape, w.dtype)
    if dx.size:
        c = np.maximum(t, 0)
        slope = np.where(t == IGNORED, w.dtype.type(0), -w[c] * g)
        np.put_along_axis(dx, c[:, None], slope[:, None], axis=1)
    return dx


@jit
def _backward_cpu(lo, hi, dx, t, w, g):
    own = int(g.size > 1)                         # each example has a gradient of its own
    for n in range(lo, hi):
        for p in range(t.shape[1]):
            c = t[n, p]
            if c != IGNORED:
                dx[n, c, p] = -w[c] * g[n * own, p * own]


@cuda.jit
def _backward_cuda(dx, t, w, g):
    n, p = cuda.grid(2)
    own = int(g.size > 1)
    if n < t.shape[0] and p < t.shape[1]:
        c = t[n, p]
        if c != IGNORED:
            dx[n, c, p] = -w[c] * g[n * own, p * own]


@nll_backward.kernels(cpu=_backward_cpu, cuda=_backward_cuda)
def _run_backward(run, t, w, g, shape):
    dx, (N, C), P = xp_of(t).zeros(shape, w.dtype), shape[:2], prod(shape[2:])
    if dx.size:
        g = g.reshape(N, P) if g.ndim else g.reshape(1, 1)
        run((N, P), dx.reshape(N, C, P), t.reshape(N, P), w, g)
    return dx


# ---- on the tape ---------------------------------------------------------------------


class NLL(Primitive):
    """x (N, C, *), t (N, *), w (C,) or None."""

    @staticmethod
    def forward(ctx, x, t, w, who, ignore_index, reduction):
        C = x.shape[1]
        classes, ignored = classes_of(who, t, C, ignore_index)
        ctx.scale, ctx.shape = 1.0, x.shape
        if reduction == "mean":
            weight = total_weight(classes, ignored, w)
            ctx.scale = 1 / weight if weight else np.nan
        classes, w = classes.reshape(t.shape), weights_of(w, C, x)
        ctx.save_for_backward(classes, w)
        return reduce_rows(nll_forward(x, classes, w), reduction, ctx.scale)

    @staticmethod
    def backward(ctx, g):
        classes, w = ctx.saved
        g = g * g.dtype.type(ctx.scale)
        return nll_backward(classes, w, g, ctx.shape), None, None


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
