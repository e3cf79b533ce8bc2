"""The catalogue of an exercise: known mistakes, other right answers, equal mutants.

It does three jobs. It proves the checks (each mistake must be caught by its part), it
explains failures to learners (their numbers equal the mistake's numbers), and it is a
page of the book.

    [[mistake]]
    name = "no input gate"
    part = "c"                         # the part that must catch it
    find = "f * c + i * g"             # text of the solution, found once …
    replace = "f * c + g"              # … and what stands there instead
    tell = "Your c' equals f*c + g: the candidate is not multiplied by the input gate i."

    [[right]]                          # another right answer: must earn every point
    name = "one product over [x, h]"
    gap = "gates"                      # instead of `find`: the whole gap in this function
    replace = "..."

    [[equal]]                          # a generated mutant that is no mistake (mutate.py)
    mutant = "axis=1 -> axis=-1"
    why = "…"

`find` and `replace` may be lists of the same length; `every = true` replaces each
occurrence; `hangs = true` marks a mistake that never ends, which is not run to explain
another failure.
"""

import textwrap
import tomllib
from dataclasses import dataclass

from . import gaps


@dataclass(frozen=True)
class Edit:
    """A change of the solution: a mistake or another right answer."""

    name: str
    find: tuple = ()
    replace: tuple = ()
    gap: str = ""
    every: bool = False
    part: str = ""
    tell: str = ""
    hangs: bool = False

    def apply(self, source):
        """The solution's source with this change."""
        if self.gap:
            return gaps.fill(source, self.gap, textwrap.dedent(self.replace[0]))
        for old, new in zip(self.find, self.replace, strict=True):
            times = source.count(old)
            if times == 0 or (times > 1 and not self.every):
                raise ValueError(f"{self.name!r}: {old!r} is found {times} times")
            source = source.replace(old, new)
        return source


@dataclass(frozen=True)
class Catalogue:
    mistakes: tuple = ()
    right: tuple = ()
    equal: tuple = ()                      # (mutant, why)

    def likely_cause(self, wrong, grading):
        """What to tell a learner whose outcome is that of a known mistake, or ""."""
        if wrong.check is None or wrong.outcome is None:
            return ""
        # Two mistakes can give the same numbers; the one of this part comes first.
        named = sorted((one for one in self.mistakes if not one.hangs),
                       key=lambda one: one.part != wrong.part)
        for alike in (_same_result, _same_entry):
            for one in named:
                source = one.apply(grading.exercise.solution)
                theirs = grading.reference.mistaken(source, wrong.check, wrong.stage)
                if alike(wrong, theirs) and _right_before(wrong, source, grading):
                    return one.tell
        return ""


def _same_result(wrong, theirs):
    """The mistake gives what the learner has: the same result, or the same exception."""
    ours = wrong.outcome
    if ours.trouble or theirs.trouble:
        return (ours.trouble == theirs.trouble == "error"
                and ours.details.get("error") == theirs.details.get("error")
                and ours.details.get("words") == theirs.details.get("words"))
    comparison = wrong.check.comparison()
    same_inputs = wrong.path is not None or comparison.same(theirs.inputs, ours.inputs)
    return same_inputs and comparison.same(theirs.value, ours.value)


def _right_before(wrong, source, grading):
    """Does the mistake pass the stages that the learner has passed?"""
    for stage in wrong.check.stages(grading.seed):
        if stage.label == wrong.stage.label and stage.overflow == wrong.stage.overflow:
            return True
        theirs = grading.reference.mistaken(source, wrong.check, stage)
        expected = grading.reference.expected(wrong.check, stage)
        comparison = wrong.check.comparison()
        if theirs.trouble or not comparison.same(expected.value, theirs.value):
            return False
    return True


def _same_entry(wrong, theirs):
    """At least the result that differs is the mistake's: for two mistakes at a time."""
    if wrong.outcome.trouble or theirs.trouble or not wrong.path:
        return False
    try:
        ours, mistaken = wrong.outcome.value, theirs.value
        for key in wrong.path:
            ours, mistaken = ours[key], mistaken[key]
    except (KeyError, IndexError, TypeError):
        return False
    return wrong.check.comparison().same(mistaken, ours)


def read(path):
    """The Catalogue of a TOML file; an exercise may have none yet."""
    if not path.is_file():
        return Catalogue()
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return Catalogue(
        tuple(_edit(row) for row in table.get("mistake", ())),
        tuple(_edit(row) for row in table.get("right", ())),
        tuple((row["mutant"], row["why"]) for row in table.get("equal", ())),
    )


def _edit(row):
    row = dict(row)
    for name in ("find", "replace"):
        value = row.get(name, ())
        row[name] = (value,) if isinstance(value, str) else tuple(value)
    return Edit(**row)
