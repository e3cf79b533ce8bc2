"""images.npz from the photographs in scikit-image and scikit-learn."""

import io

import numpy as np
from PIL import Image

from .sources import read

SIZE = 192
SKIMAGE, SKLEARN = "skimage/data", "sklearn/datasets/images"
PHOTOGRAPHS = {  # name: package, file, first row, first column, pixels averaged to one
    "astronaut": ("scikit-image", f"{SKIMAGE}/astronaut.png", 0, 64, 2),
    "cat": ("scikit-image", f"{SKIMAGE}/chelsea.png", 24, 60, 1),
    "china": ("scikit-learn", f"{SKLEARN}/china.jpg", 22, 60, 2),
    "coffee": ("scikit-image", f"{SKIMAGE}/coffee.png", 8, 120, 2),
    "flower": ("scikit-learn", f"{SKLEARN}/flower.jpg", 20, 130, 2),
    "rocket": ("scikit-image", f"{SKIMAGE}/rocket.jpg", 30, 200, 2),
}
TEST = ("astronaut", "china", "rocket")


def make() -> dict[str, np.ndarray]:
    """images (6, 192, 192, 3) uint8 RGB, names (6,) str, test (6,) bool."""
    return {
        "images": np.stack([_cut(*place) for place in PHOTOGRAPHS.values()]),
        "names": np.array(list(PHOTOGRAPHS)),
        "test": np.array([name in TEST for name in PHOTOGRAPHS]),
    }


def _cut(package: str, path: str, row: int, column: int, factor: int) -> np.ndarray:
    """A square of the photograph, each factor x factor pixels averaged to one."""
    photograph = Image.open(io.BytesIO(read(package, path))).convert("RGB")
    side = SIZE * factor
    square = np.asarray(photograph)[row : row + side, column : column + side]
    blocks = square.reshape(SIZE, factor, SIZE, factor, 3).astype(np.int64)
    whole = factor * factor
    return ((blocks.sum(axis=(1, 3)) + whole // 2) // whole).astype(np.uint8)
