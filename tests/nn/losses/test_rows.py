import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn.nn.losses.rows import (
    check_labels,
    class_sums,
    classes_of,
    reduce_rows,
    scaled,
)
from tests.harness import backend_tests, case

W = np.array([0.5, 2, 4, 8], np.float32)
CASES = [
    case(class_sums, t=np.array([0, 3, -100, 1]), w=W, C=4, ignore_index=-100),
    case(class_sums, t=np.array([0, 3, 1]), w=None, C=4, ignore_index=-100),
    case(class_sums, t=np.array([0, 3, 1]), w=None, C=4, ignore_index=3),
    case(class_sums, t=np.array([0, 4, -1, 1]), w=W, C=4, ignore_index=1),
    case(class_sums, t=np.array([0, -1, 1]), w=W, C=4, ignore_index=-1),
    case(class_sums, t=np.array([], np.int64), w=None, C=0, ignore_index=1),
    case(class_sums, t=np.array([7]), w=None, C=0, ignore_index=7),
    case(class_sums, t=np.array([0]), w=W[:0], C=0, ignore_index=7),
]
test_backends = backend_tests(CASES)


def test_targets_that_all_count_are_not_copied():
    t = np.array([0, 3, 1])
    classes, weight = classes_of("NLLLoss", t, None, 4, -100)
    assert classes is t and weight == 3


@pytest.mark.parametrize("wrong", [4, -1, 2**40, -2**63])
def test_the_first_wrong_class_is_named(wrong):
    t = np.array([[0, 3], [1, wrong]])
    for w in (None, np.ones(4)):
        with pytest.raises(IndexError, match=rf"target\[1, 1\] is {wrong}, but"):
            classes_of("NLLLoss", t, w, 4, -100)
    with pytest.raises(RuntimeError, match=rf"target\[1, 1\] is {wrong}"):
        check_labels("MultiMarginLoss", np.array([1, np.nan]), t, 4, error=RuntimeError)


def test_a_nan_in_the_scores_is_no_wrong_label():
    check_labels("NLLLoss", np.array(np.nan), np.array([0, 3]), 4)


def test_ignored_classes_have_no_weight():
    t = np.array([0, 1, 2, 2])
    classes, weight = classes_of("NLLLoss", t, np.array([0.5, 2, 4], np.float32), 3, 2)
    assert classes.tolist() == [0, 1, -1, -1] and weight == 2.5
    assert classes_of("NLLLoss", t, None, 3, 2)[1] == 2


def test_the_mean_of_many_half_precision_losses_does_not_overflow():
    losses = np.full(40_000, 4, np.float16)
    assert reduce_rows(losses, "mean", 1 / 40_000) == 4
    assert np.isnan(reduce_rows(losses[:0], "mean", 1.0))
    assert reduce_rows(losses[:0], "sum", 1.0) == 0


def test_a_gradient_of_one_copies_nothing():
    slope = np.ones((2, 3), np.float32)
    assert scaled(slope, np.ones((), np.float32)) is slope
    assert scaled(slope, np.array([1, 2], np.float32)).tolist() == [[1] * 3, [2] * 3]


def test_a_second_backward_needs_a_retained_graph():
    x = torch.zeros(2, 3, requires_grad=True)
    loss = torch.nn.functional.multi_margin_loss(x, torch.tensor([0, 1]))
    loss.backward(retain_graph=True)
    once = x.grad.numpy().copy()
    loss.backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * once)
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()
