"""Cross entropy, written by hand.

Letters as in the chapter: N examples, C classes; z (N, C) are scores, t (N,) the right
classes. Losses come back as one number, gradients in the shape of the scores.

Grade it with `pytest exercises -k cross_entropy`.
"""

import numpy as np


def log_softmax(z):
    """z (N, C) → the logarithms of the softmax of each row (N, C), without overflow."""
    # TODO: take off each row's largest score, then log-sum-exp
    raise NotImplementedError("log_softmax is still to be written")


def cross_entropy(z, t):
    """The mean of -log p over the batch, p being the probability of the right class."""
    # TODO: one entry of each row of log_softmax
    raise NotImplementedError("cross_entropy is still to be written")


def cross_entropy_backward(dy, z, t):
    """dz (N, C), where dy is the gradient of the loss with respect to the mean."""
    # TODO: probabilities minus one-hot, then what the mean and dy do
    raise NotImplementedError("cross_entropy_backward is still to be written")


def weighted_cross_entropy(z, t, w, ignore_index):
    """The weighted mean of -log p over the targets that are not `ignore_index`.

    w (C,) is the weight of each class. An ignored target may be any integer, and then it
    is no class at all.
    """
    # TODO: choose the rows that count; divide by the sum of their weights
    raise NotImplementedError("weighted_cross_entropy is still to be written")


def weighted_cross_entropy_backward(dy, z, t, w, ignore_index):
    """dz (N, C) of `weighted_cross_entropy`; rows of ignored targets are 0."""
    # TODO: p minus one-hot in the rows that count, each times its share
    raise NotImplementedError("weighted_cross_entropy_backward is still to be written")


def smoothed_cross_entropy(z, t, smoothing):
    """The mean over the batch, with targets smoothed over all C classes."""
    # TODO: the target row q, then -Σ q log p
    raise NotImplementedError("smoothed_cross_entropy is still to be written")


def pixel_cross_entropy(z, t):
    """z (N, C, H, W), t (N, H, W) → the mean of -log p over all pixels."""
    # TODO: bring the class axis to the end, and pixels become rows
    raise NotImplementedError("pixel_cross_entropy is still to be written")


def loss_and_gradient(z, t):
    """The mean loss and dz (N, C) together, fast: z has many rows and many classes."""
    # TODO: whole arrays, and exp of each score once
    raise NotImplementedError("loss_and_gradient is still to be written")
