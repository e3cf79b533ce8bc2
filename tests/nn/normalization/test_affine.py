"""The weight and the bias of every normalization."""
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn

MAKERS = [lambda **options: nn.LayerNorm(3, **options),
          lambda **options: nn.GroupNorm(1, 3, **options),
          lambda **options: nn.BatchNorm1d(3, **options)]


@pytest.mark.parametrize("make", MAKERS)
def test_they_begin_at_1_and_0_and_are_reset_to_them(make):
    norm = make(dtype=torch.float64)
    for _ in range(2):
        assert norm.weight.tolist() == [1, 1, 1] and norm.bias.tolist() == [0, 0, 0]
        assert norm.weight.dtype == norm.bias.dtype == torch.float64
        norm.weight.data.fill_(5)
        norm.bias.data.fill_(5)
        norm.reset_parameters()


@pytest.mark.parametrize("make", MAKERS)
def test_a_norm_without_bias_keeps_its_name(make):
    norm = make(bias=False)
    assert norm.bias is None and [name for name, _ in norm.named_parameters()] == [
        "weight"]
    norm.reset_parameters()
