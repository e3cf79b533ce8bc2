"""Pages made from the project's files: known mistakes, and the cards of the data."""
import html
import re
import tomllib
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
EXERCISES = PACKAGE.parent / "exercises"
CARDS = PACKAGE / "data" / "cards"


def mistakes(folder=EXERCISES):
    """The mistakes that the graders know, one HTML table for each exercise.

    A catalogue is `exercises/**/<stem>_mistakes.toml`; grading/mistakes.py describes it.
    """
    catalogues = sorted(Path(folder).rglob("*_mistakes.toml"))
    tables = map(_mistake_table, catalogues)
    return "\n".join(tables) or "<p>No exercise has a catalogue yet.</p>"


def _mistake_table(path):
    with path.open("rb") as file:
        catalogue = tomllib.load(file)
    rows = "\n".join(map(_mistake_row, catalogue.get("mistake", [])))
    stem = html.escape(path.name.removesuffix("_mistakes.toml"))
    head = "".join(f'<th scope="col">{name}</th>'
                   for name in ("part", "mistake", "the change", "what you are told"))
    box = f'class="pnn-table" tabindex="0" role="region" aria-label="Mistakes in {stem}"'
    return f"""<div {box}><table><caption><code>{stem}</code></caption>
<thead><tr>{head}</tr></thead>
<tbody>{rows}</tbody></table></div>"""


def _mistake_row(row):
    old = _list(row.get("find", "")) or [f"all of {row['gap']}"]
    new = _list(row["replace"])
    change = "".join(f"<del>{html.escape(one)}</del>" for one in old if one)
    change += "".join(f"<ins>{html.escape(one)}</ins>" for one in new)
    return (f'<tr><td>{html.escape(row.get("part", ""))}</td>'
            f'<th scope="row">{html.escape(row["name"])}</th>'
            f'<td><pre class="pnn-change">{change}</pre></td>'
            f'<td>{html.escape(row.get("tell", ""))}</td></tr>')


def _list(value):
    return [value] if isinstance(value, str) and value else list(value)


def data_cards(folder=CARDS):
    """The cards of the bundled data sets as Markdown, one section each."""
    cards = [path.read_text("utf8").strip() for path in sorted(Path(folder).glob("*.md"))]
    page = re.sub(r"(?m)^(#+ )", r"#\1", "\n\n".join(cards))
    # A table without words in its head has none for a screen reader either.
    return re.sub(r"(?m)^\| \| \|$", "| fact | value |", page)
