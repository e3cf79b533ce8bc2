"""Ordering and counting: sort, topk, median, unique, bincount, searchsorted.

Where a result consists of elements of the input, the gradient goes back to their places;
indices and counts have none.
"""
from typing import Any

import numpy as np

from ..backend.device import to_host, xp_of
from . import function, return_types
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


class Ordering:
    """The ordering and counting methods of a tensor."""

    sort, argsort, topk, kthvalue, median = sort, argsort, topk, kthvalue, median
    unique, bincount = unique, bincount
