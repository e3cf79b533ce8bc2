import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.losses.l1 import l1, l1_loss, l1_one
from tests.harness import backend_tests, case, check_stays_float32, gradient_tests

CASES = [
    case(l1, x=(3, 5), y=(3, 5), scale=0.25, slopes=1, each=False),
    case(l1, x=(3, 5), y=(3, 5), scale=1.0, slopes=2, each=True),
    case(l1, x=(0,), y=(0,), scale=1.0, slopes=1, each=False),
    case(l1, x=(1,), y=(1,), scale=1.0, slopes=1, each=False),
    case(
        l1,
        x=np.zeros(2, np.float32),
        y=np.zeros(2, np.float32),
        scale=1.0,
        slopes=1,
        each=False,
    ),
]
test_backends = backend_tests(CASES)


def weighted(input, target, weight, reduction):
    return l1_loss(input, target, weight=weight, reduction=reduction)


test_gradients = gradient_tests(
    [
        case(l1_loss, input=(3, 4), target=(3, 4), reduction=reduction)
        for reduction in ("mean", "sum", "none")
    ]
    + [case(weighted, input=(3, 4), target=(3, 4), weight=(3, 4), reduction="mean")]
)


def test_by_hand():
    x = torch.tensor([1.0, 2.0, 5.0, 3.0], requires_grad=True)
    loss = nn.L1Loss()(x, torch.tensor([3.0, 2.0, 1.0, 3.5]))
    loss.backward()
    assert loss.item() == (2 + 0 + 4 + 0.5) / 4
    assert x.grad.tolist() == [-0.25, 0, 0.25, -0.25]


def test_large_sums_keep_their_precision():
    x = torch.full((3_000_000,), 0.1)
    loss = nn.L1Loss(reduction="sum")(x, torch.zeros(3_000_000))
    np.testing.assert_allclose(loss.item(), 3e5, rtol=1e-5)


def test_the_loss_of_nan_is_nan_and_its_slope_0_as_in_pytorch():
    x = torch.tensor([float("nan"), 1.0], requires_grad=True)
    loss = l1_loss(x, torch.zeros(2))
    loss.backward()
    assert np.isnan(loss.item()) and x.grad.tolist() == [0, 0.5]


def test_stretched_shapes_warn():
    with pytest.warns(
        UserWarning, match=r"input has shape \(2, 3\), target has shape \(3,\)"
    ):
        loss = l1_loss(torch.zeros(2, 3), torch.ones(3))
    assert loss.item() == 1


def test_says_what_it_expected():
    with pytest.raises(
        RuntimeError, match=r"input has shape \(2,\), target has shape \(3,\)"
    ):
        l1_loss(torch.zeros(2), torch.zeros(3))


def test_the_formula_stays_float32():
    check_stays_float32(l1_one, 2)
