"""Programs for every layer and loss: outputs and all gradients, over a grid of arguments.

Each is run by PyTorch once (`python -m tests.golden.record`) and by the library in
tests/nn/test_golden.py.  A file is a family; its `programs` yields (key, program).
"""
import importlib
import pkgutil


def _programs(name):
    rows = list(importlib.import_module(f"{__name__}.{name}").programs())
    programs = dict(rows)
    assert len(programs) == len(rows), f"{name} has two programs of one key: add a note"
    return programs


FAMILIES = {name: _programs(name) for _, name, _ in pkgutil.iter_modules(__path__)
            if name != "grid"}
