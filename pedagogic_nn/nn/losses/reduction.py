"""What all losses share: the old and the new spelling of the reduction, and the pattern
of a loss that compares two arrays element by element.

0.1 had `size_average` (mean or sum) and later `reduce` (gather at all or not).  They
become today's `reduction` here, at the door, and never travel further:

    size_average   reduce          reduction
    None, True     None, True  →   'mean'
    False          None, True  →   'sum'
    any            False       →   'none'

The pattern: one formula gives the loss of an element and its slopes,

    (x, y) → loss, dx, dy          or (x, y, option), where the loss has an option

and one pass over the arrays sums the losses and keeps the slopes.  Backward has nothing
left to compute: it multiplies the slopes with the gradient of the sum, which is 1 in
`loss.backward()`, and then they are `.grad` as they stand.
"""
import functools
import warnings
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from ...autograd.arithmetic import promote, unbroadcast
from ...autograd.checks import check_number as check_number
from ...autograd.checks import check_tensor
from ...autograd.dtypes import rank
from ...autograd.function import Primitive
from ...autograd.tensor import Tensor
from ...backend import ZERO, Op, contiguous, like
from ...backend.device import xp_of
from ...backend.jit import jit, specialised
from ...backend.launch import CudaKernel, cuda, on_gpu, sum_on_cpu
from ..module import Module

REDUCTIONS = ("none", "mean", "sum")


def reduction_of(who: str, reduction: str = "mean", size_average: bool | None = None,
                 reduce: bool | None = None, known: tuple = REDUCTIONS) -> str:
    """The reduction that old and new arguments ask for.

    Raises:
        ValueError: `reduction` is not one of `known`.
    """
    if size_average is not None or reduce is not None:
        if reduce is False:
            return "none"
        return "sum" if size_average is False else "mean"
    if reduction not in known:
        names = ", ".join(map(repr, known[:-1]))
        raise ValueError(f"{who}: reduction must be {names} or {known[-1]!r}, "
                         f"got {reduction!r}")
    return reduction


class Loss(Module):
    """A loss with nothing to learn: keeps its reduction.

    Args:
        size_average, reduce: 0.1's spelling, see the table above.
        reduction: 'mean', 'sum' or 'none'.
    """

    reductions: tuple[str, ...] = REDUCTIONS

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None,
                 reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction_of(type(self).__name__, reduction, size_average,
                                      reduce, self.reductions)


# ---- what comes in -------------------------------------------------------------------


def check_operands(who: str, input: Any, target: Any, stretch: str = "warn",
                   names: tuple[str, str] = ("input", "target"),
                   whole: bool = False) -> None:
    """Two tensors, one of real numbers at least, whose shapes fit.

    Args:
        stretch: what to do where one shape must be stretched to the other: 'warn', as
            PyTorch does in some losses, 'allow' it, or 'refuse'.
        names: how the caller calls them.
        whole: whether both may hold whole numbers.

    Raises:
        TypeError: one is no tensor.
        NotImplementedError: both hold whole numbers (the type is PyTorch's).
        RuntimeError: the shapes do not broadcast.
        ValueError: the shapes differ, and this loss refuses to stretch.
    """
    if not isinstance(input, Tensor):
        check_tensor(who, names[0], input)
    if not isinstance(target, Tensor):
        check_tensor(who, names[1], target)
    if not (whole or input.is_floating_point() or target.is_floating_point()):
        raise NotImplementedError(f"{who} compares real numbers, got {input.dtype} and "
                                  f"{target.dtype}; say .float()")
    if input.array.shape == target.array.shape:
        return
    message = (f"{who} compares element by element: {names[0]} has shape "
               f"{tuple(input.shape)}, {names[1]} has shape {tuple(target.shape)}")
    if stretch == "refuse":
        raise ValueError(message)
    try:
        np.broadcast_shapes(input.shape, target.shape)
    except ValueError:
        raise RuntimeError(message) from None
    if stretch == "warn":
        warnings.warn(f"{message}; they are stretched to one shape, which is seldom what "
                      "is meant", UserWarning, stacklevel=3)


def check_weight(who: str, name: str, weight: Any, input: Any) -> None:
    """None, or a tensor of constants that stretches to the shape of the input.

    Raises:
        TypeError: it is no tensor.
        RuntimeError: it requires a gradient, or does not stretch.
    """
    if weight is None:
        return
    check_tensor(who, name, weight)
    if weight.requires_grad:
        raise RuntimeError(f"{who} has no gradient for {name}; say {name}.detach()")
    given, wanted = weight.array.shape, input.array.shape
    if given == wanted:
        return
    last = wanted[max(len(wanted) - len(given), 0):]
    if len(given) > len(wanted) or any(n not in (1, m) for n, m in zip(given, last)):
        raise RuntimeError(f"{who}: {name} must stretch to the input's shape "
                           f"{tuple(input.shape)}, got {tuple(weight.shape)}")


def keep_weight(module: Module, name: str, weight: Any) -> None:
    """Register weights, a tensor or None, as a buffer of a loss.

    Raises:
        TypeError: they are no tensor.
    """
    if weight is not None:
        check_tensor(type(module).__name__, name, weight)
    module.register_buffer(name, weight)


def weighted(who: str, losses: Any, weight: Any, input: Any) -> Any:
    """losses · weight, where the weights may have gradients too.

    Raises:
        TypeError, ValueError: the weights are no tensor of the input's shape.
    """
    check_tensor(who, "weight", weight)
    if weight.shape != input.shape:
        raise ValueError(f"{who}: weight must have the input's shape "
                         f"{tuple(input.shape)}, got {tuple(weight.shape)}")
    return losses * weight


def reduced(losses: Any, reduction: str, count: Any) -> Any:
    """The losses, their sum, or their sum over `count`."""
    if reduction == "none":
        return losses
    return losses.sum() / count if reduction == "mean" else losses.sum()


# ---- on the tape ---------------------------------------------------------------------


class ElementwiseLoss(Primitive):
    """A loss of two arrays, reduced; a subclass says which: `op`, made by `@loss_op`.

    Inputs of `apply`: x, y; the option of the formula, a number or a tensor; weights, a
    tensor.  Only x and y have gradients.  The reduction 'batchmean' divides the sum by
    the length of x.
    """

    op: "LossOp"
    dtype_of = staticmethod(promote)     # of losses of arrays (x, y) in different dtypes

    @classmethod
    def forward(cls, ctx, x, y, option=None, weight=None, *, reduction):
        want_x, want_y, *_ = ctx.needs_input_grad
        dtype = x.dtype if x.dtype == y.dtype else cls.dtype_of(x, y)
        ctx.shapes = x.shape, y.shape
        count = x.shape[0] if reduction == "batchmean" and x.ndim else 1
        if x.dtype != y.dtype or x.shape != y.shape:
            x, y = _same(x, y)
        if reduction == "mean":
            count = x.size
        scale = 1 / count if count else 1.0
        if weight is not None:
            scale = _fit(weight * scale, x)
        loss, *slopes = cls.op(x, y, scale, 2 if want_y else int(want_x),
                               reduction == "none", _fit(option, x))
        ctx.save_for_backward(*slopes)
        loss = loss if count else loss * np.nan
        return loss if loss.dtype == dtype else loss.astype(dtype)

    @classmethod
    def backward(cls, ctx, g):
        whole = type(g) is np.ndarray and not g.ndim and g.item() == 1
        gradients = [None] * len(ctx.needs_input_grad)
        for k, slope in enumerate(ctx.saved):
            if ctx.needs_input_grad[k]:
                gradients[k] = unbroadcast(slope if whole else slope * g, ctx.shapes[k])
        return tuple(gradients)


def holds_nan(losses: Any) -> bool:
    """Whether one of the losses is NaN, or their sum, an array () or a float."""
    if type(losses) is not float:
        if losses.ndim:
            return bool(xp_of(losses).isnan(losses).any())
        losses = losses.item()
    return losses != losses


def widest(x: Any, y: Any) -> np.dtype:
    """The dtype that holds the numbers of both arrays, with or without axes."""
    if rank(x.dtype) == rank(y.dtype):
        return np.result_type(x.dtype, y.dtype)
    return max(x.dtype, y.dtype, key=rank)


def _same(x, y):
    """Both arrays in one dtype and one shape."""
    if x.dtype != y.dtype:
        dtype = widest(x, y)
        x, y = x.astype(dtype, copy=False), y.astype(dtype, copy=False)
    if x.shape != y.shape:
        shape = np.broadcast_shapes(x.shape, y.shape)
        x, y = _stretched(x, shape), _stretched(y, shape)
    return x, y


def _fit(operand, x):
    """An array in the dtype and the shape of x; a number (or None) as it is."""
    if operand is None or type(operand) is float:
        return operand
    return _stretched(operand.astype(x.dtype, copy=False), x.shape)


def _stretched(a, shape):
    """`a` in this shape; copied if it changes, since kernels walk through all of it."""
    if a.shape == shape:
        return a
    wide = like(a, shape)
    wide[...] = a
    return wide


# ---- losses and slopes in one pass ---------------------------------------------------


class LossOp(Op):
    """scale · loss(x, y), each or summed, and its slopes.

        op(x, y, scale, slopes, each, option) → (loss, dx, dy), as many as wanted

    Args:
        x, y: two arrays (*) of one dtype.
        scale: what losses and slopes are multiplied by, a number or an array (*).
        slopes: 0 for none, 1 for dx, 2 for dx and dy.
        each: whether the losses (*) are wanted, instead of their sum.
        option: what the formula reads beside x and y: a number, an array (*), or None.

    Made by `@loss_op` from the losses and slopes in array notation; `.formula` adds those
    of one element, and with them the kernels.
    """

    def __init__(self, arrays: Any) -> None:
        def reference(x, y, scale, slopes, each, option=None):
            with np.errstate(all="ignore"):        # kernels do not warn either
                found = arrays(x, y) if option is None else arrays(x, y, option)
                losses, dx, dy = (np.asarray(a * scale, x.dtype) for a in found)
            loss = losses if each else np.asarray(losses.sum(), x.dtype)
            return (loss, dx, dy)[:1 + slopes]

        for name in ("__module__", "__name__", "__qualname__", "__doc__"):
            setattr(reference, name, getattr(arrays, name))
        super().__init__(reference)

    def formula(self, scalar: Any) -> Any:
        """Register (x, y[, option]) → loss, dx, dy of one element (decorator)."""
        one = jit(scalar, forceinline=True)        # a call in a loop would not vectorise
        with_option = one if scalar.__code__.co_argcount == 3 else _ignoring_option(one)
        names = {**globals(), "formula": with_option}
        cpu = jit(specialised(_run_cpu, names, one), reassociate=True)
        gpu = CudaKernel(specialised(_run_cuda, names, one))
        self.cuda_kernels.append(gpu)
        self.on_cpu = functools.partial(_on_cpu, cpu)
        self.on_cuda = functools.partial(_on_cuda, gpu)
        return one


def loss_op(arrays: Any) -> LossOp:
    """Make a LossOp from its reference, (x, y) or (x, y, option) → losses, dx, dy."""
    return LossOp(arrays)


def _ignoring_option(formula):
    """A formula of x and y as one of x, y and an option."""
    @jit(forceinline=True)
    def with_option(x, y, option):
        return formula(x, y)
    return with_option


# In a kernel an operand is an array, a number or None.  Of a number every element is that
# number, and what is put into None is dropped: numba compiles a version without the
# store.


def numeric(operand, x):
    """An array as it is, a number in the dtype of x; None is 0."""
    if np.ndim(operand):
        return operand
    return x.dtype.type(0 if operand is None else operand)


def at(operand, k):
    """Element k."""
    return operand[k] if np.ndim(operand) else operand


def part(operand, start, stop):
    """Elements start … stop - 1."""
    return operand[start:stop] if np.ndim(operand) else operand


def put(operand, k, value):
    """Store element k."""
    if np.ndim(operand):
        operand[k] = value


for _target in ("cpu", "cuda"):
    @overload(numeric, target=_target)
    def _(operand, x):
        if isinstance(operand, types.Array):
            return lambda operand, x: operand
        if operand == types.none:
            return lambda operand, x: x.dtype.type(0)
        return lambda operand, x: x.dtype.type(operand)

    @overload(at, target=_target)
    def _(operand, k):
        if isinstance(operand, types.Array):
            return lambda operand, k: operand[k]
        return lambda operand, k: operand

    @overload(part, target=_target)
    def _(operand, start, stop):
        if isinstance(operand, types.Array):
            return lambda operand, start, stop: operand[start:stop]
        return lambda operand, start, stop: operand

    @overload(put, target=_target)
    def _(operand, k, value):
        def store(operand, k, value):
            operand[k] = value
        if isinstance(operand, types.Array):
            return store
        return lambda operand, k, value: None


_NUMBERS = {type(None), float, np.float32, np.float64}
BLOCK = 2048    # elements summed in their own precision before float64 takes over


def _run_cpu(lo, hi, losses, dx, dy, x, y, option, scale):
    total, option, scale = 0.0, numeric(option, x), numeric(scale, x)
    for start in range(lo, hi, BLOCK):
        stop = min(start + BLOCK, hi)
        a, b = x[start:stop], y[start:stop]
        p, s = part(option, start, stop), part(scale, start, stop)
        each = part(losses, start, stop)
        da, db = part(dx, start, stop), part(dy, start, stop)
        block = x.dtype.type(0)
        for k in range(a.size):
            loss, slope_x, slope_y = formula(a[k], b[k], at(p, k))          # noqa: F821
            block += loss * at(s, k)
            put(each, k, loss * at(s, k))
            put(da, k, slope_x * at(s, k))
            put(db, k, slope_y * at(s, k))
        total += block
    return total


def _run_cuda(losses, dx, dy, x, y, option, scale):
    k = cuda.grid(1)
    if k < x.size:
        loss, slope_x, slope_y = formula(x[k], y[k], at(option, k))         # noqa: F821
        put(losses, k, loss * at(scale, k))
        put(dx, k, slope_x * at(scale, k))
        put(dy, k, slope_y * at(scale, k))


def _on_cpu(kernel, x, y, scale, slopes, each, option=None):
    shape, dtype = x.shape, x.dtype
    losses = np.empty(shape, dtype) if each else None
    dx = np.empty(shape, dtype) if slopes > 0 else None
    dy = np.empty(shape, dtype) if slopes > 1 else None
    total = sum_on_cpu(kernel, (x.size,), *_rows(shape, losses, dx, dy, x, y, option,
                                                 scale))
    return (losses if each else np.asarray(total, dtype), dx, dy)[:1 + slopes]


def _on_cuda(kernel, x, y, scale, slopes, each, option=None):
    losses, dx, dy = (like(x) if k <= slopes else ZERO for k in range(3))
    option, scale = (numeric(a, x) if a is None or type(a) is float else a
                     for a in (option, scale))
    on_gpu(kernel, (x.size,), *_rows(x.shape, losses, dx, dy, x, y, option, scale))
    return (losses if each else losses.sum(), dx, dy)[:1 + slopes]


def _rows(shape, *operands):
    """Arrays in one row, as kernels take them, the rest as it is.

    Kernels do not check bounds: a shorter array would be read past its end.
    """
    rows = []
    for a in operands:                  # for every loss of a program: keep it lean
        if type(a) not in _NUMBERS:
            if a.shape != shape:
                raise ValueError(f"a loss expected arrays of one shape, got {shape} and "
                                 f"{a.shape}")
            if len(shape) != 1 or not a.flags.c_contiguous:
                a = contiguous(a).reshape(-1)
        rows.append(a)
    return rows
