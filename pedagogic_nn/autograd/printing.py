"""How a tensor prints: PyTorch's form, so that outputs can be compared by eye."""
from typing import Any

import numpy as np

from ..backend.device import to_host

_options = {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80, "sci_mode": None}


def set_printoptions(precision: int | None = None, threshold: int | None = None,
                     edgeitems: int | None = None, linewidth: int | None = None,
                     sci_mode: bool | None = None) -> None:
    """How tensors print: digits after the point, elements before '…' stands for the
    middle, elements kept at each end, characters in a line, powers of ten (None: when
    they are needed)."""
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems,
             "linewidth": linewidth, "sci_mode": sci_mode}
    _options.update({k: v for k, v in given.items() if v is not None})


def tensor_text(tensor: Any) -> str:
    """'tensor([1., 2.], requires_grad=True)' and the like."""
    a = to_host(tensor.array)
    suffix = []
    if tensor.device.type != "cpu" or tensor.device.index:
        suffix.append(f"device='{tensor.device}'")
    if a.size == 0 and a.ndim != 1:
        suffix.append(f"size={tuple(a.shape)}")
    if a.dtype.name not in ("float32", "int64", "bool") or (a.size == 0 and a.dtype.kind != "f"):
        suffix.append(f"dtype=torch.{a.dtype}")
    if tensor.node is not None:
        suffix.append(f"grad_fn={tensor.node!r}")
    elif tensor.requires_grad:
        suffix.append("requires_grad=True")
    body = "[]" if a.size == 0 else array_text(a, len("tensor("))
    return f"tensor({', '.join([body, *suffix])})"


def array_text(a: np.ndarray, indent: int) -> str:
    """The elements in brackets; all columns are as wide as the widest element."""
    one = _formatter(a)
    with np.printoptions(threshold=_options["threshold"], edgeitems=_options["edgeitems"],  # type: ignore
                         linewidth=_options["linewidth"]):
        return np.array2string(a, separator=", ", prefix=" " * indent,
                               formatter={"all": one}) if a.ndim else one(a.item()).strip()


def _formatter(a: np.ndarray) -> Any:
    if a.dtype.kind == "b":
        return lambda v: f"{v!s:>5}" if a.ndim else str(v)
    if a.dtype.kind != "f":
        width = max(len(str(v)) for v in (a.min(), a.max()))
        return lambda v: f"{v:>{width}d}"
    return _float_formatter(a)


def _float_formatter(a: np.ndarray) -> Any:
    digits = _options["precision"]
    finite = np.abs(a[np.isfinite(a)].astype(np.float64))
    nonzero = finite[finite > 0]
    whole = bool((finite == np.ceil(finite)).all())
    large = bool(nonzero.size) and nonzero.max() > 1e8
    ratio = bool(nonzero.size) and (nonzero.max() / nonzero.min() > 1000 or nonzero.min() < 1e-4)
    power = _options["sci_mode"]
    if power is None:
        power = large or (not whole and ratio)
    if power:
        spell = lambda v: f"{v:.{digits}e}"                                  # noqa: E731
    elif whole:
        spell = lambda v: f"{v:.0f}." if np.isfinite(v) else str(v)          # noqa: E731
    else:
        spell = lambda v: f"{v:.{digits}f}" if np.isfinite(v) else str(v)    # noqa: E731
    width = max(len(spell(v)) for v in _samples(a))
    return lambda v: f"{spell(v):>{width}}"


def _samples(a: np.ndarray) -> Any:
    """The elements that will be printed, or enough of them to know the widest."""
    flat = a.reshape(-1)
    if flat.size <= _options["threshold"]:                                  # type: ignore[operator]
        return flat
    return [flat.min(), flat.max(), *flat[:100], *flat[-100:]]
