"""Op: the right implementation for the arrays that came, and teaching errors."""
import threading

import numpy as np
import pytest

from pedagogic_nn.autograd.elementwise import (
    _clamp_one,
    _erf_one,
    _exp_one,
    _log_one,
    clamp_between,
    erf_values,
    exp_values,
    log_values,
)
from pedagogic_nn.autograd.powers import _sqrt_one, sqrt_values
from pedagogic_nn.autograd.products import by_columns, by_rows, matmul_arrays
from pedagogic_nn.backend import HALF, ONE, TWO, cuda, jit, like, op, reference
from pedagogic_nn.backend.device import Device, to_host, xp_of
from tests.harness import backend_tests, case, check_stays_float32, saturated, uniform
from tests.programs import run

CASES = [
    case(exp_values, x=(3, 4)), case(exp_values, x=(0, 4)), case(exp_values, x=()),
    case(exp_values, x=saturated(3, 4)), case(exp_values, x=np.ones(3)),
    case(log_values, x=uniform(3, 4)), case(log_values, x=(3,)),
    case(log_values, x=np.array([0, -0.0, np.inf, -1, np.nan, 1e-40], np.float32)),
    case(sqrt_values, x=uniform(2, 3)), case(sqrt_values, x=(4,)),
    case(erf_values, x=(3, 4)), case(erf_values, x=saturated(8)),
    case(erf_values, x=(0,)),
    case(clamp_between, x=(3, 4), low=-0.5, high=0.5),
    case(clamp_between, x=saturated(8), low=-np.inf, high=3.0),
    case(clamp_between, x=np.array([np.nan, 5, -5], np.float32), low=1.0, high=-1.0),
    case(clamp_between, x=(0, 3), low=0.0, high=1.0),
    case(matmul_arrays, a=(3, 4), b=(4, 5)), case(matmul_arrays, a=(4,), b=(4,)),
    case(matmul_arrays, a=(2, 3, 4), b=(2, 4, 3)),
    case(matmul_arrays, a=(0, 4), b=(4, 2)),
    case(matmul_arrays, a=(3, 0), b=(0, 2)), case(matmul_arrays, a=(4,), b=(4, 2)),
    case(matmul_arrays, a=(2, 3, 4), b=(4,)),
    case(by_rows, x=(3, 4), w=(5, 4)), case(by_rows, x=(1, 4), w=(5, 4)),
    case(by_rows, x=(0, 4), w=(5, 4)), case(by_rows, x=(3, 0), w=(5, 0)),
    case(by_columns, dy=(3, 5), w=(5, 4)), case(by_columns, dy=(1, 5), w=(5, 4)),
    case(by_columns, dy=(0, 5), w=(5, 4)), case(by_columns, dy=(3, 0), w=(0, 4)),
]

test_backends = backend_tests(CASES)


@pytest.mark.parametrize("formula, n", [
    (_exp_one, 1), (_log_one, 1), (_sqrt_one, 1), (_erf_one, 1), (_clamp_one, 3)])
def test_formulas_stay_in_float32(formula, n):
    check_stays_float32(formula, n)


@op
def blend(x, y, weight):
    """x, y (*), a number → x + weight (y - x) (*)."""
    return x + (y - x) * weight


@blend.elementwise(arrays=2)
def blend_one(x, y, weight):
    return x + (y - x) * weight


@op
def row_sums(x):
    """x (N, D) → the sum of each row (N,), and half of it (N,)."""
    return x.sum(1), x.sum(1) * HALF


@jit
def _row_sums_cpu(lo, hi, total, half, x):
    for n in range(lo, hi):
        t = x[n, 0] - x[n, 0]
        for d in range(x.shape[1]):
            t += x[n, d]
        total[n], half[n] = t, HALF * t


@cuda.jit
def _row_sums_cuda(total, half, x):
    n = cuda.grid(1)
    if n < total.size:
        t = x[n, 0] - x[n, 0]
        for d in range(x.shape[1]):
            t += x[n, d]
        total[n], half[n] = t, HALF * t


@row_sums.kernels(cpu=_row_sums_cpu, cuda=_row_sums_cuda)
def _row_sums_launch(run, x):
    total, half = like(x, x.shape[:1]), like(x, x.shape[:1])
    run(total.shape, total, half, x)
    return total, half


@op
def bare(x):
    """x (*) → x (*): only the reference."""
    return x


OWN = [case(blend, x=(3, 4), y=(3, 4), weight=0.3), case(blend, x=(0,), y=(0,), weight=2),
       case(row_sums, x=(5, 3)), case(row_sums, x=(0, 3)), case(row_sums, x=(1, 1)),
       case(row_sums, x=np.ones((3, 2)))]

test_own_operations = backend_tests(OWN)


def test_constants_adapt_to_the_numbers_they_meet():
    for constant in (HALF, ONE, TWO):
        assert (np.ones(2, np.float32) * constant).dtype == np.float32
        assert (np.ones(2, np.float64) * constant).dtype == np.float64


@pytest.mark.parametrize("operation, arrays", [
    (blend, [(2, 3), (2, 3)]), (row_sums, [(2, 3)]), (exp_values, [(2, 3)])])
def test_half_precision_is_computed_in_single_and_rounded(operation, arrays):
    rng = np.random.default_rng(0)
    given = [rng.random(s).astype(np.float16) for s in arrays]
    extra = [0.25] if operation is blend else []
    actual = operation(*given, *extra)
    wide = operation(*(a.astype(np.float32) for a in given), *extra)
    pairs = zip(actual, wide) if isinstance(wide, tuple) else [(actual, wide)]
    for a, w in pairs:
        assert a.dtype == np.float16
        np.testing.assert_array_equal(a, w.astype(np.float16))


def test_the_reference_runs_inside_the_block_and_in_this_thread_only():
    calls = []

    @op
    def told(x):
        """x (*) → x (*)."""
        calls.append("reference")
        return x

    @told.cpu
    def _(x):
        calls.append("cpu")
        return x

    x = np.ones(2)
    with reference():
        told(x)
        with reference():
            told(x)
        told(x)
        other = threading.Thread(target=told, args=(x,))
        other.start()
        other.join()
    told(x)
    assert calls == ["reference"] * 3 + ["cpu"] * 2
    with pytest.raises(ZeroDivisionError), reference():
        told(1 / 0)
    calls.clear()
    told(x)
    assert calls == ["cpu"]


def test_arrays_on_two_devices_name_the_way_out():
    x = np.ones(2, np.float32)
    with pytest.raises(RuntimeError,
                       match=r"blend expected .* one device.*\.to\('cuda'\)"):
        blend(x, Device("cuda").put(x), 0.5)


def test_arrays_of_different_shapes_are_not_read_past_their_ends():
    with pytest.raises(ValueError, match=r"blend expected arrays of one shape.*\(2, 3\)"):
        blend(np.ones((2, 3)), np.ones(3), 0.5)


def test_an_operation_with_a_reference_only():
    np.testing.assert_array_equal(bare(np.ones(2)), np.ones(2))
    with pytest.raises(RuntimeError, match="bare has no CUDA version"):
        bare(Device("cuda").put(np.ones(2)))


def test_an_operation_keeps_the_name_and_the_words_of_its_reference():
    assert blend.__name__ == "blend" and "weight" in blend.__doc__
    assert blend in type(blend).all


def test_numbers_take_the_dtype_of_the_arrays():
    x = Device("cuda").put(np.ones(2, np.float32))
    result = blend(x, x * 2, np.float64(0.1))
    assert result.dtype == np.float32 and xp_of(result) is Device("cuda").xp
    np.testing.assert_allclose(to_host(result), 1.1, rtol=1e-6)


FROM_THE_CACHE = """
import time
import pedagogic_nn as torch

x = torch.randn(64)
calls = [torch.relu, torch.sigmoid, torch.tanh, torch.exp, lambda x: x.clamp(-1, 1)]
for call in calls:
    call(x)
for call in calls:
    start = time.perf_counter()
    for _ in range(50):
        call(x)
    assert (time.perf_counter() - start) / 50 < 1e-3, call
"""


@pytest.mark.serial
def test_a_kernel_from_the_disk_cache_is_loaded_once():
    """A second process finds what the first has compiled, and keeps it."""
    for _ in range(2):
        run(FROM_THE_CACHE)
