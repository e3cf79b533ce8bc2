import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.backend.softmax import SHORT
from pedagogic_nn.nn.losses.cross_entropy import cross_entropy
from pedagogic_nn.nn.losses.soft_targets import soft_cross_entropy_rows
from tests.harness import backend_tests, case, gradient_tests, saturated, uniform
from tests.nn.losses import agreement


def rows(x, q, slopes, w=None, smoothing=0.1):
    return case(soft_cross_entropy_rows, x=x, q=q, w=uniform(4) if w is None else w,
                smoothing=smoothing, scale=0.5, slopes=slopes)


CASES = [
    rows((5, 4), uniform(5, 4), 2),
    rows((5, 4), uniform(5, 4), 1),
    rows((5, 4), uniform(5, 4), 0),
    rows((0, 4), uniform(0, 4), 2),
    rows((1, 1), uniform(1, 1), 2, w=np.ones(1, np.float32), smoothing=0.0),
    rows(saturated(5, 4), uniform(5, 4), 2, smoothing=0.0),
    *(rows((2, SHORT + 1), uniform(2, SHORT + 1), slopes, w=uniform(SHORT + 1))
      for slopes in range(3)),
]
test_backends = backend_tests(CASES)


def weighted(input, target, weight, reduction):
    return cross_entropy(input, target, weight, reduction=reduction, label_smoothing=0.2)


test_gradients = gradient_tests([
    case(cross_entropy, input=(5, 4), target=uniform(5, 4)),
    case(weighted, input=(5, 4), target=uniform(5, 4), weight=uniform(4),
         reduction="mean"),
    case(weighted, input=(2, 4, 3), target=uniform(2, 4, 3), weight=uniform(4),
         reduction="none"),
    case(cross_entropy, input=(4,), target=uniform(4), reduction="none"),
])


def test_by_hand():
    """Scores 0 and log 3 are probabilities ¼ and ¾."""
    x = torch.tensor([[0.0, np.log(3.0)]], requires_grad=True)
    q = torch.tensor([[0.5, 0.5]], requires_grad=True)
    loss = nn.CrossEntropyLoss()(x, q)
    loss.backward()
    np.testing.assert_allclose(loss.item(), np.log(4) - np.log(3) / 2, rtol=1e-6)
    np.testing.assert_allclose(x.grad.numpy(), [[1 / 4 - 1 / 2, 3 / 4 - 1 / 2]], 1e-6)
    np.testing.assert_allclose(q.grad.numpy(), [[np.log(4), np.log(4 / 3)]], rtol=1e-6)


def test_a_sure_target_is_a_class():
    x, t = torch.randn(3, 4), torch.tensor([1, 0, 3])
    q = nn.functional.one_hot(t, 4).float()
    for smoothing in (0.0, 0.3):
        np.testing.assert_allclose(
            cross_entropy(x, q, label_smoothing=smoothing).item(),
            cross_entropy(x, t, label_smoothing=smoothing).item(), rtol=1e-6)


def test_no_classes_cost_nothing():
    x = torch.zeros(3, 0, 2, requires_grad=True)
    loss = cross_entropy(x, x.detach(), reduction="none")
    loss.sum().backward()
    assert loss.tolist() == [[0, 0]] * 3 and x.grad.shape == (3, 0, 2)


def test_says_what_it_expected():
    x = torch.zeros(8, 10)
    with pytest.raises(
        RuntimeError, match=r"probabilities must have the input's shape \(8, 10\)"
    ):
        cross_entropy(x, torch.zeros(8))
    with pytest.raises(RuntimeError, match="ignore_index=3 has no meaning"):
        cross_entropy(x, x, ignore_index=3)
    with pytest.raises(RuntimeError, match=r"got shape \(9,\)"):
        cross_entropy(x, x, torch.ones(9))


@settings(max_examples=25)
@given(data=st.data())
def test_any_shape_and_layout(data):
    N, C = data.draw(agreement.SIZES), data.draw(st.integers(1, 5))
    shape = (N, C, *data.draw(st.lists(agreement.SIZES, max_size=2)))
    dtype = data.draw(agreement.DTYPES)
    agreement.check_agreement(
        cross_entropy, agreement.numbers(data, *shape, dtype=dtype),
        agreement.numbers(data, *shape, dtype=data.draw(agreement.DTYPES)),
        agreement.weights(data, C, dtype), reduction=data.draw(agreement.REDUCTIONS),
        label_smoothing=data.draw(st.sampled_from([0.0, 0.2, 1.0])))
