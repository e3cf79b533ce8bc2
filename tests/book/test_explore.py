"""Figures with words and sliders: what is stored, and what a live page gets."""
import base64
import importlib
import io
import json
import re

import matplotlib
import numpy as np
import pytest
from PIL import Image

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

from pedagogic_nn.book import explore, show  # noqa: E402
from pedagogic_nn.book.figures import few_colours  # noqa: E402
from pedagogic_nn.book.front_end import PAGE, STATIC, WIDGETS, front_end  # noqa: E402

module = importlib.import_module("pedagogic_nn.book.explore")


def draw(slope, shown=True):
    figure, axes = plt.subplots(figsize=(2, 1))
    if shown:
        axes.plot([0, 1], [0, slope])
    axes.set(ylim=(0, 4))
    return figure


def data_of(bundle):
    script = re.search(r'<script type="application/json">(.*?)</script>',
                       bundle["text/html"], re.DOTALL)
    return json.loads(script[1])


def image_of(uri):
    return Image.open(io.BytesIO(base64.b64decode(uri.split(",", 1)[1]))).convert("RGB")


def test_every_combination_is_a_frame_in_the_order_of_the_sliders(displayed):
    explore(draw, alt="A line", slope=[1, 2, 3], shown=[True, False])
    data = data_of(displayed[0])
    assert data["names"] == ["slope", "shown"]
    assert data["labels"] == [["1", "2", "3"], ["True", "False"]]
    assert len(data["alts"]) == 6
    assert data["alts"][3] == "A line (slope = 2, shown = False)"


def test_each_frame_on_the_sheet_is_the_figure_of_its_values(displayed):
    explore(draw, alt="A line", slope=[1, 2, 3], shown=[True, False])
    data = data_of(displayed[0])
    sheet = image_of(data["sheet"])
    explorer = module.Explorer(draw, {"slope": [1, 2, 3], "shown": [True, False]}, "", "")
    for k, position in enumerate(explorer.positions()):
        left = k % data["columns"] * data["width"]
        top = k // data["columns"] * data["height"]
        frame = sheet.crop((left, top, left + data["width"], top + data["height"]))
        expected = explorer.frame(position).convert("RGB")
        difference = np.abs(np.asarray(frame, float) - np.asarray(expected, float))
        assert difference.mean() < 2                  # of 255: only the palettes differ


def test_a_sheet_higher_than_a_webp_may_be_has_columns(displayed):
    def tall(k):
        return plt.subplots(figsize=(0.5, 12))[0]

    explore(tall, alt="Tall", k=list(range(12)))
    data = data_of(displayed[0])
    assert data["columns"] == 2
    assert max(image_of(data["sheet"]).size) <= module.MAX_SIDE


def test_sliders_are_native_inputs_with_names_and_a_start(displayed):
    explore(draw, alt="A line", start={"slope": 3}, slope=[1, 2, 3])
    html = displayed[0]["text/html"]
    assert re.search(r'<label><span>slope</span><input type="range"[^>]*value="2"', html)
    assert "<output>3</output>" in html
    assert displayed[0]["text/plain"] == "A line (slope = 3)"


def test_a_start_value_is_found_in_what_linspace_gives(displayed):
    explore(draw, alt="A line", start={"slope": 0.3}, slope=np.linspace(0, 1, 11))
    assert "<output>0.3</output>" in displayed[0]["text/html"]


def test_words_may_be_made_for_each_frame(displayed):
    explore(draw, alt=lambda slope: f"A line that rises to {slope}", slope=[1, 2])
    assert data_of(displayed[0])["alts"] == ["A line that rises to 1",
                                             "A line that rises to 2"]


def test_text_in_captions_cannot_break_out_of_the_page(displayed):
    explore(draw, alt='</script><b a="">', caption="<i>`x < y`</i>", slope=[1])
    html = displayed[0]["text/html"]
    assert html.count("</script>") == 1
    assert "<b a" not in html.split('<script type="application/json">')[0]
    assert "&lt;i&gt;" in html and '<code class="literal">x &lt; y</code>' in html


def test_the_same_call_gives_the_same_bytes(displayed):
    for _ in range(2):
        explore(draw, alt="A line", slope=[1, 2])
    assert displayed[0] == displayed[1]


@pytest.mark.parametrize("arguments, message", [
    ({}, "no slider"),
    ({"slope": []}, "slope has no values"),
    ({"slope": range(49)}, "49 combinations of ['slope'], at most 48"),
    ({"slope": [1], "start": {"steep": 1}}, "start names ['steep']"),
    ({"slope": [1], "start": {"slope": 2}}, "slope=2 is not among its values [1]"),
])
def test_explore_says_what_it_expected(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        explore(draw, alt="A line", **arguments)


def test_a_live_page_gets_one_frame_and_asks_for_the_others(displayed, monkeypatch):
    monkeypatch.setenv("PEDAGOGIC_NN_BOOK", PAGE)
    explore(draw, alt="A line", slope=[1, 2, 3])
    data = data_of(displayed[0])
    assert "sheet" not in data
    module.redraw(data["explorer"], [2])
    frame = displayed[1][module.FRAME]
    assert frame["alt"] == "A line (slope = 3)"
    assert image_of(frame["src"]).size == (300, 150)


def test_the_front_end_is_known_by_what_started_the_kernel(monkeypatch):
    for name in ("PEDAGOGIC_NN_BOOK", "VSCODE_PID", "COLAB_RELEASE_TAG",
                 "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)
    assert front_end() == STATIC
    monkeypatch.setenv("JPY_SESSION_NAME", "/book/lstm_cell.ipynb")
    assert front_end() == WIDGETS
    monkeypatch.setenv("JPY_SESSION_NAME", "/book/lstm_cell.ipynb#1a2b#page")
    assert front_end() == PAGE
    monkeypatch.setenv("PEDAGOGIC_NN_BOOK", "paper")
    with pytest.raises(ValueError, match="'paper'; expected one of"):
        front_end()


def test_show_stores_a_small_picture_with_words(displayed):
    figure = draw(1)
    show(figure, alt="A line", caption="A line\nrises.", label="fig-line")
    bundle = displayed[0]
    assert bundle["text/plain"] == "Figure (fig-line): A line rises.\nAlt: A line"
    image = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert image.mode == "P" and image.size == (300, 150)
    assert not plt.fignum_exists(figure.number)


def test_show_wants_words():
    with pytest.raises(ValueError, match="alt is empty"):
        show(draw(1), alt=" ")
    with pytest.raises(ValueError, match="'fig-line' needs a caption"):
        show(draw(1), alt="A line", label="fig-line")


def test_a_photograph_keeps_more_colours_than_a_plot():
    rng = np.random.default_rng(0)
    photo = Image.fromarray(rng.integers(0, 256, (200, 200, 3), dtype=np.uint8))
    assert len(few_colours(photo).getcolors()) > 128
    greys = np.arange(200, dtype=np.uint8)[:, None, None]
    plot = Image.fromarray(np.repeat(greys, 3, axis=2))
    assert len(few_colours(plot).getcolors()) <= 128
