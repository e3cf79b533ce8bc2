"""`python -m pytest book` runs every notebook: does it still show what it stored?"""
import os
from pathlib import Path

import pytest

BOOK = Path(__file__).resolve().parent


def pytest_configure(config):
    if not hasattr(config.option, "nbval"):
        raise pytest.UsageError("the notebooks need nbval: pip install -e .[book,test]")
    config.option.nbval = True
    config.option.nbval_current_env = True
    config.option.nbval_cell_timeout = 600
    config.option.nbval_sanitize_with = str(BOOK / "nbval_sanitize.cfg")
    os.environ["PEDAGOGIC_NN_BOOK"] = "static"
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(BOOK.parent), os.environ.get("PYTHONPATH")]))
