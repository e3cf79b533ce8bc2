"""Non-linear activations, one file each; close relatives share one."""
from .celu import CELU
from .elu import ELU
from .gelu import GELU
from .glu import GLU
from .hardswish import Hardsigmoid, Hardswish
from .hardtanh import Hardtanh, ReLU6
from .leaky_relu import LeakyReLU
from .log_softmax import LogSoftmax
from .prelu import PReLU
from .relu import ReLU
from .rrelu import RReLU
from .selu import SELU
from .shrinkage import Hardshrink, Softshrink, Tanhshrink
from .sigmoid import Sigmoid
from .silu import Mish, SiLU
from .softmax import Softmax, Softmax2d, Softmin
from .softplus import LogSigmoid, Softplus
from .softsign import Softsign
from .tanh import Tanh
from .threshold import Threshold

__all__ = ["CELU", "ELU", "GELU", "GLU", "Hardshrink", "Hardsigmoid", "Hardswish",
           "Hardtanh", "LeakyReLU", "LogSigmoid", "LogSoftmax", "Mish", "PReLU", "RReLU",
           "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softmax", "Softmax2d", "Softmin",
           "Softplus", "Softshrink", "Softsign", "Tanh", "Tanhshrink", "Threshold"]
