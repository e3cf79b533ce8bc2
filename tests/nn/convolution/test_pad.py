import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn.nn import functional as F
from pedagogic_nn.nn.convolution.pad import pad_axis, pad_axis_backward, places
from tests.harness import backend_tests, case, gradient_tests

INDEX = np.array([-1, 2, 0, 1, 2, 0, -1])
test_backends = backend_tests([
    case(pad_axis, x=(2, 3, 2), index=INDEX, value=1.5),
    case(pad_axis, x=(2, 3, 1), index=INDEX[:0], value=0.0),
    case(pad_axis, x=(0, 3, 2), index=INDEX, value=0.0),
    case(pad_axis, x=(1, 1, 1), index=np.array([0]), value=0.0),
    case(pad_axis_backward, dy=(2, 7, 2), index=INDEX, length=3),
    case(pad_axis_backward, dy=(2, 1, 2), index=np.array([-1]), length=4),
    case(pad_axis_backward, dy=(0, 7, 2), index=INDEX, length=3),
])
test_gradients = gradient_tests([
    case(F.pad, input=(2, 3, 4), pad=[1, 2, 2, 0], mode=mode)
    for mode in ("constant", "reflect", "replicate", "circular")])

# What NumPy calls the modes.
NAMES = {"constant": "constant", "reflect": "reflect", "replicate": "edge",
         "circular": "wrap"}


def test_by_hand():
    x = torch.tensor([[0.0, 1, 2, 3]])
    assert F.pad(x, (1, 2), value=9).tolist() == [[9, 0, 1, 2, 3, 9, 9]]
    assert F.pad(x, (3, 2), "reflect").tolist() == [[3, 2, 1, 0, 1, 2, 3, 2, 1]]
    assert F.pad(x, (1, 2), "replicate").tolist() == [[0, 0, 1, 2, 3, 3, 3]]
    assert F.pad(x, (1, 2), "circular").tolist() == [[3, 0, 1, 2, 3, 0, 1]]
    assert F.pad(x, (-1, -2)).tolist() == [[1]]
    assert F.pad(x, (1, 0, 0, 1)).tolist() == [[0, 0, 1, 2, 3], [0, 0, 0, 0, 0]]


def test_the_gradient_of_a_repeated_number_is_a_sum():
    x = torch.tensor([[1.0, 2.0]], requires_grad=True)
    F.pad(x, (3, 1), "replicate").sum().backward()
    assert x.grad.tolist() == [[4, 2]]


@pytest.mark.parametrize("dtype", [np.int64, np.bool_, np.float16])
def test_every_dtype(dtype):
    x = torch.from_numpy(np.ones((2, 3), dtype))
    y = F.pad(x, (1, 0, 0, 1))
    assert y.dtype == x.dtype and y.tolist() == [[0, 1, 1, 1]] * 2 + [[0] * 4]


def test_nothing_to_pad_is_a_copy():
    x = torch.zeros(2, 3)
    y = F.pad(x, (0, 0))
    y[0, 0] = 1.0
    assert float(x.sum()) == 0 and F.pad(x, ()).shape == (2, 3)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), st.integers(0, 4), st.integers(0, 4),
       st.sampled_from(sorted(NAMES)))
def test_the_places_are_numpys(length, before, after, mode):
    limit = {"reflect": length - 1, "circular": length}.get(mode, 4)
    before, after = min(before, limit), min(after, limit)
    x = np.arange(1, length + 1)
    index = places(mode, before, after, length)
    options = {"constant_values": 0} if mode == "constant" else {}
    np.testing.assert_array_equal(
        np.where(index < 0, 0, x[index]),
        np.pad(x, (before, after), NAMES[mode], **options))


@pytest.mark.parametrize("error, message, arguments", [
    (TypeError, "sequence of whole numbers", ((1, 1.5),)),
    (TypeError, "sequence of whole numbers", (1,)),
    (RuntimeError, "two numbers for each axis", ((1,),)),
    (RuntimeError, "at most 4 for input of shape", ((1,) * 6,)),
    (RuntimeError, "takes more", ((-5, 2),)),
    (RuntimeError, "of which mode 'reflect' can add 3", ((4, 0), "reflect")),
    (RuntimeError, "of which mode 'circular' can add 4", ((0, 5), "circular")),
    (RuntimeError, "leaves none", ((-4, 0), "replicate")),
    (RuntimeError, "belongs to mode='constant'", ((1, 1), "reflect", 2.0)),
    (NotImplementedError, "mode must be 'constant'", ((1, 1), "mirror")),
    (TypeError, "value must be a number, got str", ((1, 1), "constant", "a")),
    (NotImplementedError, "behind a channel axis", ((1, 1, 1, 1), "reflect")),
])
def test_says_what_it_expected(error, message, arguments):
    with pytest.raises(error, match=message):
        F.pad(torch.zeros(2, 4), *arguments)


def test_what_a_dtype_cannot_hold_is_refused():
    with pytest.raises(RuntimeError, match="pad: inf does not fit into int64"):
        F.pad(torch.zeros(2, 4).long(), (1, 1), value=float("inf"))
    with pytest.raises(NotImplementedError, match="'reflect' is not there for bools"):
        F.pad(torch.zeros(2, 4) > 0, (1, 1), "reflect")
    assert F.pad(torch.zeros(1, 1) > 0, (1, 0), value=True).tolist() == [[True, False]]


def test_numbers_beyond_32_bits_are_refused():
    """Twice 2⁶² more would be a length of 0 in 64 bits."""
    with pytest.raises(RuntimeError, match="at most 2147483647"):
        F.pad(torch.zeros(1, 2, 6), (2**62, 2**62))
