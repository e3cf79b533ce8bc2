import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.activation.tanh import (
    tanh,
    tanh_backward,
    tanh_backward_one,
    tanh_forward,
    tanh_one,
)
from tests.harness import (
    backend_tests,
    case,
    check_stays_float32,
    gradient_tests,
    saturated,
)

CASES = [
    case(tanh_forward, x=(3, 5)),
    case(tanh_forward, x=(0, 5)),
    case(tanh_forward, x=(1,)),
    case(tanh_forward, x=saturated(4, 6)),
    case(tanh_backward, y=(3, 5), dy=(3, 5)),
    case(tanh_backward, y=(0,), dy=(0,)),
]
test_backends = backend_tests(CASES)
test_gradients = gradient_tests([case(tanh, input=(3, 4)), case(tanh, input=(1,))])


def test_by_hand():
    x = torch.tensor([0.0, 200.0, -200.0], requires_grad=True)
    y = nn.Tanh()(x)
    y.sum().backward()
    assert y.tolist() == [0.0, 1.0, -1.0]
    assert x.grad.tolist() == [1.0, 0.0, 0.0]


def test_integers_become_float32():
    assert torch.tanh(torch.tensor([0, 100])).tolist() == [0.0, 1.0]


def test_half_precision_is_computed_in_float32():
    y = nn.Tanh()(torch.zeros(2).half())
    assert y.dtype == torch.float16


def test_formulas_stay_float32():
    check_stays_float32(tanh_one, 1)
    check_stays_float32(tanh_backward_one, 2)
