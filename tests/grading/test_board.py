"""What a learner and an instructor see: the board, the reports, the map, the table."""

import json
from xml.etree import ElementTree

from exercises.grading import board, progress, report, table
from exercises.grading.checks import call
from exercises.grading.engine import BLOCKED, ERROR, FAILED, PASSED, Result
from exercises.grading.exercise import declared_in, load, part
from exercises.grading.magic import command

from .test_grader import HINTS, an_exercise, numbers


def some_results():
    return [
        Result("here/answer", "9.1a", "first", 1, PASSED),
        Result("here/answer", "9.1b", "second", 2, FAILED,
               words="you have 1, expected 2.", tell="It is one too few.",
               section="section 9.2", printed="[ok] all passed\n"),
        Result("here/answer", "9.1c", "third", 3, BLOCKED, words="waits for 9.1b"),
        Result("here/answer", "9.1d", "fourth", 4, ERROR, words="KeyError: 'x'"),
    ]


def test_board_says_what_the_state_is():
    text = "\n".join(board.lines(some_results()))
    assert text == """\
[ok] 9.1a   first                                1/1
[no] 9.1b   second                               0/2
      you have 1, expected 2.
      → It is one too few.
      you printed: [ok] all passed
      read again: section 9.2
[..] 9.1c   third                                0/3  waits for 9.1b
[!!] 9.1d   fourth                               0/4
      The grader itself failed here; your code is not the cause, and these points are not
      lost. Please report: KeyError: 'x'
Total: 1 of 10 points; 4 points could not be graded"""


def test_board_says_a_thing_once():
    parts = [Result("here/answer", f"9.1{letter}", "part", 1, FAILED, words="No file.")
             for letter in "abc"]
    text = "\n".join(board.lines(parts))
    assert text.count("No file.") == 1 and text.count("as above") == 2


def test_reports_tell_the_same_story(tmp_path):
    report.write(tmp_path, {"": some_results()}, 1.5)
    data = json.loads((tmp_path / "results.json").read_text())
    assert data["score"] == 1 and [t["status"] for t in data["tests"]] == [
        "passed", "failed", "failed", "failed"]
    suite = ElementTree.parse(tmp_path / "junit.xml").getroot()
    counts = [suite.get(name) for name in ("tests", "failures", "errors")]
    assert counts == ["4", "2", "1"]
    assert "1 of 10 points" in (tmp_path / "report.html").read_text()
    assert "| failed | 9.1b |" in (tmp_path / "summary.md").read_text()


def test_report_escapes_what_a_learner_wrote(tmp_path):
    bad = Result("here/answer", "9.1a", "first", 1, FAILED, learner="<b>|",
                 words="<script>alert(1)</script> | you", printed="<img src=x>")
    page = report.html([bad], bad.learner)
    assert "<script>" not in page and "<img" not in page and "<b>" not in page
    assert "<script>" not in report.markdown([bad])


def test_class_has_a_table_and_a_folder_each(tmp_path):
    report.write(tmp_path, {"ada": some_results(), "=1+1": some_results()}, 1.0)
    assert (tmp_path / "ada" / "results.json").is_file()
    assert "| ada | 1 of 10 | 9.1b 9.1c | 9.1d |" in (tmp_path / "summary.md").read_text()
    assert "'=1+1,1,1,0,blocked,error" in (tmp_path / "grades.csv").read_text()


def test_progress_is_neither_empty_nor_full_before_it_is_true():
    exercise = an_exercise("", *(
        part(letter, 1, "f", section=1, checks=call("f", numbers), hints=HINTS)
        for letter in "abcd"))
    lines = progress.lines([exercise], some_results())
    assert "[##..................]   1 of 10   next: 9.1b  (grader error)" in lines[0]
    assert "not run" in progress.lines([exercise], [])[0]


def test_table_is_markdown_and_html():
    exercise = load(declared_in("recurrent/lstm_cell"))
    mistake = exercise.catalogue.mistakes[0]
    kill = table.Kill(mistake, "17.1a", "a", "1 < 2 | 3", "because")
    assert "1 &lt; 2 \\| 3" in table.markdown(exercise, [kill])
    assert "<td>1 &lt; 2 | 3</td>" in table.html(exercise, [kill])


def test_magic_runs_the_same_grader():
    words = command("lstm_cell --hint c")
    assert words[1:4] == ["-m", "pytest", "exercises"]
    assert words[-4:] == ["-k", "lstm_cell", "--hint", "c"]
