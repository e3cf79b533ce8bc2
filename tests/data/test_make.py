"""The bundled files are made again from their sources, the baselines measured again.

The sources are packages of exactly the versions in `make/sources.py`: installed, or
fetched by pip as wheels (aeon always: it does not install beside this library's numba).
"""
import importlib
import zipfile

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from pedagogic_nn import data
from pedagogic_nn.data.make import baselines, sources

FROM_JPEG = {"images"}  # a newer JPEG decoder may round differently


@pytest.mark.parametrize("name", data.available())
def test_the_file_is_what_its_script_makes(name):
    made = importlib.import_module(f"pedagogic_nn.data.make.{name}").make()
    bundle = data.load(name)
    assert list(made) == list(bundle.arrays)
    for key, array in made.items():
        assert array.dtype == bundle[key].dtype and array.shape == bundle[key].shape, key
        if name in FROM_JPEG and array.dtype == np.uint8:
            assert np.abs(array.astype(int) - bundle[key]).max() <= 2
        else:
            np.testing.assert_array_equal(array, bundle[key])


@pytest.mark.parametrize("name", data.available())
def test_the_baselines_are_what_is_measured(name):
    with threadpool_limits(1):      # BLAS's threads spin: ten times as long beside others
        measured = baselines.MEASURE[name]()
    stored = data.load(name).baselines
    assert list(measured) == list(stored)
    for baseline, score in measured.items():
        assert score["metric"] == stored[baseline]["metric"]
        assert score["how"] == stored[baseline]["how"]
        assert score["value"] == pytest.approx(stored[baseline]["value"], rel=5e-3)


def test_every_source_is_pinned_in_its_card():
    cards = {name: data.load(name).card for name in data.available()}
    for package, version in sources.VERSIONS.items():
        named = [name for name in cards if f"{package} {version}" in cards[name]]
        assert named, f"no card names {package} {version}"


# ---- reading out of wheels -----------------------------------------------------------


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    monkeypatch.setenv("PEDAGOGIC_NN_WHEELS", str(tmp_path))
    monkeypatch.setitem(sources.VERSIONS, "no-such-package", "1.0")
    return tmp_path


def test_a_wheel_in_the_folder_is_read_without_pip(wheels, monkeypatch):
    with zipfile.ZipFile(wheels / "no_such_package-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("table.csv", "a,b")
    monkeypatch.setattr(sources, "_fetch", lambda *_: pytest.fail("pip was called"))
    assert sources.read("no-such-package", "table.csv") == b"a,b"


def test_a_wheel_that_cannot_be_fetched_is_named(wheels, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(RuntimeError, match="could not fetch no-such-package==1.0"):
        sources.read("no-such-package", "table.csv")


def test_another_installed_version_is_not_read(wheels, monkeypatch):
    monkeypatch.setitem(sources.VERSIONS, "numpy", "0.0.1")
    with zipfile.ZipFile(wheels / "numpy-0.0.1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("numpy/version.py", "old")
    assert sources.read("numpy", "numpy/version.py") == b"old"
