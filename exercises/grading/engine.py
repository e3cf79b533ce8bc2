"""Grade one file against one exercise: parts in, results out. No pytest here."""

import copy
import hashlib
import os
import traceback
from dataclasses import asdict, dataclass, replace

from . import wire, wording
from .checks import Wrong
from .exercise import SOLUTIONS
from .student import GraderError, Outcome, Student

PASSED, FAILED, BLOCKED, ERROR = "passed", "failed", "blocked", "grader error"


@dataclass
class Result:
    """One part of one learner. Plain data, so that it can travel between processes."""

    exercise: str                          # recurrent/lstm_cell
    name: str                              # 17.1c
    title: str
    points: int
    state: str
    learner: str = ""
    words: str = ""                        # what is wrong
    tell: str = ""                         # the likely cause
    section: str = ""                      # where to read again
    printed: str = ""
    trace: str = ""

    @property
    def earned(self):
        return self.points if self.state == PASSED else 0

    def as_dict(self):
        return asdict(self)


def new_result(exercise, one, learner, state=PASSED, words=""):
    """The Result of a part, before it is graded."""
    return Result(exercise.key, exercise.name_of(one), one.title, one.points, state,
                  learner, words, section=exercise.section_of(one))


class Reference:
    """The solution and the known mistakes in processes of their own; answers kept."""

    def __init__(self, exercise):
        self.exercise = exercise
        self.earlier = earlier_sources(exercise, None)
        self._solution = self.student()
        self._mistaken = self.student()
        self._kept = {}

    def student(self):
        """A process like a learner's, with the solution in it. The caller closes it."""
        one = self.exercise
        return Student(one.solution, one.module, self.earlier, one.settings)

    def expected(self, check, stage):
        """The solution's Outcome at a stage, asked once."""
        key = (id(check), _fingerprint(stage))
        if key not in self._kept:
            if check.expected:
                outcome = _computed(check, stage)
            else:
                outcome = self._run(self._solution, check, stage, 60.0)
            if outcome.trouble:
                raise GraderError(f"the solution, at {check.who}, {stage.label!r}: "
                                  f"{outcome.trouble} {outcome.details}")
            self._kept[key] = outcome
        return self._kept[key]

    def _run(self, student, check, stage, seconds):
        return student.run(check.action, stage.inputs, layout=stage.layout,
                           overflow=stage.overflow, seconds=seconds)

    def call(self, name, inputs):
        """The Outcome of one function of the solution."""
        return self._solution.run({"call": name}, inputs, seconds=60.0)

    def timed(self, action, inputs):
        """How many seconds the action takes in the solution's process."""
        outcome = self._solution.run(action, inputs, seconds=60.0, back=False)
        if outcome.trouble:
            raise GraderError(f"the plain loop: {outcome.trouble} {outcome.details}")
        return outcome.seconds

    def mistaken(self, source, check, stage):
        """What a known mistake gives at a stage, asked once."""
        key = (source, id(check), _fingerprint(stage))
        if key not in self._kept:
            self._mistaken.replace(source)
            self._kept[key] = self._run(self._mistaken, check, stage, check.seconds)
        return self._kept[key]

    def close(self):
        self._solution.close()
        self._mistaken.close()


def _fingerprint(stage):
    """What tells one stage from another: the numbers, and how they are passed."""
    return stage.layout, stage.overflow, hashlib.sha256(wire.pack(stage.inputs)).digest()


def _computed(check, stage):
    return Outcome(check.expected(**copy.deepcopy(stage.inputs)), stage.inputs)


class Grading:
    """One learner's file under one exercise. `result(letter)` grades a part, once."""

    def __init__(self, exercise, source, reference, *, learner="", seed=None, mine=None,
                 hide=(), missing="", student=None, most_seconds=None, timed=True,
                 explain=True):
        """mine: the learner's folder, where earlier exercises come from, or None.

        hide: folders to keep closed. missing: why there is no source. The rest is for the
        grader's own tests: a warm process, a shorter time limit, no speed parts, no
        causes.
        """
        self.exercise, self.reference, self.learner = exercise, reference, learner
        self.seed = int(os.environ.get("GRADE_SEED", "0")) if seed is None else seed
        self._own_student = student is None
        self.student = student or Student(
            source, exercise.module, earlier_sources(exercise, mine),
            replace(exercise.settings, hide=tuple(hide)))
        self.student.replace(source)
        self.measured, self.worst = {}, 0.0
        self._missing, self._timed, self._most_seconds = missing, timed, most_seconds
        self._explain = explain
        self._printed, self._results = "", {}

    def limit(self, seconds):
        """The time limit of a call; the grader's own tests use a shorter one."""
        return min(seconds, self._most_seconds or seconds)

    def note(self, outcome):
        self._printed += outcome.printed

    def result(self, letter):
        """The Result of a part; the parts it needs are graded first."""
        if letter not in self._results:
            self._results[letter] = self._grade(self.exercise.part(letter))
        return self._results[letter]

    def results(self, until_failure=False, first=""):
        """The results of all parts, in order; those that speak of `first` before others.
        """
        done = []
        for one in sorted(self.exercise.parts, key=lambda one: not one.speaks_of(first)):
            if not self._timed and all(check.timed for check in one.checks):
                continue
            done.append(self.result(one.letter))
            if until_failure and done[-1].state != PASSED:
                break
        return done

    def _grade(self, one):
        result = new_result(self.exercise, one, self.learner)
        waits = [self.result(n) for n in one.needs]
        open_parts = [r.name for r in waits if r.state != PASSED]
        if self._missing:
            result.state, result.words = FAILED, self._missing
        elif open_parts:
            result.state = BLOCKED
            result.words = f"waits for {' and '.join(open_parts)}"
        else:
            self._run_checks(one, result)
        return result

    def _run_checks(self, one, result):
        self._printed = ""
        try:
            for check in one.checks:
                check.run(self)
        except Wrong as wrong:
            wrong.part = one.letter
            result.state, result.words = FAILED, wrong.words
            result.tell = self._likely_cause(wrong)
            result.printed = self._printed
            details = wrong.outcome.details if wrong.outcome else None
            if isinstance(details, dict):
                result.trace = str(details.get("trace", ""))
        except Exception as error:         # ours: never counted as the learner's
            result.state, result.words = ERROR, f"{type(error).__name__}: {error}"
            result.trace = traceback.format_exc()

    def _likely_cause(self, wrong):
        if not self._explain:
            return ""
        try:
            return self.exercise.catalogue.likely_cause(wrong, self)
        except GraderError:
            return ""

    def close(self):
        if self._own_student:
            self.student.close()


def earlier_sources(exercise, folder):
    """module name → (file name, source) of the exercises that this one builds on.

    folder: the learner's own files, or None for the solutions.
    """
    sources = {}
    for key in exercise.uses:
        text, missing = read_file(folder or SOLUTIONS, key)
        if missing:
            text = f"raise ImportError({'--use-mine: ' + missing!r})"
        sources["exercises." + key.replace("/", ".")] = (f"<{key}.py>", text)
    return sources


def grade(exercise, source, reference=None, *, until_failure=False, first="", **options):
    """All results of one source text. For tests, tables and notebooks."""
    own = reference or Reference(exercise)
    grading = Grading(exercise, source, own, **options)
    try:
        return grading.results(until_failure, first)
    finally:
        grading.close()
        if reference is None:
            own.close()


def read_file(folder, key):
    """(source, what is wrong with the file) for a key such as "recurrent/lstm_cell".

    A folder may be laid out like exercises/ or hold the files side by side. Links that
    lead out of it are not followed: they could lead to the solution.
    """
    path = find_file(folder, key)
    if path is None:
        return "", f"There is no file {key}.py yet."
    if not path.resolve().is_relative_to(folder.resolve()):
        return "", f"{path.name} is a link to another folder. Hand in the file itself."
    if path.stat().st_size > 2**20:
        return "", f"{path.name} is larger than 1 MiB; an exercise file is small."
    try:
        return path.read_text(encoding="utf-8"), ""
    except UnicodeDecodeError:
        return "", f"{path.name} is not a text file in UTF-8."


def find_file(folder, key):
    """The path of a learner's file, or None."""
    side_by_side = folder / f"{key.rpartition('/')[2]}.py"
    found = [path for path in (folder / f"{key}.py", side_by_side) if path.is_file()]
    return found[0] if found else None


def total(results):
    """(points earned, points in all) and, in words, what could not be graded."""
    lost = sum(r.points for r in results if r.state == ERROR)
    note = f"{wording.count(lost, 'point')} could not be graded" if lost else ""
    return sum(r.earned for r in results), sum(r.points for r in results), note
