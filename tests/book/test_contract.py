"""Every row of the contract holds."""
import pytest

from pedagogic_nn import nn
from pedagogic_nn.book import contract

ROWS = list(contract.rows())


@pytest.mark.parametrize("name, code", [row[1:] for row in ROWS],
                         ids=[f"{group}: {name}" for group, name, _ in ROWS])
def test_a_promise_holds(name, code):
    assert contract.open_because(code) == ""


def test_an_open_promise_is_told():
    assert contract.open_because("1 == 2") == "not true"
    assert contract.open_because("nn.Nothing()").startswith("AttributeError: ")


def test_the_page_counts_what_is_open(monkeypatch, tmp_path):
    (tmp_path / "contract.txt").write_text("== A < B\none: 1 == 1\ntwo: 1 == 2\n")
    monkeypatch.setattr(contract, "TEXT", tmp_path / "contract.txt")
    page = contract.page()
    assert "2 promises, 1 open" in page and "open: not true" in page
    assert "A &lt; B" in page


def test_every_layer_of_the_library_is_promised():
    text = contract.TEXT.read_text("utf-8")
    unnamed = {name for name, item in vars(nn).items()
               if isinstance(item, type) and issubclass(item, nn.Module)
               and f"nn.{name}(" not in text}
    assert unnamed == {"Module"}
