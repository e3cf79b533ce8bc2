"""`pytest exercises` as a learner and an instructor type it, in a process of its own."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from exercises.grading.exercise import declared_in, load

ROOT = Path(__file__).resolve().parents[2]
LSTM = load(declared_in("recurrent/lstm_cell"))
PYTEST = str(Path(sys.executable).with_name("pytest"))


def run(*arguments, cache=None):
    """(exit status, output) of pytest at the repository's root."""
    env = {**os.environ, "COLUMNS": "90", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    env.pop("PYTEST_ADDOPTS", None)
    plugins = ["-p", "xdist"] if "-n" in arguments else []
    caching = ["-o", f"cache_dir={cache}"] if cache else ["-p", "no:cacheprovider"]
    done = subprocess.run([PYTEST, *plugins, *map(str, arguments), *caching], cwd=ROOT,
                          env=env, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def hand_in(folder, source, name="lstm_cell.py"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(source, encoding="utf-8")
    return folder


def mistaken(name):
    mistake = next(one for one in LSTM.catalogue.mistakes if one.name == name)
    return mistake.apply(LSTM.solution)


def test_skeleton_as_it_comes(tmp_path):
    status, text = run("exercises", "-k", "lstm_cell", "--hint", "c")
    assert status == 1
    assert "[no] 7.1a" in text and "replace the TODO (line" in text
    assert "Total: 0 of 15 points" in text
    assert "Hint 1 of 3 for 7.1c" in text
    assert "Traceback" not in text and "FAILURES" not in text and "NotPassed" not in text


def test_hints_come_one_after_the_other(tmp_path):
    asked = ("exercises/recurrent/lstm_cell.py", "-k", "7.1c", "--hint", "c")
    hints = [run(*asked, cache=tmp_path)[1] for _ in range(2)]
    assert "Hint 1 of 3 for 7.1c" in hints[0] and "Hint 2 of 3 for 7.1c" in hints[1]


def test_solution_passes_with_status_zero(tmp_path):
    folder = hand_in(tmp_path / "recurrent", LSTM.solution)
    status, text = run("exercises", "-k", "lstm_cell", "--submission", folder.parent,
                       "--report", tmp_path / "out")
    assert status == 0, text
    assert "Total: 15 of 15 points" in text
    assert "Your file is ours, line by line." in text
    assert json.loads((tmp_path / "out" / "results.json").read_text())["score"] == 15


def test_mistake_is_explained(tmp_path):
    hand_in(tmp_path, mistaken("no input gate"))
    status, text = run("exercises", "-k", "lstm_cell", f"--submission={tmp_path}",
                       "--report", tmp_path / "out")
    assert status == 1
    assert re.search(r"\[no\] 7\.1c +new cell and hidden state +0/3", text)
    assert "→ Your c' equals f*c + g" in text and "read again: " in text
    assert re.search(r"\[\.\.\] 7\.1d +the whole step +0/1  waits for 7\.1c", text)
    assert json.loads((tmp_path / "out" / "results.json").read_text())["score"] == 3


def test_trace_and_solution_come_when_asked_for(tmp_path):
    hand_in(tmp_path, LSTM.solution.replace("c_next = f * c + i * g", "c_next = f * d"))
    asked = ("exercises", "-k", "lstm_cell", f"--submission={tmp_path}")
    _, short = run(*asked)
    _, long = run(*asked, "--trace", "--show-solution")
    assert "in cell\n" not in short and "+++ ours" not in short
    assert "in cell\n" in long and "+++ ours" in long


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two"])
def test_class_is_graded_folder_by_folder(tmp_path, workers):
    hand_in(tmp_path / "class" / "ada", LSTM.solution)
    hand_in(tmp_path / "class" / "bo b" / "recurrent", mistaken("gate order f i g o"))
    hand_in(tmp_path / "class" / "nil", "", "empty.txt")
    hand_in(tmp_path / "class" / "eve", "import os\nos._exit(0)\n")
    status, text = run("exercises", "-k", "lstm_cell", "--submission", tmp_path / "class",
                       "--report", tmp_path / "out", *workers)
    assert status == 1
    assert "ada                        15 of 15\n" in text
    grades = (tmp_path / "out" / "grades.csv").read_text().splitlines()
    points = {line.split(",")[0]: line.split(",")[1] for line in grades[1:]}
    assert points == {"ada": "15", "bo b": "6", "nil": "0", "eve": "0"}
    assert (tmp_path / "out" / "bo b" / "results.json").is_file()


def test_handed_in_conftest_does_not_run(tmp_path):
    hand_in(tmp_path, LSTM.solution)
    hand_in(tmp_path, f"open({str(tmp_path / 'ran')!r}, 'w')\n", "conftest.py")
    status, text = run("exercises", "--submission", tmp_path)
    assert status != 0 and not (tmp_path / "ran").exists()
    assert "is handed in" in text
    status, _ = run("exercises", f"--submission={tmp_path}", "-k", "lstm_cell")
    assert status == 0 and not (tmp_path / "ran").exists()


def test_learners_files_are_never_imported(tmp_path):
    """Not by doctest collection, not when named on the command line."""
    target = "exercises/recurrent/lstm_cell.py"
    status, text = run(target, "--doctest-modules", "--collect-only", "-q")
    assert status == 0
    assert "/lstm_cell.py::7.1a" in text and "doctest" not in text.lower()


def test_progress_is_a_map():
    status, text = run("exercises", "--progress", "-k", "lstm_cell")
    assert status == 1
    assert "7.1  The LSTM cell" in text
    assert "[....................]   0 of 15   next: 7.1a" in text
    assert "[no]" not in text


def test_unknown_names_are_answered():
    status, text = run("exercises", "-k", "no_such_exercise")
    assert status == 5 and "The exercises are" in text and "lstm_cell" in text
    _, text = run("exercises", "-k", "lstm_cell", "--hint", "z")
    assert "There is no part z; the parts are a, b, c" in text
    status, text = run("exercises", "--submission", "no/such/folder")
    assert status == 4 and "there is no folder" in text


def test_other_tests_are_left_alone(tmp_path):
    """A plain test beside the exercises runs as pytest runs it, with its own report."""
    (tmp_path / "test_plain.py").write_text("def test_one():\n    assert 1 == 2\n")
    status, text = run("exercises", tmp_path / "test_plain.py", "-k", "test_one",
                       "--rootdir", ROOT)
    assert status == 1
    assert "FAILURES" in text and "assert 1 == 2" in text


def test_skeleton_command_sees_agreement():
    done = subprocess.run([sys.executable, "-m", "exercises.grading.skeleton", "--check"],
                          cwd=ROOT, capture_output=True, text=True)
    assert "lstm_cell" not in done.stdout
    assert "Warning" not in done.stderr
