"""What all activations share: whole numbers, half precision, in place, strides."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import pedagogic_nn as torch
import pedagogic_nn.nn.functional as F
from pedagogic_nn import nn
from pedagogic_nn.backend import reference

ACTIVATIONS = {
    "relu": {}, "sigmoid": {}, "tanh": {}, "relu6": {}, "logsigmoid": {}, "softsign": {},
    "tanhshrink": {}, "silu": {}, "mish": {}, "gelu": {"approximate": ("none", "tanh")},
    "leaky_relu": {"negative_slope": (0.01, 0, -0.5, 2)}, "elu": {"alpha": (1, 0.3, -1)},
    "selu": {}, "hardsigmoid": {}, "hardswish": {}, "celu": {"alpha": (1, 0.3, -2)},
    "softplus": {"beta": (1, 0.5, 3), "threshold": (20, 1)},
    "hardtanh": {"min_val": (-1, -0.5), "max_val": (1, 2.5)},
    "softshrink": {"lambd": (0.5, 0)}, "hardshrink": {"lambd": (0.5, 0)},
    "threshold": {"threshold": (0.1, -1), "value": (20, -0.5)},
}
IN_PLACE = ["relu", "relu6", "leaky_relu", "elu", "selu", "celu", "silu", "mish",
            "hardtanh", "threshold", "hardsigmoid", "hardswish"]
KEPT, REAL = {"relu", "relu6", "hardtanh", "threshold"}, {"sigmoid", "tanh", "softsign",
                                                          "tanhshrink"}


def first_options(name):
    return {key: values[0] for key, values in ACTIVATIONS[name].items()}


def outcome(name, x, options):
    leaf = torch.from_numpy(x).requires_grad_()
    y = getattr(F, name)(leaf, **options)
    weights = np.cos(np.arange(x.size, dtype=x.dtype)).reshape(x.shape)
    y.backward(torch.from_numpy(weights))
    return y.detach().numpy(), leaf.grad.numpy()


@settings(max_examples=40, deadline=None)
@given(data=st.data(), name=st.sampled_from(sorted(ACTIVATIONS)),
       dtype=st.sampled_from([np.float32, np.float64]),
       shape=arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5),
       scale=st.sampled_from([1e-3, 1, 10, 1e4]), step=st.sampled_from([1, 2, -1]))
def test_every_shape_stride_and_option_agrees_with_the_reference(
        data, name, dtype, shape, scale, step):
    options = {key: data.draw(st.sampled_from(values))
               for key, values in ACTIVATIONS[name].items()}
    rng = np.random.default_rng(len(shape))
    wide = rng.standard_normal((*shape, 2)).astype(dtype) * dtype(scale)
    x = wide[::step, ..., 0] if shape else wide[0, ...]
    with reference():
        expected = outcome(name, x, options)
    for a, e in zip(outcome(name, x, options), expected):
        assert a.dtype == dtype and a.shape == x.shape
        # x - tanh x and 1 + erf x lose digits: their error is relative to x and to 1.
        close = 1e-6 if dtype == np.float32 else 1e-14
        largest = np.abs(x).max(initial=0)
        np.testing.assert_allclose(a, e, 10 * close, close * (largest + 1))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_whole_numbers_are_kept_or_become_real_or_are_refused(name):
    x, f = torch.tensor([-2, 0, 3]), getattr(F, name)
    if name in KEPT:
        assert f(x, **first_options(name)).dtype == torch.int64
    elif name in REAL:
        assert torch.equal(f(x), f(x.float()))
    else:
        with pytest.raises(NotImplementedError, match=r"real numbers, got int64.*\.flo"):
            f(x, **first_options(name))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_half_precision_is_computed_in_single_and_rounded(name):
    x = torch.tensor([-2.0, 0.25, 3.0])
    f, options = getattr(F, name), first_options(name)
    y = f(x.half(), **options)
    assert y.dtype == torch.float16
    assert torch.equal(y, f(x, **options).half())


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_writes_into_its_input_and_passes_the_same_gradient(name):
    f, options = getattr(F, name), first_options(name)
    x = torch.tensor([-2.0, 0.5, 3.0], requires_grad=True)
    expected = f(x, **options)
    expected.sum().backward()
    gradient, x.grad = x.grad, None
    h = x * 1
    y = f(h, inplace=True, **options)
    assert y is h and torch.equal(y, expected)
    y.sum().backward()
    assert torch.equal(x.grad, gradient)
    data = x.detach().clone()
    assert f(data, inplace=True, **options) is data and torch.equal(data, expected)
    with pytest.raises(RuntimeError, match="leaf"):
        f(x, inplace=True, **options)


@pytest.mark.parametrize("made, words", [
    (nn.LeakyReLU(0.2, True), "LeakyReLU(negative_slope=0.2, inplace=True)"),
    (nn.ELU(2.0), "ELU(alpha=2.0)"), (nn.ELU(1, True), "ELU(alpha=1, inplace=True)"),
    (nn.GELU("tanh"), "GELU(approximate='tanh')"), (nn.SiLU(), "SiLU()"),
    (nn.SiLU(True), "SiLU(inplace=True)"), (nn.Mish(True), "Mish(inplace=True)"),
    (nn.Softplus(2, 3), "Softplus(beta=2, threshold=3)"),
    (nn.Softplus(), "Softplus(beta=1.0, threshold=20.0)"),
    (nn.LogSigmoid(), "LogSigmoid()"),
    (nn.Hardtanh(-2, 2, True), "Hardtanh(min_val=-2, max_val=2, inplace=True)"),
    (nn.ReLU6(), "ReLU6()"), (nn.ReLU6(True), "ReLU6(inplace=True)"),
    (nn.Softshrink(0.2), "Softshrink(0.2)"), (nn.Hardshrink(), "Hardshrink(0.5)"),
    (nn.Tanhshrink(), "Tanhshrink()"), (nn.Softsign(), "Softsign()"),
    (nn.Threshold(0.1, 20), "Threshold(threshold=0.1, value=20)"),
    (nn.Threshold(1, 2, True), "Threshold(threshold=1, value=2, inplace=True)"),
    (nn.PReLU(3), "PReLU(num_parameters=3)"), (nn.ReLU(True), "ReLU(inplace=True)")],
    ids=lambda made: type(made).__name__)
def test_repr(made, words):
    assert repr(made) == words


@pytest.mark.parametrize("option", [None, [1], "a"])
@pytest.mark.parametrize("name", ["leaky_relu", "elu", "softplus", "hardshrink"])
def test_an_option_that_is_no_number_is_refused(name, option):
    for extra in ({}, {"inplace": True}):
        if not extra or name in IN_PLACE:
            with pytest.raises(TypeError, match="expected a number"):
                getattr(F, name)(torch.zeros(2), option, **extra)


@pytest.mark.parametrize("name", ["softsign", "tanhshrink"])
def test_true_and_false_are_not_subtracted(name):
    with pytest.raises(RuntimeError, match="input must hold numbers, got bool"):
        getattr(F, name)(torch.tensor([True]))


def test_approximate_is_a_word():
    with pytest.raises(TypeError, match="'none' or 'tanh', got None"):
        F.gelu(torch.zeros(2), None)
    with pytest.raises(RuntimeError, match="'none' or 'tanh', got 'x'"):
        F.gelu(torch.zeros(2), "x")


def test_a_value_that_whole_numbers_cannot_take_is_refused():
    with pytest.raises(RuntimeError, match="threshold: nan does not fit into int64"):
        F.threshold(torch.tensor([1]), 0, float("nan"))
    with pytest.raises(RuntimeError, match="hardtanh: inf does not fit into int64"):
        F.hardtanh(torch.tensor([1]), 0, float("inf"))
    assert F.hardtanh(torch.tensor([-2, 3]), -1.5, 2.5).tolist() == [-1, 2]


@pytest.mark.parametrize("name", sorted(KEPT))
def test_true_and_false_are_no_numbers(name):
    with pytest.raises(RuntimeError, match="expected real numbers, got bool"):
        getattr(F, name)(torch.tensor([True, False]), **first_options(name))
