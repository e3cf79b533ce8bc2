"""`python -m pedagogic_nn.book.notebooks run|fix|check [FILES]`: clean notebooks.

    run      execute without a display (figures stored, see explore.py), then normalise
    fix      normalise only: after editing in JupyterLab
    check    report what breaks a rule; the exit status is 1 if anything does

Without FILES: every notebook below book/. Running twice gives the same bytes, so that a
change in `git diff` is a change in the book. """
import argparse
import ast
import base64
import io
import os
import re
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image

from .figures import encoded, few_colours

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
MAX_KILOBYTES = 800
CELL_TIMEOUT = 600                                   # seconds
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"}}
CELL_METADATA = {"tags", "mystnb"}                   # what a cell may keep
IGNORED_BY_NBVAL = "nbval-ignore-output"

FROM_NETWORK = re.compile(
    r"""(?:src|href)=\\?["'](?:https?:)?//[^"']*\.(?:js|css|png|jpe?g|svg|woff2?)"""
    r"""|@import url\(['"]?https?:""")
PLACES = re.compile(
    rf"""(?:^|[\s"'(=])((?:{re.escape(str(ROOT))}|/home|/Users|/root|/tmp|/opt|/mnt)/[\w./-]+)""")
GENERATED_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{8}")


def notebooks():
    """The notebooks of the book, in order of path."""
    def hidden(path):
        return any(part.startswith((".", "_")) for part in path.relative_to(BOOK).parts)
    return sorted(path for path in BOOK.rglob("*.ipynb") if not hidden(path))


# ---------------------------------------------------------------- normal form

def normalise(notebook):
    """Bring a notebook to its one normal form, in place: no trace of where it ran."""
    notebook.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    _name_cells(notebook.cells)
    count = 0
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict(
            {key: value for key, value in cell.metadata.items() if key in CELL_METADATA})
        cell.pop("attachments", None)
        cell.source = cell.source.rstrip()
        if cell.cell_type == "code":
            count += 1
            _normalise_code(cell, count)
    return notebook


def _normalise_code(cell, count):
    cell.source = "\n".join(line.rstrip() for line in cell.source.split("\n"))
    cell.execution_count = count
    if _times(cell.source):
        tags = cell.metadata.setdefault("tags", [])
        if IGNORED_BY_NBVAL not in tags:
            tags.append(IGNORED_BY_NBVAL)
    for output in cell.outputs:
        if output.output_type == "execute_result":
            output.execution_count = count
        if "data" in output:
            _normalise_data(output)
    cell.outputs = _joined_streams(cell.outputs)


def _normalise_data(output):
    size = output.metadata.get("image/png", {})
    kept = {key: size[key] for key in ("width", "height") if key in size}
    output.metadata = nbformat.from_dict({"image/png": kept} if kept else {})
    output.data.pop("application/vnd.jupyter.widget-view+json", None)
    if "image/png" in output.data:
        output.data["image/png"] = _small_png(output.data["image/png"])


def _joined_streams(outputs):
    """One output for the pieces of a stream: how they were cut depends on timing."""
    joined = []
    for output in outputs:
        last = joined[-1] if joined else None
        if (last is not None and output.output_type == last.output_type == "stream"
                and output.name == last.name):
            last.text += output.text
        else:
            joined.append(output)
    return joined


def _name_cells(cells):
    """Keep hand-made ids; number the others by their place."""
    taken = set()
    for place, cell in enumerate(cells):
        name = cell.get("id", "")
        if (not re.fullmatch(r"[a-zA-Z0-9_-]{2,64}", name) or GENERATED_ID.fullmatch(name)
                or re.fullmatch(r"cell-\d+", name) or name in taken):
            name = f"cell-{place:02d}"
        cell["id"] = name
        taken.add(name)


def _small_png(text):
    image = Image.open(io.BytesIO(base64.b64decode(text)))
    if image.mode == "P":
        return text.replace("\n", "")
    opaque = Image.new("RGB", image.size, "white")
    opaque.paste(image, mask=image.getchannel("A") if "A" in image.getbands() else None)
    return encoded(few_colours(opaque))


def _times(source):
    """Whether the cell calls `race`."""
    return any(isinstance(node, ast.Call) and getattr(node.func, "id", "") == "race"
               for node in ast.walk(_parsed(source)))


def _parsed(source):
    """The syntax tree without IPython's magics; an empty one where it is not Python."""
    plain = "\n".join("" if line.lstrip().startswith(("%", "!")) else line
                      for line in source.split("\n"))
    try:
        return ast.parse(plain)
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])


def written(notebook):
    return nbformat.writes(notebook, version=4).rstrip("\n") + "\n"


# ---------------------------------------------------------------- rules

def problems(path):
    """What breaks a rule in a notebook, one sentence each."""
    raw = path.read_text("utf8")
    notebook = nbformat.reads(raw, as_version=4)
    for cell in notebook.cells:
        for problem in cell_problems(cell):
            yield f"{_short(path)}, {cell.get('id', '?')}: {problem}"
    kilobytes = len(raw.encode()) // 1024
    if kilobytes > MAX_KILOBYTES:
        yield (f"{_short(path)}: {kilobytes} kB, at most {MAX_KILOBYTES}; "
               "give explore() fewer frames")
    if written(normalise(notebook)) != raw:
        yield f"{_short(path)}: not in normal form; run `fix`"


def cell_problems(cell):
    """What breaks a rule in one cell."""
    if cell.cell_type != "code":
        return
    tags = cell.metadata.get("tags", [])
    tree = _parsed(cell.source)
    if cell.source.rstrip().endswith(";"):
        yield "ends with ';', which nbval does not honour"
    if "remove-cell" in tags or ("remove-input" in tags and _has_state(tree)):
        yield "is taken from the page but needed to run it; tag it hide-input"
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "cache" and _is_true(node.value):
            yield "cache=True: numba does not see when a function of another cell changes"
    if max(map(len, cell.source.split("\n"))) > 79:
        yield "has a line of more than 79 characters"
    for output in cell.outputs:
        yield from _output_problems(output, tags)


def _output_problems(output, tags):
    if output.output_type == "error":
        if "raises-exception" not in tags:
            yield f"stored an error: {output.ename}: {output.evalue}"
        return
    if output.output_type == "stream":
        if output.name == "stderr":
            yield f"wrote to stderr: {output.text.strip()[:80]!r}"
        words = output.text
    else:
        words = "".join(str(value) for kind, value in output.data.items()
                        if not kind.startswith("image/"))
        text = output.data.get("text/plain", "")
        if "image/png" in output.data and (not text or text.startswith("<")):
            yield "shows a picture without words; use show(figure, alt=…)"
    if FROM_NETWORK.search(words):
        yield "its output loads something from the network"
    place = PLACES.search(words)
    if place:
        yield f"its output names a place on this machine: {place[1]}"


def _has_state(tree):
    """Whether later cells may need this one: it does more than evaluate expressions."""
    return not all(isinstance(statement, ast.Expr) for statement in tree.body)


def _is_true(node):
    return isinstance(node, ast.Constant) and node.value is True


def _short(path):
    path = Path(path).resolve()
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name


# ---------------------------------------------------------------- commands

def execute(path):
    """Run a notebook and write it in normal form.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed; the file is left as it was.
    """
    notebook = nbformat.read(path, as_version=4)
    os.environ.update(PEDAGOGIC_NN_BOOK="static", PYTHONHASHSEED="0",
                      PYTHONPATH=os.pathsep.join(
                          filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])))
    NotebookClient(notebook, timeout=CELL_TIMEOUT, kernel_name="python3",
                   resources={"metadata": {"path": str(path.parent)}},
                   extra_arguments=["--log-level=ERROR"],    # nothing about local sockets
                   store_widget_state=False, record_timing=False).execute()
    path.write_text(written(normalise(notebook)), "utf8")


def run(paths):
    return _each(paths, execute)


def fix(paths):
    def normalised(path):
        path.write_text(written(normalise(nbformat.read(path, as_version=4))), "utf8")
    return _each(paths, normalised)


def check(paths):
    found = [problem for path in paths for problem in problems(path)]
    print("\n".join(found) or f"{len(paths)} notebooks: clean")
    return 1 if found else 0


def _each(paths, work):
    """Do it to every notebook, one line of progress each; go on after a failure."""
    failures = 0
    for number, path in enumerate(paths, 1):
        print(f"[{number}/{len(paths)}] {_short(path)} … ", end="", flush=True)
        begin = time.perf_counter()
        try:
            work(path)
        except CellExecutionError as error:
            failures += 1
            print(f"FAILED\n{error}")
        else:
            seconds = time.perf_counter() - begin
            print(f"{seconds:.1f} s, {path.stat().st_size // 1024} kB")
    return 1 if failures else 0


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m pedagogic_nn.book.notebooks",
        description="Run, normalise and check the book's notebooks.")
    parser.add_argument("command", choices=["run", "fix", "check"])
    parser.add_argument("files", nargs="*", type=Path, help="all of book/ if left out")
    chosen = parser.parse_args(arguments)
    paths = [path.resolve() for path in chosen.files] or notebooks()
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        parser.error(f"no such file: {', '.join(missing)}")
    return {"run": run, "fix": fix, "check": check}[chosen.command](paths)


if __name__ == "__main__":
    sys.exit(main())
