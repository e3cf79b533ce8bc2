"""The virtual environment in .venv: made, filled with pinned packages, and left alone
when nothing changed. Standard library only, for it runs before anything is installed."""
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from progress import Problem, follow

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
CONSTRAINTS = ROOT / "constraints.txt"
STAMP = VENV / "installed.json"

READ = {"book"}
TEST = {"book", "test", "data"}

BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
            "chrome"]
BROWSER_FILES = ["/Applications/Chromium.app/Contents/MacOS/Chromium",
                 "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
                 "C:/Program Files/Google/Chrome/Application/chrome.exe"]


def set_up(extras):
    """Make sure that .venv holds this package with `extras`, at the pinned versions."""
    stamp = _read_stamp()
    if stamp.get("made_from") == _fingerprint() and extras <= set(stamp["extras"]):
        return
    start = time.monotonic()
    _make_venv()
    extras = extras | set(stamp.get("extras", []))
    _install([*_this_package(extras), "--constraint", CONSTRAINTS])
    STAMP.write_text(json.dumps({"made_from": _fingerprint(), "extras": sorted(extras)}))
    print(f"Packages are in {VENV.relative_to(ROOT)} ({time.monotonic() - start:.0f} s).")


def _this_package(extras):
    return ["--editable", f".[{','.join(sorted(extras))}]"]


def _read_stamp():
    """What the last complete installation was made from; empty if none runs."""
    try:
        subprocess.run([PYTHON, "-c", ""], check=True, capture_output=True)
        return json.loads(STAMP.read_text())
    except (OSError, ValueError, subprocess.CalledProcessError):
        return {}


def _fingerprint():
    """A hash of the files that say what is installed."""
    files = (ROOT / "pyproject.toml", CONSTRAINTS)
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _make_venv(anew=False):
    if not anew and PYTHON.exists() and subprocess.run(
            [PYTHON, "-m", "pip", "--version"], capture_output=True).returncode == 0:
        return
    print("Making a virtual environment in .venv")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    package = f"python{version}-venv"
    if importlib.util.find_spec("ensurepip") is None and not _apt_install(package):
        raise Problem("This Python makes no virtual environments: ensurepip is missing.\n"
                      f"On Debian or Ubuntu:  sudo apt-get install {package}")
    subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)


# ---- pip, with a line that says how far it is ----------------------------------------


class _PipProgress:
    """Reads pip's output: looked up, fetched and (counted on the disk) installed."""

    def __init__(self):
        self.found = self.fetched = 0
        self.to_install = self.already = 0

    def __call__(self, line):
        if match := re.match(r"\s*Collecting ([\w.-]+)", line):
            self.found += 1
            return f"looking up packages: {self.found} so far ({match[1]})"
        if re.match(r"\s*(Downloading|Using cached) .*\.whl \(", line):
            self.fetched += 1
            name = line.split()[1].rpartition("/")[2].split("-")[0]
            return f"fetching packages: {self.fetched} of about {self.found} ({name})"
        if line.startswith("Installing collected packages:"):
            self.to_install, self.already = line.count(",") + 1, _count_installed()
        if self.to_install:
            left = self.already + self.to_install - _count_installed()
            return f"installing {self.to_install} packages, {max(left, 0)} left"
        return None


def _count_installed():
    folder = "Lib" if os.name == "nt" else "lib/python3*"
    return len(list(VENV.glob(f"{folder}/site-packages/*.dist-info")))


def _install(arguments):
    print("Installing packages; the first time takes a few minutes")
    command = [PYTHON, "-m", "pip", "install", "--no-input",
               "--disable-pip-version-check", *arguments]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    status, output = follow(command, _PipProgress(), cwd=ROOT, env=environment)
    if status:
        raise Problem(_why_pip_failed(output))


NO_NETWORK = """\
The packages could not be fetched: there is no network, or a proxy is in the way.
Connect and run the same command again; what was fetched is kept.
Without a network: on another machine, put the packages into a folder with
    pip download -d wheels -c constraints.txt '.[book]' 'flit_core>=3.12,<5'
copy the folder here, and set PIP_NO_INDEX=1 and PIP_FIND_LINKS=wheels.
"""


def _why_pip_failed(output):
    if "connection broken by" in output or "NewConnectionError" in output:
        return NO_NETWORK
    if "No space left" in output:
        return "The disk is full: .venv takes 0.8 GB for reading, 2.1 GB for testing."
    last = "\n".join(output.splitlines()[-20:])
    return f"{last}\nInstalling the packages failed; pip's last lines are above."


# ---- constraints.txt -----------------------------------------------------------------

PINS_HEADER = """\
# The exact packages of `make read` and `make test`; the book was made with them.
# Written by `python3 tools/run.py pin`; a newer package is tried by running it again.
"""
LINUX = re.compile(r"(nvidia-|cuda-|numba-cuda|mpi4py|mpich)")


def pin():
    """Write constraints.txt from the newest packages that work together."""
    _make_venv(anew=True)
    _install(_this_package(TEST))
    frozen = subprocess.run([PYTHON, "-m", "pip", "freeze", "--exclude-editable"],
                            check=True, capture_output=True, text=True).stdout
    CONSTRAINTS.write_text(PINS_HEADER + constraints_of(frozen.split("\n")))
    print(f"Wrote {CONSTRAINTS.name}; run `make test` before you commit it.")


def constraints_of(frozen):
    """pip freeze's lines as constraints: packages for one system only say so."""
    names = sorted((line for line in frozen if "==" in line), key=str.lower)
    marker = "; sys_platform == 'linux'"
    return "".join(line + marker * bool(LINUX.match(line)) + "\n" for line in names)


# ---- what pip cannot install ---------------------------------------------------------


def find_chromium():
    """The path of a Chromium for the browser tests; installed if nobody need be asked.

    Raises:
        Problem: there is none; the message says how to get one.
    """
    found = _chromium() or (_apt_install("chromium") and _chromium())
    if found:
        return found
    raise Problem("The browser tests need Chromium. Install it\n"
                  "    Debian, Ubuntu:  sudo apt-get install chromium\n"
                  "    Fedora:          sudo dnf install chromium\n"
                  "    macOS:           brew install --cask chromium\n"
                  "or set CHROMIUM to the path of a Chromium or Chrome.")


def _chromium():
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    installed = map(shutil.which, BROWSERS)
    return next(filter(None, installed), None) or next(
        filter(os.path.exists, BROWSER_FILES), None)


def _apt_install(package):
    """Install a Debian package if we are root on Debian or Ubuntu; did it work?"""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return False
    print(f"Installing {package} with apt-get")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", package]):
        done = subprocess.run(["apt-get", "-qq", *command], env=environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return done.returncode == 0
