"""Draws of the composed distributions; all else is compared in test_golden.py."""
import math

import numpy as np
import pytest

import pedagogic_nn as torch


@pytest.mark.parametrize("draw, quantiles", [
    (lambda x: x.exponential_(2), {0.25: -math.log(0.75) / 2, 0.75: -math.log(0.25) / 2}),
    (lambda x: x.cauchy_(1, 2), {0.4: 1 - 2 * math.tan(0.1 * math.pi), 0.5: 1.0}),
    (lambda x: x.log_normal_(0.5, 0.5), {0.5: math.exp(0.5)}),
    (lambda x: x.geometric_(0.25), {0.2: 1.0, 0.5: 3.0})])
def test_quantiles_are_those_of_the_distribution(draw, quantiles):
    torch.manual_seed(0)
    x = draw(torch.zeros(20_000))
    for q, expected in quantiles.items():
        assert np.quantile(x.numpy(), q) == pytest.approx(expected, rel=0.05, abs=0.1)


def test_draws_follow_the_seed_and_stay_in_place():
    torch.manual_seed(3)
    first = torch.zeros(4)
    assert first.exponential_() is first
    torch.manual_seed(3)
    assert torch.zeros(4).exponential_().tolist() == first.tolist()


def test_a_list_becomes_float64_without_a_stop_at_float32():
    assert torch.tensor([0.9], dtype=torch.float64).item() == 0.9
    assert torch.tensor([2**53 + 1], dtype=torch.int64).item() == 2**53 + 1


def test_multinomial_as_a_method():
    assert torch.tensor([0.0, 1.0, 0.0]).multinomial(1).tolist() == [1]
