"""`source` quotes the installed library in the page: what you read is what runs.

The stored output is only a copy for those who open the notebook without running it: the
build of the site (sphinx_ext.py) makes it afresh from `data-object` and `data-options`,
and nbval does not compare it. So a quotation never goes stale. """
import ast
import html
import importlib
import inspect
import json
import textwrap
from pathlib import Path

from IPython.display import display
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

PACKAGE = Path(__file__).resolve().parents[1]          # …/pedagogic_nn


def source(thing, lines=None, docstring=True, fold=False):
    """Show the source of a function, method, class, module, kernel or Op of the library.

    Args:
        thing: the object; of an Op, its NumPy reference is shown.
        lines: None for all; (first, last) counted in the object from 1; or two texts,
            from the first line that has the one in it to the next that has the other.
        docstring: False leaves out the docstring of the object.
        fold: True shows the heading only, until it is clicked.

    Raises:
        TypeError: the object has no source in the library.
        ValueError: `lines` is not found.
    """
    name = _importable_name(thing)
    display({"text/html": quotation(name, lines=lines, docstring=docstring, fold=fold),
             "text/plain": f"The source of {name}"}, raw=True)


def quotation(name, lines=None, docstring=True, fold=False):
    """The box with the source of `name`, 'package.module:object', as HTML."""
    code, first, file = _read(_load(name))
    numbered = _chosen(list(enumerate(code, first)), lines, name)
    if not docstring:
        hidden = _docstring_lines(code, first)
        numbered = [(n, line) for n, line in numbered if n not in hidden]
    where = f"{file}, lines {numbered[0][0]}–{numbered[-1][0]}"
    options = json.dumps({"lines": lines, "docstring": docstring, "fold": fold})
    heading = html.escape(where)
    body = _code(numbered, name)
    inner = (f"<details><summary>{heading}</summary>{body}</details>" if fold
             else f'<p class="pnn-source-file">{heading}</p>{body}')
    return (f'<div class="pnn-source" data-object="{html.escape(name)}" '
            f'data-options="{html.escape(options)}">{inner}</div>')


def _unwrapped(thing):
    """The function or class behind an Op, a numba function, a property or a decorator."""
    for attribute in ("reference", "py_func", "fget", "__func__"):
        inner = getattr(thing, attribute, None)
        if inspect.isfunction(inner):
            return _unwrapped(inner)
    return inspect.unwrap(thing)


def _importable_name(thing):
    """'package.module:object', from which `_load` finds the thing again."""
    if inspect.ismodule(thing):
        module, path = thing.__name__, ""
    else:
        inner = _unwrapped(thing)
        module = getattr(inner, "__module__", None) or ""
        path = getattr(inner, "__qualname__", "")
    if module.partition(".")[0] != PACKAGE.name:
        raise TypeError(f"source: shows objects of {PACKAGE.name}, got {thing!r}")
    for name in [path, *_aliases(module, thing)]:
        try:
            _load(f"{module}:{name}")
            return f"{module}:{name}"
        except AttributeError:
            pass
    raise TypeError(f"source: {module} has no name for {thing!r}, which was made while "
                    "running; show the function that made it")


def _aliases(module, thing):
    """The names under which its module keeps a thing that was defined under another."""
    return [name for name, value in vars(importlib.import_module(module)).items()
            if value is thing]


def _load(name):
    module, _, path = name.partition(":")
    thing = importlib.import_module(module)
    for part in filter(None, path.split(".")):
        thing = inspect.getattr_static(thing, part)
    return thing if inspect.ismodule(thing) else _unwrapped(thing)


def _read(thing):
    """Its lines without common indentation, its first line number, its file."""
    try:
        code, first = inspect.getsourcelines(thing)
        file = Path(inspect.getsourcefile(thing)).resolve()
    except (OSError, TypeError) as error:
        raise TypeError(f"source: {thing!r} has no Python source") from error
    text = textwrap.dedent("".join(code)).rstrip("\n")
    shown = file.relative_to(PACKAGE.parent).as_posix()
    return text.split("\n"), max(first, 1), shown


def _chosen(numbered, lines, name):
    if lines is None:
        return numbered
    begin, end = lines
    if isinstance(begin, str):
        begin = 1 + _line_with(numbered, begin, 0, name)
    if isinstance(end, str):
        end = 1 + _line_with(numbered, end, begin, name)
    if not 1 <= begin <= end <= len(numbered):
        raise ValueError(f"source: {name} has lines 1 to {len(numbered)}, "
                         f"asked for {begin} to {end}")
    return numbered[begin - 1:end]


def _line_with(numbered, text, after, name):
    for k, (_, line) in enumerate(numbered):
        if k >= after and text in line:
            return k
    raise ValueError(f"source: no line of {name} after line {after} contains {text!r}")


def _docstring_lines(code, first):
    """The numbers of the lines that the object's own docstring fills."""
    tree = ast.parse("\n".join(code))
    node = tree
    if len(tree.body) == 1 and isinstance(tree.body[0], ast.FunctionDef | ast.ClassDef):
        node = tree.body[0]
    if not ast.get_docstring(node):
        return set()
    text = node.body[0]
    return set(range(first + text.lineno - 1, first + text.end_lineno))


def _code(numbered, name):
    """Highlighted lines, each with its number in the file."""
    text = "\n".join(line for _, line in numbered)
    lexer = PythonLexer(stripnl=False, ensurenl=False)
    lines = highlight(text, lexer, HtmlFormatter(nowrap=True)).rstrip("\n").split("\n")
    width = len(str(numbered[-1][0]))
    rows = "\n".join(f'<span class="pnn-line" data-n="{number:>{width}}">{line}</span>'
                     for (number, _), line in zip(numbered, lines, strict=True))
    label = html.escape(f"Source of {name.rstrip(':').replace(':', '.')}, "
                        f"lines {numbered[0][0]} to {numbered[-1][0]}")
    return ('<div class="highlight">'
            f'<pre tabindex="0" role="region" aria-label="{label}">{rows}</pre></div>')
