"""CTCLoss: how surprised is a sequence of scores by a shorter sequence of labels?

Nobody says which step belongs to which label.  CTC counts every way to spread the labels
over the steps: each label once or more in a row, and blanks between them (or not, except
between two equal labels).  With blanks around each label the S labels become 2S + 1
states; a path starts in one of the first two, ends in one of the last two, and in each
step stays, goes on by one, or by two where that skips a blank between different labels.

For log-probabilities x (T, C), and l_s the class of state s:

    α_ts = x_t,l_s + log Σ exp(α_t-1,s, α_t-1,s-1, α_t-1,s-2)     paths that come to s
    β_ts = x_t,l_s + log Σ exp(β_t+1,s, β_t+1,s+1, β_t+1,s+2)     paths that go on from it
    loss = -log Σ exp(α_T-1,2S, α_T-1,2S-1)
    dx_tc = exp(x_tc) - Σ_{s: l_s = c} exp(α_ts + β_ts - x_tc + loss)

The sum in dx is the share of paths that say c at step t.  As in PyTorch, dx is the
gradient for the scores that a log-softmax made x from, hence exp(x_tc): its backward
leaves it as it is, because dx adds up to 0 over the classes.  Everything is in
logarithms: the share of one path is far below the smallest number.

Book: losses/ctc.
"""
from typing import Any

import numpy as np

from ...autograd.checks import check_whole_number
from ...autograd.function import Primitive
from ...autograd.tensor import Tensor
from ...backend import ZERO, contiguous, jit, math, op
from ...backend.device import to_host, xp_of
from ...backend.launch import on_cpu
from ...backend.math import where
from .reduction import Loss, reduction_of
from .rows import INT64, check_scores, check_tensors, reduce_rows, scaled

# ---- the reference; a GPU runs it too ------------------------------------------------


@op
def ctc_paths(x, labels, steps, lengths, blank, mean, zero_infinity, with_slope):
    """x (T, N, C), labels (N, S), steps, lengths (N,), four options → losses (N,), slope
    (T, N, C).

    With `mean` each loss is divided by the length of its labels and by N.  The slope is
    that of Σ losses; without `with_slope` it is (0, N, C).  With `zero_infinity` labels
    for which there are too few steps have loss 0 and slope 0.
    """
    xp, n, last = xp_of(x), xp_of(x).arange(len(labels)), 2 * lengths
    states = xp.full((len(labels), 2 * labels.shape[1] + 1), blank)
    states[:, 1::2] = labels
    inside = xp.arange(states.shape[1]) <= last[:, None]
    emit = xp.where(inside, x[:, n[:, None], states], -np.inf)
    alpha, beta = _alpha_and_beta(xp, emit, states, steps, last)
    end = alpha[xp.maximum(steps - 1, 0), n]
    log_p = xp.logaddexp(end[n, last], xp.where(last > 0, end[n, last - 1], -np.inf))
    log_p = xp.where(steps > 0, log_p, xp.where(last > 0, -np.inf, 0)).astype(x.dtype)
    losses, dx = -log_p, xp.exp(x) + 0 * x          # PyTorch's is NaN where x is -inf
    scales = 1 / (xp.maximum(lengths, 1) * lengths.size) if mean else xp.ones(last.shape)
    scales = scales.astype(x.dtype)
    with np.errstate(all="ignore"):
        share = xp.where(inside, xp.exp(alpha + beta - emit - log_p[:, None]), 0)
    for s in range(states.shape[1]):
        dx[:, n, states[:, s]] -= share[:, :, s]
    dx = xp.where(xp.isfinite(losses)[:, None], dx, np.nan) * scales[:, None]
    unused = xp.arange(len(x))[:, None] >= steps
    if zero_infinity:
        unused = unused | (losses == np.inf)
        losses = xp.where(losses == np.inf, x.dtype.type(0), losses)
    dx = xp.where(unused[:, :, None], x.dtype.type(0), dx)
    return losses * scales, dx if with_slope else dx[:0]


ctc_paths.cuda(ctc_paths.reference)


def _alpha_and_beta(xp, emit, states, steps, last):
    """emit (T, N, K) → α and β (T, N, K)."""
    k, jump = xp.arange(states.shape[1]), states[:, 2:] != states[:, :-2]
    alpha, beta = (xp.full(emit.shape, -np.inf, emit.dtype) for _ in range(2))
    alpha[0, :, :2] = emit[0, :, :2]
    for t in range(1, len(emit)):
        alpha[t] = emit[t] + _arriving(xp, alpha[t - 1], jump)
    ends = xp.where((k >= last[:, None] - 1) & (k <= last[:, None]), 0.0, -np.inf)
    onward = beta[0].copy()
    for t in reversed(range(len(emit))):
        beta[t] = emit[t] + xp.where((steps == t + 1)[:, None], ends, onward)
        onward = _arriving(xp, beta[t, :, ::-1], jump[:, ::-1])[:, ::-1]
    return alpha, beta


def _arriving(xp, paths, jump):
    """paths (N, K) in a step → paths that come to each state in the next one."""
    total = paths.copy()
    total[:, 1:] = xp.logaddexp(total[:, 1:], paths[:, :-1])
    total[:, 2:] = xp.logaddexp(total[:, 2:], xp.where(jump, paths[:, :-2], -np.inf))
    return total


# ---- the CPU kernel: states side by side, so that vectors lie across them ------------

# States are filled up to a multiple of this.  What is left over after the last full
# vector runs one by one: 25 states take 118 ns a step, 32 take 68.  No path comes back
# from the states beyond the last.
LANES = 16


@jit
def _advance(new, old, emit, jump):
    """old (K + 2), emit, jump (K,) → new (K,).

    old begins with two -inf, for the states before the first; jump is 0 where a path may
    come from two states before, else -inf.
    """
    for s in range(emit.size):
        stay, go, skip = old[s + 2], old[s + 1], old[s] + jump[s]
        top = math.maximum(math.maximum(stay, go), skip)
        top = where(top == -np.inf, ZERO, top)               # -inf less -inf would be NaN
        new[s] = emit[s] + top + math.log(
            math.exp(stay - top) + math.exp(go - top) + math.exp(skip - top))


@jit
def _walk(paths, x, n, states, jump, backwards):
    """Fill paths (T, K + 2), from the first step on or from the last one back."""
    emit = np.empty(states.size, x.dtype)
    T = paths.shape[0]
    for k in range(T):
        t = T - 1 - k if backwards else k
        row = paths[t]
        row[0], row[1] = -np.inf, -np.inf
        for s in range(states.size):
            emit[s] = x[t, n, states[s]]
        if k == 0:
            for s in range(states.size):
                row[s + 2] = emit[s] if s < 2 else -np.inf
        else:
            _advance(row[2:], paths[t + 1 if backwards else t - 1], emit, jump)


@jit
def _states(labels, blank, x):
    """labels (S,) → the classes of the 2S + 1 states, filled up with blanks, and the
    jumps of `_advance`."""
    used = 2 * labels.size + 1
    states = np.full((used + LANES - 1) // LANES * LANES, blank)
    jump = np.full(states.size, -np.inf, x.dtype)
    for s in range(1, used, 2):
        states[s] = labels[s // 2]
        if s > 1 and states[s] != states[s - 2]:
            jump[s] = ZERO
    return states, jump


@jit
def _one(n, x, labels, T, scale, blank, zero_infinity, with_slope, dx):
    """One sequence: returns its loss and, if the slope is wanted, fills dx[:, n]."""
    used = 2 * labels.size + 1
    states, jump = _states(labels, blank, x)
    alpha = np.empty((T, states.size + 2), x.dtype)
    _walk(alpha, x, n, states, jump, False)
    loss = x.dtype.type(0 if labels.size == 0 else np.inf)           # without any step
    if T > 0:
        last, other = alpha[T - 1, used + 1], alpha[T - 1, used]    # a -inf stands first
        top = math.maximum(last, other)
        top = where(top == -np.inf, ZERO, top)
        loss = -top - math.log(math.exp(last - top) + math.exp(other - top))
    none = zero_infinity and loss == np.inf
    if with_slope:
        known = 0 if none else T
        if known:
            beta = np.empty(alpha.shape, x.dtype)
            back, jump = _states(labels[::-1], blank, x)
            _walk(beta, x, n, back, jump, True)
            _slopes(dx, x, n, states, used, alpha, beta, loss, scale)
        for t in range(known, x.shape[0]):
            dx[t, n] = ZERO
    return ZERO if none else loss * scale


@jit
def _slopes(dx, x, n, states, used, alpha, beta, loss, scale):
    """dx holds the exps of the scores, beta the states that are used, in reverse."""
    share = np.zeros(states.size, x.dtype)
    scale = where(np.isfinite(loss), scale, x.dtype.type(np.nan))
    for t in range(alpha.shape[0]):
        scores, row = x[t, n], dx[t, n]
        for s in range(used):
            share[s] = alpha[t, s + 2] + beta[t, used + 1 - s] - scores[states[s]]
        for s in range(share.size):
            share[s] = math.exp(share[s] + loss)
        for s in range(used):
            row[states[s]] -= share[s]
        for c in range(row.size):
            row[c] *= scale


@jit
def _exp_each(e, x):
    for k in range(x.size):
        e[k] = math.exp(x[k]) + ZERO * x[k]           # PyTorch's is NaN where x is -inf


@jit
def _sequences(lo, hi, losses, dx, x, labels, steps, lengths, blank, mean,
               zero_infinity, with_slope):
    if with_slope:                       # all at once: a row alone fills few vectors
        first, end = lo * x.shape[2], hi * x.shape[2]
        for t in range(x.shape[0]):
            _exp_each(dx[t].reshape(-1)[first:end], x[t].reshape(-1)[first:end])
    for n in range(lo, hi):
        scale = x.dtype.type(1 / (max(lengths[n], 1) * lengths.size) if mean else 1)
        losses[n] = _one(n, x, labels[n, :lengths[n]], steps[n], scale, blank,
                         zero_infinity, with_slope, dx)


@ctc_paths.cpu
def _run(x, labels, steps, lengths, blank, mean, zero_infinity, with_slope):
    arrays = [contiguous(a) for a in (x, labels, steps, lengths)]
    losses = np.empty(lengths.shape, x.dtype)
    dx = np.empty(x.shape if with_slope else (0, *x.shape[1:]), x.dtype)
    on_cpu(_sequences, losses.shape, losses, dx, *arrays, blank, mean, zero_infinity,
           with_slope, work=x.shape[0] * labels.size)
    return losses, dx


# ---- on the tape ---------------------------------------------------------------------


class CTC(Primitive):
    """x (T, N, C); labels (N, S), steps and lengths (N,), where x is."""

    @staticmethod
    def forward(ctx, x, labels, steps, lengths, blank, reduction, zero_infinity):
        losses, slope = ctc_paths(x, labels, steps, lengths, blank, reduction == "mean",
                                  zero_infinity, ctx.needs_input_grad[0])
        ctx.save_for_backward(slope)
        return losses if reduction == "none" else reduce_rows(losses, "sum", 1.0)

    @staticmethod
    def backward(ctx, g):
        (slope,) = ctx.saved
        dx = slope * g[:, None] if g.ndim else scaled(slope, g)
        return dx, None, None, None


def ctc_loss(log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any,
             blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> Any:
    """How surprised sequences of scores are by sequences of labels; see `CTCLoss`."""
    reduction = reduction_of("ctc_loss", reduction)
    return _ctc("ctc_loss", log_probs, targets, input_lengths, target_lengths, blank,
                reduction, zero_infinity)


def _ctc(who, x, targets, steps, lengths, blank, reduction, zero_infinity):
    check_tensors(who, log_probs=x, targets=targets)
    shape, alone = x.array.shape, x.ndim == 2
    blank = check_whole_number(who, "blank", blank)
    if len(shape) not in (2, 3) or 0 in shape:
        raise RuntimeError(f"{who}: log_probs must have shape (T, N, C) or (T, C), none "
                           f"of them 0, got {shape}")
    check_scores(who, x)
    if alone:
        x = x.unsqueeze(1)
    T, N, C = x.array.shape
    if not 0 <= blank < C:
        raise RuntimeError(f"{who}: blank must be one of the {C} classes "
                           f"(0 … {C - 1}), got {blank}")
    steps = _lengths(who, "input_lengths", steps, N, T)
    lengths = _lengths(who, "target_lengths", lengths, N)
    labels = _labels(who, to_host(targets.array).astype(INT64), lengths, C, blank)
    put = x.device.put
    loss = CTC.apply(x, put(labels), put(np.array(steps)), put(np.array(lengths)),
                     blank=blank, reduction=reduction,
                     zero_infinity=bool(zero_infinity))
    return loss.squeeze(0) if alone and reduction == "none" else loss


def _lengths(who, name, lengths, N, most=None):
    """A tensor, tuple or list of N lengths as a list.

    Raises:
        TypeError: they are no whole numbers.
        RuntimeError: they are too many, too few, too large or negative.
    """
    if isinstance(lengths, Tensor):
        if lengths.dtype.kind not in "iu":
            raise RuntimeError(f"{who}: {name} must be integers, got {lengths.dtype}")
        lengths = lengths.reshape(-1).tolist()
    elif not isinstance(lengths, (tuple, list)):
        raise TypeError(f"{who}: {name} must be a tensor or a tuple of {N} lengths, got "
                        f"{type(lengths).__name__}")
    lengths = [k if type(k) is int else check_whole_number(who, name, k) for k in lengths]
    if len(lengths) != N:
        raise RuntimeError(f"{who}: {name} must have one length for each of {N} "
                           f"sequences, got {len(lengths)}")
    if min(lengths) < 0 or (most is not None and max(lengths) > most):
        n = next(n for n, k in enumerate(lengths) if k < 0 or (most or k) < k)
        upper = "at least 0" if most is None else f"from 0 to {most}"
        raise RuntimeError(f"{who}: {name}[{n}] must be {upper}, got {lengths[n]}")
    return lengths


def _labels(who, targets, lengths, C, blank):
    """Labels (N, S), one row for each sequence, of padded rows or of one long row.

    Raises:
        RuntimeError: the labels are too few, or one is no class.
    """
    N, longest = len(lengths), max(lengths)
    if targets.ndim == 1 and targets.size == sum(lengths):
        width = 0
    elif targets.ndim == 2 and len(targets) == N and targets.shape[1] >= longest:
        width = targets.shape[1]
    else:
        raise RuntimeError(f"{who}: targets must have shape ({N}, {longest} or more), or "
                           f"({sum(lengths)},) with all labels in one row, got "
                           f"{targets.shape}")
    labels = np.empty((N, longest), INT64)
    n = _fill(labels, targets.reshape(-1), np.array(lengths), width, C, blank)
    if n < N:
        row = labels[n, :lengths[n]]
        wrong = row[(row < 0) | (row >= C)][0]
        raise RuntimeError(f"{who}: a label of sequence {n} is {wrong}, but there "
                           f"are {C} classes (0 … {C - 1})")
    return labels


@jit
def _fill(labels, targets, lengths, width, C, blank):
    """Labels (N, S) from rows of this width, or one after the other if it is 0.

    Returns N, or the number of the first row with a label that is no class.
    """
    start = 0
    for n in range(labels.shape[0]):
        wrong = False
        for s in range(labels.shape[1]):
            labels[n, s] = targets[start + s] if s < lengths[n] else blank
            wrong |= labels[n, s] < 0 or labels[n, s] >= C
        if wrong:
            return n
        start += width if width else lengths[n]
    return labels.shape[0]


class CTCLoss(Loss):
    """How surprised a sequence of scores is by a shorter sequence of labels.

    Args:
        blank: the class that stands for "no label".
        reduction: 'mean' (each loss is divided by the length of its labels first),
            'sum', or 'none' for each sequence's.
        zero_infinity: labels for which there are too few steps cost 0, not infinity.

    Shape:
        log_probs (T, N, C), the output of a log-softmax; targets (N, S), padded, or one
        row of all labels; input_lengths and target_lengths (N,), tensors or tuples → a
        single number, or (N,) with 'none'.  Without the axis N: log_probs (T, C), targets
        (S,), lengths () or (1,).

    Raises:
        RuntimeError: shapes and lengths do not fit, or a label is no class.

    Example:
        >>> log_p = torch.zeros(4, 1, 3).log_softmax(2)     # every path has 1 / 81
        >>> loss = nn.CTCLoss()(log_p, torch.tensor([[1]]), (4,), (1,))
        >>> (-loss).exp() * 81                              # 10 of them spell "1"
        tensor(10.0000)

    Source: Graves et al., "Connectionist temporal classification: labelling unsegmented
    sequence data with recurrent neural networks", 2006.
    """

    def __init__(self, blank: int = 0, reduction: str = "mean",
                 zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank, self.zero_infinity = blank, zero_infinity

    def forward(self, log_probs: Any, targets: Any, input_lengths: Any,
                target_lengths: Any) -> Any:
        return _ctc("CTCLoss", log_probs, targets, input_lengths, target_lengths,
                    self.blank, self.reduction, self.zero_infinity)
