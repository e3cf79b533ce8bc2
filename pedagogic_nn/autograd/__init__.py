"""The tape: tensors that remember how they were computed, and gradients from that
memory.

Read in this order: tensor.py, function.py, backward.py, grad_mode.py, variable.py,
gradcheck.py; the operations are in arithmetic.py, reductions.py, shaping.py,
indexing.py and products.py.
"""
from .anomaly import (
    detect_anomaly,
    is_anomaly_check_nan_enabled,
    is_anomaly_enabled,
    set_detect_anomaly,
)
from .backward import backward, grad
from .function import Function, Primitive
from .grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)
from .gradcheck import GradcheckError, gradcheck
from .tensor import Tensor
from .variable import Variable

__all__ = ["Function", "GradcheckError", "Primitive", "Tensor", "Variable", "backward",
           "detect_anomaly", "enable_grad", "grad", "gradcheck", "inference_mode",
           "is_anomaly_check_nan_enabled", "is_anomaly_enabled", "is_grad_enabled",
           "no_grad", "set_detect_anomaly", "set_grad_enabled"]
