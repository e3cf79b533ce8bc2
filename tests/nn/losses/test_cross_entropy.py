import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.losses.cross_entropy import (
    class_rows,
    cross_entropy,
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

T5 = integers(5, low=-1, high=4)  # -1: a row that is ignored
CASES = [
    case(class_rows, t=np.array([0, 3, -100, 1]), w=uniform(4), ignore_index=-100),
    case(class_rows, t=np.array([0, 4, -1, 1]), w=uniform(4), ignore_index=1),
    case(class_rows, t=np.array([], np.int64), w=uniform(4), ignore_index=1),
    case(
        cross_entropy_rows,
        x=(5, 4),
        t=T5,
        w=uniform(4),
        smoothing=0.0,
        scale=0.2,
        with_slope=True,
    ),
    case(
        cross_entropy_rows,
        x=(5, 4),
        t=T5,
        w=uniform(4),
        smoothing=0.1,
        scale=0.2,
        with_slope=True,
    ),
    case(
        cross_entropy_rows,
        x=(5, 4),
        t=T5,
        w=uniform(4),
        smoothing=0.1,
        scale=0.2,
        with_slope=False,
    ),
    case(
        cross_entropy_rows,
        x=(0, 4),
        t=integers(0, high=4),
        w=uniform(4),
        smoothing=0.0,
        scale=1.0,
        with_slope=True,
    ),
    case(
        cross_entropy_rows,
        x=(1, 1),
        t=integers(1, high=1),
        w=uniform(1),
        smoothing=0.0,
        scale=1.0,
        with_slope=True,
    ),
    case(
        cross_entropy_rows,
        x=saturated(5, 4),
        t=T5,
        w=uniform(4),
        smoothing=0.0,
        scale=1.0,
        with_slope=True,
    ),
]
test_backends = backend_tests(CASES)
CLASSES = integers(5, high=4, seed=1)
test_gradients = gradient_tests(
    [
        case(cross_entropy, input=(5, 4), target=CLASSES),
        case(
            cross_entropy,
            input=(5, 4),
            target=CLASSES,
            label_smoothing=0.1,
            reduction="sum",
        ),
        case(cross_entropy, input=(5, 4), target=CLASSES, reduction="none"),
        case(cross_entropy, input=(2, 4, 3), target=integers(2, 3, high=4)),
        case(cross_entropy, input=(5, 4), target=uniform(5, 4)),
    ]
)


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


def test_all_ignored_is_nan_as_in_pytorch():
    loss = cross_entropy(torch.zeros(2, 3), torch.tensor([-100, -100]))
    assert np.isnan(loss.item())


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
    with pytest.raises(RuntimeError, match=r"got shape \(9,\)"):
        cross_entropy(x, torch.arange(8), weight=torch.ones(9))
    with pytest.raises(
        RuntimeError, match=r"probabilities must have the input's shape \(8, 10\)"
    ):
        cross_entropy(x, torch.zeros(8))
    with pytest.raises(RuntimeError, match="label_smoothing must be from 0 to 1, got 2"):
        cross_entropy(x, torch.arange(8), label_smoothing=2)
    with pytest.raises(RuntimeError, match="floating point"):
        cross_entropy(x.long(), torch.arange(8))
    with pytest.raises(TypeError, match="weight must be a tensor, got list"):
        nn.CrossEntropyLoss([1.0, 2.0])
