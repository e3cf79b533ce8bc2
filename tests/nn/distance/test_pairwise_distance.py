import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.backend import reference
from pedagogic_nn.nn.distance.pairwise_distance import (
    distance_rows,
    distance_rows_backward,
    pairwise_distance,
)
from tests.harness import backend_tests, case, gradient_tests, saturated

INF = math.inf
NORMS = [2.0, 1.0, 0.0, 0.5, 3.0, INF, -INF, -1.0]
TIES = np.array([[3, -3, 1], [0, 0, 0], [0, 2, -1], [np.nan, 1, 2], [5, 5, 5]],
                np.float32)


def backward_row(p, x1, x2, eps):
    """A row for the gradient, at the distances that the reference gives."""
    with np.errstate(all="ignore"):
        y = distance_rows.reference(x1, x2, p, eps)
    dy = np.arange(1, len(x1) + 1).astype(x1.dtype)
    return case(distance_rows_backward, x1=x1, x2=x2, y=y, dy=dy, p=p, eps=eps)


RANDOM = np.random.default_rng(0).standard_normal((2, 4, 5)).astype(np.float32)
CASES = [row for p in NORMS for row in (
    case(distance_rows, x1=(3, 5), x2=(3, 5), p=p, eps=1e-6),
    case(distance_rows, x1=TIES, x2=np.zeros_like(TIES), p=p, eps=0.0),
)] + [row for p in NORMS if p for row in (
    backward_row(p, *RANDOM, 1e-6), backward_row(p, TIES, np.zeros_like(TIES), 0.0),
)] + [
    case(distance_rows, x1=(0, 5), x2=(0, 5), p=2.0, eps=1e-6),
    case(distance_rows, x1=(2, 0), x2=(2, 0), p=2.0, eps=1e-6),
    case(distance_rows, x1=saturated(3, 4), x2=(3, 4), p=2.0, eps=1e-6),
    case(distance_rows, x1=np.ones((2, 3)), x2=np.zeros((2, 3)), p=2.0, eps=1e-6),
    backward_row(2.0, np.ones((2, 3)), np.zeros((2, 3)), 1e-6),
]
test_backends = pytest.mark.filterwarnings("ignore::RuntimeWarning")(backend_tests(CASES))
test_gradients = gradient_tests([
    case(pairwise_distance, x1=(3, 4), x2=(3, 4), p=p)
    for p in (2.0, 1, 1.5, 3, INF, -INF)
] + [case(pairwise_distance, x1=(3, 4), x2=(4,)),
     case(pairwise_distance, x1=(2, 1, 3), x2=(4, 3), p=3, keepdim=True),
     case(pairwise_distance, x1=(4,), x2=(4,)), case(pairwise_distance, x1=(), x2=())])


@pytest.mark.parametrize("p, distance, slope", [
    (2, 5, [0.6, -0.8]), (1, 7, [1, -1]), (INF, 4, [0, -1]), (-INF, 3, [1, 0]),
    (3, 91**(1 / 3), [9 / 91**(2 / 3), -16 / 91**(2 / 3)])])
def test_by_hand(p, distance, slope):
    x1 = torch.tensor([[3.0, 0.0]], requires_grad=True)
    x2 = torch.tensor([[0.0, 4.0]], requires_grad=True)
    y = nn.PairwiseDistance(p, eps=0.0)(x1, x2)
    y.backward()
    assert y.item() == pytest.approx(distance, rel=1e-6)
    np.testing.assert_allclose(x1.grad.numpy(), [slope], 1e-5)
    np.testing.assert_allclose(x2.grad.numpy(), [[-s for s in slope]], 1e-5)


def test_equal_vectors_have_a_slope_because_of_eps():
    x = torch.zeros(1, 4, requires_grad=True)
    nn.PairwiseDistance()(x, torch.zeros(1, 4)).backward()
    np.testing.assert_allclose(x.grad.numpy(), [[0.5] * 4], 1e-6)


def test_equals_share_the_slope_of_the_largest():
    x = torch.tensor([[3.0, -3.0, 1.0]], requires_grad=True)
    pairwise_distance(x, torch.zeros(1, 3), INF, 0.0).backward()
    assert x.grad.tolist() == [[0.5, -0.5, 0]]


def test_a_count_has_no_gradient():
    x = torch.tensor([[0.0, 2.0, -3.0]], requires_grad=True)
    y = pairwise_distance(x, torch.zeros(1, 3), 0, 0.0)
    y.sum().backward()
    assert y.tolist() == [2] and x.grad is None


@settings(max_examples=25, deadline=None)
@given(shapes=arrays.mutually_broadcastable_shapes(
           num_shapes=2, min_dims=1, max_dims=3, min_side=0, max_side=4),
       p=st.sampled_from(NORMS), eps=st.sampled_from([1e-6, 0.25]), keepdim=st.booleans(),
       dtype=st.sampled_from([np.float32, np.float64]))
def test_every_shape_agrees_with_the_reference(shapes, p, eps, keepdim, dtype):
    a, b = shapes.input_shapes
    rng = np.random.default_rng(0)
    x1, x2 = (rng.standard_normal((*s, 2)).astype(dtype)[..., 0] for s in (a, b))
    if 0 in (a[-1], b[-1]) and (p < 0 or p == INF):
        with pytest.raises(RuntimeError, match="vectors need numbers"):
            pairwise_distance(torch.tensor(x1), torch.tensor(x2), p)
        return

    def outcome():
        leaf1, leaf2 = (torch.from_numpy(x).requires_grad_() for x in (x1, x2))
        y = pairwise_distance(leaf1, leaf2, p, eps, keepdim)
        assert y.shape == shapes.result_shape[:-1] + (1,) * keepdim and y.dtype == dtype
        y.sum().backward()
        return [y.detach(), *(x.grad for x in (leaf1, leaf2) if p)]

    with reference():
        expected = outcome()
    close = 1e-4 if dtype == np.float32 else 1e-10
    for actual, e in zip(outcome(), expected, strict=True):
        assert actual.shape == e.shape
        np.testing.assert_allclose(actual.numpy(), e.numpy(), close, close)


@pytest.mark.parametrize("arguments, error, words", [
    ((torch.zeros(2, 3), torch.zeros(2, 4)), RuntimeError, "do not broadcast"),
    ((torch.zeros(2, 3), torch.zeros(2, 3), "2"), TypeError, "p must be a number, got"),
    ((torch.zeros(2, 3), torch.zeros(2, 3), 2, None), TypeError, "eps must be a number"),
    ((torch.zeros(2, 3), torch.zeros(2, 3), 2, 0, None), TypeError, "keepdim must be a"),
    ((torch.zeros(2) > 0, torch.zeros(2)), RuntimeError, "x1 must hold numbers, got"),
    ((torch.zeros(2, 0), torch.zeros(2, 0), INF), RuntimeError, "vectors need numbers")])
def test_says_what_it_expected(arguments, error, words):
    with pytest.raises(error, match=words):
        torch.pairwise_distance(*arguments)


def test_dtypes_meet_and_integers_become_real():
    ones, zeros = torch.ones(2, 3), torch.zeros(2, 3)
    assert pairwise_distance(ones, zeros.double()).dtype == torch.float64
    assert pairwise_distance(ones.long(), zeros.long()).dtype == torch.float32
    y = nn.PairwiseDistance()(ones.half(), zeros.half())
    assert y.dtype == torch.float16 and y[0].item() == pytest.approx(math.sqrt(3), 1e-3)
    assert repr(nn.PairwiseDistance(1.0)) == "PairwiseDistance()"
