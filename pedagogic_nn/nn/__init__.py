"""torch.nn's names.

Read the spine first: parameter, module, hooks, state_dict, containers, init.

The layers are in the folders, one file each; every one is exported by one line below.
"""
from . import init as init
from .containers import ModuleDict as ModuleDict
from .containers import ModuleList as ModuleList
from .containers import ParameterDict as ParameterDict
from .containers import ParameterList as ParameterList
from .containers import Sequential as Sequential
from .module import Module as Module
from .parameter import Parameter as Parameter

# ---- layers: one line each, by folder ------------------------------------------------
from .activation import LogSoftmax as LogSoftmax
from .activation import ReLU as ReLU
from .activation import Sigmoid as Sigmoid
from .activation import Tanh as Tanh
from .linear import Linear as Linear
from .losses import CrossEntropyLoss as CrossEntropyLoss
from .losses import L1Loss as L1Loss
from .recurrent import LSTMCell as LSTMCell
from .recurrent import RNNCell as RNNCell
from .vision import PixelShuffle as PixelShuffle
from .vision import PixelUnshuffle as PixelUnshuffle

# ---- the functional forms, after the layers that they stand beside -------------------
from . import functional as functional  # noqa: E402, I001
