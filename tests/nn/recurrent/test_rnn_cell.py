import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.recurrent.rnn_cell import (
    RNNStep,
    relu_unit,
    relu_unit_backward,
    relu_units,
    relu_units_backward,
    rnn_step,
    tanh_unit,
    tanh_unit_backward,
    tanh_units,
    tanh_units_backward,
)
from tests.harness import (
    backend_tests,
    case,
    check_stays_float32,
    gradient_tests,
    saturated,
)

CASES = [
    row
    for units, backward in (
        (tanh_units, tanh_units_backward),
        (relu_units, relu_units_backward),
    )
    for row in (
        case(units, a=(3, 5)),
        case(units, a=(0, 5)),
        case(units, a=saturated(2, 3)),
        case(backward, h=(3, 5), dh=(3, 5)),
        case(backward, h=(1, 1), dh=(1, 1)),
    )
] + [
    case(
        rnn_step,
        x=(batch, 3),
        h=(batch, 5),
        w_ih=(5, 3),
        w_hh=(5, 5),
        b_ih=bias,
        b_hh=bias,
        relu=relu,
    )
    for batch, bias in ((4, (5,)), (1, None), (0, (5,)))
    for relu in (False, True)
]
test_backends = backend_tests(CASES)
test_gradients = gradient_tests(
    [
        case(
            RNNStep.apply,
            x=(2, 3),
            h=(2, 4),
            w_ih=(4, 3),
            w_hh=(4, 4),
            b_ih=(4,),
            b_hh=(4,),
            nonlinearity=kind,
        )
        for kind in ("tanh", "relu")
    ]
)


def test_by_hand():
    cell = nn.RNNCell(1, 1)
    for p, value in zip(cell.parameters(), (2.0, 3.0, 0.25, 0.25), strict=True):
        p.data.fill_(value)
    h = cell(torch.tensor([[0.5]]), torch.tensor([[-0.5]]))
    np.testing.assert_allclose(h.item(), np.tanh(2 * 0.5 - 3 * 0.5 + 0.5), atol=1e-7)


def test_says_what_it_expected():
    with pytest.raises(
        ValueError, match="nonlinearity must be 'tanh' or 'relu', got 'sigmoid'"
    ):
        nn.RNNCell(3, 4, nonlinearity="sigmoid")
    with pytest.raises(RuntimeError, match=r"expected hidden of shape \(2, 4\)"):
        nn.RNNCell(3, 4)(torch.zeros(2, 3), torch.zeros(2, 5))


def test_formulas_stay_float32():
    for formula, n in (
        (tanh_unit, 1),
        (relu_unit, 1),
        (tanh_unit_backward, 2),
        (relu_unit_backward, 2),
    ):
        check_stays_float32(formula, n)
