"""The 0.1-era manual's examples run as they were printed, but for their import lines.

The two pages beside this file hold the examples and what they printed then.  Where an
example uses a name that the manual left to the reader (`model`, `inp`), it stands in
CONTEXT; what must hold afterwards stands in HOLDS.  Numbers are compared with the print
of then, the form is today's: `Model(` for `Model (`, `torch.Size([20])` for `(20L,)`.
"""
import ast
import collections
import doctest
import re
import textwrap
from pathlib import Path

import pytest

import pedagogic_nn as torch
from pedagogic_nn import autograd, nn
from pedagogic_nn.autograd import Variable

FOLDER = Path(__file__).parent
EXAMPLE = re.compile(r"^## (.+?)\n\n```python\n(.*?)```\n(?:\n```output\n(.*?)```\n)?",
                     re.MULTILINE | re.DOTALL)
IMPORTS = [("import torch.nn.functional as F", "import pedagogic_nn.nn.functional as F"),
           ("import torch.nn as nn", "import pedagogic_nn.nn as nn"),
           ("from torch.autograd import", "from pedagogic_nn.autograd import"),
           ("import torch\n", "import pedagogic_nn as torch\n")]


def examples():
    for page in sorted(FOLDER.glob("*.md")):
        for heading, code, printed in EXAMPLE.findall(page.read_text("utf-8")):
            yield pytest.param(heading, code, printed, id=f"{page.stem}: {heading}")


# ---- what the manual left to the reader ----------------------------------------------


def conv():
    return nn.Conv2d(1, 20, 5)


def picture():
    return Variable(torch.FloatTensor([1, 2, 3, 4])).view(1, 1, 2, 2)


class Holder(nn.Module):
    pass


CONTEXT = {
    "named_children": lambda: {"model": nn.ModuleDict({"conv4": conv(), "fc": conv()})},
    "parameters": lambda: {"model": conv()},
    "register_buffer": lambda: {"self": Holder(), "num_features": 3},
    "Losses, basic use": lambda: {"LossCriterion": nn.MSELoss, "x": torch.randn(3),
                                  "y": torch.randn(3)},
    "UpsamplingNearest2d": lambda: {"inp": picture()},
    "UpsamplingBilinear2d": lambda: {"inp": picture()},
    "DataParallel": lambda: {"model": nn.Linear(4, 2).cuda(),
                             "input_var": Variable(torch.ones(6, 4).cuda())},
}


# ---- what must hold afterwards -------------------------------------------------------


def sizes(**expected):
    def holds(names):
        for name, size in expected.items():
            value = names[name]
            parts = value if isinstance(value, (tuple, list)) else [value]
            assert [tuple(t.size()) for t in parts] == size, name
    return holds


def same_tree(names):
    """Line by line, with today's `Model(`."""
    assert names["printed"] == names["then"].replace("Model (", "Model(")


def one_convolution(names):
    assert names["printed"] == "Conv2d(1, 20, kernel_size=(5, 5), stride=(1, 1))\n"


def same_sizes(names):
    found = re.findall(r"Size\(\[(.*?)\]\)", names["printed"])
    then = re.findall(r"> \((.*?),?\)", names["then"].replace("L", ""))
    assert sorted(found) == sorted(then)


def same_numbers(names):
    """The last tensor that the example shows has the numbers of the print of then."""
    rows = re.findall(r"^((?: +[\d.]+)+)$", names["then"].split("m(inp)")[1],
                      re.MULTILINE)
    expected = [[float(number) for number in row.split()] for row in rows]
    shown = torch.tensor(expected)
    assert names["shown"].size() == (1, 1, 4, 4)
    assert (names["shown"][0, 0] - shown).abs().max().item() < 5.1e-5


def has_gradients(*names_of):
    def holds(names):
        assert names["output"].size() == ()
        for name in names_of:
            target = names[name]
            for t in target.parameters() if isinstance(target, nn.Module) else [target]:
                assert t.grad.abs().sum().item() > 0
    return holds


def two_convolutions(names):
    assert names["Model"]()(torch.randn(2, 1, 12, 12)).size() == (2, 20, 4, 4)


def ten_layers(names):
    model = names["MyModule"]()
    assert len(list(model.parameters())) in (10, 20)
    assert model(torch.randn(10, 10)).size() == (10, 10)


def sequential(names):
    assert names["model"](torch.randn(2, 1, 12, 12)).size() == (2, 64, 4, 4)
    assert list(names["model"]._modules) == ["conv1", "relu1", "conv2", "relu2"]


def undivided(names):
    expected = names["model"](names["input_var"])
    assert names["output"].tolist() == expected.tolist()


HOLDS = {
    "RNN": sizes(output=[(5, 3, 20)], hn=[(2, 3, 20)]),
    "LSTM": sizes(output=[(5, 3, 20)], hn=[(2, 3, 20)] * 2),
    "GRU": sizes(output=[(5, 3, 20)], hn=[(2, 3, 20)]),
    "RNNCell": sizes(output=[(3, 20)] * 6),
    "LSTMCell": sizes(output=[(3, 20)] * 6, cx=[(3, 20)]),
    "GRUCell": sizes(output=[(3, 20)] * 6),
    "Losses, basic use": sizes(loss=[()]),
    "NLLLoss": has_gradients("input"),
    "NLLLoss2d": has_gradients("m"),
    "PixelShuffle": sizes(output=[(1, 1, 12, 12)]),
    "UpsamplingNearest2d": same_numbers,
    "UpsamplingBilinear2d": same_numbers,
    "DataParallel": undivided,
    "Module": two_convolutions,
    "add_module": same_tree,
    "children": same_tree,
    "modules": same_tree,
    "modules (2)": same_tree,
    "named_children": one_convolution,
    "parameters": same_sizes,
    "register_buffer": sizes(shown=[(3,)]),
    "state_dict": same_tree,
    "Sequential": sequential,
    "ModuleList": ten_layers,
    "ParameterList": ten_layers,
}


# ---- running them --------------------------------------------------------------------


def run(code, names):
    """Execute an example; `shown` is the value of its last line, if that is one."""
    if ">>>" in code:
        prompts = doctest.DocTestParser().get_examples(code)
        code = "".join(part.source for part in prompts)
    for then, now in IMPORTS:
        code = code.replace(then, now)
    tree = ast.parse(textwrap.dedent(code))
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "example", "exec"), names)
    if last is not None:
        names["shown"] = eval(compile(ast.Expression(last.value), "example", "eval"),
                              names)


@pytest.mark.filterwarnings("ignore::UserWarning")     # LogSoftmax() without its dim
@pytest.mark.parametrize("heading, code, then", list(examples()))
def test_example_runs_as_printed(heading, code, then, capsys):
    names = {"torch": torch, "nn": nn, "autograd": autograd, "Variable": Variable,
             "OrderedDict": collections.OrderedDict,
             **CONTEXT.get(heading, dict)()}
    run(code, names)
    HOLDS[heading]({**names, "printed": capsys.readouterr().out, "then": then or code})


def test_every_example_is_read():
    """One for each block of code on the two pages."""
    blocks = sum(page.read_text("utf-8").count("```python") for page in
                 FOLDER.glob("*.md"))
    assert len(list(examples())) == blocks > 30
