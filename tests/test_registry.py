"""Every operation of the library has its three implementations, its words and a row."""
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import pedagogic_nn
from pedagogic_nn.autograd.function import Function, Primitive
from pedagogic_nn.backend.op import Op
from tests.harness import Case

TESTS = Path(__file__).parent


def import_library():
    """All modules but the book's tools and what needs MPI."""
    for module in pkgutil.walk_packages(pedagogic_nn.__path__, "pedagogic_nn."):
        if not re.match(r"pedagogic_nn\.(book|distributed)\b|.*__main__", module.name):
            importlib.import_module(module.name)


def import_rows():
    """The test files that list cases."""
    for path in sorted(TESTS.rglob("test_*.py")):
        if re.search(r"tests\.harness import|_tests\(", path.read_text("utf-8")):
            parts = path.relative_to(TESTS.parent).with_suffix("").parts
            importlib.import_module(".".join(parts))


import_library()
OPERATIONS = [operation for operation in Op.all
              if operation.__module__.startswith("pedagogic_nn.")]


def subclasses(kind):
    for child in kind.__subclasses__():
        yield child
        yield from subclasses(child)


def test_there_are_operations():
    assert len(OPERATIONS) > 10
    names = [(operation.__module__, operation.__name__) for operation in OPERATIONS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.__name__)
def test_an_operation_is_complete(operation):
    assert operation.on_cpu is not None, "no CPU version"
    assert operation.on_cuda is not None, "no CUDA version"
    assert operation.__doc__ and "→" in operation.__doc__, "no shapes in the docstring"


def test_every_operation_has_a_row():
    import_rows()
    tested = {id(row.function) for row in Case.all}
    missing = [f"{o.__module__}.{o.__name__}" for o in OPERATIONS if id(o) not in tested]
    assert not missing, "no case(…) under tests/ for " + ", ".join(missing)


def test_every_primitive_has_both_directions():
    for kind in subclasses(Primitive):
        if kind.__module__.startswith("pedagogic_nn.") and kind is not Function:
            assert kind.forward is not Primitive.forward, kind
            assert kind.backward is not Primitive.backward, kind
