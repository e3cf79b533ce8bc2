import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.functional import group_norm
from pedagogic_nn.nn.normalization.group_norm import (
    group_norm_backward,
    group_norm_forward,
)
from tests.harness import backend_tests, case, check_backend, gradient_tests, uniform

LONG = 33  # a channel that has a loop of its own; shorter ones share one


def forward(shape, groups):
    C = shape[1]
    return case(
        group_norm_forward, x=shape, weight=(C,), bias=(C,), groups=groups, eps=1e-5
    )


def backward(shape, groups):
    C, statistics = shape[1], (shape[0], groups)
    return case(
        group_norm_backward,
        dy=shape,
        x=shape,
        mean=statistics,
        variance=uniform(*statistics, low=0.5),
        weight=(C,),
        eps=1e-5,
    )


SHAPES = [
    ((2, 6, 3), 2),
    ((3, 4, 1), 1),
    ((2, 3, 4), 3),
    ((1, 2, LONG), 1),
    ((2, 2, LONG), 2),
    ((0, 4, 2), 2),
    ((1, 1, 2), 1),
]
CASES = [*(forward(*row) for row in SHAPES), *(backward(*row) for row in SHAPES)]
test_backends = backend_tests(CASES)
test_gradients = gradient_tests(
    [
        case(group_norm, input=(2, 6, 3), num_groups=2, weight=(6,), bias=(6,)),
        case(group_norm, input=(3, 6), num_groups=3, weight=(6,), bias=(6,)),
        case(group_norm, input=(1, 4, 5, 7), num_groups=2, weight=(4,), bias=None),
        case(group_norm, input=(2, 2, LONG), num_groups=2, weight=(2,), bias=(2,)),
        case(group_norm, input=(2, 4, 2), num_groups=1, weight=None, bias=None),
    ]
)


def test_by_hand():
    """1 and 3 have mean 2 and variance 1; 10 and 30 have mean 20 and variance 100."""
    y = nn.GroupNorm(2, 4, eps=1e-12)(torch.tensor([[1.0, 3.0, 10.0, 30.0]]))
    np.testing.assert_allclose(y.detach().numpy(), [[-1, 1, -1, 1]], rtol=1e-6)


@pytest.mark.parametrize("shape", [(2, 6, 3), (2, 6, LONG)])
def test_one_group_is_layer_norm_and_many_are_instance_norm(shape):
    x = torch.randn(*shape)
    one = group_norm(x, 1).numpy()
    np.testing.assert_allclose(
        one, nn.functional.layer_norm(x, shape[1:]).numpy(), rtol=1e-5, atol=1e-5
    )
    many = group_norm(x, shape[1]).numpy()
    np.testing.assert_allclose(
        many, nn.functional.instance_norm(x).numpy(), rtol=1e-5, atol=1e-5
    )


def test_a_group_of_one_value_is_its_mean():
    """An error only if it is the only value of the channel, as in PyTorch."""
    y = group_norm(torch.randn(2, 4, 1), 4)
    np.testing.assert_array_equal(y.numpy(), 0)


def test_nothing_to_normalize():
    x = torch.zeros(2, 4, 0, requires_grad=True)
    norm = nn.GroupNorm(2, 4)
    norm(x).sum().backward()
    assert x.grad.shape == (2, 4, 0)
    assert norm.bias.grad.tolist() == [0, 0, 0, 0]


def test_threads_agree():
    before = torch.get_num_threads()
    for shape in [(140, 8, 256), (4200, 64)]:
        x, results = torch.randn(*shape), []
        for threads in (1, 2):
            torch.set_num_threads(threads)
            norm, given = nn.GroupNorm(4, shape[1]), x.clone().requires_grad_()
            (norm(given) * x).sum().backward()
            results.append([given.grad, norm.weight.grad, norm.bias.grad])
        torch.set_num_threads(before)
        for one, two in zip(*results):
            np.testing.assert_array_equal(one.numpy(), two.numpy())


@settings(max_examples=20, deadline=None)
@given(
    n=st.integers(0, 3),
    groups=st.integers(1, 3),
    k=st.integers(1, 3),
    l=st.integers(1, 4) | st.just(LONG),
    wide=st.booleans(),
    seed=st.integers(0, 99),
)
def test_any_shape(n, groups, k, l, wide, seed):
    rng = np.random.default_rng(seed)
    dtype, C = np.float64 if wide else np.float32, groups * k
    x, dy = rng.standard_normal((2, n, C, l)).astype(dtype)
    w, b = rng.standard_normal((2, C)).astype(dtype)
    mean, variance = rng.uniform(0, 1, (2, n, groups)).astype(dtype)
    check_backend(
        case(group_norm_forward, x=x, weight=w, bias=b, groups=groups, eps=0.1),
        "cpu",
        1e-4,
    )
    check_backend(
        case(
            group_norm_backward,
            dy=dy,
            x=x,
            mean=mean,
            variance=variance,
            weight=w,
            eps=0.1,
        ),
        "cpu",
        1e-4,
    )


def test_says_what_it_expected():
    with pytest.raises(
        ValueError,
        match="must be positive and divide num_channels, got 2 groups and 5 channels",
    ):
        nn.GroupNorm(2, 5)
    with pytest.raises(
        RuntimeError, match="got 2 groups and 5 channels in input of shape"
    ):
        nn.GroupNorm(2, 4)(torch.zeros(2, 5))
    with pytest.raises(
        RuntimeError, match="weight must have one element for each of the 6"
    ):
        nn.GroupNorm(2, 4)(torch.zeros(2, 6))
    with pytest.raises(RuntimeError, match=r"reads input of shape \(N, C\) or"):
        nn.GroupNorm(2, 4)(torch.zeros(4))
    with pytest.raises(ValueError, match=r"one value per group.*\(1, 4\)"):
        nn.GroupNorm(4, 4)(torch.zeros(1, 4))
    with pytest.raises(TypeError, match="num_groups must be a whole number, got 2.0"):
        group_norm(torch.zeros(2, 4), 2.0)
    with pytest.raises(RuntimeError, match="input is float64 and weight is float32"):
        nn.GroupNorm(2, 4)(torch.zeros(2, 4).double())
