"""state_dict and load_state_dict: keys, order, and a failed load that changes nothing."""
import copy
import pickle
from collections import OrderedDict

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn


class Affine(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(outputs, inputs))
        self.bias = nn.Parameter(torch.rand(outputs))


class Net(nn.Module):
    """The model of the old manual, with a buffer more."""

    def __init__(self):
        super().__init__()
        self.conv2 = Affine(1, 2)
        self.vari = torch.autograd.Variable(torch.rand([1]))
        self.par = nn.Parameter(torch.rand([1]))
        self.register_buffer("buffer", torch.randn([2, 3]))
        self.register_buffer("scratch", torch.zeros(1), persistent=False)
        self.register_buffer("unset", None)


KEYS = ["par", "buffer", "conv2.weight", "conv2.bias"]       # recorded from PyTorch 2.13


def snapshot(module):
    return {name: tensor.numpy().copy() for name, tensor in module.state_dict().items()}


def assert_same(a, b):
    assert list(a) == list(b)
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


# ---- state_dict ----------------------------------------------------------------------


def test_keys_and_order_are_pytorchs():
    state = Net().state_dict()
    assert isinstance(state, OrderedDict)
    assert list(state) == KEYS


def test_metadata_names_the_version_of_every_module():
    assert Net().state_dict()._metadata == {"": {"version": 1}, "conv2": {"version": 1}}


def test_values_are_detached_and_share_memory():
    net = Net()
    state = net.state_dict()
    assert not any(tensor.requires_grad for tensor in state.values())
    state["par"][0] = 42.0
    assert net.par.tolist() == [42.0]


def test_keep_vars_gives_the_parameters_themselves():
    net = Net()
    assert net.state_dict(keep_vars=True)["conv2.weight"] is net.conv2.weight


def test_destination_and_prefix_in_the_old_order():
    destination = OrderedDict(first=1)
    result = Net().state_dict(destination, "net.")
    assert result is destination
    assert list(result) == ["first"] + [f"net.{key}" for key in KEYS]


def test_a_shared_parameter_is_saved_under_both_names():
    a, b = Affine(1, 1), Affine(1, 1)
    b.weight = a.weight
    assert list(nn.ModuleList([a, b]).state_dict()) == [
        "0.weight", "0.bias", "1.weight", "1.bias"]


def test_state_survives_pickle_and_deepcopy():
    state = Net().state_dict()
    for other in (copy.deepcopy(state), pickle.loads(pickle.dumps(state))):
        assert list(other) == KEYS and other._metadata == state._metadata


def test_a_subclass_may_override_state_dict():
    class Quiet(Affine):
        def state_dict(self, *args, **kwargs):
            state = super().state_dict(*args, **kwargs)
            state.pop(kwargs.get("prefix", "") + "bias")
            return state

    net = nn.ModuleList([Quiet(1, 1)])
    assert list(net.state_dict()) == ["0.weight"]
    assert net.load_state_dict(net.state_dict()).missing_keys == []


# ---- load_state_dict -----------------------------------------------------------------


def test_a_state_goes_from_one_module_to_another():
    a, b = Net(), Net()
    result = b.load_state_dict(a.state_dict())
    assert_same(snapshot(a), snapshot(b))
    assert repr(result) == "<All keys matched successfully>"
    assert result == ([], [])


def test_loading_copies_into_the_same_parameters():
    net = Net()
    before = list(net.parameters())
    given = Net().state_dict()
    net.load_state_dict(given)
    assert all(p is q for p, q in zip(before, net.parameters(), strict=True))
    assert all(p.requires_grad and p.is_leaf for p in net.parameters())
    given["par"][0] = 42.0
    assert net.par.item() != 42.0


def test_loading_converts_to_the_modules_dtype():
    net = Net().double()
    net.load_state_dict(Net().state_dict())
    assert {str(tensor.dtype) for tensor in net.state_dict().values()} == {"float64"}


def test_loading_across_devices():
    net = Net()
    net.load_state_dict(Net().to("cpu:1").state_dict())
    assert {str(tensor.device) for tensor in net.state_dict().values()} == {"cpu"}


def wrong_state():
    """One key missing, two unexpected, two of the wrong shape, one no tensor."""
    return {"par": torch.zeros(7), "conv2.weight": torch.zeros(2, 1, 1), "conv2.bias": 3,
            "extra": torch.zeros(1), "conv2.more": torch.zeros(1)}


def test_everything_wrong_is_named_at_once_and_nothing_changes():
    net = Net()
    before = snapshot(net)
    with pytest.raises(RuntimeError) as caught:
        net.load_state_dict(wrong_state())
    assert str(caught.value).split("\n    ") == [
        "load_state_dict: the state does not fit Net; nothing was changed.",
        "Missing key in state_dict: 'buffer'",
        "Unexpected keys in state_dict: 'extra', 'conv2.more'",
        "size mismatch for par: shape (7,) in the state, (1,) in the module",
        "size mismatch for conv2.weight: "
        "shape (2, 1, 1) in the state, (2, 1) in the module",
        "conv2.bias: expected a Tensor, got int"]
    assert_same(before, snapshot(net))


@pytest.mark.parametrize("spoil", [
    lambda state: state.pop("conv2.bias"),
    lambda state: state.update(extra=torch.zeros(1)),
    lambda state: state.update({"conv2.bias": torch.zeros(9)}),
], ids=["missing", "unexpected", "shape"])
@pytest.mark.parametrize("assign", [False, True])
def test_a_failed_load_changes_nothing(spoil, assign):
    net, state = Net(), Net().state_dict()
    spoil(state)
    before = snapshot(net)
    with pytest.raises(RuntimeError, match="nothing was changed"):
        net.load_state_dict(state, assign=assign)
    assert_same(before, snapshot(net))


def test_not_strict_loads_what_fits_and_returns_the_rest():
    net = Net()
    bias = net.conv2.bias.tolist()
    result = net.load_state_dict(
        {"par": torch.tensor([5.0]), "extra": torch.zeros(1)}, strict=False)
    assert result.missing_keys == ["buffer", "conv2.weight", "conv2.bias"]
    assert result.unexpected_keys == ["extra"]
    assert "missing_keys=['buffer'" in repr(result)
    assert net.par.tolist() == [5.0] and net.conv2.bias.tolist() == bias


def test_not_strict_still_refuses_wrong_shapes():
    net = Net()
    before = snapshot(net)
    with pytest.raises(RuntimeError, match="size mismatch for par") as caught:
        net.load_state_dict({**Net().state_dict(), "par": torch.zeros(2)}, strict=False)
    assert "Missing" not in str(caught.value)
    assert_same(before, snapshot(net))


def test_a_state_saved_by_data_parallel_is_recognised():
    net = Net()
    state = {f"module.{name}": tensor for name, tensor in net.state_dict().items()}
    with pytest.raises(RuntimeError, match="DataParallel"):
        net.load_state_dict(state)


def test_the_state_must_be_a_dictionary():
    with pytest.raises(TypeError, match="got list"):
        Net().load_state_dict([1])


def test_assign_puts_the_given_tensors_in_place():
    net, given = Net(), Net().double().state_dict()
    net.conv2.bias.requires_grad_(False)
    net.load_state_dict(given, assign=True)
    assert isinstance(net.par, nn.Parameter) and str(net.par.dtype) == "float64"
    assert net.par.requires_grad and not net.conv2.bias.requires_grad
    assert net.buffer is given["buffer"]
    given["par"][0] = 42.0
    assert net.par.tolist() == [42.0]
    assert list(net.state_dict()) == KEYS


def test_a_scalar_and_an_empty_buffer_are_loaded():
    def make(steps):
        module = nn.Module()
        module.register_buffer("steps", torch.tensor(steps))
        module.register_buffer("none", torch.zeros(0, 3))
        return module

    module = make(0)
    module.load_state_dict(make(7).state_dict())
    assert module.steps.item() == 7


def test_training_goes_on_after_loading():
    net = Net()
    loss = (net.par * net.par).sum()
    net.load_state_dict(Net().state_dict())
    with pytest.raises(RuntimeError, match="in place"):  # it changed what backward needs
        loss.backward()
    (net.par * net.par).sum().backward()
    assert net.par.grad.item() == pytest.approx(2 * net.par.item())


def test_a_state_of_an_older_layout_may_lack_what_came_later():
    """BatchNorm counts batches since version 2; files of 0.1 to 0.4 do not have it."""
    net = nn.Sequential(nn.BatchNorm1d(2))
    net(torch.randn(4, 2))
    old = net.state_dict()
    del old["0.num_batches_tracked"]
    with pytest.raises(RuntimeError, match="Missing key.*num_batches_tracked"):
        net.load_state_dict(old)                       # it says version 2, and lacks it
    result = net.load_state_dict(dict(old))            # a plain dictionary has no version
    assert result.missing_keys == []
    assert net[0].num_batches_tracked.item() == 1
    old._metadata["0"]["version"] = 1
    assert net.load_state_dict(old).missing_keys == []
