"""Programs for every layer and loss: outputs and all gradients, over a grid of arguments.

Each is run by PyTorch once (`python -m tests.golden.record`) and by the library in
tests/nn/test_golden.py.
"""

import itertools

import numpy as np

from .recorder import sample


def run(make, *inputs, dtype="float32", extra=()):
    """A program: outputs and gradients of the module `make(torch.nn)` and of its real
    inputs.

    Parameters and inputs get numbers of their own; the outputs are weighted before they
    are summed, so that a mistake in any element shows.
    """

    def program(torch):
        module = make(torch.nn).to(getattr(torch, dtype))
        for k, p in enumerate(module.parameters()):
            p.data.copy_(torch.from_numpy(sample(*p.shape, seed=100 + k)))
        tensors = [_tensor(torch, a, dtype) for a in (*inputs, *extra)]
        given = tensors[: len(inputs)]
        if extra:
            given.append(tuple(tensors[len(inputs) :]))
        out = module(*given)
        outputs = list(out) if isinstance(out, tuple) else [out]
        total = sum(
            (y * torch.from_numpy(sample(*y.shape, seed=7 + k)).to(y.dtype)).sum()
            for k, y in enumerate(outputs)
        )
        total.backward()
        return [
            *outputs,
            *(t.grad for t in tensors if t.requires_grad),
            *(p.grad for p in module.parameters()),
        ]

    return program


def _tensor(torch, a, dtype):
    t = torch.from_numpy(np.array(a))
    if t.is_floating_point():
        t = t.to(getattr(torch, dtype)).requires_grad_()
    return t


def classes(*shape, n, seed=0):
    """Class numbers 0 … n - 1."""
    return np.random.RandomState(seed).randint(0, n, shape)


def distribution(*shape, seed=0):
    """Probabilities along axis 1."""
    p = np.exp(sample(*shape, seed=seed))
    return (p / p.sum(1, keepdims=True)).astype(np.float32)


DTYPES = ("float32", "float64")


def activations():
    for dtype, shape in itertools.product(DTYPES, [(), (1,), (2, 3), (2, 0), (2, 3, 4)]):
        x = sample(*shape) * 4
        for name in ("ReLU", "Sigmoid", "Tanh"):
            yield (
                f"{name} {shape} {dtype}",
                run(lambda nn, name=name: getattr(nn, name)(), x, dtype=dtype),
            )
        for dim in range(len(shape)):
            yield (
                f"LogSoftmax({dim}) {shape} {dtype}",
                run(lambda nn, dim=dim: nn.LogSoftmax(dim), x, dtype=dtype),
            )
    hard = np.array(
        [[1e4, -1e4, 0.0, np.inf, -np.inf, np.nan, -0.0, 90, -90, 1e-40]], np.float32
    )
    for name in ("ReLU", "Sigmoid", "Tanh"):
        yield (
            f"{name} extreme",
            lambda torch, name=name: getattr(torch.nn, name)()(torch.from_numpy(hard)),
        )
    yield (
        "LogSoftmax extreme",
        lambda torch: torch.nn.LogSoftmax(1)(
            torch.from_numpy(hard[:, [0, 1, 2, 6, 7, 8]])
        ),
    )


def linear():
    for dtype, bias, shape in itertools.product(
        DTYPES, (True, False), [(3,), (1, 3), (2, 3), (0, 3), (2, 4, 3)]
    ):
        yield (
            f"Linear bias={bias} {shape} {dtype}",
            run(
                lambda nn, bias=bias: nn.Linear(3, 5, bias=bias),
                sample(*shape),
                dtype=dtype,
            ),
        )
    yield "Linear wide", run(lambda nn: nn.Linear(33, 17), sample(19, 33))
    yield "Linear one to one", run(lambda nn: nn.Linear(1, 1), sample(4, 1))


def recurrent():
    sizes = [(3, 4, 5), (1, 1, 1), (2, 3, 9), (0, 3, 4)]
    for dtype, bias, (n, d, h) in itertools.product(DTYPES, (True, False), sizes):
        x, h0, c0 = sample(n, d), sample(n, h, seed=1), sample(n, h, seed=2)
        for kind in ("tanh", "relu"):
            yield (
                f"RNNCell {kind} bias={bias} {(n, d, h)} {dtype}",
                run(
                    lambda nn, d=d, h=h, bias=bias, kind=kind: nn.RNNCell(
                        d, h, bias, kind
                    ),
                    x,
                    h0,
                    dtype=dtype,
                ),
            )
        yield (
            f"LSTMCell bias={bias} {(n, d, h)} {dtype}",
            run(
                lambda nn, d=d, h=h, bias=bias: nn.LSTMCell(d, h, bias),
                x,
                dtype=dtype,
                extra=(h0, c0),
            ),
        )
    for name in ("RNNCell", "LSTMCell"):
        yield (
            f"{name} from zeros",
            run(lambda nn, name=name: getattr(nn, name)(3, 4), sample(2, 3)),
        )
        yield (
            f"{name} unbatched",
            run(lambda nn, name=name: getattr(nn, name)(3, 4), sample(3)),
        )
        yield (
            f"{name} repr",
            lambda torch, name=name: [
                repr(getattr(torch.nn, name)(3, 4)),
                repr(getattr(torch.nn, name)(3, 4, bias=False)),
            ],
        )
    yield (
        "RNNCell relu repr",
        lambda torch: repr(torch.nn.RNNCell(3, 4, nonlinearity="relu")),
    )
    yield "LSTMCell saturated", run(lambda nn: nn.LSTMCell(3, 4), sample(2, 3) * 1e4)


def losses():
    for dtype, reduction in itertools.product(DTYPES, ("mean", "sum", "none")):
        for shape in [(), (1,), (5,), (2, 3), (0, 3)]:
            yield (
                f"L1Loss {reduction} {shape} {dtype}",
                run(
                    lambda nn, r=reduction: nn.L1Loss(reduction=r),
                    sample(*shape),
                    sample(*shape, seed=1),
                    dtype=dtype,
                ),
            )
        yield from cross_entropies(dtype, reduction)
    equal = sample(3)
    yield "L1Loss equal", run(lambda nn: nn.L1Loss(), equal, equal.copy())
    for old in ({"size_average": False}, {"size_average": True}, {"reduce": False}):
        yield (
            f"L1Loss {old}",
            run(lambda nn, old=old: nn.L1Loss(**old), sample(4), sample(4, seed=1)),
        )
        yield (
            f"CrossEntropyLoss {old}",
            run(
                lambda nn, old=old: nn.CrossEntropyLoss(**old),
                sample(4, 3),
                classes(4, n=3),
            ),
        )
    big = sample(3, 4) * 1e4
    yield (
        "CrossEntropyLoss extreme",
        run(lambda nn: nn.CrossEntropyLoss(), big, classes(3, n=4)),
    )
    yield (
        "CrossEntropyLoss all ignored",
        run(
            lambda nn: nn.CrossEntropyLoss(reduction="sum"),
            sample(3, 4),
            np.full(3, -100),
        ),
    )
    yield (
        "CrossEntropyLoss of one",
        run(lambda nn: nn.CrossEntropyLoss(), sample(4), np.array(2)),
    )


def cross_entropies(dtype, reduction):
    weight = np.array([0.5, 2.0, 1.0, 0.25], np.float32)
    for shape, weighted, ignore, smoothing in itertools.product(
        [(5, 4), (1, 4), (2, 4, 3)], (False, True), (-100, 2), (0.0, 0.2)
    ):
        target = classes(shape[0], *shape[2:], n=4)
        target.flat[0] = 1

        def make(nn, weighted=weighted, ignore=ignore, smoothing=smoothing):
            w = _weight(nn, weight) if weighted else None
            return nn.CrossEntropyLoss(
                w, ignore_index=ignore, reduction=reduction, label_smoothing=smoothing
            )

        key = (
            f"CrossEntropyLoss {shape} weighted={weighted} ignore={ignore} "
            f"smoothing={smoothing} {reduction} {dtype}"
        )
        yield key, run(make, sample(*shape), target, dtype=dtype)
        if ignore < 0:
            yield (
                f"{key} probabilities",
                run(make, sample(*shape), distribution(*shape), dtype=dtype),
            )


def _weight(nn, numbers):
    return nn.Parameter(
        nn.Linear(1, 1).weight.data.new(numbers.tolist()), requires_grad=False
    ).data


def vision():
    for dtype, r in itertools.product(DTYPES, (1, 2, 3)):
        for batch in [(2,), (), (1, 2)]:
            yield (
                f"PixelShuffle({r}) {batch} {dtype}",
                run(
                    lambda nn, r=r: nn.PixelShuffle(r),
                    sample(*batch, 2 * r * r, 3, 2),
                    dtype=dtype,
                ),
            )
            yield (
                f"PixelUnshuffle({r}) {batch} {dtype}",
                run(
                    lambda nn, r=r: nn.PixelUnshuffle(r),
                    sample(*batch, 2, 3 * r, 2 * r),
                    dtype=dtype,
                ),
            )


FAMILIES = {
    f.__name__: dict(f()) for f in (activations, linear, recurrent, losses, vision)
}
