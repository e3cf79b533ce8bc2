"""torch.nn.functional: the functional forms, gathered from beside their modules.

Here too the activations become methods of tensors, as in `x.tanh()`.
"""
from ..autograd.tensor import Tensor
from .activation.log_softmax import log_softmax
from .activation.relu import relu
from .activation.sigmoid import sigmoid
from .activation.tanh import tanh
from .linear.linear import linear
from .losses.cross_entropy import cross_entropy
from .losses.l1 import l1_loss
from .vision.pixel_shuffle import pixel_shuffle, pixel_unshuffle

__all__ = ["cross_entropy", "l1_loss", "linear", "log_softmax", "pixel_shuffle",
           "pixel_unshuffle", "relu", "sigmoid", "tanh"]

for _method in (log_softmax, relu, sigmoid, tanh):
    setattr(Tensor, _method.__name__, _method)
