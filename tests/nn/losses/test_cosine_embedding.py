import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.losses.cosine_embedding import (
    cosine_embedding_loss,
    cosine_embedding_rows,
)
from tests.harness import backend_tests, case, gradient_tests, saturated
from tests.nn.losses import agreement

SIGNS = np.array([1, -1, -1, 0, 1], np.float32)


def rows(u, v, y=SIGNS, margin=0.2, with_slopes=True):
    return case(cosine_embedding_rows, u=u, v=v, y=y, margin=margin, scale=0.5,
                with_slopes=with_slopes)


CASES = [
    rows((5, 4), (5, 4)),
    rows((5, 4), (5, 4), margin=-0.5, with_slopes=False),
    rows((0, 4), (0, 4), SIGNS[:0]),
    rows((1, 2), (1, 2), SIGNS[:1]),
    rows(saturated(5, 4), saturated(5, 4, seed=1)),
]
test_backends = backend_tests(CASES)
test_gradients = gradient_tests([
    case(cosine_embedding_loss, input1=(5, 4), input2=(5, 4),
         target=SIGNS.astype(np.int64), margin=-0.4),
    case(cosine_embedding_loss, input1=(1, 4), input2=(5, 4),
         target=SIGNS.astype(np.int64), reduction="none"),
    case(cosine_embedding_loss, input1=(4,), input2=(4,), target=np.array(1),
         reduction="none"),
])


def test_by_hand():
    """cos = 24 / 25."""
    u = torch.tensor([[3.0, 4.0]], requires_grad=True)
    v = torch.tensor([[4.0, 3.0]], requires_grad=True)
    loss = nn.CosineEmbeddingLoss(margin=0.5)(u, v, torch.tensor([-1]))
    loss.backward()
    np.testing.assert_allclose(loss.item(), 0.46, rtol=1e-6)
    np.testing.assert_allclose(u.grad.numpy(), [[0.0448, -0.0336]], rtol=1e-5)
    np.testing.assert_allclose(v.grad.numpy(), [[-0.0336, 0.0448]], rtol=1e-5)


def test_length_does_not_count():
    u, v, y = torch.randn(4, 3), torch.randn(4, 3), torch.tensor([1, -1, 1, -1])
    one, other = (cosine_embedding_loss(k * u, v, y).item() for k in (1, 1000))
    np.testing.assert_allclose(one, other, rtol=1e-5)


def test_features_of_zero_have_a_finite_loss_and_gradient():
    u = torch.zeros(1, 2, requires_grad=True)
    loss = cosine_embedding_loss(u, torch.tensor([[1.0, 0.0]]), torch.tensor([1]))
    loss.backward()
    assert loss.item() == 1 and np.isfinite(u.grad.numpy()).all()


def test_a_label_has_no_gradient():
    y = torch.ones(1, requires_grad=True)
    assert not cosine_embedding_loss(torch.ones(1, 2), torch.ones(1, 2), y).requires_grad


def test_says_what_it_expected():
    u, y = torch.zeros(3, 4), torch.tensor([1, -1, 1])
    with pytest.raises(RuntimeError, match=r"got \(3, 4\), \(3, 4\) and \(\)"):
        nn.CosineEmbeddingLoss()(u, u, y[0])
    with pytest.raises(RuntimeError, match=r"\(3, 4\) and \(3, 2\) and targets of shape"):
        cosine_embedding_loss(u, u[:, :2], y)
    with pytest.raises(RuntimeError, match="do not fit"):
        cosine_embedding_loss(u, u, y[:2])
    with pytest.raises(TypeError, match="margin must be a number, got NoneType"):
        cosine_embedding_loss(u, u, y, margin=None)
    with pytest.raises(TypeError, match="target must be a tensor, got int"):
        cosine_embedding_loss(u, u, 1)


@settings(max_examples=25)
@given(data=st.data())
def test_any_shape_and_layout(data):
    N, D = data.draw(agreement.SIZES), data.draw(agreement.SIZES)
    dtype, margin = data.draw(agreement.DTYPES), data.draw(agreement.MARGINS)
    second = data.draw(st.sampled_from([N, 1]))

    def loss(u, v, y, reduction):
        return cosine_embedding_loss(u, v, y, margin, reduction=reduction)

    agreement.check_agreement(
        loss, agreement.numbers(data, N, D, dtype=dtype),
        agreement.numbers(data, second, D, dtype=dtype),
        np.array([1, -1, 0, 1, -1])[:N], reduction=data.draw(agreement.REDUCTIONS))
