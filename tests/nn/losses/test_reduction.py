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
