"""Reductions: sum, mean, max, norm …  `dim` is the axis that disappears.

The gradient of a sum is a copy for each summand; of a maximum, it goes to where the
maximum came from: with indices to the one place that they name, without them shared
evenly by equal ones, as PyTorch does.  NumPy's spellings `axis` and `keepdims` work
too.
"""
import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend.device import xp_of
from . import function, return_types
from .checks import check_whole_number
from .dtypes import as_dtype, as_float
from .function import Primitive
from .powers import power
from .quiet import quiet
from .totals import middle, total, variance


def axes(dim: Any, ndim: int, who: str) -> tuple[int, ...] | None:
    """`dim` (None, a number or several) as axes counted from 0.

    Raises:
        IndexError: an axis that the tensor does not have.
        TypeError: one is no whole number.
    """
    if dim is None or dim == () or dim == []:
        return None
    dims = tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)
    found = []
    for d in dims:
        if type(d) is not int:
            d = check_whole_number(who, "dim", d)
        if not -(ndim or 1) <= d < (ndim or 1):
            raise IndexError(f"{who}: dim {d} is out of range; a tensor with {ndim} "
                             f"axes has dims {-(ndim or 1)} … {(ndim or 1) - 1}")
        found.append(d % ndim if ndim else 0)
    if len(set(found)) < len(found):
        raise RuntimeError(f"{who}: dim {dims} names an axis twice")
    return tuple(found) if ndim else None


def axis(dim: Any, ndim: int, who: str) -> int:
    """One axis, counted from 0; of a single number too, which has dims -1 and 0.

    Raises:
        IndexError: the tensor has no such axis.
        TypeError: `dim` is no whole number.
    """
    if type(dim) is int and -ndim <= dim < ndim:
        return dim % ndim
    return (axes((dim,), ndim, who) or (0,))[0]


def _with_numpy_names(reduction: Callable) -> Callable:
    """Let a reduction understand `axis` and `keepdims`."""
    @functools.wraps(reduction)
    def wrapped(*args: Any, **options: Any) -> Any:
        if "axis" in options:
            options["dim"] = options.pop("axis")
        if "keepdims" in options:
            options["keepdim"] = options.pop("keepdims")
        return reduction(*args, **options)
    return wrapped


def _widen(g: Any, shape: tuple, dims: tuple | None, keepdim: bool) -> Any:
    """A reduced gradient, ready to be stretched over `shape` again."""
    if dims is None or keepdim:
        return g if keepdim else g.reshape((1,) * len(shape))
    return g.reshape([1 if k in dims else n for k, n in enumerate(shape)])


FEW = 2048             # numbers that NumPy adds in less time than a kernel's launch takes


def sum_of(x: Any, dims: tuple | None, keepdim: bool, dtype: Any = None) -> Any:
    """The sum of an array over `dims` (None: all)."""
    whole = None
    if x.size > FEW and (dtype is None or dtype == x.dtype):
        whole = middle(x, dims)
    if whole is None:
        return x.sum(axis=dims, keepdims=keepdim, dtype=dtype)
    return total(whole).reshape(_left(x.shape, dims, keepdim))


def _left(shape: tuple, dims: tuple | None, keepdim: bool) -> tuple:
    """What a reduction over `dims` leaves of a shape."""
    if dims is None:
        return (1,) * len(shape) if keepdim else ()
    if keepdim:
        return tuple([1 if k in dims else n for k, n in enumerate(shape)])
    return tuple([n for k, n in enumerate(shape) if k not in dims])


class Sum(Primitive):
    """The sum over `dims` (all of them if None); integers and bools sum to int64."""

    @staticmethod
    def forward(ctx, x, dims, keepdim, dtype=None):
        ctx.shape, ctx.dims, ctx.keepdim = x.shape, dims, keepdim
        if dtype is None and x.dtype.kind != "f":
            dtype = np.int64
        return sum_of(x, dims, keepdim, dtype)

    @staticmethod
    def backward(ctx, g):
        wide = _widen(g, ctx.shape, ctx.dims, ctx.keepdim)
        return xp_of(g).broadcast_to(wide, ctx.shape)


class Mean(Primitive):
    """The average over `dims`; NaN over nothing."""

    @staticmethod
    def forward(ctx, x, dims, keepdim, dtype=None):
        ctx.shape, ctx.dims, ctx.keepdim = x.shape, dims, keepdim
        y = sum_of(x, dims, keepdim, dtype)
        ctx.count = count_along(x.shape, dims)
        return quiet(np.divide, y, y.dtype.type(ctx.count))

    @staticmethod
    def backward(ctx, g):
        wide = _widen(g, ctx.shape, ctx.dims, ctx.keepdim)
        share = wide / g.dtype.type(ctx.count) if ctx.count else wide
        return xp_of(g).broadcast_to(share, ctx.shape)


class Var(Primitive):
    """Σ (x - mean)² / (n - correction) over `dims`.

    dx = dy · 2 (x - mean) / (n - correction)
    """

    @staticmethod
    def forward(ctx, x, dims, keepdim, correction):
        count, number = count_along(x.shape, dims), x.dtype.type
        divisor = float(np.maximum(count - correction, 0))
        whole = middle(x, dims)
        if whole is None:
            mean = quiet(np.divide, x.sum(axis=dims, keepdims=True), number(count))
            squares = ((x - mean)**2).sum(axis=dims, keepdims=keepdim)
            y = quiet(np.divide, squares, number(divisor))
        else:
            y, mean = variance(whole, divisor)
            y = y.reshape(_left(x.shape, dims, keepdim))
            mean = mean.reshape(_left(x.shape, dims, True))
        ctx.saved, ctx.mean, ctx.divisor = (x,), mean, divisor
        ctx.dims, ctx.keepdim = dims, keepdim
        return y

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved
        share = _widen(g, x.shape, ctx.dims, ctx.keepdim) * g.dtype.type(2)
        return (x - ctx.mean) * quiet(np.divide, share, g.dtype.type(ctx.divisor))


class Prod(Primitive):
    """The product over `dims`; integers and bools multiply to int64."""

    @staticmethod
    def forward(ctx, x, dims, keepdim, dtype=None):
        ctx.dims, ctx.keepdim = dims, keepdim
        ctx.save_for_backward(x)
        if dtype is None and x.dtype.kind != "f":
            dtype = np.int64
        return x.prod(axis=dims, keepdims=keepdim, dtype=dtype)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved
        xp, dims = xp_of(x), ctx.dims
        g = _widen(g, x.shape, dims, ctx.keepdim)
        # The product of the others: with one zero, only the zero has any; with two,
        # nobody.
        zeros = (x == 0).sum(axis=dims, keepdims=True)
        rest = xp.where(x == 0, 1, x).prod(axis=dims, keepdims=True)
        others = xp.where(x == 0, rest * (zeros == 1),
                          rest * (zeros == 0) / xp.where(x == 0, 1, x))
        return (g * others).astype(x.dtype)


class Extremum(Primitive):
    """Maximum or minimum along one axis: values and where they stood."""

    @staticmethod
    def forward(ctx, x, dim, keepdim, largest):
        xp = xp_of(x)
        if x.ndim == 0:
            index = xp.zeros((), np.int64)
            ctx.mark_non_differentiable(index)
            ctx.scalar, ctx.shape = True, ()
            return x.copy(), index
        index = xp.expand_dims((x.argmax if largest else x.argmin)(axis=dim), dim)
        index = index.astype(np.int64)
        values = xp.take_along_axis(x, index, dim)
        ctx.scalar, ctx.shape, ctx.dim = False, x.shape, dim
        ctx.index, ctx.keepdim = index, keepdim
        if not keepdim:
            values, index = values.squeeze(dim), index.squeeze(dim)
        ctx.mark_non_differentiable(index)
        return values, index

    @staticmethod
    def backward(ctx, g, _):
        if ctx.scalar:
            return g
        xp = xp_of(g)
        dx = xp.zeros(ctx.shape, g.dtype)
        g = g if ctx.keepdim else xp.expand_dims(g, ctx.dim)
        xp.put_along_axis(dx, ctx.index, g, ctx.dim)
        return dx


class EvenExtremum(Primitive):
    """Maximum or minimum over `dims` (None: all); equal ones share the gradient."""

    @staticmethod
    def forward(ctx, x, dims, keepdim, largest):
        y = (x.max if largest else x.min)(axis=dims, keepdims=True)
        y = y if keepdim else y.squeeze(axis=dims)
        ctx.dims, ctx.keepdim = dims, keepdim
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved
        y = _widen(y, x.shape, ctx.dims, ctx.keepdim)
        hits = (x == y) | ((x != x) & (y != y))                      # NaN is the maximum
        share = hits.sum(axis=ctx.dims, keepdims=True).astype(g.dtype)
        return hits * (_widen(g, x.shape, ctx.dims, ctx.keepdim) / share)


class CumSum(Primitive):
    """Running sums along an axis."""

    @staticmethod
    def forward(ctx, x, dim):
        ctx.dim = dim
        return x.cumsum(axis=dim, dtype=None if x.dtype.kind == "f" else np.int64)

    @staticmethod
    def backward(ctx, g):
        flipped = xp_of(g).flip(g, ctx.dim)
        return xp_of(g).flip(flipped.cumsum(axis=ctx.dim), ctx.dim)


class CumProd(Primitive):
    """Running products along an axis."""

    @staticmethod
    def forward(ctx, x, dim):
        y = x.cumprod(axis=dim, dtype=None if x.dtype.kind == "f" else np.int64)
        ctx.dim = dim
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved
        if (x == 0).any():
            return _cumprod_slope_with_zeros(g, x, ctx.dim)
        flipped = xp_of(g).flip(g * y, ctx.dim)
        return xp_of(g).flip(flipped.cumsum(axis=ctx.dim), ctx.dim) / x


def _cumprod_slope_with_zeros(g, x, dim):
    """Where division by x is not possible: the product of the others, one k at a
    time."""
    dx = xp_of(x).zeros_like(x)
    for k in range(x.shape[dim]):
        others = x.copy()
        at_k = (slice(None),) * dim + (k,)
        others[at_k] = 1
        from_k = (slice(None),) * dim + (slice(k, None),)
        dx[at_k] = (g * others.cumprod(axis=dim))[from_k].sum(axis=dim)
    return dx


class LogSumExp(Primitive):
    """log Σ exp x along axes, without overflow."""

    @staticmethod
    def forward(ctx, x, dims, keepdim):
        x, xp = as_float(x), xp_of(x)
        top = x.max(axis=dims, keepdims=True, initial=-np.inf)
        top = xp.where(xp.isfinite(top), top, x.dtype.type(0))
        with np.errstate(divide="ignore"):
            y = xp.log(xp.exp(x - top).sum(axis=dims, keepdims=True)) + top
        y = y if keepdim else y.squeeze(dims)
        ctx.dims, ctx.keepdim = dims, keepdim
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved
        g, y = (_widen(a, x.shape, ctx.dims, ctx.keepdim) for a in (g, y))
        return g * xp_of(x).exp(x - y)


def count_along(shape: tuple, dims: tuple | None) -> int:
    """How many elements a reduction over `dims` (None: all) puts together."""
    return math.prod(shape if dims is None else [shape[d] for d in dims])


@_with_numpy_names
def sum(x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The sum over `dim` (all axes if None)."""
    return Sum.apply(x, dims=axes(dim, x.ndim, "sum"), keepdim=keepdim,
                     dtype=None if dtype is None else as_dtype(dtype))


@_with_numpy_names
def mean(x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The average over `dim` (all axes if None).

    Raises:
        RuntimeError: the tensor holds integers; say x.float().mean().
    """
    kind = x.dtype if dtype is None else as_dtype(dtype)
    if kind.kind != "f":
        raise RuntimeError(f"mean: expected a floating-point tensor, got {kind}; "
                           "say x.float().mean()")
    return Mean.apply(x, dims=axes(dim, x.ndim, "mean"), keepdim=keepdim, dtype=kind)


@_with_numpy_names
def nansum(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The sum over `dim` of what is not NaN."""
    return sum(x.masked_fill(x.isnan(), 0), dim, keepdim)


@_with_numpy_names
def nanmean(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The average over `dim` of what is not NaN."""
    return nansum(x, dim, keepdim) / sum(~x.isnan(), dim, keepdim)


@_with_numpy_names
def var(x: Any, dim: Any = None, unbiased: bool = True, keepdim: bool = False, *,
        correction: int | None = None) -> Any:
    """The variance over `dim`: divided by n - 1, or by n with unbiased=False (or with
    correction=0)."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if x.dtype.kind != "f":
        raise RuntimeError(f"var: expected a floating-point tensor, got {x.dtype}; say "
                           "x.float().var()")
    return Var.apply(x, dims=axes(dim, x.ndim, "var"), keepdim=keepdim,
                     correction=int(unbiased) if correction is None else correction)


@_with_numpy_names
def std(x: Any, dim: Any = None, unbiased: bool = True, keepdim: bool = False, *,
        correction: int | None = None) -> Any:
    """The standard deviation over `dim`: the root of `var`, with gradient 0 at 0."""
    return Root.apply(var(x, dim, unbiased, keepdim, correction=correction), p=2.0)


@_with_numpy_names
def prod(x: Any, dim: int | None = None, keepdim: bool = False, *,
         dtype: Any = None) -> Any:
    """The product over `dim` (all axes if None)."""
    return Prod.apply(x, dims=axes(dim, x.ndim, "prod"), keepdim=keepdim,
                      dtype=None if dtype is None else as_dtype(dtype))


def _extremum(x: Any, dim: Any, keepdim: bool, largest: bool, who: str) -> Any:
    if dim is None:
        return _even_extremum(x, None, False, largest, who)
    if isinstance(dim, function.Tensor):
        return x.maximum(dim) if largest else x.minimum(dim)
    found = axes(dim, x.ndim, who)
    if found and x.shape[found[0]] == 0:
        raise IndexError(f"{who}: axis {dim} of shape {tuple(x.shape)} has no elements")
    both = return_types.max if largest else return_types.min
    return both(*Extremum.apply(x, dim=found and found[0], keepdim=keepdim,
                                largest=largest))


def _even_extremum(x: Any, dim: Any, keepdim: bool, largest: bool, who: str) -> Any:
    dims = axes(dim, x.ndim, who)
    if count_along(x.shape, dims) == 0:
        if dims is None:
            raise RuntimeError(f"{who}: a tensor without elements has no {who}; give a "
                               "dim")
        raise IndexError(f"{who}: axis {dim} of shape {tuple(x.shape)} has no elements")
    return EvenExtremum.apply(x, dims=dims, keepdim=keepdim, largest=largest)


@_with_numpy_names
def max(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The largest element; along `dim` a pair (values, indices); of two tensors the
    larger."""
    return _extremum(x, dim, keepdim, True, "max")


@_with_numpy_names
def min(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The smallest element; along `dim` a pair (values, indices); of two tensors the
    smaller."""
    return _extremum(x, dim, keepdim, False, "min")


@_with_numpy_names
def amax(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The largest element along `dim` (one axis or several), without indices."""
    return _even_extremum(x, dim, keepdim, True, "amax")


@_with_numpy_names
def amin(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The smallest element along `dim` (one axis or several), without indices."""
    return _even_extremum(x, dim, keepdim, False, "amin")


def aminmax(x: Any, *, dim: Any = None, keepdim: bool = False) -> tuple:
    """(the smallest, the largest) along `dim`."""
    return amin(x, dim, keepdim), amax(x, dim, keepdim)


def _index_of(name: str, doc: str) -> Any:
    @_with_numpy_names
    def find(x: Any, dim: int | None = None, keepdim: bool = False) -> Any:
        dims = axes(dim, x.ndim, name)
        if count_along(x.shape, dims) == 0:
            raise IndexError(f"{name}: axis {dim} of shape {tuple(x.shape)} has no "
                             "elements")
        xp = xp_of(x.array)
        index = getattr(xp, name)(x.array, None if dims is None else dims[0])
        index = xp.asarray(index).astype(np.int64)
        if keepdim:
            index = index.reshape((1,) * x.ndim) if dims is None else \
                xp.expand_dims(index, dims[0])
        return function.Tensor._of(index, x.device)
    find.__name__, find.__qualname__, find.__doc__ = name, name, doc
    return find


argmax = _index_of("argmax", "Where the largest element stands (in the flat tensor if "
                             "dim is None).")
argmin = _index_of("argmin", "Where the smallest element stands (in the flat tensor if "
                             "dim is None).")


@_with_numpy_names
def logsumexp(x: Any, dim: Any, keepdim: bool = False) -> Any:
    """log Σ exp(x) along `dim`, without overflow."""
    return LogSumExp.apply(x, dims=axes(dim, x.ndim, "logsumexp"), keepdim=keepdim)


@_with_numpy_names
def cumsum(x: Any, dim: int) -> Any:
    """Running sums along `dim`."""
    return CumSum.apply(x, dim=axis(dim, x.ndim, "cumsum"))


@_with_numpy_names
def cumprod(x: Any, dim: int) -> Any:
    """Running products along `dim`."""
    return CumProd.apply(x, dim=axis(dim, x.ndim, "cumprod"))


@_with_numpy_names
def norm(x: Any, p: Any = 2, dim: Any = None, keepdim: bool = False) -> Any:
    """The p-norm (Σ |x|^p)^(1/p); p may be inf, -inf, 0 or 'fro' (the same as 2)."""
    p = 2.0 if p in ("fro", None) else float(p)
    if x.dtype.kind != "f":
        raise RuntimeError(f"norm: expected a floating-point tensor, got {x.dtype}; "
                           "say x.float().norm()")
    size = x if p == 2 else abs(x)
    if p == float("inf"):
        return amax(size, dim, keepdim)
    if p == float("-inf"):
        return amin(size, dim, keepdim)
    if p == 0:
        return sum((x != 0).to(x.dtype), dim, keepdim)
    if p == 1:
        return sum(size, dim, keepdim)
    if p == 2:
        return Length.apply(x, dims=axes(dim, x.ndim, "norm"), keepdim=keepdim)
    return Root.apply(sum(size**p, dim, keepdim), p=p)


class Length(Primitive):
    """√ Σ x² over `dims`; its gradient, x / length, is 0 where the length is."""

    @staticmethod
    def forward(ctx, x, dims, keepdim):
        y = np.sqrt(sum_of(x * x, dims, keepdim))
        ctx.saved, ctx.dims, ctx.keepdim = (x, y), dims, keepdim
        return y

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved
        share = xp_of(y).where(y == 0, y.dtype.type(0), quiet(np.divide, g, y))
        return x * _widen(share, x.shape, ctx.dims, ctx.keepdim)


class Root(Primitive):
    """The p-th root, with gradient 0 at 0: a norm of nothing should not give NaN."""

    @staticmethod
    def forward(ctx, x, p):
        y = power(x, 1 / p)
        ctx.p = p
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved
        slope = power(y, 1 - ctx.p) / y.dtype.type(ctx.p)
        return g * xp_of(y).where(y == 0, y.dtype.type(0), slope)


@_with_numpy_names
def all(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Whether all elements are true (not zero)."""
    dims = axes(dim, x.ndim, "all")
    return _truth(x, x.array.all(axis=dims, keepdims=keepdim))


@_with_numpy_names
def any(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Whether some element is true (not zero)."""
    dims = axes(dim, x.ndim, "any")
    return _truth(x, x.array.any(axis=dims, keepdims=keepdim))


def _truth(x: Any, found: Any) -> Any:
    """A bool, or for uint8, which once played bool, a uint8."""
    found = found.astype(x.dtype) if x.dtype == np.uint8 else found
    return function.Tensor._of(found, x.device)


@_with_numpy_names
def count_nonzero(x: Any, dim: Any = None) -> Any:
    """How many elements are not zero."""
    return sum(x != 0, dim)


def var_mean(x: Any, dim: Any = None, unbiased: bool = True, keepdim: bool = False, *,
             correction: int | None = None) -> tuple:
    """(the variance, the average) over `dim`."""
    return (var(x, dim, unbiased, keepdim, correction=correction),
            mean(x, None if isinstance(dim, bool) else dim, keepdim))


def std_mean(x: Any, dim: Any = None, unbiased: bool = True, keepdim: bool = False, *,
             correction: int | None = None) -> tuple:
    """(the standard deviation, the average) over `dim`."""
    return (std(x, dim, unbiased, keepdim, correction=correction),
            mean(x, None if isinstance(dim, bool) else dim, keepdim))


class Reductions:
    """The reducing methods of a tensor."""

    sum, mean, var, std, prod, norm = sum, mean, var, std, prod, norm
    nansum, nanmean, count_nonzero = nansum, nanmean, count_nonzero
    max, min, amax, amin, aminmax = max, min, amax, amin, aminmax
    argmax, argmin, all, any = argmax, argmin, all, any
    logsumexp, cumsum, cumprod = logsumexp, cumsum, cumprod
