"""The end of a run: the score board, a hint, a solution, the files of --report."""

import shutil
import time
from pathlib import Path

from . import board, progress, report
from .engine import PASSED, read_file
from .exercise import EXERCISES, declared_in, find, load, order, paths


class Summary:
    """The end of a run, on the terminal and in the files of --report."""

    def __init__(self, terminal, config, state):
        self.terminal, self.config, self.state = terminal, config, state
        self.width = min(shutil.get_terminal_size().columns, 100)
        self.by_learner = {}
        for result in self.state.results:
            self.by_learner.setdefault(result.learner, []).append(result)
        keys = {result.exercise for result in self.state.results}
        self.exercises = sorted((load(declared_in(key)) for key in keys), key=order)

    def write(self):
        if not self.state.results:
            self._say_what_there_is()
            return
        self.terminal.section("exercises")
        if self.config.getoption("progress", False):
            self._lines(progress.lines(find(), self.state.results))
        elif list(self.by_learner) == [""]:
            self._board()
        else:
            for learner, results in sorted(self.by_learner.items()):
                self.terminal.line(board.class_line(learner, results))
        self._hint()
        self._solutions()
        self._files()

    def _lines(self, lines):
        for line in lines:
            self.terminal.line(line, **_colour(line))

    def _board(self):
        results, trace = self.state.results, self.config.getoption("trace", False)
        if len(self.exercises) == 1:
            self._lines(board.lines(results, width=self.width, trace=trace))
            return
        for one in self.exercises:
            mine = [r for r in results if r.exercise == one.key]
            self._lines([f"{one.number} {one.title}  ({one.key}.py)"])
            self._lines(board.lines(mine, width=self.width, trace=trace)[:-1] + [""])
        self._lines(board.lines(results)[-1:])

    def _hint(self):
        asked = self.config.getoption("hint", None)
        if not asked:
            return
        if len(self.exercises) != 1:
            self._lines(["", "--hint needs to know the exercise: add -k and its name."])
            return
        exercise = self.exercises[0]
        one = exercise.part(asked.removeprefix(exercise.number))
        if one is None:
            letters = ", ".join(p.letter for p in exercise.parts)
            self._lines(["", f"There is no part {asked}; the parts are {letters}."])
            return
        level = self._level(exercise, one)
        self._lines(["", *board.hint(exercise, one, level, self.width)])

    def _level(self, exercise, one):
        """0, 1, 2 and again from the last; remembered between runs in pytest's cache."""
        cache = getattr(self.config, "cache", None)
        if cache is None:
            return 0
        key = f"exercises/hints/{exercise.key}/{one.letter}"
        level = min(cache.get(key, 0), len(one.hints) - 1)
        cache.set(key, level + 1)
        return level

    def _solutions(self):
        """A solution is shown when it is asked for, or when it has been found."""
        if list(self.by_learner) != [""]:
            return
        asked = self.config.getoption("show_solution", False)
        for exercise in self.exercises:
            mine = [r for r in self.state.results if r.exercise == exercise.key]
            found = (len(mine) == len(exercise.parts)
                     and all(r.state == PASSED for r in mine))
            if asked or (found and len(self.exercises) == 1):
                folder = self.state.submission or EXERCISES
                theirs, _ = read_file(folder, exercise.key)
                self.terminal.section(f"{exercise.stem}.py: yours (-), ours (+)", sep="-")
                self._lines(board.difference(theirs, exercise.solution))

    def _files(self):
        folder = self.config.getoption("grade_report", None)
        if folder:
            seconds = time.time() - self.state.begin
            written = report.write(Path(folder), self.by_learner, seconds)
            self._lines(["", f"Reports: {written}"])

    def _say_what_there_is(self):
        if self.config.getoption("keyword", ""):
            names = ", ".join(path.stem.removeprefix("test_") for path in paths())
            self._lines([f"No part matches -k {self.config.option.keyword!r}. "
                         f"The exercises are {names}."])


def _colour(line):
    mark = line[:4]
    return {"green": mark == "[ok]", "red": mark in ("[no]", "[!!]"),
            "yellow": mark == "[..]"}
