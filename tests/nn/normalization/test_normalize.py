import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn.nn.functional import normalize
from tests.harness import case, gradient_tests

test_gradients = gradient_tests(
    [
        case(normalize, input=(3, 4)),
        case(normalize, input=(3, 4), p=1, dim=0),
        case(normalize, input=(2, 3, 2), p=3.0, dim=-1),
    ]
)


def test_by_hand():
    y = normalize(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
    np.testing.assert_allclose(y.numpy(), [[0.6, 0.8], [0, 0]], rtol=1e-6)


def test_out_is_written():
    out = torch.empty(1, 2)
    assert normalize(torch.tensor([[3.0, 4.0]]), out=out) is out
    np.testing.assert_allclose(out.numpy(), [[0.6, 0.8]], rtol=1e-6)


def test_says_what_it_expected():
    with pytest.raises(RuntimeError, match="floating-point input, got int64"):
        normalize(torch.tensor([[1, 2]]))
    with pytest.raises(IndexError, match="dim 1 is out of range"):
        normalize(torch.tensor([1.0, 2.0]))
