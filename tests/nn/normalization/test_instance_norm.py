import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.functional import instance_norm
from tests.harness import case, gradient_tests


def without_buffers(input, weight, bias):
    return instance_norm(input, None, None, weight, bias)


def from_buffers(input, weight, bias):
    C = input.shape[1]
    mean = torch.arange(C, dtype=input.dtype, device=input.device)
    return instance_norm(input, mean, mean + 0.5, weight, bias, use_input_stats=False)


test_gradients = gradient_tests(
    [
        case(without_buffers, input=(2, 3, 4), weight=(3,), bias=(3,)),
        case(without_buffers, input=(1, 2, 5, 7), weight=None, bias=None),
        case(from_buffers, input=(2, 3, 4), weight=(3,), bias=(3,)),
    ]
)


def test_by_hand():
    y = nn.InstanceNorm1d(1, eps=1e-12)(torch.tensor([[[1.0, 3.0]], [[10.0, 30.0]]]))
    np.testing.assert_allclose(y.numpy(), [[[-1, 1]], [[-1, 1]]], rtol=1e-6)


def test_one_example_needs_no_batch_axis():
    norm, x = nn.InstanceNorm2d(3, affine=True), torch.randn(2, 3, 4, 4)
    alone = norm(x[1])
    assert alone.shape == (3, 4, 4)
    np.testing.assert_array_equal(alone.detach().numpy(), norm(x)[1].detach().numpy())


def test_running_statistics_are_averages_over_the_batch():
    norm, x = nn.InstanceNorm1d(2, track_running_stats=True), torch.randn(3, 2, 5)
    norm(x)
    np.testing.assert_allclose(
        norm.running_mean.numpy(), 0.1 * x.numpy().mean((0, 2)), rtol=1e-5
    )
    variance = x.numpy().var(2, ddof=1).mean(0)
    np.testing.assert_allclose(norm.running_var.numpy(), 0.9 + 0.1 * variance, rtol=1e-5)
    assert norm.num_batches_tracked.item() == 0  # PyTorch counts in BatchNorm only
    y = norm.eval()(x).detach().numpy()
    mean, std = norm.running_mean.numpy(), np.sqrt(norm.running_var.numpy() + 1e-5)
    np.testing.assert_allclose(
        y, (x.numpy() - mean[:, None]) / std[:, None], rtol=1e-4, atol=1e-6
    )


def test_running_statistics_on_a_gpu():
    one, x = nn.InstanceNorm1d(2, track_running_stats=True), torch.randn(3, 2, 5)
    two = nn.InstanceNorm1d(2, track_running_stats=True, device="cuda")
    one(x), two(x.cuda())
    np.testing.assert_allclose(two.running_var.tolist(), one.running_var.tolist(), 1e-6)


def test_an_empty_batch():
    norm = nn.InstanceNorm1d(2, affine=True, track_running_stats=True)
    y = norm(torch.zeros(0, 2, 5))
    y.sum().backward()
    assert y.shape == (0, 2, 5) and norm.running_mean.tolist() == [0, 0]
    assert norm.weight.grad.tolist() == [0, 0]


def test_other_channels_are_a_warning_or_an_error():
    with pytest.warns(UserWarning, match="reads 3 channels, got 4.*makes no difference"):
        nn.InstanceNorm1d(3)(torch.randn(2, 4, 5))
    with pytest.raises(ValueError, match="reads 3 channels, got 4"):
        nn.InstanceNorm1d(3, affine=True)(torch.randn(2, 4, 5))


def test_says_what_it_expected():
    with pytest.raises(ValueError, match=r"one value per channel.*\(2, 3, 1\)"):
        nn.InstanceNorm1d(3)(torch.zeros(2, 3, 1))
    with pytest.raises(ValueError, match=r"InstanceNorm2d\(3\) reads input of shape"):
        nn.InstanceNorm2d(3)(torch.zeros(2, 3))
    with pytest.raises(RuntimeError, match="needs running_mean and running_var"):
        instance_norm(torch.zeros(2, 3, 2), use_input_stats=False)
    with pytest.raises(RuntimeError, match="running_mean must have one element for each"):
        instance_norm(torch.zeros(2, 3, 2), torch.zeros(4), torch.ones(4))


def test_affine_is_off_unless_asked_for():
    assert list(nn.InstanceNorm1d(3).state_dict()) == []
    assert list(nn.InstanceNorm1d(3, affine=True).state_dict()) == ["weight", "bias"]
