import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.functional import rms_norm
from tests.harness import case, gradient_tests

test_gradients = gradient_tests([
    case(rms_norm, input=(3, 4), normalized_shape=[4], weight=(4,)),
    case(rms_norm, input=(2, 3, 4), normalized_shape=[3, 4], weight=(3, 4), eps=0.1),
    case(rms_norm, input=(0, 4), normalized_shape=[4])])


def test_by_hand():
    norm = nn.RMSNorm(2, eps=0.0)
    y = norm(torch.tensor([[3.0, 4.0]]))
    np.testing.assert_allclose(y.tolist(), [[3 / 12.5**0.5, 4 / 12.5**0.5]], rtol=1e-6)
    y.sum().backward()
    np.testing.assert_allclose(norm.weight.grad.tolist(), y.tolist()[0], rtol=1e-6)


def test_squares_do_not_overflow_in_half_precision():
    y = rms_norm(torch.tensor([300.0, 400.0]).half(), (2,))
    assert y.dtype == torch.float16
    np.testing.assert_allclose(y.float().tolist(), [0.8485, 1.1314], rtol=1e-3)


def test_it_has_no_bias_and_needs_no_weight():
    assert list(nn.RMSNorm((2, 3)).state_dict()) == ["weight"]
    assert not list(nn.RMSNorm(3, elementwise_affine=False).parameters())
    assert repr(nn.RMSNorm(3)) == "RMSNorm((3,), eps=None, elementwise_affine=True)"


@pytest.mark.parametrize("compute, error, told", [
    (lambda x: rms_norm(x, (2,)), RuntimeError, r"\(2,\) must be the last axes"),
    (lambda x: rms_norm(x, ()), RuntimeError, "at least one axis"),
    (lambda x: rms_norm(x, 3), TypeError, "a sequence of sizes"),
    (lambda x: rms_norm(x, (3,), torch.ones(2)), RuntimeError, r"got shape \(2,\)"),
    (lambda x: rms_norm(x.long(), (3,)), NotImplementedError, "real numbers, got int64")])
def test_says_what_it_expected(compute, error, told):
    with pytest.raises(error, match=told):
        compute(torch.ones(2, 3))
