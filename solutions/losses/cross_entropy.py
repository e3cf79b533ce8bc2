"""Cross entropy, written by hand.

Letters as in the chapter: N examples, C classes; z (N, C) are scores, t (N,) the right
classes. Losses come back as one number, gradients in the shape of the scores.

Grade it with `pytest exercises -k cross_entropy`.
"""

import numpy as np


def log_softmax(z):
    """z (N, C) → the logarithms of the softmax of each row (N, C), without overflow."""
    # BEGIN SOLUTION: take off each row's largest score, then log-sum-exp
    shifted = z - z.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    # END SOLUTION


def cross_entropy(z, t):
    """The mean of -log p over the batch, p being the probability of the right class."""
    # BEGIN SOLUTION: one entry of each row of log_softmax
    rows = np.arange(len(t))
    return -log_softmax(z)[rows, t].mean()
    # END SOLUTION


def cross_entropy_backward(dy, z, t):
    """dz (N, C), where dy is the gradient of the loss with respect to the mean."""
    # BEGIN SOLUTION: probabilities minus one-hot, then what the mean and dy do
    dz = np.exp(log_softmax(z))
    dz[np.arange(len(t)), t] -= 1.0
    return dy * dz / len(t)
    # END SOLUTION


def weighted_cross_entropy(z, t, w, ignore_index):
    """The weighted mean of -log p over the targets that are not `ignore_index`.

    w (C,) is the weight of each class. An ignored target may be any integer, and then it
    is no class at all.
    """
    # BEGIN SOLUTION: choose the rows that count; divide by the sum of their weights
    kept = t != ignore_index
    z, t = z[kept], t[kept]
    log_p = log_softmax(z)[np.arange(len(t)), t]
    return -(w[t] * log_p).sum() / w[t].sum()
    # END SOLUTION


def weighted_cross_entropy_backward(dy, z, t, w, ignore_index):
    """dz (N, C) of `weighted_cross_entropy`; rows of ignored targets are 0."""
    # BEGIN SOLUTION: p minus one-hot in the rows that count, each times its share
    kept = np.flatnonzero(t != ignore_index)
    classes = t[kept]
    p = np.exp(log_softmax(z[kept]))
    p[np.arange(len(kept)), classes] -= 1.0
    share = w[classes] / w[classes].sum()
    dz = np.zeros_like(z)
    dz[kept] = dy * share[:, None] * p
    return dz
    # END SOLUTION


def smoothed_cross_entropy(z, t, smoothing):
    """The mean over the batch, with targets smoothed over all C classes."""
    # BEGIN SOLUTION: the target row q, then -Σ q log p
    N, C = z.shape
    q = np.full((N, C), smoothing / C)
    q[np.arange(N), t] += 1.0 - smoothing
    return -(q * log_softmax(z)).sum() / N
    # END SOLUTION


def pixel_cross_entropy(z, t):
    """z (N, C, H, W), t (N, H, W) → the mean of -log p over all pixels."""
    # BEGIN SOLUTION: bring the class axis to the end, and pixels become rows
    rows = np.moveaxis(z, 1, -1).reshape(-1, z.shape[1])
    return cross_entropy(rows, t.reshape(-1))
    # END SOLUTION


def loss_and_gradient(z, t):
    """The mean loss and dz (N, C) together, fast: z has many rows and many classes."""
    # BEGIN SOLUTION: whole arrays, and exp of each score once
    rows = np.arange(len(t))
    s = z - z.max(axis=1)[:, None]
    dz = np.exp(s)
    total = dz.sum(axis=1)
    loss = (np.log(total) - s[rows, t]).mean()
    dz /= (total * len(t))[:, None]
    dz[rows, t] -= 1.0 / len(t)
    return loss, dz
    # END SOLUTION
