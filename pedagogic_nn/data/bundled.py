"""The data that come with the book: small, processed, and at hand without a network.

    load("sunspots")      a Bundle: its arrays, its data card, the baselines to beat
    sunspots("train")     the arrays alone, ready to use

Each data set has a card in `cards/` (source, licence, what was done to it, what is wrong
with it), and a script in `make/` that made its file.  Rows of `split="train"` are for
learning and for choosing; the baselines were scored on the rows of `split="test"`.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
FILES, CARDS = HERE / "files", HERE / "cards"


@dataclass(frozen=True)
class Bundle:
    """One data set.

    Attributes:
        name: as given to `load`.
        arrays: the arrays of its file, by name; `bundle["name"]` is short for
            `bundle.arrays["name"]`. The card says what each holds.
        card: the data card, Markdown.
        baselines: the scores to beat, by name: {"metric": …, "value": …, "how": …}.
    """

    name: str
    arrays: dict[str, np.ndarray] = field(repr=False)
    card: str = field(repr=False)
    baselines: dict[str, dict] = field(repr=False)

    def __getitem__(self, key: str) -> np.ndarray:
        try:
            return self.arrays[key]
        except KeyError:
            known = ", ".join(self.arrays)
            raise KeyError(f"{self.name} has no array {key!r}; it has {known}") from None

    def rows(self, split: str | None = None) -> np.ndarray:
        """Numbers of the rows of `split` ("train", "test" or None for all), int64."""
        if split not in (None, "train", "test"):
            raise ValueError(
                f'{self.name}: split is "train", "test" or None, got {split!r}'
            )
        if split is None:
            return np.arange(len(self["test"]))
        return np.flatnonzero(self["test"] == (split == "test"))


def available() -> list[str]:
    """The names that `load` knows.

    Example:
        >>> available()[:3]
        ['co2', 'digits', 'films']
    """
    return sorted(path.stem for path in CARDS.glob("*.md"))


def load(name: str) -> Bundle:
    """The bundled data set of this name.

    Raises:
        ValueError: there is none of this name.

    Example:
        >>> sun = load("sunspots")
        >>> sun["years"][[0, -1]].tolist(), sun["numbers"].shape
        ([1700, 2008], (309,))
        >>> round(sun.baselines["AR(22)"]["value"], 2)
        19.65
    """
    if name not in available():
        raise ValueError(f"no bundled data {name!r}; there are {', '.join(available())}")
    with np.load(FILES / f"{name}.npz", allow_pickle=False) as file:
        arrays = {key: file[key] for key in file.files}
    baselines = json.loads((HERE / "baselines.json").read_text("utf-8"))
    card = (CARDS / f"{name}.md").read_text("utf-8")
    return Bundle(name, arrays, card, baselines.get(name, {}))


def sha256(name: str) -> str:
    """The SHA-256 hash of the file of a bundled data set, as its card has it."""
    return hashlib.sha256((FILES / f"{name}.npz").read_bytes()).hexdigest()


def digits(split: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Handwritten digits.

    Returns:
        images (N, 8, 8) float32, ink of each pixel from 0 to 16; labels (N,) int64,
        0 … 9. N is 1,437 for "train", 360 for "test".

    Example:
        >>> images, labels = digits("test")
        >>> images.shape, labels[:5].tolist()
        ((360, 8, 8), [2, 3, 4, 5, 6])
    """
    bundle = load("digits")
    rows = bundle.rows(split)
    labels = bundle["labels"].astype(np.int64)
    return bundle["images"][rows].astype(np.float32), labels[rows]


def surnames(split: str | None = None) -> tuple[list[str], np.ndarray]:
    """Surnames and the country in whose list each stands.

    Returns:
        names, N strings; labels (N,) int64, 0 … 11: places in
        `load("surnames")["countries"]`.

    Example:
        >>> names, labels = surnames("test")
        >>> countries = load("surnames")["countries"]
        >>> names[0], str(countries[labels[0]])
        ('Alković', 'Croatia')
    """
    bundle = load("surnames")
    rows = bundle.rows(split)
    return bundle["names"][rows].tolist(), bundle["labels"][rows].astype(np.int64)


def japanese_vowels(split: str | None = None) -> tuple[list[np.ndarray], np.ndarray]:
    """Nine speakers saying /ae/, each utterance a short sequence.

    Returns:
        utterances, N arrays (T, 12) float32, 7 to 29 frames of 12 cepstrum coefficients,
        6.4 ms apart; speakers (N,) int64, 0 … 8. N is 270 for "train", 370 for "test".

    Example:
        >>> utterances, speakers = japanese_vowels("train")
        >>> len(utterances), utterances[0].shape, int(speakers[0])
        (270, (20, 12), 0)
    """
    bundle = load("japanese_vowels")
    rows = bundle.rows(split)
    ends = np.cumsum(bundle["lengths"], dtype=np.int64)
    every = np.split(bundle["frames"], ends[:-1])
    return [every[row] for row in rows], bundle["speakers"][rows].astype(np.int64)


def sunspots(split: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Sunspot numbers, one for each year.

    Returns:
        years (T,) int64; numbers (T,) float64, the mean sunspot number of the year.
        "train" is 1700 to 1948, "test" 1949 to 2008.

    Example:
        >>> years, numbers = sunspots()
        >>> years[numbers.argmax()], numbers.max()
        (np.int64(1957), np.float64(190.2))
    """
    bundle = load("sunspots")
    rows = bundle.rows(split)
    return bundle["years"][rows].astype(np.int64), bundle["numbers"][rows]


def co2(split: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Carbon dioxide in the air at Mauna Loa, Hawaii, one value for each week.

    Returns:
        dates (T,) datetime64[D], Saturdays; ppm (T,) float64, parts per million by
        volume, NaN in the 59 weeks without a value. "test" is the last 260 weeks, of
        which none is missing.

    Example:
        >>> dates, ppm = co2()
        >>> dates[0], ppm[0], int(np.isnan(ppm).sum())
        (np.datetime64('1958-03-29'), np.float64(316.1), 59)
    """
    bundle = load("co2")
    rows = bundle.rows(split)
    return bundle["dates"][rows], bundle["ppm"][rows]


def images(split: str | None = None) -> dict[str, np.ndarray]:
    """Six photographs, each (192, 192, 3) uint8, red green blue from 0 to 255, by name.

    Example:
        >>> sorted(images("test"))
        ['astronaut', 'china', 'rocket']
    """
    bundle = load("images")
    return {
        str(bundle["names"][row]): bundle["images"][row] for row in bundle.rows(split)
    }


def films(split: str | None = None) -> dict[str, np.ndarray]:
    """Films of 1940 to 2014 with their genres and the share of good reviews.

    Returns:
        titles (N,) str; years (N,) int16; runtimes (N,) int16, minutes; genres (N, 20)
        bool, columns named by genre_names (20,) str; tomatometer (N,) uint8, percent of
        reviews that are good; reviews (N,) int16, how many there are.

    Example:
        >>> table = films()
        >>> row = table["titles"].tolist().index("Toy Story")
        >>> table["genre_names"][table["genres"][row]].tolist()
        ['Adventure', 'Animation', 'Comedy', 'Fantasy']
    """
    bundle = load("films")
    rows = bundle.rows(split)
    columns = [key for key in bundle.arrays if key not in ("genre_names", "test")]
    table = {key: bundle[key][rows] for key in columns}
    return {**table, "genre_names": bundle["genre_names"]}


def textures() -> dict[str, np.ndarray]:
    """Brick, grass and gravel, each (512, 512) uint8, brightness 0 to 255, by name."""
    bundle = load("textures")
    names = [str(name) for name in bundle["names"]]
    return dict(zip(names, bundle["images"], strict=True))


def texture_mosaics(
    count: int, split: str, size: int = 64, pieces: int = 5, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Pictures pieced together from three textures, to be told apart pixel by pixel.

    Each pixel belongs to the nearest of `pieces` random points, and each point to a
    random texture. "train" is cut from the left halves of the textures, "test" from the
    right ones. All are brought to mean 0 and standard deviation 1 (of the left halves),
    so that brightness alone does not tell them apart.

    Returns:
        mosaics (count, size, size) float32; labels (count, size, size) int64:
        0 brick, 1 grass, 2 gravel.

    Raises:
        ValueError: split is neither "train" nor "test", or size is not between 1 and 256.

    Example:
        >>> mosaics, labels = texture_mosaics(2, "train")
        >>> mosaics.shape, mosaics.dtype, labels.shape, labels.max()
        ((2, 64, 64), dtype('float32'), (2, 64, 64), np.int64(2))
    """
    if split not in ("train", "test"):
        raise ValueError(f'texture_mosaics: split is "train" or "test", got {split!r}')
    if not 1 <= size <= 256:
        raise ValueError(f"texture_mosaics: size must be 1 to 256 pixels, got {size}")
    whole = np.stack(list(textures().values())).astype(np.float32)
    left, right = whole[:, :, :256], whole[:, :, 256:]
    mean, deviation = (f(left, axis=(1, 2), keepdims=True) for f in (np.mean, np.std))
    half = ((left if split == "train" else right) - mean) / deviation
    rng = np.random.default_rng([seed, split == "test"])
    pairs = [_mosaic(half, size, pieces, rng) for _ in range(count)]
    return np.stack([x for x, _ in pairs]), np.stack([y for _, y in pairs])


def _mosaic(
    half: np.ndarray, size: int, pieces: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """half (3, 512, 256) -> one mosaic (size, size) and its labels (size, size)."""
    points = rng.integers(0, size, (pieces, 2))
    kinds = rng.integers(0, len(half), pieces)
    rows = rng.integers(0, half.shape[1] - size + 1, pieces)
    columns = rng.integers(0, half.shape[2] - size + 1, pieces)
    pixels = np.stack(np.meshgrid(np.arange(size), np.arange(size), indexing="ij"), -1)
    nearest = ((pixels[:, :, None] - points) ** 2).sum(-1).argmin(-1)
    patches = np.stack(
        [
            half[kind, row : row + size, column : column + size]
            for kind, row, column in zip(kinds, rows, columns, strict=True)
        ]
    )
    mosaic = np.take_along_axis(patches, nearest[None], 0)[0]
    return mosaic, kinds[nearest]
