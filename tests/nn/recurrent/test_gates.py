"""The products before the gates, and what all cells share."""
import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.recurrent.gates import gate_inputs
from tests.harness import backend_tests, case

CASES = [
    case(gate_inputs, x=(3, 4), h=(3, 5), w_ih=(20, 4), w_hh=(20, 5), b_ih=(20,),
         b_hh=(20,)),
    case(gate_inputs, x=(3, 4), h=(3, 5), w_ih=(20, 4), w_hh=(20, 5), b_ih=None,
         b_hh=None),
    case(gate_inputs, x=(0, 4), h=(0, 5), w_ih=(20, 4), w_hh=(20, 5), b_ih=(20,),
         b_hh=(20,)),
    case(gate_inputs, x=(1, 1), h=(1, 1), w_ih=(1, 1), w_hh=(1, 1), b_ih=(1,),
         b_hh=(1,)),
    case(gate_inputs, x=(30, 70), h=(30, 70), w_ih=(300, 70), w_hh=(300, 70),
         b_ih=(300,), b_hh=(300,)),                              # several threads
]
test_backends = backend_tests(CASES)


def test_by_hand():
    one, two = np.ones((1, 1)), np.full((1, 1), 2.0)
    a = gate_inputs(one, two, 3 * one, 5 * one, np.array([7.0]), np.array([11.0]))
    assert a.tolist() == [[1 * 3 + 2 * 5 + 7 + 11]]


@pytest.mark.parametrize("cell", [nn.RNNCell, nn.LSTMCell, nn.GRUCell])
def test_parameters_start_in_their_bounds(cell):
    made = cell(50, 100)
    assert list(made.state_dict()) == ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    for p in made.parameters():
        assert 0.09 < float(p.abs().max()) <= 0.1


@pytest.mark.parametrize("cell", [nn.RNNCell, nn.LSTMCell])
def test_the_same_bias_gradient_goes_to_both_but_is_not_shared(cell):
    made = cell(2, 3)
    out = made(torch.ones(4, 2))
    (out[0] if isinstance(out, tuple) else out).sum().backward()
    assert made.bias_ih.grad.tolist() == made.bias_hh.grad.tolist()
    made.bias_ih.grad.zero_()
    assert made.bias_hh.grad.abs().sum() > 0


@pytest.mark.parametrize("name, shape, dtype", [
    ("weight_ih", (3, 2), torch.float32), ("weight_hh", (12, 2), torch.float32),
    ("bias_ih", (1,), torch.float32), ("bias_hh", (12,), torch.float64)])
def test_a_parameter_of_another_size_is_refused(name, shape, dtype):
    cell = nn.LSTMCell(2, 3)
    setattr(cell, name, nn.Parameter(torch.zeros(*shape, dtype=dtype)))
    with pytest.raises(RuntimeError, match=rf"expected .*{name} of shape"):
        cell(torch.ones(4, 2))


@pytest.mark.parametrize("make", [nn.RNNCell, nn.LSTMCell, nn.GRUCell])
def test_a_weight_may_be_a_computed_tensor(make):
    """As in weight dropout: the parameter bears another name, the cell uses what is
    computed of it."""
    cell = make(2, 3)
    raw = nn.Parameter(cell.weight_hh.detach() * 2)
    x, h = torch.randn(4, 2), torch.randn(4, 3)
    state = (h, h) if make is nn.LSTMCell else h
    expected = cell(x, state)
    del cell.weight_hh
    cell.raw = raw
    cell.weight_hh = raw * 0.5
    out = cell(x, state)
    if make is nn.LSTMCell:
        out, expected = out[0], expected[0]
    assert out.equal(expected)
    out.sum().backward()
    assert raw.grad.abs().sum() > 0
