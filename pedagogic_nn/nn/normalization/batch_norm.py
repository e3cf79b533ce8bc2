"""BatchNorm: each channel with mean 0 and variance 1 over the batch.

For channel c, over the M = N·L numbers of a batch x (N, C, L):

    m = Σ x / M        v = Σ (x - m)² / M        r = 1 / √(v + ε)
    y = w (x - m) r + b

Backwards, with x̂ = (x - m) r, since m and v depend on every x:

    db = Σ dy
    dw = Σ dy x̂
    dx = w r (dy - db / M - x̂ dw / M)

In evaluation m and v are constants, kept from training, and dx = w r dy.  They are
moving averages, of the variance with M - 1 in place of M:

    running = (1 - momentum) · running + momentum · batch

Book: nn/normalization.
"""
from math import prod
from typing import Any

import numpy as np

from ...autograd.checks import check_tensor
from ...autograd.factories import ones, zeros
from ...autograd.function import Primitive
from ...autograd.tensor import Tensor
from ...backend import ONE, ZERO, jit, like, math, op
from ...backend.launch import CHEAP, contiguous, on_cpu
from .affine import AffineNorm
from .statistics import (
    add_row,
    as_planes,
    check_count,
    check_parameters,
    gradients,
    scale_elements,
    scale_row,
    slope_row,
    sums_of_row,
    vector,
    wide,
)

SHORT = 32          # below, L is too short for a loop of its own (measured)

# ---- training: statistics of the batch -----------------------------------------------


@op
def batch_norm_forward(x, weight, bias, eps):
    """x (N, C, *), weight bias (C,), a number → y (N, C, *), mean (C,), variance (C,)."""
    planes = as_planes(x)
    M = max(planes.shape[0] * planes.shape[2], 1)
    mean = planes.sum(axis=(0, 2)) / M
    centred = planes - mean[:, None]
    variance = (centred * centred).sum(axis=(0, 2)) / M
    y = centred * (weight * (variance + eps) ** -0.5)[:, None] + bias[:, None]
    return y.reshape(x.shape), mean, variance


batch_norm_forward.cuda(batch_norm_forward.reference)


@jit
def _forward_cpu(lo, hi, y, mean, variance, x, weight, bias, eps):
    eps = x.dtype.type(eps)
    for c in range(lo, hi):
        count, total, spread = 0, 0.0, 0.0
        for n in range(x.shape[0]):
            count, total, spread = add_row(x[n, c], count, total, spread)
        M = max(count, 1)                # an empty batch has mean 0
        mean[c], variance[c] = total / M, spread / M
        scale = weight[c] / math.sqrt(variance[c] + eps)
        for n in range(x.shape[0]):
            scale_row(y[n, c], x[n, c], mean[c], scale, bias[c])


@jit
def _forward_rows_cpu(lo, hi, y, mean, variance, x, weight, bias, eps):
    """The same for short L, where a loop over L would hardly begin: x (N, C·L), some rows
    at a time, with a sum for each column."""
    N, L, number = x.shape[0], x.shape[1] // mean.size, x.dtype.type
    columns, M = slice(lo * L, hi * L), max(N * L, 1)
    sums = np.zeros((hi - lo) * L)
    _add_rows(sums, x, columns)
    means = _each(mean[lo:hi], sums, L, M, x)
    sums[:] = 0.0
    _add_squares(sums, x, means, columns)
    scales = _each(variance[lo:hi], sums, L, M, x)
    for k in range(scales.size):
        scales[k] = weight[lo + k // L] / math.sqrt(scales[k] + number(eps))
    shifts = np.repeat(bias[lo:hi], L)
    for n in range(N):
        scale_elements(y[n, columns], x[n, columns], means, scales, shifts)


@jit
def _add_rows(sums, x, columns):
    """Two rows for each time that the sums are read, and all in float64."""
    n = 0
    while n + 2 <= x.shape[0]:
        a, b = x[n, columns], x[n + 1, columns]
        for k in range(sums.size):
            sums[k] += np.float64(a[k]) + b[k]
        n += 2
    if n < x.shape[0]:
        a = x[n, columns]
        for k in range(sums.size):
            sums[k] += a[k]


@jit
def _add_squares(sums, x, means, columns):
    """Σ (x - mean)² of each column, two rows at a time."""
    n = 0
    while n + 2 <= x.shape[0]:
        a, b = x[n, columns], x[n + 1, columns]
        for k in range(sums.size):
            p, q = a[k] - means[k], b[k] - means[k]
            sums[k] += p * p + q * q
        n += 2
    if n < x.shape[0]:
        a = x[n, columns]
        for k in range(sums.size):
            p = a[k] - means[k]
            sums[k] += p * p


@jit
def _each(mean, sums, L, count, x):
    """sums (C·L,) → mean (C,) of each channel, and the same L times each, (C·L,)."""
    wide = np.empty(sums.size, x.dtype)
    for c in range(mean.size):
        total = 0.0
        for k in range(c * L, (c + 1) * L):
            total += sums[k]
        mean[c] = total / count
        wide[c * L:(c + 1) * L] = mean[c]
    return wide


@batch_norm_forward.cpu
def _run_forward(x, weight, bias, eps):
    y, mean, variance = like(x), like(weight), like(weight)
    kernel, shape = _by_layout(_forward_cpu, _forward_rows_cpu, x.shape)
    on_cpu(kernel, mean.shape, y.reshape(shape), mean, variance,
           contiguous(x).reshape(shape), contiguous(weight), contiguous(bias), float(eps),
           work=x.size // CHEAP)
    return y, mean, variance


def _by_layout(planes, rows, shape):
    """The kernel for arrays (N, C, *), and their shape (N, C, L) for it; for short L the
    one for rows, and (N, C·L)."""
    N, C, *places = shape
    L = prod(places)
    return (rows, (N, C * L)) if L < SHORT else (planes, (N, C, L))


# ---- evaluation: statistics that were kept -------------------------------------------


@op
def fixed_norm_forward(x, mean, variance, weight, bias, eps):
    """x (N, C, *), mean variance weight bias (C,), a number → y (N, C, *)."""
    scale = weight * (variance + eps) ** -0.5
    y = (as_planes(x) - mean[:, None]) * scale[:, None] + bias[:, None]
    return y.reshape(x.shape)


fixed_norm_forward.cuda(fixed_norm_forward.reference)


@jit
def _fixed_cpu(lo, hi, y, x, mean, scale, bias):
    C = x.shape[1]
    for plane in range(lo, hi):
        n, c = plane // C, plane % C
        scale_row(y[n, c], x[n, c], mean[c], scale[c], bias[c])


@jit
def _fixed_rows_cpu(lo, hi, y, x, mean, scale, bias):
    for n in range(lo, hi):
        scale_elements(y[n], x[n], mean, scale, bias)


@fixed_norm_forward.cpu
def _run_fixed(x, mean, variance, weight, bias, eps):
    y = like(x)
    kernel, shape = _by_layout(_fixed_cpu, _fixed_rows_cpu, x.shape)
    numbers = mean, weight / np.sqrt(variance + x.dtype.type(eps)), bias
    count = x.shape[0] * x.shape[1]                    # planes, or
    if kernel is _fixed_rows_cpu:
        count, L = x.shape[0], prod(x.shape[2:])       # rows
        numbers = [np.repeat(a, L) for a in numbers]
    on_cpu(kernel, (count,), y.reshape(shape), contiguous(x).reshape(shape),
           *map(contiguous, numbers), work=x.size // CHEAP)
    return y


# ---- backward, of both ---------------------------------------------------------------


@op
def batch_norm_backward(dy, x, mean, variance, weight, eps, fixed):
    """dy x (N, C, *), mean variance weight (C,), two numbers → dx (N, C, *), dw db (C,).

    With `fixed` mean and variance are constants, else those of x.
    """
    dy, planes, rstd = as_planes(dy), as_planes(x), (variance + eps) ** -0.5
    x_hat = (planes - mean[:, None]) * rstd[:, None]
    dw, db = (dy * x_hat).sum(axis=(0, 2)), dy.sum(axis=(0, 2))
    dx = dy
    if not fixed and x.size:
        M = x.shape[0] * planes.shape[2]
        dx = dy - (db[:, None] + x_hat * dw[:, None]) / M
    return (dx * (weight * rstd)[:, None]).reshape(x.shape), dw, db


batch_norm_backward.cuda(batch_norm_backward.reference)


@jit
def _backward_cpu(lo, hi, dx, dw, db, dy, x, mean, variance, weight, eps, fixed):
    N, M = x.shape[0], x.shape[0] * x.shape[2]
    number = x.dtype.type
    for c in range(lo, hi):
        m, r = mean[c], ONE / math.sqrt(variance[c] + number(eps))
        total, moment = 0.0, 0.0
        for n in range(N):
            a, b = sums_of_row(dy[n, c], x[n, c], m)
            total += a
            moment += b
        moment *= r
        db[c], dw[c] = total, moment
        scale = weight[c] * r
        shift, slope = scale * number(total / M), scale * number(moment / M * r)
        for n in range(N):
            if fixed:
                scale_row(dx[n, c], dy[n, c], number(0), scale, number(0))
            else:
                slope_row(dx[n, c], dy[n, c], x[n, c], m, scale, shift, slope)


@jit
def _backward_rows_cpu(lo, hi, dx, dw, db, dy, x, mean, variance, weight, eps, fixed):
    N, L, number = x.shape[0], x.shape[1] // mean.size, x.dtype.type
    columns, M = slice(lo * L, hi * L), N * L
    means = np.repeat(mean[lo:hi], L)
    total, moment = np.zeros(means.size), np.zeros(means.size)
    _add_slopes(total, moment, dy, x, means, columns)
    shifts, slopes = _each(db[lo:hi], total, L, 1, x), _each(dw[lo:hi], moment, L, 1, x)
    scales = np.empty_like(means)
    for c in range(lo, hi):
        r = ONE / math.sqrt(variance[c] + number(eps))
        dw[c] *= r
        for k in range((c - lo) * L, (c - lo + 1) * L):
            scales[k] = weight[c] * r
            shifts[k], slopes[k] = shifts[k] / M, slopes[k] * r * r / M
            if fixed:
                shifts[k], slopes[k] = ZERO, ZERO
    for n in range(N):
        out, g, row = dx[n, columns], dy[n, columns], x[n, columns]
        for k in range(row.size):
            out[k] = (g[k] - shifts[k] - (row[k] - means[k]) * slopes[k]) * scales[k]


@jit
def _add_slopes(total, moment, dy, x, means, columns):
    """Σ dy and Σ dy (x - mean) of each column, two rows at a time."""
    n = 0
    while n + 2 <= x.shape[0]:
        g, h, a, b = dy[n, columns], dy[n + 1, columns], x[n, columns], x[n + 1, columns]
        for k in range(total.size):
            total[k] += g[k] + h[k]
            moment[k] += g[k] * (a[k] - means[k]) + h[k] * (b[k] - means[k])
        n += 2
    if n < x.shape[0]:
        g, a = dy[n, columns], x[n, columns]
        for k in range(total.size):
            total[k] += g[k]
            moment[k] += g[k] * (a[k] - means[k])


@batch_norm_backward.cpu
def _run_backward(dy, x, mean, variance, weight, eps, fixed):
    dx, dw, db = like(x), like(weight), like(weight)
    kernel, shape = _by_layout(_backward_cpu, _backward_rows_cpu, x.shape)
    on_cpu(kernel, dw.shape, dx.reshape(shape), dw, db, contiguous(dy).reshape(shape),
           contiguous(x).reshape(shape), contiguous(mean), contiguous(variance),
           contiguous(weight), float(eps), int(fixed), work=x.size // CHEAP)
    return dx, dw, db


# ---- on the tape ---------------------------------------------------------------------


class BatchNormFunction(Primitive):
    """x (N, C, *), weight bias (C,) or None → y; `tell` is told the mean and the variance
    of the batch (C,)."""

    @staticmethod
    def forward(ctx, x, weight, bias, eps, tell):
        ctx.bias, ctx.eps, C = bias, eps, x.shape[1]
        numbers = wide(x)
        w, b = vector(numbers, weight, C, 1), vector(numbers, bias, C, 0)
        y, mean, variance = batch_norm_forward(numbers, w, b, eps)
        ctx.save_for_backward(x, weight, mean, variance)
        if tell is not None:
            tell(mean, variance)
        return y.astype(x.dtype, copy=False)

    @staticmethod
    def backward(ctx, dy):
        return _backward(ctx, dy, *ctx.saved, fixed=False)


class FixedNormFunction(Primitive):
    """x (N, C, *), weight bias (C,) or None, mean variance (C,) → y."""

    @staticmethod
    def forward(ctx, x, weight, bias, mean, variance, eps):
        ctx.bias, ctx.eps, C = bias, eps, x.shape[1]
        numbers = wide(x)
        w, b = vector(numbers, weight, C, 1), vector(numbers, bias, C, 0)
        # copies: training may go on before backward, and changes the running ones
        mean, variance = mean.astype(numbers.dtype), variance.astype(numbers.dtype)
        y = fixed_norm_forward(numbers, mean, variance, w, b, eps)
        ctx.save_for_backward(x, weight, mean, variance)
        return y.astype(x.dtype, copy=False)

    @staticmethod
    def backward(ctx, dy):
        return *_backward(ctx, dy, *ctx.saved, fixed=True), None, None


def _backward(ctx, dy, x, weight, mean, variance, fixed):
    found = batch_norm_backward(wide(dy), wide(x), mean, variance,
                                vector(mean, weight, mean.size, 1), ctx.eps, fixed)
    return gradients(ctx, (x, weight, ctx.bias), found)


# ---- the functional form -------------------------------------------------------------


def batch_norm(input: Any, running_mean: Any, running_var: Any, weight: Any = None,
               bias: Any = None, training: bool = False, momentum: float = 0.1,
               eps: float = 1e-5) -> Any:
    """Each channel with mean 0 and variance 1; see `BatchNorm1d`.

    Args:
        input: (N, C) or (N, C, *).
        running_mean, running_var: (C,), read in evaluation, changed in place in training;
            None in training keeps nothing.
        training: whether the statistics are those of the batch.

    Raises:
        ValueError: one number per channel in training, or an eps that is not positive.
        RuntimeError: shapes or dtypes do not fit, or evaluation without statistics.
    """
    _check(input, running_mean, running_var, weight, bias, training, eps)
    if not training:
        return FixedNormFunction.apply(input, weight, bias, running_mean, running_var,
                                       eps=eps)
    if not isinstance(momentum, (int, float)):
        raise TypeError(f"batch_norm: momentum must be a number, got {momentum!r}")

    def keep(mean, variance):
        M = input.array.size // mean.size
        update_running(running_mean, mean, momentum)
        update_running(running_var, variance, momentum, M / (M - 1))

    kept = running_mean is not None and input.array.size
    return BatchNormFunction.apply(input, weight, bias, eps=eps,
                                   tell=keep if kept else None)


def update_running(running: Tensor, batch: Any, momentum: float,
                   factor: float = 1.0) -> None:
    """running = (1 - momentum) · running + momentum · factor · batch, unrecorded."""
    array = running.array
    array *= 1 - momentum
    array += momentum * factor * batch
    running._changed()


def _check(input, running_mean, running_var, weight, bias, training, eps):
    check_tensor("batch_norm", "input", input)
    who, shape = "batch_norm", input.array.shape
    if (running_mean is None) != (running_var is None):
        raise ValueError(f"{who}: give both running_mean and running_var, or neither")
    if not training and running_mean is None:
        raise RuntimeError(f"{who}: evaluation needs running_mean and running_var; give "
                           "them, or say training=True")
    if eps < 0 or (training and eps == 0):
        raise ValueError(f"{who}: eps must be positive in training and never negative, "
                         f"got {eps}")
    if len(shape) < 2:
        raise RuntimeError(f"{who} reads input of shape (N, C) or (N, C, *), got {shape}")
    if training and input.array.size == shape[1]:
        raise ValueError(f"{who}: one value per channel has no variance to divide by; "
                         f"got input of shape {shape}. Give more examples, or .eval()")
    check_parameters(who, input, shape[1], running_mean=running_mean,
                     running_var=running_var, weight=weight, bias=bias)
    if running_mean is not None and (running_mean._requires_grad
                                     or running_var._requires_grad):
        raise RuntimeError(f"{who}: running_mean and running_var are buffers and have no "
                           "gradient; say requires_grad_(False)")


# ---- modules -------------------------------------------------------------------------


class RunningNorm(AffineNorm):
    """The parameters and the running statistics of BatchNorm and InstanceNorm.

    Args:
        num_features: channels, C.
        eps: added to the variance.
        momentum: the weight of a new batch in the running statistics; None makes them
            the average of all batches so far.
        affine: whether there are a weight and a bias.
        track_running_stats: whether statistics are kept for evaluation.
        bias: False leaves out the bias alone.
    """

    _version = 2                         # PyTorch's: since 2, num_batches_tracked is kept
    _added_in = {"num_batches_tracked": 2}

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1,
                 affine: bool = True, track_running_stats: bool = True,
                 device: Any = None, dtype: Any = None, *, bias: bool = True) -> None:
        super().__init__()
        check_count(type(self).__name__, "num_features", num_features)
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        made = {"device": device, "dtype": dtype}
        self._add_affine((num_features,), affine, bias, **made)
        for name, make in (("running_mean", zeros), ("running_var", ones)):
            buffer = make(num_features, **made) if track_running_stats else None
            self.register_buffer(name, buffer)
        count = zeros((), dtype="int64", device=device) if track_running_stats else None
        self.register_buffer("num_batches_tracked", count)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the batches: mean 0, variance 1, none counted."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0, and no running statistics."""
        self.reset_running_stats()
        super().reset_parameters()

    def extra_repr(self) -> str:
        return (f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
                f"affine={self.affine}, bias={self.bias is not None}, "
                f"track_running_stats={self.track_running_stats}")


class BatchNorm(RunningNorm):
    """What BatchNorm1d and BatchNorm2d share; they differ in the axes that they read."""

    axes: tuple[int, ...] = ()
    reads = ""

    def forward(self, input: Any) -> Any:
        self._check_input(input)
        mean, variance, momentum = self.running_mean, self.running_var, 0.0
        from_batch = self.training or mean is None
        if self.training and self.track_running_stats:
            momentum = self._count_batch()
        elif self.training:
            mean = variance = None
        return batch_norm(input, mean, variance, self.weight, self.bias, from_batch,
                          momentum, self.eps)

    def _count_batch(self) -> float:
        """Count one more batch; its weight in the running statistics."""
        count = self.num_batches_tracked
        count.array += 1
        count._changed()
        return 1 / count.item() if self.momentum is None else self.momentum

    def _check_input(self, x: Any) -> None:
        check_tensor(type(self).__name__, "input", x)
        shape = x.array.shape
        if len(shape) in self.axes and shape[1] == self.num_features:
            return
        who = f"{type(self).__name__}({self.num_features})"
        if len(shape) not in self.axes:
            raise ValueError(f"{who} reads input of shape {self.reads}, got {shape}")
        raise RuntimeError(f"{who} reads {self.num_features} channels, got {shape[1]} in "
                           f"input of shape {shape}")


class BatchNorm1d(BatchNorm):
    """Each channel with mean 0 and variance 1 over the batch, then scaled and shifted.

        y = w (x - mean) / √(variance + ε) + b

    In training the statistics are those of the batch, and running averages of them are
    kept; in evaluation the running averages are used, so that an example's output does
    not depend on its neighbours.

    Args:
        num_features: channels, C.
        eps: added to the variance, so that nothing is divided by 0.
        momentum: the weight of a new batch in the running averages; None makes them the
            average of all batches so far.
        affine: whether w and b are there, to be learnt.
        track_running_stats: False uses the statistics of the batch in evaluation too.
        bias: False leaves out b alone.

    Shape:
        input (N, C) or (N, C, L) → the same

    Parameters:
        weight (C,), starts at 1; bias (C,), starts at 0.
        Buffers: running_mean (C,), running_var (C,), num_batches_tracked ().

    Raises:
        ValueError: the input has other axes, or one value per channel in training.
        RuntimeError: the channels or dtypes do not fit.

    Example:
        >>> norm = nn.BatchNorm1d(2)
        >>> y = norm(torch.tensor([[1.0, 10.0], [3.0, 30.0]]))
        >>> torch.round(y.detach() * 1000)
        tensor([[-1000., -1000.],
                [ 1000.,  1000.]])
        >>> norm.running_mean
        tensor([0.2000, 2.0000])

    Source: Ioffe & Szegedy, "Batch normalization: accelerating deep network training by
    reducing internal covariate shift", 2015.
    """

    axes, reads = (2, 3), "(N, C) or (N, C, L)"


class BatchNorm2d(BatchNorm):
    """Each channel of images with mean 0 and variance 1 over the batch.

    The statistics of a channel are taken over the examples and all pixels.  For the
    arguments see `BatchNorm1d`.

    Shape:
        input (N, C, H, W) → the same

    Raises:
        ValueError: the input has other axes, or one value per channel in training.

    Example:
        >>> y = nn.BatchNorm2d(3)(torch.randn(2, 3, 4, 4))
        >>> bool(y.mean((0, 2, 3)).abs().max() < 1e-6)
        True
    """

    axes, reads = (4,), "(N, C, H, W)"
