"""benchmarks/: what is timed, how, and what is made of the figures.  PyTorch is not
needed: the library stands on both sides."""
import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

import pedagogic_nn
from benchmarks import __main__ as command
from benchmarks import growth, markdown, memory, models, picture, report, start, timing
from benchmarks.targets import FAMILIES, TARGETS, target_of
from tests.programs import ROOT

WHATS = ("forward", "forward + backward", "step", "norm", "training step")
CONTRACT = """
    RNN LSTM GRU RNNCell LSTMCell GRUCell
    L1Loss MSELoss CrossEntropyLoss NLLLoss NLLLoss2d KLDivLoss BCELoss MarginRankingLoss
    HingeEmbeddingLoss MultiLabelMarginLoss SmoothL1Loss SoftMarginLoss
    MultiLabelSoftMarginLoss CosineEmbeddingLoss MultiMarginLoss BCEWithLogitsLoss
    HuberLoss TripletMarginLoss PoissonNLLLoss GaussianNLLLoss CTCLoss
    PixelShuffle PixelUnshuffle UpsamplingNearest2d UpsamplingBilinear2d Upsample
    clip_grad_norm_ pack_padded_sequence pad_packed_sequence
    Conv1d Conv2d ConvTranspose2d MaxPool1d MaxPool2d AvgPool1d AvgPool2d
    AdaptiveAvgPool2d ReLU LeakyReLU ELU GELU SiLU Sigmoid Tanh Softplus Hardtanh Softmax
    LogSoftmax BatchNorm1d BatchNorm2d LayerNorm GroupNorm Linear Bilinear Identity
    Flatten Dropout Dropout2d Embedding EmbeddingBag CosineSimilarity PairwiseDistance
    SGD Adam RMSprop
""".split()


def result(name, what="forward + backward", threads=1, ratio=0.5, size="small",
           ours=1e-3):
    theirs, low, high = (float(f"{x:.4g}")
                         for x in (ours / ratio, ratio * 0.9, ratio * 1.1))
    return timing.Result(name, size, what, threads, ours, theirs, ratio, low, high)


@pytest.fixture
def content():
    """Some figures, as if they had been measured."""
    results = [
        result("LSTM 10x8x32→32", ratio=0.2), result("LSTM 10x8x32→32", threads=2),
        result("MSELoss 256", "forward", ratio=1.5, ours=2e-5),
        result("MSELoss 256", ratio=0.4), result("Mystery 3", ratio=2.5),
        result("PixelShuffle(2) 1x4x16x16", ratio=0.01),
        *(result(f"model: {m.__name__.replace('_', ' ')}", "training step", n, 0.5)
          for m in models.MODELS for n in (1, 2)),
    ]
    return {
        "machine": {"processor": "one of ours"}, "rounds": 5, "wrong": [],
        "results": results,
        "memory": [{"name": "LSTM", "ours": 300.0, "theirs": 600.0, "ratio": 0.5}],
        "start": [
            {"name": "import numba", "cold": None, "warm": [0.3, 0.2], "theirs": None},
            {"name": "first LSTM", "cold": [3.0, 2.9], "warm": [0.2, 0.1],
             "theirs": [0.1, 0.1]}],
        "growth": [{"name": f"LSTM, {what}", "sizes": [1, 10, 100], "slopes": [1.0, 1.1],
                    "lines": [0.9, 1.0],
                    "fixed": [1e-6, 2e-6], "unit": "GFLOP/s",
                    "rates": [[1.0, 80.0], [0.5, 70.0]],
                    "ours": [1e-5, 1e-4, 1e-3], "theirs": [2e-5, 2e-4, 2e-3]}
                   for what in ("steps", "batch", "units")]}


# ---- what is timed -------------------------------------------------------------------


@pytest.fixture(scope="module")
def rows():
    return command.all_rows()


def test_every_class_of_the_contract_has_a_row(rows):
    names = [name for name, *_ in rows]
    assert len({row[:2] for row in rows}) == len(rows) > 300
    missing = [c for c in CONTRACT if not any(re.match(rf"{c}(?!\w)", n) for n in names)]
    assert not missing


def test_every_target_has_a_row_and_every_row_a_family(rows):
    possible = [result(name, what, size=size) for name, size, _ in rows for what in WHATS]
    assert {target_of(r).family for r in possible} == set(FAMILIES)
    used = {target_of(r) for r in possible}
    assert [t for t in TARGETS if t not in used] == []


@pytest.mark.parametrize("name, what, family, limit", [
    ("LSTM 10x8x32→32", "forward + backward", "LSTM", 0.25),
    ("GRU 64x32x256→256", "forward + backward", "RNN and GRU", 0.7),
    ("LSTM packed 64x32x256→256", "forward + backward", "LSTM", 0.4),
    ("RNN 64x1x256→256", "forward", "cells, batch of one", 0.9),
    ("Conv2d ResNet 64", "forward", "convolution", 0.8),
    ("Conv2d ResNet 64", "forward + backward", "convolution", 1.0),
    ("NLLLoss2d 2x21x32x32", "forward + backward", "losses", 0.75),
    ("UpsamplingNearest2d 1x3x16x16 ×2", "forward", "vision", 0.25),
    ("clip_grad_norm_ and Adam, 2,442 parameters", "step", FAMILIES[8], 0.3),
    ("Adam (fused), 2,442 parameters", "step", FAMILIES[8], 0.95),
    ("GELU tanh 256", "forward", FAMILIES[7], 0.7),
    ("model: vae", "training step", "six models", 0.9),
    ("Linear 8x32→32", "forward", "linear and other", 1.0),
])
def test_the_target_of_a_row(name, what, family, limit):
    target = target_of(result(name, what))
    assert (target.family, target.limit) == (family, limit)


@pytest.mark.parametrize("model", models.MODELS, ids=lambda m: m.__name__)
def test_the_six_models_train(model):
    """The losses of the first three steps go down on a batch that stays the same."""
    steps = model(pedagogic_nn, timing._numbers())
    losses = [x.item() for x in steps["training step"]()[::2]]
    assert np.isfinite(losses).all() and losses[2] < losses[0]


# ---- how -----------------------------------------------------------------------------


def test_a_ratio_is_ours_to_theirs():
    def work(n):
        return lambda: sum(range(n))
    found = timing.compare(work(3000), work(30_000), 1, rounds=3, seconds=0.005)
    assert found["low"] <= found["ratio"] <= found["high"] < 0.6
    assert found["ours"] < found["theirs"]


def test_rows_run_on_two_libraries(rows):
    small = [row for row in rows if row[0] in ("Identity 256", "Flatten 16x4x4")]
    announced = []
    found = timing.run(small, (pedagogic_nn,) * 2, 1, 1, announced.append)
    assert found == announced and len(found) == 4
    assert all(r.ours > 0 and r.low <= r.ratio <= r.high for r in found)


def test_a_row_with_other_numbers_is_not_timed():
    sides = iter(([pedagogic_nn.ones(2)], [pedagogic_nn.tensor([1.0, 1.1])]) * 2)

    def program(torch, numbers):
        answer = next(sides)
        return {"forward": lambda: answer}
    row = ("Wrong", "small", program)
    with pytest.raises(AssertionError, match="Wrong, forward: result 0 differs by 9"):
        timing.run([row], (pedagogic_nn,) * 2, 1, 1)
    wrong = []
    assert timing.run([row], (pedagogic_nn,) * 2, 1, 1, wrong=wrong) == []
    assert len(wrong) == 1


def test_growth_has_the_slopes_of_both(monkeypatch):
    sizes = np.array([1, 2, 4, 8, 16])
    for fixed, c, k in ((0, 3, 2), (50, 3, 1), (1, 1, 1.37)):
        assert growth.fit(sizes, fixed + c * sizes**k) == pytest.approx((fixed, k))
    assert growth.line(sizes, 3 * sizes**2) == pytest.approx(2)
    monkeypatch.setitem(growth.AXES, "tiny", growth.Axis(
        (64, 128, 256), growth._loss, lambda n: 12 * n))
    (found,) = growth.measure((pedagogic_nn,) * 2, rounds=1, axes=["tiny"])
    assert found["sizes"] == [64, 128, 256]
    assert len(found["ours"]) == len(found["theirs"]) == 3
    assert len(found["lines"]) == len(found["fixed"]) == len(found["slopes"]) == 2
    assert found["rates"][0] == pytest.approx(
        [12 * n / t / 1e9 for n, t in ((64, found["ours"][0]), (256, found["ours"][2]))])


def test_the_operations_of_an_lstm_are_those_of_its_products():
    T, B, D, H = 2, 3, 4, 4
    forward = 2 * T * B * (D * 4 * H + H * 4 * H)        # x w_ih^T and h w_hh^T
    slopes = 2 * forward                                 # of x and h, and of the weights
    assert growth._operations(T, B, H) == forward + slopes


@pytest.mark.parametrize("name", start.CALLS)
def test_first_calls_are_programs(name, capsys):
    exec(start._script(name, "pedagogic_nn"), {})
    begin, middle, end = zip(*[map(float, capsys.readouterr().out.split())] * 2)
    assert begin < middle < end                                 # on both clocks


def test_a_process_says_how_long_it_took():
    wall, processor = start._import("json")
    assert 0 < processor <= wall < 60


@pytest.mark.parametrize("name", memory.PROGRAMS)
def test_the_programs_of_the_memory_run_small(name):
    make, small, _ = memory.PROGRAMS[name]
    step = make(pedagogic_nn, *small)
    step()
    step()


@pytest.mark.serial
def test_the_peak_of_memory_is_what_was_needed():
    """A batch of 4096 x 512 numbers is 8 MiB; four layers keep four, and gradients."""
    if not memory.can_measure():                                # it asks Linux
        assert sys.platform != "linux"
        return
    script = ("import pedagogic_nn as torch; from benchmarks import memory;"
              "print(memory.peak(torch, memory.mlp, (64, 64), (4096, 512)))")
    printed = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True,
                             stdout=subprocess.PIPE, text=True).stdout
    assert 5 * 8 < float(printed) < 200


# ---- what is made of it --------------------------------------------------------------


def test_figures_are_kept(content, tmp_path):
    file = tmp_path / "figures.json"
    report.write(file, content)
    assert report.read(file) == content


def test_the_page_names_the_limits(content):
    page = markdown.page(content)
    assert "| LSTM | 0.20 | 0.50 | 2 of 2 | 1 of 2 | 0.25 |" in page
    assert "Geometric mean 0.50 with one thread, 0.50 with 2 threads." in page
    behind, short = page.split("## Behind")[1].split("## Ahead")
    assert "costs 3 to 10 µs of Python" in behind.split("MSELoss 256 | forward |")[0]
    assert "Mystery 3" in behind.split(markdown.NO_REASON)[1]
    assert "MSELoss 256 | forward + backward |" in short and "Mystery" not in behind[:99]
    assert "| LSTM | 300 | 600 | 0.50 |" in page and "| 3.0 s (2.9 s) | 200.0 ms" in page


def test_a_page_of_nothing_but_a_row(content):
    content.update(results=[result("Mystery 3")], memory=[], start=[], growth=[],
                   wrong=["Riddle, forward: result 0 differs"])
    page = markdown.page(content)
    assert page.count("Not measured.") == 4 and page.count("None.") == 2
    assert "**Wrong, and not timed: Riddle" in page


def test_reasons_can_be_read(rows):
    reasons = markdown.read_reasons()
    assert all(re.compile(entry["rows"]) and entry["text"].strip() for entry in reasons)
    names = [f"{name}, {what}" for name, *_ in rows for what in WHATS]
    dead = [e["rows"] for e in reasons if not any(re.search(e["rows"], n) for n in names)]
    assert not dead


def test_the_pictures_are_the_same_each_time(content, tmp_path):
    file = tmp_path / "speed.svg"
    words = picture.draw(content, file)
    drawn = [(tmp_path / name).read_text("utf-8")
             for name in ("speed.svg", "speed_growth.svg")]
    for svg, alt in zip(drawn, words, strict=True):
        root = ElementTree.fromstring(svg)
        assert root.attrib["role"] == "img" and root[1].text == alt and len(svg) < 60_000
    assert "ours ÷ PyTorch" in drawn[0] and "six models" in drawn[0]
    picture.draw(content, file)
    assert file.read_text("utf-8") == drawn[0]


def test_page_and_picture_need_only_the_file(content, tmp_path, monkeypatch, capsys):
    files = [tmp_path / name for name in ("figures.json", "speed.svg", "RESULTS.md")]
    report.write(files[0], content)
    monkeypatch.setattr(command, "torch", None)                 # as if not installed
    monkeypatch.setattr(sys, "argv", [
        "benchmarks", "--json", str(files[0]), "--picture", str(files[1]),
        "--markdown", str(files[2])])
    assert command.main() == 0
    assert all(file.stat().st_size > 500 for file in files)
    assert "A dot for each of 18 measurements" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--only", "lstm"])
    assert command.main() == 1 and "pip install" in capsys.readouterr().err


def test_what_is_measured_is_printed_and_kept(content, tmp_path, monkeypatch, capsys):
    file = tmp_path / "figures.json"
    monkeypatch.setattr(command, "torch", pedagogic_nn)
    monkeypatch.setattr(sys, "argv", [
        "benchmarks", "--only", "Identity 256", "--rounds", "1", "--threads", "1",
        "--json", str(file)])
    assert command.main() == 0
    printed = capsys.readouterr().out
    assert printed.count("Identity 256") >= 2 and "geometric mean" in printed
    assert [r.name for r in report.read(file)["results"]] == ["Identity 256"] * 2
    assert "slope 1.00, PyTorch's 1.10" in report.others(content)
