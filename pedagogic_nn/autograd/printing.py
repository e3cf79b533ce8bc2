"""How a tensor prints: PyTorch's form, so that outputs can be compared by eye."""
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend.device import to_host
from .dtypes import get_default_dtype

_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}
_options = {**_PROFILES["default"], "sci_mode": None}


def set_printoptions(precision: int | None = None, threshold: float | None = None,
                     edgeitems: int | None = None, linewidth: int | None = None,
                     profile: str | None = None, sci_mode: bool | None = None) -> None:
    """How tensors print.

    Args:
        precision: digits after the point.
        threshold: elements above which '...' stands for the middle.
        edgeitems: elements that are then kept at each end.
        linewidth: characters in a line.
        profile: 'default', 'short' or 'full', before the options above are applied.
        sci_mode: powers of ten; None (also if it is not given) means: when needed.
    """
    if profile is not None:
        _options.update(_PROFILES[profile])
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems,
             "linewidth": linewidth}
    _options.update({k: v for k, v in given.items() if v is not None}, sci_mode=sci_mode)


def tensor_text(tensor: Any) -> str:
    """'tensor([1., 2.], requires_grad=True)' and the like."""
    a = to_host(tensor.array)
    text = "tensor(" + (array_text(a, len("tensor(")) if a.size else "[]")
    last = len(text) - text.rfind("\n") + 1      # the length of the last line, and ','
    for suffix in _suffixes(tensor, a):
        if last + len(suffix) + 2 > _options["linewidth"]:
            text += ",\n" + " " * len("tensor(") + suffix
            last = len("tensor(") + len(suffix)
        else:
            text += ", " + suffix
            last += len(suffix) + 2
    return text + ")"


def _suffixes(tensor: Any, a: np.ndarray) -> list[str]:
    """What is worth saying beside the elements: device, dtype, the past."""
    suffixes = []
    if str(tensor.device) != "cpu":
        suffixes.append(f"device='{tensor.device}'")
    if a.size == 0 and a.ndim != 1:
        suffixes.append(f"size={tuple(a.shape)}")
    usual = [get_default_dtype()]
    if a.size:
        usual += [np.dtype(np.int64), np.dtype(bool)]
    if a.dtype not in usual:
        suffixes.append(f"dtype=torch.{a.dtype}")
    if tensor.grad_fn is not None:
        suffixes.append(f"grad_fn={tensor.grad_fn!r}")
    elif tensor.requires_grad:
        suffixes.append("requires_grad=True")
    return suffixes


def array_text(a: np.ndarray, indent: int) -> str:
    """The elements in brackets; all columns are as wide as the widest element."""
    edge = _options["edgeitems"] if a.size > _options["threshold"] else None
    return _nested(a, indent, edge, _speller(_shown(a, edge)))


def _shown(a: np.ndarray, edge: int | None) -> np.ndarray:
    """The elements that will be printed."""
    for axis in range(a.ndim):
        if edge is not None and a.shape[axis] > 2 * edge:
            ends = (*range(edge), *range(a.shape[axis] - edge, a.shape[axis]))
            a = a.take(ends, axis)
    return a


def _nested(a: np.ndarray, indent: int, edge: int | None, spell: Callable) -> str:
    if a.ndim == 0:
        return spell(a[()])
    cut = edge is not None and len(a) > 2 * edge
    ends = [*a[:edge], *a[-edge:]] if cut and edge else list(a)
    if a.ndim == 1:
        texts = [spell(v) for v in ends]
        if cut and edge is not None:
            texts.insert(edge, " ...")
        width = len(spell(a[0])) + 2 if len(a) else 2
        per_line = max(1, (_options["linewidth"] - indent) // width)
        lines = [", ".join(texts[k:k + per_line])
                 for k in range(0, len(texts), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
    texts = [_nested(row, indent + 1, edge, spell) for row in ends]
    if cut and edge is not None:
        texts.insert(edge, "...")
    return "[" + ("," + "\n" * (a.ndim - 1) + " " * (indent + 1)).join(texts) + "]"


def _speller(shown: np.ndarray) -> Callable[[Any], str]:
    """A function from an element to its text, padded to the width of the widest."""
    one: Callable[[Any], str] = str
    measured = shown.reshape(-1)
    if shown.dtype.kind == "f":
        values = shown.astype(np.float64).reshape(-1)
        measured = values[np.isfinite(values) & (values != 0)]
        one = _float_speller(measured)
    width = max((len(one(v)) for v in measured), default=1)
    return lambda v: f"{one(v):>{width}}"


def _float_speller(values: np.ndarray) -> Callable[[Any], str]:
    """Whole numbers as '3.', others as '3.1416', both with powers of ten if they span
    more than three digits or leave the range that reads well."""
    digits, powers = _options["precision"], _options["sci_mode"]
    whole = bool((values == np.ceil(values)).all())
    size = np.abs(values)
    if powers is None:
        powers = bool(size.size) and bool(
            size.max() / size.min() > 1000 or size.max() > 1e8
            or (not whole and size.min() < 1e-4))
    if powers:
        return lambda v: f"{float(v):.{digits}e}"
    if not whole:
        return lambda v: f"{float(v):.{digits}f}"
    return lambda v: f"{float(v):.0f}." if np.isfinite(v) else str(float(v))
