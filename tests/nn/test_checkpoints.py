"""Checkpoints both ways: PyTorch's state of every module loads here, ours is the same to
PyTorch (tests/golden/checkpoint.py has PyTorch itself load it)."""
import functools
import json
import struct

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from tests.golden.checkpoint import MODULES, filled, outputs
from tests.golden.recorder import FOLDER

STATEFUL = {"CrossEntropyLoss", "BCEWithLogitsLoss"}       # buffers only


@functools.cache
def recorded():
    return torch.load(FOLDER / "checkpoints.safetensors")


def state_of(name):
    """PyTorch's state of a module, with its own names."""
    return {key.split("/", 1)[1]: t for key, t in recorded().items()
            if key.split("/")[0] == name and "//" not in key}


@pytest.mark.parametrize("name", MODULES)
def test_pytorchs_state_loads_and_computes_the_same(name):
    make, *inputs = MODULES[name]
    module = make(nn).eval()
    result = module.load_state_dict(state_of(name))
    assert result.missing_keys == result.unexpected_keys == []
    expected = recorded()[f"{name}//output"].numpy()
    np.testing.assert_allclose(outputs(torch, module, inputs).numpy(), expected, 1e-5,
                               1e-5 * np.abs(expected).max(initial=0))


@pytest.mark.parametrize("name", MODULES)
def test_what_we_save_has_pytorchs_names_shapes_dtypes_and_numbers(name, tmp_path):
    path = tmp_path / "ours.safetensors"
    torch.save(filled(torch, MODULES[name][0]).state_dict(), path)
    data = path.read_bytes()
    size, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__", None)
    expected = state_of(name)
    assert set(header) == set(expected)
    names = {"F32": "float32", "I64": "int64"}
    for key, entry in header.items():
        numbers = np.frombuffer(data[8 + size:][slice(*entry["data_offsets"])],
                                names[entry["dtype"]]).reshape(entry["shape"])
        assert (numbers.dtype, list(numbers.shape)) == (
            expected[key].dtype, list(expected[key].shape))
        np.testing.assert_array_equal(numbers, expected[key].numpy())


def test_every_module_with_a_state_is_among_them():
    """A class that can make parameters or buffers of its own appears in MODULES."""
    made = {type(m).__name__ for make, *_ in MODULES.values() for m in make(nn).modules()}
    own = {name for name, item in vars(nn).items()
           if isinstance(item, type) and issubclass(item, nn.Module)
           and ("reset_parameters" in dir(item) or name in STATEFUL)}
    assert own - made == set()
