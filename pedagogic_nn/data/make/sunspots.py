"""sunspots.npz from statsmodels."""

import numpy as np

from .sources import read


def make() -> dict[str, np.ndarray]:
    """years (309,) int16, numbers (309,) float64, test (309,) bool."""
    text = read("statsmodels", "statsmodels/datasets/sunspots/sunspots.csv").decode()
    years, numbers = np.loadtxt(text.splitlines(), delimiter=",", skiprows=1).T
    return {
        "years": years.astype(np.int16),
        "numbers": numbers,
        "test": years >= 1949,
    }
