"""The numbers that are drawn: within their bounds, and distributed as their names say.

The seeds are fixed, so a test gives the same answer every time.  The bounds are those
that a right generator passes with 999 seeds of 1000.
"""
import math
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn.backend import random
from pedagogic_nn.backend.device import Device, worker
from pedagogic_nn.backend.random import Generator, integers, normal, permutation, uniform

CPU = Device("cpu")
FLOATS = [np.float16, np.float32, np.float64]
N = 100_000


def stream(seed=0):
    return Generator().manual_seed(seed)


def always(fraction):
    """A generator that draws one number again and again."""
    return SimpleNamespace(numpy=SimpleNamespace(
        random=lambda shape, kind: np.full(shape, fraction(kind))))


def the_last_below_one(kind):
    return np.nextafter(kind(1), kind(0))


@pytest.mark.parametrize("low, high", [
    (0, 1), (1, 2), (-1, 0), (1000, 1001), (-1e-3, 1e-3), (0, 0.1), (3, 3)])
@pytest.mark.parametrize("dtype", FLOATS)
def test_the_upper_bound_of_uniform_is_not_reached(dtype, low, high):
    """low + (high - low) 0.99999994 is high, once it is rounded."""
    for shape in [(3,), ()]:
        x = uniform(shape, low, high, dtype, CPU, always(the_last_below_one))
        assert x.dtype == dtype and x.shape == shape
        assert (x < dtype(high)).all() or low == high
        assert (x >= dtype(low)).all() and (x <= dtype(high)).all()
        zero = uniform(shape, low, high, dtype, CPU, always(lambda kind: kind(0)))
        assert (zero == dtype(low)).all()


def test_half_precision_draws_no_one():
    """Every 4000th number of float32 is nearer to 1 than to the float16 below."""
    torch.manual_seed(0)
    x = torch.rand(N, dtype=torch.float16)
    assert x.max() < 1
    assert torch.empty(N).uniform_(1000, 1001).max() < 1001


def kolmogorov(x, distribution):
    """√n times the largest distance between the distribution and that of x."""
    x, n = np.sort(np.asarray(x, np.float64)), len(x)
    wanted = distribution(x)
    steps = np.arange(n + 1) / n
    return math.sqrt(n) * max((steps[1:] - wanted).max(), (wanted - steps[:-1]).max())


ONE_IN_A_THOUSAND = 1.95                     # of Kolmogorov's distribution


@pytest.mark.parametrize("low, high", [(0, 1), (-2, 5)])
@pytest.mark.parametrize("dtype", FLOATS[1:])
def test_uniform_numbers_are_spread_evenly(dtype, low, high):
    x = uniform((N,), low, high, dtype, CPU, stream())
    assert kolmogorov(x, lambda x: (x - low) / (high - low)) < ONE_IN_A_THOUSAND


@pytest.mark.parametrize("mean, std", [(0, 1), (3, 0.5)])
@pytest.mark.parametrize("dtype", FLOATS[1:])
def test_normal_numbers_follow_the_bell(dtype, mean, std):
    def below(x):
        return 0.5 + 0.5 * np.vectorize(math.erf)((x - mean) / std / math.sqrt(2))

    x = normal((N,), mean, std, dtype, CPU, stream())
    assert x.dtype == dtype and kolmogorov(x, below) < ONE_IN_A_THOUSAND


def test_neighbours_are_independent():
    x = normal((N,), 0, 1, np.float64, CPU, stream())
    for distance in (1, 2, 7):
        correlation = np.corrcoef(x[distance:], x[:-distance])[0, 1]
        assert abs(correlation) < 3.3 / math.sqrt(N)


def chi_squared(counts):
    expected = counts.sum() / len(counts)
    return ((counts - expected) ** 2).sum() / expected


def test_whole_numbers_come_equally_often():
    k = integers((N,), -3, 7, np.int32, CPU, stream())
    assert k.dtype == np.int32 and k.min() == -3 and k.max() == 6
    assert chi_squared(np.bincount(k + 3)) < 27.9            # 9 degrees of freedom


def test_every_order_comes_equally_often():
    own = stream()
    orders = [tuple(permutation(3, CPU, own).tolist()) for _ in range(6000)]
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 6 and chi_squared(counts) < 20.5   # 5 degrees of freedom


def test_a_state_brings_back_numbers_and_seed():
    own = Generator("cpu:1").manual_seed(5)
    normal((3,), 0, 1, np.float32, own.device, own)
    state = own.get_state()
    first = [normal((3,), 0, 1, np.float32, own.device, own) for _ in range(2)]
    other = Generator("cpu:2").manual_seed(6)
    for _ in range(2):                       # the state itself stays as it was
        other.set_state(state)
        second = [normal((3,), 0, 1, np.float32, own.device, other) for _ in range(2)]
        np.testing.assert_array_equal(second, first)
        assert other.initial_seed() == 5


def test_a_device_that_is_met_later_has_the_seed_of_all(monkeypatch):
    monkeypatch.setattr(random, "_generators", {})
    torch.manual_seed(4)
    late = torch.rand(3, device="cpu:5")
    torch.manual_seed(4)
    assert torch.equal(torch.rand(3, device="cpu:5"), late)
    assert Device("cpu:5") in random._generators and len(random._generators) == 2


def test_worker_threads_draw_what_their_devices_drew_one_after_the_other():
    devices = [Device("cpu", k) for k in range(4)]

    def draws(device):
        return [torch.rand(5, device=device).numpy() for _ in range(50)]

    torch.manual_seed(9)
    alone = [draws(device) for device in devices]
    torch.manual_seed(9)
    tasks = [worker(device).submit(draws, device) for device in devices]
    np.testing.assert_array_equal([task.result() for task in tasks], alone)


def test_threads_that_meet_a_device_at_once_share_its_generator(monkeypatch):
    for _ in range(20):
        monkeypatch.setattr(random, "_generators", {})
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(random.generator, [Device("cpu:3")] * 8))
        assert len(set(map(id, found))) == 1
