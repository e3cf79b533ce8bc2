"""In the learner's process: loads a file, calls its functions, describes its errors."""

import importlib.util
import math
import os
import sys
import traceback
import types

import numpy as np

ANSWERS = {"torch", "pedagogic_nn", "solutions", "tensorflow", "jax"}


class Desk:
    """The file that is loaded, and the answers to requests about it."""

    def __init__(self, folder):
        self.folder = folder
        self.file = ""
        self.mine = None
        self.broken = None
        self.scenarios = {}

    def answer(self, request):
        try:
            if request["do"] == "load":
                return self.load(request["source"], request["name"], request["earlier"])
            return self.broken or self.run(**request["call"])
        except BaseException as error:         # SystemExit and KeyboardInterrupt too
            if isinstance(error, AttributeError) and error.obj is self.mine:
                return {"missing": error.name}
            return self.describe(error)

    def load(self, source, name, earlier):
        """Run the file once, as the module `exercises.<section>.<stem>`."""
        self.file = os.path.join(self.folder, name.rpartition(".")[2] + ".py")
        with open(self.file, "w", encoding="utf-8") as file:   # numba and inspect read it
            file.write(source)
        _serve_earlier(name, earlier)
        self.mine = sys.modules[name] = types.ModuleType(name)
        self.mine.__file__ = self.file
        self.broken = None
        self.scenarios.clear()
        try:
            exec(compile(source, self.file, "exec"), self.mine.__dict__)
        except BaseException as error:
            self.broken = {**self.describe(error), "loading": True}
            return self.broken
        return {"value": None, "compiles": "numba" in sys.modules}

    def run(self, action, inputs, layout, overflow, back):
        """Call the learner's function, or play a scenario on their file."""
        inputs = {name: _laid_out(value, layout) for name, value in inputs.items()}
        with np.errstate(all="ignore", over=overflow):
            if "call" in action:
                value = getattr(self.mine, action["call"])(*inputs.values())
            else:
                value = self._scenario(**action)(self.mine, **inputs)
        return {"value": value, "inputs": inputs if back else None}

    def _scenario(self, source, name):
        if source not in self.scenarios:
            space = {"np": np, "math": math, "__name__": "scenario"}
            exec(compile(source, "<scenario>", "exec"), space)
            self.scenarios[source] = space[name]
        return self.scenarios[source]

    def describe(self, error):
        """An exception as plain data: its name, its words, and the learner's line."""
        try:
            words = str(error)
        except BaseException:                  # their own __str__
            words = ""
        frames = [(frame.f_code.co_name, line)
                  for frame, line in traceback.walk_tb(error.__traceback__)
                  if frame.f_code.co_filename == self.file]
        line = frames[-1][1] if frames else None
        if isinstance(error, SyntaxError) and error.filename == self.file:
            line = error.lineno
            words = error.msg
        calls = "".join(f"line {at}, in {name}\n" for name, at in frames[-20:])
        return {"error": type(error).__name__, "words": words[:2000], "line": line,
                "trace": f"{calls}{type(error).__name__}: {words[:2000]}"}


class _Refusal:
    """Refuses imports that would be the answer rather than a way to it."""

    def __init__(self, names):
        self.names = names

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ImportError(f"this exercise does without {name}")


def refuse_imports(allow):
    sys.meta_path.insert(0, _Refusal(ANSWERS - set(allow)))


class _Earlier:
    """Serves `exercises.<section>.<stem>`: the earlier exercises this one builds on."""

    def __init__(self, sources):
        self.sources = sources                 # module name → (file name, source)

    def find_spec(self, name, path=None, target=None):
        if any((known + ".").startswith(name + ".") for known in self.sources):
            is_package = name not in self.sources
            return importlib.util.spec_from_loader(name, self, is_package=is_package)
        return None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        if module.__name__ in self.sources:
            file, source = self.sources[module.__name__]
            exec(compile(source, file, "exec"), module.__dict__)


def _serve_earlier(name, earlier):
    """A new file meets fresh copies of the earlier ones."""
    sys.meta_path[:] = [one for one in sys.meta_path if not isinstance(one, _Earlier)]
    sys.meta_path.insert(0, _Earlier(earlier))
    for known in [name, *earlier]:
        sys.modules.pop(known, None)


def _laid_out(value, layout):
    """The same numbers, as a contiguous array or as a view with gaps in between."""
    if layout == "plain" or not isinstance(value, np.ndarray) or value.ndim == 0:
        return value
    wide = np.zeros((*value.shape[:-1], 2 * value.shape[-1]), value.dtype, order="F")
    view = wide[..., ::2]
    view[...] = value
    return view
