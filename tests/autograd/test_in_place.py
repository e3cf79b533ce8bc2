"""Changes in place: on memory, on views, on the tape.  More in test_golden.py."""
import numpy as np
import pytest

import pedagogic_nn as torch
import pedagogic_nn.nn.functional as F
from pedagogic_nn.autograd import gradcheck


def leaf(*shape):
    x = torch.rand(*shape, dtype=torch.float64) + 0.5
    return x.requires_grad_()


CHANGES = {
    "a row": lambda x, y: x[0].mul_(y[1]),
    "a column": lambda x, y: x[:, 1].add_(y[:, 0]),
    "a transposed row": lambda x, y: x.t()[1].mul_(y[:, 2]),
    "through view and slice": lambda x, y: x.view(6)[1:4].mul_(y.view(6)[:3]),
    "a view of a view of a view": lambda x,
    y: x[None].transpose(1, 2)[0, 1:].div_(y.t()[1:]),
    "twice": lambda x, y: x[0].mul_(y[0]).mul_(y[0]),
    "the base after its view": lambda x, y: (x[1].mul_(y[0]), x.mul_(y)),
    "a view before its base": lambda x, y: (x.mul_(y), x[1].mul_(y[0])),
    "with itself": lambda x, y: x[0].add_(x[1]),
    "one element": lambda x, y: x[0, 0].mul_(y[1, 1]),
    "augmented": lambda x, y: exec("x[1] *= y[0]; x[:, 0] += y[:, 1]", {"x": x, "y": y}),
    "a function": lambda x, y: x[0].exp_().mul_(y[0]),
    "filled": lambda x, y: x[0].fill_(y[0, 0]),
    "copied": lambda x, y: x[1].copy_(y[0]),
    "zeroed": lambda x, y: (x[0].zero_(), x.add_(y)),
    "from a loop": lambda x, y: [row.mul_(y[0]) for row in x],
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_gradients_through_changed_views(name, device):
    def changed(a, b):
        x = a.to(device) * 1
        CHANGES[name](x, b.to(device))
        return x

    assert gradcheck(changed, (leaf(2, 3), leaf(2, 3)))


@pytest.mark.parametrize("name", CHANGES)
def test_gradients_into_zeros(name):
    def changed(b):
        x = torch.ones(2, 3, dtype=torch.float64)
        CHANGES[name](x, b)
        return x

    assert gradcheck(changed, leaf(2, 3))


def test_a_view_used_after_a_change_has_the_new_past():
    def changed(a):
        x = a * 1
        row, column = x[0], x[:, 0]
        x.mul_(a)
        row.mul_(3)
        return row * column.sum()

    assert gradcheck(changed, leaf(2, 3))


def test_a_view_requires_a_gradient_once_its_base_does():
    x, w = torch.zeros(2), torch.ones(1, requires_grad=True)
    v = x[:1]
    x += w
    assert v.requires_grad and not v.is_leaf
    (v * 3).sum().backward()
    assert w.grad.tolist() == [3]


def test_filling_forgets_infinities_and_nan():
    a = torch.tensor([float("inf"), float("nan")], requires_grad=True)
    for fill in (torch.Tensor.zero_, lambda x: x.fill_(0), lambda x: x.uniform_(0, 0)):
        x = a * 1
        fill(x)
        assert x.tolist() == [0, 0] and x.requires_grad
        x.sum().backward()
        assert a.grad.tolist() == [0, 0]


def test_versions_are_shared_by_all_on_one_memory():
    x = torch.ones(2, 2)
    row, same, other = x[0], x.detach(), x.data
    row.add_(1)
    assert x._version == row._version == same._version == 1 and other._version == 0
    x.zero_()
    assert row._version == 2


@pytest.mark.parametrize("change", [
    lambda y: y.add_(1), lambda y: y[0].zero_(), lambda y: y.detach().mul_(2),
    lambda y: y.view(-1).fill_(3), lambda y: y.__setitem__(0, 5)])
def test_every_way_to_change_a_saved_tensor_is_noticed(change):
    y = leaf(2, 2) * 1
    z = y.exp() * y
    change(y)
    with pytest.raises(RuntimeError, match="changed in place .*Change a copy instead"):
        z.sum().backward()


@pytest.mark.parametrize("change, told", [
    (lambda w: w.add_(1), "a leaf that requires a gradient"),
    (lambda w: w[0].zero_(), "a view of a leaf that requires"),
    (lambda w: w.__setitem__(0, 1), "a leaf that requires"),
    (lambda w: w.unsqueeze_(0), "keeps its shape"),
    (lambda w: w.resize_(3), "keeps its size")])
def test_leaves_are_not_changed_while_recording(change, told):
    w = torch.ones(2, 2, requires_grad=True)
    with pytest.raises(RuntimeError, match=told):
        change(w)
    assert (w == 1).all()
    with torch.no_grad():
        w.add_(1)
        w[0] = 5
    assert w.tolist() == [[5, 5], [2, 2]] and w.is_leaf and w.requires_grad


@pytest.mark.parametrize("change, told", [
    (lambda x: x.add_(torch.ones(3)), "broadcast"),
    (lambda x: x.long().add_(0.5), "float32"),
    (lambda x: x.bool().add_(1), "does not fit into bool"),
    (lambda x: x.long().div_(2), "fit"),
    (lambda x: x.long().exp_(), "exp_: the result is float32"),
    (lambda x: x.expand(3, 2).add_(1), r"use \.clone\(\)"),
    (lambda x: x.mul_(torch.ones(2, 2)), "shape"), (lambda x: x.byte().fill_(300), "300"),
    (lambda x: torch.from_numpy(_overlapping()).mul_(2), "elements are one place"),
    (lambda x: torch.from_numpy(_overlapping()).normal_(), r"use \.clone\(\)"),
    (lambda x: F.relu(torch.from_numpy(_overlapping()), inplace=True), "one place"),
    (lambda x: F.dropout(torch.from_numpy(_overlapping()), inplace=True), "one place"),
    (lambda x: x.fill_(torch.ones(2)), "expected a single number"),
    (lambda x: x.long().fill_(float("nan")), "nan does not fit into int64"),
    (lambda x: x.sub_(True), "bools cannot be subtracted"),
    (lambda x: x.bool().pow_(True), "not there for bools"),
    (lambda x: x.normal_(0, -1), "std must not be negative, got -1"),
    (lambda x: x.normal_(0, float("nan")), "std must not be negative, got nan"),
    (lambda x: x.long().normal_(), "self must hold real numbers, got int64"),
    (lambda x: x.long().exponential_(), "self must hold real numbers, got int64"),
    (lambda x: x.uniform_(2, 1), "from <= to"), (lambda x: x.long().uniform_(), "real"),
    (lambda x: x.uniform_(0, float("inf")), "finite numbers of float32, got 0 and inf"),
    (lambda x: x.random_(0), "from < to, got 0 and 0"),
    (lambda x: x.byte().random_(300), "0 … 299 does not fit into uint8"),
    (lambda x: x.bernoulli_(1.5), "from 0 to 1, got 1.5"),
    (lambda x: x.bernoulli_(torch.tensor([2.0])), "from 0 to 1"),
    (lambda x: x.bernoulli_(torch.tensor([0.5] * 3)), "bernoulli_: operands"),
    (lambda x: torch.from_numpy(_read_only()).add_(1), "read-only")])
def test_errors_teach(change, told):
    with pytest.raises(RuntimeError, match=told):
        change(torch.zeros(2))


@pytest.mark.parametrize("change, told", [
    (lambda x: x.copy_([1, 2]), "source must be a tensor, got list; say torch.tensor"),
    (lambda x: x.copy_(None), "source must be a tensor, got NoneType"),
    (lambda x: x.fill_("a"), "got str"), (lambda x: x.fill_(None), "got NoneType"),
    (lambda x: x.__setitem__(0, None), "a tensor or a number, got NoneType"),
    (lambda x: x.random_(1.5), "to must be a whole number, got 1.5"),
    (lambda x: x.bernoulli_("a"), "p must be a number, got str")])
def test_only_tensors_and_numbers_are_written(change, told):
    with pytest.raises(TypeError, match=told):
        change(torch.zeros(2))


def test_one_number_may_be_written_to_elements_that_share_their_memory():
    x = torch.from_numpy(_overlapping())
    assert x.fill_(2).tolist() == [[2, 2], [2, 2]]


def test_python_numbers_wrap_around_in_uint8():
    x = torch.tensor([3, 0], dtype=torch.uint8)
    assert x.add_(-1).tolist() == [2, 255] and x.fill_(-1).tolist() == [255, 255]


def _overlapping():
    return np.lib.stride_tricks.as_strided(np.zeros(2, np.float32), (2, 2), (0, 4))


def _read_only():
    a = np.zeros(2, np.float32)
    a.flags.writeable = False
    return a


def test_shapes_change_in_place():
    x = torch.arange(6.0).view(2, 3)
    assert x.t_() is x and x.shape == (3, 2) and x.unsqueeze_(0).shape == (1, 3, 2)
    assert x.squeeze_().transpose_(0, 1).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert x.resize_(2, 2).tolist() == [[0, 1], [2, 3]]
    assert x.resize_(5).tolist() == [0, 1, 2, 3, 0]
    assert x.resize_as_(torch.zeros(1, 2)).tolist() == [[0, 1]]
    y = leaf(3)
    z = (y * 2).unsqueeze_(1)
    z.mul_(3)
    z.sum().backward()
    assert z.shape == (3, 1) and y.grad.tolist() == [6, 6, 6]
    assert x.set_(torch.ones(1)).tolist() == [1]


def test_in_place_functions_are_named_and_return_the_tensor():
    x = torch.full((2,), 4.0)
    assert x.sqrt_() is x and x.tolist() == [2, 2]
    assert torch.Tensor.sqrt_.__name__ == "sqrt_"
    assert "x.sqrt" in torch.Tensor.sqrt_.__doc__
    x //= 2
    x %= 2
    assert x.tolist() == [1, 1]


def test_cpu_and_gpu_copy():
    x = torch.zeros(2, 2, device="cuda")
    x.copy_(torch.ones(2))
    assert x.tolist() == [[1, 1], [1, 1]]
    y = torch.zeros(2).copy_(x[0])
    x.zero_()
    assert y.tolist() == [1, 1]
