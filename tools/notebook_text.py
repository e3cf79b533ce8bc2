"""A notebook as text, so that `git diff` shows what was written and not what was stored.

    git config diff.notebook.textconv "python3 tools/notebook_text.py"
"""
import json
import sys
import textwrap


def as_text(notebook):
    """The cells one after the other; a picture is a word, printed output is indented."""
    return "\n\n".join(_cell_text(cell) for cell in notebook["cells"]) + "\n"


def _cell_text(cell):
    kind = "" if cell["cell_type"] == "code" else f" [{cell['cell_type']}]"
    tags = cell.get("metadata", {}).get("tags")
    parts = [f"# %%{kind}" + (f" tags={','.join(tags)}" if tags else ""),
             "".join(cell["source"])]
    parts += [_output_text(output) for output in cell.get("outputs", [])]
    return "\n".join(parts)


def _output_text(output):
    data = output.get("data", {})
    text = output.get("text") or data.get("text/plain") or output.get("evalue") or ""
    pictures = [f"[{kind}]" for kind in sorted(data) if kind != "text/plain"]
    return textwrap.indent("\n".join(["".join(text).rstrip(), *pictures]), "    ")


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        print(as_text(json.load(file)), end="")
