"""The detector of NaN: it names the operation and the line, and else changes nothing."""
import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import autograd


def a_line_of_mine(x):
    return x.sqrt() * 0


def test_it_names_the_operation_and_the_line():
    x = torch.zeros(3, requires_grad=True)
    with autograd.detect_anomaly():
        assert autograd.is_anomaly_enabled()
        loss = a_line_of_mine(x).sum()
        with pytest.raises(RuntimeError, match="SqrtBackward: .* input 0 is NaN") as e:
            loss.backward()
    assert "in a_line_of_mine" in str(e.value) and "autograd/function" not in str(e.value)
    assert not autograd.is_anomaly_enabled()
    a_line_of_mine(x).sum().backward()                   # off: as always
    assert np.isnan(x.grad.numpy()).all()


def test_the_same_gradients_where_there_is_no_nan():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with autograd.set_detect_anomaly(True):
        (x * x).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [2, 4])


def test_at_once_and_without_looking_for_nan():
    x = torch.zeros(1, requires_grad=True)
    autograd.set_detect_anomaly(True, check_nan=False)
    try:
        assert not autograd.is_anomaly_check_nan_enabled()
        a_line_of_mine(x).sum().backward()
        assert np.isnan(x.grad.numpy()).all()
    finally:
        autograd.set_detect_anomaly(False)
    assert not autograd.is_anomaly_enabled() and autograd.is_anomaly_check_nan_enabled()


class Broken(autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, grad):
        raise KeyError("lost")


def test_an_error_in_backward_carries_the_line():
    x = torch.ones(1, requires_grad=True)
    with autograd.detect_anomaly(), pytest.raises(KeyError, match="lost") as e:
        Broken.apply(x).backward()
    (note,) = e.value.__notes__
    assert "BrokenBackward" in note and "Broken.apply(x)" in note


def test_recorded_before_it_was_on():
    x = torch.zeros(1, requires_grad=True)
    loss = a_line_of_mine(x)
    with autograd.detect_anomaly(), pytest.raises(RuntimeError, match="before the detec"):
        loss.backward()
