"""All parameters as one vector, and back."""
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.utils import parameters_to_vector, vector_to_parameters


def layer():
    made = nn.Linear(2, 1)
    vector_to_parameters(torch.tensor([1.0, 2.0, 3.0]), made.parameters())
    return made


def test_there_and_back():
    made = layer()
    assert made.weight.tolist() == [[1, 2]] and made.bias.tolist() == [3]
    assert made.weight.is_leaf and made.weight.requires_grad
    assert isinstance(made.weight, nn.Parameter)
    assert parameters_to_vector(made.parameters()).tolist() == [1, 2, 3]


def test_gradients_flow_to_the_parameters():
    made = layer()
    (parameters_to_vector(made.parameters()) ** 2).sum().backward()
    assert made.weight.grad.tolist() == [[2, 4]] and made.bias.grad.tolist() == [6]


def test_the_parameters_are_views_of_the_vector():
    made, vector = layer(), torch.tensor([4.0, 5.0, 6.0, 7.0])
    vector_to_parameters(vector, made.parameters())          # elements may be left over
    vector[2] = 9
    assert made.bias.tolist() == [9]


def test_says_what_it_expected():
    made = layer()
    with pytest.raises(TypeError, match="expected a tensor, got list"):
        vector_to_parameters([1.0, 2.0, 3.0], made.parameters())
    with pytest.raises(RuntimeError, match=r"have 3 elements, got .* shape \(2,\)"):
        vector_to_parameters(torch.ones(2), made.parameters())
    assert made.bias.tolist() == [3]
    with pytest.raises(ValueError, match="at least one"):
        parameters_to_vector([])
