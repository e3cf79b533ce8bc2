"""From an answer to results: what is always checked, what is read, what is made."""

import math
import subprocess
import sys

import numpy as np
import pytest

from exercises.grading import board, gaps, guard, mutate
from exercises.grading.checks import Wrong, call, scenario
from exercises.grading.engine import (
    BLOCKED,
    ERROR,
    FAILED,
    PASSED,
    Grading,
    find_file,
    grade,
    read_file,
)
from exercises.grading.exercise import Exercise, declared_in, load, part
from exercises.grading.mistakes import Edit
from exercises.grading.student import ROOT

HINTS = ("where to look", "what to do", "nearly all of it")


def an_exercise(solution, *parts, **options):
    exercise = Exercise("9.1", "For a test", *parts, **options)
    exercise.path = ROOT / "exercises" / "here" / "test_answer.py"
    exercise.solution = solution
    return exercise


def numbers(rng, N=3):
    return {"x": rng.standard_normal((N, 4))}


def results_of(exercise, source, **options):
    return {r.name[-1]: r for r in grade(exercise, source, **options)}


def test_parts_wait_for_what_they_need():
    exercise = an_exercise(
        "def f(x): return x + 1\ndef g(x): return f(x) * 2\n",
        part("a", 1, "f", section=1, checks=call("f", numbers), hints=HINTS),
        part("b", 2, "g", section=1, checks=call("g", numbers), hints=HINTS, needs="a"))
    got = results_of(exercise, "def f(x): return x\ndef g(x): return (x + 1) * 2\n")
    assert (got["a"].state, got["b"].state) == (FAILED, BLOCKED)
    assert got["b"].words == "waits for 9.1a"


def test_broken_solution_is_the_graders_error():
    exercise = an_exercise("def f(x): return 1 / 0\n", part(
        "a", 1, "f", section=1, checks=call("f", numbers), hints=HINTS))
    got = results_of(exercise, "def f(x): return x\n")["a"]
    assert got.state == ERROR and "the solution" in got.words
    assert "your code is not the cause" in " ".join(board.explanation(got))


WRONG_BUT = {
    "keeps state": ("n = [0]\ndef f(x):\n    n[0] += 1\n    return x + n[0] // 3\n",
                    "When called again"),
    "fixed batch": ("def f(x): return x + 0 * x.reshape(3, 4)\n", "batch of one (N = 1)"),
    "fails on none": ("def f(x): return x + 0 * x.max()\n", "an empty batch (N = 0)"),
    "needs contiguous": ("def f(x):\n    return x.view('c16').view('f8') + 0\n",
                         "not contiguous"),
    "overflows": ("import numpy as np\ndef f(x): return np.log(np.exp(x))\n",
                  "With large numbers"),
    "changes its input": ("def f(x):\n    y = x.copy()\n    x *= 2\n    return y\n",
                          "f changed its input x"),
    "float32": ("def f(x): return x.astype('f4')\n", "has dtype float32"),
}


@pytest.mark.parametrize("source, words", WRONG_BUT.values(), ids=WRONG_BUT)
def test_what_is_always_checked(source, words):
    exercise = an_exercise("def f(x): return x + 0\n", part(
        "a", 1, "f", section=1, checks=call("f", numbers), hints=HINTS))
    got = results_of(exercise, source)["a"]
    assert got.state == FAILED and words in got.words


def count_to(mine, n):
    counter = mine.Counter()
    for _ in range(n):
        counter.add()
    return {"the count": counter.value, "words": helper(counter)}


def helper(counter):
    return f"{math.floor(counter.value)} steps"


COUNTER = "class Counter:\n    value = 0\n    def add(self): self.value += {}\n"


def test_scenario_plays_on_a_class():
    exercise = an_exercise(COUNTER.format(1), part(
        "a", 1, "counting", section="the chapter on counting", hints=HINTS,
        checks=scenario(count_to, lambda rng: {"n": 3}, helpers=(helper,))))
    assert results_of(exercise, COUNTER.format(1))["a"].state == PASSED
    got = results_of(exercise, COUNTER.format(2))["a"]
    assert got.words == "the count is 6; it should be 3."
    assert got.section == "the chapter on counting"
    got = results_of(exercise, "class Count: pass\n")["a"]
    assert "There is no Counter in your file" in got.words


def test_earlier_exercises_come_from_the_solution_or_the_learner(tmp_path):
    exercise = an_exercise(
        "from exercises.recurrent.lstm_cell import sigmoid\n"
        "def f(x): return 2 * sigmoid(x)\n",
        part("a", 1, "f", section=1, checks=call("f", numbers), hints=HINTS),
        uses=("recurrent/lstm_cell",))
    assert results_of(exercise, exercise.solution)["a"].state == PASSED
    got = results_of(exercise, exercise.solution, mine=tmp_path)["a"]
    assert "--use-mine: There is no file recurrent/lstm_cell.py yet" in got.words
    (tmp_path / "lstm_cell.py").write_text("def sigmoid(x): return x\n")
    assert results_of(exercise, exercise.solution, mine=tmp_path)["a"].state == FAILED


def test_seed_changes_numbers_and_nothing_else(monkeypatch):
    check = call("f", numbers)
    labels = [[stage.label for stage in check.stages(seed)] for seed in (0, 1)]
    assert labels[0] == labels[1]
    first, second = (check.stages(seed)[0].inputs["x"] for seed in (0, 1))
    assert not np.allclose(first, second)
    monkeypatch.setenv("GRADE_SEED", "7")
    exercise = load(declared_in("recurrent/lstm_cell"))
    assert Grading(exercise, "", None).seed == 7


def test_parts_in_a_wrong_order_are_refused():
    one = part("a", 1, "f", section=1, checks=call("f", numbers), hints=HINTS, needs="b")
    with pytest.raises(ValueError, match="before a part that it needs"):
        Exercise("9.1", "For a test", one)


def test_wrong_carries_a_sentence():
    assert str(Wrong("the result of f has shape (3,).")).startswith("The result")
    assert str(Wrong("f has shape (3,).")).startswith("f")


# ── files ──



def test_links_out_of_the_folder_are_not_followed(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "other.py").write_text("x = 1\n")
    (tmp_path / "mine" / "answer.py").symlink_to(tmp_path / "other.py")
    text, words = read_file(tmp_path / "mine", "here/answer")
    assert text == "" and "is a link" in words


def test_file_is_found_in_either_layout(tmp_path):
    (tmp_path / "answer.py").write_text("x = 1\n")
    assert find_file(tmp_path, "here/answer") == tmp_path / "answer.py"
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "answer.py").write_text("x = 2\n")
    assert read_file(tmp_path, "here/answer") == ("x = 2\n", "")
    assert read_file(tmp_path, "here/other")[1] == "There is no file here/other.py yet."


def test_guard_refuses_to_run_handed_in_code(tmp_path):
    (tmp_path / "conftest.py").write_text("print('I ran')\n")
    program = ("import sys, runpy; from exercises.grading import guard\n"
               "guard.refuse_code_in(sys.argv[1])\n"
               "runpy.run_path(sys.argv[1] + '/conftest.py')")
    run = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT,
                         capture_output=True, text=True)
    assert run.returncode and "I ran" not in run.stdout
    assert "is handed in; the grader does not run it here" in run.stderr


def test_guard_finds_the_folder():
    assert guard.named_submission(["exercises", "--submission", "a"]) == "a"
    assert guard.named_submission(["--submission=b", "exercises"]) == "b"
    assert guard.named_submission(["exercises"]) is None


# ── gaps, edits, mutants ──


SOURCE = '''class Net:
    def train(self, mode=True):
        """Set the mode."""
        # BEGIN SOLUTION: here and below
        self.mode = mode
        # END SOLUTION


def f(x):
    # BEGIN SOLUTION
    return x + 1
    # END SOLUTION
'''


def test_gap_becomes_a_todo():
    made = gaps.empty(SOURCE)
    assert "SOLUTION" not in made and "return x" not in made
    assert "        # TODO: here and below\n        raise NotImplementedError(" in made
    assert '"Net.train is still to be written"' in made
    assert "    # TODO: write f\n" in made
    assert gaps.gaps(SOURCE) == [("Net.train", 5, 5), ("f", 11, 11)]


def test_edit_must_be_found_once():
    assert "return x + 2" in Edit("two", ("x + 1",), ("x + 2",)).apply(SOURCE)
    assert "    return 2\n" in Edit("two", gap="f", replace=("return 2",)).apply(SOURCE)
    with pytest.raises(ValueError, match="is found 3 times"):
        source = SOURCE.replace("self.mode = mode", "mode")
        Edit("many", ("mode",), ("state",)).apply(source)


def test_mutants_change_only_the_gaps():
    texts = [one.text for one in mutate.mutants(SOURCE)]
    assert "f: return x + 1 -> return (x - 1)" in texts
    assert "f: return x + 1 -> return x" in texts
    assert "f: return x + 1 -> return x + 2" in texts
    assert "Net.train: self.mode = mode -> pass" in texts
    assert not any("mode=False" in text for text in texts)
