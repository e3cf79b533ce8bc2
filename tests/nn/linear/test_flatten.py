import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import nn
from tests.harness import case, gradient_tests


def flatten(input):
    return nn.Flatten()(input)


def unflatten(input):
    return nn.Unflatten(1, (2, -1))(input)


test_gradients = gradient_tests([case(flatten, input=(2, 3, 4)),
                                 case(unflatten, input=(2, 6, 2))])


@settings(max_examples=20, deadline=None)
@given(shape=st.lists(st.integers(0, 4), min_size=1, max_size=4), data=st.data())
def test_unflatten_is_the_way_back(shape, data):
    start = data.draw(st.integers(0, len(shape) - 1))
    end = data.draw(st.integers(start, len(shape) - 1))
    x = torch.randn(*shape)
    flat = nn.Flatten(start, end - len(shape))(x)
    assert flat.ndim == len(shape) - (end - start)
    back = nn.Unflatten(start, tuple(shape[start:end + 1]))(flat)
    assert back.shape == x.shape and torch.equal(back, x)


def test_the_size_that_is_left_out_follows_from_the_others():
    assert nn.Unflatten(-1, (-1, 3))(torch.zeros(2, 12)).shape == (2, 4, 3)
    assert nn.Unflatten(0, [2, -1])(torch.zeros(0, 3)).shape == (2, 0, 3)


def test_a_view_and_a_strided_input_give_the_same_numbers():
    x = torch.arange(12).view(3, 4).t()
    assert nn.Flatten(0)(x).tolist() == [k for row in x.tolist() for k in row]


@pytest.mark.parametrize("make, error, words", [
    (lambda: nn.Unflatten(1, 4), TypeError, "a tuple of integers, got 4"),
    (lambda: nn.Unflatten(1, (2, "a")), TypeError, "a tuple of integers"),
    (lambda: nn.Unflatten("features", (2, 3)), TypeError, "axes have no names here"),
    (lambda: nn.Unflatten(1, (2, 5))(torch.zeros(3, 12)), RuntimeError,
     r"\(2, 5\) do not multiply up to the 12 of axis 1"),
    (lambda: nn.Unflatten(1, (-1, -1))(torch.zeros(3, 12)), RuntimeError, "multiply up"),
    (lambda: nn.Unflatten(1, (0, -1))(torch.zeros(3, 0)), RuntimeError, "multiply up"),
    (lambda: nn.Unflatten(1, ())(torch.zeros(3, 1)), RuntimeError, "names no axes"),
    (lambda: nn.Unflatten(0, (1,))(torch.tensor(1.0)), RuntimeError, "a single number"),
    (lambda: nn.Unflatten(2, (1,))(torch.zeros(3, 1)), IndexError, "dim 2 is out of"),
    (lambda: nn.Flatten(2, 1)(torch.zeros(3, 1, 2)), RuntimeError, "comes after end_dim"),
    (lambda: nn.Flatten(None)(torch.zeros(3)), TypeError, "flatten: dim must be a whole"),
    (lambda: nn.Flatten()(torch.tensor(1.0)), IndexError, "dim 1 is out of range")])
def test_says_what_it_expected(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_repr():
    assert repr(nn.Flatten(0, -2)) == "Flatten(start_dim=0, end_dim=-2)"
    assert repr(nn.Unflatten(1, (2, 3))) == "Unflatten(dim=1, unflattened_size=(2, 3))"
