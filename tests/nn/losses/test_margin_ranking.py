import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.losses.margin_ranking import (
    margin_ranking,
    margin_ranking_loss,
    margin_ranking_one,
)
from tests.harness import backend_tests, case, check_stays_float32, gradient_tests
from tests.nn.losses.rows import loss_cases, normal, signs

EXTREME = [[1e4, 1e4, -1e4, -1e4, -np.inf, np.nan, 0.5, 0.0],
           [1, -1, 1, -1, 1, 1, 1, 0]]
CASES = loss_cases(margin_ranking, normal, signs, EXTREME, option=0.5)
test_backends = backend_tests(CASES)
test_gradients = gradient_tests([
    case(margin_ranking_loss, input1=(3, 4), input2=(3, 4), target=(3, 4), margin=0.7,
         reduction=reduction) for reduction in ("mean", "none")
])


def test_by_hand():
    first = torch.tensor([3.0, 3.0, 1.0], requires_grad=True)
    second = torch.tensor([1.0, 1.0, 1.0], requires_grad=True)
    loss = nn.MarginRankingLoss(margin=0.5, reduction="sum")(
        first, second, torch.tensor([1.0, -1.0, 1.0]))
    loss.backward()
    assert loss.item() == 0 + 2.5 + 0.5
    assert first.grad.tolist() == [0, 1, -1]
    assert second.grad.tolist() == [0, -1, 1]


def test_a_score_against_itself():
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    margin_ranking_loss(x, x, torch.ones(2), margin=1.0).backward()
    assert x.grad.tolist() == [0, 0]


def test_whole_scores_and_labels():
    x = torch.tensor([3, 1])
    loss = margin_ranking_loss(x.float(), torch.tensor([1, 3]), torch.tensor([-1, -1]))
    assert loss.item() == 1
    loss = margin_ranking_loss(x, x.flip(0), torch.tensor([1, 1]), reduction="none")
    assert loss.tolist() == [0, 2] and loss.dtype == torch.float32


def test_says_what_it_expected():
    x = torch.zeros(2)
    with pytest.raises(RuntimeError, match=r"one number of axes, got shapes \(2,\), "
                                           r"\(2,\) and \(\)"):
        margin_ranking_loss(x, x, torch.tensor(1.0))
    with pytest.raises(RuntimeError, match=r"input2 has shape \(3,\)"):
        margin_ranking_loss(x, torch.zeros(3), x)
    with pytest.raises(TypeError, match="input2 must be a tensor, got float"):
        margin_ranking_loss(x, 1.0, x)
    with pytest.raises(TypeError, match="margin must be a number, got str"):
        margin_ranking_loss(x, x, x, margin="a")
    with pytest.raises(RuntimeError, match="target must hold numbers, got bool"):
        margin_ranking_loss(x, x, x > 0)


def test_the_formula_stays_float32():
    check_stays_float32(margin_ranking_one, 3)
