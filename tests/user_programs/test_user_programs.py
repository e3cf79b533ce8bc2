"""Programs as people write them, in 2017's spelling (then/) and in today's (now/).

Each is a program for PyTorch.  Only its import lines are changed, as a reader of the book
would change them; then it must train: its loss must fall to the ratio that it names (a
half, if it names none), and its accuracy must be reached.
"""
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
PROGRAMS = sorted(FOLDER.glob("*/*.py"))
IMPORTS = [(r"^import torch\n", "import pedagogic_nn as torch\n"),
           (r"^import torch\.nn\.functional as F\n",
            "import pedagogic_nn.nn.functional as F\n"),
           (r"^import torch\.(\w+(?:\.\w+)*) as", r"import pedagogic_nn.\1 as"),
           (r"^import torch\.[\w.]+\n", ""),           # a part of torch, there already
           (r"^from torch\b", "from pedagogic_nn")]


def main_of(path):
    """The program's main, after its import lines say pedagogic_nn."""
    code = path.read_text("utf-8")
    for then, now in IMPORTS:
        code = re.sub(then, now, code, flags=re.MULTILINE)
    assert not re.search(r"^(import|from) torch\b", code, re.MULTILINE)
    names = {"__name__": path.stem}
    exec(compile(code, path, "exec"), names)
    return names["main"]


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("path", PROGRAMS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_program_trains(path):
    result = main_of(path)()
    assert result["after"] < result.get("ratio", 0.5) * result["before"]
    assert result.get("accuracy", 1.0) >= result.get("at least", 0.0)


def test_twelve_programs_in_both_spellings():
    then, now = ({p.stem for p in FOLDER.glob(f"{era}/*.py")} for era in ("then", "now"))
    assert then == now and len(then) == 12
