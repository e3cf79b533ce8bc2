"""The classes of the contract that the other catalogues leave out, and missing sizes.

Long recurrent layers, one-dimensional convolutions and pools, distances, PixelUnshuffle,
Bilinear, layers that only pass on or reshape, packing and padding of sequences.

The rows of programs.py, and `_steps`, say how a row is built.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .programs import SIZES, _parameters, _steps

# class, arguments, options, shapes of the inputs: small, medium, large
LAYERS: list[tuple[str, tuple, dict, list[list[tuple]]]] = [
    ("PixelUnshuffle", (2,), {},
     [[(1, 1, 32, 32)], [(16, 1, 192, 192)], [(4, 64, 256, 256)]]),
    ("Conv1d", (16, 32, 3), {"padding": 1}, [[(8, 16, 32)], [(32, 16, 256)],
                                             [(64, 16, 4096)]]),
    ("ConvTranspose2d", (16, 16, 3), {"stride": 2, "padding": 1},
     [[(2, 16, 8, 8)], [(8, 16, 28, 28)], [(8, 16, 112, 112)]]),
    ("MaxPool1d", (2,), {}, [[(16, 8, 64)], [(32, 64, 256)], [(64, 64, 2048)]]),
    ("AvgPool1d", (3, 2, 1), {}, [[(16, 8, 64)], [(32, 64, 256)], [(64, 64, 2048)]]),
    ("CosineSimilarity", (), {}, [[(32, 10)] * 2, [(1024, 128)] * 2, [(4096, 512)] * 2]),
    ("PairwiseDistance", (), {}, [[(32, 10)] * 2, [(1024, 128)] * 2, [(4096, 512)] * 2]),
    ("Identity", (), {}, [[(256,)], [(65_536,)], [(4_000_000,)]]),
    ("Flatten", (), {}, [[(16, 4, 4)], [(64, 32, 32)], [(64, 250, 250)]]),
]
BILINEAR = [(8, 8, 8, 4), (64, 32, 32, 16), (256, 64, 64, 64)]     # N, D of both, M
LONG = (32, 64, 1024, 1024)            # steps T, sequences B, features D, units H
SEQUENCES = [(8, 10, 16), (32, 64, 64), (64, 128, 256)]            # B, T, D


def rows() -> Iterator[tuple[str, str, Callable]]:
    """(name, size, program) of every row."""
    for kind, args, options, sizes in LAYERS:
        for size, shapes in zip(SIZES, sizes):
            yield f"{kind}{_spell(args)} {_by(shapes[0])}", size, _layer(
                kind, args, options, shapes)
    for size, shape in zip(SIZES, BILINEAR):
        yield f"Bilinear {_by(shape)}", size, _bilinear(*shape)
    for kind in ("RNN", "LSTM", "GRU"):
        T, B, D, H = LONG
        yield f"{kind} {T}x{B}x{D}→{H}", "large", _long(kind)
    for size, shape in zip(SIZES, SEQUENCES):
        yield f"pack_padded_sequence {_by(shape)}", size, _packing(*shape)
        yield f"pad_packed_sequence {_by(shape)}", size, _padding(*shape)


def _by(shape: tuple) -> str:
    return "x".join(map(str, shape))


def _spell(args: tuple) -> str:
    return f"({', '.join(map(str, args))})" if args else ""


def _layer(kind: str, args: tuple, options: dict, shapes: list[tuple]) -> Callable:
    def program(torch: Any, numbers: Callable) -> dict:
        layer = _parameters(torch, getattr(torch.nn, kind)(*args, **options), numbers)
        x = [torch.from_numpy(numbers(*shape)) for shape in shapes]
        return _steps(torch, layer, x, layer.parameters())

    return program


def _bilinear(n: int, d1: int, d2: int, m: int) -> Callable:
    def program(torch: Any, numbers: Callable) -> dict:
        layer = _parameters(torch, torch.nn.Bilinear(d1, d2, m), numbers)
        x = [torch.from_numpy(numbers(n, d)) for d in (d1, d2)]
        return _steps(torch, layer, x, layer.parameters())

    return program


def _long(kind: str) -> Callable:
    def program(torch: Any, numbers: Callable) -> dict:
        T, B, D, H = LONG
        layer = getattr(torch.nn, kind)(D, H)
        for p in layer.parameters():
            p.data.copy_(torch.from_numpy(numbers(*p.shape) * 0.5 / H**0.5))
        x = torch.from_numpy(numbers(T, B, D))
        return _steps(torch, lambda x: layer(x)[0], [x], layer.parameters())

    return program


def _lengths(B: int, T: int) -> list[int]:
    """From T down to an eighth of it."""
    return [int(n) for n in np.linspace(T, max(1, T // 8), B)]


def _packing(B: int, T: int, D: int) -> Callable:
    def program(torch: Any, numbers: Callable) -> dict:
        pack, lengths = torch.nn.utils.rnn.pack_padded_sequence, _lengths(B, T)
        x = torch.from_numpy(numbers(B, T, D))
        return _steps(torch, lambda x: pack(x, lengths, batch_first=True).data, [x])

    return program


def _padding(B: int, T: int, D: int) -> Callable:
    def program(torch: Any, numbers: Callable) -> dict:
        rnn, lengths = torch.nn.utils.rnn, _lengths(B, T)
        packed = rnn.pack_padded_sequence(torch.zeros(B, T, 1), lengths, batch_first=True)

        def pad(x):
            sequences = rnn.PackedSequence(x, packed.batch_sizes)
            return rnn.pad_packed_sequence(sequences, batch_first=True)[0]

        return _steps(torch, pad, [torch.from_numpy(numbers(sum(lengths), D))])

    return program
