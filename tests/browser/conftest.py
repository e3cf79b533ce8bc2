"""The built book in a real browser. The book is built first if it is not there."""
import functools
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
         "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
GENERATED = {"genindex", "search", "prf-prf"}


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


def find_chromium():
    installed = filter(None, map(shutil.which, NAMES))
    found = os.environ.get("CHROMIUM") or next(installed, None)
    if not found:
        pytest.fail("No Chromium: the browser tests need one of "
                    f"{', '.join(NAMES)} on the PATH, or its path in $CHROMIUM. "
                    "On Debian: apt-get install chromium", pytrace=False)
    return found


@pytest.fixture(scope="session")
def site():
    """The folder of the built book."""
    if not (SITE / "index.html").is_file():
        build = [Path(sys.executable).with_name("jupyter-book"), "build", ".", "-W",
                 "--keep-going"]
        run = subprocess.run(build, cwd=ROOT, capture_output=True, text=True)
        if run.returncode:
            said = run.stdout[-3000:] + run.stderr[-3000:]
            pytest.fail(f"the book was not built:\n{said}", pytrace=False)
    return SITE


@pytest.fixture(scope="session")
def pages(site):
    """The names of all pages that the table of contents lists, `index` first."""
    names = [path.relative_to(site).with_suffix("").as_posix()
             for path in site.rglob("*.html")]
    chosen = sorted(name for name in names
                    if not name.startswith("_") and name not in GENERATED)
    assert "index" in chosen and len(chosen) > 3
    return sorted(chosen, key=lambda name: name != "index")


def first_page_with(site, pages, text):
    for name in pages:
        if text in (site / f"{name}.html").read_text("utf8"):
            return name
    pytest.fail(f"no page of the book contains {text!r}")


@pytest.fixture(scope="session")
def address(site):
    """The site behind a plain file server on this machine."""
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        yield browser
        browser.close()


# What has to be scrolled can be reached by keyboard.  The theme sees to it, 300 ms after
# a window got another size.
REACHABLE = """() => [
    ...document.querySelectorAll('pre, .pst-scrollable-table-container')
].every((one) => one.scrollWidth <= one.clientWidth || one.tabIndex === 0)"""


class Tab:
    """A page that keeps to this machine: requests elsewhere are stopped and noted."""

    def __init__(self, chromium, width, scheme, elsewhere):
        self.context = chromium.new_context(viewport={"width": width, "height": 900},
                                            color_scheme=scheme)
        self.elsewhere, self.errors = elsewhere, []
        self.context.route(re.compile(r"^(?!http://127\.0\.0\.1[:/]|file:|data:|blob:)"),
                           self._stop)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("response", self._answer)

    def _stop(self, route):
        self.elsewhere.append(route.request.url)
        route.abort()

    def _answer(self, response):
        if response.status >= 400:
            self.errors.append(f"{response.status} {response.url}")

    def open(self, url):
        """Open a page and wait until its formulas are drawn."""
        self.page.goto(url)
        self.page.wait_for_load_state("load")
        self.page.wait_for_function(
            "() => !document.querySelector('.math')"
            " || window.MathJax?.startup?.promise?.then(() => true)")
        return self.page

    def change_to(self, width, scheme):
        """What a reader does who turns the phone, or chooses the other colours."""
        self.page.add_style_tag(content="* { transition: none !important; }")
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.evaluate(
            "scheme => document.documentElement.setAttribute('data-theme', scheme)",
            scheme)
        self.page.wait_for_function(REACHABLE)

    def width_of_content(self, width):
        """How wide the page is in a window of this width: more, and it scrolls."""
        self.page.set_viewport_size({"width": width, "height": 900})
        return self.page.evaluate("document.documentElement.scrollWidth")


@pytest.fixture
def tab(chromium):
    """tab(width=1280, scheme='light') opens one; all are checked at the end."""
    opened, elsewhere = [], []

    def make(width=1280, scheme="light"):
        opened.append(Tab(chromium, width, scheme, elsewhere))
        return opened[-1]

    yield make
    for one in opened:
        one.context.close()
    assert elsewhere == []
