import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn.backend.op import reference
from pedagogic_nn.nn import functional
from pedagogic_nn.nn.losses.reduction import REDUCTIONS, reduction_of
from tests.harness import strided


@pytest.mark.parametrize("size_average, reduce, expected", [
    (None, None, "mean"), (True, None, "mean"), (False, None, "sum"),
    (None, True, "mean"), (False, True, "sum"), (True, False, "none"),
    (False, False, "none")])
def test_old_arguments_become_the_reduction(size_average, reduce, expected):
    assert reduction_of("L1Loss", "mean", size_average, reduce) == expected


def test_an_unknown_reduction_is_named():
    with pytest.raises(
            ValueError, match="reduction must be 'none', 'mean' or 'sum', got 'avg'"):
        reduction_of("L1Loss", "avg")


# ---- what the tape keeps -------------------------------------------------------------


def operands(*shape):
    x = torch.from_numpy(np.random.default_rng(0).standard_normal(shape, np.float32))
    return x.requires_grad_(), torch.zeros(*shape)


def address(array):
    return array.__array_interface__["data"][0]


def test_the_slopes_become_the_gradient_without_a_copy():
    x, y = operands(3, 4)
    loss = functional.mse_loss(x, y)
    (slopes,) = map(address, loss.grad_fn.saved)
    loss.backward()
    assert address(x.grad.array) == slopes


def test_a_graph_that_is_kept_keeps_its_slopes():
    x, y = operands(3, 4)
    loss = functional.mse_loss(x, y)
    loss.backward(retain_graph=True)
    once = x.grad.array.copy()
    x.grad.mul_(100.0)                       # as clipping does
    x.grad = None
    loss.backward()
    np.testing.assert_array_equal(x.grad.array, once)
    with pytest.raises(RuntimeError, match="a second time"):
        loss.backward()


def test_both_sides_get_gradients_of_their_own():
    x, _ = operands(4)
    y = torch.zeros(4, requires_grad=True)
    functional.mse_loss(x, y).backward()
    x.grad.mul_(0.0)
    assert (y.grad != 0).all()
    functional.mse_loss(x, x).backward()
    assert x.grad.tolist() == [0, 0, 0, 0]


def test_a_gradient_other_than_one_multiplies():
    x, y = operands(4)
    functional.mse_loss(x, y).backward()
    once, x.grad = x.grad.numpy(), None
    (functional.mse_loss(x, y) * 3).backward()
    np.testing.assert_allclose(x.grad.numpy(), 3 * once, rtol=1e-6)


def test_changing_the_input_afterwards_does_no_harm():
    x, y = operands(4)
    doubled = x * 2
    loss = functional.mse_loss(doubled, y, reduction="none").sum()
    expected = (8 * x).tolist()
    doubled.data.zero_()
    loss.backward()
    np.testing.assert_allclose(x.grad.tolist(), expected, rtol=1e-6)


def test_half_precision_stays_half():
    x, y = operands(4)
    half = x.detach().half().requires_grad_()
    loss = functional.smooth_l1_loss(half, y.half())
    loss.backward()
    assert loss.dtype == half.grad.dtype == torch.float16
    expected = functional.smooth_l1_loss(x, y).item()
    np.testing.assert_allclose(loss.item(), expected, rtol=2e-3)


# What PyTorch 2.13 answers where dtypes differ: by the dtypes alone, by PyTorch's general
# rule (a single number counts less), the input's, or the target's.
@pytest.mark.parametrize("name, x, y, expected", [
    ("mse_loss", "float32", "float64", "float64"),
    ("mse_loss", "float64 number", "float32", "float64"),
    ("l1_loss", "float32", "float64 number", "float64"),
    ("smooth_l1_loss", "float16", "float32 number", "float32"),
    ("mse_loss", "float32", "int64", "float32"), ("l1_loss", "int64", "int32", "int64"),
    ("poisson_nll_loss", "float64 number", "float32", "float32"),
    ("poisson_nll_loss", "int64", "int64", "float32"),
    ("poisson_nll_loss", "int64", "float16", "float32"),
    ("kl_div", "float32", "float64 number", "float32"),
    ("huber_loss", "float32", "float64", "float32"),
    ("huber_loss", "float64 number", "float32", "float64"),
    ("hinge_embedding_loss", "float32", "float64", "float32"),
    ("hinge_embedding_loss", "float64 number", "float32", "float64"),
    ("soft_margin_loss", "float16", "float64", "float16"),
    ("binary_cross_entropy_with_logits", "float64", "float32", "float32"),
    ("binary_cross_entropy_with_logits", "float32", "float64", "float64")])
@pytest.mark.parametrize("reduction", ["none", "sum"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_losses_of_different_dtypes_have_the_dtype_of_pytorch(name, x, y, expected,
                                                              reduction):
    made = [torch.ones(() if "number" in t else (2, 3), dtype=t.split()[0])
            for t in (x, y)]
    if x.startswith("float"):
        made[0].requires_grad = True
    loss = getattr(functional, name)(*made, reduction=reduction)
    assert loss.dtype == expected
    if loss.requires_grad:
        loss.sum().backward()
        assert made[0].grad.dtype == made[0].dtype


@pytest.mark.parametrize("name, x, y, error, told", [
    ("mse_loss", "int64", "int64", NotImplementedError, "compares real numbers"),
    ("smooth_l1_loss", "bool", "int64", NotImplementedError, "compares real numbers"),
    ("huber_loss", "int64", "float32", NotImplementedError, "input must hold real"),
    ("hinge_embedding_loss", "bool", "float32", NotImplementedError, "got bool"),
    ("soft_margin_loss", "int64", "float32", NotImplementedError, "got int64"),
    ("soft_margin_loss", "float32", "bool", RuntimeError, "target must hold numbers"),
    ("binary_cross_entropy_with_logits", "float32", "int64", RuntimeError, "target must"),
    ("l1_loss", "float32", "bool", RuntimeError, "target must hold numbers, got bool"),
    ("l1_loss", "bool", "float32", RuntimeError, "input must hold numbers, got bool"),
    ("l1_loss", "int64", "int64", RuntimeError, "mean: expected a floating-point")])
def test_dtypes_that_a_loss_refuses(name, x, y, error, told):
    with pytest.raises(error, match=told):
        getattr(functional, name)(torch.ones(2, 3, dtype=x), torch.ones(2, 3, dtype=y))


def test_the_absolute_errors_of_whole_numbers():
    x, y = torch.tensor([3, -1]), torch.tensor([1, 2])
    assert functional.l1_loss(x, y, reduction="sum").item() == 5
    assert functional.l1_loss(x, y, reduction="none").tolist() == [2, 3]
    assert functional.l1_loss(x, y, weight=torch.tensor([1.0, 3.0])).item() == 11 / 4


@pytest.mark.parametrize("call, error, told", [
    (lambda x: functional.smooth_l1_loss(x, x, beta=float("nan")), RuntimeError, "got n"),
    (lambda x: functional.smooth_l1_loss(x, x, beta=-1), RuntimeError, "got -1"),
    (lambda x: functional.smooth_l1_loss(x, x, beta="a"), TypeError, "beta must be"),
    (lambda x: functional.huber_loss(x, x, delta=None), TypeError, "delta must be"),
    (lambda x: functional.poisson_nll_loss(x, x, eps=[1]), TypeError, "eps must be"),
    (lambda x: functional.poisson_nll_loss(x > 0, x, False), RuntimeError, "bool"),
    (lambda x: functional.gaussian_nll_loss(x, x > 0, x), RuntimeError, "bools"),
    (lambda x: functional.gaussian_nll_loss(x, x, x.numpy()), TypeError, "var must"),
    (lambda x: functional.triplet_margin_loss(x, x > 0, x), RuntimeError, "positive"),
    (lambda x: functional.cosine_embedding_loss(x, x, x[:, 0], "a"), TypeError, "marg")])
def test_options_that_a_loss_refuses(call, error, told):
    with pytest.raises(error, match=told):
        call(torch.ones(2, 3))


def test_true_counts_as_the_number_one():
    x = torch.tensor([3.0])
    assert functional.smooth_l1_loss(x, torch.zeros(1), beta=True).item() == 2.5


# ---- every loss against its reference ------------------------------------------------


def probability(z):
    return 1 / (1 + np.exp(-z))


def label(z):
    return np.where(z < 0, -1.0, 1.0)


# What a loss compares, made from numbers of any size, and its options.
LOSSES = {
    "l1_loss": ([np.array, np.array], {}),
    "mse_loss": ([np.array, np.array], {}),
    "smooth_l1_loss": ([np.array, np.array], {"beta": 0.5}),
    "huber_loss": ([np.array, np.array], {"delta": 0.5}),
    "binary_cross_entropy": ([probability, probability], {}),
    "binary_cross_entropy_with_logits": ([np.array, probability], {}),
    "kl_div": ([np.array, probability], {}),
    "soft_margin_loss": ([np.array, label], {}),
    "hinge_embedding_loss": ([np.array, label], {"margin": 0.5}),
    "margin_ranking_loss": ([np.array, np.array, label], {"margin": 0.5}),
    "poisson_nll_loss": ([np.array, np.abs], {"full": True}),
    "gaussian_nll_loss": ([np.array, np.array, np.exp], {"eps": 0.5}),
}
SHAPES = st.lists(st.integers(0, 4), max_size=3).map(tuple)
LAYOUTS = st.sampled_from([np.ascontiguousarray, strided, np.asfortranarray])


@st.composite
def calls(draw):
    """(name, operands as arrays, options); shapes may fit or not."""
    name = draw(st.sampled_from(sorted(LOSSES)))
    kinds, options = LOSSES[name]
    shape = draw(SHAPES)
    shapes = [shape] * len(kinds)
    if draw(st.booleans()):
        shapes[draw(st.integers(0, len(kinds) - 1))] = draw(SHAPES)
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    arrays = [draw(LAYOUTS)(kind(rng.normal(0, 3, shape)).astype(dtype))
              for kind, shape in zip(kinds, shapes)]
    return name, arrays, {**options, "reduction": draw(st.sampled_from(REDUCTIONS))}


def run(name, arrays, options):
    """The loss and all gradients; or the type of what it raises."""
    tensors = [torch.from_numpy(a).requires_grad_() for a in arrays]
    if name == "soft_margin_loss":
        tensors[1] = tensors[1].detach()
    try:
        loss = getattr(functional, name)(*tensors, **options)
    except (RuntimeError, ValueError) as error:
        return type(error)
    (loss * torch.ones(())).sum().backward()
    return [loss.detach().numpy(), *(t.grad.numpy() for t in tensors
                                     if t.grad is not None)]


@given(calls())
@settings(max_examples=40, deadline=None)
def test_every_loss_does_what_its_reference_does(call):
    name, arrays, _ = call
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", UserWarning)
        actual = run(*call)
        with reference():
            expected = run(*call)
    if isinstance(expected, type):
        assert actual is expected
        return
    assert len(actual) == len(expected)
    rtol = 1e-5 if arrays[0].dtype == np.float32 else 1e-12
    for a, e in zip(actual, expected):
        assert a.dtype == e.dtype and a.shape == e.shape
        np.testing.assert_allclose(
            a, e, rtol, rtol * np.abs(e[np.isfinite(e)]).max(initial=1.0))
