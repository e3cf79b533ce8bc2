"""Recurrent cells: one step."""
import itertools

from ..recorder import sample
from .grid import DTYPES, layer


def programs():
    sizes = [(3, 4, 5), (1, 1, 1), (2, 3, 9), (0, 3, 4)]
    for dtype, bias, (n, d, h) in itertools.product(DTYPES, (True, False), sizes):
        x, h0, c0 = sample(n, d), sample(n, h, seed=1), sample(n, h, seed=2)
        for kind in ("tanh", "relu"):
            yield layer("RNNCell", (d, h), x, h0, bias=bias, nonlinearity=kind,
                        dtype=dtype)
        yield layer("LSTMCell", (d, h), x, extra=(h0, c0), bias=bias, dtype=dtype)
        yield layer("GRUCell", (d, h), x, h0, bias=bias, dtype=dtype)
    for name in ("RNNCell", "LSTMCell", "GRUCell"):
        yield layer(name, (3, 4), sample(2, 3), note="from zeros")
        yield layer(name, (3, 4), sample(3), note="unbatched")
        yield (f"{name} repr", lambda torch, name=name: [
            repr(getattr(torch.nn, name)(3, 4)),
            repr(getattr(torch.nn, name)(3, 4, bias=False))])
        yield layer(name, (3, 4), sample(2, 5), note="too many features")
        yield layer(name, (3, 4), sample(2, 2, 3), note="too many axes")
    yield "RNNCell relu repr", lambda torch: repr(
        torch.nn.RNNCell(3, 4, nonlinearity="relu"))
    for name in ("LSTMCell", "GRUCell"):
        yield layer(name, (3, 4), sample(2, 3) * 1e4, note="saturated")
    for shape in [(3, 4), (2, 5), (2, 2, 4), (4,)]:
        yield layer("GRUCell", (3, 4), sample(2, 3), sample(*shape), note="state")
