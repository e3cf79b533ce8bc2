"""What backward, grad, hooks and functions of one's own take, and what they refuse."""
import pytest

import pedagogic_nn as torch


def leaf(*values):
    return torch.tensor(values, requires_grad=True)


# ---- backward ------------------------------------------------------------------------


def test_a_gradient_weighs_the_elements():
    x = leaf(1.0, 2.0)
    (x * x).backward(torch.tensor([10.0, 1.0]))
    assert x.grad.tolist() == [20, 4]


@pytest.mark.parametrize("gradient, said", [
    (None, r"only a single number .* \(2,\); reduce it with \.sum\(\)"),
    (torch.ones(3), r"the gradient has shape \(3,\), the tensor has shape \(2,\)"),
    (torch.ones(1), r"the gradient has shape \(1,\)")])
def test_a_gradient_must_fit(gradient, said):
    with pytest.raises(RuntimeError, match=said):
        (leaf(1.0, 2.0) * 2).backward(gradient)


def test_a_root_needs_a_past_that_requires_a_gradient():
    with pytest.raises(RuntimeError, match="say requires_grad=True where it starts"):
        torch.ones(2).sum().backward()


def test_a_second_backward_needs_retain_graph():
    x = leaf(1.0, 2.0)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [4, 8]             # the two added up
    with pytest.raises(RuntimeError, match="a second time.*retain_graph=True"):
        y.backward()


def test_only_the_named_inputs_get_a_gradient():
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    (x * w).sum().backward(inputs=[w])
    assert x.grad is None and w.grad.tolist() == [1, 2]
    (x * w).sum().backward(inputs=x)
    assert x.grad.tolist() == [3, 4] and w.grad.tolist() == [1, 2]


def test_a_computed_input_gets_its_gradient_and_its_leaf_none():
    x = leaf(1.0, 2.0)
    h = x * 2
    (h * h).sum().backward(inputs=[h])
    assert h.grad.tolist() == [4, 8] and x.grad is None


def test_inputs_must_name_tensors_with_gradients():
    x = leaf(1.0)
    with pytest.raises(RuntimeError, match="inputs must hold at least one tensor"):
        (x * x).backward(inputs=[])
    with pytest.raises(RuntimeError, match="does not require a gradient"):
        (x * x).backward(inputs=[torch.ones(1)])


# ---- grad ----------------------------------------------------------------------------


def test_an_unused_input_is_an_error_unless_it_is_allowed():
    x, other = leaf(1.0, 2.0), leaf(1.0)
    with pytest.raises(RuntimeError, match=r"inputs\[1\] was not used .*allow_unused"):
        torch.autograd.grad((x * x).sum(), [x, other])
    dx, none = torch.autograd.grad((x * x).sum(), [x, other], allow_unused=True)
    assert dx.tolist() == [2, 4] and none is None and x.grad is None
    with pytest.raises(RuntimeError, match=r"inputs\[0\] does not require a gradient"):
        torch.autograd.grad((x * x).sum(), torch.ones(1))


# ---- hooks ---------------------------------------------------------------------------


def test_a_hook_may_not_change_the_shape_or_return_a_number():
    x = leaf(1.0, 2.0)
    with x.register_hook(lambda g: torch.ones(3)):
        with pytest.raises(RuntimeError, match=r"returned shape \(3,\), expected \(2,\)"):
            (x * 2).sum().backward()
    with x.register_hook(lambda g: 2.0):
        with pytest.raises(TypeError, match="hook returned float, expected a tensor"):
            (x * 2).sum().backward()
    assert x.grad is None


def test_hooks_run_in_order_and_each_sees_what_the_one_before_made():
    x, seen = leaf(1.0), []
    h = x * 2
    h.register_hook(lambda g: seen.append(g.item()))
    h.register_hook(lambda g: g * 10)
    h.register_hook(lambda g: seen.append(g.item()))
    h.retain_grad()
    (h * 3).backward()
    assert seen == [3, 30] and h.grad.item() == 30 and x.grad.item() == 60


# ---- what a function's backward returns ----------------------------------------------


@pytest.mark.parametrize("returned, kind, said", [
    (lambda g: (3.0, None), TypeError, "returned float for argument 0"),
    (lambda g: (g, g), RuntimeError, "argument 1, which is no tensor; return None"),
    (lambda g: (g[:1], None), RuntimeError, r"shape \(1,\) for argument 0, .* \(2,\)"),
    (lambda g: g, RuntimeError, "expected 2, got 1")])
def test_a_wrong_return_is_told_with_the_name_of_the_function(returned, kind, said):
    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, n):
            return x * n

        @staticmethod
        def backward(ctx, g):
            return returned(g)

    with pytest.raises(kind, match=f"^Scale.backward .*{said}"):
        Scale.apply(leaf(1.0, 2.0), 3).sum().backward()
