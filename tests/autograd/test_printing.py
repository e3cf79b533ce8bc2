"""Printing; what PyTorch prints is compared in test_golden.py."""
import pickle

import pytest

import pedagogic_nn as torch


@pytest.fixture
def usual_options():
    yield
    torch.set_printoptions(profile="default")


def test_the_past_and_the_place_are_named():
    x = torch.ones(2, requires_grad=True)
    assert repr(x) == "tensor([1., 1.], requires_grad=True)"
    assert repr(x * 2) == "tensor([2., 2.], grad_fn=<MulBackward>)"
    assert repr(x.detach().cuda()) == "tensor([1., 1.], device='cuda:0')"
    assert repr(x.detach().to("cpu:2")) == "tensor([1., 1.], device='cpu:2')"
    assert repr(torch.tensor(3.0, device="cuda")) == "tensor(3., device='cuda:0')"


def test_long_suffixes_get_a_line_of_their_own():
    x = torch.arange(12.0, requires_grad=True)
    assert repr(x).split("\n") == [
        "tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11.],",
        "       requires_grad=True)"]


def test_options_are_kept_until_they_are_changed(usual_options):
    torch.set_printoptions(precision=2)
    assert repr(torch.tensor([0.123])) == "tensor([0.12])"
    torch.set_printoptions(edgeitems=1, threshold=3)
    assert repr(torch.arange(5)) == "tensor([0,  ..., 4])"
    torch.set_printoptions(profile="default")
    assert repr(torch.tensor([0.123])) == "tensor([0.1230])"


def test_a_large_tensor_prints_at_once():
    text = repr(torch.zeros(1000, 1000, 3))
    assert text.count("...") == 1 + 6 and text.count("0.") == 6 * 6 * 3


def test_results_with_indices_print_as_pytorch_prints_them():
    x = torch.tensor([[3, 1]])
    assert repr(x.max(1)) == (
        "torch.return_types.max(\nvalues=tensor([3]),\nindices=tensor([0]))")
    results = {"sort": x.sort(), "topk": x.topk(1), "kthvalue": x.kthvalue(1),
               "median": x.median(1), "min": x.min(1)}
    for name, result in results.items():
        assert type(result) is getattr(torch.return_types, name)
        assert repr(result).startswith(f"torch.return_types.{name}(\nvalues=")
        assert pickle.loads(pickle.dumps(result)).indices.equal(result.indices)
