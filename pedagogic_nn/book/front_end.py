"""Who will look at an output: a stored page, JupyterLab, or the site with a kernel."""
import os

STATIC = "static"      # nobody yet: it is stored in the notebook and built into the site
WIDGETS = "widgets"    # a notebook front end that speaks ipywidgets
PAGE = "page"          # the built site, its cells run by live/live.js

MODES = (STATIC, WIDGETS, PAGE)
PAGE_SESSION = "#page"   # live.js ends the name of its sessions with this


def front_end():
    """The mode to render for: $PEDAGOGIC_NN_BOOK if set, else what started this kernel.

    A Jupyter server names the session in JPY_SESSION_NAME; the programs that only run a
    notebook through (nbclient, nbval, jupyter-book) do not.
    """
    chosen = os.environ.get("PEDAGOGIC_NN_BOOK", "")
    if chosen:
        if chosen not in MODES:
            raise ValueError(f"PEDAGOGIC_NN_BOOK is {chosen!r}; expected one of {MODES}")
        return chosen
    session = os.environ.get("JPY_SESSION_NAME", "")
    if session.endswith(PAGE_SESSION):
        return PAGE
    if session or "VSCODE_PID" in os.environ or "COLAB_RELEASE_TAG" in os.environ:
        return WIDGETS
    return STATIC
