"""Generated mistakes: small changes in every line of a solution; each must be caught.

    python -m exercises.grading.mutate lstm_cell        the mutants that survive

A mutant that survives is an equal answer (listed as [[equal]] in the catalogue, with the
reason) or a missing check.
"""

import ast
import copy
import sys
from dataclasses import dataclass

from .engine import ERROR, PASSED, Reference, grade
from .exercise import find
from .gaps import gaps

SWAPS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.Pow: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.MatMult: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
}
SECONDS = 2.0                # a mutant that loops for ever is caught by the time limit


@dataclass(frozen=True)
class Mutant:
    """The function, the line before and after, and the whole source."""

    owner: str
    before: str
    after: str
    source: str

    @property
    def text(self):
        return f"{self.owner}: {self.before} -> {self.after}"


def mutants(source):
    """All mutants of the gaps of a solution."""
    tree, ranges = ast.parse(source), gaps(source)
    found = {ast.dump(tree): None}                 # the same program twice is one mutant
    asserts = {id(node.value) for node in ast.walk(tree)
               if isinstance(node, ast.keyword) and node.arg == "strict"}
    for node in ast.walk(tree):
        owner = "" if id(node) in asserts else _owner(node, ranges)
        for replacement in _changes(node) if owner else ():
            mutant = _mutant(source, owner, node, replacement)
            found.setdefault(ast.dump(ast.parse(mutant.source)), mutant)
    return sorted(filter(None, found.values()), key=lambda one: one.text)


def _owner(node, ranges):
    line = getattr(node, "lineno", None)
    for owner, first, last in ranges:
        if line and first <= line and node.end_lineno <= last:
            return owner
    return ""


def _changes(node):
    """What can stand in a node's place: nodes, or the text of a statement."""
    if isinstance(node, ast.BinOp):
        yield _with(node, op=SWAPS.get(type(node.op), ast.Add)())
        yield from (node.left, node.right)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.BoolOp):
        yield _with(node, op=SWAPS[type(node.op)]())
        yield from node.values
    elif isinstance(node, ast.Compare):
        yield _with(node, ops=[SWAPS[type(op)]() for op in node.ops])
    elif isinstance(node, ast.Constant):
        yield from _other_constants(node)
    elif isinstance(node, ast.Call):
        if len(node.args) == 1 and not node.keywords:
            if not isinstance(node.args[0], ast.Starred):
                yield node.args[0]
    elif isinstance(node, (ast.IfExp, ast.If)):
        yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))
    elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        yield from _swapped_neighbours(node)
    elif isinstance(node, ast.stmt):
        yield from _other_statements(node)


def _with(node, **fields):
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _other_constants(node):
    """One more, one less; the other truth value."""
    if isinstance(node.value, bool):
        yield _with(node, value=not node.value)
    elif isinstance(node.value, (int, float)):
        yield _with(node, value=node.value + 1)
        yield _with(node, value=node.value - 1)


def _swapped_neighbours(node):
    """return a, b → return b, a"""
    items = node.value.elts
    for k in range(len(items) - 1):
        order = [*items[:k], items[k + 1], items[k], *items[k + 2:]]
        yield _with(node, value=ast.Tuple(order, ast.Load()))


def _other_statements(node):
    """Leave out what has an effect of its own; `x += y` → `x -= y`, `x = y`."""
    if isinstance(node, ast.AugAssign):
        if type(node.op) in SWAPS:
            yield _with(node, op=SWAPS[type(node.op)]())
        yield ast.Assign([node.target], node.value, lineno=node.lineno)
        yield ast.Pass()
    elif isinstance(node, ast.Assign):
        names = {one.id for one in ast.walk(node.value) if isinstance(one, ast.Name)}
        kept = [one for one in node.targets
                if isinstance(one, ast.Name) and one.id not in names]
        if not kept and not isinstance(node.targets[0], ast.Tuple):
            yield ast.Pass()
    elif isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant):
        yield ast.Pass()
    elif isinstance(node, (ast.Break, ast.Continue)):
        yield ast.Pass()


def _mutant(source, owner, node, replacement):
    """Put the replacement's text where the node's was; the rest of the file stays."""
    if isinstance(node, ast.If):                   # only its first line changes
        node, replacement = node.test, replacement.test
    text = ast.unparse(ast.fix_missing_locations(replacement))
    if isinstance(replacement, ast.expr) and not isinstance(replacement, _ATOMS):
        text = f"({text})"
    lines = source.encode().split(b"\n")           # ast counts columns in bytes
    first, last = lines[node.lineno - 1], lines[node.end_lineno - 1]
    head = b"\n".join([*lines[: node.lineno - 1], first[: node.col_offset]])
    tail = b"\n".join([last[node.end_col_offset:], *lines[node.end_lineno:]])
    changed = (head + text.encode() + tail).decode()
    before = "\n".join(source.split("\n")[node.lineno - 1: node.end_lineno])
    end = node.end_lineno + changed.count("\n") - source.count("\n")
    after = "\n".join(changed.split("\n")[node.lineno - 1: end])
    return Mutant(owner, _one_line(before), _one_line(after), changed)


_ATOMS = (ast.Name, ast.Constant, ast.Call, ast.Attribute, ast.Subscript)


def _one_line(text):
    return " ".join(text.split())


def survivors(exercise, reference=None, progress=None):
    """(number of mutants, those that pass every part). All run in one warm process."""
    own = reference or Reference(exercise)
    student, made, alive = own.student(), mutants(exercise.solution), []
    try:
        for k, mutant in enumerate(made):
            if progress:
                progress(k, len(made))
            results = grade(exercise, mutant.source, own, student=student, timed=False,
                            most_seconds=SECONDS, explain=False, until_failure=True,
                            first=mutant.owner.split(".")[0])
            if results[-1].state in (PASSED, ERROR):
                alive.append(mutant)
    finally:
        student.close()
        if reference is None:
            own.close()
    return len(made), alive


def main(stems):
    for exercise in find():
        if stems and exercise.stem not in stems:
            continue
        count, alive = survivors(exercise)
        listed = {text for text, _ in exercise.catalogue.equal}
        print(f"{exercise.key}: {count} mutants, {len(alive)} survive")
        for mutant in alive:
            known = "equal  " if mutant.text in listed else "CHECK? "
            print("   ", known, mutant.text)


if __name__ == "__main__":
    main(sys.argv[1:])
