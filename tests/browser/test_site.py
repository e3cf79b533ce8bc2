"""The built book as a reader meets it: by mouse, by keyboard, with a kernel.

Each page by itself is in test_pages.py.
"""
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.browser.accessibility import violations
from tests.browser.conftest import first_page_with

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.xdist_group("one server")

def test_the_book_opens_from_a_folder_without_any_server(tab, site, pages):
    one = tab()
    chapter = first_page_with(site, pages, "pnn-explore")
    page = one.open((site / f"{chapter}.html").as_uri())
    assert page.locator("mjx-container").count() > 0
    assert page.locator(".pnn-explore input").first.is_enabled()
    assert one.errors == []


def picture(figure):
    image = figure.locator("img")
    return image.get_attribute("src"), image.get_attribute("alt")


def size_of(figure):
    box = figure.locator("img").bounding_box()
    return box["width"], box["height"]


def open_explorer(tab, address, site, pages):
    page = tab().open(f"{address}{first_page_with(site, pages, 'pnn-explore')}.html")
    figure = page.locator(".pnn-explore").first
    return page, figure, figure.locator("input").first


def wait_for_change(page, figure, before):
    page.wait_for_function("([image, src]) => image.src !== src",
                           arg=[figure.locator("img").element_handle(), before[0]])
    assert picture(figure)[1] != before[1]


def test_a_slider_moves_its_figure_by_keyboard(tab, address, site, pages):
    page, figure, slider = open_explorer(tab, address, site, pages)
    before = picture(figure)
    slider.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert slider.input_value() == "1"
    page.keyboard.press("Home")
    wait_for_change(page, figure, before)
    assert slider.input_value() == "0"
    label = figure.locator("output").first.inner_text()
    assert slider.get_attribute("aria-valuetext").endswith(f"= {label}")


def test_a_slider_moves_its_figure_by_mouse(tab, address, site, pages):
    page, figure, slider = open_explorer(tab, address, site, pages)
    before = picture(figure)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, middle, steps=4)
    page.mouse.up()
    wait_for_change(page, figure, before)
    assert slider.input_value() == slider.get_attribute("max")


def test_a_moved_figure_keeps_its_size_and_says_what_it_shows(tab, address, site, pages):
    page, figure, slider = open_explorer(tab, address, site, pages)
    before, size = picture(figure), size_of(figure)
    slider.focus()
    page.keyboard.press("Home")
    wait_for_change(page, figure, before)
    assert size_of(figure) == size
    assert figure.locator(".pnn-spoken").inner_text() == picture(figure)[1]


def test_the_search_finds_a_term_of_the_glossary(tab, address):
    page = tab().open(f"{address}search.html?q=logsumexp")
    page.wait_for_selector("#search-results li a")
    assert "Glossary" in page.locator("#search-results").inner_text()


# ---------------------------------------------------------------- with a kernel

@pytest.fixture(scope="module")
def live_address(site, tmp_path_factory):
    """The address that the book's own server prints, and answers at."""
    complaints = tmp_path_factory.mktemp("server") / "stderr"
    with complaints.open("w") as errors, subprocess.Popen(
            [sys.executable, "-m", "pedagogic_nn.book.server", "--no-browser"],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"}) as process:
        printed = re.search(r"http://\S+/book/\?token=\S+",
                            "".join(iter_until(process.stdout, "token=")))
        assert printed, f"the server printed no address, but {complaints.read_text()}"
        try:
            urllib.request.urlopen(printed[0], timeout=60).close()
            yield printed[0]
            assert process.poll() is None, f"it has ended: {complaints.read_text()}"
        finally:
            process.terminate()


def iter_until(lines, text):
    for line in lines:
        yield line
        if text in line:
            return


@pytest.fixture
def live(tab, live_address, site, pages):
    """A page of the book with its kernel running, and its first cell."""
    one = tab()
    one.open(live_address)
    chapter = first_page_with(site, pages, "cell_input")
    page = one.open(live_address.split("?")[0] + chapter + ".html")
    page.get_by_role("button", name="Run this page").click()
    page.wait_for_selector('html[data-kernel="idle"]', timeout=60_000)
    yield page
    assert one.errors == []
    page.goto("about:blank")                           # ends the kernel


def type_and_run(box, code):
    """Put code into a cell, which may be folded, and start it by keyboard."""
    area = box.locator("textarea")
    area.evaluate("(area) => area.closest('details')?.setAttribute('open', '')")
    area.fill(code)
    area.press("Shift+Enter")


def run(page, code, cell=0):
    """Put code into a cell of the page, run it by keyboard, and give its output."""
    box = page.locator(".cell:has(.pnn-editor)").nth(cell)
    type_and_run(box, code)
    page.wait_for_function("(count) => /\\d/.test(count.textContent)",
                           arg=box.locator(".pnn-count").element_handle(), timeout=60_000)
    return box.locator(".cell_output")


NUMBA = """import numba

@numba.njit
def triangle(n):
    total = 0
    for i in range(n + 1):
        total += i
    return total

print(triangle(100))"""


def test_an_edited_numba_cell_runs_in_the_page(live):
    assert run(live, NUMBA).inner_text().strip() == "5050"


def test_an_error_is_shown_and_the_kernel_goes_on(live):
    assert "ZeroDivisionError" in run(live, "1 / 0").inner_text()
    assert run(live, "6 * 7").inner_text().strip() == "42"


SCRIPT = """from IPython.display import HTML

HTML('<p id="mark">old</p><script>mark.textContent = "new"</script>')"""


def test_scripts_in_an_output_run_and_reach_no_other_machine(live):
    output = run(live, SCRIPT)
    assert output.inner_text().strip() == "new"
    ask = "fetch('http://192.0.2.1/').then(() => 'sent', () => 'blocked')"
    answer = live.evaluate(ask)
    assert answer == "blocked"


SLIDER = """import matplotlib.pyplot as plt
from pedagogic_nn.book import explore

def draw(k):
    figure, axes = plt.subplots(figsize=(2, 1))
    axes.plot([0, k])
    return figure

explore(draw, alt='A line', k=[1, 2, 3])"""


def test_sliders_of_a_live_page_ask_the_kernel(live):
    output = run(live, SLIDER)
    figure = output.locator(".pnn-explore")
    before = picture(figure)
    figure.locator("input").focus()
    live.keyboard.press("End")
    wait_for_change(live, figure, before)
    assert picture(figure)[1] == "A line (k = 3)"


def test_reset_gives_the_printed_code_back(live):
    cell = live.locator(".cell:has(.pnn-editor)").first
    code = cell.locator("textarea").input_value()
    run(live, "1 + 1")
    cell.get_by_role("button", name="Reset cell 1").click()
    assert cell.locator("textarea").input_value() == code


def test_a_restart_forgets_and_survives_a_kernel_that_is_gone(live):
    restart = live.get_by_role("button", name="Restart")
    run(live, "kept = 1")
    restart.click()
    live.wait_for_selector('html[data-kernel="idle"]', timeout=60_000)
    assert "NameError" in run(live, "kept").inner_text()
    live.evaluate("pedagogicNN.page.kernel.end()"
                  ".then(() => pedagogicNN.page.kernel.socket.close())")
    live.wait_for_selector('html[data-kernel="dead"]')
    restart.click()
    live.wait_for_selector('html[data-kernel="idle"]', timeout=60_000)
    assert run(live, "6 * 7").inner_text().strip() == "42"


def test_an_endless_cell_can_be_interrupted(live):
    cell = live.locator(".cell:has(.pnn-editor)").first
    type_and_run(cell, "while True: pass")
    live.wait_for_selector('html[data-kernel="busy"]')
    live.get_by_role("button", name="Interrupt").click()
    live.wait_for_selector('html[data-kernel="idle"]')
    assert "KeyboardInterrupt" in cell.locator(".cell_output").inner_text()


def test_axe_finds_nothing_on_a_live_page(live):
    assert violations(live) == []
