"""`python -m pedagogic_nn.book.server`: the site with cells that run, and JupyterLab.

One Jupyter server, reached from 127.0.0.1 only, with a random token in the address that
it prints. Both have one origin, so that no permission for other sites is needed
anywhere:

    /book/…   the pages of _build/html, with live/live.js added to each
    /lab/…    JupyterLab on the same notebooks

The token reaches no page: opening the printed address sets a login cookie, and pages
send it back together with Jupyter's second cookie, the one against forged requests. """
import argparse
import os
import secrets
import sys
from pathlib import Path

from jupyter_core.paths import jupyter_runtime_dir
from jupyter_server.base.handlers import AuthenticatedFileHandler
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from tornado import web

PACKAGE = Path(__file__).resolve().parents[1]
LIVE = PACKAGE / "book" / "live"
PORT = 8890
EXTENSION = "pedagogic_nn.book.server"
NEWS = "@jupyterlab/apputils-extension:announcements"

# Whatever a page or a cell's output asks of another machine, the browser refuses.
CONTENT_SECURITY_POLICY = "; ".join((
    "default-src 'self'",
    "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",   # outputs may bring scripts
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self' data: blob:",
    "worker-src 'self' blob:",
    "frame-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'self'"))

NOT_BUILT = """\
The site is not built yet: there is no {index}.
Build it first, from the folder that holds _config.yml:

    jupyter-book build .
"""

WELCOME = """
  The book    {book}
  JupyterLab  {lab}

  Open the first address in a browser on this machine. Its token is the key to the server:
  keep it to yourself. Stop with Ctrl-C.
"""


class SiteFiles(AuthenticatedFileHandler):
    """Files below one folder, for those who are logged in."""

    @property
    def content_security_policy(self):
        return CONTENT_SECURITY_POLICY

    def get_content_type(self):
        # Some Windows registries call JavaScript plain text; browsers refuse it then.
        path = self.absolute_path or ""
        return "text/javascript" if path.endswith(".js") else super().get_content_type()

    def check_xsrf_cookie(self):
        """Reading changes nothing, so nothing can be forged: no Referer needed."""

    def validate_absolute_path(self, root, absolute_path):
        # Tornado's rule, nothing outside `root`; and no link that leads outside either.
        path = web.StaticFileHandler.validate_absolute_path(self, root, absolute_path)
        if path and not Path(path).resolve().is_relative_to(Path(root).resolve()):
            raise web.HTTPError(403, "a link that leads out of the book")
        return path


class PageHandler(SiteFiles):
    """The built site; each page gets the script that lets its cells run."""

    @web.authenticated
    async def get(self, path, **options):
        site = Path(self.root)
        page = (site / (path or "index.html")).resolve()
        inside = page.is_relative_to(site) and page.is_file()
        if not (inside and page.suffix == ".html"):
            await super().get(path, **options)
            return
        _ = self.xsrf_token              # reading it sets the cookie that pages send back
        live = url_path_join(self.base_url, "book-live")
        head = (f'<link rel="stylesheet" href="{live}/live.css">'
                f'<script type="module" src="{live}/live.js" data-base="{self.base_url}">'
                f'</script></head>')
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.set_header("Cache-Control", "no-cache")
        self.finish(page.read_text("utf8").replace("</head>", head, 1))


def _jupyter_server_extension_points():
    return [{"module": EXTENSION}]


def _without_news(handler, page):
    """JupyterLab's page configuration, changed: do not ask to fetch Jupyter's news."""
    page["disabledExtensions"] = [*page.get("disabledExtensions", []), NEWS]
    return page


def _load_jupyter_server_extension(app):
    app.web_app.settings["page_config_hook"] = _without_news
    base = app.web_app.settings["base_url"]
    site = str(_site(Path(app.root_dir)))
    app.web_app.add_handlers(".*$", [
        (url_path_join(base, "/book"), web.RedirectHandler,
         {"url": url_path_join(base, "/book/")}),
        (url_path_join(base, r"/book/(.*)"), PageHandler,
         {"path": site, "default_filename": "index.html"}),
        (url_path_join(base, r"/book-live/(.*)"), SiteFiles, {"path": str(LIVE)}),
    ])


def _site(root):
    return (root / "_build" / "html").resolve()


def make_server(root, port=PORT, browser=False):
    """A Jupyter server for the book in `root`, ready to start, on the next free port.

    Raises:
        FileNotFoundError: the site is not built.
    """
    index = _site(root) / "index.html"
    if not index.is_file():
        raise FileNotFoundError(NOT_BUILT.format(index=index.relative_to(root)))
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 50,
        "ServerApp.allow_remote_access": False,
        "IdentityProvider.token": secrets.token_urlsafe(24),
        "ServerApp.root_dir": str(root),
        "ServerApp.default_url": "/book/",
        "ServerApp.open_browser": browser,
        "ServerApp.log_level": "ERROR",
        "ServerApp.jpserver_extensions": str({EXTENSION: True, "jupyterlab": True}),
        "KernelManager.transport": _kernel_transport(),
        "MappingKernelManager.cull_idle_timeout": 1800,      # seconds; forgotten pages
        "LabApp.extension_manager": "readonly",
    }
    if _is_root():
        options["ServerApp.allow_root"] = True
    os.environ["PYTHONPATH"] = os.pathsep.join(      # kernels import it, installed or not
        filter(None, [str(PACKAGE.parent), os.environ.get("PYTHONPATH")]))
    app = ServerApp.instance()
    app.initialize([f"--{name}={value}" for name, value in options.items()])
    return app


def _kernel_transport():
    """How the server talks to kernels: by files that only this user may open, if it can.

    Windows has no such sockets. Their paths are limited to some 104 characters, of which
    Jupyter's file names take 54.
    """
    short = len(os.fsencode(jupyter_runtime_dir())) < 50
    return "ipc" if os.name == "posix" and short else "tcp"


def addresses(app):
    """The addresses of the book and of JupyterLab, with their token."""
    base = f"http://127.0.0.1:{app.port}{app.base_url}"
    token = app.identity_provider.token
    return {"book": f"{base}book/?token={token}", "lab": f"{base}lab?token={token}"}


def _is_root():
    return hasattr(os, "geteuid") and os.geteuid() == 0


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m pedagogic_nn.book.server",
                                     description="Read the built book and run its cells.")
    parser.add_argument("--port", type=int, default=PORT,
                        help="the port to try first (%(default)s); if taken, the next")
    parser.add_argument("--open", action="store_true", default=None, dest="browser",
                        help="open a browser (default: where there is a display)")
    parser.add_argument("--no-browser", action="store_false", dest="browser",
                        help="open no browser")
    parser.add_argument("--root", type=Path, default=_book_folder(),
                        help="the folder that holds _config.yml (%(default)s)")
    chosen = parser.parse_args(arguments)
    browser = _has_display() if chosen.browser is None else chosen.browser
    try:
        app = make_server(chosen.root.resolve(), chosen.port, browser)
    except FileNotFoundError as error:
        sys.exit(str(error))
    if _is_root():
        print("  Note: running as root; what cells of the book do, they do as root.")
    # Jupyter listens only when its loop runs: an address printed now would be refused.
    app.io_loop.add_callback(lambda: print(WELCOME.format(**addresses(app)), flush=True))
    app.start()


def _book_folder():
    """This folder if a book is in it, else the checkout that the package lies in."""
    here = Path.cwd()
    return here if (here / "_config.yml").is_file() else PACKAGE.parent


def _has_display():
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


if __name__ == "__main__":
    main()
