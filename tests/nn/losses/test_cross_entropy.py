import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.losses.cross_entropy import (
    cross_entropy,
    cross_entropy_pixels,
    cross_entropy_rows,
)
from tests.harness import (
    backend_tests,
    case,
    gradient_tests,
    integers,
    saturated,
    uniform,
)
from tests.nn.losses import agreement

T5, W = integers(5, low=-1, high=4), uniform(4)  # -1: a row that is ignored
T23 = integers(2, 3, low=-1, high=4, seed=2)


def rows(x, t, w=W, smoothing=0.0, scale=0.2, with_slope=True):
    operation = cross_entropy_rows if t.ndim == 1 else cross_entropy_pixels
    return case(operation, x=x, t=t, w=w, smoothing=smoothing, scale=scale,
                with_slope=with_slope)


CASES = [
    rows((5, 4), T5),
    rows((5, 4), T5, smoothing=0.1),
    rows((5, 4), T5, smoothing=0.1, with_slope=False),
    rows((5, 4), T5, with_slope=False),
    rows((0, 4), integers(0, high=4)),
    rows((1, 1), integers(1, high=1), np.ones(1, np.float32)),
    rows(saturated(5, 4), T5, scale=1.0),
    rows((2, 4, 3), T23),
    rows((2, 4, 3), T23, smoothing=0.1),
    rows((2, 4, 3), T23, smoothing=0.1, with_slope=False),
    rows((2, 4, 0), integers(2, 0, high=4)),
    rows(saturated(2, 4, 3), T23, scale=1.0),
]
test_backends = backend_tests(CASES)
CLASSES = integers(5, high=4, seed=1)
test_gradients = gradient_tests([
    case(cross_entropy, input=(5, 4), target=CLASSES),
    case(cross_entropy, input=(5, 4), target=CLASSES, label_smoothing=0.1,
         reduction="sum"),
    case(cross_entropy, input=(5, 4), target=CLASSES, reduction="none"),
    case(cross_entropy, input=(2, 4, 3), target=integers(2, 3, high=4)),
    case(cross_entropy, input=(2, 4, 3), target=integers(2, 3, high=4),
         label_smoothing=0.1, reduction="none"),
])


@pytest.mark.parametrize("shape", [(300, 10), (3, 600), (2, 5, 20, 30)])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_rows_short_and_long_and_pictures_agree_with_the_reference(shape, smoothing):
    """Each shape takes another loop on the CPU, and more than one block of it."""
    x = torch.randn(*shape, requires_grad=True)
    t = torch.randint(shape[1], (shape[0], *shape[2:]))
    losses = cross_entropy(x, t, reduction="none", label_smoothing=smoothing)
    losses.sum().backward()
    expected, slope = cross_entropy_pixels.reference(
        x.detach().numpy(), t.numpy(), np.ones(shape[1], np.float32), smoothing, 1, True)
    np.testing.assert_allclose(losses.detach().numpy(), expected, 1e-5, 1e-5)
    np.testing.assert_allclose(x.grad.numpy(), slope, 1e-5, 1e-6)


def test_by_hand():
    """Scores 0 and log 3 are probabilities ¼ and ¾."""
    x = torch.tensor([[0.0, np.log(3.0)]], requires_grad=True)
    loss = nn.CrossEntropyLoss()(x, torch.tensor([0]))
    loss.backward()
    np.testing.assert_allclose(loss.item(), np.log(4), rtol=1e-6)
    np.testing.assert_allclose(x.grad.numpy(), [[1 / 4 - 1, 3 / 4]], rtol=1e-6)


def test_the_mean_is_weighted():
    w = torch.tensor([1.0, 3.0])
    x, t = torch.tensor([[0.0, 0.0], [2.0, 0.0]]), torch.tensor([1, 0])
    each = nn.CrossEntropyLoss(w, reduction="none")(x, t)
    mean = nn.CrossEntropyLoss(w)(x, t)
    np.testing.assert_allclose(mean.item(), each.sum().item() / 4, rtol=1e-6)


def test_huge_scores_give_a_finite_loss():
    x = torch.tensor([[1e4, -1e4]], requires_grad=True)
    loss = cross_entropy(x, torch.tensor([1]))
    loss.backward()
    assert loss.item() == 2e4
    assert x.grad.tolist() == [[1, -1]]


def test_a_score_of_minus_infinity_masks_its_class():
    """Recorded from PyTorch 2.13."""
    x = torch.tensor([[-np.inf, 2.0, 1.0]], requires_grad=True)
    loss = cross_entropy(x, torch.tensor([1]))
    loss.backward()
    np.testing.assert_allclose(loss.item(), 0.313262, rtol=1e-5)
    np.testing.assert_allclose(x.grad.numpy(), [[0, -0.268941, 0.268941]], rtol=1e-5)
    masked = nn.functional.log_softmax(x, 1).detach().numpy()
    np.testing.assert_allclose(masked, [[-np.inf, -0.313262, -1.313262]], rtol=1e-5)


def test_weights_are_a_buffer():
    loss = nn.CrossEntropyLoss(torch.ones(3))
    assert list(loss.state_dict()) == ["weight"]
    assert loss.double().weight.dtype == torch.float64


@pytest.mark.parametrize("shape", [(2, 3), (2, 600), (1, 3, 2, 2)])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_all_ignored_is_nan_and_its_gradient_zero(shape, smoothing):
    """As in PyTorch: 0 / 0, of which no score is the cause."""
    x = torch.zeros(*shape, requires_grad=True)
    target = torch.full((shape[0], *shape[2:]), -100)
    loss = cross_entropy(x, target, label_smoothing=smoothing)
    loss.backward()
    assert np.isnan(loss.item()) and not x.grad.numpy().any()


def test_the_gradient_is_not_copied_on_its_way():
    """`.grad` is the array that the kernel filled, pictures included."""
    for shape in [(3, 4), (2, 4, 3, 2)]:
        x = torch.randn(*shape, requires_grad=True)
        loss = cross_entropy(x, torch.zeros(shape[0], *shape[2:], dtype=torch.int64))
        (slope,) = loss.grad_fn.saved
        address = slope.ctypes.data
        del slope
        loss.backward()
        assert x.grad.numpy().ctypes.data == address


def test_says_what_it_expected():
    x = torch.zeros(8, 10)
    target = torch.arange(8)
    target[7] = 12
    with pytest.raises(
        IndexError, match=r"target\[7\] is 12, but there are 10 classes \(0 … 9\)"
    ):
        cross_entropy(x, target)
    with pytest.raises(ValueError, match=r"expected classes of shape \(8,\), got \(7,\)"):
        cross_entropy(x, torch.arange(7))
    with pytest.raises(RuntimeError, match=r"shape \(2, 5, 4\), got \(2, 4, 5\)"):
        cross_entropy(torch.zeros(2, 3, 5, 4), torch.zeros(2, 4, 5, dtype=torch.int64))
    with pytest.raises(RuntimeError, match=r"got shape \(9,\)"):
        cross_entropy(x, torch.arange(8), weight=torch.ones(9))
    with pytest.raises(RuntimeError, match="label_smoothing must be from 0 to 1, got 2"):
        cross_entropy(x, torch.arange(8), label_smoothing=2)
    for wrong in (None, 2.5, True):
        with pytest.raises(TypeError, match="ignore_index must be a whole number"):
            cross_entropy(x, torch.arange(8), ignore_index=wrong)
    with pytest.raises(TypeError, match="label_smoothing must be a number, got NoneType"):
        cross_entropy(x, torch.arange(8), label_smoothing=None)
    with pytest.raises(NotImplementedError, match="floating point"):
        cross_entropy(x.long(), torch.arange(8))
    with pytest.raises(TypeError, match="weight must be a tensor, got list"):
        nn.CrossEntropyLoss([1.0, 2.0])
    with pytest.raises(TypeError, match="target must be a tensor, got ndarray"):
        cross_entropy(x, target.numpy())


@settings(max_examples=25)
@given(data=st.data())
def test_any_shape_layout_and_class(data):
    N, C = data.draw(agreement.SIZES), data.draw(st.integers(1, 5))
    pixels = data.draw(st.lists(agreement.SIZES, max_size=2))
    dtype = data.draw(agreement.DTYPES)
    agreement.check_agreement(
        cross_entropy, agreement.numbers(data, N, C, *pixels, dtype=dtype),
        agreement.classes(data, N, *pixels, high=C), agreement.weights(data, C, dtype),
        learned=2, reduction=data.draw(agreement.REDUCTIONS),
        ignore_index=data.draw(st.sampled_from([-100, 0, 1])),
        label_smoothing=data.draw(st.sampled_from([0.0, 0.2, 1.0])))


def test_the_reference_too_has_slope_0_where_all_is_ignored():
    x, t = np.ones((2, 3), np.float32), np.array([-1, -1])
    for run in (cross_entropy_rows, cross_entropy_rows.reference):
        losses, slope = run(x, t, np.ones(3, np.float32), 0.0, np.nan, True)
        assert losses.tolist() == [0, 0] and slope.tolist() == [[0] * 3] * 2


@pytest.mark.parametrize("shape", [(3, 2), (3, 4), (2, 600), (2, 3, 5)])
@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}])
def test_large_scores_keep_their_digits(shape, options):
    """Beside 10,000 float32 has steps of 0.001; the loss is as exact as at 0."""
    scores = (np.arange(np.prod(shape)) % 7 / 4).reshape(shape).astype(np.float32)
    target = torch.zeros(shape[0], *shape[2:]).long()
    soft = torch.full(shape, 1 / shape[1])
    for t in (target, soft):
        near, far = (torch.nn.functional.cross_entropy(
            torch.from_numpy(scores + shift), t, reduction="none", **options).numpy()
            for shift in np.float32([0, 8192]))
        np.testing.assert_allclose(far, near, 2e-6, 2e-6)
