"""Embedding: a table of vectors, one for each word; a look-up by number.

    y[s]  = W[k_s]                              k_s: the row that input s names
    dW[v] = Σ dy[s] over all s with k_s = v

A look-up is the product of a one-hot row with W, without the multiplications by 0.

Book: nn/embedding.
"""
from typing import Any

import numpy as np

from ...autograd.checks import check_tensor, check_whole_number
from ...autograd.factories import empty
from ...autograd.function import Primitive
from ...autograd.tensor import Tensor
from ...backend import contiguous, cuda, jit, like, op
from ...backend.device import xp_of
from ...backend.launch import CHEAP, on_cpu, on_gpu
from .. import init
from ..module import Module
from ..parameter import Parameter

SKIPPED = -1            # the row that gradients pass by; padding_idx becomes this
INTEGERS = (np.dtype(np.int64), np.dtype(np.int32))          # what may number rows

# ---- row numbers are checked before, or while, a kernel reads ------------------------


@op
def first_outside(rows, count):
    """rows (S,), a number → (1,): where the first stands that is not in 0 … count - 1, S
    if all are."""
    xp = xp_of(rows)
    wrong = (rows < 0) | (rows >= count)
    wrong = xp.concatenate([wrong, xp.ones(1, bool)])
    return xp.argmax(wrong).reshape(1).astype(np.int64)


first_outside.cuda(first_outside.reference)


@first_outside.cpu
def _first_outside_cpu(rows, count):
    return np.array([_scan(contiguous(rows), count)])


@jit
def _scan(rows, count):
    wrong = False
    for s in range(rows.size):                     # without a way out it is in vectors
        wrong |= (rows[s] < 0) | (rows[s] >= count)
    if wrong:
        for s in range(rows.size):
            if (rows[s] < 0) | (rows[s] >= count):
                return s
    return rows.size


def checked_rows(who: str, input: Any, count: int, error: type) -> Any:
    """The array of a tensor of row numbers, as int64.

    Raises:
        RuntimeError: it holds something else than int64 or int32.
        error: a number is not in 0 … count - 1.
    """
    rows = row_numbers(who, input)
    check_rows(who, rows, count, error)
    return rows


def row_numbers(who: str, input: Any) -> Any:
    """The array of a tensor of row numbers, as int64.

    Raises:
        RuntimeError: it holds something else than int64 or int32.
    """
    rows = input.array
    if rows.dtype not in INTEGERS:
        raise RuntimeError(f"{who}: expected row numbers of dtype int64 or int32, got "
                           f"{rows.dtype}; say input.long()")
    return contiguous(rows).astype(np.int64, copy=False)


def check_rows(who: str, rows: Any, count: int, error: type) -> None:
    """All numbers name one of `count` rows; the first that does not is an error."""
    place = int(first_outside(rows.reshape(-1), count)[0])
    if place < rows.size:
        index = tuple(map(int, np.unravel_index(place, rows.shape)))
        raise error(f"{who}: input[{', '.join(map(str, index))}] is {int(rows[index])}, "
                    f"but the table has {count} rows "
                    + (f"(0 … {count - 1})" if count else "only"))


# ---- look up, and add up -------------------------------------------------------------


@op
def embedding_forward(weight, rows):
    """weight (V, D), rows (S,) → y (S, D), and whether some row is not in the table (1,):
    nothing is read for it, and there are zeros."""
    inside = (rows >= 0) & (rows < len(weight))
    y = np.zeros((rows.size, weight.shape[1]), weight.dtype)
    y[inside] = weight[rows[inside]]
    return y, np.array([not inside.all()])


@jit
def _forward_cpu(lo, hi, y, wrong, weight, rows):
    for s in range(lo, hi):
        out, v = y[s], rows[s]
        if 0 <= v < weight.shape[0]:
            row = weight[v]
            for j in range(row.size):
                out[j] = row[j]
        else:
            out[:], wrong[0] = 0, True   # several threads may write it: all the same


@cuda.jit
def _forward_cuda(y, wrong, weight, rows):
    s, j = cuda.grid(2)
    if s < y.shape[0] and j < y.shape[1]:
        if 0 <= rows[s] < weight.shape[0]:
            y[s, j] = weight[rows[s], j]
        else:
            y[s, j], wrong[0] = 0, True


@embedding_forward.kernels(cpu=_forward_cpu, cuda=_forward_cuda)
def _run_forward(run, weight, rows):
    y = like(weight, (rows.size, weight.shape[1]))
    wrong = xp_of(weight).zeros(1, bool)
    run(y.shape, y, wrong, weight, rows, work=y.size // CHEAP)
    return y, wrong


@op
def embedding_backward(dy, rows, count):
    """dy (S, D), rows (S,), a number V → dW (V, D); row -1 is passed by."""
    dw = np.zeros((count, dy.shape[1]), dy.dtype)
    np.add.at(dw, rows[rows >= 0], dy[rows >= 0])
    return dw


@jit
def _backward_cpu(lo, hi, dw, dy, rows):
    """Each thread owns the rows lo … hi - 1 of the table and reads all of the batch: no
    two write to one place, and the order of the sums is always the same."""
    for s in range(rows.size):
        v = rows[s]
        if lo <= v < hi:
            total, g = dw[v], dy[s]
            for j in range(g.size):
                total[j] += g[j]


@embedding_backward.cpu
def _run_backward_cpu(dy, rows, count):
    dw = np.zeros((count, dy.shape[1]), dy.dtype)
    on_cpu(_backward_cpu, (count,), dw, contiguous(dy), contiguous(rows), work=dy.size)
    return dw


@cuda.jit
def _backward_cuda(dw, dy, order, starts):
    """A thread for each element of the table: it walks the places that name its row."""
    v, j = cuda.grid(2)
    if v < dw.shape[0] and j < dw.shape[1]:
        for k in range(starts[v], starts[v + 1]):
            dw[v, j] += dy[order[k], j]


embedding_backward.cuda_kernels.append(_backward_cuda)


@embedding_backward.cuda
def _run_backward_cuda(dy, rows, count):
    xp = xp_of(dy)
    dw = xp.zeros((count, dy.shape[1]), dy.dtype)
    on_gpu(_backward_cuda, dw.shape, dw, contiguous(dy), *places_by_row(rows, count))
    return dw


def places_by_row(rows: Any, count: int) -> tuple[Any, Any]:
    """rows (S,) → the places sorted by row (S,), and where each row begins (V + 1,)."""
    xp = xp_of(rows)
    order = xp.argsort(rows, kind="stable")
    return order, xp.searchsorted(rows[order], xp.arange(count + 1))


# ---- on the tape, and the functional form --------------------------------------------


class EmbeddingFunction(Primitive):
    """W (V, D), rows (*) → (*, D); padding is a row without a gradient, or None."""

    @staticmethod
    def forward(ctx, weight, rows, padding, by_frequency):
        ctx.count, ctx.rows = weight.shape[0], rows.reshape(-1)
        ctx.padding, ctx.by_frequency = padding, by_frequency
        y, wrong = embedding_forward(weight, ctx.rows)
        if wrong[0]:
            check_rows("embedding", rows, ctx.count, IndexError)
        return y if rows.ndim == 1 else y.reshape(*rows.shape, weight.shape[1])

    @staticmethod
    def backward(ctx, dy):
        rows = ctx.rows
        if ctx.padding is not None:
            rows = xp_of(rows).where(rows == ctx.padding, SKIPPED, rows)
        dw = embedding_backward(dy.reshape(rows.size, dy.shape[-1]), rows, ctx.count)
        if ctx.by_frequency:
            dw /= frequencies(rows, ctx.count)[:, None].astype(dw.dtype)
        return dw, None


def frequencies(rows: Any, count: int) -> Any:
    """How often each of `count` rows is named; 1 for those that are not."""
    return xp_of(rows).bincount(rows[rows >= 0], minlength=count).clip(1)


def embedding(input: Any, weight: Any, padding_idx: int | None = None,
              max_norm: float | None = None, norm_type: float = 2.0,
              scale_grad_by_freq: bool = False, sparse: bool = False) -> Any:
    """The rows of `weight` that `input` names; see `Embedding`.

    Shape:
        input (*) of whole numbers, weight (V, D) → (*, D)

    Raises:
        IndexError: a number names no row.
        RuntimeError: the dtype of the input or the shape of the weight does not fit.
        AssertionError: padding_idx names no row.
        ValueError: sparse=True.
    """
    check_not_sparse("embedding", sparse)
    check_tensor("embedding", "input", input)
    check_tensor("embedding", "weight", weight)
    shape = weight.array.shape
    if len(shape) != 2:
        raise RuntimeError("embedding: weight must have shape (rows, features), got "
                           f"{shape}")
    padding = row_of_padding("embedding", padding_idx, shape[0])
    rows = row_numbers("embedding", input)
    if max_norm is not None:
        check_rows("embedding", rows, shape[0], IndexError)
        shorten_rows(weight, rows, max_norm, norm_type)
    return EmbeddingFunction.apply(weight, rows, padding=padding,
                                   by_frequency=scale_grad_by_freq)


def check_not_sparse(who: str, sparse: bool) -> None:
    """Sparse gradients are not supported.

    Raises:
        ValueError: `sparse` is true.
    """
    if sparse:
        raise ValueError(f"{who}: sparse=True asks for a gradient that holds only the "
                         "rows that were used, which there is not here; leave it out: "
                         "the gradient is then a tensor like the weight, with zeros")


def row_of_padding(who: str, padding_idx: int | None, count: int) -> int | None:
    """padding_idx counted from the first row.

    Raises:
        AssertionError: it names no row (the type is PyTorch's).
    """
    if padding_idx is None:
        return None
    padding_idx = check_whole_number(who, "padding_idx", padding_idx)
    if not -count <= padding_idx < count:
        raise AssertionError(f"{who}: padding_idx must name one of the {count} rows "
                             f"({-count} … {count - 1}), got {padding_idx}")
    return padding_idx % count


def shorten_rows(weight: Tensor, rows: Any, max_norm: float, norm_type: float) -> None:
    """Scale the named rows that are longer than max_norm down to it: in the table itself,
    and unrecorded."""
    table, xp = weight.array, xp_of(weight.array)
    rows = xp.unique(rows)
    lengths = _lengths(table[rows], norm_type)
    too_long = lengths > max_norm
    if bool(too_long.any()):
        scale = max_norm / (lengths[too_long] + table.dtype.type(1e-7))
        table[rows[too_long]] *= scale[:, None].astype(table.dtype)
        weight._changed()


def _lengths(vectors, p):
    """The p-norm of each row."""
    if p == float("inf") and vectors.size:
        return abs(vectors).max(axis=1)
    if p in (0, float("inf")):
        return (vectors != 0).sum(axis=1)
    return (abs(vectors) ** p).sum(axis=1) ** (1 / p)


# ---- the module ----------------------------------------------------------------------


class Embedding(Module):
    """A table of vectors, one for each word (or user, or class), looked up by number.

    Args:
        num_embeddings: rows of the table, V.
        embedding_dim: features of each row, D.
        padding_idx: a row that starts at 0 and gets no gradient; may count from the end.
        max_norm: rows longer than this are scaled down to it when they are looked up, in
            the table itself.
        norm_type: the exponent of that norm.
        scale_grad_by_freq: divide the gradient of a row by how often the batch names it.
        sparse: only False.

    Shape:
        input (*), int64 or int32 → output (*, D)

    Parameters:
        weight (V, D), drawn from the normal distribution.

    Raises:
        IndexError: the input names no row of the table.
        AssertionError: padding_idx names no row.
        ValueError: sparse=True.

    Example:
        >>> words = nn.Embedding(10, 3, padding_idx=0)
        >>> words(torch.tensor([[1, 2, 4, 0]])).shape
        torch.Size([1, 4, 3])
        >>> words.weight[0].tolist()
        [0.0, 0.0, 0.0]

    Source: Bengio et al., "A neural probabilistic language model", 2003.
    """

    def __init__(self, num_embeddings: int, embedding_dim: int,
                 padding_idx: int | None = None, max_norm: float | None = None,
                 norm_type: float = 2.0, scale_grad_by_freq: bool = False,
                 sparse: bool = False, _weight: Any = None, _freeze: bool = False,
                 device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        check_not_sparse("Embedding", sparse)
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = row_of_padding("Embedding", padding_idx, num_embeddings)
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        self.weight = table_of(self, _weight, _freeze, device, dtype)
        if _weight is None:
            self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the table anew, with zeros in the row of the padding."""
        draw_table(self.weight, self.padding_idx)

    def forward(self, input: Any) -> Any:
        return embedding(input, self.weight, self.padding_idx, self.max_norm,
                         self.norm_type, self.scale_grad_by_freq, self.sparse)

    @classmethod
    def from_pretrained(cls, embeddings: Any, freeze: bool = True,
                        padding_idx: int | None = None, max_norm: float | None = None,
                        norm_type: float = 2.0, scale_grad_by_freq: bool = False,
                        sparse: bool = False) -> "Embedding":
        """A layer whose table is this tensor (V, D), on the same memory.

        Args:
            freeze: the table is not trained.

        Example:
            >>> table = torch.tensor([[1.0, 2.3, 3.0], [4.0, 5.1, 6.3]])
            >>> nn.Embedding.from_pretrained(table)(torch.tensor([1]))
            tensor([[4.0000, 5.1000, 6.3000]])
        """
        rows, features = table_shape("Embedding", embeddings)
        return cls(rows, features, padding_idx, max_norm, norm_type, scale_grad_by_freq,
                   sparse, _weight=embeddings, _freeze=freeze)

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        for name, default in (("padding_idx", None), ("max_norm", None),
                              ("norm_type", 2), ("scale_grad_by_freq", False)):
            value = getattr(self, name)
            text += "" if value == default else f", {name}={value}"
        return text


def table_of(layer: Any, weight: Any, freeze: bool, device: Any, dtype: Any) -> Parameter:
    """The table of a layer: a new one, or `weight` if it is given.

    Raises:
        AssertionError: the given one has another shape (the type is PyTorch's).
    """
    shape = (layer.num_embeddings, layer.embedding_dim)
    if weight is None:
        return Parameter(empty(*shape, device=device, dtype=dtype), not freeze)
    if tuple(weight.shape) != shape:
        raise AssertionError(f"{type(layer).__name__}: the given table must have shape "
                             f"{shape}, got {tuple(weight.shape)}")
    return Parameter(weight, not freeze)


def table_shape(who: str, embeddings: Any) -> tuple[int, int]:
    """(V, D) of a given table.

    Raises:
        AssertionError: it has not two axes (the type is PyTorch's).
    """
    if embeddings.ndim != 2:
        raise AssertionError(f"{who}.from_pretrained expected a table of shape (rows, "
                             f"features), got shape {tuple(embeddings.shape)}")
    return tuple(embeddings.shape)


def draw_table(weight: Parameter, padding: int | None) -> None:
    """Fill a table from the normal distribution, and its padding row with zeros."""
    init.normal_(weight)
    if padding is not None:
        weight.array[padding] = 0
