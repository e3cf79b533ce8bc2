import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.recurrent.lstm import (
    LSTMLayer,
    lstm_sequence,
    lstm_sequence_backward,
)
from pedagogic_nn.nn.recurrent.sequence import Steps
from tests.harness import backend_tests, case, gradient_tests, saturated, uniform

LOOP, FRONT = Steps.padded(2, 3), Steps.padded(3, 2)     # where the product with x stands
PACKED, FEW = Steps(np.array([4, 3, 2])), Steps(np.array([3, 2, 1]))
EMPTY = Steps.padded(2, 0)
PLAIN, PROJECTED = (5, None), (3, (3, 5))        # the length P of h, the shape of w_hr

CASES = [
    case(lstm_sequence, x=(steps.rows, 3), w_ih=(20, 3), bias=(20,), w_hh=(20, P),
         w_hr=w_hr, h=(steps.batch, P), c=(steps.batch, 5), steps=steps,
         out=(steps.rows, P + more), column=more, keep=keep)
    for P, w_hr in (PLAIN, PROJECTED)
    for steps, more, keep in [
        (LOOP, 0, True), (LOOP, 1, False), (FRONT, 4, True), (FRONT, 0, False),
        (PACKED, 5, False), (PACKED.backwards, 0, True), (FEW.backwards, 1, True),
        (EMPTY, 0, True)]
] + [
    case(lstm_sequence, x=saturated(6, 3), w_ih=(20, 3), bias=(20,), w_hh=(20, 5),
         w_hr=None, h=(3, 5), c=(3, 5), steps=LOOP, out=(6, 5), column=0, keep=True),
] + [
    case(lstm_sequence_backward, gates=uniform(steps.rows, 20), cells=(steps.rows, 5),
         w_ih=(20, 3), w_hh=(20, P), w_hr=w_hr, c=(steps.batch, 5),
         dout=(steps.rows, 10), column=5, dh=(steps.batch, P), dc=(steps.batch, 5),
         dx=(steps.rows, 3), steps=steps)
    for P, w_hr in (PLAIN, PROJECTED)
    for steps in (LOOP, FRONT, PACKED, PACKED.backwards, FEW, EMPTY)
]
test_backends = backend_tests(CASES)
test_gradients = gradient_tests([
    case(LSTMLayer.apply, x=x, h=(directions, B, 4), c=(directions, B, 4), **{
        f"{name}_{d}": shape for d in range(directions) for name, shape in (
            ("w_ih", (16, 3)), ("w_hh", (16, 4)), ("b_ih", (16,)), ("b_hh", (16,)))},
         steps=steps, directions=directions)
    for x, B, steps, directions in [((2, 3, 3), 3, LOOP, 1), ((6, 3), 3, FEW, 2)]
] + [
    case(LSTMLayer.apply, x=(6, 3), h=(1, 3, 2), c=(1, 3, 4), w_ih=(16, 3), w_hh=(16, 2),
         b_ih=(16,), b_hh=(16,), w_hr=(2, 4), steps=FEW, directions=1)
])


def test_by_hand():
    """All weights 0: the gates are ½ and the candidate is 0, so c halves at each step."""
    lstm = nn.LSTM(1, 1)
    for p in lstm.parameters():
        p.data.zero_()
    start = torch.zeros(1, 1, 1), torch.tensor([[[8.0]]])
    y, (h, c) = lstm(torch.zeros(3, 1, 1), start)
    assert c.item() == 1
    np.testing.assert_allclose(y.flatten().tolist(), 0.5 * np.tanh([4.0, 2.0, 1.0]),
                               rtol=1e-6)
    assert h.item() == y[-1].item()


def test_a_projection_shortens_h():
    lstm = nn.LSTM(3, 5, 2, proj_size=2, bidirectional=True)
    y, (h, c) = lstm(torch.zeros(4, 1, 3))
    assert y.shape == (4, 1, 4) and h.shape == (4, 1, 2) and c.shape == (4, 1, 5)
    assert lstm.weight_hr_l1_reverse.shape == (2, 5)
    assert repr(lstm) == "LSTM(3, 5, proj_size=2, num_layers=2, bidirectional=True)"


def test_says_what_it_expected():
    lstm, x = nn.LSTM(3, 5), torch.zeros(4, 2, 3)
    with pytest.raises(RuntimeError, match=r"expected the pair \(h_0, c_0\), got Tensor"):
        lstm(x, torch.zeros(1, 2, 5))
    with pytest.raises(RuntimeError, match="expected c_0 of shape"):
        lstm(x, (torch.zeros(1, 2, 5), torch.zeros(1, 2, 4)))
    with pytest.raises(ValueError, match="smaller than hidden_size, got 5 and 5"):
        nn.LSTM(3, 5, proj_size=5)
    with pytest.raises(ValueError, match="proj_size must be at least 0, got -1"):
        nn.LSTM(3, 5, proj_size=-1)
