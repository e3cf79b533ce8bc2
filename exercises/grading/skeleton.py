"""Solutions → exercises: each `# BEGIN SOLUTION … # END SOLUTION` becomes a TODO.

    python -m exercises.grading.skeleton            write the exercises that do not exist
    python -m exercises.grading.skeleton --force    write all of them, over what is there
    python -m exercises.grading.skeleton --check    do the files agree?

Names of exercises (lstm_cell) after it choose among them.
"""

import sys

from .gaps import empty
from .student import ROOT


def pairs(stems=()):
    """(solution, exercise) paths of these exercises, or of all."""
    for solution in sorted((ROOT / "solutions").glob("*/*.py")):
        if stems and solution.stem not in stems:
            continue
        yield solution, ROOT / "exercises" / solution.parent.name / solution.name


def main(arguments):
    stale = []
    for solution, exercise in pairs([a for a in arguments if not a.startswith("-")]):
        text = empty(solution.read_text(encoding="utf-8"))
        if exercise.is_file() and exercise.read_text(encoding="utf-8") == text:
            continue
        if "--check" in arguments or (exercise.is_file() and "--force" not in arguments):
            stale.append(exercise)
        else:
            exercise.parent.mkdir(parents=True, exist_ok=True)
            exercise.write_text(text, encoding="utf-8")
            print("wrote", exercise.relative_to(ROOT))
    for exercise in stale:
        print("differs from its solution:", exercise.relative_to(ROOT))
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
