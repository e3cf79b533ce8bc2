"""Parameter: a leaf that asks for a gradient, prints its name and is never volatile."""
import copy
import pickle

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn


def test_parameter_is_a_leaf_tensor_that_requires_a_gradient():
    p = nn.Parameter(torch.ones(2, 3))
    assert isinstance(p, torch.Tensor)
    assert p.requires_grad and p.is_leaf and p.grad is None
    (p * p).sum().backward()
    np.testing.assert_array_equal(p.grad.numpy(), np.full((2, 3), 2.0))


def test_requires_grad_can_be_switched_off():
    p = nn.Parameter(torch.ones(2), requires_grad=False)
    assert not p.requires_grad
    assert not (p * 2).requires_grad


def test_parameter_shares_the_memory_of_its_data():
    t = torch.zeros(2)
    p = nn.Parameter(t)
    p.data[0] = 5.0
    assert t.tolist() == [5.0, 0.0]


def test_parameter_of_a_computed_tensor_is_a_new_leaf():
    y = nn.Parameter(torch.ones(2)) * 3
    p = nn.Parameter(y)
    assert p.is_leaf and p.grad_fn is None
    assert p.tolist() == [3.0, 3.0]


def test_parameter_without_data_is_empty():
    assert tuple(nn.Parameter().shape) == (0,)


def test_what_is_computed_from_a_parameter_is_a_plain_tensor():
    p = nn.Parameter(torch.ones(2))
    for result in (p * 2, p.data, p.detach(), p[0], p.view(2, 1)):
        assert type(result) is torch.Tensor


def test_whole_numbers_cannot_be_trained_but_can_be_kept():
    with pytest.raises(RuntimeError, match="floating"):
        nn.Parameter(torch.tensor([1, 2]))
    assert nn.Parameter(torch.tensor([1, 2]), requires_grad=False).tolist() == [1, 2]


@pytest.mark.parametrize("data, shown", [     # recorded from PyTorch 2.13
    (torch.zeros(2), "tensor([0., 0.], requires_grad=True)"),
    (torch.tensor([[1.5]]), "tensor([[1.5000]], requires_grad=True)"),
])
def test_repr(data, shown):
    assert repr(nn.Parameter(data)) == "Parameter containing:\n" + shown


def test_repr_of_a_frozen_parameter():
    frozen = nn.Parameter(torch.zeros(2), requires_grad=False)
    assert repr(frozen) == "Parameter containing:\ntensor([0., 0.])"


# ---- volatile ------------------------------------------------------------------------


def test_parameter_is_never_volatile():
    p = nn.Parameter(torch.ones(2))
    assert p.volatile is False
    p.volatile = False                                  # saying what is so is no error
    with pytest.raises(RuntimeError, match="no_grad"):
        p.volatile = True
    assert p.volatile is False and p.requires_grad


def test_volatile_in_the_constructor_is_an_error_that_names_the_way_out():
    with pytest.raises(TypeError, match=r"volatile.*no_grad"):
        nn.Parameter(torch.ones(2), volatile=True)


def test_parameter_of_a_volatile_variable_is_not_volatile():
    p = nn.Parameter(torch.autograd.Variable(torch.ones(2), volatile=True))
    assert not p.volatile and (p * 2).requires_grad


# ---- copies --------------------------------------------------------------------------


def pickled(parameter):
    return pickle.loads(pickle.dumps(parameter))


@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize("again", [copy.deepcopy, pickled])
def test_a_copy_is_an_equal_parameter_with_its_own_memory(again, requires_grad):
    p = nn.Parameter(torch.tensor([1.0, 2.0]), requires_grad=requires_grad)
    q = again(p)
    assert type(q) is nn.Parameter and q.requires_grad is requires_grad
    q.data[0] = 9.0
    assert p.tolist() == [1.0, 2.0] and q.tolist() == [9.0, 2.0]


def test_deepcopy_keeps_shared_parameters_shared():
    p = nn.Parameter(torch.ones(1))
    a, b = copy.deepcopy([p, p])
    assert a is b and a is not p
