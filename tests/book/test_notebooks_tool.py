"""The notebook tool: one normal form, the rules, and what nbval forgives."""
import configparser
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from pedagogic_nn.book import notebooks

SANITISER = notebooks.BOOK / "nbval_sanitize.cfg"


def notebook_with(*cells):
    return new_notebook(cells=list(cells))


def saved(tmp_path, *cells):
    path = tmp_path / "page.ipynb"
    notebook = notebooks.normalise(notebook_with(*cells))
    path.write_text(notebooks.written(notebook), "utf8")
    return path


def test_running_twice_gives_the_same_bytes(tmp_path):
    path = tmp_path / "page.ipynb"
    nbformat.write(notebook_with(
        new_markdown_cell("# Page"),
        new_code_cell("import matplotlib.pyplot as plt\n"
                      "from pedagogic_nn.book import explore, show, style\nstyle()"),
        new_code_cell("fig, ax = plt.subplots()\nax.plot([1])\nshow(fig, alt='A line')"),
        new_code_cell("def draw(k):\n    fig, ax = plt.subplots()\n    return fig\n"
                      "explore(draw, alt='Axes', k=[1, 2])"),
        new_code_cell("1 + 1")), path)
    assert notebooks.run([path]) == 0
    once = path.read_bytes()
    assert notebooks.run([path]) == 0
    assert path.read_bytes() == once
    assert notebooks.check([path]) == 0


def test_a_failing_cell_leaves_the_file_and_the_status_says_so(tmp_path, capsys):
    path = tmp_path / "page.ipynb"
    nbformat.write(notebook_with(new_code_cell("1 / 0")), path)
    before = path.read_bytes()
    assert notebooks.run([path]) == 1
    assert path.read_bytes() == before
    assert "ZeroDivisionError" in capsys.readouterr().out


def test_normal_form_forgets_the_machine():
    cell = new_code_cell("x = 1   \n\n", metadata={"tags": ["hide-input"], "jupyter": {}},
                         execution_count=42)
    cell["id"] = "1a2b3c4d"
    notebook = notebook_with(cell)
    notebook.metadata["language_info"] = {"name": "python", "version": "3.11.7"}
    notebooks.normalise(notebook)
    assert notebook.cells[0].source == "x = 1"
    assert notebook.cells[0].metadata == {"tags": ["hide-input"]}
    assert notebook.cells[0].execution_count == 1
    assert notebook.cells[0].id == "cell-00"
    assert notebook.metadata["language_info"] == {"name": "python"}


def test_hand_made_names_of_cells_stay():
    cells = [new_markdown_cell("a"), new_code_cell("b"), new_code_cell("c")]
    notebook = notebook_with(*cells)
    cells[0]["id"], cells[1]["id"], cells[2]["id"] = "the-card", "by-hand", "by-hand"
    notebooks.normalise(notebook)
    assert [cell.id for cell in notebook.cells] == ["the-card", "by-hand", "cell-02"]


def test_pieces_of_a_stream_are_joined():
    cell = new_code_cell("print('ab')", outputs=[
        new_output("stream", name="stdout", text="a"),
        new_output("stream", name="stdout", text="b\n")])
    notebooks.normalise(notebook_with(cell))
    assert [output.text for output in cell.outputs] == ["ab\n"]


def test_cells_that_time_are_left_out_of_the_comparison():
    cell = new_code_cell("times = race({'a': f})")
    plain = new_code_cell("# race(")
    notebooks.normalise(notebook_with(cell, plain))
    assert cell.metadata["tags"] == ["nbval-ignore-output"]
    assert "tags" not in plain.metadata


@pytest.mark.parametrize("cell, problem", [
    (new_code_cell("x = 1;"), "ends with ';'"),
    (new_code_cell("@njit(cache=True)\ndef f(x):\n    return x"), "cache=True"),
    (new_code_cell("x = 1", metadata={"tags": ["remove-cell"]}), "needed to run it"),
    (new_code_cell("x = 1", metadata={"tags": ["remove-input"]}), "needed to run it"),
    (new_code_cell("x = '" + "a" * 80 + "'"), "more than 79 characters"),
    (new_code_cell("f()", outputs=[
        new_output("stream", name="stderr", text="Warning")]), "wrote to stderr"),
    (new_code_cell("f()", outputs=[
        new_output("error", ename="E", evalue="v", traceback=[])]), "stored an error"),
    (new_code_cell("f()", outputs=[new_output(
        "display_data", data={"text/html": '<script src="https://cdn.x/a.js"></script>'})]),
     "from the network"),
    (new_code_cell("f()", outputs=[new_output("stream", text="saved /home/ann/a.pt")]),
     "/home/ann/a.pt"),
])
def test_each_rule_is_kept(tmp_path, cell, problem):
    path = saved(tmp_path, cell)
    found = list(notebooks.problems(path))
    assert any(problem in one for one in found), found


def test_a_picture_needs_words():
    output = new_output("display_data", data={"text/plain": "<Figure size 1x1>",
                                              "image/png": "iVBORw0KGgo="})
    cell = new_code_cell("f()", outputs=[output])
    assert any("without words" in one for one in notebooks.cell_problems(cell))
    output.data["text/plain"] = "A line"
    assert not list(notebooks.cell_problems(cell))


@pytest.mark.parametrize("cell", [
    new_code_cell("source(f)", metadata={"tags": ["remove-input"]}),
    new_code_cell("f()", metadata={"tags": ["raises-exception"]},
                  outputs=[new_output("error", ename="E", evalue="v", traceback=[])]),
    new_code_cell("%load_ext pedagogic_nn.book\nx = 1"),
    new_code_cell("f()", outputs=[new_output("stream", text="shape (2, 3) / 4 = 1/2")]),
])
def test_what_is_allowed_passes(tmp_path, cell):
    assert list(notebooks.problems(saved(tmp_path, cell))) == []


def test_a_changed_notebook_is_not_in_normal_form(tmp_path):
    path = saved(tmp_path, new_code_cell("x = 1"))
    path.write_text(path.read_text().replace('"cell-00"', '"1a2b3c4d"'), "utf8")
    assert any("not in normal form" in one for one in notebooks.problems(path))


def sanitised(text):
    rules = configparser.RawConfigParser()
    rules.read(SANITISER, "utf8")
    for name in rules.sections():
        text = re.sub(rules.get(name, "regex"), rules.get(name, "replace"), text)
    return text


@pytest.mark.parametrize("one, other", [
    ("took 1.34 ms", "took 12 ms"),
    ("<f at 0x7f12ab3400>", "<f at 0x55aa12>"),
    ('src="data:image/webp;base64,AAa+/="', 'src="data:image/webp;base64,BBBB"'),
    ("/tmp/ipykernel_12/345.py:1", "/tmp/ipykernel_99/1.py:1"),
    ('<div class="pnn-source" data-object="a">x</div>',
     '<div class="pnn-source" data-object="a">y\nz</div>'),
])
def test_nbval_forgives_what_differs_between_right_runs(one, other):
    assert sanitised(one) == sanitised(other)


@pytest.mark.parametrize("one, other", [
    ("loss 0.1832", "loss 0.1833"),
    ("(4, 20)", "(4, 5)"),
    ("0x10 bytes", "0x20 bytes"),
    ("<td>3 seeds</td>", "<td>4 seeds</td>"),
])
def test_nbval_forgives_nothing_else(one, other):
    assert sanitised(one) != sanitised(other)
