import math

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.activation.log_softmax import (
    log_softmax,
    log_softmax_rows,
    log_softmax_rows_backward,
)
from tests.harness import backend_tests, case, gradient_tests, saturated

CASES = [
    case(log_softmax_rows, x=(3, 5)),
    case(log_softmax_rows, x=(0, 5)),
    case(log_softmax_rows, x=(1, 1)),
    case(log_softmax_rows, x=saturated(4, 6)),
    case(log_softmax_rows_backward, y=(3, 5), dy=(3, 5)),
    case(log_softmax_rows_backward, y=(0, 5), dy=(0, 5)),
]
test_backends = backend_tests(CASES)
test_gradients = gradient_tests([
    case(log_softmax, input=(3, 4), dim=1),
    case(log_softmax, input=(2, 3, 4), dim=1),
    case(log_softmax, input=(4,), dim=-1),
])


def test_by_hand():
    y = nn.LogSoftmax(dim=1)(torch.tensor([[0.0, math.log(3.0)]]))
    np.testing.assert_allclose(y.numpy(), [[math.log(1 / 4), math.log(3 / 4)]], rtol=1e-6)


def test_large_scores_do_not_overflow():
    y = log_softmax(torch.tensor([[1e4, 0.0]]), dim=1)
    assert y.tolist() == [[0.0, -1e4]]


def test_left_out_dim_warns_and_follows_the_old_rule():
    x = torch.randn(2, 3)
    with pytest.warns(UserWarning, match="dim"):
        y = nn.LogSoftmax()(x)
    assert torch.allclose(y, log_softmax(x, dim=1))


def test_a_wrong_dim_names_the_dims_there_are():
    with pytest.raises(IndexError, match=r"dim 2 is out of range; .* dims -2 … 1"):
        log_softmax(torch.zeros(2, 3), dim=2)
