"""The grader is graded: for every exercise, what it must pass and what it must catch."""

import numpy as np
import pytest

from exercises.grading import board, mutate, table
from exercises.grading.checks import Gradients
from exercises.grading.engine import FAILED, PASSED, Grading, grade
from exercises.grading.exercise import EXERCISES
from exercises.grading.gaps import empty

from .tricks import tricks


def open_parts(results):
    return [(r.name, r.state, r.words) for r in results if r.state != PASSED]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_solution_earns_every_point(exercise, reference, seed):
    results = grade(exercise, exercise.solution, reference, seed=seed, timed=seed == 0)
    assert open_parts(results) == []
    if seed == 0:
        assert sum(r.earned for r in results) == exercise.points


def test_exercise_file_is_made_from_its_solution(exercise):
    made = EXERCISES / exercise.section / f"{exercise.stem}.py"
    if made.read_text(encoding="utf-8") != empty(exercise.solution):
        pytest.fail("run: python -m exercises.grading.skeleton --force")


def test_skeleton_earns_nothing_in_friendly_words(exercise, reference):
    results = grade(exercise, empty(exercise.solution), reference)
    assert [r.earned for r in results] == [0] * len(exercise.parts)
    text = "\n".join(board.lines(results))
    assert "still to be written: replace the TODO (line" in text
    assert "Traceback" not in text and "Error" not in text
    assert f"Total: 0 of {exercise.points:g} points" in text


def test_known_mistakes_are_caught_by_their_part_and_named(exercise, reference, progress):
    assert exercise.catalogue.mistakes
    wrong = []
    for kill in table.kills(exercise, reference, progress):
        mistake = kill.mistake
        if kill.letter != mistake.part:
            wrong.append(f"{mistake.name}: caught by {kill.caught_by or 'nothing'}, "
                         f"should be {mistake.part}: {kill.words}")
        elif not kill.named:
            wrong.append(f"{mistake.name}: not named, but told {kill.tell!r}")
    assert wrong == []


def test_other_right_answers_earn_every_point(exercise, reference):
    """And they spread by less than a hundredth of the tolerance."""
    student = reference.student()
    assert len(exercise.catalogue.right) >= 3
    for answer in exercise.catalogue.right:
        source = answer.apply(exercise.solution)
        grading = Grading(exercise, source, reference, student=student)
        assert (answer.name, open_parts(grading.results())) == (answer.name, [])
        assert (answer.name, grading.worst < 0.01) == (answer.name, True)
    student.close()


def test_generated_mutants_are_caught(exercise, reference, progress):
    count, alive = mutate.survivors(exercise, reference, progress)
    listed = {text for text, _ in exercise.catalogue.equal}
    missing = [one.text for one in alive if one.text not in listed]
    assert missing == [], "each is a missing check, or belongs under [[equal]]"
    assert listed == {one.text for one in alive}, "listed as equal, but caught"
    assert len(alive) <= 0.05 * count


def test_tricks_earn_nothing(exercise, reference, progress):
    found = tricks(exercise)
    for k, (name, source) in enumerate(found.items()):
        progress(k, len(found))
        results = grade(exercise, source, reference, most_seconds=0.5, timed=False)
        assert (name, [r.earned for r in results]) == (name, [0] * len(results))
        assert (name, {r.state for r in results} <= {FAILED, "blocked"}) == (name, True)


def test_every_part_has_three_hints_and_a_section(exercise):
    for one in exercise.parts:
        assert all(len(hint) > 20 for hint in one.hints)
        assert exercise.section_of(one)
        assert len(one.title) <= 36


def test_gradients_of_the_solution_are_central_differences(exercise, reference):
    checks = [c for one in exercise.parts for c in one.checks if isinstance(c, Gradients)]
    for check in checks:
        for stage in check.stages(0)[:2]:
            got = reference.expected(check, stage).value
            got = got if isinstance(got, (tuple, list)) else [got]
            for name, value in zip(check.wrt, got, strict=True):
                expected = central_difference(reference, check, stage, name)
                assert np.allclose(value, expected, rtol=1e-6, atol=1e-8), name


def central_difference(reference, check, stage, name, step=1e-5):
    """The gradient of sum(upstream * of(arguments)) with respect to one argument."""
    arguments = {k: v for k, v in stage.inputs.items() if k not in check.upstream}
    upstream = [stage.inputs[k] for k in check.upstream]

    def loss(moved):
        results = reference.call(check.of, {**arguments, name: moved}).value
        results = results if isinstance(results, (tuple, list)) else [results]
        return sum((u * r).sum() for u, r in zip(upstream, results, strict=True))

    value = arguments[name]
    slope = np.zeros_like(value)
    for entry in np.ndindex(value.shape):
        up, down = value.copy(), value.copy()
        up[entry] += step
        down[entry] -= step
        slope[entry] = (loss(up) - loss(down)) / (2 * step)
    return slope
