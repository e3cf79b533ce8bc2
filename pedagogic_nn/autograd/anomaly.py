"""Where a NaN comes from: `torch.autograd.detect_anomaly`.

A NaN in a gradient spreads through everything that is computed from it, and the loss
shows it a step too late.  With the detector on, every recorded operation remembers the
lines of the program that called it, and the backward pass looks at each gradient.
"""
import traceback
from typing import Any

import numpy as np

from ..backend.device import to_host


class _Detector:
    on = False
    check_nan = True


detector = _Detector()


class set_detect_anomaly:
    """Switch the detector on or off: at once, or for a `with` block.

    It holds for all threads, and makes training several times slower.

    Args:
        mode: on or off.
        check_nan: whether gradients are looked at; without it, errors in backward still
            tell where the operation was called.

    Example:
        >>> x = torch.tensor([0.0], requires_grad=True)
        >>> with torch.autograd.detect_anomaly():
        ...     try:
        ...         (x / x).backward()
        ...     except RuntimeError as error:
        ...         print(str(error).splitlines()[0])
        DivBackward: the gradient of its input 1 is NaN
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.before = detector.on, detector.check_nan
        detector.on, detector.check_nan = bool(mode), bool(check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: Any) -> None:
        detector.on, detector.check_nan = self.before


class detect_anomaly(set_detect_anomaly):
    """`with torch.autograd.detect_anomaly():` switches the detector on for a block."""

    def __init__(self, check_nan: bool = True) -> None:
        super().__init__(True, check_nan)


def is_anomaly_enabled() -> bool:
    """Whether the detector is on."""
    return detector.on


def is_anomaly_check_nan_enabled() -> bool:
    """Whether it looks for NaN."""
    return detector.check_nan


def calling_lines() -> str:
    """The lines of the program that led here, without those of the library."""
    here = __file__.rpartition("autograd")[0]
    frames = [f for f in traceback.extract_stack() if not f.filename.startswith(here)]
    return "".join(traceback.format_list(frames))


def gradients_of(node: Any, gradients: list) -> Any:
    """What the Node's backward returns, looked at.

    Raises:
        RuntimeError: a gradient holds NaN.
        Exception: what backward raised, with a note that says where the operation was
            called.
    """
    where = node.called_at or "(recorded before the detector was on)\n"
    try:
        out = node.function.call_backward(node, *gradients)
    except Exception as error:
        error.add_note(f"{node.name()}: the operation was called at\n{where}")
        raise
    if detector.check_nan:
        for k, g in enumerate(out if type(out) is tuple else (out,)):
            if g is not None and g.dtype.kind == "f" and np.isnan(to_host(g)).any():
                raise RuntimeError(f"{node.name()}: the gradient of its input {k} is "
                                   f"NaN\nThe operation was called at\n{where}")
    return out
