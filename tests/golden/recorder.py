"""Values recorded from PyTorch, so that the tests need no PyTorch.

A *program* is a function of the library: `lambda torch: torch.ones(2).cumsum(0)`.
PyTorch runs it once, when the values are recorded; `pedagogic_nn` runs the same program
in every test.

    PROGRAMS = {"a sum": lambda torch: torch.ones(2).sum(), …}

    record("sums", PROGRAMS)           # with PyTorch: writes recorded/sums.json.gz
    check("sums", key, PROGRAMS[key])  # in a test

A program returns a tensor, a number, a string, None, or a list, tuple or dictionary of
these.  What it raises is recorded as the exception's type.  `sample` gives both
libraries the same numbers.
"""
import functools
import gzip
import json
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "recorded"

# Relative to the largest number of an array, which is what rounding is relative to.
TOLERANCE = {"float16": 2e-3, "float32": 1e-5, "float64": 1e-10}


def sample(*shape, low=-2.0, high=2.0, seed=0, dtype=np.float32):
    """Numbers drawn evenly from [low, high): NumPy's frozen generator, the same for
    ever."""
    return np.random.RandomState(seed).uniform(low, high, shape).astype(dtype)


# ---- recording, in an environment with PyTorch ---------------------------------------


def record(name, programs):
    """Run {key: program} with PyTorch and write the results, a line for each."""
    import torch

    rows = [f"{json.dumps(key)}: {json.dumps(outcome(program, torch))}"
            for key, program in programs.items()]
    text = f'{{"torch": "{torch.__version__}",\n' + ",\n".join(rows) + "}\n"
    (FOLDER / f"{name}.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def outcome(program, torch):
    """What the program returns or raises, in the form that is written down."""
    try:
        return encode(program(torch))
    except Exception as error:
        return {"raises": type(error).__name__}


def encode(value):
    """A value of either library as lists and numbers: a tensor becomes {dtype:
    elements}."""
    if isinstance(value, dict):
        return {"dict": {key: encode(v) for key, v in value.items()}}
    if hasattr(value, "detach"):
        return _encode_array(value.detach().cpu().numpy())
    if isinstance(value, np.ndarray):
        return _encode_array(value)
    if isinstance(value, (list, tuple)):
        return {"list": [encode(v) for v in value]}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def _encode_array(array):
    if array.dtype.kind == "f":      # 14 digits at most: 1e-10 is what is compared
        elements = np.vectorize(lambda x: float(f"{float(str(x)):.14g}"),
                                otypes=[object])(array) if array.size else array
    else:
        elements = array
    encoded = {str(array.dtype): elements.tolist()}
    return encoded if array.size else {**encoded, "shape": list(array.shape)}


# ---- checking, in every test ---------------------------------------------------------


@functools.cache
def load(name):
    """{key: recorded outcome} of a file, without the line that names the version."""
    recorded = json.loads(gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()))
    assert recorded.pop("torch")
    return recorded


def check(name, key, program):
    """Run a program with pedagogic_nn; its outcome must be the recorded one."""
    import pedagogic_nn

    recorded = load(name)
    assert key in recorded, f"{name} has no record of {key!r}: run tests/golden/record.py"
    if isinstance(recorded[key], dict) and "raises" in recorded[key]:
        assert outcome(program, pedagogic_nn) == recorded[key]
    else:
        agree(encode(program(pedagogic_nn)), recorded[key])


def agree(actual, expected):
    """Two encoded values have the same form, dtypes and shapes, and nearly the same
    numbers."""
    if not isinstance(expected, dict):
        if isinstance(expected, float):
            np.testing.assert_allclose(actual, expected, 1e-5, 1e-6)
        else:
            assert actual == expected
        return
    assert isinstance(actual, dict), f"expected {expected}, got {actual}"
    assert list(actual) == list(expected), \
        f"expected {list(expected)}, got {list(actual)}"
    for kind, values in expected.items():
        if kind == "list":
            assert len(actual[kind]) == len(values)
            for a, e in zip(actual[kind], values):
                agree(a, e)
        elif kind == "dict":
            assert list(actual[kind]) == list(values)
            for key, value in values.items():
                agree(actual[kind][key], value)
        elif kind.startswith("float"):
            a, e = np.array(actual[kind], kind), np.array(values, kind)
            assert a.shape == e.shape
            largest = np.abs(e[np.isfinite(e)]).max(initial=0)
            np.testing.assert_allclose(a, e, TOLERANCE[kind], TOLERANCE[kind] * largest)
        else:
            assert actual[kind] == values
