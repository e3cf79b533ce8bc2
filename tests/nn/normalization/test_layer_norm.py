import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.functional import layer_norm
from pedagogic_nn.nn.normalization.layer_norm import (
    ROWS,
    layer_norm_backward,
    layer_norm_forward,
)
from pedagogic_nn.nn.normalization.statistics import BLOCK
from tests.harness import (
    backend_tests,
    case,
    check_backend,
    fixed,
    gradient_tests,
    uniform,
)


def forward(n, d, x=None):
    return case(
        layer_norm_forward, x=(n, d) if x is None else x, weight=(d,), bias=(d,), eps=1e-5
    )


def backward(n, d):
    return case(
        layer_norm_backward,
        dy=(n, d),
        x=(n, d),
        mean=(n,),
        variance=uniform(n, low=0.5),
        weight=(d,),
        eps=1e-5,
    )


SHAPES = [(3, 5), (1, 2), (0, 4), (ROWS + 3, 2), (2, 40)]
CASES = [
    *(forward(*shape) for shape in SHAPES),
    forward(2, 5, uniform(2, 5, low=99, high=101)),
    forward(2, 3, np.full((2, 3), 7, np.float32)),
    forward(2, BLOCK + 1),
    *(backward(*shape) for shape in SHAPES),
]
test_backends = backend_tests(CASES)
test_gradients = gradient_tests(
    [
        case(
            layer_norm, input=(3, 5), normalized_shape=fixed((5,)), weight=(5,), bias=(5,)
        ),
        case(
            layer_norm,
            input=(2, 3, 4),
            normalized_shape=fixed((3, 4)),
            weight=(3, 4),
            bias=None,
        ),
        case(
            layer_norm,
            input=(ROWS + 2, 3),
            normalized_shape=fixed((3,)),
            weight=(3,),
            bias=(3,),
        ),
        case(layer_norm, input=(4,), normalized_shape=fixed((4,))),
    ]
)


def test_by_hand():
    """1 and 3: mean 2, variance 1."""
    norm = nn.LayerNorm(2, eps=1e-12)
    y = norm(torch.tensor([1.0, 3.0]))
    np.testing.assert_allclose(y.detach().numpy(), [-1, 1], rtol=1e-6)


def test_examples_do_not_meet():
    norm, x = nn.LayerNorm((3, 4)), torch.randn(5, 3, 4)
    np.testing.assert_array_equal(
        norm(x)[2].detach().numpy(), norm(x[2]).detach().numpy()
    )
    np.testing.assert_array_equal(
        norm.eval()(x).detach().numpy(), norm.train()(x).detach().numpy()
    )


def test_one_feature_is_its_mean():
    x = torch.randn(4, 1, requires_grad=True)
    y = nn.LayerNorm(1)(x)
    y.sum().backward()
    assert y.tolist() == [[0.0]] * 4
    np.testing.assert_allclose(x.grad.numpy(), 0, atol=1e-3)  # 1 / √ε times a rounding


def test_a_mean_far_from_zero():
    x = (1e4 + np.random.default_rng(0).normal(0, 1, (3, 2000))).astype(np.float32)
    y = nn.LayerNorm(2000)(torch.from_numpy(x)).detach().numpy()
    exact = x.astype(np.float64)
    exact = (exact - exact.mean(1, keepdims=True)) / exact.std(1, keepdims=True)
    np.testing.assert_allclose(y, exact, atol=1e-3)


def test_threads_agree():
    x, results, before = torch.randn(2100, 128), [], torch.get_num_threads()
    for threads in (1, 2):
        torch.set_num_threads(threads)
        norm, given = nn.LayerNorm(128), x.clone().requires_grad_()
        y = norm(given)
        (y * x).sum().backward()
        results.append([y, given.grad, norm.weight.grad, norm.bias.grad])
    torch.set_num_threads(before)
    for one, two in zip(*results):
        np.testing.assert_array_equal(one.detach().numpy(), two.detach().numpy())


def test_half_precision_computes_in_float32():
    x = (torch.randn(3, 50) * 100).half().requires_grad_()
    norm = nn.LayerNorm(50)
    y = norm(x)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == torch.float16
    assert norm.weight.grad.dtype == torch.float32
    np.testing.assert_allclose(y.float().detach().numpy().std(1), 1, rtol=2e-3)


def test_not_a_number_stays_in_its_row():
    x = torch.tensor([[1.0, np.inf, 2.0], [1.0, 2.0, np.nan], [1.0, 2.0, 3.0]])
    y = nn.LayerNorm(3)(x).detach().numpy()
    assert np.isnan(y[:2]).all() and np.isfinite(y[2]).all()


@settings(max_examples=20, deadline=None)
@given(
    n=st.integers(0, 5),
    d=st.integers(2, 6),
    far=st.sampled_from([0.0, 1.0, -50.0]),
    wide=st.booleans(),
    seed=st.integers(0, 99),
)
def test_any_shape(n, d, far, wide, seed):
    rng = np.random.default_rng(seed)
    dtype = np.float64 if wide else np.float32
    x = (rng.standard_normal((n, d)) + far).astype(dtype)
    w, b = rng.standard_normal((2, d)).astype(dtype)
    check_backend(case(layer_norm_forward, x=x, weight=w, bias=b, eps=0.1), "cpu", 1e-4)
    check_backend(
        case(
            layer_norm_backward,
            dy=x,
            x=x,
            mean=x.sum(1),
            variance=abs(x.sum(1)),
            weight=w,
            eps=0.1,
        ),
        "cpu",
        1e-4,
    )


def test_says_what_it_expected():
    with pytest.raises(
        RuntimeError,
        match=r"normalized_shape \(3,\) must be the last "
        r"axes of the input, got input of shape \(2, 4\)",
    ):
        nn.LayerNorm(3)(torch.zeros(2, 4))
    with pytest.raises(RuntimeError, match="must be the last axes"):
        nn.LayerNorm((2, 3))(torch.zeros(3))
    with pytest.raises(RuntimeError, match="must name at least one axis"):
        nn.LayerNorm([])
    with pytest.raises(TypeError, match="a sequence of sizes, got 2.5"):
        nn.LayerNorm(2.5)
    with pytest.raises(RuntimeError, match=r"weight must have normalized_shape \(3,\)"):
        layer_norm(torch.zeros(2, 3), (3,), torch.ones(4))
    with pytest.raises(RuntimeError, match="input is float64 and weight is float32"):
        nn.LayerNorm(3)(torch.zeros(2, 3).double())
    with pytest.raises(RuntimeError, match="floating-point input, got int64"):
        nn.LayerNorm(3)(torch.zeros(2, 3).long())
