"""EmbeddingBag: the sum, mean or maximum of the rows of a table that a bag names.

Bag b holds the inputs s from o_b to o_(b+1) - 1, each with a row k_s and a weight a_s
(1 for the sum, 1 / size of the bag for the mean):

    y[b]  = Σ a_s W[k_s]                 y[b, j]  = max W[k_s, j], from row k*
    dW[v] = Σ a_s dy[b] over k_s = v     dW[v, j] = Σ dy[b, j] over k* = v
    da_s  = dy[b] · W[k_s]

The rows that a bag names are never copied out, as Embedding and a sum would do.

Book: nn/embedding.
"""
from typing import Any

import numpy as np

from ...autograd.checks import check_tensor
from ...autograd.function import Primitive
from ...autograd.tensor import Tensor
from ...backend import ZERO, contiguous, cuda, jit, like, math, op
from ...backend.device import xp_of
from ...backend.launch import on_cpu, on_gpu
from ..module import Module
from .embedding import (
    INTEGERS,
    check_not_sparse,
    checked_rows,
    draw_table,
    frequencies,
    places_by_row,
    row_of_padding,
    shorten_rows,
    table_of,
    table_shape,
)

MODES = ("sum", "mean", "max")
NONE = -1               # where an empty bag's maximum came from

# ---- weighted sums -------------------------------------------------------------------


@op
def bag_sum(weight, rows, factors, offsets):
    """weight (V, D), rows factors (S,), offsets (B + 1,) → y (B, D)."""
    y = np.zeros((offsets.size - 1, weight.shape[1]), weight.dtype)
    np.add.at(y, bag_of_each(offsets), weight[rows] * factors[:, None])
    return y


def bag_of_each(offsets):
    """offsets (B + 1,) → the bag that each input is in (S,)."""
    xp = xp_of(offsets)
    return xp.searchsorted(offsets[1:], xp.arange(int(offsets[-1])), side="right")


@jit
def _sum_cpu(lo, hi, y, weight, rows, factors, offsets):
    for b in range(lo, hi):
        out, s, end = y[b], offsets[b], offsets[b + 1]
        out[:] = ZERO
        while s + 4 <= end:              # four rows for each time that `out` is read
            r0, r1, r2, r3 = (weight[rows[s]], weight[rows[s + 1]], weight[rows[s + 2]],
                              weight[rows[s + 3]])
            a0, a1, a2, a3 = factors[s], factors[s + 1], factors[s + 2], factors[s + 3]
            for j in range(out.size):
                out[j] += (a0 * r0[j] + a1 * r1[j]) + (a2 * r2[j] + a3 * r3[j])
            s += 4
        while s < end:
            row, a = weight[rows[s]], factors[s]
            for j in range(out.size):
                out[j] += a * row[j]
            s += 1


@cuda.jit
def _sum_cuda(y, weight, rows, factors, offsets):
    b, j = cuda.grid(2)
    if b < y.shape[0] and j < y.shape[1]:
        y[b, j] = ZERO
        for s in range(offsets[b], offsets[b + 1]):
            y[b, j] += factors[s] * weight[rows[s], j]


@bag_sum.kernels(cpu=_sum_cpu, cuda=_sum_cuda)
def _run_sum(run, weight, rows, factors, offsets):
    y = like(weight, (offsets.size - 1, weight.shape[1]))
    run(y.shape, y, weight, rows, factors, offsets, work=rows.size * weight.shape[1])
    return y


@op
def bag_sum_backward(dy, rows, factors, offsets, count):
    """dy (B, D), rows factors (S,), offsets (B + 1,), a number V → dW (V, D)."""
    dw = np.zeros((count, dy.shape[1]), dy.dtype)
    np.add.at(dw, rows, dy[bag_of_each(offsets)] * factors[:, None])
    return dw


@jit
def _sum_backward_cpu(lo, hi, dw, dy, rows, factors, offsets):
    """Each thread owns the rows lo … hi - 1 of the table; see embedding.py."""
    for b in range(dy.shape[0]):
        g = dy[b]
        for s in range(offsets[b], offsets[b + 1]):
            if lo <= rows[s] < hi:
                total, a = dw[rows[s]], factors[s]
                for j in range(g.size):
                    total[j] += a * g[j]


@bag_sum_backward.cpu
def _run_sum_backward_cpu(dy, rows, factors, offsets, count):
    dw = np.zeros((count, dy.shape[1]), dy.dtype)
    on_cpu(_sum_backward_cpu, (count,), dw, contiguous(dy), contiguous(rows),
           contiguous(factors), contiguous(offsets), work=rows.size * dy.shape[1])
    return dw


@cuda.jit
def _sum_backward_cuda(dw, dy, factors, bags, order, starts):
    """A thread for each element of the table: it walks the places that name its row."""
    v, j = cuda.grid(2)
    if v < dw.shape[0] and j < dw.shape[1]:
        for k in range(starts[v], starts[v + 1]):
            s = order[k]
            dw[v, j] += factors[s] * dy[bags[s], j]


bag_sum_backward.cuda_kernels.append(_sum_backward_cuda)


@bag_sum_backward.cuda
def _run_sum_backward_cuda(dy, rows, factors, offsets, count):
    dw = xp_of(dy).zeros((count, dy.shape[1]), dy.dtype)
    on_gpu(_sum_backward_cuda, dw.shape, dw, contiguous(dy), contiguous(factors),
           bag_of_each(offsets), *places_by_row(rows, count))
    return dw


@op
def bag_factors_backward(dy, weight, rows, offsets):
    """dy (B, D), weight (V, D), rows (S,), offsets (B + 1,) → dy[bag] · W[row] (S,)."""
    return (dy[bag_of_each(offsets)] * weight[rows]).sum(axis=1)


@jit(reassociate=True)
def _factors_cpu(lo, hi, da, dy, weight, rows, bags):
    for s in range(lo, hi):
        g, row, total = dy[bags[s]], weight[rows[s]], dy.dtype.type(0)
        for j in range(row.size):
            total += g[j] * row[j]
        da[s] = total


@cuda.jit
def _factors_cuda(da, dy, weight, rows, bags):
    s = cuda.grid(1)
    if s < da.size:
        da[s] = ZERO
        for j in range(dy.shape[1]):
            da[s] += dy[bags[s], j] * weight[rows[s], j]


@bag_factors_backward.kernels(cpu=_factors_cpu, cuda=_factors_cuda)
def _run_factors(run, dy, weight, rows, offsets):
    da = like(dy, rows.shape)
    run(da.shape, da, dy, weight, rows, bag_of_each(offsets),
        work=rows.size * dy.shape[1])
    return da


# ---- maximum -------------------------------------------------------------------------


@op
def bag_max(weight, rows, offsets):
    """weight (V, D), rows (S,), offsets (B + 1,) → y (B, D), and the row that each
    element came from (B, D): the first of equal ones, -1 for an empty bag."""
    y = np.zeros((offsets.size - 1, weight.shape[1]), weight.dtype)
    source = np.full(y.shape, NONE)
    for s, b in enumerate(bag_of_each(offsets)):
        larger = (source[b] == NONE) | (weight[rows[s]] > y[b])
        y[b] = np.where(larger, weight[rows[s]], y[b])
        source[b] = np.where(larger, rows[s], source[b])
    return y, source


@jit
def _max_cpu(lo, hi, y, source, weight, rows, offsets):
    for b in range(lo, hi):
        out, where = y[b], source[b]
        out[:], where[:] = ZERO, NONE
        for s in range(offsets[b], offsets[b + 1]):
            row, v, first = weight[rows[s]], rows[s], s == offsets[b]
            for j in range(out.size):
                larger = first or row[j] > out[j]
                out[j] = math.where(larger, row[j], out[j])
                where[j] = math.where(larger, v, where[j])


@cuda.jit
def _max_cuda(y, source, weight, rows, offsets):
    b, j = cuda.grid(2)
    if b < y.shape[0] and j < y.shape[1]:
        y[b, j], source[b, j] = ZERO, NONE
        for s in range(offsets[b], offsets[b + 1]):
            if s == offsets[b] or weight[rows[s], j] > y[b, j]:
                y[b, j], source[b, j] = weight[rows[s], j], rows[s]


@bag_max.kernels(cpu=_max_cpu, cuda=_max_cuda)
def _run_max(run, weight, rows, offsets):
    y = like(weight, (offsets.size - 1, weight.shape[1]))
    source = like(y, dtype=np.int64)
    run(y.shape, y, source, weight, rows, offsets, work=rows.size * weight.shape[1])
    return y, source


@op
def bag_max_backward(dy, source, count):
    """dy source (B, D), a number V → dW (V, D)."""
    dw = np.zeros((count, dy.shape[1]), dy.dtype)
    b, j = np.nonzero(source != NONE)
    np.add.at(dw, (source[b, j], j), dy[b, j])
    return dw


@jit
def _max_backward_cpu(lo, hi, dw, dy, source):
    for b in range(dy.shape[0]):
        for j in range(dy.shape[1]):
            if lo <= source[b, j] < hi:
                dw[source[b, j], j] += dy[b, j]


@cuda.jit
def _max_backward_cuda(dw, dy, source):
    j = cuda.grid(1)                     # a thread owns a column: no two write one place
    if j < dy.shape[1]:
        for b in range(dy.shape[0]):
            if source[b, j] != NONE:
                dw[source[b, j], j] += dy[b, j]


bag_max_backward.cuda_kernels.append(_max_backward_cuda)


@bag_max_backward.cpu
def _run_max_backward_cpu(dy, source, count):
    dw = np.zeros((count, dy.shape[1]), dy.dtype)
    on_cpu(_max_backward_cpu, (count,), dw, contiguous(dy), contiguous(source),
           work=dy.size)
    return dw


@bag_max_backward.cuda
def _run_max_backward_cuda(dy, source, count):
    dw = xp_of(dy).zeros((count, dy.shape[1]), dy.dtype)
    on_gpu(_max_backward_cuda, dy.shape[1:], dw, contiguous(dy), contiguous(source))
    return dw


# ---- on the tape ---------------------------------------------------------------------


class BagSumFunction(Primitive):
    """W (V, D), per_sample_weights (S,) or None → (B, D), the sum or the mean."""

    @staticmethod
    def forward(ctx, weight, factors, rows, offsets, mean, by_frequency):
        ctx.rows, ctx.offsets, ctx.by_frequency = rows, offsets, by_frequency
        if factors is None:
            factors = xp_of(weight).ones(rows.shape, weight.dtype)
        ctx.save_for_backward(weight, factors)
        y = bag_sum(weight, rows, factors, offsets)
        ctx.sizes = None
        if mean:                         # an empty bag has sum 0, and mean 0
            ctx.sizes = (offsets[1:] - offsets[:-1]).clip(1)[:, None].astype(y.dtype)
            y /= ctx.sizes
        return y

    @staticmethod
    def backward(ctx, dy):
        weight, factors = ctx.saved
        rows, offsets, count, dw, da = ctx.rows, ctx.offsets, weight.shape[0], None, None
        if ctx.sizes is not None:
            dy = dy / ctx.sizes
        if ctx.needs_input_grad[1]:
            da = bag_factors_backward(dy, weight, rows, offsets)
        if ctx.needs_input_grad[0]:
            if ctx.by_frequency:
                factors = factors / frequencies(rows, count)[rows].astype(dy.dtype)
            dw = bag_sum_backward(dy, rows, factors, offsets, count)
        return dw, da


class BagMaxFunction(Primitive):
    """W (V, D) → (B, D), the maximum."""

    @staticmethod
    def forward(ctx, weight, rows, offsets):
        y, ctx.source = bag_max(weight, rows, offsets)
        ctx.count = weight.shape[0]
        return y

    @staticmethod
    def backward(ctx, dy):
        return (bag_max_backward(dy, ctx.source, ctx.count),)


# ---- the functional form -------------------------------------------------------------


def embedding_bag(input: Any, weight: Any, offsets: Any = None,
                  max_norm: float | None = None, norm_type: float = 2.0,
                  scale_grad_by_freq: bool = False, mode: str = "mean",
                  sparse: bool = False, per_sample_weights: Any = None,
                  include_last_offset: bool = False,
                  padding_idx: int | None = None) -> Any:
    """The sum, mean or maximum of the rows that each bag names; see `EmbeddingBag`.

    Shape:
        input (B, L), or input (S,) with offsets (B,); weight (V, D) → (B, D)

    Raises:
        ValueError: the axes, the mode or the options do not fit together.
        RuntimeError: a number names no row, the offsets do not cut the input into bags,
            or a dtype does not fit.
        NotImplementedError: per_sample_weights with another mode than 'sum'.
    """
    who = "embedding_bag"
    _check(who, input, weight, mode, sparse, scale_grad_by_freq, per_sample_weights)
    bounds, count = _bounds(who, input, offsets, include_last_offset), len(weight.array)
    try:
        padding = row_of_padding(who, padding_idx, count)
    except AssertionError as error:                  # the type is PyTorch's, here another
        raise RuntimeError(str(error)) from None
    rows = checked_rows(who, input, count, RuntimeError).reshape(-1)
    if max_norm is not None:
        shorten_rows(weight, rows, max_norm, norm_type)
    factors = None if per_sample_weights is None else per_sample_weights.reshape(-1)
    rows, factors, bounds = _used(rows, factors, bounds, padding)
    if mode == "max":
        return BagMaxFunction.apply(weight, rows=rows, offsets=bounds)
    return BagSumFunction.apply(weight, factors, rows=rows, offsets=bounds,
                                mean=mode == "mean", by_frequency=scale_grad_by_freq)


def _used(rows, factors, bounds, padding):
    """Without what is in no bag, and without the padding."""
    end = int(bounds[-1])
    if end < rows.size:
        rows, factors = rows[:end], None if factors is None else factors[:end]
    if padding is None:
        return rows, factors, bounds
    xp, used = xp_of(rows), rows != padding
    before = xp.concatenate([xp.zeros(1, np.int64), xp.cumsum(used)])
    if factors is not None:
        factors = factors[Tensor._of(used, factors.device)]
    return rows[used], factors, before[bounds]


def _check(who, input, weight, mode, sparse, by_frequency, factors):
    check_tensor(who, "input", input)
    check_tensor(who, "weight", weight)
    if factors is not None:
        check_tensor(who, "per_sample_weights", factors)
    if mode not in MODES:
        raise ValueError(f"{who}: mode must be 'sum', 'mean' or 'max', got {mode!r}")
    check_not_sparse(who, sparse)
    table = weight.array
    if table.ndim != 2:
        raise ValueError(f"{who}: weight must have shape (rows, features), got "
                         f"{table.shape}")
    if table.dtype.kind != "f":
        raise RuntimeError(f"{who}: weight must hold real numbers, got {weight.dtype}")
    if mode == "max" and by_frequency:
        raise ValueError(f"{who}: scale_grad_by_freq works with mode 'sum' or 'mean', "
                         "not with 'max'")
    if factors is None:
        return
    if mode != "sum":
        raise NotImplementedError(f"{who}: per_sample_weights works with mode='sum', got "
                                  f"mode={mode!r}")       # the type is PyTorch's
    if factors.shape != input.shape:
        raise ValueError(f"{who}: per_sample_weights must have the input's shape "
                         f"{tuple(input.shape)}, got {tuple(factors.shape)}")
    if factors.dtype != weight.dtype:
        raise RuntimeError(f"{who}: weight is {weight.dtype} and per_sample_weights is "
                           f"{factors.dtype}; convert one")


def _bounds(who, input, offsets, include_last):
    """Where each bag begins and, at the end, where the last one ends: (B + 1,), int64."""
    xp, shape = xp_of(input.array), input.array.shape
    if len(shape) == 2:
        if offsets is not None:
            raise ValueError(f"{who}: input of shape {shape} has a bag in each row, so "
                             "offsets must be None")
        return xp.arange(shape[0] + 1) * shape[1]
    if len(shape) != 1:
        raise ValueError(f"{who} reads input of shape (bags, L) or (S,), got {shape}")
    if offsets is not None:
        check_tensor(who, "offsets", offsets)
    if offsets is None or offsets.ndim != 1:
        raise ValueError(f"{who}: input of shape {shape} needs offsets (B,) that say "
                         "where each bag begins, got "
                         + ("None" if offsets is None else f"{tuple(offsets.shape)}"))
    begins = offsets.array
    if begins.dtype not in INTEGERS:
        raise RuntimeError(f"{who}: offsets must be of dtype int64 or int32, got "
                           f"{begins.dtype}")
    if include_last and not begins.size:
        raise RuntimeError(f"{who}: include_last_offset=True needs at least one offset")
    _check_offsets(who, begins, shape[0])
    begins = begins.astype(np.int64, copy=False)
    if include_last:
        return begins
    # Without a bag there is nothing to read; else the last one reaches to the end.
    end = shape[0] if begins.size else 0
    return xp.concatenate([begins, xp.full(1, end)])


def _check_offsets(who, begins, size):
    if not begins.size:
        return
    if int(begins[0]) != 0:
        raise RuntimeError(f"{who}: the first bag must begin at 0, got offsets[0] = "
                           f"{int(begins[0])}")
    steps = begins[1:] < begins[:-1]
    if bool(steps.any()):
        k = int(steps.argmax()) + 1
        raise RuntimeError(f"{who}: offsets must not decrease, got offsets[{k - 1}] = "
                           f"{int(begins[k - 1])} and offsets[{k}] = {int(begins[k])}")
    if int(begins[-1]) > size:
        raise RuntimeError(f"{who}: the last bag begins at {int(begins[-1])}, but the "
                           f"input has {size} elements")


# ---- the module ----------------------------------------------------------------------


class EmbeddingBag(Module):
    """The sum, mean or maximum of the rows of a table that each bag names.

    It equals `Embedding` followed by that reduction, without the copies in between.

    Args:
        num_embeddings: rows of the table, V.
        embedding_dim: features of each row, D.
        max_norm: rows longer than this are scaled down to it when they are looked up, in
            the table itself.
        norm_type: the exponent of that norm.
        scale_grad_by_freq: divide the gradient of a row by how often the batch names it;
            not with 'max'.
        mode: 'sum', 'mean' or 'max'.  An empty bag gives zeros.
        sparse: only False.
        include_last_offset: the last offset is the end of the last bag, not one more bag.
        padding_idx: a row that counts in no bag, starts at 0 and gets no gradient; may
            count from the end.

    Shape:
        input (B, L), or input (S,) and offsets (B,), int64 or int32; per_sample_weights
        of the input's shape, with mode 'sum' → output (B, D)

    Parameters:
        weight (V, D), drawn from the normal distribution.

    Raises:
        RuntimeError: a number names no row, or offsets do not cut the input into bags.
        ValueError: axes, mode or options do not fit together.
        AssertionError: padding_idx names no row.

    Example:
        >>> words = nn.EmbeddingBag(10, 3, mode="sum")
        >>> input = torch.tensor([1, 2, 4, 5, 4, 3, 2, 9])
        >>> words(input, torch.tensor([0, 4])).shape       # bags 1 2 4 5 and 4 3 2 9
        torch.Size([2, 3])

    Source: Joulin et al., "Bag of tricks for efficient text classification", 2016.
    """

    def __init__(self, num_embeddings: int, embedding_dim: int,
                 max_norm: float | None = None, norm_type: float = 2.0,
                 scale_grad_by_freq: bool = False, mode: str = "mean",
                 sparse: bool = False, _weight: Any = None,
                 include_last_offset: bool = False, padding_idx: int | None = None,
                 device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        check_not_sparse("EmbeddingBag", sparse)
        if mode not in MODES:
            raise ValueError(f"EmbeddingBag: mode must be 'sum', 'mean' or 'max', got "
                             f"{mode!r}")
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse, self.mode = scale_grad_by_freq, sparse, mode
        self.include_last_offset = include_last_offset
        self.padding_idx = row_of_padding("EmbeddingBag", padding_idx, num_embeddings)
        self.weight = table_of(self, _weight, False, device, dtype)
        if _weight is None:
            self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the table anew, with zeros in the row of the padding."""
        draw_table(self.weight, self.padding_idx)

    def forward(self, input: Any, offsets: Any = None,
                per_sample_weights: Any = None) -> Any:
        return embedding_bag(input, self.weight, offsets, self.max_norm, self.norm_type,
                             self.scale_grad_by_freq, self.mode, self.sparse,
                             per_sample_weights, self.include_last_offset,
                             self.padding_idx)

    @classmethod
    def from_pretrained(cls, embeddings: Any, freeze: bool = True,
                        max_norm: float | None = None, norm_type: float = 2.0,
                        scale_grad_by_freq: bool = False, mode: str = "mean",
                        sparse: bool = False, include_last_offset: bool = False,
                        padding_idx: int | None = None) -> "EmbeddingBag":
        """A layer whose table is this tensor (V, D), on the same memory.

        Args:
            freeze: the table is not trained.

        Example:
            >>> table = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
            >>> bags = nn.EmbeddingBag.from_pretrained(table)
            >>> bags(torch.tensor([[1, 0]]))
            tensor([[2.5000, 3.5000, 4.5000]])
        """
        rows, features = table_shape("EmbeddingBag", embeddings)
        layer = cls(rows, features, max_norm, norm_type, scale_grad_by_freq, mode, sparse,
                    embeddings, include_last_offset, padding_idx)
        layer.weight.requires_grad = not freeze
        return layer

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        for name, default in (("max_norm", None), ("norm_type", 2),
                              ("scale_grad_by_freq", False)):
            value = getattr(self, name)
            text += "" if value == default else f", {name}={value}"
        text += f", mode={self.mode!r}"
        return text + ("" if self.padding_idx is None else
                       f", padding_idx={self.padding_idx}")
