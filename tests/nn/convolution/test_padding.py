import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn


def test_by_hand():
    x = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]], requires_grad=True)
    y = nn.ReplicationPad2d((1, 0, 0, 1))(x)
    assert y.tolist() == [[[1, 1, 2], [3, 3, 4], [3, 3, 4]]]
    y.sum().backward()
    assert x.grad.tolist() == [[[2, 1], [4, 2]]]


def test_what_it_expected():
    with pytest.raises(TypeError, match="padding must be a whole number or 4 of them"):
        nn.ReflectionPad2d(1.5)
    with pytest.raises(RuntimeError, match="two numbers for each axis"):
        nn.ZeroPad1d((1, 2, 3))(torch.ones(1, 1, 3))
    with pytest.raises(RuntimeError, match=r"2 axes at \*, got shape \(3, 4\)"):
        nn.ReflectionPad2d(1)(torch.ones(3, 4))
