"""How an exercise is declared, and how the exercises of a folder are found.

A test file holds one `exercise = Exercise(number, title, part(…), part(…), …)`; its name
and its folder say the rest: `exercises/recurrent/test_lstm_cell.py` grades
`recurrent/lstm_cell.py`.
"""

import importlib.util
import re
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from . import mistakes
from .student import ROOT, Settings

SOLUTIONS = ROOT / "solutions"
EXERCISES = ROOT / "exercises"


@dataclass(frozen=True)
class Part:
    """One line of the score board."""

    letter: str
    points: int
    title: str
    section: int | str                     # where to read again: a section of the chapter
    checks: tuple
    needs: tuple                           # letters of the parts that must pass before
    hints: tuple                           # where to look, what to do, nearly all of it

    def speaks_of(self, name):
        """Whether one of the checks calls what has this name."""
        words = re.compile(rf"\b{re.escape(name)}\b")
        return bool(name) and any(words.search(" ".join(check.action.values()))
                                  for check in self.checks if hasattr(check, "action"))


def part(letter, points, title, *, section, checks, hints, needs=""):
    """Declare a part. `checks` is a check or a list of them; `needs="ab"` two letters."""
    checks = tuple(checks) if isinstance(checks, (list, tuple)) else (checks,)
    if isinstance(hints, str):             # three paragraphs
        hints = [" ".join(text.split()) for text in hints.strip().split("\n\n")]
    if len(hints) != 3:
        raise ValueError(f"part {letter} has {len(hints)} hints; three are asked for")
    return Part(letter, points, title, section, checks, tuple(needs), tuple(hints))


class Exercise:
    """Number, title and parts; what its processes may import; the exercises it builds on.

    Args:
        number: "17.1": chapter and exercise; parts are 17.1a, 17.1b, …
        title: as in the book.
        parts: in the order of the score board; a part comes after those that it needs.
        allow: imports that are refused otherwise, such as ("pedagogic_nn",).
        uses: earlier exercises the file imports, such as ("autograd/engine",). The grader
            serves the solution of each, or with --use-mine the learner's own file.
        env: environment variables of its processes, such as {"NUMBA_ENABLE_CUDASIM":
        "1"}. memory: GiB of address space.
    """

    def __init__(self, number, title, *parts, allow=(), uses=(), env=None, memory=4.0):
        self.number, self.title, self.parts = number, title, parts
        self.uses = tuple(uses)
        self.settings = Settings(tuple(allow), dict(env or {}), memory)
        self.path = None
        self._check_order()

    def _check_order(self):
        seen = set()
        for one in self.parts:
            if one.letter in seen or not seen.issuperset(one.needs):
                raise ValueError(f"exercise {self.number}: part {one.letter} comes "
                                 "twice, or before a part that it needs")
            seen.add(one.letter)

    @property
    def stem(self):
        return self.path.stem.removeprefix("test_")

    @property
    def section(self):
        return self.path.parent.name

    @property
    def key(self):
        """recurrent/lstm_cell"""
        return f"{self.section}/{self.stem}"

    @property
    def module(self):
        """The name under which the file runs and is imported by later exercises."""
        return f"exercises.{self.section}.{self.stem}"

    @property
    def points(self):
        return sum(one.points for one in self.parts)

    @cached_property
    def solution(self):
        """The source of the solution."""
        return (SOLUTIONS / self.section / f"{self.stem}.py").read_text(encoding="utf-8")

    @cached_property
    def catalogue(self):
        """The known mistakes, other right answers and equal mutants."""
        return mistakes.read(self.path.with_name(f"{self.stem}_mistakes.toml"))

    def part(self, letter):
        return next((one for one in self.parts if one.letter == letter), None)

    def name_of(self, one):
        """17.1c"""
        return f"{self.number}{one.letter}"

    def section_of(self, one):
        """An int is a section of this chapter: 4 → "section 17.4"."""
        if isinstance(one.section, int):
            return f"section {self.number.partition('.')[0]}.{one.section}"
        return one.section


def load(path):
    """The Exercise that a test file declares: an author's file, never a learner's."""
    path = Path(path).resolve()
    name = f"exercises_{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module             # inspect.getsource asks for it
    spec.loader.exec_module(module)
    module.exercise.path = path
    return module.exercise


def declares_one(path):
    """Is this the test file of an exercise, rather than a test of a learner's own?"""
    solution = SOLUTIONS / path.parent.name / f"{path.stem.removeprefix('test_')}.py"
    return path.name.startswith("test_") and path.is_file() and solution.is_file()


def declared_in(key):
    """recurrent/lstm_cell → the path of its test file."""
    section, _, stem = key.partition("/")
    return EXERCISES / section / f"test_{stem}.py"


def paths():
    """The test files of all exercises."""
    return [path for path in sorted(EXERCISES.glob("*/test_*.py")) if declares_one(path)]


def find():
    """All exercises, in the order of their numbers."""
    return sorted(map(load, paths()), key=order)


def order(exercise):
    """17.10 comes after 17.9."""
    return [_number(bit) for bit in exercise.number.split(".")]


def _number(text):
    return (0, int(text), "") if text.isdigit() else (1, 0, text)
