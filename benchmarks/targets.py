"""Families of rows, and how the ratio ours / PyTorch should be at most in each.

The first line whose patterns fit a row counts: one for its name, one for what is timed
and for its size.
"""

import re
from typing import NamedTuple

from .timing import Result


class Target(NamedTuple):
    """A line of the table."""

    family: str
    limit: float
    names: str
    whats: str = ""
    sizes: str = ""

    def fits(self, r: Result) -> bool:
        """Whether a row is meant."""
        return all(re.search(pattern, text) for pattern, text in (
            (self.names, r.name), (self.whats, r.what), (self.sizes, r.size)))


LOSSES, VISION, LSTM = "losses", "vision", "LSTM"
GATED, CELLS, CONV = "RNN and GRU", "cells, batch of one", "convolution"
LAYERS = "pooling, normalization, embedding, dropout, activations"
OPTIMIZERS, MODELS, OTHERS = "optimisers and clipping", "six models", "linear and other"

FAMILIES = (MODELS, LSTM, GATED, CELLS, CONV, LOSSES, VISION, LAYERS, OPTIMIZERS, OTHERS)

STEP, ONLY_FORWARD = "backward", "^forward$"
LAYER_NAMES = (
    r"^(Max|Avg|Adaptive\w+)Pool|Norm\b|Norm[12]d|^Embedding(Bag)?\b|^Dropout|^ReLU|ELU\b|"
    r"^Sigmoid|^Tanh|^SiLU|^Mish|^Soft(plus|sign|shrink|max)|^Log(Sigmoid|Softmax)|"
    r"^Hardtanh|^Threshold")

TARGETS = [
    Target(MODELS, 0.9, "^model"),
    Target(LOSSES, 0.75, "^NLLLoss2d|per pixel", STEP),
    Target(LOSSES, 0.35, "Loss", STEP),
    Target(LOSSES, 1.0, "Loss"),
    Target(VISION, 0.45, "Bilinear2d|^Upsample linear"),
    Target(VISION, 0.25, "Pixel(Uns|S)huffle|Nearest2d"),
    Target(CELLS, 0.9, r"Cell\b|x1x\d+→"),
    *(Target(family, limit, rf"^({kinds}) {words}", STEP)
      for family, kinds in ((LSTM, "LSTM"), (GATED, "RNN|GRU"))
      for words, limit in (("packed", 0.4), ("2 layers", 0.8))),
    *(Target(family, limit, rf"^({kinds}) .*→{units}$", STEP)
      for family, kinds, limits in ((LSTM, "LSTM", (0.25, 0.8, 0.9, 0.97)),
                                    (GATED, "RNN|GRU", (0.1, 0.35, 0.7, 0.85)))
      for units, limit in zip((32, 128, 256, 1024), limits)),
    Target(LSTM, 1.0, "^LSTM"),
    Target(GATED, 1.0, "^(RNN|GRU)"),
    Target(CONV, 0.8, r"^Conv2d (ESPCN2|ResNet \d+)$", ONLY_FORWARD),
    Target(CONV, 1.0, "^Conv"),
    Target(OPTIMIZERS, 0.95, r"\(fused\)"),
    Target(OPTIMIZERS, 0.3, "^(Adam|SGD|RMSprop|Adagrad|Adadelta|clip_grad)"),
    Target(LAYERS, 1.05, LAYER_NAMES, sizes="large"),
    Target(LAYERS, 0.7, LAYER_NAMES),
    Target(OTHERS, 1.0, ""),
]

MEAN_OF_MODELS = 0.5                                   # the geometric mean of the six


def target_of(r: Result) -> Target:
    """The line of the table that counts for a row."""
    return next(t for t in TARGETS if t.fits(r))
