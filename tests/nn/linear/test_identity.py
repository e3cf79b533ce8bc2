import pedagogic_nn as torch
from pedagogic_nn import nn


def test_it_gives_its_input_back():
    layer, x = nn.Identity(54, unused_argument=0.1), torch.randn(2, 3, requires_grad=True)
    assert layer(x) is x
    layer(x).sum().backward()
    assert (x.grad == 1).all()
    assert repr(layer) == "Identity()" and not list(layer.parameters())
