import pytest

from pedagogic_nn.nn.losses.reduction import reduction_of


@pytest.mark.parametrize(
    "size_average, reduce, expected",
    [
        (None, None, "mean"),
        (True, None, "mean"),
        (False, None, "sum"),
        (None, True, "mean"),
        (False, True, "sum"),
        (True, False, "none"),
        (False, False, "none"),
    ],
)
def test_old_arguments_become_the_reduction(size_average, reduce, expected):
    assert reduction_of("L1Loss", "mean", size_average, reduce) == expected


def test_an_unknown_reduction_is_named():
    with pytest.raises(
        ValueError, match="reduction must be 'none', 'mean' or 'sum', got 'avg'"
    ):
        reduction_of("L1Loss", "avg")
