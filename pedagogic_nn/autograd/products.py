"""Products: @, mm, bmm, dot, outer.  On the CPU they run in backend/gemm.py.

For y = a b the gradients are products again: da = dy bᵀ, db = aᵀ dy; batch axes that
broadcasting stretched are summed.
"""
from typing import Any

import numpy as np

from ..backend import op
from ..backend.device import xp_of
from ..backend.gemm import product
from ..backend.packed import times_columns, times_rows
from .arithmetic import unbroadcast
from .checks import check_tensor
from .function import Primitive


@op
def matmul_arrays(a, b):
    """a (…, M, K), b (…, K, N) → a b (…, M, N); a vector counts as one row or one
    column."""
    return np.matmul(a, b)


@matmul_arrays.cpu
def _matmul_cpu(a, b):
    return product(a, b)


@matmul_arrays.cuda
def _matmul_cuda(a, b):
    return xp_of(a).matmul(a, b)


@op
def by_rows(x, w):
    """x (M, K) times each row of a weight w (N, K) → x wᵀ (M, N)."""
    return x @ w.T


by_rows.cpu(times_rows)


@by_rows.cuda
def _by_rows_cuda(x, w):
    return xp_of(x).matmul(x, w.T)


@op
def by_columns(dy, w):
    """dy (M, N) times each column of a weight w (N, K) → dy w (M, K)."""
    return dy @ w


by_columns.cpu(times_columns)


@by_columns.cuda
def _by_columns_cuda(dy, w):
    return xp_of(dy).matmul(dy, w)


class Matmul(Primitive):
    @staticmethod
    def forward(ctx, a, b):
        _check(a, b)
        da_needed, db_needed = ctx.needs_input_grad
        ctx.save_for_backward(a if db_needed else None, b if da_needed else None)
        ctx.shapes = a.shape, b.shape
        return matmul_arrays(a, b)

    @staticmethod
    def backward(ctx, g):
        (a, b), (a_shape, b_shape) = ctx.saved, ctx.shapes
        rows, columns = len(a_shape) > 1, len(b_shape) > 1
        # Vectors are lent the axis they lack.
        g2 = g if rows else np.expand_dims(g, -2 if columns else -1)
        g2 = g2 if columns else np.expand_dims(g2, -1)
        da = db = None
        if ctx.needs_input_grad[0]:
            b2 = b if columns else b[:, None]
            da = matmul_arrays(g2, b2.swapaxes(-1, -2))
            da = unbroadcast(da, a_shape if rows else (1, *a_shape)).reshape(a_shape)
        if ctx.needs_input_grad[1]:
            a2 = a if rows else a[None]
            db = matmul_arrays(a2.swapaxes(-1, -2), g2)
            db = unbroadcast(db, b_shape if columns else (*b_shape, 1)).reshape(b_shape)
        return da, db


def _check(a, b):
    if a.ndim == 0 or b.ndim == 0:
        raise RuntimeError("matmul: a single number has no axes to multiply along; use *")
    k = b.shape[-2] if b.ndim > 1 else b.shape[0]
    if a.shape[-1] != k:
        raise RuntimeError(f"matmul: shapes {tuple(a.shape)} and {tuple(b.shape)} do not "
                           f"fit: {a.shape[-1]} columns meet {k} rows")
    if a.dtype != b.dtype:
        raise RuntimeError(f"matmul: expected one dtype, got {a.dtype} and {b.dtype}; "
                           f"convert one, for example with .to(torch.{a.dtype})")


def matmul(a: Any, b: Any) -> Any:
    """The matrix product, with PyTorch's rules for vectors and batch axes."""
    try:
        return Matmul.apply(a, b)
    except AttributeError:               # asked when it has failed, which takes no time
        check_tensor("matmul", "input", a)
        check_tensor("matmul", "other", b)
        raise


def _with_axes(name: str, first: int, second: int) -> Any:
    def product(a: Any, b: Any) -> Any:
        check_tensor(name, "input", a)
        check_tensor(name, "other", b)
        if a.ndim != first or b.ndim != second:
            raise RuntimeError(f"{name}: expected tensors with {first} and {second} "
                               f"axes, got shapes {tuple(a.shape)} and {tuple(b.shape)}")
        if name == "bmm" and a.shape[0] != b.shape[0]:
            raise RuntimeError(f"bmm: expected batches of one size, got {a.shape[0]} and "
                               f"{b.shape[0]}")
        return Matmul.apply(a, b)
    product.__name__ = product.__qualname__ = name
    product.__doc__ = f"The product of tensors with {first} and {second} axes."
    return product


mm, bmm, mv, dot = (_with_axes("mm", 2, 2), _with_axes("bmm", 3, 3),
                    _with_axes("mv", 2, 1), _with_axes("dot", 1, 1))


def outer(a: Any, b: Any) -> Any:
    """out[i, j] = a[i] · b[j]."""
    if a.ndim != 1 or b.ndim != 1:
        raise RuntimeError("outer: expected two vectors, got shapes "
                           f"{tuple(a.shape)} and {tuple(b.shape)}")
    return a.unsqueeze(1) * b.unsqueeze(0)


def _scaled_sum(x: Any, product: Any, beta: float, alpha: float) -> Any:
    product = product if alpha == 1 else product * alpha
    if beta == 0:                                   # x is not read, not even its NaN
        return product
    return (x if beta == 1 else x * beta) + product


def addmm(x: Any, a: Any, b: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """beta · x + alpha · a b, for matrices."""
    return _scaled_sum(x, mm(a, b), beta, alpha)


def addmv(x: Any, a: Any, b: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """beta · x + alpha · a b, for a matrix and a vector."""
    return _scaled_sum(x, mv(a, b), beta, alpha)


def baddbmm(x: Any, a: Any, b: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """beta · x + alpha · a b, for batches of matrices."""
    return _scaled_sum(x, bmm(a, b), beta, alpha)


# ---- einsum --------------------------------------------------------------------------


class Einsum(Primitive):
    """The sum of products that a formula such as 'ij,jk->ik' describes.

    Every operand and the output have distinct letters, so the gradient of an operand is
    the einsum of the output's gradient and the other operands; letters that only this
    operand has are stretched.
    """

    @staticmethod
    def forward(ctx, *arrays, inputs, output):
        needs = ctx.needs_input_grad
        ctx.save_for_backward(*(a if any(needs[:k] + needs[k + 1:]) else None
                                for k, a in enumerate(arrays)))
        ctx.letters, ctx.shapes = (inputs, output), [a.shape for a in arrays]
        formula = f"{','.join(inputs)}->{output}"
        xp = xp_of(arrays[0])
        y = xp.einsum(formula, *arrays, optimize=len(arrays) > 2)
        return y if len(arrays) > 1 or not xp.may_share_memory(y, *arrays) else y.copy()

    @staticmethod
    def backward(ctx, g):
        inputs, output = ctx.letters
        xp, slopes = xp_of(g), []
        for k, needed in enumerate(ctx.needs_input_grad):
            if not needed:
                slopes.append(None)
                continue
            others = [a for j, a in enumerate(ctx.saved) if j != k]
            letters = [output, *(t for j, t in enumerate(inputs) if j != k)]
            known = "".join(t for t in inputs[k] if any(t in u for u in letters))
            slope = xp.einsum(f"{','.join(letters)}->{known}", g, *others,
                              optimize=len(letters) > 2)
            shape = ctx.shapes[k]
            wide = [n if t in known else 1 for t, n in zip(inputs[k], shape, strict=True)]
            slopes.append(xp.broadcast_to(slope.reshape(wide), shape))
        return tuple(slopes)


def einsum(formula: str, *tensors: Any) -> Any:
    """Einstein's summation: letters that the output lacks are summed over.

    'ij,jk->ik' is a matrix product, 'bi,bj->bij' a batch of outer products, 'ii->i' a
    diagonal.  Without '->' the output has, in alphabetical order, the letters that come
    once.

    Raises:
        RuntimeError: the formula does not fit the tensors.

    Example:
        >>> a, b = torch.ones(2, 3), torch.ones(3, 4)
        >>> torch.einsum("ij,jk->ik", a, b).shape
        torch.Size([2, 4])
    """
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        tensors = tuple(tensors[0])
    inputs, output = _letters(formula, tensors)
    operands = []
    for k, x in enumerate(tensors):
        while len(set(inputs[k])) < len(inputs[k]):        # 'ii': take the diagonal first
            x, inputs[k] = _merge_repeated(x, inputs[k])
        operands.append(x)
    try:
        return Einsum.apply(*operands, inputs=tuple(inputs), output=output)
    except ValueError as error:
        raise RuntimeError(f"einsum {formula!r}: {error}") from None


def _letters(formula: str, tensors: tuple) -> tuple[list[str], str]:
    """The letters of each operand and of the output, with '…' spelt out."""
    left, arrow, output = formula.replace(" ", "").partition("->")
    inputs = left.split(",")
    if len(inputs) != len(tensors):
        raise RuntimeError(f"einsum {formula!r}: names {len(inputs)} operands, got "
                           f"{len(tensors)}")
    free = [c for c in "ZYXWVUTSRQPONMLKJIHGFEDCBA" if c not in formula]
    batch = ""
    for k, (text, x) in enumerate(zip(inputs, tensors, strict=True)):
        missing = x.ndim - len(text.replace("...", ""))
        if missing < 0 or (missing and "..." not in text):
            raise RuntimeError(f"einsum {formula!r}: {text!r} does not fit a tensor of "
                               f"shape {tuple(x.shape)}")
        extra = "".join(reversed(free[:missing]))          # counted from the right
        batch = max(batch, extra, key=len)
        inputs[k] = text.replace("...", extra)
    if not arrow:
        every = "".join(inputs)
        output = batch + "".join(sorted(c for c in set(every) - set(batch)
                                        if every.count(c) == 1))
    return inputs, output.replace("...", batch)


def _merge_repeated(x: Any, letters: str) -> tuple[Any, str]:
    """The diagonal of two axes that one letter names."""
    double = next(c for c in letters if letters.count(c) > 1)
    a = letters.index(double)
    b = letters.index(double, a + 1)
    rest = letters[:a] + letters[a + 1:b] + letters[b + 1:]
    return x.diagonal(0, a, b), rest + double


class Products:
    """The matrix products of a tensor."""

    matmul, mm, bmm, mv, dot, outer, ger = matmul, mm, bmm, mv, dot, outer, outer
    addmm, addmv, baddbmm = addmm, addmv, baddbmm
    __matmul__ = matmul

    def __rmatmul__(self, other: Any) -> Any:
        return Matmul.apply(other, self)
