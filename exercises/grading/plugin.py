"""The pytest plugin: options, one test item for each part, the score board.

`exercises/conftest.py` imports the hooks, so they concern this folder and nothing else.
"""

import sys
import time
from pathlib import Path

import pytest

from . import board, guard
from .engine import (
    BLOCKED,
    ERROR,
    FAILED,
    PASSED,
    Grading,
    Reference,
    Result,
    find_file,
    new_result,
    read_file,
)
from .exercise import EXERCISES, SOLUTIONS, declares_one, load
from .summary import Summary

__all__ = ["pytest_addoption", "pytest_collect_file", "pytest_configure",
           "pytest_report_teststatus", "pytest_runtest_teardown", "pytest_sessionfinish",
           "pytest_terminal_summary", "pytest_xdist_make_scheduler"]

WORDS = {FAILED: ("not passed", "F", ("NOT PASSED", {"red": True})),
         BLOCKED: ("waiting", "-", ("WAITING", {"yellow": True})),
         ERROR: ("grader error", "E", ("GRADER ERROR", {"red": True}))}


def pytest_addoption(parser, pluginmanager):
    group = parser.getgroup("exercises", "grading the exercises")
    group.addoption("--hint", metavar="PART", help="the next hint of this part: --hint c")
    group.addoption("--progress", action="store_true", help="the map of all exercises")
    group.addoption("--use-mine", action="store_true",
                    help="earlier exercises come from your own files, not the solutions")
    group.addoption("--report", metavar="FOLDER", dest="grade_report",
                    help="write results.json, junit.xml, report.html, summary.md there")
    group.addoption("--submission", metavar="FOLDER",
                    help="grade another folder: one learner, or a folder for each")
    group.addoption("--show-solution", action="store_true",
                    help="the solution, as a diff against your file")
    folder = guard.named_submission(sys.argv)
    if folder:
        guard.refuse_code_in(folder)


def pytest_configure(config):
    state = config.stash[STATE] = _State(config)
    config.pluginmanager.register(state, "exercises")
    if state.submission and not state.submission.is_dir():
        raise pytest.UsageError(f"--submission: there is no folder {state.submission}")
    if state.submission and guard.already_run(state.submission):
        raise pytest.UsageError("--submission comes after the folder of the exercises: "
                                "pytest exercises --submission FOLDER")


class _State:
    """What one run knows: its options, and in the first process all results."""

    def __init__(self, config):
        option = lambda name: config.getoption(name, None)  # noqa: E731
        self.begin = time.time()
        self.results = []
        self.references = {}
        folder = option("submission")
        self.submission = Path(folder).resolve() if folder else None
        self.use_mine = bool(option("use_mine"))

    def pytest_runtest_logreport(self, report):
        """Called for every part in the first process, wherever it was graded."""
        if report.when == "call" and (result := _result(report)):
            self.results.append(result)

    def learners(self):
        """(name, folder) of each learner; the name is empty where there is only one."""
        if self.submission is None:
            return [("", EXERCISES)]
        if any(find_file(self.submission, f"{path.parent.name}/{path.stem}")
               for path in SOLUTIONS.glob("*/*.py")):
            return [("", self.submission)]
        folders = sorted(p for p in self.submission.iterdir()
                         if p.is_dir() and not p.name.startswith((".", "__")))
        return [(p.name, p) for p in folders] or [("", self.submission)]

    def reference(self, exercise):
        """Kept for one exercise at a time: its processes serve all of a class."""
        if exercise.key not in self.references:
            self.close()
            self.references[exercise.key] = Reference(exercise)
        return self.references[exercise.key]

    def close(self):
        for one in self.references.values():
            one.close()
        self.references.clear()


STATE = pytest.StashKey[_State]()


# ── collecting ──


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    """Only test files are collected, only by us: nothing here is imported as a module."""
    yield
    if file_path.suffix != ".py":
        return []
    named = parent.session.isinitpath(file_path)       # `pytest exercises/…/lstm_cell.py`
    if declares_one(file_path) or (named and declares_one(_test_of(file_path))):
        return [ExerciseFile.from_parent(parent, path=file_path)]
    return []


def _test_of(path):
    return path if path.name.startswith("test_") else path.with_name(f"test_{path.name}")


class ExerciseFile(pytest.File):
    """test_lstm_cell.py: one learner, or one for each folder of --submission."""

    def collect(self):
        exercise = load(_test_of(self.path))
        learners = self.config.stash[STATE].learners()
        if learners[0][0]:
            return [Learner.of(self, exercise, *learner) for learner in learners]
        return parts_of(self, Submission(self.config, exercise, *learners[0]))


class Learner(pytest.Collector):
    """One folder of a class."""

    @classmethod
    def of(cls, parent, exercise, name, folder):
        self = cls.from_parent(parent, name=name.replace(":", "_"))
        self.submission = Submission(self.config, exercise, name, folder)
        return self

    def collect(self):
        return parts_of(self, self.submission)


class Submission:
    """One learner's exercise: graded when the first part asks, closed after the last."""

    def __init__(self, config, exercise, learner, folder):
        self.state = config.stash[STATE]
        self.exercise, self.learner, self.folder = exercise, learner, folder
        self.grading = None

    def result(self, letter):
        try:
            if self.grading is None:
                self._open()
            return self.grading.result(letter)
        except Exception as error:             # of the grader, not of the learner's code
            one = self.exercise.part(letter)
            words = f"{type(error).__name__}: {error}"
            return new_result(self.exercise, one, self.learner, ERROR, words)

    def _open(self):
        exercise, state = self.exercise, self.state
        source, missing = read_file(self.folder, exercise.key)
        self.grading = Grading(
            exercise, source, state.reference(exercise), learner=self.learner,
            mine=self.folder if state.use_mine else None, missing=missing,
            hide=(state.submission,) if state.submission else ())

    def close(self):
        if self.grading is not None:
            self.grading.close()


def parts_of(parent, submission):
    for one in submission.exercise.parts:
        item = PartItem.from_parent(parent, name=submission.exercise.name_of(one))
        item.submission, item.letter = submission, one.letter
        yield item


class NotPassed(Exception):
    """Carries a Result through pytest."""


class PartItem(pytest.Item):
    """One part of one learner's exercise."""

    def runtest(self):
        result = self.submission.result(self.letter)
        self.user_properties.append(("grade", result.as_dict()))
        if result.state != PASSED:
            raise NotPassed(result)

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, NotPassed):
            return "\n".join(board.block(excinfo.value.args[0]))
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, None, self.submission.exercise.part(self.letter).title


def pytest_runtest_teardown(item, nextitem):
    if isinstance(item, PartItem):
        if getattr(nextitem, "submission", None) is not item.submission:
            item.submission.close()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With -n, the parts of one learner's exercise stay together, where it is warm."""
    from xdist.scheduler import LoadScopeScheduling

    return LoadScopeScheduling(config, log)


# ── reporting ──


def _result(report):
    """The Result in a pytest report, or None."""
    found = [value for name, value in report.user_properties if name == "grade"]
    return Result(**found[0]) if found else None


def pytest_report_teststatus(report, config):
    result = _result(report) if getattr(report, "when", "") == "call" else None
    return WORDS.get(result.state) if result else None      # None: pytest's own words


def pytest_sessionfinish(session):
    state = session.config.stash[STATE]
    state.close()
    if any(r.state != PASSED for r in state.results) and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    Summary(terminalreporter, config, config.stash[STATE]).write()
