"""Every page of the book, in light, in dark and on a phone: one visit each."""
import re
from pathlib import Path

import pytest

from tests.browser.accessibility import violations

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["index", *re.findall(r"file: (\S+)", (ROOT / "_toc.yml").read_text("utf8")),
         "search"]
NOT_DRAWN = """() => [...document.querySelectorAll('.math')]
    .filter((one) => !one.querySelector('mjx-container')).map((one) => one.textContent)"""


@pytest.mark.parametrize("width, scheme",
                         [(1280, "light"), (1280, "dark"), (390, "light")])
@pytest.mark.parametrize("name", PAGES)
def test_a_page(tab, address, name, width, scheme):
    """Nothing is asked of another machine (the fixture sees that), no error, formulas
    drawn, no scrolling sideways, and nothing that the rules for accessibility forbid."""
    one = tab(width, scheme)
    page = one.open(f"{address}{name}.html")
    assert one.errors == []
    assert page.locator("mjx-merror").count() == 0
    assert page.evaluate(NOT_DRAWN) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page) == []


def test_the_table_of_contents_lists_every_page(pages):
    assert {*pages, "search"} == set(PAGES)
