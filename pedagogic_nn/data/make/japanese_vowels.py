"""japanese_vowels.npz from the text files in aeon's wheel."""

import numpy as np

from .sources import read

FILE = "aeon/datasets/data/JapaneseVowels/JapaneseVowels_{part}.ts"


def make() -> dict[str, np.ndarray]:
    """frames (9961, 12) float32 of all utterances in a row, lengths (640,) uint8,
    speakers (640,) uint8, test (640,) bool."""
    train, test = _utterances("TRAIN"), _utterances("TEST")
    utterances = [frames for frames, _ in train + test]
    return {
        "frames": np.concatenate(utterances).astype(np.float32),
        "lengths": np.array([len(frames) for frames in utterances], np.uint8),
        "speakers": np.array([speaker for _, speaker in train + test], np.uint8),
        "test": np.arange(len(utterances)) >= len(train),
    }


def _utterances(part: str) -> list[tuple[np.ndarray, int]]:
    """(frames (T, 12), speaker 0 … 8) of each line after @data.

    A line holds 12 channels and the speaker (1 … 9), separated by ":".
    """
    text = read("aeon", FILE.format(part=part)).decode()
    utterances = []
    for line in text.split("@data")[1].split():
        *channels, speaker = line.split(":")
        values = [[float(value) for value in channel.split(",")] for channel in channels]
        utterances.append((np.array(values).T, int(speaker) - 1))
    return utterances
