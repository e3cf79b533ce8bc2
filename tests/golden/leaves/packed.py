"""Sequences packed and padded, and gradients held in bounds: functions, not modules."""
import itertools

import numpy as np

from ..recorder import sample
from .grid import DTYPES

LENGTHS = [(3,), (1, 1), (4, 2, 2), (3, 2, 1, 1)]
SHUFFLED = [(2, 4, 1), (1, 3), (2, 2, 3, 3), (1, 1, 1)]
FEATURES = [(), (2,), (2, 1)]
NORMS = (2, 1, 3, 2.5, 0.5, 0, -1, "inf", float("-inf"), float("nan"))
NAN, INF = float("nan"), float("inf")
GRADIENTS = {"several": [[3.0, 4.0], None, [-12.0, 0.0]], "short": [[0.5, 0.25]],
             "zero": [[0.0, 0.0]], "nan": [[3.0, NAN], [1.0]], "inf": [[3.0, INF]],
             "huge": [[1e30, 2e30]], "tiny": [[1e-30, 1e-25]], "none": [None],
             "no": [], "empty": [[]], "an empty one": [[], [2.0]]}


def programs():
    yield from packing()
    yield from listing()
    yield from converting()
    yield from mistakes()
    yield from clipping()


def _sum(torch, *outputs):
    """Each element with a weight of its own, so that a mistake shows in the gradient."""
    return sum((y * torch.from_numpy(sample(*y.shape, seed=9 + k)).to(y.dtype)).sum()
               for k, y in enumerate(outputs))


def packing():
    """Padded → packed → padded, with the gradient of both."""
    def program(lengths, features, batch_first, options, pad, dtype):
        def run(torch):
            rnn, shape = torch.nn.utils.rnn, (max(lengths), len(lengths))
            shape = (shape[::-1] if batch_first else shape) + features
            x = torch.from_numpy(sample(*shape)).to(getattr(torch, dtype))
            x.requires_grad_()
            packed = rnn.pack_padded_sequence(x, list(lengths), batch_first, **options)
            padded, back = rnn.pad_packed_sequence(packed, batch_first, **pad)
            _sum(torch, packed.data, padded).backward()
            return [*packed, padded, back, x.grad]
        return run

    for dtype, batch_first, features in itertools.product(
            DTYPES, (False, True), FEATURES):
        for lengths, sort in [*((n, True) for n in LENGTHS),
                              *((n, False) for n in SHUFFLED)]:
            for pad in ({}, dict(padding_value=-1.5, total_length=6)):
                options = {} if sort else dict(enforce_sorted=False)
                yield (f"pack {lengths} {features} {batch_first} {options} {pad} {dtype}",
                       program(lengths, features, batch_first, options, pad, dtype))


def listing():
    """Lists of sequences → padded and packed, and back."""
    def tensors(torch, lengths, features, dtype):
        made = [torch.from_numpy(sample(n, *features, seed=k)).to(getattr(torch, dtype))
                for k, n in enumerate(lengths)]
        return [x.requires_grad_() if x.is_floating_point() else x for x in made]

    def padded(lengths, features, options, dtype):
        def run(torch):
            xs = tensors(torch, lengths, features, dtype)
            y = torch.nn.utils.rnn.pad_sequence(xs, **options)
            back = torch.nn.utils.rnn.unpad_sequence(
                y.clone(), torch.tensor(lengths), options.get("batch_first", False))
            if xs[0].requires_grad:
                _sum(torch, y, *back).backward()
            return [y, *back, *(x.grad for x in xs)]
        return run

    def packed(lengths, features, dtype):
        def run(torch):
            xs = tensors(torch, lengths, features, dtype)
            p = torch.nn.utils.rnn.pack_sequence(xs, enforce_sorted=False)
            back = torch.nn.utils.rnn.unpack_sequence(p)
            if xs[0].requires_grad:
                _sum(torch, p.data, *back).backward()
            return [*p, *back, *(x.grad for x in xs)]
        return run

    for dtype in (*DTYPES, "float16", "int64", "uint8", "bool"):
        for lengths, features in itertools.product([(3,), (2, 4, 1), (1, 1)], FEATURES):
            yield (f"pack_sequence {lengths} {features} {dtype}",
                   packed(lengths, features, dtype))
            for batch_first, side in itertools.product((False, True), ("left", "right")):
                options = dict(batch_first=batch_first, padding_side=side)
                if dtype.startswith("float"):
                    options["padding_value"] = 2.75
                yield (f"pad_sequence {lengths} {features} {options} {dtype}",
                       padded(lengths, features, options, dtype))


def _packed(torch):
    x = torch.from_numpy(sample(4, 3))
    return torch.nn.utils.rnn.pack_padded_sequence(x, [1, 4, 2], enforce_sorted=False)


def converting():
    """The methods of a PackedSequence."""
    for name in "double float half long int short char byte cpu".split():
        yield name, lambda torch, name=name: list(getattr(_packed(torch), name)())
    yield "to float64", lambda torch: list(_packed(torch).to(torch.float64))
    yield "to itself", lambda torch: (lambda p: p.to("cpu") is p)(_packed(torch))
    yield "is_cuda", lambda torch: _packed(torch).is_cuda
    yield "fields", lambda torch: list(_packed(torch)._fields)
    yield "a pair", lambda torch: list(torch.nn.utils.rnn.PackedSequence(
        (torch.ones(3), torch.tensor([2, 1]))))
    yield "sorted indices only", lambda torch: list(torch.nn.utils.rnn.PackedSequence(
        torch.ones(3), torch.tensor([2, 1]), torch.tensor([1, 0])))
    yield "invert", lambda torch: torch.nn.utils.rnn.invert_permutation(
        torch.tensor([2, 0, 3, 1]))
    yield "unsorted indices only", lambda torch: list(
        torch.nn.utils.rnn.pad_packed_sequence(torch.nn.utils.rnn.PackedSequence(
            torch.arange(3), torch.tensor([2, 1]), None, torch.tensor([1, 0]))))
    for dtype, value in [("int64", 1.7), ("int64", -3), ("uint8", 255), ("bool", 2.0),
                         ("float32", NAN), ("float32", INF), ("float16", 1e-3),
                         ("int64", NAN), ("int32", 1e12), ("uint8", 300.0)]:
        yield f"{dtype} padded with {value}", lambda torch, dtype=dtype, value=value: (
            torch.nn.utils.rnn.pad_packed_sequence(
                _packed(torch).to(getattr(torch, dtype)), padding_value=value)[0])


def mistakes():
    """What is refused, and with which exception."""
    def pack(lengths, shape=(4, 3), **options):
        return lambda torch: torch.nn.utils.rnn.pack_padded_sequence(
            torch.ones(*shape), lengths, **options)

    def call(name, *arguments, **options):
        return lambda torch: getattr(torch.nn.utils.rnn, name)(
            *(a(torch) if callable(a) else a for a in arguments), **options)

    def ones(*shapes):
        return lambda torch: [torch.ones(*shape) for shape in shapes]

    yield "not sorted", pack([1, 4, 2])
    yield "too few lengths", pack([4, 2])
    yield "too many lengths", pack([4, 2, 1, 1])
    yield "length 0", pack([4, 2, 0])
    yield "length -1 unsorted", pack([4, 2, -1], enforce_sorted=False)
    yield "lengths of two axes", pack([[4, 2, 1]])
    yield "one axis", pack([4], shape=(4,))
    yield "empty", pack([], shape=(4, 0))
    yield "no time", pack([0, 0], shape=(0, 2))
    yield "no features", pack([4, 1], shape=(4, 2, 0))
    yield "short total", call("pad_packed_sequence", _packed, total_length=3)
    yield "real total", call("pad_packed_sequence", _packed, total_length=4.0)
    yield "no sequences", call("pad_sequence", [])
    yield "no sequences to pack", call("pack_sequence", [])
    yield "an empty sequence", call("pack_sequence", ones((2,), (0,)))
    yield "unsorted list", call("pack_sequence", ones((2,), (3,)))
    yield "other features", call("pad_sequence", ones((2, 3), (1, 4)))
    yield "other axes", call("pad_sequence", ones((2,), (1, 4)))
    yield "a number", call("pack_sequence", lambda torch: [torch.tensor(1.0)])
    yield "a side", call("pad_sequence", ones((2,), (1,)), padding_side="top")
    yield "not iterable", call("pad_sequence", 3)
    yield "an empty sequence is padded", call("pad_sequence", ones((0,), (2,)))
    yield "nothing but empty ones", call("pad_sequence", ones((0, 3)), batch_first=True)
    yield "no features are padded", call("pad_sequence", ones((2, 0), (1, 0)))


def _parameters(torch, gradients, dtype):
    made = []
    for g in gradients:
        p = torch.zeros(2 if g is None else len(g), dtype=getattr(torch, dtype))
        made.append(p.requires_grad_())
        if g is not None:
            made[-1].grad = torch.tensor(np.array(g)).to(p.dtype)
    return made


def clipping():
    """The norm of all gradients, and the gradients that were held."""
    def norm(gradients, dtype, *arguments):
        def run(torch):
            ps = _parameters(torch, gradients, dtype)
            total = torch.nn.utils.clip_grad_norm_(ps, *arguments)
            return [total, *(p.grad for p in ps)]
        return run

    def value(gradients, limit):
        def run(torch):
            ps = _parameters(torch, gradients, "float32")
            torch.nn.utils.clip_grad_value_(ps, limit)
            return [p.grad for p in ps]
        return run

    for (name, gradients), p in itertools.product(GRADIENTS.items(), NORMS):
        if name == "empty" and p != p:
            continue                  # 0 by PyTorch's empty sum, NaN by its own formula
        for dtype, strict in (("float32", False), ("float32", True), ("float64", False)):
            yield (f"clip_grad_norm_ {name} {p} {dtype} {strict}",
                   norm(gradients, dtype, 1.5, p, strict))
    for limit in (0, 1, 13.0, 1e3, -1, INF, NAN, "2"):
        yield f"max_norm {limit!r}", norm(GRADIENTS["several"], "float32", limit)
    yield "half gradients", norm([[300.0, 400.0]], "float16", 100)
    yield "no order", norm([[1.0]], "float32", 1, "fro")
    for limit in (2, 2.5, 0, -1, NAN, INF, "2", "x"):
        yield f"clip_grad_value_ {limit!r}", value(
            [[3.0, -4.0, NAN, INF, -INF, 0.5], None, [-12.0]], limit)
