"""An exercise has its chapter's number, and names sections that exist."""
import json
import re
from pathlib import Path

import pytest

from exercises.grading.exercise import EXERCISES, declares_one, load

ROOT = Path(__file__).parents[2]


def chapters():
    """{'recurrent/lstm_cell': 7, …}: the numbered pages of _toc.yml, in their order."""
    numbered = (ROOT / "_toc.yml").read_text("utf8").partition("caption: Appendices")[0]
    pages = re.findall(r"- file: book/(\S+)", numbered)
    return {page: number for number, page in enumerate(pages, 1)}


def headings(page):
    """The titles of a chapter's sections, without code marks."""
    notebook = json.loads((ROOT / "book" / f"{page}.ipynb").read_text("utf8"))
    text = "\n".join("".join(cell["source"]) for cell in notebook["cells"]
                     if cell["cell_type"] == "markdown")
    return {title.replace("`", "").strip()
            for title in re.findall(r"^#{2,4} (.+)$", text, re.MULTILINE)}


EXERCISE_FILES = sorted(p for p in EXERCISES.glob("*/test_*.py") if declares_one(p))


@pytest.mark.parametrize("path", EXERCISE_FILES, ids=lambda path: path.stem)
def test_the_number_is_that_of_the_chapter(path):
    exercise = load(path)
    assert exercise.number == f"{chapters()[exercise.key]}.1"


@pytest.mark.parametrize("path", EXERCISE_FILES, ids=lambda path: path.stem)
def test_the_sections_exist(path):
    exercise = load(path)
    named = {one.section for one in exercise.parts}
    assert all(isinstance(s, str) for s in named), "name sections by their titles"
    wanted = {s.strip('“”"').replace("`", "") for s in named}
    missing = wanted - headings(exercise.key)
    assert not missing, f"{exercise.key} has no section {', '.join(sorted(missing))}"
