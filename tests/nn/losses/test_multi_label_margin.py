import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.losses.multi_label_margin import (
    multi_label_margin_rows,
    multilabel_margin_loss,
)
from tests.harness import backend_tests, case, gradient_tests, saturated
from tests.nn.losses import agreement

LISTS = np.array([[3, 0, -1, 1], [-1, 2, 1, 0], [0, 1, 2, 3], [2, 2, -1, -1]])


def rows(x, y=LISTS, with_slope=True):
    return case(multi_label_margin_rows, x=x, y=y, scale=0.5, with_slope=with_slope)


CASES = [
    rows((4, 4)),
    rows((4, 4), with_slope=False),
    rows((4, 4), np.where(LISTS == 3, 4, LISTS)),
    rows((4, 4), np.where(LISTS == 1, -2, LISTS)),
    rows((0, 4), LISTS[:0]),
    rows((1, 1), np.array([[0]])),
    rows(saturated(4, 4)),
]
test_backends = backend_tests(CASES)
test_gradients = gradient_tests([
    case(multilabel_margin_loss, input=(4, 4), target=LISTS),
    case(multilabel_margin_loss, input=(4, 4), target=LISTS, reduction="none"),
    case(multilabel_margin_loss, input=(4,), target=LISTS[0], reduction="sum"),
])


def test_by_hand():
    """Right classes 3 and 0: the list ends at -1, and what follows does not count."""
    x = torch.tensor([[0.1, 0.2, 0.4, 0.8]], requires_grad=True)
    loss = nn.MultiLabelMarginLoss()(x, torch.tensor([[3, 0, -1, 1]]))
    loss.backward()
    np.testing.assert_allclose(
        loss.item(), (0.4 + 0.6 + 1.1 + 1.3) / 4, rtol=1e-6)
    assert x.grad.tolist() == [[-0.5, 0.5, 0.5, -0.5]]


def test_class_0_does_not_end_the_list():
    """The documents of 2017 say so; there classes counted from 1."""
    x = torch.tensor([[0.0, 0.0, 5.0]])
    first = multilabel_margin_loss(x, torch.tensor([[0, 1, -1]]))
    second = multilabel_margin_loss(x, torch.tensor([[1, 0, -1]]))
    assert first.item() == second.item() == 12 / 3


def test_says_what_it_expected():
    x, y = torch.zeros(2, 4), torch.tensor([[0, -1, 9, 0], [1, 2, -1, 0]])
    with pytest.raises(RuntimeError, match=r"MultiLabelMarginLoss: target\[0, 2\] is 9"):
        nn.MultiLabelMarginLoss()(x, y)
    with pytest.raises(RuntimeError, match=r"target\[1, 0\] is -2"):
        multilabel_margin_loss(x, y.clamp(-1, 1) - torch.tensor([[0], [3]]))
    with pytest.raises(RuntimeError, match=r"input's shape \(2, 4\), got \(2, 3\)"):
        multilabel_margin_loss(x, y[:, :3])
    with pytest.raises(RuntimeError, match="must be int64, got int32"):
        multilabel_margin_loss(x, y.int())
    with pytest.raises(TypeError, match="target must be a tensor, got list"):
        multilabel_margin_loss(x, [[0, -1]])


@settings(max_examples=25)
@given(data=st.data())
def test_any_shape_layout_and_list(data):
    N, C = data.draw(agreement.SIZES), data.draw(agreement.SIZES)
    agreement.check_agreement(
        multilabel_margin_loss,
        agreement.numbers(data, N, C, dtype=data.draw(agreement.DTYPES)),
        agreement.classes(data, N, C, low=-1, high=C),
        reduction=data.draw(agreement.REDUCTIONS))
