"""films.npz from the film table in bokeh_sampledata."""

import sqlite3
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from .sources import read

FEWEST = 100  # films of a genre; the package has 21 of "Music"
QUERY = """
    SELECT Title, Year, Runtime, Genre, Meter, Reviews
    FROM omdb JOIN tomatoes USING (ID)
    WHERE Meter IS NOT NULL AND Reviews >= 20 AND Runtime >= 20
    ORDER BY Title, Year, ID
"""


def make() -> dict[str, np.ndarray]:
    """titles (N,) str, years, runtimes, reviews (N,) int16, tomatometer (N,) uint8,
    genres (N, 20) bool with genre_names (20,) str, test (N,) bool."""
    rows = _rows()
    counts = Counter(genre for row in rows for genre in row[3].split(", "))
    names = sorted(genre for genre in counts if genre and counts[genre] >= FEWEST)
    rows = [row for row in rows if set(names) & set(row[3].split(", "))]
    titles, years, runtimes, listed, meter, reviews = zip(*rows, strict=True)
    genres = [set(text.split(", ")) for text in listed]
    place = {title: i for i, title in enumerate(sorted(set(titles)))}
    return {
        "titles": np.array(titles),
        "years": np.array(years, np.int16),
        "runtimes": np.array(runtimes).round().astype(np.int16),
        "genres": np.array([[name in own for name in names] for own in genres]),
        "genre_names": np.array(names),
        "tomatometer": np.array(meter, np.uint8),
        "reviews": np.array(reviews, np.int16),
        "test": np.array(
            [place[title] % 5 == 4 for title in titles]
        ),  # all Hamlets together
    }


def _rows() -> list[tuple]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "films.db")
        path.write_bytes(read("bokeh_sampledata", "bokeh_sampledata/_data/movies.db"))
        connection = sqlite3.connect(path)
        try:
            return connection.execute(QUERY).fetchall()
        finally:
            connection.close()
