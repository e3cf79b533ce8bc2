"""The losses over rows of scores or of features; targets and weights are data.

The rows of programs.py, and `_steps`, say how a row is built.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .programs import SIZES, _steps

MATRICES = [(32, 10), (1024, 128), (4096, 512)]


def rows() -> Iterator[tuple[str, str, Callable]]:
    """(name, size, program) of every row."""
    yield from cross_entropy()
    for name in ("CrossEntropyLoss", "NLLLoss"):
        for size, shape in [("small", (2, 21, 32, 32)), ("large", (4, 21, 256, 256))]:
            title = "NLLLoss2d" if name == "NLLLoss" else "CrossEntropyLoss per pixel"
            yield f"{title} {_spell(shape)}", size, of_classes(name, shape)
    for size, shape in zip(SIZES, MATRICES):
        for name, program in [
            ("NLLLoss", of_classes("NLLLoss", shape)),
            ("MultiMarginLoss", of_classes("MultiMarginLoss", shape)),
            ("MultiMarginLoss p=2", of_classes("MultiMarginLoss", shape, p=2)),
            ("MultiLabelMarginLoss", multi_label_margin(shape)),
            ("MultiLabelSoftMarginLoss", multi_label_soft_margin(shape)),
            ("CosineEmbeddingLoss", cosine_embedding(shape)),
            ("TripletMarginLoss", triplet_margin(shape)),
            ("TripletMarginLoss swap", triplet_margin(shape, swap=True)),
        ]:
            yield f"{name} {_spell(shape)}", size, program
    for size, shape in zip(SIZES, [(12, 2, 6), (50, 16, 20), (64, 64, 80)]):
        yield f"CTCLoss {_spell(shape)}", size, ctc(*shape)
    for size, shape in zip(SIZES, [(32, 10), (1024, 100), (4, 21, 256, 256)]):
        yield f"Softmax {_spell(shape)}", size, softmax(shape)


def _spell(shape: tuple[int, ...]) -> str:
    return "x".join(f"{n:,}" for n in shape)


def classes(numbers: Callable, *shape: int, n: int) -> np.ndarray:
    """Class numbers 0 … n - 1."""
    return (np.abs(numbers(*shape)) * 1e6).astype(np.int64) % n


def cross_entropy() -> Iterator:
    """Classes, probabilities, weights and smoothing."""
    for size, shape in zip(
        (*SIZES, "large"), [(32, 10), (4096, 10), (64, 1000), (512, 50_257)]
    ):
        title = f"CrossEntropyLoss rows {_spell(shape)}"
        yield title, size, of_classes("CrossEntropyLoss", shape)
        if shape[1] < 50_000:
            yield (
                f"{title} label_smoothing",
                size,
                of_classes("CrossEntropyLoss", shape, label_smoothing=0.1),
            )
            yield f"{title} probabilities", size, of_probabilities(shape)


def of_classes(name: str, shape: tuple[int, ...], **options: Any) -> Callable:
    """Scores (N, C, *) and a class for each example."""

    def program(torch: Any, numbers: Callable) -> dict:
        loss = getattr(torch.nn, name)(**options)
        x = torch.from_numpy(numbers(*shape))
        target = torch.from_numpy(classes(numbers, shape[0], *shape[2:], n=shape[1]))
        return _steps(torch, lambda x: loss(x, target), [x])

    return program


def of_probabilities(shape: tuple[int, int]) -> Callable:
    """Scores (N, C) and a probability for every class."""

    def program(torch: Any, numbers: Callable) -> dict:
        loss = torch.nn.CrossEntropyLoss()
        q = np.exp(numbers(*shape))
        target = torch.from_numpy(q / q.sum(1, keepdims=True))
        x = torch.from_numpy(numbers(*shape))
        return _steps(torch, lambda x: loss(x, target), [x])

    return program


def multi_label_margin(shape: tuple[int, int]) -> Callable:
    """Four right classes in each row."""

    def program(torch: Any, numbers: Callable) -> dict:
        labels = np.full(shape, -1)
        labels[:, :4] = classes(numbers, shape[0], 4, n=shape[1])
        target, loss = torch.from_numpy(labels), torch.nn.MultiLabelMarginLoss()
        x = torch.from_numpy(numbers(*shape))
        return _steps(torch, lambda x: loss(x, target), [x])

    return program


def multi_label_soft_margin(shape: tuple[int, int]) -> Callable:
    """A yes or no for every class."""

    def program(torch: Any, numbers: Callable) -> dict:
        target = torch.from_numpy((numbers(*shape) > 0).astype(np.float32))
        loss, x = torch.nn.MultiLabelSoftMarginLoss(), torch.from_numpy(numbers(*shape))
        return _steps(torch, lambda x: loss(x, target), [x])

    return program


def cosine_embedding(shape: tuple[int, int]) -> Callable:
    """Pairs; both have gradients."""

    def program(torch: Any, numbers: Callable) -> dict:
        target = torch.from_numpy(np.where(numbers(shape[0]) > 0, 1, -1))
        loss = torch.nn.CosineEmbeddingLoss()
        pair = [torch.from_numpy(numbers(*shape)) for _ in range(2)]
        return _steps(torch, lambda u, v: loss(u, v, target), pair)

    return program


def triplet_margin(shape: tuple[int, int], **options: Any) -> Callable:
    """Triples; all three have gradients."""

    def program(torch: Any, numbers: Callable) -> dict:
        loss = torch.nn.TripletMarginLoss(**options)
        return _steps(torch, loss, [torch.from_numpy(numbers(*shape)) for _ in range(3)])

    return program


def ctc(steps: int, n: int, c: int) -> Callable:
    """Labels a quarter as long as the sequences."""

    def program(torch: Any, numbers: Callable) -> dict:
        labels = torch.from_numpy(classes(numbers, n, steps // 4, n=c - 1) + 1)
        lengths = (steps,) * n, (steps // 4,) * n
        loss, x = torch.nn.CTCLoss(), torch.from_numpy(numbers(steps, n, c))
        return _steps(torch, lambda x: loss(x.log_softmax(2), labels, *lengths), [x])

    return program


def softmax(shape: tuple[int, ...]) -> Callable:
    """Along the second axis; weighted, because all gradients of Σ softmax are 0."""

    def program(torch: Any, numbers: Callable) -> dict:
        x, w = torch.from_numpy(numbers(*shape)), torch.from_numpy(numbers(*shape))
        return _steps(torch, lambda x: torch.nn.functional.softmax(x, 1) * w, [x])

    return program
