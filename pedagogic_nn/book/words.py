"""Captions and other short texts, with `code` and $formulas$ in them."""
import html
import re


def pieces(text):
    """Pairs (kind, text) with kind 'code', 'math' or 'text'."""
    for part in re.split(r"(`[^`]+`|\$[^$]+\$)", text):
        if part.startswith("`"):
            yield "code", part[1:-1]
        elif part.startswith("$"):
            yield "math", part[1:-1]
        elif part:
            yield "text", part


def prose(text):
    """The text as HTML; the site's MathJax draws what has the class `math`."""
    made = []
    for kind, part in pieces(text):
        part = html.escape(part)
        if kind == "code":
            made.append(f'<code class="literal">{part}</code>')
        elif kind == "math":
            made.append(rf'<span class="math notranslate">\({part}\)</span>')
        else:
            made.append(part)
    return "".join(made)
