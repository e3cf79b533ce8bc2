"""Powers with one number: products, roots and quotients in the place of x^p."""
import threading
import warnings

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn.autograd.powers import Power, power, rsqrt_values, sqrt_values
from pedagogic_nn.autograd.quiet import quiet
from tests.harness import backend_tests, case, gradient_tests, saturated, uniform

EDGES = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-40, -1.0, 4.0], np.float32)
EXPONENTS = [-2, -1, -0.5, 0, 0.5, 1, 2, 3, 1.7, -3.0]

test_backends = backend_tests([
    case(operation, x=x) for operation in (sqrt_values, rsqrt_values)
    for x in [(3, 4), (0, 4), (1,), (), EDGES, saturated(4, 6),
              uniform(3, 2).astype(np.float64)]])


def between(low, high):
    return uniform(2, 3, low=low, high=high, seed=5)


test_gradients = gradient_tests([
    case(torch.pow, x=between(0.5, 2), y=p) for p in EXPONENTS])


@pytest.mark.parametrize("p", EXPONENTS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_special_exponent_gives_what_a_general_power_does(p, dtype):
    x = np.array([0.25, 0.5, 1.5, 7.0, 0.0, np.inf, np.nan], dtype)
    with np.errstate(divide="ignore"):
        wanted = x ** dtype(p)
    found = power(x, p)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, wanted, 4 * np.finfo(dtype).eps)


def test_the_slope_of_a_constant_is_zero_everywhere():
    x = torch.tensor([0.0, 2.0, float("inf")], requires_grad=True)
    (x**0).sum().backward()
    assert x.grad.tolist() == [0, 0, 0]
    assert Power.apply(torch.zeros(2), p=0).tolist() == [1, 1]


def test_quiet_keeps_numpy_from_warning_in_every_thread_and_only_there():
    found = []

    def divide():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found.append(quiet(np.divide, np.ones(1), np.zeros(1))[0])

    threads = [threading.Thread(target=divide) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [np.inf] * 3
    with pytest.warns(RuntimeWarning):
        np.log(np.zeros(1))
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        np.log(np.zeros(1))
