import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.losses.bce_with_logits import (
    bce_with_logits,
    bce_with_logits_one,
    binary_cross_entropy_with_logits,
)
from tests.harness import backend_tests, case, check_stays_float32, gradient_tests
from tests.nn.losses.rows import loss_cases, normal, probabilities

EXTREME = [[1e4, -1e4, 1e4, -1e4, np.inf, np.nan, 0, -0.0],
           [0, 0, 1, 1, 0, 0, 0.5, 0.5]]
CASES = [
    *loss_cases(bce_with_logits, normal, probabilities, EXTREME, option=1.0),
    case(bce_with_logits, x=(3, 5), y=probabilities(3, 5), scale=0.25, slopes=2,
         each=False, option=probabilities(3, 5) * 4),
]
test_backends = backend_tests(CASES)


def weighted(input, target, name, reduction):
    w = input.detach().new_tensor([0.5, 2.0, 0.0, 3.0])
    return binary_cross_entropy_with_logits(input, target, **{name: w},
                                            reduction=reduction)


PAIR = {"input": normal(3, 4), "target": probabilities(3, 4)}
test_gradients = gradient_tests([
    case(binary_cross_entropy_with_logits, **PAIR),
    case(binary_cross_entropy_with_logits, **PAIR, reduction="none"),
    *(case(weighted, **PAIR, name=name, reduction=reduction)
      for name in ("weight", "pos_weight") for reduction in ("mean", "none")),
])


def test_by_hand():
    """Scores 0 and log 3 are probabilities ½ and ¾."""
    x = torch.tensor([0.0, np.log(3)], requires_grad=True)
    loss = nn.BCEWithLogitsLoss(reduction="sum")(x, torch.tensor([1.0, 0.0]))
    loss.backward()
    np.testing.assert_allclose(loss.item(), np.log(2) + np.log(4), rtol=1e-6)
    np.testing.assert_allclose(x.grad.numpy(), [-0.5, 0.75], rtol=1e-6)


def test_large_scores_cost_what_they_are():
    x = torch.tensor([1e4, -1e4, 1e4, -1e4], requires_grad=True)
    loss = nn.BCEWithLogitsLoss(reduction="none")(x, torch.tensor([0.0, 0.0, 1.0, 1.0]))
    loss.sum().backward()
    assert loss.tolist() == [1e4, 0, 0, 1e4]
    assert x.grad.tolist() == [1, 0, 0, -1]


def test_small_losses_keep_their_digits():
    loss = binary_cross_entropy_with_logits(torch.tensor([-30.0]), torch.zeros(1))
    np.testing.assert_allclose(loss.item(), np.exp(-30), rtol=1e-6)


def test_pos_weight_counts_positives_more():
    x, y = torch.zeros(2, 2), torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    loss = nn.BCEWithLogitsLoss(pos_weight=torch.tensor([3.0, 5.0]), reduction="none")
    np.testing.assert_allclose(loss(x, y).numpy() / np.log(2), [[3, 1], [3, 5]],
                               rtol=1e-6)
    assert list(loss.state_dict()) == ["pos_weight"]


def test_says_what_it_expected():
    x = torch.zeros(2, 3)
    f = binary_cross_entropy_with_logits
    with pytest.raises(ValueError, match=r"target has shape \(3,\)"):
        f(x, x[0])
    with pytest.raises(RuntimeError, match="target must hold real numbers, got int64"):
        f(x, x.long())
    with pytest.raises(RuntimeError, match=r"pos_weight must stretch to .* got \(2,\)"):
        f(x, x, pos_weight=torch.ones(2))
    with pytest.raises(RuntimeError, match="no gradient for pos_weight"):
        f(x, x, pos_weight=torch.ones(3, requires_grad=True))
    with pytest.raises(TypeError, match="pos_weight must be a tensor, got float"):
        nn.BCEWithLogitsLoss(pos_weight=2.0)


def test_the_formula_stays_float32():
    check_stays_float32(bce_with_logits_one, 3)
