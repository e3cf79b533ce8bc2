import pytest


@pytest.fixture(autouse=True)
def stored_pages(monkeypatch):
    """Outputs as they are stored in notebooks, whatever started the tests."""
    monkeypatch.setenv("PEDAGOGIC_NN_BOOK", "static")
    monkeypatch.setenv("MPLBACKEND", "Agg")


@pytest.fixture
def displayed(monkeypatch):
    """The bundles that a test displays, instead of a notebook."""
    bundles = []

    def display(bundle, raw=False, metadata=None):
        bundles.append(bundle)

    import importlib
    for name in ("explore", "figures", "source", "then_and_now", "timing"):
        module = importlib.import_module(f"pedagogic_nn.book.{name}")
        monkeypatch.setattr(module, "display", display)
    return bundles
