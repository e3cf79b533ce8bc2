"""--progress: one line for each exercise, and how much of it is done."""

from .engine import ERROR, PASSED, total

WIDTH = 20                   # characters of the bar


def lines(exercises, results):
    """The map of all chapters. Exercises that were not run have no bar."""
    found = []
    for exercise in exercises:
        mine = [r for r in results if r.exercise == exercise.key]
        head = f"{exercise.number:>6s}  {exercise.title:<32.32s}"
        found.append(f"{head} {_bar(mine)}" if mine else f"{head} not run")
    earned, points, note = total(results)
    found.append(f"Total: {earned:g} of {points:g} points")
    return [*found, note] if note else found


def _bar(results):
    earned, points, _ = total(results)
    done = round(WIDTH * earned / points) if points else WIDTH
    if 0 < earned < points:
        done = min(max(done, 1), WIDTH - 1)    # neither empty nor full before it is true
    still = [r.name for r in results if r.state != PASSED]
    failed = any(r.state == ERROR for r in results)
    next_part = f"  next: {still[0]}" if still else ""
    return (f"[{'#' * done}{'.' * (WIDTH - done)}] {earned:>3g} of {points:<3g}"
            + next_part + ("  (grader error)" if failed else ""))
