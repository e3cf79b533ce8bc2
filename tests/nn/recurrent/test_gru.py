import numpy as np

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.recurrent.gru import GRULayer, gru_sequence, gru_sequence_backward
from pedagogic_nn.nn.recurrent.sequence import Steps
from tests.harness import backend_tests, case, gradient_tests, saturated, uniform

LOOP, FRONT = Steps.padded(2, 3), Steps.padded(3, 2)     # where the product with x stands
PACKED, FEW = Steps(np.array([4, 3, 2])), Steps(np.array([3, 2, 1]))
EMPTY = Steps.padded(2, 0)

CASES = [
    case(gru_sequence, x=(steps.rows, 3), w_ih=(15, 3), bias=(20,), w_hh=(15, 5),
         h=(steps.batch, 5), steps=steps, out=(steps.rows, 5 + more), column=more,
         keep=keep)
    for steps, more, keep in [
        (LOOP, 0, True), (LOOP, 1, False), (FRONT, 4, True), (FRONT, 0, False),
        (PACKED, 5, False), (PACKED.backwards, 0, True), (FEW.backwards, 1, True),
        (EMPTY, 0, True)]
] + [
    case(gru_sequence, x=saturated(6, 3), w_ih=(15, 3), bias=(20,), w_hh=(15, 5),
         h=(3, 5), steps=LOOP, out=(6, 5), column=0, keep=True),
] + [
    case(gru_sequence_backward, gates=uniform(steps.rows, 20), w_ih=(15, 3),
         w_hh=(15, 5), h=(steps.batch, 5), out=(steps.rows, 10), dout=(steps.rows, 10),
         column=5, dh=(steps.batch, 5), dx=(steps.rows, 3), steps=steps)
    for steps in (LOOP, FRONT, PACKED, PACKED.backwards, FEW, EMPTY)
]
test_backends = backend_tests(CASES)
test_gradients = gradient_tests([
    case(GRULayer.apply, x=x, h=(directions, B, 4), **{
        f"{name}_{d}": shape for d in range(directions) for name, shape in (
            ("w_ih", (12, 3)), ("w_hh", (12, 4)), ("b_ih", (12,)), ("b_hh", (12,)))},
         steps=steps, directions=directions)
    for x, B, steps, directions in [((2, 3, 3), 3, LOOP, 1), ((6, 3), 3, FEW, 2)]
])


def test_by_hand():
    """All weights 0: r = z = ½ and n = tanh(r b_hn), so h' = ½ tanh(½ b_hn) + ½ h."""
    gru = nn.GRU(1, 1)
    for p in gru.parameters():
        p.data.zero_()
    gru.bias_hh_l0.data[2] = 2.0
    y, h = gru(torch.zeros(2, 1, 1), torch.tensor([[[4.0]]]))
    first = 0.5 * np.tanh(1.0) + 0.5 * 4
    np.testing.assert_allclose(y.flatten().tolist(),
                               [first, 0.5 * np.tanh(1.0) + 0.5 * first], rtol=1e-6)
    assert h.item() == y[-1].item()
