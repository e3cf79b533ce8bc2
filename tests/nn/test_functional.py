"""What is no tensor is refused by every layer and every functional form, by name."""
import inspect

import numpy as np
import pytest

import pedagogic_nn as torch
import pedagogic_nn.nn.functional as F
from pedagogic_nn import nn

NO_TENSORS = {"list": [1.0, 2.0], "None": None, "array": np.ones((2, 3), np.float32),
              "number": 2.5, "text": "text"}

# What layers are made with, where they need something.
MADE_WITH = {
    "Linear": (3, 2), "Bilinear": (3, 3, 2), "Unflatten": (1, (1, 3)),
    "Embedding": (5, 3), "EmbeddingBag": (5, 3), "LayerNorm": (3,), "RMSNorm": (3,),
    "GroupNorm": (2, 4),
    "PixelShuffle": (2,), "PixelUnshuffle": (2,), "Threshold": (0.1, 2),
    **dict.fromkeys(("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"), (3, 4)),
    **{f"{kind}{n}d": (4, 2, 3) for kind in ("Conv", "ConvTranspose") for n in (1, 2)},
    **{f"{kind}Pool{n}d": (2,) for n in (1, 2) for kind in
       ("Max", "Avg", "AdaptiveMax", "AdaptiveAvg")},
    **{f"{kind}Pad{n}d": (1,) for n in (1, 2) for kind in
       ("Zero", "Reflection", "Replication", "Circular")},
    **{f"ConstantPad{n}d": (1, 0.5) for n in (1, 2)},
    **{f"{kind}Norm{n}d": (4,) for kind in ("Batch", "Instance") for n in (1, 2)},
    **dict.fromkeys(("Upsample", "UpsamplingNearest2d", "UpsamplingBilinear2d"),
                    (None, 2)),
}
# They take anything: what they hold decides.
OPEN = {"Module", "Sequential", "ModuleList", "ModuleDict", "ParameterList",
        "ParameterDict", "Identity", "DataParallel"}
LAYERS = sorted(name for name, value in vars(nn).items() if isinstance(value, type)
                and issubclass(value, nn.Module) and name not in OPEN)

# What functional forms are given beside their first argument.
GIVEN = {"kernel_size": 2, "output_size": 2, "pad": (1, 1), "normalized_shape": (3,),
         "num_groups": 1, "upscale_factor": 2, "downscale_factor": 2, "threshold": 0.1,
         "value": 1.0, "input_lengths": [5, 5], "target_lengths": [2, 2],
         "running_mean": None, "running_var": None}


def required(function):
    return [p.name for p in inspect.signature(function).parameters.values()
            if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]


@pytest.mark.parametrize("kind", NO_TENSORS)
@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.filterwarnings("ignore:NLLLoss2d")
def test_a_layer_names_what_is_no_tensor(name, kind):
    layer = getattr(nn, name)(*MADE_WITH.get(name, ()))
    with pytest.raises(TypeError, match=f"must be a tensor, got "
                                        f"{type(NO_TENSORS[kind]).__name__}"):
        layer(NO_TENSORS[kind], *[torch.ones(2, 3)] * (len(required(layer.forward)) - 1))


@pytest.mark.parametrize("kind", NO_TENSORS)
@pytest.mark.parametrize("name", [n for n in LAYERS if n.endswith("Loss")])
@pytest.mark.filterwarnings("ignore:NLLLoss2d")
def test_a_loss_names_a_target_that_is_no_tensor(name, kind):
    loss = getattr(nn, name)()
    names, x = required(loss.forward), torch.zeros(2, 3)
    if name == "CTCLoss":
        operands = [torch.zeros(5, 2, 4), NO_TENSORS[kind], [5, 5], [2, 2]]
    else:
        operands = [x, NO_TENSORS[kind], *[x] * (len(names) - 2)]
    with pytest.raises(TypeError, match=f"{names[1]} must be a tensor"):
        loss(*operands)


@pytest.mark.parametrize("kind", NO_TENSORS)
@pytest.mark.parametrize("name", F.__all__)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_functional_form_names_what_is_no_tensor(name, kind):
    function = getattr(F, name)
    axes = 4 if "2d" in name else 3 if "1d" in name else 2
    first, *others = required(function)
    with pytest.raises(TypeError, match=f"{first} must be a tensor, got "
                                        f"{type(NO_TENSORS[kind]).__name__}"):
        function(NO_TENSORS[kind], *[GIVEN.get(p, torch.ones(*[1] * (axes - 2), 2, 3))
                                     for p in others])


@pytest.mark.parametrize("call", [
    lambda x: nn.LSTM(3, 4)(x, ([0.0], [0.0])), lambda x: nn.RNNCell(3, 4)(x, [0.0]),
    lambda x: nn.Conv1d(2, 1, 1, padding=1, padding_mode="reflect")([0.0]),
    lambda x: nn.ConvTranspose1d(2, 1, 1)([0.0], output_size=(2,)),
    lambda x: F.embedding_bag(torch.tensor([0]), x, [0]),
    lambda x: F.conv1d(x, [0.0]), lambda x: F.linear(x, [0.0]), lambda x: F.prelu(x, 0.1),
    lambda x: nn.CrossEntropyLoss([1.0]), lambda x: nn.ReLU(inplace=True)([0.0])])
def test_the_other_arguments_are_named_too(call):
    with pytest.raises(TypeError, match="must be a tensor, got"):
        call(torch.ones(2, 3))
