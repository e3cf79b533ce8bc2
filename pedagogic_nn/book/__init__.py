"""What the notebooks of the book import, and the tools that run, build and serve them.

The library itself never imports this package.

    from pedagogic_nn.book import explore, race, show, source, style, then_and_now

    python -m pedagogic_nn.book.notebooks run    execute and normalise the notebooks
    python -m pedagogic_nn.book.server           read the built site and run its cells
"""
from .explore import explore
from .figures import show
from .source import source
from .style import colours, style
from .then_and_now import then_and_now
from .timing import race

__all__ = ["colours", "explore", "race", "show", "source", "style", "then_and_now"]


def load_ipython_extension(shell):
    """`%load_ext pedagogic_nn.book` adds `%grade`."""
    from .grade_magic import register
    register(shell)
