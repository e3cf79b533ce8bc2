"""Every page of the book, visited once: wide and light, then narrow and dark."""
import re
from pathlib import Path

import pytest

from tests.browser.accessibility import violations
from tests.browser.conftest import first_page_with

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["index", *re.findall(r"file: (\S+)", (ROOT / "_toc.yml").read_text("utf8")),
         "search"]
NOT_DRAWN = """() => [...document.querySelectorAll('.math')]
    .filter((one) => !one.querySelector('mjx-container')).map((one) => one.textContent)"""


SILENT = """() => [...document.querySelectorAll('main article img')]
    .filter((image) => !image.alt || /^(\\.\\.|_images|<|data:)/.test(image.alt))
    .map((image) => image.src.slice(0, 80))"""
LOOK = """() => [...document.querySelectorAll('body, body *')].map((one) => {
    const style = getComputedStyle(one);
    return [one.tagName, style.color, style.backgroundColor, style.width, style.display];
})"""
WIDE, NARROW = 1280, 390


@pytest.mark.parametrize("name", PAGES)
def test_a_page(tab, address, name):
    """Nothing is asked of another machine (the fixture sees that), no error, formulas
    drawn, figures described, no scrolling sideways, and nothing that the rules for
    accessibility forbid."""
    one = tab(WIDE, "light")
    page = one.open(f"{address}{name}.html")
    assert page.locator("mjx-merror").count() == 0
    assert page.evaluate(NOT_DRAWN) == []
    assert page.evaluate(SILENT) == [], "every figure says in words what it shows"
    for width in (NARROW, WIDE):
        assert one.width_of_content(width) <= width
    assert violations(page) == []
    one.change_to(NARROW, "dark")
    assert violations(page) == []
    assert one.errors == []


@pytest.mark.parametrize("width, scheme", [(WIDE, "dark"), (NARROW, "light")])
def test_a_page_that_opens_dark_or_narrow(tab, address, site, pages, width, scheme):
    """It is what the others become, which is what they are tested as."""
    name = first_page_with(site, pages, "pnn-explore")
    one, other = tab(width, scheme), tab(WIDE, "light")
    page, changed = (each.open(f"{address}{name}.html") for each in (one, other))
    other.change_to(width, scheme)
    assert page.evaluate(LOOK) == changed.evaluate(LOOK)
    assert one.width_of_content(width) <= width
    assert one.errors == other.errors == []


def test_the_table_of_contents_lists_every_page(pages):
    assert {*pages, "search"} == set(PAGES)
