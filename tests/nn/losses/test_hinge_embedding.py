import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.losses.hinge_embedding import (
    hinge_embedding,
    hinge_embedding_loss,
    hinge_embedding_one,
)
from tests.harness import backend_tests, case, check_stays_float32, gradient_tests
from tests.nn.losses.rows import loss_cases, normal, signs

EXTREME = [[1e4, 1e4, -1e4, -1e4, np.inf, np.inf, np.nan, np.nan, 0.5, 0.5],
           [1, -1, 1, -1, 1, -1, 1, -1, -1, 0]]
CASES = loss_cases(hinge_embedding, normal, signs, EXTREME, option=0.5)
test_backends = backend_tests(CASES)
test_gradients = gradient_tests([
    case(hinge_embedding_loss, input=(3, 4), target=signs(3, 4).astype(int), margin=0.7,
         reduction=reduction) for reduction in ("mean", "none")
])


def test_by_hand():
    x = torch.tensor([0.25, 0.25, 3.0], requires_grad=True)
    loss = nn.HingeEmbeddingLoss()(x, torch.tensor([1, -1, -1]))
    loss.backward()
    np.testing.assert_allclose(loss.item(), (0.25 + 0.75 + 0) / 3, rtol=1e-6)
    np.testing.assert_allclose(x.grad.numpy(), np.array([1, -1, 0]) / 3, rtol=1e-6)


def test_the_labels_have_no_gradient():
    y = torch.ones(3, requires_grad=True)
    assert not hinge_embedding_loss(torch.zeros(3), y).requires_grad


def test_says_what_it_expected():
    x = torch.zeros(2)
    with pytest.raises(TypeError, match="margin must be a number, got str"):
        hinge_embedding_loss(x, x, margin="1")
    with pytest.raises(RuntimeError, match=r"target has shape \(3,\)"):
        hinge_embedding_loss(x, torch.ones(3))


def test_the_formula_stays_float32():
    check_stays_float32(hinge_embedding_one, 3)
