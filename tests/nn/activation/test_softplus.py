import math

import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.activation.softplus import (
    log_sigmoid_backward,
    log_sigmoid_backward_one,
    log_sigmoid_forward,
    log_sigmoid_one,
    logsigmoid,
    softplus,
    softplus_backward,
    softplus_backward_one,
    softplus_forward,
    softplus_one,
)
from tests.harness import case, gradient_tests
from tests.nn.activation.pattern import activation_tests

test_backends, test_gradients, test_formulas = activation_tests(
    softplus, (softplus_forward, softplus_one),
    (softplus_backward, softplus_backward_one), beta=2.0, threshold=1.0)
test_sharper_gradients = gradient_tests([case(softplus, input=(3, 4), beta=2.0)])
test_log_backends, test_log_gradients, test_log_formulas = activation_tests(
    logsigmoid, (log_sigmoid_forward, log_sigmoid_one),
    (log_sigmoid_backward, log_sigmoid_backward_one))


def test_softplus_by_hand():
    x = torch.tensor([0.0, math.log(3.0)], dtype=torch.float64, requires_grad=True)
    y = nn.Softplus()(x)
    y.sum().backward()
    assert y.tolist() == pytest.approx([math.log(2), math.log(4)])
    assert x.grad.tolist() == pytest.approx([1 / 2, 3 / 4])


def test_above_the_threshold_it_is_its_input():
    x = torch.tensor([1.0, 1.5], requires_grad=True)
    y = softplus(x, beta=2, threshold=2.5)              # 2 · 1 is below, 2 · 1.5 above
    y.sum().backward()
    assert y[0].item() == pytest.approx(math.log1p(math.exp(2)) / 2)
    assert y[1].item() == 1.5 and x.grad[1].item() == 1


def test_a_threshold_far_out_does_not_overflow():
    assert softplus(torch.tensor([1000.0]), threshold=1e6).item() == 1000


def test_log_sigmoid_by_hand():
    x = torch.tensor([-1000.0, 0.0, 1000.0], requires_grad=True)
    y = nn.LogSigmoid()(x)
    y.sum().backward()
    assert y.tolist() == pytest.approx([-1000, -math.log(2), 0])
    assert x.grad.tolist() == [1, 0.5, 0]
