import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.activation.prelu import prelu, prelu_backward, prelu_forward
from tests.harness import backend_tests, case, gradient_tests, saturated

CASES = [
    case(prelu_forward, x=(3, 5), slopes=(5,), each=1),
    case(prelu_forward, x=(2, 3, 4), slopes=(3,), each=4),
    case(prelu_forward, x=(2, 3), slopes=(1,), each=6),
    case(prelu_forward, x=(1, 1), slopes=(1,), each=1),
    case(prelu_forward, x=(0, 5), slopes=(5,), each=1),
    case(prelu_forward, x=(2, 0), slopes=(0,), each=1),
    case(prelu_forward, x=(2, 3, 0), slopes=(3,), each=0),
    case(prelu_forward, x=saturated(4, 6), slopes=(6,), each=1),
    case(prelu_backward, x=(3, 5), slopes=(5,), dy=(3, 5), each=1),
    case(prelu_backward, x=(2, 3, 4), slopes=(3,), dy=(2, 3, 4), each=4),
    case(prelu_backward, x=(2, 3), slopes=(1,), dy=(2, 3), each=6),
    case(prelu_backward, x=(0, 5), slopes=(5,), dy=(0, 5), each=1),
    case(prelu_backward, x=(2, 3, 0), slopes=(3,), dy=(2, 3, 0), each=0),
    case(prelu_backward, x=saturated(4, 6), slopes=(6,), dy=(4, 6), each=1),
    case(prelu_backward, x=np.ones((2, 3)), slopes=np.ones(3), dy=np.ones((2, 3)),
         each=1),
]
test_backends = backend_tests(CASES)
test_gradients = gradient_tests([
    case(prelu, input=(2, 3, 4), weight=(3,)), case(prelu, input=(2, 3), weight=(3,)),
    case(prelu, input=(2, 3, 2, 2), weight=(1,)), case(prelu, input=(5,), weight=(1,)),
    case(prelu, input=(), weight=(1,)), case(prelu, input=(2, 3), weight=()),
    case(prelu, input=(0, 3), weight=(3,)), case(prelu, input=(2, 3, 0), weight=(3,)),
])


def test_by_hand():
    layer = nn.PReLU(2, init=0.5)
    x = torch.tensor([[[-2.0, 3.0], [-4.0, -6.0]]], requires_grad=True)
    y = layer(x)
    y.sum().backward()
    assert y.tolist() == [[[-1, 3], [-2, -3]]]
    assert x.grad.tolist() == [[[0.5, 1], [0.5, 0.5]]]
    assert layer.weight.grad.tolist() == [-2, -10]


@pytest.mark.parametrize("shape, slopes", [((9_001,), 1), ((9_001, 3), 3),
                                           ((2, 3, 2_000), 3), ((200, 40, 3, 5), 40)])
def test_many_numbers_are_taken_in_parts(shape, slopes):
    """The parts' shares add up to the reference's gradient."""
    rng = np.random.default_rng(0)
    arrays = rng.normal(size=shape), rng.normal(size=slopes)
    x, a = (torch.tensor(v, requires_grad=True) for v in arrays)
    (prelu(x, a) ** 2).sum().backward()
    slope = arrays[1]
    if slopes > 1:
        slope = slope.reshape([1, -1] + [1] * (len(shape) - 2))
    y = np.where(arrays[0] > 0, arrays[0], slope * arrays[0])
    shares = np.where(arrays[0] > 0, 0, 2 * y * arrays[0])
    others = tuple(k for k in range(len(shape)) if k != 1 or slopes == 1)
    np.testing.assert_allclose(a.grad.numpy(), np.atleast_1d(shares.sum(others)), 1e-12)


def test_the_slopes_start_where_they_were_told_to():
    layer = nn.PReLU(3, 0.1, dtype=torch.float64)
    layer.weight.data.fill_(7)
    layer.reset_parameters()
    assert layer.weight.tolist() == [0.1] * 3
    assert list(layer.state_dict()) == ["weight"]


def test_it_is_a_method_of_tensors_and_a_function():
    x, slope = torch.tensor([-1.0, 2.0]), torch.tensor([0.5])
    assert x.prelu(slope).tolist() == torch.prelu(x, slope).tolist() == [-0.5, 2]


def test_says_what_it_expected():
    x = torch.zeros(2, 3)
    with pytest.raises(RuntimeError, match="2 weights meet 3 channels"):
        prelu(x, torch.ones(2))
    with pytest.raises(RuntimeError, match=r"one for each channel; got shape \(1, 1\)"):
        prelu(x, torch.ones(1, 1))
    with pytest.raises(RuntimeError, match="float64 and weight is float32"):
        prelu(x.double(), torch.ones(1))
    with pytest.raises(RuntimeError, match="3 weights meet 1 channels"):
        prelu(torch.zeros(3), torch.ones(3))
