"""Tensor: attributes, conversions to Python and NumPy, copies, hooks."""
import copy
import pickle

import numpy as np
import pytest

import pedagogic_nn as torch


def test_attributes():
    x = torch.zeros(2, 3, requires_grad=True)
    assert isinstance(x.array, np.ndarray) and x.dtype == torch.float32
    assert x.shape == x.size() == (2, 3) and x.size(-1) == 3
    assert repr(x.shape) == "torch.Size([2, 3])" and x.shape.numel() == 6
    assert (x.ndim, x.dim(), x.numel(), x.nelement(), len(x)) == (2, 2, 6, 6, 2)
    assert x.is_leaf and x.grad is None and x.grad_fn is None and not x.is_cuda
    assert x.element_size() == 4 and x.get_device() == -1 and x.stride() == (3, 1)
    assert x.is_floating_point() and not x.long().is_floating_point()
    assert x.data_ptr() == x.array.ctypes.data


def test_an_unknown_attribute_is_an_error():
    with pytest.raises(AttributeError):
        assert torch.zeros(2).flavour


def test_the_old_constructor():
    assert torch.Tensor(2, 3).shape == (2, 3) and torch.Tensor().shape == (0,)
    assert torch.Tensor([2, 3]).tolist() == [2.0, 3.0]
    assert torch.Tensor(torch.Size([2])).shape == (2,)
    assert torch.Tensor(torch.ones(2)).tolist() == [1.0, 1.0]
    assert torch.DoubleTensor(2).dtype == torch.float64
    assert torch.LongTensor([1]).type() == "torch.LongTensor"
    assert torch.cuda.FloatTensor(2).type() == "torch.cuda.FloatTensor"
    assert isinstance(torch.ones(2), torch.FloatTensor)
    assert not isinstance(torch.ones(2), torch.LongTensor)
    assert torch.ones(2).type(torch.cuda.DoubleTensor).is_cuda


def test_numpy_shares_memory_and_np_array_copies():
    x = torch.zeros(3)
    x.numpy()[0] = 5
    assert x[0].item() == 5
    assert np.shares_memory(np.asarray(x), x.array)
    assert not np.shares_memory(np.array(x), x.array)
    assert np.asarray(x, np.float64).dtype == np.float64
    shared = torch.from_numpy(a := np.zeros(2))
    a[1] = 7
    assert shared[1].item() == 7


def test_numpy_says_what_to_do_first():
    with pytest.raises(RuntimeError, match=r"\.detach\(\)\.numpy\(\)"):
        torch.zeros(1, requires_grad=True).numpy()
    with pytest.raises(TypeError, match=r"\.cpu\(\)\.numpy\(\)"):
        torch.zeros(1, device="cuda").numpy()


def test_arrays_meet_tensors_from_the_left():
    y = np.ones(3, np.float32) * torch.full((3,), 2.0)
    assert isinstance(y, torch.Tensor) and y.tolist() == [2.0] * 3
    assert isinstance(np.float64(2) * torch.ones(2), torch.Tensor)


def test_numbers():
    assert float(torch.tensor([1.5])) == 1.5 and int(torch.tensor(2.9)) == 2
    assert complex(torch.tensor(2.0)) == 2 + 0j and bool(torch.tensor([0])) is False
    assert [10, 20, 30][torch.tensor(2)] == 30
    with pytest.raises(TypeError, match="whole number"):
        [10][torch.tensor(0.0)]
    with pytest.raises(RuntimeError, match=r"shape \(2,\)"):
        float(torch.ones(2))
    with pytest.raises(RuntimeError, match=r"\.any\(\) or \.all\(\)"):
        bool(torch.ones(2))


def test_comparison_with_what_is_no_number():
    x = torch.ones(2)
    assert (x == None) is False and (x != None) is True      # noqa: E711
    assert (x == "a") is False
    assert x not in [None, "a"]
    assert {x: 1}[x] == 1


def test_iteration_gives_views():
    x = torch.zeros(2, 2)
    for row in x:
        row += 1
    assert x.tolist() == [[1, 1], [1, 1]]
    assert 1.0 in x and 2.0 not in x


@pytest.mark.parametrize("duplicate",
                         [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
@pytest.mark.parametrize("device", ["cpu", "cpu:1", "cuda"])
def test_copies_of_leaves(duplicate, device):
    x = torch.ones(2, 3, device=device, requires_grad=True)
    y = duplicate(x)
    assert y.requires_grad and y.device is x.device and torch.equal(x, y)
    with torch.no_grad():
        y += 1
    assert x.cpu().detach().numpy().sum() == 6


def test_deepcopy_keeps_gradients_and_shared_objects():
    x = torch.ones(2, requires_grad=True)
    (x * x).sum().backward()
    y, again = copy.deepcopy([x, x])
    assert y is again and y.grad.tolist() == [2, 2] and y.grad is not x.grad


def test_detach_shares_memory_and_changes_are_noticed():
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    z = (y * y).sum()
    d = y.detach()
    assert not d.requires_grad and np.shares_memory(d.array, y.array)
    d.zero_()
    with pytest.raises(RuntimeError, match="changed in place"):
        z.backward()


def test_hooks():
    x = torch.ones(2, requires_grad=True)
    seen = []
    handle = x.register_hook(lambda g: seen.append(g.tolist()))
    with x.register_hook(lambda g: g * 10):
        (x * 3).sum().backward()
    assert seen == [[3, 3]] and x.grad.tolist() == [30, 30]
    handle.remove()
    handle.remove()
    (x * 3).sum().backward()
    assert len(seen) == 1
    with pytest.raises(RuntimeError, match="register_hook"):
        torch.ones(1).register_hook(print)
    y = x * 1
    y.register_hook(lambda g: g[:1])
    with pytest.raises(RuntimeError, match="hook returned shape"):
        y.sum().backward()


def test_retain_grad_does_not_keep_the_tensor():
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    assert not y.retains_grad
    y.retain_grad()
    assert y.retains_grad
    z = (y * y).sum()
    del y
    z.backward()
    assert x.grad.tolist() == [8, 8]


def test_requires_grad_is_for_real_leaves():
    with pytest.raises(RuntimeError, match="floating-point"):
        torch.ones(2).long().requires_grad_()
    y = torch.ones(2, requires_grad=True) * 2
    with pytest.raises(RuntimeError, match=r"\.detach\(\)"):
        y.requires_grad = False
    assert not y.detach_().requires_grad and y.is_leaf


def test_to():
    x = torch.ones(2)
    assert x.to("cpu") is x and x.to(torch.float32) is x and x.to(x) is x
    assert x.to("cpu", copy=True) is not x
    y = x.to("cuda", torch.float64)
    assert y.is_cuda and y.dtype == torch.float64 and y.to(x).dtype == torch.float32
    other = x.to("cpu:1")
    other += 1
    assert x.tolist() == [1, 1] and str(other.device) == "cpu:1"
    with pytest.raises(TypeError, match="dtype: expected one of"):
        x.to("complex64")


def test_gradients_travel_between_devices_and_dtypes():
    x = torch.ones(2, requires_grad=True)
    y = x.cuda()
    y.retain_grad()
    seen = []
    y.register_hook(lambda g: seen.append(str(g.device)))
    z = (y.double() * 3).to("cpu:1")
    z.sum().backward()
    assert x.grad.tolist() == [3, 3] and x.grad.device is x.device
    assert x.grad.dtype == torch.float32 and y.grad.is_cuda and seen == ["cuda:0"]


def test_tensors_on_two_devices_name_the_way_out():
    x = torch.ones(2)
    with pytest.raises(RuntimeError, match=r"one device, got cpu and cuda:0; move one"):
        x + x.cuda()
    assert (torch.tensor(2.0) * x.cuda()).is_cuda                # a single number may
    assert (x.cuda() > torch.tensor(0.0)).is_cuda
    with pytest.raises(RuntimeError, match="one device"):
        x.to("cpu:1") + x


def test_new_tensors_like_this_one():
    x = torch.ones(2, dtype=torch.float64, device="cuda")
    for y in (x.new_zeros(3), x.new_ones((3,)), x.new_full((3,), 2),
              x.new_tensor([1, 2, 3]),
              x.new_empty(3), x.new(3), x.new([1, 2, 3])):
        assert y.shape == (3,) and y.dtype == x.dtype and y.device is x.device
    assert x.new_zeros(2, requires_grad=True).requires_grad


def test_format():
    assert f"{torch.tensor(1.234):.1f}" == "1.2" and f"{torch.tensor(3)}" == "3"
    assert f"{torch.ones(2)}" == "tensor([1., 1.])"
