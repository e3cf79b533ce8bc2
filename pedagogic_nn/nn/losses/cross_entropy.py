"""CrossEntropyLoss: how surprised are scores by the right class?

For one example with scores x (C,), right class t, class weights w (C,), smoothing ε:

    log p_j = x_j - log Σ_k exp(x_k)
    loss    = -(1 - ε) w_t log p_t - (ε / C) Σ_j w_j log p_j
    dx_j    = A p_j - (ε / C) w_j - (1 - ε) w_t [j = t]
    with A  = (1 - ε) w_t + (ε / C) Σ_k w_k

Without weights and smoothing that is loss = -log p_t, dx = p - one-hot(t).  The mean
over a batch is weighted: Σ loss / Σ w_t, over the examples whose class is not
`ignore_index`.

The largest score is taken off first: exp cannot overflow, and log p is exact where p is
tiny.

Book: losses/cross_entropy.
"""
from typing import Any

import numpy as np

from ...autograd.function import Primitive
from ...autograd.tensor import Tensor
from ...backend import ZERO, contiguous, cuda, jit, like, math, op
from ...backend.device import xp_of
from .reduction import Loss, reduction_of

IGNORED = -1            # the class that kernels skip; ignore_index becomes this

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
    return losses.astype(x.dtype), (slope if with_slope else slope[:0]).astype(x.dtype)


@jit(reassociate=True)
def _row(x, t, w, smoothing, scale, with_slope, dx):
    """One row: returns its loss and, if the slope is wanted, fills dx."""
    top = math.row_max(x)
    zero = x.dtype.type(0)              # x[0] * 0 would be NaN for a score of -inf
    total = zero
    for j in range(x.size):
        total += math.exp(x[j] - top)
    shift = top + math.log(total)                          # log p_j = x_j - shift
    rest, spread, each = zero, zero, smoothing / x.dtype.type(x.size)
    if each != ZERO:
        for j in range(x.size):
            spread += w[j]
            rest += w[j] * (shift - x[j])
    own = w[t] - smoothing * w[t]
    if with_slope:
        slope = (own + each * spread) * scale / total
        for j in range(x.size):
            dx[j] = math.exp(x[j] - top) * slope
        if each != ZERO:
            for j in range(x.size):
                dx[j] -= w[j] * each * scale
        dx[t] -= own * scale
    return own * (shift - x[t]) + each * rest


@jit
def _rows_cpu(lo, hi, losses, dx, x, t, w, smoothing, scale, with_slope):
    for n in range(lo, hi):
        if t[n] == IGNORED:
            losses[n] = ZERO
            if with_slope:
                dx[n] = ZERO
        else:
            losses[n] = _row(x[n], t[n], w, smoothing, scale, with_slope,
                             dx[n * with_slope])


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
    run(losses.shape, losses, dx, x, t, w, number(smoothing), number(scale),
        int(with_slope), work=x.size)
    return losses, dx if with_slope else dx[:0]


# ---- on the tape ---------------------------------------------------------------------


@op
def class_rows(t, w, ignore_index):
    """t (N,), w (C,), a number → classes (N,), -1 where ignored, and a summary (2,).

    The summary holds Σ w over the classes that count, and where the first target
    stands that is no class (-1 if all are).
    """
    xp = xp_of(t)
    ignored = t == ignore_index
    wrong = ((t < 0) | (t >= w.size)) & ~ignored
    place = xp.concatenate([wrong, xp.ones(1, bool)]).argmax()
    out = ignored | wrong
    counted = xp.where(out, w.dtype.type(0), w[xp.where(out, 0, t)])
    total = counted.sum(dtype=np.float64)
    summary = xp.stack([total, xp.where(place < t.size, place, -1)])
    return xp.where(ignored, IGNORED, t), summary


class_rows.cuda(class_rows.reference)


@class_rows.cpu
def _class_rows_cpu(t, w, ignore_index):
    classes, summary = np.empty_like(t), np.empty(2)
    _fill_classes(classes, summary, t, w, ignore_index)
    return classes, summary


@jit
def _fill_classes(classes, summary, t, w, ignore_index):
    total, place = 0.0, -1
    for n in range(t.size):
        k = t[n]
        classes[n] = k
        if k == ignore_index:
            classes[n] = IGNORED
        elif 0 <= k < w.size:
            total += w[k]
        elif place < 0:
            place = n
    summary[0], summary[1] = total, place


class CrossEntropy(Primitive):
    """Class targets.  x (N, C) or (N, C, *); the class axis is brought to the end."""

    @staticmethod
    def forward(ctx, x, t, w, ignore_index, reduction, smoothing):
        rows = contiguous(xp_of(x).moveaxis(x, 1, -1)) if x.ndim > 2 else x
        ctx.shape, ctx.reduction, C = rows.shape, reduction, x.shape[1]
        if w is None:
            w = xp_of(x).ones(C, x.dtype)
        flat = contiguous(t).reshape(-1).astype(np.int64, copy=False)
        classes, summary = class_rows(flat, w, ignore_index)
        weight, wrong = summary.tolist()
        if wrong >= 0:
            raise _no_class(t, int(wrong), C, ignore_index)
        scale = 1.0
        if reduction == "mean":
            scale = 1 / weight if weight else float("nan")
        losses, ctx.slope = cross_entropy_rows(
            rows.reshape(-1, C), classes, w, smoothing, scale, ctx.needs_input_grad[0])
        if reduction == "none":
            return losses.reshape(t.shape)
        return losses.sum() * x.dtype.type(scale)

    @staticmethod
    def backward(ctx, g):
        g = g.reshape(-1, 1) if ctx.reduction == "none" else g
        dx = (ctx.slope * g).reshape(ctx.shape)
        return dx if dx.ndim == 2 else xp_of(dx).moveaxis(dx, -1, 1), None, None


def _no_class(t, place, C, ignore_index):
    """The error for the target at `place` of the flat array."""
    index = tuple(map(int, np.unravel_index(place, t.shape)))
    return IndexError(f"CrossEntropyLoss: target[{', '.join(map(str, index))}] is "
                      f"{int(t[index])}, but there are {C} classes (0 … {C - 1}); "
                      f"ignore_index is {ignore_index}")


def cross_entropy(input: Any, target: Any, weight: Any = None,
                  size_average: bool | None = None, ignore_index: int = -100,
                  reduce: bool | None = None, reduction: str = "mean",
                  label_smoothing: float = 0.0) -> Any:
    """The cross entropy of scores and targets; see `CrossEntropyLoss`."""
    reduction = reduction_of("cross_entropy", reduction, size_average, reduce)
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"cross_entropy: label_smoothing must be from 0 to 1, "
                           f"got {label_smoothing}")
    alone = input.ndim == 1
    if alone:
        input, target = input.unsqueeze(0), target.unsqueeze(0)
    _check(input, target, weight)
    if target.is_floating_point():
        loss = _soft(input, target, weight, reduction, label_smoothing)
    else:
        loss = CrossEntropy.apply(input, target, weight, ignore_index=ignore_index,
                                  reduction=reduction, smoothing=label_smoothing)
    return loss.squeeze(0) if alone and reduction == "none" else loss


def _check(input, target, weight):
    who, shape = "CrossEntropyLoss", tuple(input.shape)
    if not input.is_floating_point():
        raise RuntimeError(f"{who}: input must hold scores in floating point, "
                           f"got {input.dtype}")
    if input.ndim < 2:
        raise ValueError(f"{who}: input must have shape (C,), (N, C) or (N, C, …), "
                         f"got {shape}")
    C = shape[1]
    if target.is_floating_point():
        if target.shape != input.shape:
            raise RuntimeError(f"{who}: probabilities must have the input's shape "
                               f"{shape}, got {tuple(target.shape)}")
    elif tuple(target.shape) != (expected := (shape[0], *shape[2:])):
        raise ValueError(f"{who}: for input of shape {shape} expected classes of shape "
                         f"{expected}, got {tuple(target.shape)}")
    elif target.dtype.kind not in "iu":
        raise RuntimeError(f"{who}: classes must be integers, got {target.dtype}; "
                           "say target.long()")
    if weight is not None and tuple(weight.shape) != (C,):
        raise RuntimeError(f"{who}: weight must have one number for each of the {C} "
                           f"classes, got shape {tuple(weight.shape)}")


def _soft(input, target, weight, reduction, smoothing):
    """Probability targets, in tensor operations: the tape finds both gradients."""
    C = input.shape[1]
    log_p = input - input.logsumexp(1, keepdim=True)
    target = target * (1 - smoothing) + smoothing / C if smoothing else target
    if weight is not None:
        target = target * weight.reshape(-1, *[1] * (input.ndim - 2))
    losses = -(log_p * target).sum(1)
    if reduction == "none":
        return losses
    return losses.sum() / losses.numel() if reduction == "mean" else losses.sum()


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
        if weight is not None and not isinstance(weight, Tensor):
            raise TypeError(f"CrossEntropyLoss: weight must be a tensor, "
                            f"got {type(weight).__name__}")
        self.register_buffer("weight", weight)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def forward(self, input: Any, target: Any) -> Any:
        return cross_entropy(
            input, target, self.weight, ignore_index=self.ignore_index,
            reduction=self.reduction, label_smoothing=self.label_smoothing)
