"""digits.npz from scikit-learn's copy of the UCI optical digits."""

import gzip

import numpy as np

from .sources import read


def make() -> dict[str, np.ndarray]:
    """images (1797, 8, 8) uint8 of 0 … 16, labels (1797,) uint8, test (1797,) bool."""
    text = gzip.decompress(read("scikit-learn", "sklearn/datasets/data/digits.csv.gz"))
    rows = np.loadtxt(text.decode().splitlines(), delimiter=",")
    test = np.arange(len(rows)) >= len(rows) - 360
    return {
        "images": rows[:, :64].astype(np.uint8).reshape(-1, 8, 8),
        "labels": rows[:, 64].astype(np.uint8),
        "test": test,
    }
