"""The bundled data: what the helpers return, and that cards and files agree."""
import re

import numpy as np
import pytest

from pedagogic_nn import data
from pedagogic_nn.data.bundled import CARDS, FILES, sha256

NAMES = data.available()


def test_the_eight_data_sets_are_there():
    assert NAMES == ["co2", "digits", "films", "images", "japanese_vowels", "sunspots",
                     "surnames", "textures"]


def test_all_files_together_stay_small():
    assert sum(path.stat().st_size for path in FILES.iterdir()) < 3_000_000


@pytest.mark.parametrize("name", NAMES)
def test_the_card_has_the_hash_of_the_file(name):
    (found,) = re.findall(r"(?m)^\| file \| .*sha256 `(\w+)`", data.load(name).card)
    assert found == sha256(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_card_says_what_it_must(name):
    card = data.load(name).card
    for part in ("| source |", "| package |", "| licence |", "| made by |", "## Arrays",
                 "## What was done", "## Licence and its evidence", "## Baselines",
                 "## Known problems"):
        assert part in card, f"{name}.md lacks {part}"


@pytest.mark.parametrize("name", NAMES)
def test_the_card_describes_every_array(name):
    bundle = data.load(name)
    for key, array in bundle.arrays.items():
        dtype = "str" if array.dtype.kind == "U" else str(array.dtype)
        described = f"`{key}` {array.shape} {dtype}"
        assert described in bundle.card, f"{name}.md does not say {described}"


@pytest.mark.parametrize("name", NAMES)
def test_the_card_has_every_baseline(name):
    bundle = data.load(name)
    assert bundle.baselines
    for baseline, score in bundle.baselines.items():
        row = f"| {baseline} | {score['metric']} {score['value']:g} | {score['how']} |"
        assert row in bundle.card


@pytest.mark.parametrize("name", NAMES)
def test_no_file_needs_pickle(name):
    with np.load(FILES / f"{name}.npz", allow_pickle=False) as file:
        assert all(file[key].dtype != object for key in file.files)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"textures"}))
def test_train_and_test_share_no_row(name):
    bundle = data.load(name)
    train, test = bundle.rows("train"), bundle.rows("test")
    assert len(train) and len(test)
    np.testing.assert_array_equal(np.sort(np.r_[train, test]), bundle.rows())


def test_a_wrong_name_is_told_the_right_ones():
    with pytest.raises(ValueError, match="no bundled data 'mnist'; there are co2, "):
        data.load("mnist")


def test_a_wrong_split_is_told_the_right_ones():
    with pytest.raises(ValueError, match="sunspots: split is .*, got 'valid'"):
        data.sunspots("valid")
    with pytest.raises(ValueError, match="texture_mosaics: split is .*, got None"):
        data.texture_mosaics(1, None)


def test_a_wrong_array_is_told_the_right_ones():
    with pytest.raises(KeyError, match="sunspots has no array 'year'; it has years"):
        data.load("sunspots")["year"]


def test_every_load_is_a_copy_of_its_own():
    data.load("sunspots")["numbers"][:] = 0
    assert data.load("sunspots")["numbers"].max() == 190.2


def test_every_card_is_loaded_by_a_helper():
    assert all(callable(getattr(data, path.stem)) for path in CARDS.glob("*.md"))


# ---- what the helpers return ---------------------------------------------------------


@pytest.mark.parametrize(("split", "n"), [(None, 1797), ("train", 1437), ("test", 360)])
def test_digits(split, n):
    images, labels = data.digits(split)
    assert images.shape == (n, 8, 8) and images.dtype == np.float32
    assert labels.shape == (n,) and labels.dtype == np.int64
    assert (images.min(), images.max()) == (0, 16)
    assert sorted(set(labels.tolist())) == list(range(10))


def test_surnames():
    names, labels = data.surnames()
    countries = data.load("surnames")["countries"]
    assert len(names) == len(set(names)) == len(labels) == 8316
    assert labels.dtype == np.int64 and labels.max() == len(countries) - 1
    by_name = dict(zip(names, countries[labels], strict=True))
    assert by_name["Abramczuk"] == "Poland" and by_name["Nieminen"] == "Finland"
    assert "Adam" not in by_name  # stands in several lists
    assert all(name == name.strip() and 1 < len(name) <= 20 for name in names)


def test_japanese_vowels():
    utterances, speakers = data.japanese_vowels()
    assert len(utterances) == len(speakers) == 640
    lengths = [len(frames) for frames in utterances]
    assert (min(lengths), max(lengths), sum(lengths)) == (7, 29, 9961)
    assert all(frames.shape[1:] == (12,) for frames in utterances)
    assert np.bincount(data.japanese_vowels("train")[1]).tolist() == [30] * 9
    # UCI's counts of the test part
    assert np.bincount(data.japanese_vowels("test")[1]).tolist() == [
        31, 35, 88, 44, 29, 24, 40, 50, 29]


def test_japanese_vowels_are_cut_between_utterances():
    last, first = data.japanese_vowels("train")[0][-1], data.japanese_vowels("test")[0][0]
    every = data.japanese_vowels()[0]
    np.testing.assert_array_equal(every[269], last)
    np.testing.assert_array_equal(every[270], first)


def test_sunspots():
    years, numbers = data.sunspots()
    np.testing.assert_array_equal(years, np.arange(1700, 2009))
    assert numbers[:3].tolist() == [5, 11, 16]
    assert data.sunspots("test")[0][[0, -1]].tolist() == [1949, 2008]


def test_co2():
    dates, ppm = data.co2()
    assert set(np.diff(dates).astype(int)) == {7}
    assert np.isnan(ppm).sum() == 59 and not np.isnan(data.co2("test")[1]).any()
    assert 310 < np.nanmin(ppm) < np.nanmax(ppm) < 380
    assert len(data.co2("test")[0]) == 260


def test_images():
    images = data.images()
    assert list(images) == ["astronaut", "cat", "china", "coffee", "flower", "rocket"]
    for image in images.values():
        assert image.shape == (192, 192, 3) and image.dtype == np.uint8
        assert image.std() > 30
    assert sorted(data.images("train")) == ["cat", "coffee", "flower"]


def test_films():
    films = data.films()
    n = len(films["titles"])
    assert films["genres"].shape == (n, len(films["genre_names"])) == (9292, 20)
    assert films["genres"].any(axis=1).all() and films["genres"].sum(0).min() >= 100
    assert films["tomatometer"].max() <= 100 and films["reviews"].min() >= 20
    assert films["years"].min() >= 1940 and films["years"].max() <= 2014
    shared = set(data.films("train")["titles"]) & set(data.films("test")["titles"])
    assert not shared


# ---- mosaics -------------------------------------------------------------------------


def test_mosaics_are_repeatable_and_of_their_split():
    mosaics, labels = data.texture_mosaics(3, "train", size=32, seed=1)
    assert mosaics.shape == labels.shape == (3, 32, 32)
    assert mosaics.dtype == np.float32 and labels.dtype == np.int64
    again, _ = data.texture_mosaics(3, "train", size=32, seed=1)
    np.testing.assert_array_equal(mosaics, again)
    for other in (data.texture_mosaics(3, "train", size=32, seed=2),
                  data.texture_mosaics(3, "test", size=32, seed=1)):
        assert (other[0] != mosaics).any()


@pytest.mark.parametrize("split", ["train", "test"])
def test_mosaics_are_cut_from_their_half_of_their_texture(split):
    textures = np.stack(list(data.textures().values())).astype(np.float32)
    left = textures[:, :, :256]
    textures -= left.mean(axis=(1, 2), keepdims=True)
    textures /= left.std(axis=(1, 2), keepdims=True)
    columns = slice(None, 256) if split == "train" else slice(256, None)
    mosaics, labels = data.texture_mosaics(4, split, pieces=1)
    for mosaic, label in zip(mosaics, labels, strict=True):
        (kind,) = set(label.reshape(-1).tolist())
        windows = np.lib.stride_tricks.sliding_window_view(
            textures[kind][:, columns], mosaic.shape)
        near = np.abs(windows[:, :, 0, 0] - mosaic[0, 0]) < 1e-5
        found = [np.allclose(window, mosaic, atol=1e-4) for window in windows[near]]
        assert any(found)


def test_all_textures_occur():
    _, labels = data.texture_mosaics(20, "train")
    assert (np.bincount(labels.reshape(-1)) > 0.1 * labels.size).all()


@pytest.mark.parametrize("size", [0, 257])
def test_a_mosaic_fits_into_half_a_texture(size):
    with pytest.raises(ValueError, match="size must be 1 to 256 pixels"):
        data.texture_mosaics(1, "train", size=size)
