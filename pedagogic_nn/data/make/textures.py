"""textures.npz from the textures in scikit-image."""

import io

import numpy as np
from PIL import Image

from .sources import read

NAMES = ("brick", "grass", "gravel")


def make() -> dict[str, np.ndarray]:
    """images (3, 512, 512) uint8, names (3,) str."""
    files = [read("scikit-image", f"skimage/data/{name}.png") for name in NAMES]
    pictures = [Image.open(io.BytesIO(file)).convert("L") for file in files]
    return {
        "images": np.stack([np.asarray(picture) for picture in pictures]),
        "names": np.array(NAMES),
    }
