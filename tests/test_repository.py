"""Rules for the whole repository; each failure names the file and the way out."""
import ast
import importlib
import importlib.metadata
import inspect
import re
import tokenize
from pathlib import Path

import pytest
import yaml

import pedagogic_nn
from pedagogic_nn.backend.op import Op

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "pedagogic_nn"
NN = PACKAGE / "nn"
MAX_CODE_LINES = 400

# Chapters that the book promises, by section: one for each class of the 0.1-era manual.
PROMISED = {
    "recurrent": "lstm_cell",
    "losses": "cross_entropy",
    "vision": "pixel_shuffle",
}

# From the ground up; a package imports only what stands before it, or itself.
LAYERS = ["backend", "autograd", "nn", "optim", "data"]

# Files whose purpose is to gather what stands in others.
GATHERERS = {"__init__.py", "functional.py"}


def relative(path):
    return path.relative_to(ROOT).as_posix()


def files(*suffixes, under=ROOT):
    """The project's own files: nothing hidden, built, installed or cached."""
    def is_ours(path):
        parts = path.relative_to(ROOT).parts
        return path.is_file() and not any(
            part in ("_build", "build", "dist", "__pycache__")
            or (part.startswith(".") and part != ".ci") for part in parts)
    return sorted(path for path in under.rglob("*")
                  if is_ours(path) and (not suffixes or path.suffix in suffixes))


def python_files(*folders):
    return [path for folder in folders for path in files(".py", under=ROOT / folder)]


def leaf_sections():
    """The folders of pedagogic_nn/nn: one for each section of torch.nn's manual."""
    return sorted(path.name for path in NN.iterdir() if (path / "__init__.py").exists())


def none_of(problems):
    """Fail with the problems, one on a line, if there are any."""
    if found := list(problems):
        pytest.fail("\n".join(found), pytrace=False)


# ---- the same stem in five trees -----------------------------------------------------


def chapters():
    """(section, stem) of every notebook about a file of pedagogic_nn/nn."""
    sections = leaf_sections()
    return [(path.parent.name, path.stem) for path in files(".ipynb", under=ROOT / "book")
            if path.parent.name in sections and path.stem not in ("index", "atlas")]


def test_the_promised_chapters_are_there():
    promised = {(section, stem) for section, stems in PROMISED.items()
                for stem in stems.split()}
    none_of(f"book/{section}/{stem}.ipynb is promised and missing"
            for section, stem in sorted(promised - set(chapters())))


@pytest.mark.parametrize("stem", ["start/how_to_use", "autograd/autograd", "nn/parameter",
                                  "nn/module"])
def test_a_chapter_about_the_spine_has_an_exercise(stem):
    section, name = stem.split("/")
    for path in (f"book/{stem}.ipynb", f"exercises/{stem}.py", f"solutions/{stem}.py",
                 f"exercises/{section}/test_{name}.py"):
        assert (ROOT / path).is_file(), f"{path} is missing"


@pytest.mark.parametrize("tree", [
    "pedagogic_nn/nn/{section}/{stem}", "tests/nn/{section}/test_{stem}",
    "exercises/{section}/{stem}", "exercises/{section}/test_{stem}",
    "solutions/{section}/{stem}"])
def test_a_chapter_has_the_same_stem_in_every_tree(tree):
    names = [tree.format(section=section, stem=stem) for section, stem in chapters()]
    assert names
    none_of(f"{name}.py is missing: its chapter is in book/" for name in names
            if not (ROOT / f"{name}.py").exists() and not (ROOT / name).is_dir())


def defines_a_module(path):
    """Does a file define a class for users? A helper of its neighbours does not."""
    return any(isinstance(node, ast.ClassDef) and not node.name.endswith("Function")
               and not node.name.startswith("_")
               for node in ast.parse(path.read_text("utf-8")).body)


def test_every_leaf_has_a_test_file():
    leaves = [path for section in leaf_sections()
              for path in files(".py", under=NN / section) if defines_a_module(path)]
    none_of(f"{relative(path)} has no tests/nn/{path.parent.name}/test_{path.name}"
            for path in leaves
            if not (ROOT / "tests/nn" / path.parent.name / f"test_{path.name}").exists())


def test_exercises_and_solutions_are_pairs():
    def stems(tree):
        return {path.relative_to(ROOT / tree) for path in files(".py", under=ROOT / tree)
                if not path.name.startswith(("test_", "_", "conftest"))
                and "grading" not in path.relative_to(ROOT / tree).parts}
    assert stems("exercises") == stems("solutions")


# ---- imports point one way -----------------------------------------------------------


def imported_modules(path):
    """(line, module) of every import in a file of the package, relative ones resolved."""
    package = path.relative_to(ROOT).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[:-node.level] if node.level else ()
            base = ".".join([*above, *filter(None, [node.module])])
            # `from .. import nn` imports a module, `from ..op import Op` a name of one.
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def section_of(module):
    """('nn', 'recurrent') for a module of that leaf; ('autograd', None) for the spine."""
    parts = module.split(".")
    if len(parts) < 2 or parts[0] != "pedagogic_nn":
        return None, None
    leaf = parts[2] if parts[1] == "nn" and len(parts) > 2 else None
    return parts[1], leaf if leaf in leaf_sections() else None


def module_name(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def library_imports():
    """(path, line, layer, leaf, imported module) in the library without its gatherers."""
    for path in python_files("pedagogic_nn"):
        layer, leaf = section_of(module_name(path))
        if layer in LAYERS and path.name not in GATHERERS:
            for line, module in imported_modules(path):
                if module.startswith("pedagogic_nn"):
                    yield path, line, layer, leaf, module


def test_layers_import_downwards():
    def upwards(layer, module):
        other = section_of(module)[0]
        return other in LAYERS and LAYERS.index(other) > LAYERS.index(layer)
    none_of(f"{relative(path)}:{line}: {layer} imports {module}, which stands above it"
            for path, line, layer, leaf, module in library_imports()
            if upwards(layer, module))


def test_leaves_do_not_know_each_other():
    def crosses(layer, leaf, module):
        other = section_of(module)[1]
        return layer == "nn" and other is not None and other != leaf
    none_of(f"{relative(path)}:{line}: {leaf or 'the spine'} imports the leaf {module}; "
            "move what both need into the spine"
            for path, line, layer, leaf, module in library_imports()
            if crosses(layer, leaf, module))


def test_the_library_does_not_know_the_book():
    none_of(f"{relative(path)}:{line} imports {module}"
            for path in python_files("pedagogic_nn")
            if (PACKAGE / "book") not in path.parents
            for line, module in imported_modules(path)
            if module.startswith("pedagogic_nn.book"))


# ---- kernels -------------------------------------------------------------------------


def decorated_functions(path, decorator):
    """Functions under `@decorator`, called or not; of a dotted name its last part."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef):
            for mark in node.decorator_list:
                mark = mark.func if isinstance(mark, ast.Call) else mark
                if (mark.attr if isinstance(mark, ast.Attribute) else
                        getattr(mark, "id", "")) == decorator:
                    yield node


def test_cpu_kernels_need_no_scipy():
    """numba compiles np.dot, `@` and np.linalg only where SciPy is installed: here it is,
    for the data files' sake, and on a user's machine it is not."""
    def needs_scipy(node):
        if isinstance(node, ast.BinOp):
            return isinstance(node.op, ast.MatMult)
        return isinstance(node, ast.Attribute) and ast.unparse(node).startswith(
            ("np.dot", "np.vdot", "np.linalg", "numpy.dot", "numpy.linalg"))
    none_of(f"{relative(path)}:{node.lineno}: {ast.unparse(node)} in {kernel.name}"
            for path in python_files("pedagogic_nn")
            for kernel in decorated_functions(path, "jit")
            for node in ast.walk(kernel) if needs_scipy(node))


def test_shared_arrays_stand_on_lines_of_their_own():
    """numba's simulator tells shared arrays apart by line: two on one are the same."""
    none_of(f"{relative(path)}:{number}: two shared arrays on one line"
            for path in python_files("pedagogic_nn", "solutions")
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
            if line.count("shared.array(") > 1)


# ---- what a file may hold ------------------------------------------------------------

TEXT = (".py", ".md", ".toml", ".yml", ".cff", ".cfg", ".txt", ".js", ".css", ".svg",
        ".ipynb", "")
MACHINE_PATH = re.compile(r"(?<![\w.~$}\-])/(?:home|Users|root|work|workspace)/[\w.]")
# Tests of our own tools, which quote what the tools must find.
QUOTES = ("tests/grading/", "tests/book/test_notebooks_tool.py")

# In pieces, so that this file does not hold what it forbids.
REGISTRY = re.compile(r"py" r"pi\.org|python" r"hosted\.org|npm" r"js\.(org|com)"
                      r"|deb\." r"debian\.org")
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
SKIPPED = re.compile(r"(pytest|mark|unittest)\.(sk" r"ip|xf" r"ail)|importor" r"skip")


def matches(pattern, paths):
    for path in paths:
        if relative(path).startswith(QUOTES):
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if found := pattern.search(line):
                yield f"{relative(path)}:{number}: {found[0]}"


def test_no_path_of_one_machine():
    none_of(matches(MACHINE_PATH, files(*TEXT)))


def test_no_host_of_a_package_registry():
    """A package is named, not the address it happens to come from."""
    none_of(matches(REGISTRY, files(*TEXT)))


def test_nothing_is_left_to_do():
    """The gaps of the exercises are for the learner; nothing else is unfinished."""
    none_of(matches(UNFINISHED, [
        path for path in files(".py", ".ipynb", ".md", ".toml", ".yml")
        if path.relative_to(ROOT).parts[0] != "exercises"]))


def test_no_test_is_skipped():
    none_of(matches(SKIPPED, python_files("tests", "exercises", "pedagogic_nn")))


# ---- sizes and docstrings ------------------------------------------------------------


def code_lines(path):
    """Lines that hold code: no blank lines, comments or docstrings."""
    lines = set()
    with tokenize.open(path) as file:
        for token in tokenize.generate_tokens(file.readline):
            if token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE,
                                  tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
                lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - docstring_lines(path))


def docstring_lines(path):
    lines = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if (isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
                and ast.get_docstring(node) is not None):
            lines.update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return lines


def test_files_can_be_read_in_one_sitting():
    paths = python_files("pedagogic_nn", "tests", "exercises", "solutions", "tools",
                         "benchmarks")
    none_of(f"{relative(path)} has {count} code lines; past {MAX_CODE_LINES} it "
            "becomes a folder whose files carry its section names"
            for path in paths if (count := code_lines(path)) > MAX_CODE_LINES
            and not path.match("exercises/*/test_*.py"))           # tables of parts


PUBLIC = ["", ".autograd", ".cuda", ".data", ".nn", ".nn.functional", ".nn.init",
          ".nn.utils", ".nn.utils.rnn", ".optim", ".optim.lr_scheduler", ".serialization"]


def public_names(module):
    """(name, object) of what a module offers and the project wrote, methods included."""
    for name, item in vars(module).items():
        ours = str(getattr(item, "__module__", "")).startswith("pedagogic_nn")
        if name.startswith("_") or not ours or not callable(item):
            continue
        yield name, item
        for method in vars(item) if isinstance(item, type) else ():
            if not method.startswith("_") and is_described(vars(item)[method]):
                yield f"{name}.{method}", getattr(item, method)


def is_described(member):
    return inspect.isfunction(member) or isinstance(
        member, property | classmethod | staticmethod)


@pytest.mark.parametrize("module", PUBLIC)
def test_public_names_have_docstrings(module):
    """A method that its base class has described needs no words of its own."""
    public = list(public_names(importlib.import_module(f"pedagogic_nn{module}")))
    assert public
    none_of(f"pedagogic_nn{module}.{name} has no docstring"
            for name, item in public if not inspect.getdoc(item))


def test_operations_have_docstrings():
    """The docstring of an operation says the shapes of what goes in and comes out."""
    assert Op.all
    none_of(f"the operation {op.__module__}.{op.__name__} has no docstring"
            for op in Op.all if not op.__doc__)


def test_modules_have_docstrings():
    none_of(f"{relative(path)} has no docstring"
            for path in python_files("pedagogic_nn", "solutions", "tools", "benchmarks")
            if path.read_text("utf-8").strip()
            and ast.get_docstring(ast.parse(path.read_text("utf-8"))) is None)


# ---- the files about the project -----------------------------------------------------


def test_the_version_is_the_same_everywhere():
    version = pedagogic_nn.__version__
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == version
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert importlib.metadata.version("pedagogic-nn") == version


def test_the_citation_can_be_read():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert {"cff-version", "message", "title", "authors", "license"} <= set(citation)
    assert citation["license"] == "MIT"


def test_the_licence_is_mit():
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert text.startswith("MIT License") and "The pedagogic_nn authors" in text


def test_the_makefile_calls_plain_commands():
    """Each target is a command of tools/run.py, for machines without make."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    usage = (ROOT / "tools/run.py").read_text("utf-8")
    targets = re.findall(r"^(\w+):\n\t@\$\(RUN\) (\w+)", makefile, re.MULTILINE)
    assert targets
    for target, command in targets:
        assert target == command
        assert command == "help" or re.search(rf"^    {command} ", usage, re.MULTILINE)


def readme_example():
    text = (ROOT / "README.md").read_text("utf-8")
    return re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]


def test_the_readme_example_trains(capsys):
    exec(compile(readme_example(), "README.md", "exec"), {})
    assert capsys.readouterr().out
