"""The score board: results → lines of text, for the terminal and the reports."""

import difflib
import textwrap

from . import wording
from .engine import BLOCKED, ERROR, FAILED, PASSED, total

MARKS = {PASSED: "[ok]", FAILED: "[no]", BLOCKED: "[..]", ERROR: "[!!]"}
INDENT = " " * 6
SHOWN_PRINTS = 6             # lines of the learner's own printing


def lines(results, *, width=90, trace=False, heading=""):
    """The board of one learner: a block for each part, then the total."""
    found, said = [heading] if heading else [], ""
    for result in results:
        if result.state == FAILED and result.words == said:
            found.append(_line(result) + "  as above")
        else:
            found += block(result, width=width, trace=trace)
        said = result.words
    earned, points, note = total(results)
    found.append(f"Total: {earned:g} of {wording.count(points, 'point')}"
                 + (f"; {note}" if note else ""))
    return found


def block(result, *, width=90, trace=False):
    """One part: its mark; below it what is wrong, the likely cause, where to read."""
    if result.state == BLOCKED:
        return [f"{_line(result)}  {result.words}"]
    found = [_line(result)]
    found += [INDENT + line for line in explanation(result, width - len(INDENT))]
    if trace and result.trace and result.state != PASSED:
        lines_of_trace = result.trace.splitlines()
        found += [f"{INDENT}  {wording.clean(line)}" for line in lines_of_trace]
    return found


def _line(result):
    return (f"{MARKS[result.state]} {result.name:6s} {result.title:<36s} "
            f"{result.earned:g}/{result.points:g}")


def explanation(result, width=84):
    """The lines under a part that has not passed."""
    if result.state == PASSED:
        return []
    if result.state == BLOCKED:
        return _wrap(f"{result.words}.", width)
    if result.state == ERROR:
        words = ("The grader itself failed here; your code is not the cause, and these "
                 "points are not lost. Please report: ")
        return _wrap(words + wording.clean(result.words), width)
    found = _wrap(result.words, width)
    if result.tell:
        found += _wrap(f"→ {result.tell}", width, "  ")
    found += _prints(result.printed, width)
    return found + [f"read again: {result.section}"]


def _wrap(text, width, hang=""):
    return textwrap.wrap(text, max(width, 40), subsequent_indent=hang,
                         break_on_hyphens=False) or [""]


def _prints(text, width):
    """What the learner's own code printed, marked as theirs on every line."""
    printed = [wording.clean(line, width - 14)
               for line in text.splitlines() if line.strip()]
    found = [f"you printed: {line}" for line in printed[:SHOWN_PRINTS]]
    if len(printed) > SHOWN_PRINTS:
        found.append(f"you printed: … and {len(printed) - SHOWN_PRINTS} more lines")
    return found


def hint(exercise, one, level, width=90):
    """Hint `level` (0, 1, 2) of a part."""
    label = f"Hint {level + 1} of {len(one.hints)} for {exercise.name_of(one)}: "
    found = _wrap(label + one.hints[level], width - 2, "  ")
    if level + 1 < len(one.hints):
        found.append("  (once more --hint " + one.letter + " gives the next one)")
    return found


def difference(theirs, ours):
    """The solution as a unified diff against the learner's file."""
    marks = ("# BEGIN SOLUTION", "# END SOLUTION")
    theirs, ours = (
        [line for line in text.splitlines() if not line.strip().startswith(marks)]
        for text in (theirs, ours))
    found = list(difflib.unified_diff(theirs, ours, "yours", "ours", lineterm="", n=2))
    same = ["Your file is ours, line by line."]
    return [wording.clean(line, 200) for line in found] or same


def class_line(learner, results):
    """One learner of a class: points, and the parts that are open."""
    earned, points, note = total(results)
    still = [r.name for r in results if r.state in (FAILED, BLOCKED)]
    tail = "  open: " + " ".join(still) if still else ""
    tail += f"  ({note})" if note else ""
    return f"{wording.clean(learner):<24s} {earned:>4g} of {points:g}{tail}"
