"""python -m pedagogic_nn.warmup compiles every kernel of the layers, and says so."""
import re

from pedagogic_nn import nn, optim, warmup
from tests.programs import finish, run, start


def test_it_names_each_step_and_its_time():
    printed = finish(start("-m", "pedagogic_nn.warmup"), seconds=600).splitlines()
    lines = [re.fullmatch(r"\[ *(\d+)/(\d+)\] (.+?) +\d+\.\d s", line)
             for line in printed[:-1]]
    count = len(warmup.STEPS)
    assert [line.groups() for line in lines] == [
        (str(k), str(count), name) for k, name in enumerate(warmup.STEPS, 1)]
    assert re.fullmatch(r"all kernels are compiled; \d+ s", printed[-1])


# Layers without a step of their own, for they run another's kernels.
SHARED = {
    "AdamW": "Adam", "PixelUnshuffle": "PixelShuffle", "ReLU6": "Hardtanh",
    "Softmax2d": "Softmax", "Softmin": "Softmax", "NLLLoss2d": "NLLLoss",
    "Conv1d": "Conv2d",
    "ConvTranspose1d": "ConvTranspose2d", "MaxPool1d": "MaxPool2d",
    "AvgPool1d": "AvgPool2d", "AdaptiveAvgPool1d": "AdaptiveAvgPool2d",
    "AdaptiveMaxPool1d": "AdaptiveMaxPool2d", "BatchNorm1d": "BatchNorm2d",
    "InstanceNorm1d": "BatchNorm2d", "InstanceNorm2d": "BatchNorm2d",
    "Dropout1d": "Dropout", "Dropout2d": "Dropout",
    "FeatureAlphaDropout": "AlphaDropout", "Upsample": "UpsamplingBilinear2d",
    **{f"{kind}Pad{axes}d": "ReflectionPad2d" for axes in (1, 2)
       for kind in ("Circular", "Constant", "Replication", "Zero")},
    "ReflectionPad1d": "ReflectionPad2d",
}
# Nothing to compute of their own.
NO_KERNELS = {"DataParallel", "Flatten", "Identity", "Unflatten"}

NEEDS_NOTHING_NEW = """
import gc
from numba.core.dispatcher import Dispatcher
import pedagogic_nn as torch
from pedagogic_nn import nn, optim, warmup

def versions():
    return {(kernel.py_func.__qualname__, str(types)) for kernel in gc.get_objects()
            if isinstance(kernel, Dispatcher) for types in kernel.overloads}

warmup.main()
before = versions()
assert len(before) > 30
for rows in (3, 700):
    cell, head = nn.LSTMCell(5, 130), nn.Linear(130, 7)
    optimiser = optim.AdamW([*cell.parameters(), *head.parameters()])
    h, c = cell(torch.randn(rows, 5))
    loss = nn.CrossEntropyLoss()(head(h), torch.randint(7, (rows,)))
    loss.backward()
    optimiser.step()
    image = torch.randn(rows, 1, 16, 16, requires_grad=True)
    nn.PixelUnshuffle(2)(image).sum().backward()
print("new:", *sorted(versions() - before))
"""


def test_after_it_a_training_step_needs_no_other_kernel():
    assert run(NEEDS_NOTHING_NEW, seconds=600).endswith("new:\n")


def layers():
    """Every layer, loss and optimiser that computes something of its own."""
    found = [cls for cls in vars(nn).values()
             if isinstance(cls, type) and issubclass(cls, nn.Module)
             and re.fullmatch(r"pedagogic_nn\.nn\.\w+\.\w+", cls.__module__)]
    found += [cls for cls in vars(optim).values()
              if isinstance(cls, type) and issubclass(cls, optim.Optimizer)
              and cls is not optim.Optimizer]
    return sorted({cls.__name__ for cls in found})


def test_every_layer_has_a_step():
    named = set(re.findall(r"\w+", " ".join(warmup.STEPS)))
    found = layers()
    assert {"Linear", "LSTMCell", "CrossEntropyLoss", "Adam"} <= set(found)
    assert set(SHARED.values()) <= named
    missing = [name for name in found if name not in named and name not in SHARED
               and name not in NO_KERNELS]
    assert not missing, f"no step in pedagogic_nn/warmup.py for {', '.join(missing)}"
