"""torch.optim.lr_scheduler: learning rates that change while training.

    base        LRScheduler, the count of epochs and checkpoints
    factors     schedules that multiply: steps, lines, powers, functions of yours
    cosine      along a half wave, with restarts or without
    plateau     when the loss no longer falls
    cycles      up and down, with the momentum the other way
    combined    schedules made of schedules
"""
from .base import LRScheduler
from .combined import ChainedScheduler, SequentialLR
from .cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from .cycles import CyclicLR, OneCycleLR
from .factors import (
    ConstantLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiplicativeLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from .plateau import ReduceLROnPlateau

__all__ = ["ChainedScheduler", "ConstantLR", "CosineAnnealingLR",
           "CosineAnnealingWarmRestarts", "CyclicLR", "ExponentialLR", "LRScheduler",
           "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR", "OneCycleLR",
           "PolynomialLR", "ReduceLROnPlateau", "SequentialLR", "StepLR"]

_LRScheduler = LRScheduler                       # its name until PyTorch 2.0
