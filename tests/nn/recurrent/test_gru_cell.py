import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.backend.op import reference
from pedagogic_nn.nn.recurrent.gru_cell import (
    GRUStep,
    gru_units,
    gru_units_backward,
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
    case(gru_units, p=(3, 15), q=(3, 15), h=(3, 5)),
    case(gru_units, p=(0, 15), q=(0, 15), h=(0, 5)),
    case(gru_units, p=(1, 3), q=(1, 3), h=(1, 1)),
    case(gru_units, p=saturated(3, 15), q=(3, 15), h=(3, 5)),
    case(gru_units_backward, gates=uniform(3, 20), h=(3, 5), dh=(3, 5)),
    case(gru_units_backward, gates=uniform(0, 20), h=(0, 5), dh=(0, 5)),
    case(gru_units_backward, gates=uniform(1, 4), h=(1, 1), dh=(1, 1)),
]
test_backends = backend_tests(CASES)
test_gradients = gradient_tests([
    case(GRUStep.apply, x=(2, 3), h=(2, 4), w_ih=(12, 3), w_hh=(12, 4), b_ih=(12,),
         b_hh=(12,)),
])


def test_by_hand():
    """All weights 0 but b_hn = 2: r = z = ½, so n = tanh(r · 2) = tanh 1."""
    cell = nn.GRUCell(1, 1)
    for p in cell.parameters():
        p.data.zero_()
    cell.bias_hh.data[2] = 2.0
    h = cell(torch.zeros(1, 1), torch.tensor([[3.0]]))
    np.testing.assert_allclose(h.item(), 0.5 * np.tanh(1.0) + 0.5 * 3, rtol=1e-6)


def test_unit_backward_is_the_derivative_of_unit():
    args, dh, step = np.random.default_rng(0).normal(size=5), 0.7, 1e-6
    r, z, n, _ = unit(*args)
    slopes = unit_backward(r, z, n, args[3], args[4], dh)
    for k in range(5):
        e = np.eye(5)[k] * step
        numeric = dh * (unit(*(args + e))[-1] - unit(*(args - e))[-1]) / (2 * step)
        np.testing.assert_allclose(slopes[k], numeric, rtol=1e-6)


def test_gradient_through_two_steps():
    cell = nn.GRUCell(2, 3, bias=False).double()
    x = torch.randn(2, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, *_: cell(x, cell(x)),
                                    (x, *cell.parameters()))


def test_a_batch_is_its_rows():
    cell, x = nn.GRUCell(3, 4), torch.randn(5, 3)
    h = cell(x)
    for n in range(5):
        np.testing.assert_allclose(cell(x[n]).detach().numpy(), h[n].detach().numpy(),
                                   rtol=1e-5)


def test_reference_and_gpu_run_the_whole_cell():
    cell, x = nn.GRUCell(3, 4), torch.randn(2, 3)
    with reference():
        expected = cell(x).detach().numpy()
    np.testing.assert_allclose(cell(x).detach().numpy(), expected, rtol=1e-5)
    on_gpu = cell.cuda()(x.cuda())
    assert on_gpu.is_cuda
    np.testing.assert_allclose(on_gpu.detach().cpu().numpy(), expected, rtol=1e-5)


def test_says_what_it_expected():
    cell = nn.GRUCell(3, 5)
    with pytest.raises(RuntimeError, match=r"GRUCell\(3, 5\) reads 3 features .*, got 4"):
        cell(torch.zeros(2, 4))
    with pytest.raises(RuntimeError, match=r"expected hidden of shape \(2, 5\)"):
        cell(torch.zeros(2, 3), torch.zeros(2, 4))
    with pytest.raises(ValueError, match=r"hidden of shape \(2, 5\), got \(1, 2, 5\)"):
        cell(torch.zeros(2, 3), torch.zeros(1, 2, 5))


def test_formulas_stay_float32():
    check_stays_float32(unit, 5)
    check_stays_float32(unit_backward, 6)


@pytest.mark.parametrize("cell", [nn.RNNCell, nn.GRUCell])
def test_a_state_of_another_dtype_is_refused(cell):
    with pytest.raises(RuntimeError, match="float32 weights, got float64"):
        cell(3, 4)(torch.zeros(2, 3), torch.zeros(2, 4).double())
