"""Non-linear activations, one file each."""
from .log_softmax import LogSoftmax
from .relu import ReLU
from .sigmoid import Sigmoid
from .tanh import Tanh

__all__ = ["LogSoftmax", "ReLU", "Sigmoid", "Tanh"]
