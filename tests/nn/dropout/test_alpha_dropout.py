import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.functional import alpha_dropout, feature_alpha_dropout

ALPHA = 1.7580993408473766


def test_by_hand():
    """Recorded from PyTorch 2.13 for p = 0.3: 0 and 1 if kept, and what replaces them."""
    torch.manual_seed(0)
    y = nn.AlphaDropout(0.3)(torch.tensor([0.0, 1.0] * 50)).numpy()
    np.testing.assert_allclose(np.unique(y), [-1.0595, 0.4541, 1.3150], atol=1e-4)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_mean_and_variance_stay(p):
    y = nn.AlphaDropout(p)(torch.randn(200_000))
    assert abs(y.mean().item()) < 0.02 and abs(y.var().item() - 1) < 0.03


def test_backward_uses_the_mask_of_forward():
    x = torch.randn(500, requires_grad=True)
    y = alpha_dropout(x, 0.4, training=True)
    y.sum().backward()
    a = 1 / np.sqrt(0.6 * (1 + 0.4 * ALPHA**2))
    low = a * (0.4 - 1) * ALPHA
    kept = abs(y.detach().numpy() - low) > 1e-5
    np.testing.assert_allclose(x.grad.numpy(), np.where(kept, a, 0), rtol=1e-6)
    assert 0.5 < kept.mean() < 0.7


def test_ends_of_p_and_evaluation():
    x = torch.randn(5)
    assert nn.AlphaDropout(0)(x) is x and nn.AlphaDropout(0.5).eval()(x) is x
    assert alpha_dropout(x, 0.5) is x  # training=False, as in PyTorch
    assert nn.AlphaDropout(1)(x).abs().tolist() == [0] * 5


def test_in_place():
    x = torch.zeros(100)
    assert nn.AlphaDropout(0.5, inplace=True)(x) is x
    assert len(x.unique()) == 2


@pytest.mark.parametrize("shape", [(40, 5), (40, 5, 3), (40, 5, 2, 2)])
def test_features_are_dropped_as_a_whole(shape):
    y = nn.FeatureAlphaDropout(0.5)(torch.zeros(*shape)).numpy().reshape(40, 5, -1)
    np.testing.assert_array_equal(y - y[..., :1], 0)
    assert len(np.unique(y)) == 2


def test_says_what_it_expected():
    with pytest.raises(ValueError, match="AlphaDropout: p is the probability to drop"):
        nn.AlphaDropout(2)
    with pytest.raises(RuntimeError, match=r"reads input of shape \(N, C, \*\)"):
        feature_alpha_dropout(torch.ones(3), 0.5, True)
