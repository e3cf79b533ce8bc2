import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.losses.multi_margin import multi_margin_loss, multi_margin_rows
from tests.harness import (
    backend_tests,
    case,
    gradient_tests,
    integers,
    saturated,
    uniform,
)
from tests.nn.losses import agreement

T5 = integers(5, high=4)


def rows(x, t=T5, w=None, p=1, margin=1.0, with_slope=True):
    return case(multi_margin_rows, x=x, t=t, w=uniform(4) if w is None else w, p=p,
                margin=margin, scale=0.5, with_slope=with_slope)


CASES = [
    rows((5, 4)),
    rows((5, 4), p=2, margin=0.3),
    rows((5, 4), with_slope=False),
    rows((5, 4), t=np.array([0, 4, 3, -1, 2**40])),
    rows((0, 4), t=integers(0, high=4)),
    rows((1, 1), t=integers(1, high=1), w=uniform(1)),
    rows(saturated(5, 4), p=2),
]
test_backends = backend_tests(CASES)


def weighted(input, target, reduction):
    return multi_margin_loss(
        input, target, p=2, margin=3.0, reduction=reduction,
        weight=input.detach().new_tensor([0.5, 2.0, 0.0, 3.0]))


test_gradients = gradient_tests([
    case(multi_margin_loss, input=(5, 4), target=T5),
    case(multi_margin_loss, input=(5, 4), target=T5, p=2, reduction="sum"),
    case(weighted, input=(5, 4), target=T5, reduction="mean"),
    case(weighted, input=(5, 4), target=T5, reduction="none"),
    case(multi_margin_loss, input=(4,), target=np.array(2), reduction="none"),
])


def test_by_hand():
    x = torch.tensor([[0.1, 0.2, 0.4, 0.8]], requires_grad=True)
    loss = nn.MultiMarginLoss()(x, torch.tensor([3]))
    loss.backward()
    np.testing.assert_allclose(loss.item(), (0.3 + 0.4 + 0.6) / 4, rtol=1e-6)
    assert x.grad.tolist() == [[0.25, 0.25, 0.25, -0.75]]


def test_the_weight_is_not_raised_to_a_power():
    """The documents of 2017 have it inside, w[y] · (…) ^ p; it stands outside."""
    x, t, w = torch.tensor([[0.0, 0.0]]), torch.tensor([1]), torch.tensor([1.0, 3.0])
    assert nn.MultiMarginLoss(p=2, margin=2.0, weight=w)(x, t).item() == 3 * 2**2 / 2


def test_an_empty_batch():
    x, t = torch.zeros(0, 3, requires_grad=True), torch.zeros(0, dtype=torch.int64)
    assert multi_margin_loss(x, t, reduction="sum").item() == 0
    assert np.isnan(multi_margin_loss(x, t).item())


def test_says_what_it_expected():
    x, t = torch.zeros(3, 4), torch.tensor([0, 1, 4])
    with pytest.raises(RuntimeError, match=r"MultiMarginLoss: target\[2\] is 4, but "
                                           r"there are 4 classes \(0 … 3\)$"):
        nn.MultiMarginLoss()(x, t)
    with pytest.raises(RuntimeError, match=r"target\[1\] is -1"):
        multi_margin_loss(x, torch.tensor([0, -1, 1]))
    with pytest.raises(RuntimeError, match=r"expected classes of shape \(3,\), got \(2,"):
        multi_margin_loss(x, t[:2])
    with pytest.raises(RuntimeError, match="must be int64, got float32"):
        multi_margin_loss(x, t.float())
    with pytest.raises(RuntimeError, match=r"C at least 1, got \(3, 4, 1\)"):
        multi_margin_loss(x[:, :, None], t)
    with pytest.raises(ValueError, match="MultiMarginLoss: p must be 1 or 2, got 3"):
        nn.MultiMarginLoss(p=3)
    with pytest.raises(ValueError, match=r"weight must have shape \(C,\), got \(1, 4\)"):
        nn.MultiMarginLoss(weight=torch.ones(1, 4))
    with pytest.raises(TypeError, match="margin must be a number, got str"):
        multi_margin_loss(x, t, margin="1")
    with pytest.raises(TypeError, match="weight must be a tensor, got list"):
        multi_margin_loss(x, t, weight=[1.0])


@settings(max_examples=25)
@given(data=st.data())
def test_any_shape_layout_and_class(data):
    N, C = data.draw(agreement.SIZES), data.draw(agreement.SIZES)
    dtype, p = data.draw(agreement.DTYPES), data.draw(st.sampled_from([1, 2]))
    margin = data.draw(agreement.MARGINS)

    def loss(input, target, weight, reduction):
        return multi_margin_loss(input, target, p, margin, weight, reduction=reduction)

    agreement.check_agreement(
        loss, agreement.numbers(data, N, C, dtype=dtype),
        agreement.classes(data, N, high=C), agreement.weights(data, C, dtype), learned=2,
        reduction=data.draw(agreement.REDUCTIONS))
