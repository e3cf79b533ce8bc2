"""Ordering and counting: sort, topk, median, quantile, unique, bincount, histc …

Where a result consists of elements of the input, the gradient goes back to their places;
indices and counts have none.
"""
from typing import Any

import numpy as np

from ..backend.device import to_host, xp_of
from . import function, return_types
from .arithmetic import where
from .checks import check_number, check_real, check_tensor, check_whole_number
from .function import Primitive
from .indexing import gather
from .reductions import axis


def _axis(x: Any, dim: int, who: str) -> int:
    d = axis(dim, x.ndim, who)
    return d


def argsort(x: Any, dim: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """The indices that would put x in order along `dim`; equal elements keep theirs."""
    xp, d = xp_of(x.array), _axis(x, dim, "argsort")
    if x.ndim == 0:
        return function.Tensor._of(xp.zeros((), np.int64), x.device)
    if not descending:
        order = xp.argsort(x.array, axis=d, kind="stable")
    else:                     # from the back, so that equal elements keep their order
        back = xp.flip(x.array, d)
        order = x.shape[d] - 1 - xp.flip(xp.argsort(back, axis=d, kind="stable"), d)
    return function.Tensor._of(order.astype(np.int64), x.device)


def sort(x: Any, dim: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """Values in order along `dim`, and the indices that bring them there."""
    order = argsort(x, dim, descending)
    return return_types.sort(_gathered(x, dim, order), order)


def _gathered(x: Any, dim: int, index: Any) -> Any:
    return gather(x, dim, index) if x.ndim else x.clone()


def topk(x: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The k largest (or smallest) along `dim`, in order, and their indices."""
    n = x.shape[_axis(x, dim, "topk")] if x.ndim else 1
    if not 0 <= k <= n:
        raise RuntimeError(f"topk: k is {k}, but axis {dim} has {n} elements")
    order = argsort(x, dim, descending=largest)
    order = order.narrow(dim, 0, k) if x.ndim else order
    return return_types.topk(_gathered(x, dim, order), order)


def kthvalue(x: Any, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The k-th smallest along `dim` (counted from 1), and its index."""
    n = x.shape[_axis(x, dim, "kthvalue")] if x.ndim else 1
    if not 1 <= k <= n:
        raise RuntimeError(f"kthvalue: k is {k}, but axis {dim} has {n} elements")
    order = argsort(x, dim)
    order = order.narrow(dim, k - 1, 1) if x.ndim else order
    values = _gathered(x, dim, order)
    if x.ndim and not keepdim:
        values, order = values.squeeze(dim), order.squeeze(dim)
    return return_types.kthvalue(values, order)


def median(x: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The element in the middle, the lower one of two; along `dim` with its index.

    NaN where there is one.  Without `dim`, equal elements share the gradient.
    """
    if dim is None:
        if not x.numel():
            return function.Tensor._of(np.full((), np.nan, x.dtype), x.device)
        return Median.apply(x)
    n = x.shape[_axis(x, dim, "median")] if x.ndim else 1
    if x.ndim and x.dtype.kind == "f" and bool(x.isnan().any()):
        return _median_with_nan(x, dim, keepdim, (n + 1) // 2)
    return return_types.median(*kthvalue(x, (n + 1) // 2, dim, keepdim))


class Median(Primitive):
    """The element in the middle of all; those that are equal to it share the
    gradient."""

    @staticmethod
    def forward(ctx, x):
        flat = xp_of(x).sort(x.reshape(-1))                    # NaN comes last
        y = flat[(flat.size - 1) // 2 if flat[-1] == flat[-1] else -1].reshape(())
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved
        hits = (x == y) | ((x != x) & (y != y))
        return hits * (g / hits.sum().astype(g.dtype))


def _median_with_nan(x: Any, dim: int, keepdim: bool, k: int) -> Any:
    """Along `dim` the first NaN, or the k-th smallest where there is none."""
    nan = x.isnan()
    index = argsort(x, dim).narrow(dim, k - 1, 1)
    first = nan.long().argmax(dim, keepdim=True)
    index = first.where(nan.any(dim, keepdim=True), index)
    values = gather(x, dim, index)
    if not keepdim:
        values, index = values.squeeze(dim), index.squeeze(dim)
    return return_types.median(values, index)


def unique(x: Any, sorted: bool = True, return_inverse: bool = False,
           return_counts: bool = False, dim: int | None = None) -> Any:
    """The different elements (or slices of `dim`) in order.

    With return_inverse also where each element went, with return_counts how often each
    came.
    """
    found: Any = np.unique(                                 # type: ignore[call-overload]
        to_host(x.array), return_inverse=return_inverse,
        return_counts=return_counts, axis=dim)
    parts = found if isinstance(found, tuple) else (found,)
    tensors = tuple(function.Tensor._of(x.device.put(p), x.device) for p in parts)
    return tensors if len(tensors) > 1 else tensors[0]


def bincount(x: Any, weights: Any = None, minlength: int = 0) -> Any:
    """How often each of 0, 1, 2 … comes in a 1-D tensor, or the sum of its weights."""
    if x.ndim != 1 or x.dtype.kind not in "iu" or (x.numel() and int(x.min()) < 0):
        raise RuntimeError("bincount: expected a 1-D tensor of whole numbers from 0 "
                           f"on, got {x.dtype} of shape {tuple(x.shape)}")
    w = None if weights is None else weights.array
    counts = xp_of(x.array).bincount(x.array, w, minlength)
    if weights is not None and weights.dtype.kind == "f":
        counts = counts.astype(weights.dtype)
    return function.Tensor._of(counts, x.device)


def searchsorted(sequence: Any, values: Any, right: bool = False) -> Any:
    """Where values would stand in an ordered 1-D tensor; before equal ones, or after."""
    found = xp_of(sequence.array).searchsorted(
        sequence.array, values.array, "right" if right else "left")
    return function.Tensor._of(found, sequence.device)


# between which neighbours a quantile lies, and how far along, for its place in order
_BETWEEN: dict[str, Any] = {
    "linear": lambda place: place, "lower": np.floor, "higher": np.ceil,
    "nearest": np.rint,
    "midpoint": lambda place: (np.floor(place) + np.ceil(place)) / 2}


def quantile(x: Any, q: Any, dim: int | None = None, keepdim: bool = False, *,
             interpolation: str = "linear") -> Any:
    """What the share q of the elements lies below: 0.5 is a median.

    Args:
        q: a number from 0 to 1, or a 1-D tensor of them; its axis comes first in the
            result.
        dim: along which axis; None takes all elements.
        interpolation: between two elements, 'linear', 'lower', 'higher', 'nearest' or
            'midpoint'.

    Raises:
        RuntimeError: x is empty or holds no real numbers, q is not from 0 to 1, or the
            interpolation is unknown.

    Example:
        >>> torch.tensor([1.0, 2.0, 4.0]).quantile(0.75)
        tensor(3.)
    """
    check_tensor("quantile", "input", x)
    several = isinstance(q, function.Tensor) and q.ndim == 1
    shares = np.atleast_1d(to_host(q.array) if isinstance(q, function.Tensor) else
                           check_number("quantile", "q", q)).astype(np.float64)
    if x.dtype not in (np.float32, np.float64) or not x.numel():
        raise RuntimeError("quantile: expected real numbers, float32 or float64, got "
                           f"{x.dtype} of shape {tuple(x.shape)}")
    if shares.ndim > 1 or not ((0 <= shares) & (shares <= 1)).all():
        raise RuntimeError(f"quantile: q must be from 0 to 1, a number or 1-D, got {q}")
    if interpolation not in _BETWEEN:
        raise RuntimeError("quantile: interpolation must be one of "
                           f"{', '.join(_BETWEEN)}, got {interpolation!r}")
    if dim is None:
        found = _quantiles(x.reshape(-1), 0, shares, interpolation)
        found = found.reshape(-1, *(1,) * x.ndim * keepdim)
    else:
        d = axis(dim, x.ndim, "quantile")
        found = _quantiles(x if x.ndim else x.reshape(1), d, shares, interpolation)
        found = found.movedim(d, 0)
        found = found.unsqueeze(d + 1) if keepdim and x.ndim else found
    return found if several else found[0]


def _quantiles(x: Any, d: int, shares: Any, interpolation: str) -> Any:
    """The quantiles along axis d, in the place of the elements."""
    n = x.shape[d]
    places = _BETWEEN[interpolation](shares * (n - 1))
    below, above = (x.device.put(f(places).astype(np.int64)) for f in (np.floor, np.ceil))
    rest = x.new_tensor(places - np.floor(places)).reshape(
        [-1 if k == d else 1 for k in range(x.ndim)])
    order = sort(x, d).values
    below, above = (order.index_select(d, function.Tensor._of(k, x.device))
                    for k in (below, above))
    found = below
    if interpolation in ("linear", "midpoint"):          # as PyTorch's, also at infinity
        gap = above - below
        found = where(rest < 0.5, below + gap * rest, above - gap * (1 - rest))
    return found.masked_fill(x.isnan().any(d, keepdim=True), np.nan)


def histc(x: Any, bins: int = 100, min: float = 0, max: float = 0) -> Any:
    """How many elements fall into each of `bins` equal parts of min … max.

    The range is that of the elements if min and max are equal; what lies outside does not
    count.

    Raises:
        RuntimeError: bins is not positive, max is below min, or the range is not finite.
    """
    check_tensor("histc", "input", x)
    check_real("histc", "input", x)
    if check_whole_number("histc", "bins", bins) < 1:
        raise RuntimeError(f"histc: bins must be positive, got {bins}")
    a = to_host(x.array).reshape(-1)
    if min == max and a.size:
        min, max = a.min().item(), a.max().item()
    if min == max:
        min, max = min - 1, max + 1
    if not (min < max and np.isfinite(max - min)):
        raise RuntimeError(f"histc: expected finite min <= max, got {min} and {max}")
    a = a[(a >= min) & (a <= max)]
    low, width = a.dtype.type(min), a.dtype.type(max) - a.dtype.type(min)
    part = np.minimum(((a - low) / width * a.dtype.type(bins)).astype(np.int64), bins - 1)
    counts = np.bincount(part, minlength=bins).astype(a.dtype)
    return function.Tensor._of(x.device.put(counts), x.device)


class Ordering:
    """The ordering and counting methods of a tensor."""

    quantile, histc = quantile, histc

    sort, argsort, topk, kthvalue, median = sort, argsort, topk, kthvalue, median
    unique, bincount = unique, bincount
