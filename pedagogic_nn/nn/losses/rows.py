"""What losses over rows share: one row of scores or of features gives one loss.

    loss  = scale · Σ_n losses_n            scale is 1, 1 / N or 1 / Σ weights
    dx_nj = scale · slope of losses_n in x_nj

Losses and slopes come from one pass over the rows, since a row that is in cache costs
nothing to read again.  `backward` has one multiplication left, by the gradient that
arrives, and none where that is 1.

A label that is no class would send a kernel beyond the end of a row: see "classes".
"""
import functools
from typing import Any

import numpy as np

from ...autograd.checks import check_tensor
from ...autograd.function import Primitive
from ...autograd.grad_mode import mode
from ...autograd.tensor import Tensor
from ...backend import Op, contiguous, jit, op
from ...backend.device import xp_of
from .reduction import holds_nan

IGNORED = -1            # the class that kernels skip; ignore_index becomes this
INT64, NAN = np.dtype(np.int64), np.float32(np.nan)

# ---- losses, and slopes that wait for a gradient -------------------------------------


class RowLoss(Primitive):
    """A loss for each row, and slopes in the same pass.

    A subclass gives `rows`, an operation (*arrays, *numbers, scale, with_slopes) →
    losses (N,) and the slopes of scale · Σ losses in the first arrays.
    """

    rows: Op

    @classmethod
    def forward(cls, ctx, *arrays, numbers, reduction):
        N = len(arrays[0])
        scale = 1 / N if reduction == "mean" and N else 1.0
        losses, *slopes = cls.rows(*arrays, *numbers, scale, True in ctx.needs_input_grad)
        ctx.save_for_backward(*slopes)
        return reduce_rows(losses, reduction, scale)

    @classmethod
    def backward(cls, ctx, g):
        slopes = [scaled(slope, g) if needed else None
                  for slope, needed in zip(ctx.saved, ctx.needs_input_grad)]
        return *slopes, *[None] * (len(ctx.needs_input_grad) - len(slopes))


def reduce_rows(losses: Any, reduction: str, scale: float) -> Any:
    """Every loss, or scale · their sum.  The mean of none is NaN, as in PyTorch."""
    if reduction == "none":
        return losses
    if reduction == "mean" and not losses.size:
        scale = np.nan
    if losses.itemsize == 2:              # half precision: sums are soon above 65,504
        return (losses.sum(dtype=np.float32) * np.float32(scale)).astype(np.float16)
    if type(losses) is np.ndarray:
        return np.asarray(_sum(losses.ravel()) * scale, losses.dtype)
    return losses.sum() * losses.dtype.type(scale)


def number_like(value: float, a: Any) -> Any:
    """A number as an array () where `a` is, in its dtype."""
    return (np if type(a) is np.ndarray else xp_of(a)).asarray(value, a.dtype)


@jit(reassociate=True)
def _sum(x):
    """The sum of x (N,) in float64: a third of the time that NumPy takes for 32."""
    total = 0.0
    for n in range(x.size):
        total += x[n]
    return total


def scaled(slope: Any, g: Any) -> Any:
    """slope (N, C, *) times g: one number, or one for each example (N, *).

    `loss.backward()` starts with 1; the slope is not copied then.
    """
    if g.ndim:
        return slope * xp_of(g).expand_dims(g, 1)
    if type(g) is np.ndarray and g.item() == 1:
        return slope
    return slope * g


def stretched(a: Any, shape: tuple) -> Any:
    """`a` in a shape that it broadcasts to: itself, or a copy."""
    return a if a.shape == shape else xp_of(a).broadcast_to(a, shape).copy()


# ---- classes -------------------------------------------------------------------------
#
# A label that is no class would send a kernel beyond the end of a row.  So kernels look
# at each label themselves, before they use it: the loss of a wrong one is NaN, and
# nothing is read.  Whoever meets a NaN in the sum of the losses looks for the culprit.


def check_labels(who: str, losses: Any, t: Any, C: int, ignore_index: int | None = None,
                 error: type[Exception] = IndexError) -> None:
    """Where the losses, or their sum, hold a NaN: all labels are classes or ignored.

    Raises:
        error: one is not; the first of them is named.
    """
    if not holds_nan(losses):
        return
    wrong = (t < 0) | (t >= C)
    if ignore_index is not None:
        wrong &= t != ignore_index
    if not wrong.any():
        return                                     # the scores or the weights hold a NaN
    index = tuple(map(int, np.unravel_index(int(wrong.argmax()), t.shape)))
    which = f"target[{', '.join(map(str, index))}]" if index else "target"
    note = "" if ignore_index is None else f"; ignore_index is {ignore_index}"
    raise error(f"{who}: {which} is {int(t[index])}, but there are {C} classes "
                f"(0 … {C - 1}){note}")


@op
def class_sums(t, w, C, ignore_index):
    """t (N,), w (C,) or None, two numbers → Σ w_t of those that count, how many do not.

    Those that do not are labelled `ignore_index`.  If another one is none of the C
    classes, the first sum is NaN.
    """
    xp = xp_of(t)
    counts, inside = t != ignore_index, (t >= 0) & (t < C)
    weight = 1.0 if w is None or not C else w[xp.where(inside, t, 0)].astype(np.float64)
    weight = xp.where(counts, xp.where(inside, weight, np.nan), 0.0)
    return xp.stack([weight.sum(), (~counts).sum().astype(np.float64)])


class_sums.cuda(class_sums.reference)


@class_sums.cpu
def _class_sums_cpu(t, w, C, ignore_index):
    sums = np.empty(2)
    w = _NO_WEIGHTS if w is None else contiguous(w)
    _sum_classes(sums, contiguous(t), w, C, ignore_index)
    return sums


_NO_WEIGHTS = np.empty(0, np.float32)


@jit
def _sum_classes(sums, t, w, C, ignore_index):
    ignored, wrong = 0, 0
    for n in range(t.size):                        # without a way out it is in vectors
        skip = t[n] == ignore_index
        ignored += skip
        wrong += ((t[n] < 0) | (t[n] >= C)) & (not skip)
    weight = float(t.size - ignored)
    if wrong:
        weight = np.nan
    elif w.size:
        weight = 0.0
        for n in range(t.size):
            if t[n] != ignore_index:
                weight += w[t[n]]
    sums[0], sums[1] = weight, ignored


def classes_of(who: str, t: Any, w: Any, C: int,
               ignore_index: int) -> tuple[Any, float]:
    """The classes in `t`, -1 where ignored, and the sum of the weights of the others.

    Raises:
        IndexError: one is no class.
    """
    if t.dtype != INT64:
        t = t.astype(INT64)
    weight, ignored = class_sums(t.ravel(), w, C, ignore_index).tolist()
    check_labels(who, weight, t, C, ignore_index)
    if ignored and ignore_index != IGNORED:
        t = xp_of(t).where(t == ignore_index, IGNORED, t)
    return t, weight


@functools.cache
def _ones(C, dtype):
    return np.ones(C, dtype)


def weights_of(w: Any, C: int, x: Any) -> Any:
    """w (C,), or ones (C,) where x is if w is None."""
    if w is not None:
        return w
    return _ones(C, x.dtype) if type(x) is np.ndarray else xp_of(x).ones(C, x.dtype)


# ---- what the functional forms check -------------------------------------------------


def check_tensors(who: str, **values: Any) -> None:
    """All are tensors, or None where that is the default of `weight`.

    Raises:
        TypeError: one is something else.
    """
    for name, value in values.items():
        if not isinstance(value, Tensor) and not (value is None and name == "weight"):
            check_tensor(who, name, value)


def check_scores(who: str, input: Any) -> None:
    """Scores are real numbers.

    Raises:
        NotImplementedError: they are not (PyTorch's exception).
    """
    if not input.is_floating_point():
        raise NotImplementedError(f"{who}: input must hold scores in floating point, "
                                  f"got {input.dtype}; say input.float()")


def check_classes(who: str, input: Any, target: Any, weight: Any) -> None:
    """Scores (C,) fit a class (), and scores (N, C, *) fit classes (N, *).

    Raises:
        ValueError: the sizes of the batch differ, or there is no axis of classes.
        RuntimeError: other sizes, the dtype of the classes or the weights do not fit.
    """
    shape, given = input.array.shape, target.array.shape
    if not shape:
        raise ValueError(f"{who}: input must have shape (C,), (N, C) or (N, C, …), "
                         f"got {shape}")
    alone = len(shape) == 1
    expected = () if alone else (shape[0], *shape[2:])
    if given != expected and not (alone and given == (1,)):
        same_batch = given[:1] == expected[:1] and not alone
        raise (RuntimeError if same_batch else ValueError)(
            f"{who}: for input of shape {shape} expected classes of shape {expected}, "
            f"got {given}")
    dtype = target.array.dtype
    if dtype != INT64 and (dtype != np.uint8 or len(shape) > 2):
        raise RuntimeError(f"{who}: classes must be int64, got {dtype}; "
                           "say target.long()")
    check_scores(who, input)
    if weight is not None:
        check_class_weight(who, weight, shape[0 if alone else 1])
        check_constant(who, weight, input)


def check_matrix(who: str, input: Any) -> tuple[int, int]:
    """The sizes N and C of scores (N, C); of (C,) and () too, which are one row.

    Raises:
        RuntimeError: another number of axes, or no classes.
    """
    shape = input.array.shape
    N, C = shape if len(shape) == 2 else (1, shape[0] if shape else 1)
    if len(shape) > 2 or C == 0:
        raise RuntimeError(f"{who}: input must have shape (C,) or (N, C) with C at least "
                           f"1, got {shape}")
    check_scores(who, input)
    return N, C


def check_class_weight(who: str, weight: Any, C: int) -> None:
    """There is one weight for each class.

    Raises:
        RuntimeError: there are more or fewer.
    """
    if weight.array.shape != (C,):
        raise RuntimeError(f"{who}: weight must have one number for each of the {C} "
                           f"classes, got shape {tuple(weight.shape)}")


def check_constant(who: str, weight: Any, input: Any) -> None:
    """The weights are in the dtype of the scores, and no gradient of them is wanted.

    Raises:
        RuntimeError: it is not so.
    """
    if weight.dtype != input.dtype:
        raise RuntimeError(f"{who}: weight is {weight.dtype} and input is {input.dtype}; "
                           "say weight.to(input.dtype)")
    if weight.requires_grad and mode.enabled:
        raise RuntimeError(f"{who} has no gradient with respect to weight; "
                           "say weight.detach()")
