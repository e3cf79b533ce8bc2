"""Exercise 6.1: cross entropy, from log-softmax to the gradient of a weighted mean."""

import math

import numpy as np

from exercises.grading import Exercise, Race, call, gradients, part


def scores(rng, N=5, C=4):
    return {"z": 3 * rng.standard_normal((N, C))}


def huge_scores(rng):
    return {"z": np.array([[1e4, 0.0, -1e4], [-1e4, -1e4, -1e4], [800.0, 801.0, 0.0]])}


def rows_far_apart(rng):
    return {"z": rng.standard_normal((3, 4)) + np.array([[900.0], [0.0], [-900.0]])}


def batch(rng, N=5, C=4):
    return {**scores(rng, N, C), "t": rng.integers(0, C, N)}


def sure_and_wrong(rng):
    z = np.array([[1e4, 0.0, -1e4], [0.0, 0.0, 1e3]])
    return {"z": z, "t": np.array([1, 0])}


def weighted_batch(rng, N=6, C=4, ignored=-100):
    """The first target counts, the second is ignored if there is one."""
    inputs = batch(rng, N, C)
    t = inputs["t"]
    t[t == ignored] = (ignored + 1) % C
    if N > 1:
        t[1] = ignored
    w = rng.uniform(0.5, 3.0, C)
    return {**inputs, "w": w, "ignore_index": ignored}


def smoothed_batch(rng, N=5, C=4, smoothing=0.1):
    return {**batch(rng, N, C), "smoothing": smoothing}


def sure_and_smoothed(rng):
    return {**sure_and_wrong(rng), "smoothing": 0.2}


def images(rng, N=3, C=4, H=5, W=2):
    z = 3 * rng.standard_normal((N, C, H, W))
    return {"z": z, "t": rng.integers(0, C, (N, H, W))}


def with_dy(inputs):
    """Put the gradient of the loss before the arguments of the forward function."""
    def both(rng, N=5, **sizes):
        return {"dy": float(rng.uniform(0.5, 2.0)), **inputs(rng, N=N, **sizes)}
    return both


def plain_loss_and_gradient(z, t):
    """Loss and gradient with nothing but loops: the ones that yours is timed against."""
    N, C = z.shape
    total, dz = 0.0, np.zeros((N, C))
    for n, row in enumerate(z.tolist()):
        top = row[0]
        for value in row:
            if value > top:
                top = value
        s = 0.0
        for value in row:
            s += math.exp(value - top)
        log_sum = top + math.log(s)
        total += log_sum - row[t[n]]
        for j in range(C):
            dz[n, j] = (math.exp(row[j] - log_sum) - (j == t[n])) / N
    return total / N, dz


def many_classes(rng, N=200, C=250):
    return batch(rng, N, C)


race = Race("loss_and_gradient", many_classes, plain_loss_and_gradient,
            returns=("the loss", "dz"))
one_row = ({"N": 1}, {"N": 1, "C": 1})
elsewhere = ({"ignored": -1}, {"ignored": 2}, {"N": 1, "C": 3})

exercise = Exercise(
    "6.1", "Cross entropy",
    part("a", 2, "log-softmax without overflow", section="“What goes wrong”",
         checks=call("log_softmax", scores, returns="log p", overflow=False,
                     large=(huge_scores, rows_far_apart), also=({"N": 1, "C": 1},)),
         hints="""
             Write log(e^z / Σ e^z) as a difference of two terms: one of them needs no exp
             at all.

             exp overflows above 709. The softmax of a row stays the same if one number is
             taken off all of its scores: which number makes every exponent at most 0?

             Let s = z - z.max(axis=1, keepdims=True). The answer is s minus the logarithm
             of np.exp(s).sum(axis=1, keepdims=True).
         """),
    part("b", 1, "the mean loss", section="“Formula with shapes”", needs="a",
         checks=call("cross_entropy", batch, returns="the loss", batch=None,
                     also=one_row, large=sure_and_wrong),
         hints="""
             log_softmax gives (N, C) numbers, and the loss needs N of them: one from each
             row.

             a[np.arange(N), t] takes entry t[n] from row n. Logarithms of probabilities
             are negative, a loss is not.

             Return -log_softmax(z)[np.arange(len(t)), t].mean().
         """),
    part("c", 2, "its gradient", section="“The gradient”", needs="b",
         checks=gradients("cross_entropy_backward", with_dy(batch), of="cross_entropy",
                          wrt=("z",), upstream=("dy",), returns="dz", batch=None,
                          also=one_row),
         hints="""
             For one row the gradient is p minus one-hot: the probabilities, with 1 taken
             off at the right class.

             The mean divides each row's gradient by N. Then the chain rule multiplies by
             dy.

             Start from dz = np.exp(log_softmax(z)), subtract 1 at [np.arange(N), t], and
             return dy * dz / N.
         """),
    part("d", 2, "weights and ignored targets", needs="b",
         section="“Weights, and what a mean divides by”",
         checks=call("weighted_cross_entropy", weighted_batch, returns="the loss",
                     batch=None, also=elsewhere),
         hints="""
             An ignored target such as -100 is no index: w[t] and log_p[n, t] must not
             see it, or must not count it.

             Keep the rows with t != ignore_index first. Then each loss is multiplied by
             w[t].

             After kept = t != ignore_index, z = z[kept] and t = t[kept], return
             (w[t] * losses).sum() / w[t].sum().
         """),
    part("e", 2, "the gradient of that", needs="cd",
         section="“Weights, and what a mean divides by”",
         checks=gradients("weighted_cross_entropy_backward", with_dy(weighted_batch),
                          of="weighted_cross_entropy", wrt=("z",), upstream=("dy",),
                          returns="dz", batch=None, also=elsewhere),
         hints="""
             The weighted mean is a sum of losses, each times a fixed share. What is the
             share of row n?

             The share is w[t[n]] / Σ w[t] over the rows that count, and it multiplies the
             row's p minus one-hot. Rows that are ignored have share 0.

             Make dz = np.zeros_like(z); compute dy * share[:, None] * (p - onehot) for
             the kept rows and write it to dz[kept].
         """),
    part("f", 1, "label smoothing", section="“Label smoothing”", needs="a",
         checks=call("smoothed_cross_entropy", smoothed_batch, returns="the loss",
                     batch=None, large=sure_and_smoothed,
                     also=({"smoothing": 0.0}, {"smoothing": 1.0}, {"N": 1, "C": 3})),
         hints="""
             The target of a row is no longer one class but C numbers that sum to 1.

             Every class gets smoothing / C, and the right class 1 - smoothing on top of
             that.

             With q (N, C) made so, the loss is -(q * log_softmax(z)).sum() / N.
         """),
    part("g", 1, "a class for each pixel", needs="b",
         section="“Probability targets, more axes, reductions”",
         checks=call("pixel_cross_entropy", images, returns="the loss", batch=None,
                     also=({"N": 1}, {"C": 3, "H": 1, "W": 4})),
         hints="""
             Each pixel is a row of C scores. Where do these C numbers lie in
             (N, C, H, W)?

             A reshape alone would mix pixels and classes. Move axis 1 to the end first;
             then the order of pixels is that of t.

             rows = np.moveaxis(z, 1, -1).reshape(-1, C), and cross_entropy(rows,
             t.reshape(-1)).
         """),
    *(part(letter, 1, f"{times} times as fast as loops", section="“Speed”", needs="c",
           checks=[call("loss_and_gradient", batch, returns=("the loss", "dz"),
                        batch=None, also=one_row, large=sure_and_wrong),
                   race.faster_than(times)],
           hints="""
               Both results need the same exponentials. Which array holds what the loss
               and the gradient share?

               No Python loop over rows or classes: whole-array operations, and exp of the
               (N, C) array once.

               With s = z - max, e = exp(s) and its row sums: the loss is the mean of
               log(sum) - s[rows, t], and dz is e / sum / N, less 1 / N at the right
               class.
           """)
      for letter, times in zip("hij", (2, 5, 10))),
)
