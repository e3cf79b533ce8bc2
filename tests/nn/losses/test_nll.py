import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.backend.device import Device
from pedagogic_nn.nn.losses.nll import nll_backward, nll_forward, nll_loss
from tests.harness import (
    BACKENDS,
    backend_tests,
    case,
    fixed,
    gradient_tests,
    integers,
    uniform,
)
from tests.nn.losses import agreement

T5, W = integers(5, high=4), uniform(4)
PICTURE = integers(2, 3, high=4)
WRONG = np.array([1, 4, -1, 0, -100])


def forward(x, t=T5, w=W, ignore_index=1):
    return case(nll_forward, x=x, t=t, w=w, ignore_index=ignore_index)


def backward(shape, g, t=T5, ignore_index=1):
    return case(nll_backward, t=t, w=W, g=g, scale=0.5, shape=fixed(shape),
                ignore_index=ignore_index)


CASES = [
    forward((5, 4)),
    forward((5, 4), np.array([1, -100, 0, 3, -100]), ignore_index=-100),
    forward((2, 4, 3), PICTURE),
    forward((0, 4), integers(0, high=4)),
    forward((1, 1), integers(1, high=1), uniform(1), ignore_index=-100),
    forward((5, 0), T5 * 0, uniform(0), ignore_index=0),
    backward((5, 4), uniform(5)),
    backward((5, 4), uniform(5), WRONG),
    backward((2, 4, 3), uniform(2, 3), PICTURE),
    backward((2, 4, 3), np.array(2, np.float32), PICTURE),
    backward((0, 4), uniform(0), integers(0, high=4)),
]
test_backends = backend_tests(CASES)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_sum_of_a_wrong_class_is_nan(backend):
    x, t, w = (Device(backend).put(a) for a in (uniform(5, 4), WRONG, W))
    _, sums = nll_forward(x, t, w, 1)
    assert np.isnan(sums[0].item())


CLASSES = integers(5, high=4, seed=1)


def weighted(input, target, reduction):
    return nll_loss(input, target, input.detach().new_tensor([0.5, 2.0, 0.0, 3.0]),
                    ignore_index=1, reduction=reduction)


test_gradients = gradient_tests([
    case(nll_loss, input=(5, 4), target=CLASSES),
    case(weighted, input=(5, 4), target=CLASSES, reduction="mean"),
    case(weighted, input=(2, 4, 3), target=integers(2, 3, high=4), reduction="none"),
    case(nll_loss, input=(4,), target=np.array(2), reduction="none"),
])


def test_by_hand():
    x = torch.tensor([[-1.0, -2.0], [-3.0, -4.0]], requires_grad=True)
    loss = nn.NLLLoss(torch.tensor([1.0, 3.0]))(x, torch.tensor([0, 1]))
    loss.backward()
    assert loss.item() == (1 * 1 + 3 * 4) / (1 + 3)
    assert x.grad.tolist() == [[-0.25, 0], [0, -0.75]]


def test_with_log_softmax_it_is_the_cross_entropy():
    x, t = torch.randn(2, 5, 4, 3), torch.randint(5, (2, 4, 3))
    one = nll_loss(x.log_softmax(1), t, ignore_index=2)
    other = nn.functional.cross_entropy(x, t, ignore_index=2)
    np.testing.assert_allclose(one.item(), other.item(), rtol=1e-6)


def test_large_pictures_agree_with_the_reference():
    x, t = torch.randn(3, 5, 40, 30, requires_grad=True), torch.randint(5, (3, 40, 30))
    nll_loss(x, t, reduction="sum").backward()
    expected = nll_backward.reference(t.numpy(), np.ones(5, np.float32), np.float32(1),
                                      1.0, x.shape, -100)
    np.testing.assert_array_equal(x.grad.numpy(), expected)


def test_all_ignored_is_nan_and_its_gradient_zero():
    x = torch.zeros(2, 3, requires_grad=True)
    loss = nll_loss(x, torch.tensor([-100, -100]))
    loss.backward()
    assert np.isnan(loss.item()) and not x.grad.numpy().any()


def test_the_example_of_2017():
    m, loss = nn.LogSoftmax(dim=1), nn.NLLLoss()
    x = torch.Tensor(3, 5)
    x.requires_grad = True
    loss(m(x), torch.autograd.Variable(torch.LongTensor([1, 0, 4]))).backward()
    assert x.grad.shape == (3, 5)


def test_says_what_it_expected():
    x, t = torch.zeros(8, 10), torch.arange(8)
    t[7] = 12
    with pytest.raises(IndexError, match=r"NLLLoss: target\[7\] is 12, but there are 10 "
                                         r"classes \(0 … 9\); ignore_index is -100"):
        nn.NLLLoss()(x, t)
    with pytest.raises(IndexError, match=r"nll_loss: target\[0\] is -1, but"):
        nll_loss(x[0], torch.tensor(-1))
    with pytest.raises(ValueError, match=r"expected classes of shape \(8,\), got \(7,\)"):
        nll_loss(x, t[:7])
    with pytest.raises(RuntimeError, match=r"classes of shape \(8,\), got \(8, 1\)"):
        nll_loss(x, t[:, None])
    with pytest.raises(RuntimeError, match=r"must be int64, got int32; say target.long"):
        nll_loss(x, t.int())
    with pytest.raises(NotImplementedError, match="floating point, got int64"):
        nll_loss(x.long(), t)
    with pytest.raises(RuntimeError, match=r"each of the 10 classes, got shape \(9,\)"):
        nll_loss(x, t, torch.ones(9))
    with pytest.raises(RuntimeError, match="weight is float64 and input is float32"):
        nll_loss(x, t, torch.ones(10).double())
    with pytest.raises(RuntimeError, match=r"no gradient with respect to weight"):
        nll_loss(x, t, torch.ones(10, requires_grad=True))
    with pytest.raises(TypeError, match="weight must be a tensor, got list"):
        nn.NLLLoss([1.0, 2.0])
    with pytest.raises(TypeError, match="target must be a tensor, got list"):
        nll_loss(x, [0] * 8)
    with pytest.raises(TypeError, match="ignore_index must be a whole number, got"):
        nll_loss(x, t.clamp(0, 9), ignore_index=1.5)
    with pytest.raises(RuntimeError, match="must be int64, got uint8"):      # of images
        nll_loss(torch.zeros(1, 2, 3), torch.zeros(1, 3, dtype=torch.uint8))


@settings(max_examples=25)
@given(data=st.data())
def test_any_shape_layout_and_class(data):
    N, C = data.draw(agreement.SIZES), data.draw(agreement.SIZES)
    pixels = data.draw(st.lists(agreement.SIZES, max_size=2))
    dtype = data.draw(agreement.DTYPES)
    w = agreement.weights(data, C, dtype)
    agreement.check_agreement(
        nll_loss, agreement.numbers(data, N, C, *pixels, dtype=dtype),
        agreement.classes(data, N, *pixels, high=C), w, learned=2,
        reduction=data.draw(agreement.REDUCTIONS),
        ignore_index=data.draw(st.sampled_from([-100, 0, 1])))
