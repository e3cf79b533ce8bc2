"""Losses over rows of scores or of features."""
import itertools
import math

import numpy as np

from ..recorder import sample
from .grid import DTYPES, REDUCTIONS, classes, distribution, layer, signs

OLD = ({"size_average": False}, {"size_average": True}, {"reduce": False},
       {"reduction": "average"})
WEIGHT = np.array([0.5, 2.0, 1.0, 0.25], np.float32)
INF, NAN = math.inf, math.nan


def programs():
    for dtype, reduction in itertools.product(DTYPES, REDUCTIONS):
        options = dict(dtype=dtype, reduction=reduction)
        yield from nll(options)
        yield from multi_margin(options)
        yield from multi_label(options)
        yield from cosine(options)
        yield from triplet(options)
        yield from ctc(options)
        yield from cross_entropy(options)
    yield from old_spellings()
    yield from extreme_scores()
    yield from extreme_features()
    yield from wrong_classes()
    yield from wrong_features()
    yield from wrong_sequences()


def nll(options):
    for shape, weight, ignore in itertools.product(
            [(3, 4), (1, 4), (0, 4), (2, 4, 3), (1, 4, 2, 2), (2, 4, 0)],
            (None, WEIGHT), (-100, 1)):
        t = classes(shape[0], *shape[2:], n=4)
        yield layer("NLLLoss", (), sample(*shape), t, weight=weight, ignore_index=ignore,
                    **options)
    yield layer("NLLLoss", (), sample(4), np.array(2), **options)
    yield layer("NLLLoss", (), sample(3, 4), np.full(3, -100), note="all ignored",
                **options)
    yield layer("NLLLoss", (), sample(3, 4), classes(3, n=4), weight=0 * WEIGHT,
                note="no weight", **options)
    yield layer("NLLLoss", (), sample(3, 4), classes(3, n=4).astype(np.uint8), **options)
    yield layer("NLLLoss2d", (), sample(2, 4, 2, 1), classes(2, 2, 1, n=4),
                weight=WEIGHT, **options)


def multi_margin(options):
    for p, margin, weight, shape in itertools.product(
            (1, 2), (1.0, 0.3, -0.5), (None, WEIGHT), [(3, 4), (1, 4)]):
        yield layer("MultiMarginLoss", (), sample(*shape), classes(shape[0], n=4), p=p,
                    margin=margin, weight=weight, **options)
    yield layer("MultiMarginLoss", (), sample(4), np.array(2), **options)
    yield layer("MultiMarginLoss", (), sample(4), np.array([2]), **options)
    yield layer("MultiMarginLoss", (), sample(1, 4), np.array(2), **options)
    yield layer("MultiMarginLoss", (), sample(), np.array(0), **options)
    yield layer("MultiMarginLoss", (), sample(2, 1), np.array([0, 0]), **options)


def multi_label(options):
    lists = [[3, 0, -1, 1], [-1, 2, 1, 0], [0, 1, 2, 3], [2, 2, -1, -1], [0, -1, -1, -1]]
    yield layer("MultiLabelMarginLoss", (), sample(5, 4), np.array(lists), **options)
    for row in lists:
        yield layer("MultiLabelMarginLoss", (), sample(4), np.array(row), note=str(row),
                    **options)
    yield layer("MultiLabelMarginLoss", (), sample(), np.array(0), **options)
    for shape, weight in itertools.product(
            [(3, 4), (1, 4), (4,), (0, 4), (2, 0), (2, 3, 4)], (None, WEIGHT)):
        if weight is None or shape[-1] == 4:
            yield layer("MultiLabelSoftMarginLoss", (), sample(*shape),
                        sample(*shape, low=0, high=1, seed=1), weight=weight, **options)
    for one, two in [((2, 4), (4,)), ((4,), (2, 4)), ((2, 1), (2, 4)), ((1, 4), (3, 4))]:
        yield layer("MultiLabelSoftMarginLoss", (), sample(*one), sample(*two, seed=1),
                    **options)
    yield layer("MultiLabelSoftMarginLoss", (), sample(2, 4), sample(2, 4, seed=1),
                weight=sample(2, 1), **options)
    yield layer("MultiLabelSoftMarginLoss", (), sample(2, 4), classes(2, 4, n=2),
                **options)


def cosine(options):
    for shape, margin in itertools.product([(4, 3), (1, 3), (0, 3), (2, 0)], (0.0, 0.4)):
        yield layer("CosineEmbeddingLoss", (), sample(*shape), sample(*shape, seed=1),
                    signs(shape[0]).astype(np.int64), margin=margin, **options)
    for one, two, y in [((3,), (3,), ()), ((1, 3), (2, 3), (2,)),
                        ((2, 3), (2, 3), (1,)), ((1, 3), (1, 3), (2,))]:
        yield layer("CosineEmbeddingLoss", (), sample(*one), sample(*two, seed=1),
                    signs(*y).astype(np.int64), **options)
    yield layer("CosineEmbeddingLoss", (), sample(3, 2), sample(3, 2, seed=1),
                np.array([0, 2, -1]), **options)


def triplet(options):
    for p, swap, margin in itertools.product(
            (1, 2, 3, 1.5, 0.5, INF, -1, -INF), (False, True), (1.0, 3.0)):
        yield layer("TripletMarginLoss", (), *triple((4, 3)), p=p, swap=swap,
                    margin=margin, **options)
    for shape in [(3,), (1, 3), (0, 3), (2, 0), (2, 2, 3), ()]:
        yield layer("TripletMarginLoss", (), *triple(shape), **options)
    for shapes in itertools.product([(1, 3), (2, 3)], repeat=3):
        yield layer("TripletMarginLoss", (),
                    *[sample(*s, seed=k) for k, s in enumerate(shapes)], swap=True,
                    **options)
    one = sample(2, 3)
    for p in (1, 2, 1.5, 3, INF):
        yield layer("TripletMarginLoss", (), one, one, one, p=p, eps=0.0, swap=True,
                    note="equal", **options)
    yield layer("TripletMarginLoss", (), one, one, sample(2, 3, seed=1), swap=True,
                note="equal distances", **options)


def triple(shape):
    return [sample(*shape, seed=k) for k in range(3)]


LABELS = np.array([[1, 2, 2], [3, 1, 0], [2, 0, 0]])


def ctc(options):
    def scores(*shape, seed=0):
        x = sample(*shape, seed=seed)
        return x - np.log(np.exp(x).sum(-1, keepdims=True))
    for steps, lengths, blank, zero in itertools.product(
            [(6, 5, 4), (6, 6, 6), (3, 2, 0)], [(3, 2, 1), (0, 2, 0), (1, 1, 1)], (0, 3),
            (False, True)):
        labels = np.where(LABELS == blank, 3 - blank, LABELS)
        yield layer("CTCLoss", (), scores(6, 3, 4), blank=blank, zero_infinity=zero,
                    call=spelled(labels, steps, lengths), note=f"{steps} {lengths}",
                    **options)
    rows = np.array([1, 2, 2, 3, 1, 2])
    yield layer("CTCLoss", (), scores(6, 3, 4), call=spelled(rows, (6, 5, 4), (3, 2, 1)),
                note="one row", **options)
    yield layer("CTCLoss", (), sample(6, 3, 4), note="not normalised",
                call=spelled(LABELS, (6, 5, 4), (3, 2, 1)), **options)
    yield layer("CTCLoss", (), scores(1, 1, 2), call=spelled(LABELS[:1, :1], (1,), (1,)),
                note="one step", **options)
    yield layer("CTCLoss", (), scores(6, 4), call=spelled(LABELS[0], (6,), (3,)),
                note="alone", **options)
    yield layer("CTCLoss", (), scores(6, 4), note="alone, lengths ()", call=spelled(
        LABELS[0], np.array(6), np.array(3)), **options)
    yield layer("CTCLoss", (), scores(6, 3, 4), note="lengths are tensors", call=spelled(
        LABELS.astype(np.int32), np.array([6, 5, 4]), np.array([3, 2, 1], np.int32)),
        **options)


def spelled(labels, steps, lengths):
    """Call a CTCLoss with these labels and lengths, arrays as tensors."""
    def call(loss, x):
        import sys
        torch = sys.modules[type(x).__module__.partition(".")[0]]
        return loss(x, *[torch.from_numpy(a) if isinstance(a, np.ndarray) else a
                         for a in (labels, steps, lengths)])
    return call


def cross_entropy(options):
    """What losses.py leaves out: pixels, odd shapes, gradients of probabilities."""
    for smoothing, weight in itertools.product((0.0, 0.2), (None, WEIGHT)):
        for shape in [(1, 4, 2, 2), (0, 4), (2, 4, 0), (0, 4, 2)]:
            t = classes(shape[0], *shape[2:], n=4)
            yield layer("CrossEntropyLoss", (), sample(*shape), t, weight=weight,
                        label_smoothing=smoothing, ignore_index=1, **options)
            yield layer("CrossEntropyLoss", (), sample(*shape),
                        distribution(*shape, seed=1), weight=weight,
                        label_smoothing=smoothing, note="probabilities", **options)
        yield layer("CrossEntropyLoss", (), sample(4), distribution(1, 4, seed=1)[0],
                    weight=weight, label_smoothing=smoothing, **options)
    for shape, smoothing in itertools.product([(3, 4), (1, 4, 2)], (0.0, 0.1)):
        ignored = np.full((shape[0], *shape[2:]), -100)
        yield layer("CrossEntropyLoss", (), sample(*shape), ignored,
                    label_smoothing=smoothing, note="all ignored", **options)
    yield layer("CrossEntropyLoss", (), sample(3, 4), classes(3, n=4), weight=0 * WEIGHT,
                note="no weight", **options)


# ---- old spellings, extreme values ---------------------------------------------------


def old_spellings():
    features = sample(3, 4), sample(3, 4, seed=1)
    for old in OLD:
        yield layer("NLLLoss", (), features[0], classes(3, n=4), **old)
        yield layer("NLLLoss2d", (), sample(1, 2, 2, 1), classes(1, 2, 1, n=2), **old)
        yield layer("MultiMarginLoss", (), features[0], classes(3, n=4), **old)
        yield layer("MultiLabelMarginLoss", (), features[0], LABELS[:, [0, 1, 2, 0]],
                    **old)
        yield layer("MultiLabelSoftMarginLoss", (), *features, **old)
        yield layer("CosineEmbeddingLoss", (), *features, np.array([1, -1, 1]), **old)
        yield layer("TripletMarginLoss", (), *features, features[1] * 2, **old)


def extreme_scores():
    far = np.array([[1e4, -1e4, 0, 90, -90], [INF, 0, 1, -INF, 2], [-INF, 0, 1, 2, INF],
                    [0, NAN, 1, -INF, INF], [NAN, 1, 2, 3, 4], [-INF] * 5], np.float32)
    for t in range(5):
        target = np.full(6, t)
        for p in (1, 2):
            yield layer("MultiMarginLoss", (), far, target, p=p, reduction="none",
                        note=f"class {t}")
        yield layer("NLLLoss", (), far, target, reduction="none", note=f"class {t}")
        yield layer("CrossEntropyLoss", (), far, target, reduction="none",
                    note=f"class {t}")
        yield layer("CrossEntropyLoss", (), far[:, :, None], target[:, None],
                    reduction="none", note=f"pixels of class {t}")
        yield layer("MultiLabelMarginLoss", (), far, np.tile([t, 1, -1, 0, 0], (6, 1)),
                    reduction="none", note=f"class {t}")
        for y in (0, 0.3, 1):
            yield layer("MultiLabelSoftMarginLoss", (), far[:, t:t + 1],
                        np.full((6, 1), y, np.float32), reduction="none", note=f"{t} {y}")
    yield layer("NLLLoss", (), far, np.zeros(6, int), weight=np.zeros(5, np.float32),
                reduction="sum", note="no weight")
    yield layer("CrossEntropyLoss", (), far[:1], np.zeros(1, int), label_smoothing=0.1,
                note="far")
    for row in ([0, -1, -2, -INF], [-1e4, -1, 1e4, 0], [-1, NAN, -2, 0], [NAN, -1, 0, 0],
                [-1, -1, INF, 0]):
        x = np.array([[row], [[-1, -1, -1, 0]]], np.float32)
        for zero in (False, True):
            yield layer("CTCLoss", (), x, zero_infinity=zero, note=f"{row}",
                        call=spelled(np.array([[2]]), (2,), (1,)))


def extreme_features():
    u = np.array([[1e4, 1], [0, 0], [1e-7, 0], [1e20, 1], [INF, 1], [NAN, 1]], np.float32)
    v = np.array([[1e4, 1], [0, 0], [0, 1e-7], [1, 1], [1, 1], [1, 1]], np.float32)
    for y in (1, -1, 0):
        yield layer("CosineEmbeddingLoss", (), u, v, np.full(6, y), reduction="none",
                    note=f"target {y}")
    yield layer("CosineEmbeddingLoss", (), np.eye(2, dtype=np.float32),
                np.eye(2, dtype=np.float32)[::-1].copy(), np.array([-1, -1]),
                note="at the margin")
    for p in (1, 2, INF):
        yield layer("TripletMarginLoss", (), u, v, v[::-1].copy(), p=p, reduction="none",
                    note="far")
    a, b, c = (np.array([[float(k)]], np.float32) for k in range(3))
    yield layer("TripletMarginLoss", (), a, b, c, eps=0.0, note="at the margin")


# ---- what is refused -----------------------------------------------------------------


def wrong_classes():
    x, t = sample(3, 4), classes(3, n=4)
    far, back = np.array([0, 4, 1]), np.array([0, -1, 1])
    for name in ("NLLLoss", "CrossEntropyLoss", "MultiMarginLoss"):
        for target in (far, back, t[:2], t[:0], t[:, None], np.zeros((3, 4), int), t[0],
                       t.astype(np.int32), t.astype(np.float32), t > 1):
            ends = target.min(initial=0), target.max(initial=0)
            yield layer(name, (), x, target, note=f"{target.dtype} {ends}")
        yield layer(name, (), x.astype(int), t, note="whole numbers")
        yield layer(name, (), x[:, :0], t, note="no classes")
        yield layer(name, (), sample(4), t[:2], note="too many")
        yield layer(name, (), sample(4), np.array(4), note="no class")
        for weight in (WEIGHT[:3], np.ones((2, 2), np.float32), WEIGHT.tolist()):
            yield layer(name, (), x, t, weight=weight, note="weight")
        for target in (classes(2, 2, n=4), classes(1, 3, n=4), classes(2, 3, 1, n=4)):
            yield layer(name, (), sample(2, 4, 3), target, note="pictures")
        yield layer(name, (), sample(2, 4, 3, 2), classes(2, 3, 3, n=4))
        yield layer(name, (), sample(2, 4, 3, 2), np.full((2, 3, 2), 5))
    yield layer("NLLLoss", (), sample(), np.array(0))
    yield layer("CrossEntropyLoss", (), x, distribution(3, 4), ignore_index=1)
    yield layer("CrossEntropyLoss", (), x, distribution(3, 4), weight=WEIGHT[:3])
    yield layer("CrossEntropyLoss", (), x, distribution(3, 4)[:, :3])
    yield layer("CrossEntropyLoss", (), x, t, label_smoothing=1.5)
    yield layer("MultiMarginLoss", (), x, t, p=3)
    for y in ([[0, 4, -1, 0]], [[0, -1, 9, 0]], [[0, -2, 1, 0]], [0, 1, 2, 3],
              [[0, 1, 2]]):
        yield layer("MultiLabelMarginLoss", (), x[:1], np.array(y), note=str(y))
    yield layer("MultiLabelMarginLoss", (), sample(2, 3, 4), classes(2, 3, 4, n=4))
    yield layer("MultiLabelMarginLoss", (), x, classes(3, 4, n=4).astype(np.float32))
    yield layer("MultiLabelMarginLoss", (), x[:, :0], classes(3, 0, n=4))
    yield layer("MultiLabelSoftMarginLoss", (), x, x[:, :3])
    yield layer("MultiLabelSoftMarginLoss", (), x, x > 0, note="bool")
    yield layer("MultiLabelSoftMarginLoss", (), x, x, weight=WEIGHT[:3])
    yield layer("MultiLabelSoftMarginLoss", (), x.astype(int), x, note="whole numbers")
    yield layer("MultiLabelSoftMarginLoss", (), sample(), sample())


def wrong_features():
    x, y = sample(3, 4), np.array([1, -1, 1])
    for one, two, target in [
            (x, x[:, :3], y), (x, x[0], y), (x, x, y[0]), (x[0], x[0], y[:1]),
            (x[0, 0], x[0, 0], y[0]), (x, x, y[:2]), (x[None], x[None], y[None])]:
        yield layer("CosineEmbeddingLoss", (), one, two, target)
    yield layer("CosineEmbeddingLoss", (), x.astype(int), x.astype(int) + 1, y)
    for a, p, n in [(x, x[:, :3], x), (x, x[0], x), (x, x, x[:2])]:
        yield layer("TripletMarginLoss", (), a, p, n)
    yield layer("TripletMarginLoss", (), x, x, x, margin=0.0)
    yield layer("TripletMarginLoss", (), x[:, :0], x[:, :0], x[:, :0], p=INF)
    whole = x.astype(int)
    yield layer("TripletMarginLoss", (), 4 * whole, whole, whole)


def wrong_sequences():
    x, fine, lengths = sample(6, 3, 4), (6, 5, 4), (3, 2, 1)
    row = np.array([1, 2, 2, 3, 1, 2])
    for k, (labels, steps, many) in enumerate([
            (LABELS, (7, 5, 4), lengths), (LABELS, (-1, 5, 4), lengths),
            (LABELS, (6, 5), lengths), (LABELS, fine, (3, 2)), (LABELS, fine, (4, 2, 1)),
            (LABELS, fine, (-1, 2, 1)), (LABELS[:2], fine, lengths),
            (LABELS[None], fine, lengths), (row[:5], fine, lengths),
            (row[[0, 1, 2, 3, 4, 5, 5]], fine, lengths),
            (LABELS, np.array([6.0, 5, 4]), np.array(lengths)),
            (LABELS, (6.0, 5.0, 4.0), lengths), (LABELS, 6, 3)]):
        yield layer("CTCLoss", (), x, call=spelled(labels, steps, many), note=f"{k}")
    for blank in (-1, 4):
        yield layer("CTCLoss", (), x, call=spelled(LABELS, fine, lengths), blank=blank)
    for shape in [(4,), (1, 6, 3, 4), (6, 0, 4), (0, 3, 4), (6, 3, 0)]:
        yield layer("CTCLoss", (), sample(*shape), call=spelled(LABELS, fine, lengths))
    yield layer("CTCLoss", (), x.astype(int), call=spelled(LABELS, fine, lengths),
                note="whole numbers")
