"""The book: built into _build/html when something that it is made from has changed."""
import hashlib
import os
import re
import time

from environment import CONSTRAINTS, PYTHON, ROOT
from progress import Problem, follow

HTML = ROOT / "_build" / "html"
STAMP = ROOT / "_build" / "built_from"
LOG = ROOT / "_build" / "build.log"

# The pages, and the package: its Sphinx extension, and the docstrings that pages quote.
MADE_FROM = ["_config.yml", "_toc.yml", "index.md", "README.md", "CHANGELOG.md",
             "benchmarks/RESULTS.md", "book", "pedagogic_nn"]
SUFFIXES = {".md", ".ipynb", ".yml", ".bib", ".py", ".css", ".js", ".svg", ".png", ".ico"}
COMMAND = [PYTHON.with_name("jupyter-book"), "build", ".", "--all", "-W", "--keep-going"]


def build():
    """Build the book, a warning being an error. Does nothing if nothing changed.

    Every page is built each time (`--all`): an incremental build says nothing about the
    pages it leaves alone, so a second run would pass what the first one refused.
    """
    fingerprint = _fingerprint()
    built = STAMP.exists() and (HTML / "index.html").exists()
    if built and STAMP.read_text() == fingerprint:
        print("The book in _build/html is up to date.")
        return
    STAMP.unlink(missing_ok=True)
    print("Building the book")
    start = time.monotonic()
    status, output = follow(COMMAND, _describe, cwd=ROOT, env=_environment())
    LOG.parent.mkdir(exist_ok=True)
    LOG.write_text(output, encoding="utf-8")
    if status:
        raise Problem(f"{_warnings(output)}\nThe book was not built: a warning counts as "
                      f"an error. The whole log is in {LOG.relative_to(ROOT)}.")
    STAMP.write_text(fingerprint)
    print(f"The book is in _build/html ({time.monotonic() - start:.0f} s).")


def _environment():
    # The contract names GPUs: numba's simulator plays them, unless the reader says 0.
    return {"NUMBA_ENABLE_CUDASIM": "1", **os.environ, "PYTHONUNBUFFERED": "1"}


def _describe(line):
    """Sphinx prints 'reading sources... [ 12%] book/recurrent/lstm_cell'."""
    match = re.search(r"(reading sources|writing output)\.{3}.*?\[ *(\d+)%\] (\S+)", line)
    return f"{match[1]}: {match[2]} % ({match[3]})" if match else None


def _warnings(output):
    """The lines of a build's output that say what is wrong; its end where none does."""
    lines = output.splitlines()
    wrong = [line for line in lines if re.search(r"WARNING|ERROR|Error|Exception", line)]
    return "\n".join(wrong[:40] or lines[-20:])


def _fingerprint():
    digest = hashlib.sha256(CONSTRAINTS.read_bytes())
    for name in MADE_FROM:
        for file in sorted((ROOT / name).rglob("*")) or [ROOT / name]:
            if file.suffix in SUFFIXES and file.is_file():
                digest.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return digest.hexdigest()
