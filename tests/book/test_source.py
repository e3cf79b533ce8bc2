"""Quotations of the library, boxes of spellings, tables of times."""
import html
import importlib
import json
import re
import sys

import pytest

from pedagogic_nn.book import race, source, then_and_now
from pedagogic_nn.book.source import quotation
from pedagogic_nn.book.spellings import SPELLINGS
from pedagogic_nn.book.then_and_now import boxes

THIS = "pedagogic_nn.book.timing:race"


def text_of(box):
    return html.unescape(re.sub(r"<[^>]+>", "", box))


def test_a_quotation_is_the_source_with_its_place(displayed):
    source(race)
    box = displayed[0]["text/html"]
    place = re.search(r"pedagogic_nn/book/timing\.py, lines (\d+)–(\d+)", box)
    with open(race.__code__.co_filename, encoding="utf8") as file:
        lines = file.read().split("\n")[int(place[1]) - 1:int(place[2])]
    assert lines[0].startswith("def race(") and lines[-1] == "    return Medians(medians)"
    assert text_of(box.split("</p>", 1)[1]) == "\n".join(lines)
    assert displayed[0]["text/plain"] == f"The source of {THIS}"


def test_a_quotation_names_no_place_on_this_machine(displayed):
    source(race)
    assert not re.search(r"/(home|root|tmp|Users)/", displayed[0]["text/html"])


def test_the_stored_box_says_how_to_make_it_again(displayed):
    source(race, lines=("def race", "return Medians"), fold=True)
    box = displayed[0]["text/html"]
    name, options = re.search(r'data-object="(.*?)" data-options="(.*?)"', box).groups()
    assert quotation(name, **json.loads(html.unescape(options))) == box
    assert "<details>" in box


def test_the_docstring_may_be_left_out():
    whole = text_of(quotation(THIS))
    assert '"""' in whole
    assert '"""' not in text_of(quotation(THIS, docstring=False))


def test_lines_are_chosen_by_what_they_contain():
    box = quotation(THIS, lines=("times = {", "append("))
    chosen = text_of(box.split("</p>", 1)[1])
    assert chosen.split("\n")[0].strip().startswith("times = {")
    assert len(chosen.split("\n")) == 4


def made_here():
    def inner():
        """A function without a name in its module."""
    inner.__module__ = "pedagogic_nn.book.timing"
    return inner


@pytest.mark.parametrize("thing, options, error, message", [
    (len, {}, TypeError, "shows objects of pedagogic_nn"),
    (json.dumps, {}, TypeError, "shows objects of pedagogic_nn"),
    (made_here(), {}, TypeError, "was made while running"),
    (race, {"lines": (1, 999)}, ValueError, "has lines 1 to"),
    (race, {"lines": ("no such words", "return")}, ValueError, "contains 'no such"),
])
def test_source_says_what_it_expected(thing, options, error, message):
    with pytest.raises(error, match=message):
        source(thing, **options)


def test_a_method_stands_at_the_left_edge(displayed):
    module = importlib.import_module("pedagogic_nn.book.explore")
    source(module.Explorer.sheet)
    first = text_of(displayed[0]["text/html"].split("</p>", 1)[1]).split("\n")[0]
    assert first == "def sheet(self):"


def test_every_operation_of_the_library_can_be_quoted(displayed):
    from pedagogic_nn import nn
    from pedagogic_nn.backend.op import Op

    named = [one for one in Op.all
             if one.__module__.startswith("pedagogic_nn")
             and getattr(sys.modules[one.__module__], one.__name__, None) is one]
    for thing in (*named, nn.LSTMCell, nn.Module.__setattr__, nn):
        source(thing, docstring=False)
    assert len(named) > 10
    assert all("pnn-line" in one["text/html"] for one in displayed)


def test_then_and_now_shows_both_spellings(displayed):
    then_and_now("volatile")
    shown = text_of(displayed[0]["text/html"])
    assert "volatile=True" in shown and "torch.no_grad()" in shown


def test_an_unknown_spelling_is_answered_with_the_known_ones():
    with pytest.raises(KeyError, match="no spelling 'volatil'; there are: variable, vol"):
        then_and_now("volatil")


def test_the_appendix_holds_every_spelling():
    page = boxes()
    assert page.count('class="then-now"') == len(SPELLINGS)
    for row in SPELLINGS.values():
        assert row.then != row.now or row.why


def test_code_of_today_is_python():
    for key, row in SPELLINGS.items():
        compile(row.now, key, "exec")


def test_race_gives_medians_and_ratios(displayed):
    def slow():
        sum(range(20_000))

    def fast():
        sum(range(200))

    medians = race({"slow": slow, "fast": fast}, rounds=3, least=0.002)
    assert medians["slow"] > 5 * medians["fast"]
    assert displayed[0]["text/html"].count("<tr>") == 3
    assert "1.0 ×" in displayed[0]["text/plain"]


def test_race_takes_turns(displayed):
    calls = []
    race({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")},
         rounds=2, least=0)
    assert "".join(calls) == "aabb" + "abab"         # two each before the rounds


def test_race_says_what_it_expected():
    with pytest.raises(ValueError, match="nothing to time"):
        race({})
    with pytest.raises(ValueError, match="baseline 'numpy' is not among"):
        race({"NumPy": int}, baseline="numpy")
