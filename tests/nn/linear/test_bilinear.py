import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.backend import reference
from pedagogic_nn.nn.linear import bilinear as file
from pedagogic_nn.nn.linear.bilinear import (
    bilinear,
    pair_products,
    pair_products_backward,
)
from tests.harness import backend_tests, case, gradient_tests, saturated

CASES = [
    case(pair_products, x1=(3, 4), x2=(3, 5)),
    case(pair_products, x1=(1, 1), x2=(1, 1)),
    case(pair_products, x1=(0, 2), x2=(0, 3)),
    case(pair_products, x1=saturated(2, 3), x2=(2, 4)),
    case(pair_products_backward, x1=(3, 4), x2=(3, 5), dp=(3, 20)),
    case(pair_products_backward, x1=(0, 2), x2=(0, 3), dp=(0, 6)),
    case(pair_products_backward, x1=np.ones((2, 1)), x2=np.ones((2, 3)),
         dp=np.ones((2, 3))),
]
test_backends = backend_tests(CASES)
test_gradients = gradient_tests([
    case(bilinear, input1=(2, 3), input2=(2, 4), weight=(5, 3, 4), bias=(5,)),
    case(bilinear, input1=(3,), input2=(4,), weight=(2, 3, 4)),
    case(bilinear, input1=(2, 2, 3), input2=(2, 2, 1), weight=(1, 3, 1), bias=(1,)),
    case(bilinear, input1=(0, 3), input2=(0, 4), weight=(2, 3, 4), bias=(2,)),
])


def test_by_hand():
    layer = nn.Bilinear(2, 2, 1)
    layer.weight.data.copy_(torch.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
    layer.bias.data.fill_(100)
    x1 = torch.tensor([[1.0, 10.0]], requires_grad=True)
    x2 = torch.tensor([[5.0, 7.0]], requires_grad=True)
    y = layer(x1, x2)
    y.backward()
    assert y.item() == 1 * 5 + 2 * 7 + 10 * (3 * 5 + 4 * 7) + 100
    assert x1.grad.tolist() == [[1 * 5 + 2 * 7, 3 * 5 + 4 * 7]]
    assert x2.grad.tolist() == [[1 + 30, 2 + 40]]
    assert layer.weight.grad.tolist() == [[[5, 7], [50, 70]]]
    assert layer.bias.grad.tolist() == [1]


@settings(max_examples=15, deadline=None)
@given(batch=st.lists(st.integers(0, 3), max_size=2), i=st.integers(1, 5),
       j=st.integers(0, 5), o=st.integers(0, 4), bias=st.booleans(),
       dtype=st.sampled_from([torch.float32, torch.float64]))
def test_every_shape_agrees_with_the_sum_in_the_docstring(batch, i, j, o, bias, dtype):
    layer = nn.Bilinear(i, j, o, bias=bias, dtype=dtype)
    x1 = torch.randn(*batch, 2 * i, dtype=dtype)[..., ::2]              # strided
    x2 = torch.randn(*batch, j, dtype=dtype)
    with reference():
        expected = np.einsum("oij,...i,...j->...o", layer.weight.detach().numpy(),
                             x1.numpy(), x2.numpy())
    expected = expected + (layer.bias.detach().numpy() if bias else 0)
    y = layer(x1, x2)
    assert y.dtype == dtype and y.shape == (*batch, o)
    np.testing.assert_allclose(y.detach().numpy(), expected, 1e-4, 1e-5)


def test_a_large_batch_in_blocks_gives_the_same(monkeypatch):
    layer, x1, x2 = nn.Bilinear(3, 4, 2), torch.randn(7, 3), torch.randn(7, 4)
    x1.requires_grad_()

    def outcome():
        x1.grad = None
        layer.zero_grad()
        y = layer(x1, x2)
        y.sum().backward()
        return [t.detach().numpy().copy() for t in (y, x1.grad, layer.weight.grad)]

    whole = outcome()
    monkeypatch.setattr(file, "BLOCK", 24)             # two rows of 12 products
    for a, b in zip(outcome(), whole):
        np.testing.assert_allclose(a, b, 1e-5, 1e-6)


def test_parameters_start_in_their_bounds():
    layer = nn.Bilinear(16, 3, 5)
    assert all(p.abs().max().item() <= 0.25 for p in layer.parameters())
    assert layer.weight.abs().max().item() > 0.2
    assert list(layer.state_dict()) == ["weight", "bias"]
    assert nn.Bilinear(2, 2, 2, bias=False).bias is None


@pytest.mark.parametrize("shapes, error, words", [
    (((2, 4), (2, 4)), RuntimeError, r"reads 3 features of input1, got shape \(2, 4\)"),
    (((2, 3), (2, 3)), RuntimeError, r"reads 4 features of input2, got shape \(2, 3\)"),
    (((2, 3), (1, 4)), RuntimeError, r"one batch, got shapes \(2, 3\) and \(1, 4\)"),
    (((), (4,)), IndexError, "input1 is a single number")])
def test_says_what_it_expected(shapes, error, words):
    with pytest.raises(error, match=words):
        nn.Bilinear(3, 4, 5)(*map(torch.zeros, shapes))


def test_dtypes_and_sizes_must_fit():
    x1, x2, weight = torch.zeros(2, 3), torch.zeros(2, 4), torch.zeros(5, 3, 4)
    with pytest.raises(RuntimeError, match="expected one dtype, got float"):
        bilinear(x1.double(), x2, weight)
    with pytest.raises(RuntimeError, match=r"got \(5, 3, 4\) and \(4,\)"):
        bilinear(x1, x2, weight, torch.zeros(4))
    with pytest.raises(RuntimeError, match=r"expected weight \(O, I, J\)"):
        bilinear(x1, x2, weight[0])
    with pytest.raises(ValueError, match="in1_features must be positive, got 0"):
        nn.Bilinear(0, 4, 5)
    assert torch.bilinear(x1, x2, weight).shape == (2, 5)


def test_repr():
    assert repr(nn.Bilinear(3, 4, 5)) == (
        "Bilinear(in1_features=3, in2_features=4, out_features=5, bias=True)")
