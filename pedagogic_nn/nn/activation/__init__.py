"""Non-linear activations, one file each; close relatives share one."""
from .celu import CELU
from .elu import ELU
from .gelu import GELU
from .glu import GLU
from .hardtanh import Hardtanh, ReLU6
from .leaky_relu import LeakyReLU
from .log_softmax import LogSoftmax
from .prelu import PReLU
from .relu import ReLU
from .selu import SELU
from .shrinkage import Hardshrink, Softshrink, Tanhshrink
from .sigmoid import Sigmoid
from .silu import Mish, SiLU
from .softmax import Softmax, Softmax2d
from .softplus import LogSigmoid, Softplus
from .softsign import Softsign
from .tanh import Tanh
from .threshold import Threshold

__all__ = ["CELU", "ELU", "GELU", "GLU", "Hardshrink", "Hardtanh", "LeakyReLU",
           "LogSigmoid", "LogSoftmax", "Mish", "PReLU", "ReLU", "ReLU6", "SELU", "SiLU",
           "Sigmoid", "Softmax", "Softmax2d", "Softplus", "Softshrink", "Softsign",
           "Tanh", "Tanhshrink", "Threshold"]
