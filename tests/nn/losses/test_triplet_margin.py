import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.losses.triplet_margin import triplet_margin_loss, triplet_margin_rows
from tests.harness import backend_tests, case, gradient_tests, saturated
from tests.nn.losses import agreement

DEGREES = [2.0, 1.0, 3.0, 0.5, 0.0, math.inf, -math.inf, -1.0]


def rows(a=(4, 3), p=(4, 3), n=(4, 3), q=2.0, swap=True, with_slopes=True):
    return case(triplet_margin_rows, a=a, p=p, n=n, margin=1.0, q=q, eps=1e-6, swap=swap,
                scale=0.5, with_slopes=with_slopes)


CASES = [
    *[rows(q=q) for q in DEGREES],
    rows(swap=False),
    rows(with_slopes=False),
    rows((0, 3), (0, 3), (0, 3)),
    rows((1, 1), (1, 1), (1, 1)),
    rows(saturated(4, 3), saturated(4, 3, seed=1), saturated(4, 3, seed=2)),
]
test_backends = backend_tests(CASES)
TRIPLE = {"anchor": (4, 3), "positive": (4, 3), "negative": (4, 3)}
test_gradients = gradient_tests([
    case(triplet_margin_loss, **TRIPLE, margin=3.0),
    case(triplet_margin_loss, **TRIPLE, p=1, swap=True, reduction="none"),
    case(triplet_margin_loss, **TRIPLE, p=3, swap=True, reduction="sum"),
    case(triplet_margin_loss, **TRIPLE, p=math.inf),
    case(triplet_margin_loss, anchor=(1, 3), positive=(4, 3), negative=(1, 3)),
    case(triplet_margin_loss, anchor=(3,), positive=(3,), negative=(3,)),
])


def test_by_hand():
    """Distances 5 and 2."""
    a = torch.zeros(1, 2, requires_grad=True)
    p = torch.tensor([[3.0, 4.0]], requires_grad=True)
    n = torch.tensor([[0.0, 2.0]], requires_grad=True)
    loss = nn.TripletMarginLoss(eps=0.0)(a, p, n)
    loss.backward()
    assert loss.item() == 1 + 5 - 2
    np.testing.assert_allclose(a.grad.numpy(), [[-0.6, -0.8 + 1]], rtol=1e-6)
    np.testing.assert_allclose(p.grad.numpy(), [[0.6, 0.8]], rtol=1e-6)
    np.testing.assert_allclose(n.grad.numpy(), [[0, -1]], rtol=1e-6)


def test_swap_takes_the_nearer_negative():
    a, p, n = torch.zeros(1, 1), torch.ones(1, 1), torch.full((1, 1), 1.5)
    assert triplet_margin_loss(a, p, n, eps=0).item() == 1 + 1 - 1.5
    assert triplet_margin_loss(a, p, n, eps=0, swap=True).item() == 1 + 1 - 0.5


def test_equal_points_have_a_slope_of_zero():
    x = torch.ones(1, 2, requires_grad=True)
    for p in (1, 2, 1.5, math.inf):
        triplet_margin_loss(x, x * 1, torch.ones(1, 2), eps=0, p=p).backward()
        assert x.grad.tolist() == [[0, 0]]


def test_says_what_it_expected():
    x = torch.zeros(3, 4)
    with pytest.raises(ValueError, match="TripletMarginLoss: margin must be greater than "
                                         "0, got 0.0"):
        nn.TripletMarginLoss(margin=0)
    with pytest.raises(RuntimeError, match=r"got shapes \(3, 4\), \(4,\), \(3, 4\)"):
        triplet_margin_loss(x, x[0], x)
    with pytest.raises(RuntimeError, match=r"length .* \(3, 4\), \(3, 4\), \(3, 1\)"):
        triplet_margin_loss(x, x, x[:, :1])
    with pytest.raises(RuntimeError, match="length 0 have no norm for p=inf"):
        triplet_margin_loss(x[:, :0], x[:, :0], x[:, :0], p=math.inf)
    with pytest.raises(TypeError, match="p must be a number, got str"):
        nn.TripletMarginLoss(p="2")
    with pytest.raises(TypeError, match="negative must be a tensor, got float"):
        triplet_margin_loss(x, x, 0.0)


@settings(max_examples=25)
@given(data=st.data())
def test_any_shape_layout_and_norm(data):
    N, D = data.draw(agreement.SIZES), data.draw(agreement.SIZES)
    dtype, p = data.draw(agreement.DTYPES), data.draw(st.sampled_from(DEGREES))
    swap = data.draw(st.booleans())

    def loss(a, p_, n, reduction):
        return triplet_margin_loss(a, p_, n, p=p, swap=swap, reduction=reduction)

    rows = [data.draw(st.sampled_from([N, 1])) for _ in range(3)]
    agreement.check_agreement(
        loss, *[agreement.numbers(data, n, D, dtype=dtype) for n in rows],
        reduction=data.draw(agreement.REDUCTIONS))
