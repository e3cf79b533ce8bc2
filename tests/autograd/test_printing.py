"""Printing; what PyTorch prints is compared in test_golden.py."""
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
