"""A test is a row: list the cases of an operation, and take the two tests from here.

    from tests.harness import backend_tests, case, gradient_tests, saturated

    CASES = [
        case(lstm_units, gates=(3, 20), c=(3, 5)),           # shapes: random float32
        case(lstm_units, gates=(0, 20), c=(0, 5)),           # an empty batch
        case(lstm_units, gates=(1, 4), c=(1, 1)),            # a single unit
        case(lstm_units, gates=saturated(3, 20), c=(3, 5)),  # an array: these numbers
    ]
    GRADIENTS = [case(lstm_cell, x=(3, 4), h=(3, 5), c=(3, 5), w_ih=(20, 4),
                      w_hh=(20, 5))]

    test_backends = backend_tests(CASES)
    test_gradients = gradient_tests(GRADIENTS)

`CASES` are of Ops (arrays in, arrays out): each runs on the CPU and on the (simulated)
GPU, with contiguous and with strided arrays, and must agree with its NumPy reference.
`GRADIENTS` are of functions of tensors: backward on every backend must agree with small
steps of the reference.
"""
import inspect
import zlib

import numba
import numpy as np
import pytest

from pedagogic_nn.autograd import Tensor, no_grad
from pedagogic_nn.backend.device import Device, to_host, xp_of
from pedagogic_nn.backend.op import reference

BACKENDS = ["cpu", "cuda"]


# ---- cases ---------------------------------------------------------------------------


class Case:
    """A function and its arguments; see `case`."""

    all = []

    def __init__(self, function, arguments):
        self.function = function
        self.given = arguments
        self.name = "-".join([_name_of(function), *(
            f"{name}{_spell(value)}" for name, value in arguments.items())])
        self.arguments()             # a misspelt argument is an error at its line
        Case.all.append(self)

    def arguments(self):
        """(positional, keyword) arguments; the arrays are new but always the same."""
        rng = np.random.default_rng(zlib.crc32(self.name.encode()))
        values = {name: _draw(value, rng) for name, value in self.given.items()}
        signature = inspect.signature(self.function)
        if any(p.kind is p.VAR_POSITIONAL for p in signature.parameters.values()):
            arrays = [v for v in values.values() if isinstance(v, np.ndarray)]
            return arrays, {k: v for k, v in values.items()
                            if not isinstance(v, np.ndarray)}
        bound = signature.bind(**values)
        return list(bound.args), bound.kwargs


def case(function, **arguments):
    """A row: `function` with these arguments, by the names of its parameters.

    A tuple of integers is a shape and becomes random float32 numbers from the normal
    distribution; an array is copied; everything else is passed as it is (a tuple that
    is no shape: `fixed`).
    """
    return Case(function, arguments)


class fixed:
    """`fixed((4, 4))`: the tuple itself, not an array of this shape."""

    def __init__(self, value):
        self.value = value


def _draw(value, rng):
    if isinstance(value, fixed):
        return value.value
    if isinstance(value, tuple):
        return rng.standard_normal(value, np.float32)
    return value.copy() if isinstance(value, np.ndarray) else value


def _name_of(function):
    return getattr(function, "__name__", type(function).__name__)


def _spell(value):
    if isinstance(value, fixed):
        value = value.value
    if isinstance(value, np.ndarray):
        return f"{list(value.shape)}{value.dtype}".replace(" ", "")
    return f"={value}".replace(" ", "")


def uniform(*shape, low=0.0, high=1.0, seed=0):
    """float32 numbers drawn evenly from [low, high)."""
    return np.random.default_rng(seed).uniform(low, high, shape).astype(np.float32)


def integers(*shape, low=0, high, seed=0):
    """int64 numbers drawn evenly from low … high - 1."""
    return np.random.default_rng(seed).integers(low, high, shape)


def saturated(*shape, seed=0):
    """float32 numbers far out on both sides, and zeros of both signs."""
    ends = np.array([-1e4, -90, -20, -0.0, 0.0, 20, 90, 1e4], np.float32)
    return np.random.default_rng(seed).choice(ends, shape)


def strided(a):
    """The numbers of `a` in memory with gaps: every other element of a larger array."""
    wide = np.zeros((*a.shape[:-1], 2 * a.shape[-1]) if a.ndim else (2,), a.dtype)
    view = wide[..., ::2] if a.ndim else wide[0, ...]
    view[...] = a
    return view


# ---- forward: every backend agrees with the reference --------------------------------


def backend_tests(cases, rtol=1e-5):
    """A test that runs each case of an Op on each backend."""
    @pytest.mark.parametrize("backend", BACKENDS)
    @pytest.mark.parametrize("row", cases, ids=lambda row: row.name)
    def test(row, backend):
        check_backend(row, backend, rtol)
    return test


def check_backend(row, backend, rtol=1e-5):
    """The Op of a case agrees with its reference in type, shape and numbers.

    Numbers may differ by rtol times the largest expected one; integers must be equal.
    """
    args, _ = row.arguments()
    with reference():
        expected = _as_tuple(row.function(*args))
    for arrange in (np.asarray, strided):
        args, _ = row.arguments()
        actual = _as_tuple(row.function(*(
            _put(arrange(a), backend) if isinstance(a, np.ndarray) else a for a in args)))
        assert len(actual) == len(expected)
        for a, e in zip(actual, expected):
            _agree(a, e, backend, rtol)


def _as_tuple(value):
    assert value is not None, "the operation returned nothing"
    return value if isinstance(value, tuple) else (value,)


def _put(array, backend):
    """`array` on the backend's device; on the CPU as it is, gaps in memory included."""
    return array if backend == "cpu" else Device(backend).put(array)


def _agree(actual, expected, backend, rtol):
    expected = np.asarray(expected)
    if backend == "cuda":
        assert xp_of(actual) is Device("cuda").xp, "the result is not on the GPU"
    actual = np.asarray(to_host(actual))
    assert actual.dtype == expected.dtype and actual.shape == expected.shape
    if expected.dtype.kind != "f":
        np.testing.assert_array_equal(actual, expected)
        return
    finite = np.abs(expected[np.isfinite(expected)])
    np.testing.assert_allclose(actual, expected, rtol, rtol * finite.max(initial=0))


def check_stays_float32(formula, n):
    """A scalar formula of n float32 numbers must not widen to double on its way."""
    result = formula(*[np.float32(0.3)] * n)
    if numba.config.DISABLE_JIT:                # plain Python, by NumPy's rules
        assert np.asarray(result).dtype != np.float64
        return
    returned = formula.overloads[(numba.float32,) * n].signature.return_type
    parts = getattr(returned, "types", [returned])     # a tuple's, or the one
    assert all(str(p) in ("float32", "bool") for p in parts), \
        f"{formula.__name__} of float32 returns {returned}"


# ---- backward: the gradient agrees with small steps of the reference -----------------


def gradient_tests(cases, rtol=1e-5, step=1e-5):
    """A test that checks the gradient of each case (a function of tensors) on each
    backend."""
    @pytest.mark.parametrize("backend", ["reference", *BACKENDS])
    @pytest.mark.parametrize("row", cases, ids=lambda row: row.name)
    def test(row, backend):
        args, options = row.arguments()
        check_gradient(row.function, *args, backend=backend, rtol=rtol, step=step,
                       **options)
    return test


def check_gradient(function, *args, backend="cpu", rtol=1e-5, step=1e-5, **options):
    """Compare backward with central differences, for every array of real numbers in
    `args`.

    The arrays become float64 tensors.  The outputs are weighted with random numbers and
    summed; the slope of that sum along a random direction is compared, which a mistake
    in any one element of the gradient changes.
    """
    rng = np.random.default_rng(1)
    weights = {}

    def loss(values):
        outputs = function(*values, **options)
        total = 0.0
        for k, y in enumerate(_as_tuple(outputs)):
            if isinstance(y, Tensor) and y.is_floating_point():
                if k not in weights:
                    weights[k] = rng.standard_normal(y.shape)
                total = total + (y * Tensor._of(y.device.put(weights[k]), y.device)).sum()
        return total

    at = _tensors(args, "cpu" if backend == "reference" else backend)
    with reference():                 # draws the weights, in the same order everywhere
        loss(_tensors(args, "cpu"))
        if backend == "reference":
            loss(at).backward()
    if backend != "reference":
        loss(at).backward()
    for k, x in enumerate(at):
        if isinstance(x, Tensor) and x.requires_grad:
            direction = rng.standard_normal(x.shape)
            expected = _slope(loss, args, k, direction, step)
            actual = 0.0 if x.grad is None else (to_host(x.grad.array) * direction).sum()
            assert x.grad is None or x.grad.shape == x.shape
            np.testing.assert_allclose(actual, expected, rtol=rtol, atol=rtol, err_msg=(
                f"the gradient with respect to argument {k} on {backend}"))


def _tensors(args, device):
    """Arrays as tensors on a device, real ones in float64 and with requires_grad."""
    place = Device(device)
    made = []
    for a in args:
        if isinstance(a, np.ndarray):
            real = a.dtype.kind == "f"
            a = Tensor._of(place.put(a.astype(np.float64) if real else a.copy()), place)
            a.requires_grad = real
        made.append(a)
    return made


def _slope(loss, args, k, direction, step):
    """The slope of the loss along `direction` of argument k, by the reference."""
    def value(sign):
        moved = list(args)
        moved[k] = np.asarray(args[k] + sign * step * direction, np.float64)
        with reference(), no_grad():
            return loss(_tensors(moved, "cpu")).item()
    return (value(1) - value(-1)) / (2 * step)
