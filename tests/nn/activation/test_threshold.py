import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.activation.threshold import (
    threshold,
    threshold_backward,
    threshold_backward_one,
    threshold_forward,
    threshold_one,
)
from tests.nn.activation.pattern import activation_tests


def above_a_tenth(input):
    return threshold(input, 0.1, 0.1)           # no jump, which small steps would meet


test_backends, test_gradients, test_formulas = activation_tests(
    above_a_tenth, (threshold_forward, threshold_one),
    (threshold_backward, threshold_backward_one), threshold=0.1, value=20.0)


def test_by_hand():
    x = torch.tensor([0.0, 1.0, 2.0], requires_grad=True)
    y = nn.Threshold(1, 20)(x)
    y.sum().backward()
    assert y.tolist() == [20, 20, 2]                # 1 is not above the threshold 1
    assert x.grad.tolist() == [0, 0, 1]


def test_numbers_are_cut_to_whole_ones_for_whole_numbers():
    y = torch.threshold(torch.arange(4), 1.5, 2.5)
    assert y.dtype == torch.int64 and y.tolist() == [2, 2, 2, 3]
