"""co2.npz from statsmodels."""

import numpy as np

from .sources import read


def make() -> dict[str, np.ndarray]:
    """dates (2284,) datetime64[D], ppm (2284,) float64 NaN for no value, test bool."""
    text = read("statsmodels", "statsmodels/datasets/co2/co2.csv").decode()
    rows = [line.split(",") for line in text.splitlines()[1:]]
    dates = [f"{day[:4]}-{day[4:6]}-{day[6:]}" for day, _ in rows]
    return {
        "dates": np.array(dates, "datetime64[D]"),
        "ppm": np.array([float(value or "nan") for _, value in rows]),
        "test": np.arange(len(rows)) >= len(rows) - 260,
    }
