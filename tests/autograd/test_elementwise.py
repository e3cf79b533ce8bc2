"""Elementwise operations: every backend, every gradient, corners by hand."""
import math

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn.autograd import arithmetic, elementwise
from pedagogic_nn.autograd.elementwise import (
    clamp_between,
    erf_values,
    exp_values,
    expm1_values,
    log1p_values,
    log_values,
    sign_values,
    where_between,
)
from tests.harness import backend_tests, case, gradient_tests, saturated, uniform

EDGES = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-40, -1.0, 88.0, -104.0],
                 np.float32)

test_backends = backend_tests([
    *(case(operation, x=x) for operation in (exp_values, log_values, expm1_values,
                                              log1p_values, sign_values, erf_values)
      for x in [(3, 4), (0, 4), (1,), (), EDGES, saturated(4, 6), uniform(2, 3, 2),
                uniform(3, 2).astype(np.float64)]),
    case(clamp_between, x=(3, 4), low=-0.5, high=0.5),
    case(clamp_between, x=(0, 4), low=-0.5, high=0.5),
    case(clamp_between, x=(), low=0.0, high=1.0),
    case(clamp_between, x=EDGES, low=-np.inf, high=2.0),
    case(clamp_between, x=saturated(4, 6), low=-20.0, high=np.inf),
    case(clamp_between, x=(5,), low=1.0, high=-1.0),         # PyTorch's rule: high wins
    *(case(where_between, x=x, dy=dy, low=-0.5, high=0.5)
      for x, dy in [((3, 4), (3, 4)), ((), ()), ((0, 2), (0, 2)), (EDGES, (9,))]),
])


def between(low, high, *shape):
    return uniform(*shape, low=low, high=high, seed=5)


ANYWHERE = "exp exp2 expm1 sin cos sinh cosh asinh atan erf square neg absolute"
POSITIVE = "log log2 log10 log1p sqrt rsqrt reciprocal"
INSIDE_ONE = "asin acos atanh tan"
OF_TWO = "add sub mul div maximum minimum"

test_gradients = gradient_tests([
    *(case(getattr(elementwise, name), x=(2, 3)) for name in ANYWHERE.split()),
    *(case(getattr(elementwise, name), x=between(0.5, 2, 2, 3))
      for name in POSITIVE.split()),
    *(case(getattr(elementwise, name), x=between(-0.9, 0.9, 2, 3))
      for name in INSIDE_ONE.split()),
    case(elementwise.acosh, x=between(1.5, 3, 2, 3)),
    case(elementwise.clamp, x=(3, 4), min=-0.5, max=0.5),
    case(elementwise.clamp, x=(3, 4), max=0.3),
    case(elementwise.clamp, x=(3, 4), min=(4,), max=(3, 1)),
    case(elementwise.nan_to_num, x=(3,)), case(elementwise.frac, x=(3,)),
    case(elementwise.exp, x=(0, 3)), case(elementwise.log, x=between(0.5, 2, 1)),
    *(case(getattr(arithmetic, name), **given) for name in OF_TWO.split()
      for given in [dict(x=(2, 3), y=between(0.5, 2, 3)),
                    dict(x=(2, 1), y=between(1, 2, 1)),
                    dict(x=(0, 3), y=between(1, 2, 3))]),
    case(arithmetic.atan2, y=between(0.5, 2, 2, 1), x=between(0.5, 2, 3)),
    case(arithmetic.pow, x=between(0.5, 2, 2, 3), y=(3,)),
    case(arithmetic.pow, x=(4,), y=3), case(arithmetic.pow, x=(4,), y=2),
    case(arithmetic.pow, x=2.0, y=(4,)),
    case(arithmetic.remainder, x=(3,), y=between(4, 5, 3)),
    case(arithmetic.fmod, x=(3,), y=between(4, 5, 3)),
    case(arithmetic.lerp, start=(2, 3), end=(3,), weight=(2, 1)),
    case(arithmetic.where, condition=np.array([[True], [False]]), x=(2, 3), y=(3,)),
])


@pytest.mark.parametrize("name", [*ANYWHERE.split(), *POSITIVE.split(),
                                  *INSIDE_ONE.split(), "acosh"])
def test_whole_numbers_become_real_ones_where_the_result_is(name):
    x = torch.tensor([0, 1], dtype=torch.int64)
    y = getattr(elementwise, name)(x)
    stays = name in ("square", "neg", "absolute")
    assert y.dtype == (torch.int64 if stays else torch.float32)
    np.testing.assert_allclose(
        y.numpy(), getattr(elementwise, name)(x.float()).numpy(), rtol=1e-6)


@pytest.mark.parametrize("name, at, slope", [
    ("absolute", 0.0, 0.0), ("sqrt", 0.0, math.inf), ("log", 0.0, math.inf),
    ("reciprocal", 2.0, -0.25), ("rsqrt", 4.0, -1 / 16), ("floor", 1.5, 0.0),
    ("sign", 3.0, 0.0), ("round", 2.5, 0.0), ("exp", -200.0, 0.0)])
def test_slopes_at_corners(name, at, slope):
    x = torch.tensor(at, requires_grad=True)
    getattr(elementwise, name)(x).backward()
    assert x.grad.item() == slope


def test_the_slope_of_clamp_is_one_on_its_bounds():
    x = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0], requires_grad=True)
    x.clamp(-1, 1).sum().backward()
    assert x.grad.tolist() == [0, 1, 1, 1, 0]
    with pytest.raises(RuntimeError, match="give min, max, or both"):
        x.clamp()


def test_equal_operands_share_the_gradient_of_a_maximum():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = torch.tensor([1.0, 0.0], requires_grad=True)
    torch.maximum(x, y).sum().backward()
    assert x.grad.tolist() == [0.5, 1] and y.grad.tolist() == [0.5, 0]


def test_halves_are_rounded_to_even():
    x = torch.tensor([0.5, 1.5, 2.5, -0.5])
    assert x.round().tolist() == [0, 2, 2, 0]
    assert torch.tensor([1.25, 1.35]).round(decimals=1).tolist() == pytest.approx(
        [1.2, 1.4], abs=0.05)


def test_what_has_no_meaning_is_said():
    yes = torch.tensor([True])
    with pytest.raises(RuntimeError, match="use ~x"):
        torch.neg(yes)
    with pytest.raises(RuntimeError, match="use . or ~"):
        torch.sub(yes, yes)
    with pytest.raises(TypeError, match="this tensor is float32"):
        ~torch.ones(2)
    with pytest.raises(RuntimeError, match=r"\(2,\) and \(3,\) do not broadcast"):
        torch.ones(2) + torch.ones(3)
    with pytest.raises(TypeError, match="expected a tensor or a number, got str"):
        torch.ones(2) + "a"


def test_the_gradient_of_nothing_passes_the_check():
    nothing = torch.zeros(0, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(elementwise.exp, nothing)
