"""Optimisers: how parameters follow their gradients."""
from .optimizer import Optimizer
from .sgd import SGD
from .rmsprop import RMSprop
from .adagrad import Adagrad
from .adadelta import Adadelta
from .adam import Adam, AdamW
from . import lr_scheduler
