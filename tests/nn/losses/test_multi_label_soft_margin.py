import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.losses.multi_label_soft_margin import (
    multi_label_soft_margin_rows,
    multilabel_soft_margin_loss,
)
from tests.harness import backend_tests, case, gradient_tests, saturated, uniform
from tests.nn.losses import agreement


def rows(x, y, w, with_slope=True):
    return case(multi_label_soft_margin_rows, x=x, y=y, w=w, each=0.25, scale=0.5,
                with_slope=with_slope)


CASES = [
    rows((5, 4), uniform(5, 4), uniform(1, 4)),
    rows((5, 4), uniform(5, 4), uniform(5, 4), with_slope=False),
    rows((0, 4), uniform(0, 4), uniform(1, 4)),
    rows((1, 1), uniform(1, 1), uniform(1, 1)),
    rows(saturated(5, 4), uniform(5, 4), uniform(1, 4)),
]
test_backends = backend_tests(CASES)
test_gradients = gradient_tests([
    case(multilabel_soft_margin_loss, input=(5, 4), target=uniform(5, 4)),
    case(multilabel_soft_margin_loss, input=(5, 4), target=uniform(5, 4),
         weight=uniform(4), reduction="none"),
    case(multilabel_soft_margin_loss, input=(2, 3, 4), target=uniform(3, 4),
         weight=uniform(2, 1, 1), reduction="sum"),
    case(multilabel_soft_margin_loss, input=(4,), target=uniform(2, 4),
         reduction="none"),
])


def test_by_hand():
    """Score log 3 says yes with probability ¾."""
    x = torch.tensor([[0.0, np.log(3.0)]], requires_grad=True)
    loss = nn.MultiLabelSoftMarginLoss(torch.tensor([1.0, 2.0]))(
        x, torch.tensor([[1.0, 0.0]]))
    loss.backward()
    np.testing.assert_allclose(loss.item(), (np.log(2) + 2 * np.log(4)) / 2, rtol=1e-6)
    np.testing.assert_allclose(x.grad.numpy(), [[-0.25, 0.75]], rtol=1e-6)


def test_without_weights_it_is_the_binary_cross_entropy():
    x, y = torch.randn(3, 4), torch.rand(3, 4)
    np.testing.assert_allclose(
        multilabel_soft_margin_loss(x, y).item(),
        nn.functional.binary_cross_entropy_with_logits(x, y).item(), rtol=1e-6)


def test_large_scores_do_not_overflow():
    x = torch.tensor([[1e4, -1e4]], requires_grad=True)
    loss = multilabel_soft_margin_loss(x, torch.tensor([[0.0, 0.0]]))
    loss.backward()
    assert loss.item() == 5e3 and x.grad.tolist() == [[0.5, 0]]


def test_says_what_it_expected():
    x = torch.zeros(2, 4)
    with pytest.raises(RuntimeError, match=r"one shape, got \(2, 4\), \(2, 3\)"):
        nn.MultiLabelSoftMarginLoss()(x, x[:, :3])
    with pytest.raises(RuntimeError, match=r"\(2, 4\), \(2, 4\), \(3,\)"):
        multilabel_soft_margin_loss(x, x, torch.ones(3))
    with pytest.raises(RuntimeError, match=r"got bool; say target.float\(\)"):
        multilabel_soft_margin_loss(x, x > 0)
    with pytest.raises(NotImplementedError, match=r"got int64; say input.float\(\)"):
        multilabel_soft_margin_loss(x.long(), x)
    with pytest.raises(IndexError, match="got a single number"):
        multilabel_soft_margin_loss(x[0, 0], x[0, 0])
    with pytest.raises(TypeError, match="target must be a tensor, got float"):
        multilabel_soft_margin_loss(x, 0.5)


@settings(max_examples=25)
@given(data=st.data())
def test_any_shape_and_layout(data):
    C, dtype = data.draw(st.integers(1, 5)), data.draw(agreement.DTYPES)
    shape = (*data.draw(st.lists(agreement.SIZES, max_size=2)), C)
    agreement.check_agreement(
        multilabel_soft_margin_loss, agreement.numbers(data, *shape, dtype=dtype),
        agreement.numbers(data, *data.draw(st.sampled_from([shape, (C,), (1,)]))),
        agreement.weights(data, C, dtype), reduction=data.draw(agreement.REDUCTIONS))


def test_gradients_of_stretched_classes_are_not_turned_around():
    """Input (5,) and target (5, 1) make 5 x 5, where rows and columns look alike."""
    def gradients(x, y):
        loss = nn.MultiLabelSoftMarginLoss(reduction="none")(x, y)
        loss.backward(torch.arange(1.0, 6.0))
        return x.grad.numpy(), y.grad.numpy()

    x, y = torch.randn(5, requires_grad=True), torch.rand(5, 1, requires_grad=True)
    dx, dy = gradients(x, y)
    # The classes stand along axis 0, the input's last: loss_j = 1/5 Σ_i q(x_j, y_i).
    p = 1 / (1 + np.exp(-x.detach().numpy()))
    g = np.arange(1, 6) / 5
    np.testing.assert_allclose(dy, -np.full((5, 1), (x.detach().numpy() * g).sum()), 1e-5)
    np.testing.assert_allclose(dx, g * (5 * p - y.detach().numpy().sum()), 1e-5, 1e-6)
