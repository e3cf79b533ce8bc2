"""Shapes and arrangements: gradients on every backend, views and copies."""
import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn.autograd import Tensor
from tests.harness import case, gradient_tests

VIEWS = {
    "view": lambda x: x.view(3, 8), "view -1": lambda x: x.view(-1, 6),
    "T": lambda x: x.T,
    "mT": lambda x: x.mT, "transpose": lambda x: x.transpose(0, -1),
    "permute": lambda x: x.permute(2, 0, 1), "unsqueeze": lambda x: x.unsqueeze(1),
    "squeeze": lambda x: x.unsqueeze(0).squeeze(0), "flatten": lambda x: x.flatten(1),
    "unflatten": lambda x: x.unflatten(2, (2, -1)), "narrow": lambda x: x.narrow(1, 1, 2),
    "select": lambda x: x.select(1, -1), "movedim": lambda x: x.movedim(0, 2),
    "slice": lambda x: x[:, 1:, ::2], "index": lambda x: x[1, 2, 3],
    "None": lambda x: x[None],
    "reshape": lambda x: x.reshape(2, 12), "ravel": lambda x: x.ravel(),
    "chain": lambda x: x.permute(2, 0, 1)[1:, 0].unsqueeze(0),
}
COPIES = {
    "repeat": lambda x: x.repeat(2, 1, 2), "flip": lambda x: x.flip(0, 2),
    "roll": lambda x: x.roll(1, 2), "roll flat": lambda x: x.roll(5),
    "rot90": lambda x: x.rot90(1, (0, 2)), "tril": lambda x: x.tril(1),
    "triu": lambda x: x.triu(), "diagonal": lambda x: x.diagonal(1, 1, 2),
    "clone": lambda x: x.clone(), "reshape T": lambda x: x.T.reshape(-1),
    "contiguous": lambda x: x.T.contiguous(), "tile": lambda x: x.tile(2),
    "cat": lambda x: torch.cat([x, x * 2], 1),
    "stack": lambda x: torch.stack([x, x * 2], 2),
    "repeat_interleave": lambda x: x.repeat_interleave(2, 1), "mask": lambda x: x[x > 0],
}
SEVERAL = {
    "split": lambda x: x.split(2, 1), "split sizes": lambda x: x.split([1, 3], 2),
    "chunk": lambda x: x.chunk(3, 2), "unbind": lambda x: x.unbind(1),
    "tensor_split": lambda x: x.tensor_split([1, 3], 2), "iterate": lambda x: tuple(x),
    "broadcast": lambda x: torch.broadcast_tensors(x, x[:1]),
    "meshgrid": lambda x: torch.meshgrid(x[0, 0], x[0, :, 0], indexing="xy"),
}


def named(functions):
    for name, function in functions.items():
        function.__name__ = name
        yield function


ALL = [*named({**VIEWS, **COPIES, **SEVERAL})]

test_gradients = gradient_tests([
    *(case(f, x=(2, 3, 4)) for f in ALL), case(torch.diag, x=(3, 3)),
    case(torch.diag, x=(3,)),
    case(torch.diag, x=(3, 4), diagonal=-1), case(torch.trace, x=(3, 4)),
    case(lambda x: x.expand(4, 2, 3), x=(2, 3)),
    case(lambda x: x.expand(2, -1, 3), x=(4, 1)),
    case(lambda x, y: torch.cat([x, y], -1), x=(2, 0), y=(2, 3)),
    case(lambda x, y: torch.stack([x, y]), x=(), y=()),
])


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_views_share_memory(name, device):
    x = torch.randn(2, 3, 4).to(device)
    y = VIEWS[name](x)
    before = y.clone()
    x.add_(1)
    assert torch.allclose(y, before + 1)
    y.zero_()
    assert (x == 0).sum().item() == y.numel()


@pytest.mark.parametrize("name", COPIES)
def test_copies_do_not(name):
    x = torch.randn(2, 3, 4)
    y = COPIES[name](x)
    before = x.clone()
    y.add_(1)
    assert torch.equal(x, before)


def test_view_does_not_copy_in_secret():
    x = torch.zeros(2, 3)
    with pytest.raises(RuntimeError, match=r"without a copy; say \.reshape"):
        x.t().view(6)
    assert x.t().reshape(6).shape == (6,)
    assert torch.ones(2).view(torch.int32).tolist() == [1065353216] * 2


def test_a_copying_reshape_is_no_view():
    w = torch.ones(2, 3, requires_grad=True)
    x = w * 1
    y = x.t().reshape(6)
    y.mul_(3)                            # recorded; x is not concerned
    (y.sum() + x.sum()).backward()
    assert (w.grad == 4).all() and (x == 1).all()


@pytest.mark.parametrize("compute, error, told", [
    (lambda x: x.view(4), RuntimeError, r"view: shape \(2, 3\) holds 6 elements"),
    (lambda x: x.permute(0), RuntimeError, "expected 2 axes, got 1"),
    (lambda x: x.expand(2, 4), RuntimeError, "only axes of size 1 stretch"),
    (lambda x: x.expand(3), RuntimeError, "fewer axes"),
    (lambda x: torch.cat([x, x[:, :2]]), RuntimeError, r"tensor 1 has shape \(2, 2\)"),
    (lambda x: torch.stack([x, x[0]]), RuntimeError, "stack: all shapes must be equal"),
    (lambda x: torch.cat([]), ValueError, "empty list"),
    (lambda x: torch.cat([x, 1.0]), TypeError, r"cat: tensors\[1\] must be a tensor"),
    (lambda x: torch.stack([x, None]), TypeError, r"stack: tensors\[1\] must be a"),
    (lambda x: torch.cat([x.sum(), x.sum()]), RuntimeError, "cat: single numbers"),
    (lambda x: x.flatten(None), TypeError, "flatten: dim must be a whole number, got No"),
    (lambda x: x.transpose(True, 0), TypeError, "dim must be a whole number, got True"),
    (lambda x: x.unsqueeze(1.5), TypeError, "unsqueeze: dim must be a whole number"),
    (lambda x: x.view("colour"), TypeError, "dtype: expected"),
    (lambda x: x.reshape(2.0, 3), TypeError, "size must be a whole number, got 2.0"),
    (lambda x: x.split([1, 1], 1), RuntimeError, "add up to 2, axis 1 has 3"),
    (lambda x: x.narrow(1, 2, 2), RuntimeError, "leave axis 1"),
    (lambda x: x.transpose(0, 2), IndexError, "dim 2 is out of range"),
    (lambda x: x[None].t(), RuntimeError, "use transpose or permute"),
    (lambda x: x.flatten(1, 0), RuntimeError, "comes after"),
    (lambda x: x[0].tril(), RuntimeError, "at least two axes"),
    (lambda x: x.roll((1, 2), 0), RuntimeError, "2 shifts for 1 dims"),
    (lambda x: x.repeat(2), RuntimeError, "at least 2 numbers"),
    (lambda x: torch.meshgrid(x[0], indexing="ji"), RuntimeError, "'ij' or 'xy'"),
    (lambda x: torch.broadcast_tensors(x, x[:, :2]), RuntimeError, "do not broadcast")])
def test_errors_teach(compute, error, told):
    with pytest.raises(error, match=told):
        compute(torch.zeros(2, 3))


def test_every_function_has_a_method_of_its_name():
    for name in """sum exp reshape permute cat einsum diag roll tril gather sort topk
                   clamp where matmul unbind isclose nonzero""".split():
        assert callable(getattr(torch, name))
        if name not in ("cat", "einsum"):
            assert callable(getattr(Tensor, name))
    assert np.array(torch.zeros(2, 3).T).shape == (3, 2)


def test_broadcast_to_stretches_as_expand():
    x = torch.ones(2, 1, requires_grad=True)
    y = x.broadcast_to((3, 2, 4))
    assert y.equal(x.expand(3, 2, 4)) and y.stride() == (0, 1, 0)
    y.sum().backward()
    assert x.grad.tolist() == [[12.0], [12.0]]
