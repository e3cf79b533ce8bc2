"""--report FOLDER: results.json (Gradescope), junit.xml, report.html, summary.md.

One learner's reports go into the folder, those of a class into a folder for each, with a
table of all (summary.md, grades.csv) above them.
"""

import csv
import json
from html import escape
from pathlib import Path
from xml.etree import ElementTree

from . import board
from .engine import BLOCKED, ERROR, PASSED, total

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .4rem .6rem }
tr { border-top: 1px solid #999; vertical-align: top }
pre { white-space: pre-wrap; margin: 0 }
"""


def write(folder, by_learner, seconds):
    """Write the reports of all learners; returns the names of what is in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for learner, results in by_learner.items():
        own = folder / learner if learner else folder
        own.mkdir(exist_ok=True)
        _text(own / "results.json", gradescope(results, seconds))
        _text(own / "junit.xml", junit(results, seconds))
        _text(own / "report.html", html(results, learner))
        _text(own / "summary.md", markdown(results, learner))
    if list(by_learner) != [""]:
        _text(folder / "summary.md", class_table(by_learner))
        _grades(folder / "grades.csv", by_learner)
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    return f"{folder}: {', '.join(names)}"


def _text(path, text):
    Path(path).write_text(text, encoding="utf-8")


def gradescope(results, seconds):
    """Gradescope's results.json. A part the grader failed on says so in its own row."""
    earned, points, note = total(results)
    tests = [{
        "number": r.name, "name": r.title, "score": r.earned, "max_score": r.points,
        "status": "passed" if r.state == PASSED else "failed",
        "output": "\n".join(board.explanation(r)), "visibility": "visible",
    } for r in results]
    summary = f"{earned:g} of {points:g} points" + (f"; {note}" if note else "")
    return json.dumps({"score": earned, "execution_time": round(seconds, 2),
                       "output": summary, "visibility": "visible", "tests": tests},
                      indent=1, ensure_ascii=False)


def junit(results, seconds):
    """A failure is the learner's, an error the grader's, as JUnit has them."""
    errors = sum(r.state == ERROR for r in results)
    failures = sum(r.state not in (PASSED, ERROR) for r in results)
    suite = ElementTree.Element("testsuite", name="exercises", tests=str(len(results)),
                                failures=str(failures), errors=str(errors),
                                time=f"{seconds:.2f}")
    for r in results:
        case = ElementTree.SubElement(suite, "testcase", name=f"{r.name} {r.title}",
                                      classname=r.exercise.replace("/", "."))
        if r.state != PASSED:
            kind = "error" if r.state == ERROR else "failure"
            words = "\n".join(board.explanation(r))
            ElementTree.SubElement(case, kind, message=r.state).text = words
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)


def html(results, learner=""):
    """One page without scripts or links."""
    earned, points, note = total(results)
    whose = f" of {learner}" if learner else ""
    title = f"Exercises{whose}: {earned:g} of {points:g} points"
    rows = "".join(
        f"<tr><td>{escape(r.state)}</td><td>{escape(r.name)}</td><td>{escape(r.title)}"
        f"<pre>{escape(chr(10).join(board.explanation(r)))}</pre></td>"
        f"<td>{r.earned:g}/{r.points:g}</td></tr>\n" for r in results)
    return (f'<!doctype html>\n<html lang="en"><meta charset="utf-8">'
            f"<title>{escape(title)}</title><style>{STYLE}</style>\n<h1>{escape(title)}</h1>\n"
            f"<p>{escape(note)}</p>\n<table><tr><th>State</th><th>Part</th><th>What</th>"
            f"<th>Points</th></tr>\n{rows}</table></html>\n")


def markdown(results, learner=""):
    """A table for a pull request or a job summary."""
    earned, points, note = total(results)
    head = f"## Exercises{f' of {learner}' if learner else ''}\n\n"
    rows = ["| | part | | points |", "| --- | --- | --- | --- |"]
    for r in results:
        words = _cell(" ".join(board.explanation(r)))
        rows.append(f"| {r.state} | {r.name} | {r.title}{'. ' + words if words else ''} "
                    f"| {r.earned:g}/{r.points:g} |")
    last = f"\n**{earned:g} of {points:g} points**" + (f"; {note}" if note else "")
    return head + "\n".join(rows) + "\n" + last + "\n"


def _cell(text):
    return escape(text, quote=False).replace("|", "\\|")


def class_table(by_learner):
    rows = ["## Class\n", "| learner | points | open parts | grader errors |",
            "| --- | --- | --- | --- |"]
    for learner, results in sorted(by_learner.items()):
        earned, points, _ = total(results)
        still = [r.name for r in results if r.state not in (PASSED, ERROR)]
        errors = [r.name for r in results if r.state == ERROR]
        rows.append(f"| {_cell(learner)} | {earned:g} of {points:g} | {' '.join(still)} "
                    f"| {' '.join(errors)} |")
    return "\n".join(rows) + "\n"


def _grades(path, by_learner):
    names = dict.fromkeys(r.name for results in by_learner.values() for r in results)
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["learner", "points", *names])
        for learner, results in sorted(by_learner.items()):
            marks = {r.name: "error" if r.state == ERROR else
                     "blocked" if r.state == BLOCKED else r.earned for r in results}
            table.writerow([_harmless(learner), total(results)[0],
                            *(marks.get(name, "") for name in names)])


def _harmless(text):
    """A spreadsheet must not take a folder's name for a formula."""
    return "'" + text if text[:1] in "=+-@" else text
