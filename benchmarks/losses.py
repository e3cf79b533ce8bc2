"""The losses that compare element by element; targets and weights are data.

The rows of programs.py, and `_steps`, say how a row is built.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .programs import SIZES, _steps

COUNTS = (256, 65_536, 4_000_000)


def as_is(z: np.ndarray) -> np.ndarray:
    """Any number."""
    return z


def probability(z: np.ndarray) -> np.ndarray:
    """Between 0 and 1."""
    return 1 / (1 + np.exp(-z))


def log_probability(z: np.ndarray) -> np.ndarray:
    """Below 0."""
    return -np.abs(z)


def sign(z: np.ndarray) -> np.ndarray:
    """-1 or 1."""
    return np.where(z < 0, -1, 1).astype(np.float32)


def count(z: np.ndarray) -> np.ndarray:
    """0, 1, 2 …, as a real number."""
    return np.floor(np.abs(z) * 3)


# A loss, its options, and what its inputs hold; those after the dash have no gradient.
LOSSES: dict[str, tuple[str, dict, list[Callable], list[Callable]]] = {
    "MSELoss": ("MSELoss", {}, [as_is], [as_is]),
    "SmoothL1Loss": ("SmoothL1Loss", {"beta": 0.5}, [as_is], [as_is]),
    "HuberLoss": ("HuberLoss", {"delta": 0.5}, [as_is], [as_is]),
    "BCELoss": ("BCELoss", {}, [probability], [probability]),
    "BCEWithLogitsLoss": ("BCEWithLogitsLoss", {}, [as_is], [probability]),
    "KLDivLoss": (
        "KLDivLoss", {"reduction": "batchmean"}, [log_probability], [probability]),
    "KLDivLoss log_target": (
        "KLDivLoss", {"reduction": "batchmean", "log_target": True}, [log_probability],
        [log_probability]),
    "SoftMarginLoss": ("SoftMarginLoss", {}, [as_is], [sign]),
    "HingeEmbeddingLoss": ("HingeEmbeddingLoss", {}, [as_is], [sign]),
    "MarginRankingLoss": ("MarginRankingLoss", {"margin": 0.1}, [as_is, as_is], [sign]),
    "PoissonNLLLoss": ("PoissonNLLLoss", {}, [as_is], [count]),
    "PoissonNLLLoss full": (
        "PoissonNLLLoss", {"log_input": False, "full": True}, [probability], [count]),
    "GaussianNLLLoss": ("GaussianNLLLoss", {}, [as_is], [as_is, probability]),
}


def rows() -> Iterator[tuple[str, str, Callable]]:
    """(name, size, program) of every row."""
    for title in LOSSES:
        for size, n in zip(SIZES, COUNTS):
            yield f"{title} {n:,}", size, program_of(title, n)
    for name in ("BCELoss", "BCEWithLogitsLoss"):
        for size, n in zip(SIZES, COUNTS):
            yield f"{name} weight {n:,}", size, weighted(name, "weight", n)
    for size, n in zip(SIZES, COUNTS):
        name = "BCEWithLogitsLoss"
        yield f"{name} pos_weight {n:,}", size, weighted(name, "pos_weight", n)


def program_of(title: str, n: int) -> Callable:
    """One loss of n elements."""
    name, options, learned, given = LOSSES[title]

    def program(torch: Any, numbers: Callable) -> dict:
        loss = getattr(torch.nn, name)(**options)
        x = [torch.from_numpy(kind(numbers(n))) for kind in learned]
        constants = [torch.from_numpy(kind(numbers(n))) for kind in given]
        return _steps(torch, lambda *x: loss(*x, *constants), x)

    return program


def weighted(name: str, argument: str, n: int) -> Callable:
    """A binary cross entropy of n / 32 rows, with a weight for each of 32 columns."""
    _, _, (learned,), (given,) = LOSSES[name]

    def program(torch: Any, numbers: Callable) -> dict:
        weight = torch.from_numpy(np.arange(32, dtype=np.float32) / 8)
        loss = getattr(torch.nn, name)(**{argument: weight})
        x = torch.from_numpy(learned(numbers(n // 32, 32)))
        target = torch.from_numpy(given(numbers(n // 32, 32)))
        return _steps(torch, lambda x: loss(x, target), [x])

    return program
