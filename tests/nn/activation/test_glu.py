import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.activation.glu import (
    glu,
    glu_backward,
    glu_backward_one,
    glu_forward,
    glu_one,
)
from tests.harness import (
    backend_tests,
    case,
    check_stays_float32,
    gradient_tests,
    saturated,
)

test_backends = backend_tests([
    *(case(glu_forward, a=shape, b=shape) for shape in [(3, 5), (0, 5), (1,), ()]),
    case(glu_forward, a=(4, 6), b=saturated(4, 6)),
    *(case(glu_backward, a=shape, b=shape, dy=shape) for shape in [(3, 5), (0, 5)]),
    case(glu_backward, a=(4, 6), b=saturated(4, 6), dy=(4, 6)),
])
test_gradients = gradient_tests([
    case(glu, input=(3, 4)), case(glu, input=(4, 3), dim=0),
    case(glu, input=(2, 6, 3), dim=1), case(glu, input=(2, 0))])


def test_by_hand():
    x = torch.tensor([[3.0, 4.0, 0.0, 0.0]], requires_grad=True)
    y = nn.GLU()(x)
    y.sum().backward()
    assert y.tolist() == [[1.5, 2.0]]
    assert x.grad.tolist() == [[0.5, 0.5, 3 / 4, 4 / 4]]


def test_any_axis_and_layout():
    x = torch.randn(3, 4, 5)
    np.testing.assert_array_equal(
        glu(x, 1).numpy(), glu(x.transpose(1, 2)).transpose(1, 2).numpy())


@pytest.mark.parametrize("compute, error, told", [
    (lambda: glu(torch.zeros(2, 3)), RuntimeError, r"even size .*, got shape \(2, 3\)"),
    (lambda: glu(torch.tensor(1.0)), RuntimeError, "a single number has no halves"),
    (lambda: glu(torch.zeros(2, 2), 2), IndexError, "glu: dim 2 is out of range"),
    (lambda: glu(torch.zeros(2, 2), None), TypeError, "dim must be a whole number"),
    (lambda: glu(torch.arange(2)), NotImplementedError, "real numbers, got int64")])
def test_says_what_it_expected(compute, error, told):
    with pytest.raises(error, match=told):
        compute()


def test_repr():
    assert repr(nn.GLU(1)) == "GLU(dim=1)"


def test_the_formulas_stay_float32():
    check_stays_float32(glu_one, 2)
    check_stays_float32(glu_backward_one, 3)
