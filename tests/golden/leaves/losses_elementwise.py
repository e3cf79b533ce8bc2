"""Losses that compare element by element: values and the gradients of both sides."""
import itertools

import numpy as np

from ..recorder import sample
from .grid import DTYPES, REDUCTIONS, layer, run, signs

SHAPES = [(), (1,), (5,), (2, 3), (0, 3), (2, 1, 3)]
OLD = ({"size_average": False}, {"size_average": True}, {"reduce": False})
INF, NAN = np.inf, np.nan


def counts(*shape, seed=0):
    """0 … 4, as real numbers."""
    return np.random.RandomState(seed).randint(0, 5, shape).astype(np.float32)


def probabilities(*shape, seed=0):
    return sample(*shape, low=0.05, high=0.95, seed=seed)


def pair(name, *shape):
    """What a loss compares, for an array of this shape."""
    x, y = sample(*shape), sample(*shape, seed=1)
    if name == "BCELoss":
        return probabilities(*shape), probabilities(*shape, seed=1)
    if name == "BCEWithLogitsLoss":
        return x, probabilities(*shape, seed=1)
    if name == "KLDivLoss":
        return -np.abs(x), probabilities(*shape, seed=1)
    if name in ("SoftMarginLoss", "HingeEmbeddingLoss"):
        return x, signs(*shape, seed=1)
    if name == "MarginRankingLoss":
        return x, y, signs(*shape, seed=2)
    if name == "PoissonNLLLoss":
        return probabilities(*shape), counts(*shape, seed=1)
    if name == "GaussianNLLLoss":
        return x, y, probabilities(*shape, seed=2)
    return x, y


ARGUMENTS = {
    "MSELoss": [{}],
    "SmoothL1Loss": [{}, {"beta": 0.5}, {"beta": 0.0}, {"beta": 3}],
    "HuberLoss": [{}, {"delta": 0.5}, {"delta": 3}],
    "BCELoss": [{}],
    "BCEWithLogitsLoss": [{}],
    "KLDivLoss": [{}, {"log_target": True}],
    "SoftMarginLoss": [{}],
    "HingeEmbeddingLoss": [{}, {"margin": 0.25}, {"margin": -1}],
    "MarginRankingLoss": [{}, {"margin": 0.5}, {"margin": -1.0}],
    "PoissonNLLLoss": [
        {"log_input": log_input, "full": full, "eps": eps} for log_input, full, eps in
        itertools.product((True, False), (True, False), (1e-8, 0.5))],
    "GaussianNLLLoss": [{}, {"full": True}, {"eps": 0.4}],
}

# Arguments (left and right) at the ends of what floating point can say.
EXTREME = {
    "MSELoss": ([NAN, INF, -INF, INF, 1e30, 1, -1, 0, -0.0],
                [0, 0, 0, INF, -1e30, 0, 0, 0, 0]),
    "SmoothL1Loss": ([NAN, INF, -INF, INF, 1e4, 1, -1, 0, -0.0],
                     [0, 0, 0, INF, -1e4, 0, 0, 0, 0]),
    "HuberLoss": ([NAN, INF, -INF, INF, 1e4, 1, -1, 0, -0.0],
                  [0, 0, 0, INF, -1e4, 0, 0, 0, 0]),
    "BCELoss": ([0, 1, 0, 1, 0.25, 0.75, 0, 1], [0, 1, 1, 0, 0, 1, 0.5, 0.5]),
    "BCEWithLogitsLoss": ([1e4, -1e4, 1e4, -1e4, INF, INF, -INF, NAN, 0.5, 0],
                          [0, 0, 1, 1, 0, 1, 0, 0, NAN, 0.5]),
    "KLDivLoss": ([0, -INF, -INF, NAN, 1, -1, INF, 2, -1e4],
                  [0, 0, 0.5, 0.5, -1, NAN, 0, INF, 1e-30]),
    "KLDivLoss log_target": ([0, -INF, -INF, NAN, 1, -1, INF, 0],
                             [-INF, -INF, 0.5, 0.5, -1, NAN, 0, -200]),
    "SoftMarginLoss": ([0, 1e4, -50, INF, NAN, 50, 3, 3], [1, 1, 1, 1, 1, -1, 0, NAN]),
    "HingeEmbeddingLoss": (
        [0, 1, 1, 2, -2, 0.5, 0.5, 0.5, NAN, NAN, INF, -INF, INF, -INF, 1.5],
        [1, 1, -1, -1, -1, 0, 2, NAN, 1, -1, 1, 1, -1, -1, 0]),
    "MarginRankingLoss": (
        [0, 1, 1, 2, -2, 0.5, 0.5, NAN, INF, INF, 0],
        [0, 0, 2, 2, -1, 0, 0.5, 0, INF, 0, -0.0],
        [1, 1, 1, -1, -1, -1, 0, 1, 1, -1, -1]),
    "PoissonNLLLoss": ([0, 80, -80, -INF, NAN, 1, 1, 1, 1, 2],
                       [1, 0, 2, 2, 1, NAN, 0.5, -1, 1, 5]),
    "GaussianNLLLoss": ([0, 1, 2, 1e4, INF, NAN, 1], [1, 1, 0, 0, 0, 0, 0],
                        [1, 0, 1e-7, 2, 1, 1, NAN]),
}


def programs():
    for name, choices in ARGUMENTS.items():
        for dtype, reduction, options in itertools.product(DTYPES, REDUCTIONS, choices):
            for shape in SHAPES if options == choices[0] else [(2, 3)]:
                yield loss(name, pair(name, *shape), reduction=reduction, dtype=dtype,
                           **options)
        for old in OLD if name not in ("HuberLoss", "GaussianNLLLoss") else ():
            yield loss(name, pair(name, 4), **old)
        yield f"{name} repr", lambda torch, name=name, options=choices[-1]: [
            repr(getattr(torch.nn, name)()), repr(getattr(torch.nn, name)(**options))]
    for name, dtype in itertools.product(EXTREME, DTYPES):
        yield extreme(name, dtype)
        if name == "PoissonNLLLoss":
            yield extreme(name, dtype, log_input=False)
            yield extreme(name, dtype, log_input=False, full=True)
    yield from weights()
    yield from stretched()
    yield from special()
    yield from wrong()


def loss(name, arrays, call=None, **options):
    """A program for a loss; SoftMarginLoss has no gradient for its target."""
    if name == "SoftMarginLoss":
        def call(module, x, y):
            return module(x, y.detach())
    return layer(name, (), *arrays, call=call, **options)


def extreme(name, dtype, **options):
    name, _, flag = name.partition(" ")
    if flag:
        options[flag] = True
    arrays = EXTREME[f"{name} {flag}".strip()]
    return loss(name, [np.array(a, np.float32) for a in arrays], reduction="none",
                dtype=dtype, note="extreme", **options)


def weights():
    """Weights of the binary cross entropies, and pos_weight."""
    some = np.array([0.5, 2.0, 3.0], np.float32)
    places = [some, np.array(2.0, np.float32), np.array([[0.5], [2]], np.float32),
              np.array([[0.5, 1, 2], [0, 3, 1]], np.float32)]
    for name in ("BCELoss", "BCEWithLogitsLoss"):
        x, y = pair(name, 2, 3)
        for reduction, dtype, w in itertools.product(REDUCTIONS, DTYPES, places):
            yield loss(name, (x, y), weight=w, reduction=reduction, dtype=dtype)
            if name == "BCEWithLogitsLoss":
                yield loss(name, (x, y), pos_weight=w, reduction=reduction, dtype=dtype)
                yield loss(name, (x, y), weight=w, pos_weight=some, reduction=reduction,
                           dtype=dtype)
        yield (f"{name} state", lambda torch, name=name: list(getattr(torch.nn, name)(
            weight=torch.ones(3)).state_dict()))
    yield "BCEWithLogitsLoss full state", lambda torch: list(torch.nn.BCEWithLogitsLoss(
        weight=torch.ones(3), pos_weight=torch.ones(3)).state_dict())
    for name, reduction, dtype in itertools.product(
            ("mse_loss", "l1_loss", "huber_loss"), REDUCTIONS, DTYPES):
        yield functional(name, sample(2, 3), sample(2, 3, seed=1),
                         weight=probabilities(2, 3), reduction=reduction, dtype=dtype)


def functional(name, *inputs, weight, dtype="float32", **options):
    """A function with weights that have gradients too."""
    def program(torch):
        def call(_, *tensors):
            *others, w = tensors
            return getattr(torch.nn.functional, name)(*others, weight=w, **options)
        return run(torch, torch.nn.L1Loss(), (*inputs, weight), dtype, call=call)
    return f"{name} weight {inputs[0].shape} {inputs[1].shape} {options} {dtype}", program


def stretched():
    """One side is stretched to the shape of the other."""
    shapes = [((2, 3), (3,)), ((3,), (2, 3)), ((2, 3), (2, 1)), ((2, 1), (1, 3)),
              ((2, 3), ()), ((), (2,))]
    quiet = {"KLDivLoss": ("sum", "none"), "HingeEmbeddingLoss": REDUCTIONS,
             "PoissonNLLLoss": REDUCTIONS}
    loud = dict.fromkeys(("MSELoss", "SmoothL1Loss", "HuberLoss"), REDUCTIONS)
    for name, reductions in {**quiet, **loud}.items():
        for (left, right), reduction in itertools.product(shapes, reductions):
            yield loss(name, (pair(name, *left)[0], pair(name, *right)[1]),
                       reduction=reduction)
    for left, right in shapes[:1] + shapes[2:3] + shapes[4:5]:
        yield loss("SoftMarginLoss", (sample(*left), signs(*right)))
    for shapes in [((2, 3), (2, 1), (1, 3)), ((1, 3), (2, 3), (2, 1))]:
        one, two, three = shapes
        yield loss("MarginRankingLoss", (sample(*one), sample(*two, seed=1),
                                         signs(*three, seed=2)))
    for var in [(2,), (2, 1), (1, 3)]:
        for reduction in REDUCTIONS:
            yield loss("GaussianNLLLoss", (sample(2, 3), sample(2, 3, seed=1),
                                           probabilities(*var)),
                       reduction=reduction, full=True)
    yield loss("GaussianNLLLoss", (sample(3), sample(2, 3, seed=1), probabilities(3)),
               reduction="sum", full=True)
    yield loss("PoissonNLLLoss", (sample(2, 3), counts(3)), full=True, reduction="sum")


def special():
    """What only one loss has."""
    for shape in [(), (4,), (3, 2), (2, 3, 2), (0, 3), (3, 0), (0,)]:
        for dtype, log_target in itertools.product(DTYPES, (False, True)):
            yield loss("KLDivLoss", pair("KLDivLoss", *shape), reduction="batchmean",
                       log_target=log_target, dtype=dtype)
    yield loss("KLDivLoss", (sample(3), probabilities(2, 3)), reduction="batchmean")
    for var in (0.5, 0.0, 2.0):
        yield layer("GaussianNLLLoss", (), sample(2, 3), sample(2, 3, seed=1),
                    call=lambda module, x, y, var=var: module(x, y, var), note=str(var))
    for name in ("MSELoss", "SmoothL1Loss", "SoftMarginLoss", "HingeEmbeddingLoss",
                 "PoissonNLLLoss"):
        yield loss(name, (sample(4), np.array([1, -1, -1, 1])), note="whole targets")
    yield loss("MarginRankingLoss", (sample(4), sample(4, seed=1),
                                     np.array([1, -1, -1, 1])), note="whole targets")
    for name in ("MSELoss", "SmoothL1Loss", "MarginRankingLoss"):
        yield f"{name} float32 and float64", lambda torch, name=name: mixed(torch, name)


def mixed(torch, name):
    """float32 against float64."""
    x, *others = (torch.from_numpy(a) for a in pair(name, 3))
    x.requires_grad_()
    out = getattr(torch.nn, name)()(x, *(t.double() for t in others))
    out.backward()
    return [out, x.grad]


def wrong():
    """What raises, and which kind of exception."""
    for name in ARGUMENTS:
        yield loss(name, pair(name, 2)[:-1] + pair(name, 3)[-1:], note="wrong")
        yield f"{name} reduction", lambda torch, name=name: getattr(torch.nn, name)(
            reduction="avg")(*(torch.from_numpy(a) for a in pair(name, 2)))
    for x, y in [(1.5, 0), (-0.5, 0), (NAN, 0), (INF, 0), (0.5, 1.5), (0.5, -1),
                 (0.5, NAN)]:
        yield layer("BCELoss", (), np.array([0.5, x], np.float32),
                    np.array([0.5, y], np.float32), note=f"{x} {y}")
    for name in ("BCELoss", "BCEWithLogitsLoss"):
        x, y = pair(name, 2, 3)
        for w in (np.ones(2, np.float32), np.ones((4, 2, 3), np.float32)):
            yield loss(name, (x, y), weight=w)
        yield loss(name, (x, np.ones((2, 3), int)), note="whole targets")
        yield loss(name, pair(name, 2, 3)[:1] + pair(name, 3)[1:], note="stretched")
    yield loss("BCEWithLogitsLoss", pair("BCEWithLogitsLoss", 2, 3),
               pos_weight=np.ones(2, np.float32))
    yield loss("KLDivLoss", (sample(3), np.ones(3, int)), note="whole targets")
    yield loss("SmoothL1Loss", pair("SmoothL1Loss", 3), beta=-1.0)
    yield loss("SmoothL1Loss", pair("SmoothL1Loss", 3), beta="1")
    for delta in (0.0, -1.0, "1"):
        yield loss("HuberLoss", pair("HuberLoss", 3), delta=delta)
    yield layer("SoftMarginLoss", (), sample(3), signs(3), note="target with gradient")
    yield loss("SoftMarginLoss", (sample(3), signs(2, 3)))
    yield loss("MarginRankingLoss", (sample(3), sample(2, 3), signs(3)))
    for var in (np.array([1, -1, 1], np.float32), np.ones(2, np.float32),
                np.ones((1, 3), np.float32), np.ones(3, int)):
        yield loss("GaussianNLLLoss", (sample(3), sample(3, seed=1), var),
                   note=str(var))
