"""Boxes that put PyTorch's spelling of 2017 beside today's, made from spellings.py."""
import html

from IPython.display import display
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from .spellings import SPELLINGS, spelling
from .words import prose


def then_and_now(*keys):
    """Show the old and the new spelling of each key, side by side.

    Raises:
        KeyError: a key is not in `spellings.SPELLINGS`; the message lists those that are.
    """
    text = "\n\n".join(f"{row.title}\nthen: {row.then}\nnow:  {row.now}"
                       for row in map(spelling, keys))
    display({"text/html": boxes(*keys), "text/plain": text}, raw=True)


def boxes(*keys):
    """The boxes as HTML; without keys, all of them (the appendix)."""
    return "\n".join(_box(spelling(key)) for key in keys or SPELLINGS)


def _box(row):
    title = html.escape(row.title)
    return f"""<section class="then-now" aria-label="Then and now: {title}">
<p class="then-now-title">{title}</p>
<div class="then-now-columns">
<div class="then"><p>Then <span>PyTorch 0.1</span></p>
{_code(row.then, f"{title}, then")}</div>
<div class="now"><p>Now</p>
{_code(row.now, f"{title}, now")}</div>
</div>
<p class="then-now-why">{prose(row.why)}</p>
</section>"""


def _code(text, name):
    lines = highlight(text, PythonLexer(), HtmlFormatter(nowrap=True)).rstrip("\n")
    return ('<div class="highlight">'
            f'<pre tabindex="0" role="region" aria-label="{name}">{lines}</pre></div>')
