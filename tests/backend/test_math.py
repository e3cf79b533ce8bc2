"""exp, log and the others: every exponent, hard values, vectors, Python, simulator."""
import os
import re
import subprocess
import sys
from math import erf as exact_erf

import numba
import numpy as np
import pytest

from pedagogic_nn.backend import math
from pedagogic_nn.backend.jit import jit

# Errors in units in the last place, as the docstring of backend/math.py gives them.
BOUNDS = {"exp": 1.1, "expm1": 1.8, "log": 1.0, "log1p": 1.0, "tanh": 2.5, "erf": 2.7,
          "sigmoid": 2.5, "log1p_exp_neg_abs": 2.7, "sqrt": 0.51}
REFERENCES = {
    "exp": np.exp, "expm1": np.expm1, "log": np.log, "log1p": np.log1p, "tanh": np.tanh,
    "erf": np.vectorize(exact_erf, [np.float64]), "sqrt": np.sqrt,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "log1p_exp_neg_abs": lambda x: np.log1p(np.exp(-np.abs(x))),
}
HARD = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 88.72, 88.73, -87.4, -103.9,
        -104.1, 709.78, 709.79, -745.1, -745.2, 1e-45, -1e-45, 1e-38, 5e-324, 2.2e-308]
DTYPES = [np.float32, np.float64]


def over(function):
    """A kernel that applies `function` to each element."""
    @jit
    def kernel(x, y):
        for i in range(x.size):
            y[i] = function(x[i])

    return kernel


KERNELS = {name: over(getattr(math, name)) for name in BOUNDS}


def apply(name, x):
    y = np.empty_like(x)
    KERNELS[name](x, y)
    return y


def units_in_the_last_place(got, wanted):
    """The largest difference, in spacings of `got`'s dtype."""
    with np.errstate(all="ignore"):
        rounded = wanted.astype(got.dtype)
        same = (got == rounded) | (np.isnan(got) & np.isnan(rounded))
        error = np.abs(got.astype(wanted.dtype) - wanted) / np.spacing(np.abs(rounded))
    error[~np.isfinite(error)] = np.inf
    error[same & ~np.isfinite(rounded)] = 0
    return float(error.max())


def reference(name, x):
    wider = np.float64 if x.dtype == np.float32 else np.longdouble
    with np.errstate(all="ignore"):
        return REFERENCES[name](x.astype(wider))


def samples(dtype):
    """Numbers of every exponent, of the ranges where functions bend, and hard ones."""
    rng = np.random.default_rng(0)
    info = np.finfo(dtype)
    exponents = np.arange(info.minexp - info.nmant, info.maxexp)
    fractions = np.concatenate([[1, 1 + info.eps, 2 - info.eps], rng.uniform(1, 2, 200)])
    with np.errstate(under="ignore"):
        grid = np.ldexp(fractions[:, None].astype(dtype), exponents).ravel()
    near = [rng.uniform(-a, a, 20_000) for a in (0.7, 2, 20, 120, 760)]
    with np.errstate(over="ignore", under="ignore"):
        return np.concatenate([grid, -grid, *near, np.array(HARD)]).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", BOUNDS)
def test_error_is_what_the_docstring_says(name, dtype):
    if dtype == np.float64 and np.finfo(np.longdouble).nmant <= 52:
        bound = BOUNDS[name] + 1             # no wider type here: NumPy's error counts
    else:
        bound = BOUNDS[name]
    x = samples(dtype)
    assert units_in_the_last_place(apply(name, x), reference(name, x)) <= bound


@pytest.mark.parametrize("dtype", DTYPES)
def test_infinities_nan_and_signed_zero(dtype):
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan], dtype)
    nan, inf = np.nan, np.inf
    wanted = {
        "exp": [1, 1, inf, 0, nan], "log": [-inf, -inf, inf, nan, nan],
        "log1p": [0.0, -0.0, inf, nan, nan], "tanh": [0.0, -0.0, 1, -1, nan],
        "expm1": [0.0, -0.0, inf, -1, nan], "erf": [0.0, -0.0, 1, -1, nan],
        "sigmoid": [0.5, 0.5, 1, 0, nan], "sqrt": [0.0, -0.0, inf, nan, nan],
    }
    for name, values in wanted.items():
        y = apply(name, x)
        np.testing.assert_array_equal(y, np.array(values, dtype), err_msg=name)
        signed = ~np.isnan(y)
        assert (np.signbit(y) == np.signbit(np.array(values, dtype)))[signed].all(), name


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", BOUNDS)
def test_it_runs_in_vector_lanes(name, dtype):
    # numba.njit, because a kernel from the disk cache has no LLVM code to look at.
    kernel = numba.njit(KERNELS[name].py_func, error_model="numpy")
    x = np.ones(4, dtype)
    kernel(x, x.copy())
    (code,) = kernel.inspect_llvm().values()
    lanes = {np.float32: r"<\d+ x float>", np.float64: r"<\d+ x double>"}[dtype]
    assert re.search(lanes, code)


def test_a_caller_that_reassociates_does_not_break_the_rounding():
    exp = math.exp

    @jit(reassociate=True)
    def total(x):
        s = x.dtype.type(0)
        for i in range(x.size):
            s += exp(x[i])
        return s

    x = np.linspace(-3, 3, 1001)
    assert total(x) == pytest.approx(np.exp(x).sum(), rel=1e-13)


def test_integers_are_computed_as_float64():
    exp = math.exp

    @jit
    def of(n):
        return exp(n)

    assert of(3) == pytest.approx(np.exp(3.0), rel=1e-15)


@pytest.mark.parametrize("dtype", DTYPES)
def test_row_max_keeps_nan_of_either_sign(dtype):
    row = np.arange(100, dtype=dtype)
    assert math.row_max(row) == 99
    assert math.row_max(-row) == 0
    assert math.row_max(row[:0]) == -np.inf
    assert math.row_max(row[::-7]) == 99
    for nan in (np.nan, -np.nan):
        for place in (0, 41, 99):
            spoiled = row.copy()
            spoiled[place] = nan
            assert np.isnan(math.row_max(spoiled))


def test_where_computes_both_sides_and_unifies_their_types():
    where = math.where

    @jit
    def choose(c, a, b):
        return where(c, a, b)

    assert choose(True, np.float32(1), 2.5) == 1
    assert choose(False, np.float32(1), 2.5) == 2.5
    assert where(True, 1, 2) == 1 and where(False, 1, 2) == 2


WITHOUT_COMPILER = """
import numpy as np
from pedagogic_nn.backend import math
x = np.linspace(-4, 4, 17, dtype=np.float32)
names = ["exp", "expm1", "log", "log1p", "tanh", "erf", "sigmoid", "log1p_exp_neg_abs",
         "sqrt"]
rows = [[getattr(math, name)(v) for v in x] for name in names]
assert all(type(v) is np.float32 for row in rows for v in row)
rows.append([math.row_max(x[:n + 1]) for n in range(17)])
print(np.array(rows, np.float64).tolist())
"""

IN_THE_SIMULATOR = """
import numpy as np
from numba import cuda
from pedagogic_nn.backend import math
x = np.linspace(-4, 4, 17, dtype=np.float32)
names = ["exp", "expm1", "log", "log1p", "tanh", "erf", "sigmoid", "log1p_exp_neg_abs",
         "sqrt"]
rows = []
for function in [getattr(math, name) for name in names]:
    @cuda.jit
    def kernel(x, y):
        i = cuda.grid(1)
        if i < x.size:
            y[i] = math.where(x[i] == x[i], function(x[i]), x[i])
    y = np.empty_like(x)
    kernel[1, 17](x, y)
    rows.append(y)
rows.append([np.max(x[:n + 1]) for n in range(17)])
print(np.array(rows, np.float64).tolist())
"""


@pytest.mark.parametrize("script, variable", [
    (WITHOUT_COMPILER, "NUMBA_DISABLE_JIT"), (IN_THE_SIMULATOR, "NUMBA_ENABLE_CUDASIM")])
def test_python_and_the_simulator_agree_with_compiled_code(script, variable):
    environment = {**os.environ, variable: "1"}
    run = subprocess.run([sys.executable, "-c", script], env=environment,
                         capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    got = np.array(eval(run.stdout, {"nan": np.nan, "inf": np.inf}))
    x = np.linspace(-4, 4, 17, dtype=np.float32)
    names = ["exp", "expm1", "log", "log1p", "tanh", "erf", "sigmoid",
             "log1p_exp_neg_abs", "sqrt"]
    for row, name in zip(got, names, strict=False):
        np.testing.assert_allclose(row, apply(name, x), 1e-6, 1e-7, err_msg=name)
    np.testing.assert_array_equal(got[-1], x)


def test_importing_loads_no_cuda():
    script = "import sys, pedagogic_nn.backend.math; print('numba.cuda' in sys.modules)"
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_ENABLE_CUDASIM"}
    run = subprocess.run([sys.executable, "-c", script], env=environment,
                         capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
