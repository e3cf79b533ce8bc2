"""Softmax along every axis (log-softmax is among the activations)."""
import itertools

from ..recorder import sample
from .grid import DTYPES, EXTREME, layer


def programs():
    for dtype, shape in itertools.product(
            DTYPES, [(), (1,), (2, 3), (2, 0), (2, 3, 4), (2, 2, 2, 2)]):
        for dim in range(-len(shape) or -1, len(shape) or 1):
            yield layer("Softmax", (dim,), sample(*shape) * 4, dtype=dtype)
    for shape in [(3,), (2, 3), (2, 3, 2), (1, 2, 2, 2)]:
        for name in ("Softmax", "LogSoftmax", "Softmin"):
            yield layer(name, (), sample(*shape), note="axis left out")
    for shape in [(2, 3), (3, 2, 2), (2, 3, 2, 1), (1, 1, 1, 1, 1)]:
        yield layer("Softmax2d", (), sample(*shape))
    yield layer("Softmax", (1,), EXTREME[:, [0, 1, 2, 4, 6, 7, 8]], note="extreme")
    yield layer("Softmax", (1,), EXTREME, note="infinite")
    yield layer("Softmax", (2,), sample(2, 3))
    yield layer("Softmax", (0,), sample(3), dtype="int64")
    for dtype, dim in itertools.product(DTYPES, (0, 1, -1)):
        yield layer("Softmin", (dim,), sample(2, 3) * 4, dtype=dtype)
    yield from functions()


def functions():
    """The functional form and the method, and how they differ."""
    def both(torch, call):
        x = torch.from_numpy(sample(2, 3))
        return [call(torch.nn.functional.softmax, x),
                call(torch.nn.functional.log_softmax, x)]
    yield "functional with a dtype", lambda torch: both(
        torch, lambda f, x: f(x, 1, dtype=torch.float64))
    yield "functional, third argument", lambda torch: both(torch, lambda f, x: f(x, 1, 5))
    yield "functional, whole numbers", lambda torch: both(
        torch, lambda f, x: f(x.long(), 1))
    yield "method", lambda torch: torch.from_numpy(sample(2, 3)).softmax(-1)
    yield "method with a dtype", lambda torch: [
        torch.arange(3).softmax(0, torch.float64), torch.arange(3).log_softmax(
            0, dtype=torch.float32)]
    yield "method without an axis", lambda torch: torch.ones(2).softmax()
    yield "method, axis None", lambda torch: torch.ones(2).log_softmax(None)
    yield "method, axis 1.0", lambda torch: torch.ones(2, 2).softmax(1.0)
    yield "torch.softmax", lambda torch: [
        torch.softmax(torch.ones(2, 3), 1), torch.log_softmax(torch.ones(2, 3), dim=0)]
