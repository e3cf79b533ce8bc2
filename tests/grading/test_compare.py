"""What a difference is, and how it is said."""

import numpy as np
import pytest

from exercises.grading.compare import Comparison


@pytest.mark.parametrize("expected, got, words", [
    (np.zeros(3), np.zeros(3), None),
    (np.zeros(3), np.full(3, 1e-12), None),
    (np.full(2, np.nan), np.full(2, np.nan), None),
    (np.full(2, np.inf), np.full(2, np.inf), None),
    (1.0, np.array(1.0), None),
    ((1, 2), [1, 2], None),
    (np.zeros(3), np.array([0, 0, 1.0]), "entry (2): you have 1, expected 0."),
    (np.zeros(3), np.array([0, np.nan, 1]), "entry (1): you have nan, expected 0."),
    (np.full(2, np.inf), np.full(2, -np.inf), "entry (0): you have -inf, expected inf."),
    (np.zeros((3, 1)), np.zeros(3), "has shape (3,); it should be (3, 1)"),
    (np.zeros(3), np.zeros(3, np.float32), "has dtype float32; it should be float64"),
    (np.zeros(3), 0.0, "should be an array of shape (3,); you have 0.0"),
    (np.zeros(3), None, "you have None (is a return statement missing?)"),
    (1.0, 1.0 + 1e-7, "you have 1.0000001, expected 1."),
    (1.0, True, "should be a number; you have True"),
    (1.0, 10**400, "you have inf, expected 1."),
    (3, 4, "is 4; it should be 3"),
    (3, True, "is True; it should be 3"),
    (True, 1, "is 1; it should be True"),
    ("mean", "sum", "is 'sum'; it should be 'mean'"),
    ((1, 2), 1, "should be 2 results; you have 1"),
    ((1, 2), (1, 2, 3), "should be 2 results; you have 3 of them"),
    ({"a": 1}, {}, "has no entry 'a'"),
    ({"a": 1}, {"a": 1, "b": 2}, "has an entry too many: 'b'"),
    ({"weight": np.zeros(1)}, {"weight": np.ones(1)}, "weight, entry (0): you have 1"),
])
def test_difference_in_words(expected, got, words):
    found = Comparison(who="f").difference(expected, got)
    assert (found is None) if words is None else (words in found.words)


def test_results_are_called_by_their_names():
    comparison = Comparison(names=("h'", "c'"), who="cell")
    found = comparison.difference((np.zeros(1), np.zeros(1)), (np.zeros(1), np.ones(1)))
    assert found.words == "c' of cell, entry (0): you have 1, expected 0."
    assert found.path == (1,)
