import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn.nn.functional import one_hot


def test_by_hand():
    assert one_hot(torch.tensor([0, 2])).tolist() == [[1, 0, 0], [0, 0, 1]]
    assert one_hot(torch.tensor(1), 4).tolist() == [0, 1, 0, 0]


def test_on_a_gpu():
    rows = one_hot(torch.tensor([1, 0]).to("cuda"))
    assert rows.device.type == "cuda" and rows.cpu().tolist() == [[0, 1], [1, 0]]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=6), st.integers(0, 3))
def test_each_row_says_its_class(classes, more):
    t = torch.tensor(classes)
    rows = one_hot(t, max(classes) + 1 + more)
    assert rows.dtype == torch.int64
    assert rows.argmax(1).tolist() == classes and rows.sum(1).tolist() == [1] * len(
        classes
    )


def test_says_what_it_expected():
    with pytest.raises(RuntimeError, match="class numbers start at 0, got -2"):
        one_hot(torch.tensor([0, -2]))
    with pytest.raises(
        RuntimeError, match="with num_classes=2 the largest class is 1, got 3"
    ):
        one_hot(torch.tensor([0, 3]), 2)
    with pytest.raises(RuntimeError, match="of dtype int64, got float32"):
        one_hot(torch.ones(2))
    with pytest.raises(RuntimeError, match="empty tensor has no largest number"):
        one_hot(torch.zeros(0).long())
    with pytest.raises(TypeError, match="num_classes must be a whole number, got 2.5"):
        one_hot(torch.tensor([1]), 2.5)
