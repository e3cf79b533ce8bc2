import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.losses.bce import bce, bce_one, binary_cross_entropy
from tests.harness import backend_tests, case, check_stays_float32, gradient_tests
from tests.nn.losses.rows import loss_cases, probabilities

ENDS = [[0, 1, 0, 1, 1e-30, 0.5, 0.5, 2], [0, 1, 1, 0, 1, 0, 1.5, 0.5]]


def targets(*shape):
    return 1 - probabilities(*shape)


CASES = [
    *loss_cases(bce, probabilities, targets, ENDS),
    case(bce, x=probabilities(3, 5), y=targets(3, 5), scale=probabilities(3, 5), slopes=2,
         each=False),
]
test_backends = backend_tests(CASES)


def weighted(input, target, reduction):
    w = input.detach().new_tensor([0.5, 2.0, 0.0, 3.0])
    return binary_cross_entropy(input, target, w, reduction=reduction)


PAIR = {"input": probabilities(3, 4), "target": targets(3, 4)}
test_gradients = gradient_tests([
    case(binary_cross_entropy, **PAIR),
    case(binary_cross_entropy, **PAIR, reduction="none"),
    case(weighted, **PAIR, reduction="mean"),
    case(weighted, **PAIR, reduction="none"),
])


def test_by_hand():
    x = torch.tensor([0.25, 0.25], requires_grad=True)
    loss = nn.BCELoss()(x, torch.tensor([1.0, 0.0]))
    loss.backward()
    np.testing.assert_allclose(loss.item(), -(np.log(0.25) + np.log(0.75)) / 2, rtol=1e-6)
    np.testing.assert_allclose(x.grad.numpy(), [-4 / 2, 4 / 3 / 2], rtol=1e-6)


def test_sure_and_wrong_costs_100():
    x = torch.tensor([0.0, 1.0, 0.0, 1.0], requires_grad=True)
    loss = nn.BCELoss(reduction="none")(x, torch.tensor([0.0, 1.0, 1.0, 0.0]))
    loss.sum().backward()
    assert loss.tolist() == [0, 0, 100, 100]
    np.testing.assert_allclose(x.grad.numpy(), [0, 0, -1e12, 1e12], rtol=1e-6)


def test_weights_multiply_and_the_mean_still_divides_by_the_number():
    x, y = torch.full((2, 2), 0.5), torch.ones(2, 2)
    loss = nn.BCELoss(weight=torch.tensor([1, 3]))
    np.testing.assert_allclose(loss(x, y).item(), np.log(2) * 2, rtol=1e-6)
    assert list(loss.state_dict()) == ["weight"]
    assert list(nn.BCELoss().state_dict()) == []


@pytest.mark.parametrize("name, wrong", [
    ("input", 1.5), ("input", -0.25), ("input", np.nan), ("target", 2.0),
    ("target", -1.0), ("target", np.nan)])
@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_what_is_no_probability_is_named(name, wrong, reduction, device):
    pair = {"input": torch.full((3,), 0.5), "target": torch.full((3,), 0.5)}
    pair[name][1] = wrong
    with pytest.raises(RuntimeError, match=f"{name} must hold probabilities, from 0 to "
                                           f"1, got {wrong}"):
        binary_cross_entropy(**{k: t.to(device) for k, t in pair.items()},
                             reduction=reduction)


def test_a_weight_may_be_nan():
    x, nan = torch.tensor([0.5, 0.5]), torch.tensor([1.0, np.nan])
    loss = binary_cross_entropy(x, x, nan, reduction="none").tolist()
    assert loss[0] > 0 and np.isnan(loss[1])


def test_says_what_it_expected():
    x = torch.full((2, 3), 0.5)
    with pytest.raises(ValueError, match=r"target has shape \(3,\)"):
        binary_cross_entropy(x, x[0])
    with pytest.raises(RuntimeError, match="one dtype, got float32 and float64"):
        binary_cross_entropy(x, x.double())
    with pytest.raises(RuntimeError, match=r"weight must stretch to .* \(2, 3\), got"):
        binary_cross_entropy(x, x, torch.ones(2))
    with pytest.raises(RuntimeError, match="no gradient for weight"):
        binary_cross_entropy(x, x, torch.ones(3, requires_grad=True))
    with pytest.raises(TypeError, match="weight must be a tensor, got list"):
        binary_cross_entropy(x, x, [1.0])
    with pytest.raises(TypeError, match="BCELoss: weight must be a tensor, got list"):
        nn.BCELoss([1.0])


def test_the_formula_stays_float32():
    check_stays_float32(bce_one, 2)
