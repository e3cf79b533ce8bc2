"""Function: operations that a user writes.  Primitive: the library's own."""
import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn.autograd import Function
from pedagogic_nn.autograd.arithmetic import Add, Mul


class Cube(Function):
    @staticmethod
    def forward(ctx, x, scale=1.0):
        assert not torch.is_grad_enabled()
        ctx.save_for_backward(x)
        ctx.scale = scale
        return x**3 * scale

    @staticmethod
    def backward(ctx, dy):
        assert not torch.is_grad_enabled()
        (x,) = ctx.saved_tensors
        return dy * 3 * x * x * ctx.scale, None


class MinMax(Function):
    """Two outputs, and indices that have no gradient."""

    @staticmethod
    def forward(ctx, x):
        low, high = x.min(0), x.max(0)
        ctx.mark_non_differentiable(low.indices)
        ctx.places = low.indices.item(), high.indices.item()
        ctx.n = len(x)
        return low.values, high.values, low.indices

    @staticmethod
    def backward(ctx, dlow, dhigh, _):
        dx = torch.zeros(ctx.n, dtype=torch.float64)
        dx[ctx.places[0]] += dlow
        dx[ctx.places[1]] += dhigh
        return dx


def leaf(*values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_function_of_ones_own(device):
    x = leaf(1.0, 2.0)
    y = Cube.apply(x.to(device), 2.0)
    assert y.grad_fn.name() == "CubeBackward" and repr(y.grad_fn) == "<CubeBackward>"
    assert str(y.device).startswith(device)
    y.sum().backward()
    assert y.tolist() == [2, 16] and x.grad.tolist() == [6, 24]


def test_gradcheck_accepts_it():
    assert torch.autograd.gradcheck(Cube.apply, (leaf(0.5, -1.0), 2.0))
    assert torch.autograd.gradcheck(lambda x: MinMax.apply(x)[:2],
                                    (leaf(0.5, -1.0, 3.0),))


def test_several_outputs_and_unused_ones():
    x = leaf(3.0, 1.0, 2.0)
    low, high, where = MinMax.apply(x)
    assert where.item() == 1 and not where.requires_grad
    high.backward()
    assert x.grad.tolist() == [1, 0, 0] and low.requires_grad


def test_nothing_is_recorded_without_need():
    assert not Cube.apply(torch.ones(2)).requires_grad
    with torch.no_grad():
        assert not Cube.apply(leaf(1.0)).requires_grad
    assert Cube.apply(torch.autograd.Variable(torch.ones(1), volatile=True)).volatile


def test_needs_input_grad_and_materialized_zeros():
    seen = []

    class Both(Function):
        @staticmethod
        def forward(ctx, x, y, zeros):
            ctx.set_materialize_grads(zeros)
            return x * 1, y * 1

        @staticmethod
        def backward(ctx, dx, dy):
            seen.append((ctx.needs_input_grad, dy is None))
            return dx, dy, None

    for zeros in (True, False):
        first, _ = Both.apply(leaf(1.0), torch.ones(1), zeros)
        first.sum().backward()
    assert [tuple(n) for n, _ in seen] == [(True, False, False)] * 2
    assert [none for _, none in seen] == [False, True]


@pytest.mark.parametrize("returned, told", [
    (lambda dy: (), "expected 2, got 0"),
    (lambda dy: (dy, None, dy), "expected 2, got 3"),
    (lambda dy: (dy[:1], None), r"shape \(1,\) for argument 0, which has shape \(2,\)")])
def test_wrong_gradients_are_told(returned, told):
    class Wrong(Function):
        @staticmethod
        def forward(ctx, x, option):
            return x * 1

        @staticmethod
        def backward(ctx, dy):
            return returned(dy)

    with pytest.raises(RuntimeError, match=f"Wrong.backward .*{told}"):
        Wrong.apply(leaf(1.0, 2.0), None).sum().backward()


def test_forward_must_return_tensors():
    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            return 3

    with pytest.raises(TypeError, match="Wrong.forward must return tensors, got int"):
        Wrong.apply(leaf(1.0))
    with pytest.raises(TypeError, match="subclass"):
        Function.apply(leaf(1.0))


def test_saved_tensors_that_were_changed_are_noticed():
    x = leaf(1.0, 2.0)
    w = x * 1
    y = Cube.apply(w)
    w += 1
    with pytest.raises(RuntimeError, match="Cube: .* changed in place"):
        y.sum().backward()


def test_saved_tensors_are_freed():
    y = Cube.apply(leaf(1.0)).sum()
    node = y.grad_fn.next_functions[0][0]
    y.backward()
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        assert node.saved_tensors
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        y.backward()


def test_a_function_may_take_tensors_on_two_devices():
    class Carry(Function):
        @staticmethod
        def forward(ctx, x, y):
            return x.cpu() + y

        @staticmethod
        def backward(ctx, g):
            return g.cuda(), g

    x, y = leaf(1.0), leaf(2.0)
    Carry.apply(x.cuda(), y).sum().backward()
    assert x.grad.tolist() == [1] and y.grad.tolist() == [1]


def test_next_functions_lead_back_to_the_leaves():
    x = leaf(1.0)
    y = (x * 2 + x).exp()
    assert y.grad_fn.name() == "ExpBackward"
    add = y.grad_fn.next_functions[0][0]
    assert add.name() == "AddBackward"
    assert add.next_functions[0][0].name() == "MulBackward"
    assert add.next_functions[1][0] is x


def test_a_primitive_wants_a_tensor():
    with pytest.raises(TypeError, match="mul expected a tensor, got int, float"):
        Mul.apply(2, 3.0)


def test_an_unrecorded_operation_keeps_nothing():
    x = torch.ones(1000)
    y = Add.apply(x, x)
    assert y.node is None and y._origin is None
    assert np.shares_memory(x.array, x.detach().array)
