import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.recurrent.rnn import (
    ReLURNNLayer,
    TanhRNNLayer,
    rnn_sequence,
    rnn_sequence_backward,
)
from pedagogic_nn.nn.recurrent.sequence import Steps
from tests.harness import backend_tests, case, gradient_tests, saturated

LOOP, FRONT = Steps.padded(2, 3), Steps.padded(3, 2)     # where the product with x stands
PACKED, FEW = Steps(np.array([4, 3, 2])), Steps(np.array([3, 2, 1]))
EMPTY = Steps.padded(2, 0)

CASES = [
    case(rnn_sequence, x=(steps.rows, 3), w_ih=(5, 3), bias=(5,), w_hh=(5, 5),
         h=(steps.batch, 5), steps=steps, out=(steps.rows, 5 + more), column=more,
         relu=relu)
    for relu in (False, True)
    for steps, more in [(LOOP, 0), (FRONT, 4), (PACKED, 5), (PACKED.backwards, 0),
                        (FEW.backwards, 1), (EMPTY, 0)]
] + [
    case(rnn_sequence, x=saturated(6, 3), w_ih=(5, 3), bias=(5,), w_hh=(5, 5), h=(3, 5),
         steps=LOOP, out=(6, 5), column=0, relu=False),
] + [
    case(rnn_sequence_backward, out=(steps.rows, 10), dout=(steps.rows, 10), column=5,
         w_ih=(5, 3), w_hh=(5, 5), dh=(steps.batch, 5), dx=(steps.rows, 3), steps=steps,
         relu=relu)
    for relu in (False, True)
    for steps in (LOOP, FRONT, PACKED, PACKED.backwards, FEW, EMPTY)
]
test_backends = backend_tests(CASES)
test_gradients = gradient_tests([
    case(kind.apply, x=x, h=(directions, B, 4), **{
        f"{name}_{d}": shape for d in range(directions) for name, shape in (
            ("w_ih", (4, 3)), ("w_hh", (4, 4)), ("b_ih", (4,)), ("b_hh", (4,)))},
         steps=steps, directions=directions)
    for kind in (TanhRNNLayer, ReLURNNLayer)
    for x, B, steps, directions in [((2, 3, 3), 3, LOOP, 1), ((6, 3), 3, FEW, 2)]
])


def test_by_hand():
    """h_t = ReLU(2 x_t + 3 h_{t-1} + 1): 0.5 → 2, then 3 · 2 + 2 · 0.5 + 1 = 8."""
    rnn = nn.RNN(1, 1, nonlinearity="relu")
    for p, value in zip(rnn.parameters(), (2.0, 3.0, 0.25, 0.75), strict=True):
        p.data.fill_(value)
    y, h = rnn(torch.tensor([[[0.5]], [[0.5]], [[-20.0]]]))
    assert y.flatten().tolist() == [2.0, 8.0, 0.0] and h.item() == 0


def test_packed_by_hand():
    """Identity weights and ReLU: h is the running sum of each sequence."""
    rnn = nn.RNN(1, 1, nonlinearity="relu", bias=False, bidirectional=True)
    for p in rnn.parameters():
        p.data.fill_(1.0)
    packed = nn.utils.rnn.pack_sequence(
        [torch.tensor([[10.0], [20.0]]), torch.tensor([[1.0], [2.0], [3.0]])],
        enforce_sorted=False)
    y, h = rnn(packed)
    padded, lengths = nn.utils.rnn.pad_packed_sequence(y, batch_first=True)
    assert lengths.tolist() == [2, 3]
    assert padded.tolist() == [[[10, 30], [30, 20], [0, 0]], [[1, 6], [3, 5], [6, 3]]]
    assert h.tolist() == [[[30], [6]], [[30], [6]]]


def test_the_nonlinearity_is_the_fourth_argument():
    assert nn.RNN(3, 4, 2, "relu").mode == "RNN_RELU"
    assert nn.RNN(3, 4).mode == "RNN_TANH" and nn.RNN(3, 4).nonlinearity == "tanh"
    with pytest.raises(ValueError, match="'tanh' or 'relu', got 'sigmoid'"):
        nn.RNN(3, 4, nonlinearity="sigmoid")
