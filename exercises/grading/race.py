"""Points for speed, at ratios to a plain loop in the same run, never at seconds.

    race = Race("step", small_weights, plain_step)
    part(…, checks=race.faster_than(5), …)
"""

import inspect
import textwrap

import numpy as np

from .checks import Check, Stage, Wrong

PATIENCE = 3


class Race:
    """Times the learner's function against a plain loop in the same run.

    Both run in processes of the same kind, in turns, on new numbers each time; the clock
    is the grader's, and the results must be right.

    Args:
        name: the function of the file.
        inputs, sizes: as for a Check; large enough that the plain loop takes about 0.1 s.
        plain: the loop, a function of the test file with the same arguments.
    """

    def __init__(self, name, inputs, plain, *, sizes=None, rounds=3, **options):
        self.check = Check({"call": name}, inputs, sizes=sizes, **options)
        source = textwrap.dedent(inspect.getsource(plain))
        self.plain = {"source": f"{source}\n\ndef _plain(mine, **inputs):\n"
                                f"    return {plain.__name__}(*inputs.values())\n",
                      "name": "_plain"}
        self.rounds = rounds

    def faster_than(self, times):
        """A check: at least `times` as fast as the plain loop."""
        return _FasterThan(self, times)

    def ratio(self, grading, wanted):
        """The best of some rounds of both, as a ratio.

        A busy machine slows down the shorter of the two more often: a ratio that falls
        short is measured longer, three times over, before it is believed.
        """
        best = grading.measured.setdefault(id(self), {"rounds": 0})
        while best["rounds"] < self.rounds or (
                best["plain"] < wanted * best["yours"]
                and best["rounds"] < PATIENCE * self.rounds):
            self._round(grading, best)
        return best["plain"] / best["yours"]

    def _round(self, grading, best):
        check, warm = self.check, best["rounds"] > 0
        for k in range(1 if warm else 2):             # a first one warms both up
            inputs = check.draw(grading.seed, 100 + best["rounds"] + k)
            stage = Stage("", inputs)
            expected = grading.reference.expected(check, stage)
            slow = grading.reference.timed(self.plain, inputs)
            outcome = grading.student.run(check.action, inputs, seconds=20.0, back=False)
            if outcome.trouble:
                check.judge(grading, stage, expected, outcome)
            found = check.comparison().difference(expected.value, outcome.value)
            if found:
                raise Wrong(found.words, outcome, stage, check, found.path)
        best["yours"] = min(best.get("yours", np.inf), outcome.seconds)
        best["plain"] = min(best.get("plain", np.inf), slow)
        best["rounds"] += 1


class _FasterThan:
    timed = True

    def __init__(self, race, times):
        self.race, self.times = race, times
        self.who = race.check.who

    def run(self, grading):
        ratio = self.race.ratio(grading, self.times)
        if ratio < self.times:
            raise Wrong(f"{self.who} is {ratio:.2g} times as fast as the plain loop; "
                        f"this part asks for {self.times:g} times.")
