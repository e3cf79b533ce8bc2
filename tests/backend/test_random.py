"""Generators: seeded together, one for each device, with states that can be kept."""
import threading

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn.backend.device import Device, to_host
from pedagogic_nn.backend.random import (
    Generator,
    generator,
    integers,
    manual_seed,
    normal,
    permutation,
    uniform,
)

CPU = Device("cpu")


@pytest.mark.parametrize("draw", [
    lambda: torch.rand(3), lambda: torch.randn(3), lambda: torch.randint(9, (3,)),
    lambda: torch.randperm(9), lambda: torch.empty(3).uniform_(),
    lambda: torch.zeros(3).normal_(),
    lambda: torch.zeros(3).random_(99), lambda: torch.bernoulli(torch.full((9,), 0.5)),
    lambda: torch.multinomial(torch.ones(9), 3), lambda: torch.rand(3, device="cpu:1"),
    lambda: torch.rand(3, device="cuda").cpu(), lambda: torch.normal(0.0, 1.0, (3,)),
    lambda: torch.zeros(9).bernoulli_(0.3), lambda: torch.rand_like(torch.zeros(3)),
    lambda: torch.randn(3, dtype=torch.float64), lambda: torch.randint(3, 9, (4,))])
def test_a_seed_repeats_what_follows(draw):
    torch.manual_seed(3)
    first, second = draw(), draw()
    assert not torch.equal(first, second)
    torch.manual_seed(3)
    assert torch.equal(draw(), first) and torch.equal(draw(), second)


def test_devices_draw_different_numbers_from_one_seed():
    torch.manual_seed(0)
    drawn = [torch.rand(4, device=d).cpu() for d in ("cpu", "cpu:1", "cuda", "cuda:1")]
    assert len({tuple(x.tolist()) for x in drawn}) == 4


def test_a_device_met_later_starts_from_the_same_seed():
    torch.manual_seed(5)
    expected = Generator("cpu:7").manual_seed(5).numpy.random(3)
    np.testing.assert_array_equal(generator(Device("cpu:7")).numpy.random(3), expected)


def test_the_state_can_be_kept_and_put_back():
    state = torch.get_rng_state()
    first = torch.rand(3)
    torch.set_rng_state(state)
    assert torch.equal(torch.rand(3), first)


def test_a_generator_of_its_own_leaves_the_default_one_alone():
    own = torch.Generator().manual_seed(1)
    state = torch.get_rng_state()
    first = torch.rand(3, generator=own)
    assert torch.equal(first, torch.rand(3, generator=torch.Generator().manual_seed(1)))
    assert torch.get_rng_state() == state
    assert own.initial_seed() == 1
    assert Generator().initial_seed() != Generator().initial_seed()


@pytest.mark.parametrize("seed", [0, -1, 2**63, -2**63, np.int64(4)])
def test_any_whole_number_is_a_seed(seed):
    assert manual_seed(seed).initial_seed() == seed


@pytest.mark.parametrize("seed", [1.0, "1", None, True])
def test_what_is_no_whole_number_is_refused(seed):
    with pytest.raises(TypeError, match="expected an integer"):
        manual_seed(seed)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_moments_of_what_is_drawn(dtype):
    manual_seed(0)
    u = uniform((20_000,), -1, 3, dtype, CPU).astype(np.float64)
    n = normal((20_000,), 2, 0.5, dtype, CPU).astype(np.float64)
    assert u.min() >= -1 and u.max() <= 3
    assert abs(u.mean() - 1) < 0.03 and abs(u.var() - 16 / 12) < 0.03
    assert abs(n.mean() - 2) < 0.02 and abs(n.std() - 0.5) < 0.02


def test_integers_and_permutations():
    k = integers((1000,), -2, 3, np.int64, CPU)
    assert set(k.tolist()) == {-2, -1, 0, 1, 2}
    assert integers((), 0, 5, np.int32, CPU).dtype == np.int32
    assert sorted(permutation(10, CPU).tolist()) == list(range(10))
    assert sorted(to_host(permutation(4, Device("cuda"))).tolist()) == [0, 1, 2, 3]


def test_one_generator_in_four_threads_gives_each_number_once():
    own = Generator().manual_seed(0)
    found = []

    def draw():
        found.extend(uniform((2000,), 0, 1, np.float64, CPU, own).tolist())

    threads = [threading.Thread(target=draw) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    expected = Generator().manual_seed(0).numpy.random(8000)
    assert sorted(found) == sorted(expected.tolist())


def test_manual_seed_from_several_threads():
    def seed_and_draw():
        for k in range(50):
            torch.manual_seed(k)
            torch.rand(2)

    threads = [threading.Thread(target=seed_and_draw) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(30)
    assert not any(t.is_alive() for t in threads)
    torch.manual_seed(8)
    assert torch.equal(torch.rand(2), (torch.manual_seed(8), torch.rand(2))[1])
