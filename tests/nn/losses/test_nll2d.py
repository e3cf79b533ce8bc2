import inspect

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn


def test_it_is_nll_loss_and_says_so():
    with pytest.warns(FutureWarning, match="NLLLoss takes pictures too") as caught:
        old = nn.NLLLoss2d(torch.tensor([0.5, 2.0, 1.0]), size_average=False)
    assert caught[0].filename == __file__
    x, t = torch.randn(2, 3, 4, 5), torch.randint(3, (2, 4, 5))
    new = nn.NLLLoss(torch.tensor([0.5, 2.0, 1.0]), reduction="sum")
    assert old(x, t).item() == new(x, t).item()
    assert isinstance(old, nn.NLLLoss) and repr(old) == "NLLLoss2d()"
    assert inspect.signature(nn.NLLLoss2d) == inspect.signature(nn.NLLLoss)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_by_hand():
    x = -torch.arange(8.0).reshape(1, 2, 2, 2)
    x.requires_grad = True
    loss = nn.NLLLoss2d()(x, torch.tensor([[[0, 1], [1, 0]]]))
    loss.backward()
    assert loss.item() == (0 + 5 + 6 + 3) / 4
    np.testing.assert_array_equal(
        x.grad.numpy(), [[[[-0.25, 0], [0, -0.25]], [[0, -0.25], [-0.25, 0]]]])


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_errors_carry_its_name():
    with pytest.raises(IndexError, match=r"NLLLoss2d: target\[0, 1, 0\] is 2"):
        nn.NLLLoss2d()(torch.zeros(1, 2, 2, 1), torch.tensor([[[0], [2]]]))
