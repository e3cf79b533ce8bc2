import numpy as np

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.recurrent.gru import GRULayer, gru_sequence, gru_sequence_backward
from pedagogic_nn.nn.recurrent.sequence import Steps
from tests.harness import backend_tests, case, gradient_tests, saturated, uniform

PADDED, PACKED, EMPTY = Steps.padded(3, 2), Steps(np.array([3, 2, 1])), Steps.padded(2, 0)

CASES = [
    case(gru_sequence, p=p, bias=(20,), w_hh=(15, 5), h=(B, 5), steps=steps, out=out,
         column=column)
    for p, out, column, B, steps in [
        ((6, 15), (6, 5), 0, 2, PADDED), ((6, 15), (6, 11), 3, 3, PACKED),
        ((6, 15), (6, 10), 5, 3, PACKED.backwards), ((0, 15), (0, 5), 0, 0, EMPTY),
        (saturated(6, 15), (6, 5), 0, 2, PADDED)]
] + [
    case(gru_sequence_backward, gates=uniform(6, 15), q_n=(6, 5), w_hh=(15, 5), h=(B, 5),
         out=(6, 10), dout=(6, 10), column=column, dh=(B, 5), steps=steps)
    for column, B, steps in [(0, 2, PADDED), (5, 3, PACKED), (5, 3, PACKED.backwards)]
]
test_backends = backend_tests(CASES)
test_gradients = gradient_tests([
    case(GRULayer.apply, x=x, h=(directions, B, 4), **{
        f"{name}_{d}": shape for d in range(directions) for name, shape in (
            ("w_ih", (12, 3)), ("w_hh", (12, 4)), ("b_ih", (12,)), ("b_hh", (12,)))},
         steps=steps, directions=directions)
    for x, B, steps, directions in [((3, 2, 3), 2, PADDED, 1), ((6, 3), 3, PACKED, 2)]
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
