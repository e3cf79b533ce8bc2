"""The server of the book: who may read what, and where it listens."""
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = "<html><head><title>The book</title></head><body>Page one</body></html>"


def make_site(folder):
    site = folder / "_build" / "html"
    (site / "chapter").mkdir(parents=True)
    (site / "index.html").write_text(PAGE)
    (site / "chapter" / "one.html").write_text(PAGE)
    (site / "site.js").write_text("let a = 1")
    (folder / "secret.html").write_text("open sesame")
    (folder / "secret.txt").write_text("open sesame")
    (folder / "_build" / "secret.txt").write_text("open sesame")
    return folder


def start(folder, *options):
    """The running server and the address that it printed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pedagogic_nn.book.server", "--no-browser", *options],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1",
             "JUPYTER_CONFIG_DIR": str(folder / "config")})
    (folder / "_config.yml").touch()
    for line in process.stdout:
        if "/book/?token=" in line:
            return process, line.split()[-1]
    raise AssertionError(f"the server ended with {process.wait()} and printed no address")


def stop(process):
    process.terminate()
    process.wait(30)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = make_site(tmp_path_factory.mktemp("book"))
    (folder / "_config.yml").touch()
    process, address = start(folder, "--port", str(free_port()))
    wait_for(address)
    yield address
    stop(process)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(address, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(address).close()
            return
        except urllib.error.URLError as error:
            if isinstance(error, urllib.error.HTTPError):
                return
            time.sleep(0.1)
    raise AssertionError(f"nothing answered at {address} for {seconds} s")


class Browser:
    """Just enough: it keeps cookies and says what came back."""

    def __init__(self, address):
        self.base = address.split("/book/")[0]
        self.cookies = CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path, method="GET", data=None, headers=None):
        request = urllib.request.Request(self.base + path, method=method, data=data,
                                         headers=headers or {})
        try:
            with self.opener.open(request) as answer:
                return answer.status, answer.read().decode(), answer
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error


@pytest.fixture
def stranger(server):
    return Browser(server)


@pytest.fixture
def reader(server):
    browser = Browser(server)
    browser.get(server.removeprefix(browser.base))
    return browser


def test_the_printed_address_opens_the_book(server):
    status, text, _ = Browser(server).get("/book/?" + server.split("?")[1])
    assert status == 200 and "Page one" in text


def test_without_the_token_there_is_only_the_login_page(stranger):
    for path in ("/book/", "/book/chapter/one.html", "/book/site.js",
                 "/book-live/live.js"):
        _, text, answer = stranger.get(path)
        assert "/login" in answer.url and "Page one" not in text and "let a" not in text


def test_without_the_token_nothing_can_be_run(stranger):
    assert stranger.get("/api/contents")[0] == 403
    assert stranger.get("/api/kernels", "POST", b"{}")[0] == 403


def test_with_another_token_neither(stranger):
    assert stranger.get("/api/contents?token=" + "a" * 32)[0] == 403


def test_pages_get_the_live_script_and_no_token(server, reader):
    status, text, _ = reader.get("/book/chapter/one.html")
    assert status == 200
    assert '<script type="module" src="/book-live/live.js" data-base="/">' in text
    assert server.split("token=")[1] not in text


def test_scripts_and_styles_of_the_live_mode_are_served(reader):
    for name in ("live.js", "kernel.js", "outputs.js", "editor.js"):
        status, _, answer = reader.get(f"/book-live/{name}")
        assert status == 200 and answer.headers["Content-Type"] == "text/javascript"
    assert reader.get("/book-live/live.css")[0] == 200


@pytest.mark.parametrize("path", [
    "/book/../secret.txt", "/book/../secret.html", "/book/../../secret.html",
    "/book/..%2f..%2fsecret.html", "/book/..%2f..%2fsecret.txt",
    "/book/%2e%2e/%2e%2e/secret.html", "/book//etc/passwd", "/book/%2fetc%2fpasswd",
    "/book-live/../server.py", "/book-live/..%2fserver.py"])
def test_nothing_outside_the_site_is_served(reader, path):
    status, text, _ = reader.get(path)
    assert status in (400, 403, 404) and "sesame" not in text and "import" not in text


def test_a_link_out_of_the_site_is_not_followed(reader, server, tmp_path_factory):
    folder = next(tmp_path_factory.getbasetemp().glob("book*"))
    link = folder / "_build" / "html" / "out.html"
    link.unlink(missing_ok=True)
    link.symlink_to(folder / "secret.html")
    status, text, _ = reader.get("/book/out.html")
    link.unlink()
    assert status == 403 and "sesame" not in text


def test_pages_may_ask_nothing_of_other_machines(reader):
    policy = reader.get("/book/")[2].headers["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'self'"
    assert not re.search(r"https?:|wss?:|\*", policy)


def test_a_kernel_needs_the_second_cookie_too(reader):
    body = json.dumps({"path": "a.ipynb", "type": "notebook", "name": "",
                       "kernel": {"name": "python3"}}).encode()
    json_type = {"Content-Type": "application/json"}
    assert reader.get("/api/sessions", "POST", body, json_type)[0] == 403
    reader.get("/book/")
    (xsrf,) = [cookie.value for cookie in reader.cookies if cookie.name == "_xsrf"]
    status, text, _ = reader.get("/api/sessions", "POST", body,
                                 {**json_type, "X-XSRFToken": xsrf})
    assert status == 201
    session = json.loads(text)["id"]
    assert reader.get(f"/api/sessions/{session}", "DELETE",
                      headers={"X-XSRFToken": xsrf})[0] == 204


def test_it_listens_on_this_machine_only(server):
    port = int(re.search(r":(\d+)/", server)[1])
    assert server.startswith("http://127.0.0.1:")
    try:
        other = socket.gethostbyname(socket.gethostname())
    except OSError:
        other = "127.0.0.1"
    if not other.startswith("127."):
        with pytest.raises(OSError):
            socket.create_connection((other, port), timeout=2)


def test_a_taken_port_gives_the_next(tmp_path):
    make_site(tmp_path)
    (tmp_path / "_config.yml").touch()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process, address = start(tmp_path, "--port", str(port))
        try:
            wait_for(address)
            assert f":{port}/" not in address
        finally:
            stop(process)


def test_a_book_that_is_not_built_says_how_to_build_it(tmp_path):
    (tmp_path / "_config.yml").touch()
    run = subprocess.run([sys.executable, "-m", "pedagogic_nn.book.server"], cwd=tmp_path,
                         capture_output=True, text=True, timeout=60,
                         env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert run.returncode == 1
    assert "not built yet" in run.stderr and "jupyter-book build ." in run.stderr
    assert "Traceback" not in run.stderr
