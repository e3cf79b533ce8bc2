"""Checkpoints of PyTorch, one for every module that has a state, as its users write them.

    python -m tests.golden.checkpoint      # where PyTorch and safetensors are installed

writes recorded/checkpoint.safetensors (a small one, of several dtypes) and
recorded/checkpoints.safetensors: for each module its state, an input and the output.
It then lets PyTorch load what the library saved, and compares the outputs: the way that
the tests, which have no PyTorch, can only follow by names, shapes and dtypes.
"""
import tempfile
import warnings
from pathlib import Path

import numpy as np

from tests.golden.leaves.grid import flatten
from tests.golden.recorder import FOLDER, sample

# name → (what to make, what goes in)
MODULES = {
    "Linear": (lambda nn: nn.Linear(3, 5), sample(2, 3)),
    "Linear without bias": (lambda nn: nn.Linear(3, 5, bias=False), sample(2, 3)),
    "Bilinear": (lambda nn: nn.Bilinear(3, 4, 2), sample(2, 3), sample(2, 4)),
    "Conv1d": (lambda nn: nn.Conv1d(2, 4, 3), sample(1, 2, 5)),
    "Conv2d": (lambda nn: nn.Conv2d(2, 4, 3, groups=2), sample(1, 2, 4, 4)),
    "ConvTranspose2d": (lambda nn: nn.ConvTranspose2d(2, 3, 2), sample(1, 2, 3, 3)),
    "ConvTranspose1d": (lambda nn: nn.ConvTranspose1d(2, 3, 2), sample(1, 2, 4)),
    "InstanceNorm1d": (lambda nn: nn.InstanceNorm1d(2, affine=True), sample(2, 2, 4)),
    "InstanceNorm2d": (lambda nn: nn.InstanceNorm2d(2, affine=True,
                                                    track_running_stats=True),
                       sample(2, 2, 2, 3)),
    "BatchNorm1d": (lambda nn: nn.BatchNorm1d(3), sample(4, 3)),
    "BatchNorm2d": (lambda nn: nn.BatchNorm2d(2), sample(2, 2, 2, 2)),
    "LayerNorm": (lambda nn: nn.LayerNorm((2, 3)), sample(2, 2, 3)),
    "GroupNorm": (lambda nn: nn.GroupNorm(2, 4), sample(2, 4, 2)),
    "RMSNorm": (lambda nn: nn.RMSNorm(3), sample(2, 3)),
    "PReLU": (lambda nn: nn.PReLU(3), sample(2, 3)),
    "Embedding": (lambda nn: nn.Embedding(5, 3, padding_idx=1), np.array([[0, 1, 4]])),
    "EmbeddingBag": (lambda nn: nn.EmbeddingBag(5, 3), np.array([[0, 1], [4, 4]])),
    "RNNCell": (lambda nn: nn.RNNCell(3, 4), sample(2, 3)),
    "LSTMCell": (lambda nn: nn.LSTMCell(3, 4), sample(2, 3)),
    "GRUCell": (lambda nn: nn.GRUCell(3, 4), sample(2, 3)),
    "RNN": (lambda nn: nn.RNN(3, 4, 2, nonlinearity="relu"), sample(3, 2, 3)),
    "LSTM": (lambda nn: nn.LSTM(3, 4, 2, bidirectional=True), sample(3, 2, 3)),
    "LSTM projected": (lambda nn: nn.LSTM(3, 4, proj_size=2), sample(3, 2, 3)),
    "GRU": (lambda nn: nn.GRU(3, 4, bidirectional=True, bias=False), sample(3, 2, 3)),
    "CrossEntropyLoss": (lambda nn: nn.CrossEntropyLoss(_ones(nn, 3)), sample(2, 3),
                         np.array([0, 2])),
    "BCEWithLogitsLoss": (lambda nn: nn.BCEWithLogitsLoss(pos_weight=_ones(nn, 3)),
                          sample(2, 3), np.ones((2, 3), np.float32)),
    "Sequential": (lambda nn: nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)),
                   sample(2, 3)),
    "ModuleDict": (lambda nn: nn.ModuleDict({"a": nn.Linear(3, 4)})["a"], sample(2, 3)),
}


def _ones(nn, n):
    return nn.Linear(1, n).weight.data.reshape(n) * 0 + 1


def filled(torch, make):
    """The module in eval mode, every number of its state drawn anew but the same."""
    module = make(torch.nn).eval()
    for k, value in enumerate(module.state_dict().values()):
        if value.is_floating_point():
            numbers = sample(*value.shape, seed=300 + k, low=0.1, high=1.0)
            value.copy_(torch.from_numpy(numbers))
    return module


def outputs(torch, module, inputs):
    """All outputs as one flat tensor."""
    with torch.no_grad():
        found = flatten(module(*[torch.from_numpy(np.array(a)) for a in inputs]))
    return torch.cat([t.reshape(-1) for t in found])


def main():
    """Write both files, and read ours with PyTorch."""
    import torch
    from safetensors.torch import load_file, save_file

    save_file({"weight": torch.arange(6, dtype=torch.float32).reshape(2, 3) / 4,
               "bias": torch.tensor([1, 2]),
               "mask": torch.tensor([True, False]),
               "half": torch.tensor(0.5, dtype=torch.float16)},
              FOLDER / "checkpoint.safetensors", {"format": "pt"})
    everything = {}
    for name, (make, *inputs) in MODULES.items():
        module = filled(torch, make)
        state = {f"{name}/{key}": t for key, t in module.state_dict().items()}
        everything.update(state)
        everything[f"{name}//output"] = outputs(torch, module, inputs).clone()
        _read_ours(torch, load_file, name, make, inputs)
    save_file(everything, FOLDER / "checkpoints.safetensors", {"format": "pt"})
    print(f"{len(MODULES)} modules, both ways")


def _read_ours(torch, load_file, name, make, inputs):
    """PyTorch loads what the library saved, and computes the same."""
    import pedagogic_nn

    ours = filled(pedagogic_nn, make)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "ours.safetensors")
        pedagogic_nn.save(ours.state_dict(), path)
        theirs = make(torch.nn).eval()
        theirs.load_state_dict(load_file(path), strict=True)
    torch.testing.assert_close(
        outputs(torch, theirs, inputs),
        torch.from_numpy(outputs(pedagogic_nn, ours, inputs).numpy()), msg=name)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
