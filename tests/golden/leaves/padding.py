"""Padding layers."""
from ..recorder import sample
from .grid import layer

KINDS = ("ConstantPad", "ZeroPad", "ReflectionPad", "ReplicationPad", "CircularPad")


def programs():
    for kind in KINDS:
        more = (2.5,) if kind == "ConstantPad" else ()
        for padding in (1, (2, 0), (0, 1), (1, 2, 3), 1.5, 5, (-1, 1)):
            yield layer(f"{kind}1d", (padding, *more), sample(1, 2, 4))
        for padding in (1, (2, 0, 1, 1), (0, 1), 4, (-1, 1, 0, -1)):
            yield layer(f"{kind}2d", (padding, *more), sample(1, 2, 3, 4))
        yield layer(f"{kind}2d", (1, *more), sample(2, 3, 4), note="unbatched")
        yield layer(f"{kind}1d", (1, *more), sample(2, 3, 4), dtype="float64")
        for axes in (1, 2):
            name = f"{kind}{axes}d"
            yield f"repr {name}", lambda torch, name=name, more=more: repr(
                getattr(torch.nn, name)(2, *more))
