import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.backend import reference
from pedagogic_nn.nn.distance.cosine_similarity import (
    cosine_rows,
    cosine_rows_backward,
    cosine_similarity,
)
from tests.harness import backend_tests, case, gradient_tests, saturated

TINY = np.array([[1e-9, 0, 0], [0, 0, 0], [3e-5, 4e-5, 0]], np.float32)


def backward_row(x1, x2, eps=1e-8):
    """A row for the gradient, at the cosines and norms that the reference gives."""
    y, length1, length2 = cosine_rows.reference(x1, x2, eps)
    dy = np.arange(1, len(x1) + 1).astype(x1.dtype)
    return case(cosine_rows_backward, x1=x1, x2=x2, y=y, length1=length1,
                length2=length2, dy=dy, eps=eps)


RANDOM = np.random.default_rng(0).standard_normal((2, 4, 5)).astype(np.float32)
CASES = [
    case(cosine_rows, x1=(3, 5), x2=(3, 5), eps=1e-8),
    case(cosine_rows, x1=(0, 5), x2=(0, 5), eps=1e-8),
    case(cosine_rows, x1=(2, 0), x2=(2, 0), eps=1e-8),
    case(cosine_rows, x1=(1, 1), x2=(1, 1), eps=1e-8),
    case(cosine_rows, x1=saturated(4, 6), x2=(4, 6), eps=1e-8),
    case(cosine_rows, x1=TINY, x2=(3, 3), eps=1e-8),
    case(cosine_rows, x1=(3, 5), x2=(3, 5), eps=10.0),
    case(cosine_rows, x1=np.ones((2, 3)), x2=np.ones((2, 3)), eps=1e-8),
    backward_row(*RANDOM), backward_row(*RANDOM, eps=2.0), backward_row(TINY, TINY[::-1]),
    backward_row(*RANDOM[:, :0]), backward_row(np.ones((2, 3)), np.eye(3)[:2]),
]
test_backends = backend_tests(CASES)
test_gradients = gradient_tests([
    case(cosine_similarity, x1=(3, 4), x2=(3, 4)),
    case(cosine_similarity, x1=(3, 4), x2=(3, 4), dim=0),
    case(cosine_similarity, x1=(2, 3, 4), x2=(2, 3, 4), dim=1),
    case(cosine_similarity, x1=(3, 4), x2=(1, 4)),
    case(cosine_similarity, x1=(4,), x2=(3, 4), dim=-1),
    case(cosine_similarity, x1=(4,), x2=(4,), dim=0),
])


def test_by_hand():
    """(3, 4) and (4, 3): 24 / 25; the gradient stands at a right angle to its vector."""
    x1 = torch.tensor([[3.0, 4.0]], requires_grad=True)
    x2 = torch.tensor([[4.0, 3.0]], requires_grad=True)
    y = nn.CosineSimilarity()(x1, x2)
    y.backward()
    assert y.item() == pytest.approx(0.96)
    np.testing.assert_allclose(x1.grad.numpy(), [[4 / 25 - 0.96 * 3 / 25,
                                                  3 / 25 - 0.96 * 4 / 25]], 1e-5)
    assert abs((x1.grad * x1).sum().item()) < 1e-7


def test_directions():
    x = torch.tensor([[1.0, 2.0, 3.0]])
    assert cosine_similarity(x, 5 * x).item() == pytest.approx(1)
    assert cosine_similarity(x, -x).item() == pytest.approx(-1)
    assert cosine_similarity(x, torch.tensor([[2.0, -1.0, 0.0]])).item() == 0


def test_a_vector_of_zeros_has_no_direction():
    x = torch.zeros(1, 2, requires_grad=True)
    y = cosine_similarity(x, torch.tensor([[3.0, 4.0]]))
    y.backward()
    assert y.item() == 0
    np.testing.assert_allclose(x.grad.numpy(), [[0.6e8, 0.8e8]], 1e-6)        # 1 / eps
    assert math.isnan(cosine_similarity(x, x, eps=0.0).item())


@settings(max_examples=25, deadline=None)
@given(shapes=arrays.mutually_broadcastable_shapes(
           num_shapes=2, max_dims=3, min_side=0, max_side=4),
       data=st.data(), eps=st.sampled_from([1e-8, 0.5]),
       dtype=st.sampled_from([np.float32, np.float64]))
def test_every_shape_and_axis_agrees_with_the_reference(shapes, data, eps, dtype):
    ndim = len(shapes.result_shape)
    dim = data.draw(st.integers(-max(ndim, 1), max(ndim, 1) - 1))
    rng = np.random.default_rng(0)
    wide = [rng.standard_normal((2, *s)).astype(dtype) for s in shapes.input_shapes]

    def outcome():
        x1, x2 = (torch.tensor(w).requires_grad_() for w in wide)
        y = cosine_similarity(x1[0], x2[1], dim, eps)
        y.sum().backward()
        return y.detach().numpy(), x1.grad.numpy(), x2.grad.numpy()

    with reference():
        expected = outcome()
    result = list(shapes.result_shape)
    assert expected[0].shape == tuple(
        n for k, n in enumerate(result) if k != dim % max(ndim, 1))
    close = 1e-4 if dtype == np.float32 else 1e-10
    for a, e in zip(outcome(), expected):
        np.testing.assert_allclose(a, e, close, close)


@pytest.mark.parametrize("arguments, error, words", [
    ((torch.zeros(2, 3), torch.zeros(2, 4)), RuntimeError, "do not broadcast"),
    ((torch.zeros(2, 3), torch.zeros(2, 3), 2), IndexError, "dim 2 is out of range"),
    ((torch.zeros(2, 3), torch.zeros(2, 3), 1, -1), RuntimeError, "eps must not be neg"),
    ((torch.zeros(2, 3), torch.zeros(2, 3), None), TypeError, "dim must be a whole num"),
    ((torch.zeros(2, 3), torch.zeros(2, 3), 1, float("nan")), RuntimeError, "got nan"),
    ((torch.zeros(2, 3), torch.zeros(2, 3), 1, None), TypeError, "eps must be a number"),
    ((torch.arange(3), torch.arange(3), 0), RuntimeError, "expected real numbers, got")])
def test_says_what_it_expected(arguments, error, words):
    with pytest.raises(error, match=words):
        torch.cosine_similarity(*arguments)


def test_dtypes_meet():
    x = torch.ones(2, 3)
    assert cosine_similarity(x, x.double()).dtype == torch.float64
    assert cosine_similarity(x.long(), x).dtype == torch.float32
    y = cosine_similarity(x.half(), x.half())
    assert y.dtype == torch.float16 and y[0].item() == pytest.approx(1, 1e-3)
    assert repr(nn.CosineSimilarity()) == "CosineSimilarity()"
