"""What doors ask of single arguments."""
import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn.autograd.checks import (
    check_not_bool,
    check_number,
    check_real,
    check_tensor,
    check_whole_number,
)


@pytest.mark.parametrize("value, told", [
    ([1.0], "ReLU: input must be a tensor, got list; say torch.tensor(input)"),
    (2, "ReLU: input must be a tensor, got int; say torch.tensor(input)"),
    (np.zeros(2), "ReLU: input must be a tensor, got ndarray; say "
                  "torch.from_numpy(input)"),
    (None, "ReLU: input must be a tensor, got NoneType"),
    ("a", "ReLU: input must be a tensor, got str")])
def test_what_is_no_tensor_is_named_with_the_way_out(value, told):
    with pytest.raises(TypeError) as caught:
        check_tensor("ReLU", "input", value)
    assert str(caught.value) == told
    check_tensor("ReLU", "input", torch.zeros(2))


def test_numbers_come_as_floats():
    for value in (2, 2.0, True, np.float32(2), torch.tensor(2)):
        number = check_number("ELU", "alpha", value)
        assert type(number) is float and number == float(value)
    for value in (None, "a", [1], np.ones(2), 1j):
        with pytest.raises(TypeError, match="ELU: alpha must be a number, got"):
            check_number("ELU", "alpha", value)


def test_whole_numbers_come_as_ints():
    for value in (2, np.int32(2), torch.tensor(2)):
        number = check_whole_number("softmax", "dim", value)
        assert type(number) is int and number == 2
    for value in (None, "a", 2.0, True, np.bool_(True)):
        with pytest.raises(TypeError, match="softmax: dim must be a whole number, got"):
            check_whole_number("softmax", "dim", value)


def test_tensors_of_the_wrong_kind():
    with pytest.raises(NotImplementedError, match=r"got int64; say input\.float\(\)"):
        check_real("huber_loss", "input", torch.arange(2))
    with pytest.raises(RuntimeError, match=r"got bool; say x1\.float\(\)"):
        check_not_bool("pairwise_distance", "x1", torch.tensor([True]))
    check_real("huber_loss", "input", torch.zeros(2))
    check_not_bool("pairwise_distance", "x1", torch.arange(2))
