"""0.1's Variable and volatile."""
import pytest

import pedagogic_nn as torch
from pedagogic_nn.autograd import Variable


def test_a_variable_is_a_tensor_on_the_same_memory():
    data = torch.ones(2)
    x = Variable(data, requires_grad=True)
    assert isinstance(x, torch.Tensor) and isinstance(x, Variable)
    assert isinstance(data, Variable) and x.requires_grad and not data.requires_grad
    data[0] = 5
    assert x.data.tolist() == [5, 1]
    (x * x).sum().backward()
    assert x.grad.tolist() == [10, 2] and x.grad.data.tolist() == [10, 2]


def test_volatile_is_infectious_and_records_nothing():
    w = torch.ones(2, requires_grad=True)
    x = Variable(torch.ones(2), volatile=True)
    y = w * x
    z = torch.cat([y, w]).view(2, 2).sum(0)
    for t in (x, y, z, Variable(y)):
        assert t.volatile and not t.requires_grad and t.grad_fn is None
    assert not (w * 2).volatile
    y = w * 2
    y += x
    assert not Variable(torch.ones(1)).volatile


def test_both_switches_cannot_hold():
    with pytest.raises(ValueError, match="volatile=True records nothing"):
        Variable(torch.ones(1), requires_grad=True, volatile=True)
    with pytest.raises(TypeError, match="data must be a tensor, got list"):
        Variable([1.0])


def test_a_saved_variable_notices_a_change_of_its_data_tensor():
    data = torch.ones(2)
    x = Variable(data, requires_grad=True)
    y = (x * x).sum()
    data += 1
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_old_idioms():
    x = Variable(torch.randn(3, 4).type(torch.DoubleTensor), requires_grad=True)
    loss = x.pow(2).mean()
    loss.backward()
    x.data.add_(x.grad.data, alpha=-0.1)
    x.grad.data.zero_()
    assert x.grad.data.sum() == 0 and loss.data.numel() == 1
