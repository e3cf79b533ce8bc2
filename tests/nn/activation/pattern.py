"""The tests that every elementwise activation passes.

    test_backends, test_gradients, test_formulas = activation_tests(
        elu, (elu_forward, elu_one), (elu_backward, elu_backward_one),
        alpha=1.5)
"""
import numpy as np
import pytest

from tests.harness import (
    backend_tests,
    case,
    check_stays_float32,
    gradient_tests,
    saturated,
)

# Zeros of both signs, the infinities, NaN, a number without a full exponent.
EXTREME = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-40, 6.0, -1.0], np.float32)


def activation_tests(function, forward, backward, /, **numbers):
    """Three tests: the operations agree on every backend, the gradient is the slope, and
    the formulas stay in float32.

    Args:
        function: the functional form, of one tensor.
        forward, backward: an operation and its scalar formula, each.
        numbers: what both operations take after their arrays.
    """
    (value, value_formula), (gradient, gradient_formula) = forward, backward
    kept = next(name for name in ("x", "y") if name in _parameters(gradient))
    cases = [case(value, x=x, **numbers) for x in
             [(3, 5), (0, 5), (1,), (), saturated(4, 6), EXTREME, np.ones((2, 3))]]
    cases += [case(gradient, **{kept: x}, dy=dy, **numbers) for x, dy in
              [((3, 5), (3, 5)), ((0, 5), (0, 5)), (saturated(4, 6), (4, 6)),
               (EXTREME, (8,))]]
    gradients = [case(function, input=(3, 4)), case(function, input=(1,))]

    @pytest.mark.parametrize("scalar, count", [
        (value_formula, 1), (gradient_formula, 2)], ids=["value", "gradient"])
    def formulas(scalar, count):
        check_stays_float32(scalar, count + len(numbers))

    return _quiet(backend_tests(cases)), gradient_tests(gradients), formulas


def _parameters(operation):
    return operation.reference.__code__.co_varnames


def _quiet(test):
    """NumPy warns of inf - inf and the like; the kernels do not."""
    return pytest.mark.filterwarnings("ignore::RuntimeWarning")(test)
