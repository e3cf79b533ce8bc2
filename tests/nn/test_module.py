"""Module: registration, the tree, conversions and printing."""
import copy
import pickle

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn


class Affine(nn.Module):
    """y = x Wᵀ + b, so that these tests need no layer of the library."""

    def __init__(self, inputs, outputs, bias=True):
        super().__init__()
        self.sizes = inputs, outputs
        self.weight = nn.Parameter(torch.ones(outputs, inputs))
        if bias:
            self.bias = nn.Parameter(torch.zeros(outputs))
        else:
            self.register_parameter("bias", None)

    def forward(self, x):
        y = x.mm(self.weight.t())
        return y if self.bias is None else y + self.bias

    def extra_repr(self):
        return "{}, {}".format(*self.sizes)


class Exp(nn.Module):
    def forward(self, x):
        return x.exp()


class Net(nn.Module):
    """A parameter, two buffers and two children, created in a mixed order."""

    def __init__(self):
        super().__init__()
        self.first = Affine(2, 3)
        self.scale = nn.Parameter(torch.ones(1))
        self.register_buffer("mean", torch.zeros(3))
        self.register_buffer("steps", torch.tensor(0), persistent=False)
        self.second = Affine(3, 1, bias=False)

    def forward(self, x):
        return self.second(self.first(x).exp()) * self.scale


def names(pairs):
    return [name for name, _ in pairs]


# ---- registration --------------------------------------------------------------------


def test_assignment_registers_parameters_and_modules_and_nothing_else():
    module = nn.Module()
    module.p = nn.Parameter(torch.ones(1))
    module.t = torch.ones(1)
    module.child = Exp()
    module.listed = [Exp()]
    assert names(module.named_parameters()) == ["p"]
    assert names(module.named_children()) == ["child"]
    assert "t" in vars(module) and "p" not in vars(module)


def test_a_variable_is_not_registered():
    module = nn.Module()
    module.hidden = torch.autograd.Variable(torch.rand(1))
    assert list(module.parameters()) == []
    assert module.hidden.shape == (1,)


def test_assigning_none_keeps_the_name_reserved():
    net = Net()
    net.scale = None
    net.first = None
    net.mean = None
    assert net.scale is None and net.first is None and net.mean is None
    assert names(net.named_parameters()) == ["second.weight"]
    net.scale = nn.Parameter(torch.zeros(1))
    assert names(net.named_parameters()) == ["scale", "second.weight"]


def test_a_parameter_is_replaced_by_a_parameter():
    layer = Affine(2, 3)
    new = nn.Parameter(torch.zeros(3, 2))
    layer.weight = new
    assert layer.weight is new
    assert names(layer.named_parameters()) == ["weight", "bias"]        # its place stays


@pytest.mark.parametrize("name, value, told", [
    ("scale", torch.zeros(1), "'scale' is a parameter.*Parameter or None.*Tensor.*wrap"),
    ("scale", 3, "Net: 'scale' is a parameter.*got int"),
    ("first", torch.zeros(1), "'first' is a child module.*Module or None.*got Tensor"),
    ("mean", 3.0, "Net: 'mean' is a buffer.*Tensor or None.*got float"),
])
def test_a_registered_name_takes_only_its_own_kind(name, value, told):
    net = Net()
    before = getattr(net, name)
    with pytest.raises(TypeError, match=told):
        setattr(net, name, value)
    assert getattr(net, name) is before


def test_a_buffer_takes_another_tensor_and_stays_a_buffer():
    net = Net()
    net.mean = torch.ones(3)
    assert names(net.named_buffers()) == ["mean", "steps"]
    assert net.mean.tolist() == [1.0, 1.0, 1.0]


def test_a_name_can_change_its_kind_to_parameter_or_module():
    module = nn.Module()
    module.x = 3
    module.x = nn.Parameter(torch.ones(1))
    assert "x" not in vars(module) and len(list(module.parameters())) == 1
    with pytest.raises(TypeError, match="'x' is a parameter.*got Exp"):
        module.x = Exp()
    module.y = 3
    module.y = Exp()
    assert names(module.named_children()) == ["y"] and "y" not in vars(module)
    module.y = nn.Parameter(torch.ones(1))
    assert list(module.children()) == [] and len(list(module.parameters())) == 2


def test_deleting_attributes_of_every_kind():
    net = Net()
    net.plain = 1
    for name in ("scale", "mean", "steps", "first", "plain"):
        delattr(net, name)
        assert not hasattr(net, name) and name not in dir(net)
    assert names(net.named_parameters()) == ["second.weight"]
    with pytest.raises(AttributeError, match="nope"):
        del net.nope


def test_a_deleted_buffer_forgets_that_it_was_not_persistent():
    net = Net()
    del net.steps
    net.register_buffer("steps", torch.tensor(0))
    assert "steps" in net.state_dict()


def test_unknown_attribute_has_pythons_message():
    with pytest.raises(AttributeError, match="'Net' object has no attribute 'nope'"):
        print(Net().nope)


def test_dir_lists_what_is_registered_but_no_numbers():
    net = Net()
    net.add_module("0", Exp())
    assert {"scale", "mean", "first", "forward", "training"} <= set(dir(net))
    assert "0" not in dir(net) and dir(net) == sorted(dir(net))


@pytest.mark.parametrize("value", [nn.Parameter(torch.ones(1)), Exp()],
                         ids=["parameter", "module"])
def test_registering_before_init_says_what_to_do(value):
    class Forgot(nn.Module):
        def __init__(self):
            self.x = value

    with pytest.raises(AttributeError, match=r"Forgot.*super\(\).__init__\(\)"):
        Forgot()


def test_buffer_before_init_and_reading_before_init_say_what_to_do():
    class Forgot(nn.Module):
        def __init__(self):
            self.register_buffer("x", torch.ones(1))

    with pytest.raises(AttributeError, match=r"super\(\).__init__\(\)"):
        Forgot()

    class Empty(nn.Module):
        def __init__(self):
            pass

    with pytest.raises(AttributeError, match=r"super\(\).__init__\(\)"):
        Empty()(1)


def test_add_module_is_assignment_with_a_string():
    module = nn.Module()
    module.add_module("conv", Affine(1, 2))
    module.register_module("other", Exp())
    assert module.conv.sizes == (1, 2)
    assert names(module.named_children()) == ["conv", "other"]


@pytest.mark.parametrize("register, value", [
    ("register_parameter", None), ("register_buffer", None), ("add_module", None)])
@pytest.mark.parametrize("name, error, told", [
    (3, TypeError, "must be a string, got int"), ("", KeyError, "empty"),
    ("a.b", KeyError, "dot"), ("forward", KeyError, "already exists")])
def test_names_are_checked(register, value, name, error, told):
    with pytest.raises(error, match=told):
        getattr(Net(), register)(name, value)


@pytest.mark.parametrize("register, value, told", [
    ("register_parameter", torch.ones(1), "Parameter or None, got Tensor"),
    ("register_buffer", 3, "Tensor or None, got int"),
    ("add_module", 3, "Module or None, got int")])
def test_values_are_checked(register, value, told):
    with pytest.raises(TypeError, match=told):
        getattr(Net(), register)("new", value)


@pytest.mark.parametrize("register, taken", [
    ("register_parameter", "mean"), ("register_buffer", "first"),
    ("add_module", "scale")])
def test_a_taken_name_is_refused_across_kinds(register, taken):
    with pytest.raises(KeyError, match="already exists"):
        getattr(Net(), register)(taken, None)


# ---- calling -------------------------------------------------------------------------


def test_call_runs_forward_with_all_arguments():
    class Add(nn.Module):
        def forward(self, a, b=1, *, c=0):
            return a + b + c

    assert Add()(1, c=5) == 7


def test_a_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match="Module has no forward"):
        nn.Module()(1)


def test_forward_and_backward_through_a_tree():
    net = Net()
    net(torch.ones(4, 2)).sum().backward()
    # by hand: every unit of the first layer is exp(2), the output is 3 exp(2)
    assert net.scale.grad.item() == pytest.approx(4 * 3 * np.exp(2), rel=1e-6)
    assert net.second.weight.grad.numpy() == pytest.approx(4 * np.exp(2), rel=1e-6)


# ---- the tree ------------------------------------------------------------------------


def test_names_have_the_order_and_form_of_pytorch():
    net = Net()
    assert names(net.named_parameters()) == [
        "scale", "first.weight", "first.bias", "second.weight"]
    assert names(net.named_parameters(recurse=False)) == ["scale"]
    assert names(net.named_parameters(prefix="net")) == [
        "net.scale", "net.first.weight", "net.first.bias", "net.second.weight"]
    assert names(net.named_buffers()) == ["mean", "steps"]
    assert names(net.named_modules()) == ["", "first", "second"]
    assert names(net.named_modules(prefix="net")) == ["net", "net.first", "net.second"]


def test_modules_yields_itself_and_children_does_not():
    net = Net()
    assert list(net.modules()) == [net, net.first, net.second]
    assert list(net.children()) == [net.first, net.second]


def test_a_module_reached_by_two_names_comes_once():
    net = nn.Module()
    net.conv = Affine(2, 2)
    net.conv1 = net.conv
    assert names(net.named_modules()) == ["", "conv"]
    assert names(net.named_children()) == ["conv"]
    assert names(net.named_modules(remove_duplicate=False)) == ["", "conv", "conv1"]
    assert len(list(net.parameters())) == 2
    assert names(net.named_parameters(remove_duplicate=False)) == [
        "conv.weight", "conv.bias", "conv1.weight", "conv1.bias"]


def test_a_shared_parameter_comes_once():
    a, b = Affine(2, 2), Affine(2, 2)
    b.weight = a.weight
    net = nn.ModuleList([a, b])
    assert names(net.named_parameters()) == ["0.weight", "0.bias", "1.bias"]


def test_parameters_accepts_a_memo_as_in_0_1():
    net = Net()
    memo = {net.scale}
    assert len(list(net.parameters(memo))) == 3
    assert memo == set(net.parameters())
    assert len(list(net.parameters(None))) == len(list(net.parameters(memo=None))) == 4
    assert list(net.parameters(recurse=False)) == [net.scale]
    assert list(net.parameters(False)) == [net.scale]


def test_named_modules_leaves_out_what_the_memo_holds():
    net = Net()
    assert names(net.named_modules({net.first}, "net")) == ["net", "net.second"]


def test_get_by_path():
    net = nn.Module()
    net.inner = Net()
    assert net.get_submodule("") is net
    assert net.get_submodule("inner.first") is net.inner.first
    assert net.get_parameter("inner.first.weight") is net.inner.first.weight
    assert net.get_buffer("inner.mean") is net.inner.mean


@pytest.mark.parametrize("get, path, told", [
    ("get_submodule", "x", "Net has no child module 'x'"),
    ("get_submodule", "first.x", "Affine has no child module 'x'"),
    ("get_submodule", "scale", "'scale' of Net is no child module but a Parameter"),
    ("get_parameter", "first.x", "Affine has no parameter 'x'"),
    ("get_parameter", "mean", "is no parameter but a Tensor"),
    ("get_buffer", "scale", "is no buffer but a Parameter"),
])
def test_get_by_path_names_what_it_did_not_find(get, path, told):
    with pytest.raises(AttributeError, match=told):
        getattr(Net(), get)(path)


def test_apply_visits_children_first():
    seen = []
    net = Net()
    assert net.apply(seen.append) is net
    assert seen == [net.first, net.second, net]


# ---- modes and gradients -------------------------------------------------------------


def test_train_and_eval_reach_the_whole_tree():
    net = Net()
    assert all(m.training for m in net.modules())
    assert net.eval() is net
    assert not any(m.training for m in net.modules())
    net.train()
    assert all(m.training for m in net.modules())
    with pytest.raises(ValueError, match="mode must be True or False"):
        net.train("no")


def test_zero_grad_forgets_or_fills():
    net = Net()
    net(torch.ones(1, 2)).sum().backward()
    kept = net.scale.grad
    net.zero_grad(set_to_none=False)
    assert net.scale.grad is kept and kept.tolist() == [0.0]
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())


def test_requires_grad_freezes_the_tree():
    net = Net().requires_grad_(False)
    assert not any(p.requires_grad for p in net.parameters())
    assert not net(torch.ones(1, 2)).requires_grad


# ---- moving and converting -----------------------------------------------------------


@pytest.mark.parametrize("convert, dtype", [
    (lambda m: m.double(), "float64"), (lambda m: m.half(), "float16"),
    (lambda m: m.double().float(), "float32"), (lambda m: m.to(torch.float64), "float64"),
    (lambda m: m.to("cpu", torch.float64), "float64"), (lambda m: m.to("cpu"), "float32"),
    (lambda m: m.to(dtype=torch.float64, device="cpu"), "float64"),
    (lambda m: m.to(torch.zeros(1, dtype=torch.float64)), "float64"),
    (lambda m: m.type(torch.float64), "float64"), (lambda m: m.cpu(), "float32"),
])
def test_conversion_keeps_the_parameters_themselves(convert, dtype):
    net = Net()
    before = list(net.parameters())
    assert convert(net) is net
    after = list(net.parameters())
    assert all(a is b for a, b in zip(before, after, strict=True))
    assert {p.dtype for p in after} == {np.dtype(dtype)}
    assert all(p.requires_grad and p.is_leaf for p in after)
    assert net.mean.dtype == np.dtype(dtype)


def test_conversion_leaves_whole_numbers_alone():
    net = Net().double()
    assert net.steps.dtype.kind == "i"


def test_conversion_takes_the_gradients_along():
    net = Net()
    net(torch.ones(1, 2)).sum().backward()
    net.double()
    assert net.scale.grad.dtype == np.dtype("float64")


def test_to_refuses_whole_numbers_and_nonsense():
    with pytest.raises(TypeError, match="floating-point dtypes, got int64"):
        Net().to(torch.int64)
    with pytest.raises(TypeError, match="expected one of .*, got 3.5"):
        Net().to(3.5)


def test_to_another_device_and_back():
    net = Net()
    scale = net.scale
    net.to("cpu:1")
    assert {str(p.device) for p in net.parameters()} == {"cpu:1"}
    assert {str(b.device) for b in net.buffers()} == {"cpu:1"}
    net.cpu()
    assert str(net.mean.device) == "cpu" and net.scale is scale
    net.cpu(2)
    assert str(net.mean.device) == "cpu:2"


# ---- copies --------------------------------------------------------------------------


def pickled(module):
    return pickle.loads(pickle.dumps(module))


@pytest.mark.parametrize("again", [copy.deepcopy, pickled])
def test_a_copy_is_independent_and_computes_the_same(again):
    net = Net().eval()
    net.shared = net.first
    other = again(net)
    assert other.shared is other.first and not other.training
    assert names(other.named_parameters()) == names(net.named_parameters())
    x = torch.ones(2, 2)
    assert other(x).tolist() == net(x).tolist()
    other.scale.data[0] = 7.0
    assert net.scale.tolist() == [1.0]


# ---- printing ------------------------------------------------------------------------


def test_repr_of_a_leaf_and_of_an_empty_module():
    assert repr(Affine(2, 3)) == "Affine(2, 3)"
    assert repr(nn.Module()) == "Module()"


def test_repr_is_an_indented_tree():
    net = nn.Module()
    net.net = Net()
    net.nothing = Exp()
    net.nothing = None
    assert repr(net) == (
        "Module(\n"
        "  (net): Net(\n"
        "    (first): Affine(2, 3)\n"
        "    (second): Affine(3, 1)\n"
        "  )\n"
        "  (nothing): None\n"
        ")")


def test_repr_with_extra_lines_and_children():
    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.child = Exp()

        def extra_repr(self):
            return "a=1\nb=2"

    assert repr(Both()) == "Both(\n  a=1\n  b=2\n  (child): Exp()\n)"
