"""Hooks: when they fire, what they see, what they may replace, how they go away."""
import copy
import pickle
from collections import namedtuple

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn


class Scale(nn.Module):
    """y = x w, with w = 3."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([3.0]))

    def forward(self, x):
        return x * self.weight


class Two(nn.Module):
    """Two inputs and a keyword; two outputs, the second a pair."""

    def forward(self, a, b, factor=2.0):
        return a * factor, (b * 3, a * b)


class Fails(nn.Module):
    def forward(self, x):
        raise ZeroDivisionError("on purpose")


def leaf(*values):
    return torch.tensor(list(values), requires_grad=True)


def numbers(gradients):
    """Gradients as lists, in whatever they are nested."""
    if gradients is None or isinstance(gradients, torch.Tensor):
        return None if gradients is None else gradients.tolist()
    return tuple(numbers(g) for g in gradients)


# ---- handles -------------------------------------------------------------------------


REGISTRATIONS = ["register_forward_hook", "register_forward_pre_hook",
                 "register_backward_hook", "register_full_backward_hook",
                 "register_full_backward_pre_hook"]


@pytest.mark.parametrize("register", REGISTRATIONS)
def test_a_hook_fires_once_a_call_until_it_is_removed(register):
    module, seen = Scale(), []
    handle = getattr(module, register)(lambda *args: seen.append(args[0]))
    module(leaf(1.0)).sum().backward()
    assert seen == [module]
    handle.remove()
    handle.remove()                                         # twice is harmless
    module(leaf(1.0)).sum().backward()
    assert seen == [module]


@pytest.mark.parametrize("register", REGISTRATIONS)
def test_a_hook_must_be_callable(register):
    with pytest.raises(TypeError, match="callable, got int"):
        getattr(Scale(), register)(3)


def test_a_handle_is_a_context_manager():
    module, seen = Scale(), []
    with module.register_forward_hook(lambda *args: seen.append(1)):
        module(leaf(1.0))
    module(leaf(1.0))
    assert seen == [1]


def test_hooks_run_in_order_and_prepend_puts_one_in_front():
    module, seen = Scale(), []
    module.register_forward_hook(lambda *args: seen.append("first"))
    module.register_forward_hook(lambda *args: seen.append("second"))
    module.register_forward_hook(lambda *args: seen.append("in front"), prepend=True)
    module(leaf(1.0))
    assert seen == ["in front", "first", "second"]


def test_a_hook_may_remove_itself():
    module, seen = Scale(), []

    def once(*args):
        seen.append(1)
        handle.remove()

    handle = module.register_forward_hook(once)
    module(leaf(1.0))
    module(leaf(1.0))
    assert seen == [1]


# ---- forward -------------------------------------------------------------------------


def test_forward_hook_sees_inputs_and_output():
    module, seen = Two(), []
    module.register_forward_hook(lambda m, args, output: seen.append((args, output)))
    a, b = leaf(1.0), leaf(2.0)
    result = module(a, b, factor=5.0)
    (args, output), = seen
    assert args[0] is a and args[1] is b and len(args) == 2
    assert output is result


def test_forward_hook_may_replace_the_output_and_the_next_sees_it():
    module = Scale()
    module.register_forward_hook(lambda m, args, y: y * 10)
    module.register_forward_hook(lambda m, args, y: y + 1)
    assert module(leaf(1.0)).tolist() == [31.0]


def test_forward_pre_hook_may_replace_the_arguments():
    module = Scale()
    module.register_forward_pre_hook(lambda m, args: args[0] * 10)     # a single value
    module.register_forward_pre_hook(lambda m, args: (args[0] + 1,))
    assert module(leaf(1.0)).tolist() == [33.0]


def test_hooks_with_kwargs():
    module, seen = Two(), []
    module.register_forward_pre_hook(
        lambda m, args, kwargs: (args, {"factor": kwargs["factor"] + 1}),
        with_kwargs=True)
    module.register_forward_hook(
        lambda m, args, kwargs, output: seen.append(kwargs), with_kwargs=True)
    assert module(leaf(1.0), leaf(2.0), factor=4.0)[0].tolist() == [5.0]
    assert seen == [{"factor": 5.0}]


def test_pre_hook_with_kwargs_says_what_it_must_return():
    module = Scale()
    module.register_forward_pre_hook(lambda m, args, kwargs: 3, with_kwargs=True)
    with pytest.raises(RuntimeError, match=r"pair \(args, kwargs\), got 3"):
        module(leaf(1.0))


def test_always_call_runs_after_an_error_and_the_others_do_not():
    module, seen = Fails(), []
    module.register_forward_hook(lambda m, args, y: seen.append("usual"))
    module.register_forward_hook(lambda m, args, y: seen.append(y), always_call=True)
    with pytest.raises(ZeroDivisionError, match="on purpose"):
        module(leaf(1.0))
    assert seen == [None]


def test_an_error_in_an_always_called_hook_does_not_hide_the_first_one():
    def broken(module, args, output):
        raise KeyError("second")

    module = Fails()
    module.register_forward_hook(broken, always_call=True)
    with pytest.warns(UserWarning, match="second"), pytest.raises(ZeroDivisionError):
        module(leaf(1.0))


def test_a_hook_that_fails_is_not_called_again():
    calls = []

    def broken(module, args, output):
        calls.append(1)
        raise KeyError("broken")

    module = Scale()
    module.register_forward_hook(broken, always_call=True)
    with pytest.raises(KeyError):
        module(leaf(1.0))
    assert calls == [1]


# ---- backward ------------------------------------------------------------------------


@pytest.mark.parametrize("register", REGISTRATIONS[2:4])
def test_backward_hook_sees_the_gradients_of_inputs_and_outputs(register):
    module, seen = Scale(), []
    getattr(module, register)(lambda m, dx, dy: seen.append(numbers((dx, dy))))
    (module(leaf(1.0, 2.0)) * 2).sum().backward()
    assert seen == [(([6.0, 6.0],), ([2.0, 2.0],))]


def test_backward_hook_of_a_module_of_many_operations_sees_the_modules_input():
    net, seen = nn.Sequential(Scale(), Scale()), []
    net.register_backward_hook(lambda m, dx, dy: seen.append(numbers((dx, dy))))
    net(leaf(1.0)).sum().backward()
    assert seen == [(([9.0],), ([1.0],))]


@pytest.mark.parametrize("replace", [lambda dx: (dx[0] * 10,), lambda dx: dx[0] * 10],
                         ids=["tuple", "tensor"])
def test_backward_hook_may_replace_the_input_gradient(replace):
    module, x = Scale(), leaf(1.0)
    module.register_full_backward_hook(lambda m, dx, dy: replace(dx))
    module.register_full_backward_hook(lambda m, dx, dy: (dx[0] + 1,))
    module(x).sum().backward()
    assert x.grad.tolist() == [31.0]
    assert module.weight.grad.tolist() == [1.0]             # not on the way of dx


def test_backward_pre_hook_may_replace_the_output_gradient():
    module, x = Scale(), leaf(2.0)
    module.register_full_backward_pre_hook(lambda m, dy: (dy[0] * 10,))
    module(x).sum().backward()
    assert x.grad.tolist() == [30.0] and module.weight.grad.tolist() == [20.0]


def test_hooks_do_not_change_values_or_gradients():
    plain, hooked = Scale(), Scale()
    hooked.register_full_backward_hook(lambda m, dx, dy: None)
    hooked.register_full_backward_pre_hook(lambda m, dy: None)
    for module in (plain, hooked):
        x = module.x = leaf(1.0, -2.0)
        module.y = module(x)
        (module.y * module.y).sum().backward()
    assert plain.y.tolist() == hooked.y.tolist()
    assert plain.x.grad.tolist() == hooked.x.grad.tolist()
    assert plain.weight.grad.tolist() == hooked.weight.grad.tolist()


def test_several_inputs_and_nested_outputs():
    module, seen = Two(), []
    module.register_full_backward_hook(lambda m, dx, dy: seen.append(numbers((dx, dy))))
    a, b = leaf(5.0), leaf(7.0)
    first, (second, third) = module(a, b, factor=2.0)
    (first + third).sum().backward()
    assert seen == [(([9.0], [5.0]), ([1.0], (None, [1.0])))]
    assert a.grad.tolist() == [9.0] and b.grad.tolist() == [5.0]


def test_tensors_without_gradient_have_zeros_and_numbers_none():     # as PyTorch 2.13
    class Pick(nn.Module):
        def forward(self, x, index, constant, factor):
            return x[index] * factor + constant.detach()

    module, x, seen = Pick(), leaf(1.0, 2.0, 3.0), []
    module.register_full_backward_hook(lambda m, dx, dy: seen.append(numbers(dx)))
    module(x, torch.tensor([0, 1]), leaf(5.0), 2.0).sum().backward()
    assert seen == [([2.0, 2.0, 0.0], [0, 0], [0.0], None)]
    module(x, torch.tensor([0, 1]), x[:1].detach(), 2.0).sum().backward()
    assert seen[1] == ([2.0, 2.0, 0.0], [0, 0], [0.0], None)


def test_an_input_on_another_device_stays_outside():
    class First(nn.Module):
        def forward(self, x, elsewhere):
            assert str(elsewhere.device) == "cpu:1"
            return x * 2

    module, seen = First(), []
    module.register_full_backward_hook(lambda m, dx, dy: seen.append(numbers(dx)))
    module(leaf(1.0), torch.ones(1).to("cpu:1")).sum().backward()
    assert seen == [([2.0], None)]


def test_an_input_and_the_same_memory_without_gradient():
    class Sum(nn.Module):
        def forward(self, a, b):
            return a * 2 + b * 3

    module, x = Sum(), leaf(1.0)
    module.register_full_backward_hook(lambda m, dx, dy: None)
    y = module(x, x.detach())
    assert y.tolist() == [5.0]
    y.sum().backward()
    assert x.grad.tolist() == [2.0]


def test_the_forms_of_inputs_and_outputs_survive():
    State = namedtuple("State", "h c")
    seen = []

    class Cell(nn.Module):
        def forward(self, pair, table):
            assert type(pair) is State and type(table) is dict
            return {"sum": pair.h + pair.c, "list": [table["x"] * 2]}

    cell = Cell()
    cell.register_full_backward_hook(lambda m, dx, dy: seen.append((dx, dy)))
    h, c, x = leaf(1.0), leaf(2.0), leaf(3.0)
    out = cell(State(h, c), {"x": x, "note": "text"})
    assert type(out) is dict and type(out["list"]) is list
    (out["sum"] + out["list"][0]).sum().backward()
    (dx, dy), = seen
    assert dx[0].h.tolist() == [1.0]
    assert dx[1]["x"].tolist() == [2.0] and dx[1]["note"] is None
    assert dy[0]["sum"].tolist() == [1.0] and dy[0]["list"][0].tolist() == [1.0]


def test_inputs_without_gradient_fire_with_none():
    module, seen = Scale(), []
    module.register_full_backward_hook(lambda m, dx, dy: seen.append(numbers((dx, dy))))
    module(torch.tensor([1.0])).sum().backward()
    assert seen == [((None,), ([1.0],))]


def test_nothing_can_replace_a_gradient_that_does_not_exist():
    module = Scale()
    module.register_full_backward_hook(lambda m, dx, dy: (torch.ones(1),))
    with pytest.raises(RuntimeError, match="Scale: no input of this call"):
        module(torch.tensor([1.0])).sum().backward()


@pytest.mark.parametrize("returned, told", [
    (lambda dx: (dx[0], dx[0]), "2 gradients in place of grad_input, which has 1"),
    (lambda dx: (torch.ones(5),), r"shape \(5,\).*expected \(1,\)"),
    (lambda dx: ("text",), "got str"),
])
def test_backward_hook_returns_are_checked(returned, told):
    module = Scale()
    module.register_full_backward_hook(lambda m, dx, dy: returned(dx))
    with pytest.raises(RuntimeError, match=told):
        module(leaf(1.0)).sum().backward()


def test_no_backward_hook_without_a_graph():
    module, seen = Scale(), []
    module.register_full_backward_hook(lambda m, dx, dy: seen.append(1))
    with torch.no_grad():
        y = module(leaf(1.0))
    assert not y.requires_grad and seen == []


def test_hooks_fire_again_with_a_retained_graph():
    module, seen = Scale(), []
    module.register_full_backward_hook(lambda m, dx, dy: seen.append(numbers(dy)))
    y = module(leaf(1.0)).sum()
    y.backward(retain_graph=True)
    (y * 2).sum().backward()
    assert seen == [([1.0],), ([2.0],)]


def test_nested_modules_fire_from_the_outside_in():
    net, seen = nn.Sequential(Scale(), Scale()), []
    for name, module in net.named_modules():
        module.register_full_backward_pre_hook(
            lambda m, dy, name=name: seen.append(f"dy {name}"))
        module.register_full_backward_hook(
            lambda m, dx, dy, name=name: seen.append(f"dx {name}"))
    net(leaf(1.0)).sum().backward()
    assert seen == ["dy ", "dy 1", "dx 1", "dy 0", "dx 0", "dx "]


def test_one_module_called_twice_keeps_the_calls_apart():
    module, seen = Scale(), []
    module.register_full_backward_hook(lambda m, dx, dy: seen.append(numbers((dx, dy))))
    module(module(leaf(1.0))).sum().backward()
    assert seen == [(([3.0],), ([1.0],)), (([9.0],), ([3.0],))]


def test_in_place_change_of_a_hooked_output_is_noticed():
    class Square(nn.Module):
        def forward(self, x):
            self.y = x.exp()
            return self.y

    module = Square()
    module.register_full_backward_hook(lambda m, dx, dy: None)
    y = module(leaf(1.0))
    with torch.no_grad():
        y += 1
    with pytest.raises(RuntimeError, match="in place"):
        y.sum().backward()


# ---- copies --------------------------------------------------------------------------


def double_output(module, args, output):
    return output * 2


def pickled(module):
    return pickle.loads(pickle.dumps(module))


@pytest.mark.parametrize("again", [copy.deepcopy, pickled])
def test_hooks_are_copied_with_the_module(again):
    module = Scale()
    module.handle = module.register_forward_hook(double_output)
    other = again(module)
    assert other(leaf(1.0)).tolist() == [6.0]
    other.handle.remove()                               # its own handle, its own hooks
    assert other(leaf(1.0)).tolist() == [3.0]
    assert module(leaf(1.0)).tolist() == [6.0]


def test_a_hook_of_another_process_is_not_overwritten():
    module, seen = Scale(), []
    following = module.register_forward_hook(lambda *args: None).id + 1
    for number in range(following, following + 5):      # as if it had been unpickled here
        module._forward_hooks[number] = nn.hooks.Hook(lambda *args: seen.append("old"))
    module.register_forward_hook(lambda *args: seen.append("new"))
    module(leaf(1.0))
    assert seen == ["old"] * 5 + ["new"]


def test_a_graph_with_hooks_is_freed_without_the_garbage_collector():
    import gc
    import weakref

    module = Scale()
    module.register_full_backward_hook(lambda m, dx, dy: None)
    gc.disable()
    try:
        y = module(leaf(1.0))
        alive = weakref.ref(y)
        del y
        assert alive() is None
    finally:
        gc.enable()


def test_numpy_scalars_do_not_disturb_a_hooked_module():
    module = Two()
    module.register_full_backward_hook(lambda m, dx, dy: None)
    a = leaf(1.0)
    module(a, leaf(1.0), np.float32(4.0))[0].sum().backward()
    assert a.grad.tolist() == [4.0]
