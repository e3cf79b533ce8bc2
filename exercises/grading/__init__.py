"""The grader of the exercises, a pytest plugin. `pytest exercises` starts it.

    declared by an author     exercise.py (Exercise, part)   checks.py (call, scenario)
                              race.py (speed)   gaps.py, skeleton.py
    known mistakes            mistakes.py   mutate.py   table.py
    grading                   engine.py (parts → results)   compare.py   wording.py
    the learner's process     student.py (our end)   worker.py, desk.py (their end)
                              wire.py (the pipe)   sandbox.py   guard.py
    what a learner sees       plugin.py, summary.py (pytest)   board.py   progress.py
                              report.py   magic.py (%grade)
"""

from .checks import call, gradients, scenario
from .exercise import Exercise, part
from .race import Race
