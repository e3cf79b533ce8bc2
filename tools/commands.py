"""The commands of run.py, one function each."""
import shutil
import subprocess
import sys

from environment import PYTHON, READ, ROOT, TEST, VENV, pin, set_up
from progress import Problem


def main(usage, arguments):
    """Run one command; the exit status."""
    name, *rest = arguments or ["help"]
    if name not in COMMANDS:
        print(usage.strip())
        return 0 if name in ("help", "-h", "--help") else 2
    try:
        return COMMANDS[name](*rest) or 0
    except Problem as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped")
        return 130


def read(*options):
    site()
    return serve(*options)


def test(*options):
    import stages
    return stages.run(options)


def site():
    set_up(READ)
    import site_builder
    site_builder.build()


def serve(*options):
    set_up(READ)
    return _python("-m", "pedagogic_nn.book.server", *options)


def lint(*options):
    set_up(TEST)
    return _python("-m", "ruff", "check", *options)


def types(*options):
    set_up(TEST)
    return _python("-m", "mypy", *options)


def warm():
    set_up(READ)
    return _python("-m", "pedagogic_nn.warmup")


def bench(*options):
    set_up(READ)
    return _python("-m", "benchmarks", *options)


def clean(*options):
    """Remove what the other commands made, numba's compiled kernels included."""
    made = [ROOT / name for name in ("_build", "build", "dist", ".pytest_cache",
                                     ".ruff_cache", ".mypy_cache", ".hypothesis")]
    for folder in ("pedagogic_nn", "tests", "exercises", "solutions", "benchmarks",
                   "tools"):
        made += (ROOT / folder).rglob("__pycache__")
    made += [VENV] if "--all" in options else []
    for path in made:
        shutil.rmtree(path, ignore_errors=True)


COMMANDS = {"read": read, "test": test, "site": site, "serve": serve, "lint": lint,
            "types": types, "warm": warm, "bench": bench, "pin": pin, "clean": clean}


def _python(*arguments):
    return subprocess.run([PYTHON, *arguments], cwd=ROOT).returncode
