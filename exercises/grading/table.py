"""The table of mistakes: what was changed, what caught it, what the learner reads.

    python -m exercises.grading.table              all exercises, as Markdown
    python -m exercises.grading.table lstm_cell
"""

import sys
from dataclasses import dataclass
from html import escape

from .engine import PASSED, Reference, grade
from .exercise import find

HEADS = ("mistake", "caught by", "the learner reads", "the likely cause")


@dataclass
class Kill:
    """One known mistake, graded as if a learner had handed it in."""

    mistake: object
    caught_by: str = ""                    # 17.1c, or "" if it earned every point
    letter: str = ""
    words: str = ""
    tell: str = ""

    @property
    def named(self):
        return self.tell == self.mistake.tell

    def row(self):
        return self.mistake.name, self.caught_by or "nothing", self.words, self.tell


def kills(exercise, reference=None, progress=None):
    """Grade every known mistake of an exercise."""
    own = reference or Reference(exercise)
    student, found = own.student(), []
    try:
        for k, mistake in enumerate(exercise.catalogue.mistakes):
            if progress:
                progress(k, len(exercise.catalogue.mistakes))
            results = grade(exercise, mistake.apply(exercise.solution), own,
                            student=student, until_failure=True)
            last = results[-1]
            if last.state == PASSED:
                found.append(Kill(mistake))
            else:
                letter = last.name.removeprefix(exercise.number)
                found.append(Kill(mistake, last.name, letter, last.words, last.tell))
    finally:
        student.close()
        if reference is None:
            own.close()
    return found


def markdown(exercise, found):
    """One exercise as a Markdown table."""
    rows = [f"### {exercise.number} {exercise.title}", "", f"| {' | '.join(HEADS)} |",
            "| --- | --- | --- | --- |"]
    for kill in found:
        cells = [escape(cell, quote=False).replace("|", "\\|").replace("*", "\\*")
                 for cell in kill.row()]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def html(exercise, found):
    """One exercise as an HTML table, for a page that is made by a program."""
    heads = "".join(f'<th scope="col">{head}</th>' for head in HEADS)
    rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in kill.row())
                   + "</tr>\n" for kill in found)
    caption = escape(f"{exercise.number} {exercise.title}")
    return f"<table><caption>{caption}</caption>\n<tr>{heads}</tr>\n{rows}</table>\n"


def main(stems):
    for exercise in find():
        if not stems or exercise.stem in stems:
            print(markdown(exercise, kills(exercise)))


if __name__ == "__main__":
    main(sys.argv[1:])
