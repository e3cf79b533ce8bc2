"""Recurrent layers: whole sequences, padded and packed."""
import itertools

import numpy as np

from ..recorder import sample
from .grid import DTYPES, layer, run

KINDS = {"RNN": {"nonlinearity": ("tanh", "relu")}, "GRU": {},
         "LSTM": {"proj_size": (0, 1)}}
COMMON = {"num_layers": (1, 2), "bidirectional": (False, True), "bias": (True, False)}
T, B, D, H = 3, 2, 2, 2


def options(name, **choices):
    """Every combination of the arguments of a kind of layer, as keyword arguments."""
    choices = {**COMMON, **choices, **KINDS[name]}
    for values in itertools.product(*choices.values()):
        yield dict(zip(choices, values))


def states(name, batch, hidden=H, num_layers=1, bidirectional=False, proj_size=0, **_):
    """h_0, and c_0 for an LSTM."""
    rows = num_layers * (1 + bidirectional)
    h = sample(rows, batch, proj_size or hidden, seed=1)
    return (h, sample(rows, batch, hidden, seed=2)) if name == "LSTM" else (h,)


def sequence(name, args, x, *state, **given):
    """A row: the states of an LSTM are a pair."""
    if len(state) == 2:
        return layer(name, args, x, extra=state, **given)
    return layer(name, args, x, *state, **given)


def packed(name, lengths, *state, dtype="float64", **made):
    """A row whose input is packed; states go in and come out in the caller's order."""
    key = f"{name} packed {lengths} {dtype} " + ("from states " if state else "") + \
        ", ".join(f"{k}={v}" for k, v in made.items())

    def program(torch):
        def call(module, x, *hx):
            hx = hx if len(hx) == 2 else (hx or (None,))[0]
            packed = torch.nn.utils.rnn.pack_padded_sequence(
                x, lengths, enforce_sorted=False)
            return module(packed, hx)
        module = getattr(torch.nn, name)(D, H, **made).to(getattr(torch, dtype))
        x = sample(max(lengths), len(lengths), D)
        return run(torch, module, (x, *state), dtype, call=call)

    return key, program


def programs():
    for name in KINDS:
        yield from grid(name)
        yield from sizes(name)
        yield from wrong(name)
        yield f"{name} names", lambda torch, name=name: [
            [[k, list(p.shape)] for k, p in getattr(torch.nn, name)(
                2, 3, 2, bidirectional=True).state_dict().items()]]
    yield "LSTM names with a projection", lambda torch: list(
        torch.nn.LSTM(2, 3, 2, proj_size=1, bidirectional=True).state_dict())


def grid(name):
    for made in options(name):
        for given in ((), states(name, B, **made)):
            yield sequence(name, (D, H), sample(T, B, D), *given, dtype="float64", **made)
        if made["bias"]:
            yield sequence(name, (D, H), sample(T, B, D), **made)
        if made["bias"] or made["num_layers"] == 1:
            yield packed(name, [1, 3, 2], *states(name, 3, **made), **made)
    for dtype, lengths in itertools.product(DTYPES, ([3, 2, 1], [2, 2], [4], [1, 1, 4],
                                                     [2, 3, 3, 3])):
        yield packed(name, lengths, dtype=dtype, bidirectional=True)


def sizes(name):
    for two, given in itertools.product((False, True), (False, True)):
        made = {"bidirectional": two, "batch_first": True}
        state = states(name, B, **made) if given else ()
        yield sequence(name, (D, H), sample(B, T, D), *state, note="N first", **made)
        alone = [s[:, 0] for s in states(name, 1, **made)] if given else ()
        yield sequence(name, (D, H), sample(T, D), *alone, note="unbatched", **made)
    for t, b, d, h in [(1, 1, 1, 1), (1, 2, 3, 2), (4, 1, 2, 3), (2, 0, 2, 3),
                       (2, 2, 1, 9)]:
        yield sequence(name, (d, h), sample(t, b, d), *states(name, b, h), note="sizes")
    made = {"num_layers": 2, "bidirectional": True}
    yield sequence(name, (2, 3), sample(2, 4, 2), *states(name, 4, 3, **made), **made)
    yield layer(name, (2, 2), sample(3, 2, 2) * 1e4, note="saturated")
    wrong_number = np.array([[[np.nan, 1], [1, 2]], [[0, np.inf], [3, 4]]], np.float32)
    yield layer(name, (2, 2), wrong_number, note="not finite")
    yield layer(name, (2, 2), sample(3, 2, 2), num_layers=3, dropout=0.5, training=False)


def wrong(name):
    x = sample(T, B, D)
    for shape in [(0, 2, 2), (0, 2), (2,), (2, 2, 2, 2), (3, 2, 5)]:
        yield layer(name, (D, H), sample(*shape), note="wrong")
    for shape in [(1, 3, 2), (2, 2, 2), (2, 2), (1, 2, 3)]:
        state = [sample(*shape)] * (2 if name == "LSTM" else 1)
        yield sequence(name, (D, H), x, *state, note="wrong state")
    for made in [{"num_layers": 0}, {"num_layers": 1.5}, {"dropout": -0.1},
                 {"dropout": 1.1}, {"dropout": True}, {"dropout": None},
                 {"proj_size": 2}, {"proj_size": -1}, {"bias": 1}, {"batch_first": 1},
                 {"units": 3}]:
        yield layer(name, (D, H), x, note="wrong", **made)
    for args in [(0, 2), (2, 0), (2, -1), (2.5, 2), (2, 2.5)]:
        yield layer(name, args, x, note="wrong")
    for made in [{}, {"num_layers": 2, "bias": False, "batch_first": True,
                      "dropout": 0.5, "bidirectional": True}, {"bidirectional": 1}]:
        yield f"{name} repr {made}", lambda torch, made=made: repr(
            getattr(torch.nn, name)(3, 4, **made))
