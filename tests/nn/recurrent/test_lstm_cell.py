import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.backend.op import reference
from pedagogic_nn.nn.recurrent.lstm_cell import (
    LSTMStep,
    lstm_units,
    lstm_units_backward,
    unit,
    unit_backward,
)
from tests.harness import (
    backend_tests,
    case,
    check_stays_float32,
    gradient_tests,
    saturated,
    uniform,
)

CASES = [
    case(lstm_units, a=(3, 20), c=(3, 5)),
    case(lstm_units, a=(0, 20), c=(0, 5)),
    case(lstm_units, a=(1, 4), c=(1, 1)),
    case(lstm_units, a=saturated(3, 20), c=(3, 5)),
    case(
        lstm_units_backward,
        gates=uniform(3, 20),
        c=(3, 5),
        c_new=(3, 5),
        dh=(3, 5),
        dc=(3, 5),
    ),
    case(
        lstm_units_backward,
        gates=uniform(0, 20),
        c=(0, 5),
        c_new=(0, 5),
        dh=(0, 5),
        dc=(0, 5),
    ),
    case(
        lstm_units_backward,
        gates=uniform(1, 4),
        c=(1, 1),
        c_new=(1, 1),
        dh=(1, 1),
        dc=(1, 1),
    ),
]
test_backends = backend_tests(CASES)
test_gradients = gradient_tests(
    [
        case(
            LSTMStep.apply,
            x=(2, 3),
            h=(2, 4),
            c=(2, 4),
            w_ih=(16, 3),
            w_hh=(16, 4),
            b_ih=(16,),
            b_hh=(16,),
        ),
    ]
)


def test_by_hand():
    """One unit, all weights 0: the gates are σ(0) = ½ and the candidate is tanh(0) =
    0."""
    cell = nn.LSTMCell(1, 1)
    for p in cell.parameters():
        p.data.zero_()
    h, c = cell(torch.zeros(1, 1), (torch.zeros(1, 1), torch.tensor([[2.0]])))
    assert c.item() == 0.5 * 2  # f c + i g = ½ · 2 + ½ · 0
    np.testing.assert_allclose(h.item(), 0.5 * np.tanh(1.0), rtol=1e-6)


def test_unit_backward_is_the_derivative_of_unit():
    args, dh, dc, step = np.random.default_rng(0).normal(size=5), 0.7, -0.3, 1e-6

    def value(a):
        *_, h, c = unit(*a)
        return h * dh + c * dc

    *gates, _, c_new = unit(*args)
    slopes = unit_backward(*gates, args[4], c_new, dh, dc)
    for k in range(5):
        e = np.eye(5)[k] * step
        numeric = (value(args + e) - value(args - e)) / (2 * step)
        np.testing.assert_allclose(slopes[k], numeric, rtol=1e-6)


def test_gradient_through_two_steps():
    cell = nn.LSTMCell(2, 3).double()
    x = torch.randn(2, 2, dtype=torch.float64, requires_grad=True)

    def two_steps(x, *parameters):
        h, c = cell(x, cell(x))
        return h, c

    assert torch.autograd.gradcheck(two_steps, (x, *cell.parameters()))


def test_a_batch_is_its_rows():
    cell, x = nn.LSTMCell(3, 4), torch.randn(5, 3)
    h, c = cell(x)
    for n in range(5):
        hn, cn = cell(x[n])
        np.testing.assert_allclose(hn.detach().numpy(), h[n].detach().numpy(), rtol=1e-5)
        np.testing.assert_allclose(cn.detach().numpy(), c[n].detach().numpy(), rtol=1e-5)


def test_reference_and_gpu_run_the_whole_cell():
    cell, x = nn.LSTMCell(3, 4), torch.randn(2, 3)
    h, c = cell(x)
    with reference():
        expected, _ = cell(x)
    np.testing.assert_allclose(h.detach().numpy(), expected.detach().numpy(), rtol=1e-5)
    on_gpu, _ = cell.cuda()(x.cuda())
    assert on_gpu.is_cuda
    np.testing.assert_allclose(
        on_gpu.detach().cpu().numpy(), expected.detach().numpy(), rtol=1e-5
    )


def test_says_what_it_expected():
    cell = nn.LSTMCell(3, 5)
    with pytest.raises(
        RuntimeError, match=r"LSTMCell\(3, 5\) reads 3 features per example, got 4"
    ):
        cell(torch.zeros(2, 4))
    with pytest.raises(ValueError, match=r"got shape \(2, 2, 3\)"):
        cell(torch.zeros(2, 2, 3))
    with pytest.raises(RuntimeError, match=r"expected h_0 of shape \(2, 5\)"):
        cell(torch.zeros(2, 3), (torch.zeros(2, 4), torch.zeros(2, 5)))
    with pytest.raises(RuntimeError, match=r"expected c_0 of shape \(2, 5\)"):
        cell(torch.zeros(2, 3), (torch.zeros(2, 5), torch.zeros(1, 5)))
    with pytest.raises(RuntimeError, match="pair"):
        cell(torch.zeros(2, 3), torch.zeros(2, 5))
    with pytest.raises(RuntimeError, match="float64"):
        cell(torch.zeros(2, 3).double())
    with pytest.raises(ValueError, match="hidden_size must be positive, got 0"):
        nn.LSTMCell(3, 0)
    with pytest.raises(TypeError, match="input_size must be a whole number, got 2.5"):
        nn.LSTMCell(2.5, 3)


def test_formulas_stay_float32():
    check_stays_float32(unit, 5)
    check_stays_float32(unit_backward, 8)
