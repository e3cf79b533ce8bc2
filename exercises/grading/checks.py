"""What is always checked: a part says only what is called, and with which numbers.

    call("cell", cell_inputs, returns=("h'", "c'"))      a function of the learner's file
    scenario(two_steps, step_inputs)                     a few lines played on their file
    gradients("step_backward", backward_inputs, of="step", wrt=…)

Each check runs the same steps on the solution and on the learner's file, in two
processes, and compares: values, shapes, dtypes, a second call, a batch of one and of
none, arrays with gaps, large numbers, and the inputs afterwards.
"""

import inspect
import textwrap
import zlib
from dataclasses import dataclass

import numpy as np

from . import wording
from .compare import TOLERANCE, Comparison


class Wrong(Exception):
    """The answer is not right yet: the words for the learner, and what is known of it."""

    def __init__(self, words, outcome=None, stage=None, check=None, path=None):
        words = wording.sentence(words)
        super().__init__(words)
        self.words, self.outcome, self.path = words, outcome, path
        self.stage, self.check = stage, check
        self.part = ""                         # its letter, known to the engine


@dataclass(frozen=True)
class Stage:
    """One call: its inputs, how arrays lie in memory, the first words of a message."""

    label: str
    inputs: dict
    layout: str = "plain"
    overflow: str = "ignore"


class Check:
    """Runs an action through its stages and compares with the reference.

    Args:
        action: {"call": name} or {"source": text, "name": name}.
        inputs: a function of (rng, **sizes) that returns a dict of arguments.
        returns: names of the results, for the messages.
        sizes: sizes of the ordinary call, over the defaults of `inputs`.
        batch: the size that is set to one and to none; None leaves both out.
        also: more sizes to try, a list of dicts.
        large: a factor for the floating inputs, or a function (rng) → inputs, or a tuple
            of these; None leaves it out.
        overflow: False asks that nothing overflows on the way with those large numbers.
        gaps: try arrays that are not contiguous.
        tolerance: relative and absolute; at least 100 times the spread of right answers.
        seconds: the time limit of one call.
        expected: a function of the inputs, instead of the solution.
    """

    timed = False

    def __init__(self, action, inputs, *, returns=(), sizes=None, batch="N", also=(),
                 large=1000.0, overflow=True, gaps=True, tolerance=TOLERANCE, seconds=5.0,
                 expected=None):
        self.action, self.inputs = action, inputs
        self.who = action.get("call") or action["name"].replace("_", " ")
        self.returns = (returns,) if isinstance(returns, str) else tuple(returns)
        self.sizes, self.also = sizes or {}, also
        self.batch = batch if batch in inspect.signature(inputs).parameters else None
        self.large = large if isinstance(large, tuple) else (large,)
        self.overflow, self.gaps = overflow, gaps
        self.tolerance, self.seconds, self.expected = tolerance, seconds, expected

    def stages(self, seed):
        """The calls, in the order in which they are made."""
        draw = lambda k, **more: self.draw(seed, k, **more)   # noqa: E731
        stages = [
            Stage("", draw(0)),
            Stage("With other numbers: ", draw(1)),
            Stage("When called again with the first inputs: ", draw(0)),
        ]
        if self.batch:
            one, none = {self.batch: 1}, {self.batch: 0}
            stages += [
                Stage(f"With a batch of one ({self.batch} = 1): ", draw(2, **one)),
                Stage(f"With an empty batch ({self.batch} = 0): ", draw(3, **none)),
            ]
        for k, sizes in enumerate(self.also):
            words = ", ".join(f"{name} = {size}" for name, size in sizes.items())
            stages.append(Stage(f"With {words}: ", draw(4 + k, **sizes)))
        if self.gaps:
            label = "With arrays that are not contiguous (views such as a[:, ::2]): "
            stages.append(Stage(label, draw(0), layout="gaps"))
        large = [self._large_inputs(seed, one) for one in self.large if one is not None]
        stages += [Stage("With large numbers: ", inputs) for inputs in large]
        if not self.overflow:
            stages += [Stage("With large numbers: ", inputs, overflow="raise")
                       for inputs in large]
        return stages

    def _large_inputs(self, seed, large):
        if callable(large):
            return large(self._rng(seed, 99))
        return {name: value * large if _is_floating(value) else value
                for name, value in self.draw(seed, 0).items()}

    def draw(self, seed, k, **sizes):
        return self.inputs(self._rng(seed, k), **{**self.sizes, **sizes})

    def _rng(self, seed, k):
        return np.random.default_rng([seed, zlib.crc32(self.who.encode()), k])

    def run(self, grading):
        """Raise Wrong at the first stage where the learner differs from the reference."""
        for stage in self.stages(grading.seed):
            expected = grading.reference.expected(self, stage)
            outcome = grading.student.run(self.action, stage.inputs, layout=stage.layout,
                                          overflow=stage.overflow,
                                          seconds=grading.limit(self.seconds))
            grading.note(outcome)
            self.judge(grading, stage, expected, outcome)

    def judge(self, grading, stage, expected, outcome):
        if outcome.trouble:
            raise Wrong(stage.label + self._trouble(outcome), outcome, stage, self)
        comparison = self.comparison()
        found = comparison.difference(expected.value, outcome.value)
        if found:
            raise Wrong(stage.label + found.words, outcome, stage, self, found.path)
        self._compare_inputs(stage, expected, outcome)
        grading.worst = max(grading.worst, comparison.worst)

    def _trouble(self, outcome):
        missing = outcome.trouble == "missing"
        who = wording.clean(str(outcome.details)) if missing else self.who
        return wording.trouble(outcome.trouble, outcome.details, who)

    def comparison(self):
        return Comparison(self.tolerance, self.returns, self.who)

    def _compare_inputs(self, stage, expected, outcome):
        """Afterwards the inputs must be as the reference leaves them: as they were."""
        after = outcome.inputs or {}
        comparison = Comparison(self.tolerance)
        for name, value in expected.inputs.items():
            if comparison.same(value, after.get(name)):
                continue
            if comparison.same(value, stage.inputs[name]):
                words = (f"{self.who} changed its input {name}. "
                         f"Work on a new array: {name} = {name} * 2, not {name} *= 2.")
            else:
                words = f"{self.who} should change {name} in place, to other numbers."
            raise Wrong(stage.label + words, outcome, stage, self)


def _is_floating(value):
    return isinstance(value, float) or (
        isinstance(value, np.ndarray) and value.dtype.kind == "f")


def call(name, inputs, **options):
    """Call a function of the file with the inputs, in their order. Options: see Check."""
    return Check({"call": name}, inputs, **options)


def scenario(function, inputs=None, *, helpers=(), **options):
    """Play `function(mine, **inputs)` on the file: on the learner's and on the solution.

    The function's source is sent to the process, so it must not use names of the test
    file other than those of `helpers`; `np` and `math` are there. `mine` is the module of
    the file. What it returns (numbers, strings, arrays, lists, dicts) is compared; the
    keys of a dict are the names in the messages.
    """
    sources = [textwrap.dedent(inspect.getsource(one)) for one in (*helpers, function)]
    options.setdefault("large", None)
    action = {"source": "\n\n".join(sources), "name": function.__name__}
    return Check(action, inputs or (lambda rng: {}), **options)


class Gradients(Check):
    """A backward function. The grader's own tests compare it with central differences."""

    def __init__(self, name, inputs, *, of, wrt, upstream, **options):
        options.setdefault("returns", tuple("d" + letter for letter in wrt))
        super().__init__({"call": name}, inputs, **options)
        self.of, self.wrt, self.upstream = of, tuple(wrt), tuple(upstream)


def gradients(name, inputs, *, of, wrt, upstream, **options):
    """Check the backward function `name` of the forward function `of`.

    Args:
        inputs: (rng, **sizes) → the upstream gradients, then the arguments of `of`.
        wrt: the arguments whose gradients come back, in the order of the results.
        upstream: the names of the upstream gradients, in the order of `of`'s results.
    """
    return Gradients(name, inputs, of=of, wrt=wrt, upstream=upstream, **options)
