"""Products: @, mm, bmm, dot, outer.  On the CPU they run in backend/gemm.py.

For y = a b the gradients are products again: da = dy bᵀ, db = aᵀ dy; batch axes that
broadcasting stretched are summed.
"""
from typing import Any

import numpy as np

from ..backend import op
from ..backend.device import xp_of
from .arithmetic import promote, unbroadcast
from .function import Primitive


@op
def matmul_arrays(a, b):
    """a (…, M, K), b (…, K, N) → a b (…, M, N); a vector counts as one row or one column."""
    return np.matmul(a, b)


@matmul_arrays.cpu
def _matmul_cpu(a, b):
    from ..backend.gemm import product          # compiled at the first product, not at import
    return product(a, b)


@matmul_arrays.cuda
def _matmul_cuda(a, b):
    return xp_of(a).matmul(a, b)


class Matmul(Primitive):
    @staticmethod
    def forward(ctx, a, b):
        _check(a, b)
        dtype = promote(a, b)
        a, b = a.astype(dtype, copy=False), b.astype(dtype, copy=False)
        ctx.save_for_backward(a, b)
        return matmul_arrays(a, b)

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved
        rows, columns = a.ndim > 1, b.ndim > 1       # vectors are lent the axis that they lack
        a2, b2 = (a if rows else a[None]), (b if columns else b[:, None])
        g2 = g if rows else np.expand_dims(g, -2 if columns else -1)
        g2 = g2 if columns else np.expand_dims(g2, -1)
        da = db = None
        if ctx.needs_input_grad[0]:
            da = unbroadcast(matmul_arrays(g2, b2.swapaxes(-1, -2)), a2.shape).reshape(a.shape)
        if ctx.needs_input_grad[1]:
            db = unbroadcast(matmul_arrays(a2.swapaxes(-1, -2), g2), b2.shape).reshape(b.shape)
        return da, db


def _check(a, b):
    if a.ndim == 0 or b.ndim == 0:
        raise RuntimeError("matmul: a single number has no axes to multiply along; use *")
    k = b.shape[-2] if b.ndim > 1 else b.shape[0]
    if a.shape[-1] != k:
        raise RuntimeError(f"matmul: shapes {tuple(a.shape)} and {tuple(b.shape)} do not fit: "
                           f"{a.shape[-1]} columns meet {k} rows")


def matmul(a: Any, b: Any) -> Any:
    """The matrix product, with PyTorch's rules for vectors and batch axes."""
    return Matmul.apply(a, b)


def _with_axes(name: str, first: int, second: int) -> Any:
    def product(a: Any, b: Any) -> Any:
        if a.ndim != first or b.ndim != second:
            raise RuntimeError(f"{name}: expected tensors with {first} and {second} axes, got "
                               f"shapes {tuple(a.shape)} and {tuple(b.shape)}")
        return Matmul.apply(a, b)
    product.__name__ = name
    product.__doc__ = f"The product of tensors with {first} and {second} axes."
    return product


mm, bmm, mv, dot = (_with_axes("mm", 2, 2), _with_axes("bmm", 3, 3), _with_axes("mv", 2, 1),
                    _with_axes("dot", 1, 1))


def outer(a: Any, b: Any) -> Any:
    """out[i, j] = a[i] · b[j]."""
    return a.unsqueeze(1) * b.unsqueeze(0)


def addmm(x: Any, a: Any, b: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """beta · x + alpha · a b."""
    product = mm(a, b)
    return (x if beta == 1 else x * beta) + (product if alpha == 1 else product * alpha)


class Products:
    """The matrix products of a tensor."""

    matmul, mm, bmm, mv, dot, outer, ger, addmm = matmul, mm, bmm, mv, dot, outer, outer, addmm
    __matmul__ = matmul

    def __rmatmul__(self, other: Any) -> Any:
        return Matmul.apply(other, self)
