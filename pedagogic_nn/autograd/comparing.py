"""Questions about whole tensors."""
from typing import Any


def numel(x: Any) -> int:
    """The number of elements."""
    return x.numel()


def is_floating_point(x: Any) -> bool:
    """Whether the elements are real numbers."""
    return x.is_floating_point()


def equal(x: Any, y: Any) -> bool:
    """Whether two tensors have the same shape and the same elements."""
    return x.shape == y.shape and bool((x == y).all())


def allclose(x: Any, y: Any, rtol: float = 1e-5, atol: float = 1e-8,
             equal_nan: bool = False) -> bool:
    """Whether |x - y| ≤ atol + rtol · |y| everywhere (NaN equals NaN with equal_nan)."""
    return bool(x.isclose(y, rtol, atol, equal_nan).all())
