import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.backend import launch
from pedagogic_nn.nn.recurrent.sequence import (
    Steps,
    product_into,
    states_before,
    weight_slopes,
)
from tests.harness import backend_tests, case

CASES = [
    case(product_into, out=(3, 5), a=(3, 4), b=(4, 5), accumulate=False),
    case(product_into, out=(3, 5), a=(3, 4), b=(4, 5), accumulate=True),
    case(product_into, out=(3, 5), a=(3, 0), b=(0, 5), accumulate=False),
    case(product_into, out=(0, 5), a=(0, 4), b=(4, 5), accumulate=True),
] + [
    case(weight_slopes, da=(steps.rows, 12 + more), x=(steps.rows, 3),
         states=(steps.rows, 9), column=5, first=(steps.batch, 4), steps=steps, rows=12,
         size=4)
    for more in (0, 4)                               # 4: GRU's columns of q_n
    for steps in (Steps.padded(3, 2), Steps.padded(3, 2).backwards, Steps.padded(1, 2),
                  Steps(np.array([3, 2, 1])), Steps(np.array([3, 2, 1]), True),
                  Steps.padded(2, 0))
] + [
    case(weight_slopes, da=(6, 12), x=(6, 3), states=(6, 4), column=0, first=None,
         steps=steps, rows=12, size=4)
    for steps in (Steps.padded(3, 2), Steps(np.array([3, 2, 1])))
]
test_backends = backend_tests(CASES)


# ---- where the rows lie --------------------------------------------------------------


def test_packed_steps_by_hand():
    """Sequences abc, xy and p: rows a x p b y c."""
    steps = Steps(np.array([3, 2, 1]))
    assert (steps.rows, steps.batch, steps.uniform) == (6, 3, False)
    assert [(r.start, r.stop, n) for r, n in steps] == [(0, 3, 3), (3, 5, 2), (5, 6, 1)]
    assert list(reversed(steps)) == list(steps)[::-1]
    assert steps.shares.tolist() == [0, 3, 5]            # rows of none, abc, abc and xy


def test_backwards_steps_by_hand():
    steps = Steps(np.array([3, 2, 1])).backwards
    assert [(r.start, n) for r, n in steps] == [(5, 1), (3, 2), (0, 3)]
    assert steps.batch == 3 and steps.shares.tolist() == [0, 3, 5]
    assert steps.backwards.starts.tolist() == [0, 3, 5]


@pytest.mark.parametrize("backwards, expected", [
    (False, "123axb"), (True, "by3c21")])
def test_the_state_before_each_row(backwards, expected):
    steps = Steps(np.array([3, 2, 1]), backwards)
    rows, first = np.array([[*"axpbyc"]]).T, np.array([[*"123"]]).T
    assert "".join(states_before(rows, first, steps)[:, 0]) == expected


def test_padded_steps():
    steps = Steps.padded(2, 3)
    assert steps.uniform and steps.sizes.tolist() == [3, 3]
    assert Steps.padded(2, 0).rows == 0


# ---- the layer on the tape -----------------------------------------------------------


def losses_and_leaves(name, **options):
    torch.manual_seed(0)
    made = getattr(nn, name)(3, 4, 2, bidirectional=True, **options)
    x = torch.randn(5, 2, 3, requires_grad=True)
    y, _ = made(x)
    return (y * y).sum(), (x, *made.parameters())


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_backward_twice_gives_twice_the_gradient(name):
    """Backward turns what was saved into gradients; the second must not read those."""
    loss, leaves = losses_and_leaves(name)
    loss.backward(retain_graph=True)
    once = [p.grad.numpy().copy() for p in leaves]
    loss.backward(retain_graph=True)
    loss.backward()
    for p, g in zip(leaves, once):
        np.testing.assert_allclose(p.grad.numpy(), 3 * g, rtol=1e-5)
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_only_what_is_wanted_is_computed(name):
    loss, leaves = losses_and_leaves(name)
    expected = torch.autograd.grad(loss, leaves)
    for wanted in (0, 2, 4):                          # the input, a weight, a bias
        torch.manual_seed(0)
        made = getattr(nn, name)(3, 4, 2, bidirectional=True)
        x = torch.randn(5, 2, 3)
        leaf = (x, *made.parameters())[wanted]
        for p in made.parameters():
            p.requires_grad = False
        leaf.requires_grad = True
        y, _ = made(x)
        (y * y).sum().backward()
        np.testing.assert_allclose(leaf.grad.numpy(), expected[wanted].numpy(), 1e-5,
                                   1e-6)
        assert sum(p.grad is not None for p in (x, *made.parameters())) == 1


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_a_change_in_place_before_backward_is_noticed(name):
    made, x = getattr(nn, name)(3, 4), torch.randn(5, 2, 3)
    loss = made(x)[0].sum()
    x += 1
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_threads_give_what_one_gives(name, monkeypatch):
    expected = torch.autograd.grad(*losses_and_leaves(name))
    monkeypatch.setattr(launch, "_threads", 2)
    monkeypatch.setattr(launch, "PARALLEL_ABOVE", 0)
    for got, e in zip(torch.autograd.grad(*losses_and_leaves(name)), expected):
        np.testing.assert_allclose(got.numpy(), e.numpy(), 1e-5, 1e-6)


def test_no_graph_keeps_nothing():
    made = nn.LSTM(3, 4)
    with torch.no_grad():
        y, _ = made(torch.randn(5, 2, 3))
    assert y.grad_fn is None


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_half_precision_is_computed_in_float32(name):
    torch.manual_seed(1)
    made, x = getattr(nn, name)(3, 4), torch.randn(5, 2, 3)
    expected, _ = made(x)
    y, _ = made.half()(x.half())
    assert y.dtype == torch.float16
    np.testing.assert_allclose(y.detach().numpy(), expected.detach().numpy(), atol=5e-3)
    y.sum().backward()
    assert made.weight_ih_l0.grad.dtype == torch.float16
