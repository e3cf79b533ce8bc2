"""PackedSequence: a named tuple whose batch sizes can be trusted."""
import copy
import pickle

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn.nn.packed_sequence import (
    PackedSequence,
    checked_batch_sizes,
    invert_permutation,
)


def packed(*, data=None, sizes=(2, 1, 1), **indices):
    data = torch.tensor([1.0, 9.0, 2.0, 3.0]) if data is None else data
    return PackedSequence(data, torch.tensor(list(sizes)), **indices)


def test_it_is_a_named_tuple():
    p = packed(sorted_indices=torch.tensor([1, 0]))
    data, batch_sizes, sorted_indices, unsorted_indices = p
    assert p._fields == ("data", "batch_sizes", "sorted_indices", "unsorted_indices")
    assert data is p.data and data.tolist() == [1, 9, 2, 3]
    assert batch_sizes.tolist() == [2, 1, 1] and batch_sizes.dtype == torch.int64
    assert sorted_indices.tolist() == unsorted_indices.tolist() == [1, 0]
    assert repr(packed()).startswith("PackedSequence(data=tensor([1., 9., 2., 3.]), ba")


def test_old_spellings():
    """In 0.1 the fields were two, and the batch sizes a list."""
    data = torch.ones(3)
    for p in (PackedSequence(data, [2, 1]), PackedSequence((data, [2, 1]))):
        assert p.data is data and p.sorted_indices is None is p.unsorted_indices
        assert p.batch_sizes.dtype == torch.int64 and p.batch_sizes.tolist() == [2, 1]


def test_indices_follow_data_and_batch_sizes_stay():
    p = packed(sorted_indices=torch.tensor([1, 0]))
    moved = p.cuda()
    assert moved.is_cuda and not p.is_cuda
    assert moved.sorted_indices.is_cuda and moved.unsorted_indices.is_cuda
    assert moved.batch_sizes is p.batch_sizes
    assert moved.cpu().data.tolist() == p.data.tolist()
    assert p.cpu() is p and p.float() is p and p.to("cpu", torch.float32) is p
    assert p.to(torch.float64).sorted_indices.dtype == torch.int64
    assert p.cuda("cuda:1").unsorted_indices.device == torch.device("cuda:1")


def test_gradients_flow_through_a_conversion():
    x = torch.ones(4, requires_grad=True)
    packed(data=x).double().data.sum().backward()
    assert x.grad.tolist() == [1] * 4 and x.grad.dtype == torch.float32


def test_copies():
    p = packed(sorted_indices=torch.tensor([1, 0]))
    for again in (copy.deepcopy(p), pickle.loads(pickle.dumps(p)), copy.copy(p)):
        assert type(again) is PackedSequence
        assert [t.tolist() for t in again] == [t.tolist() for t in p]


@pytest.mark.parametrize("arguments, error, words", [
    (([1, 2], torch.tensor([2])), TypeError, "expected a tensor and batch_sizes, got li"),
    ((torch.ones(3),), TypeError, "got Tensor and NoneType"),
    ((torch.ones(3), torch.tensor([3]).cuda()), ValueError, "on the CPU.*cuda:0"),
])
def test_what_it_is_not_made_of(arguments, error, words):
    with pytest.raises(error, match=words):
        PackedSequence(*arguments)


def test_batch_sizes_for_kernels():
    sizes = checked_batch_sizes("RNN", packed())
    assert sizes.dtype == np.int64 and sizes.tolist() == [2, 1, 1]
    narrow = PackedSequence(torch.ones(3), torch.tensor([2, 1], dtype=torch.int32))
    assert checked_batch_sizes("RNN", narrow).dtype == np.int64


@pytest.mark.parametrize("sizes", [(2, 1), (1, 2, 1), (4, 0), (5, -1), (2, 1, 1, 1), ()])
def test_batch_sizes_that_would_crash_a_kernel(sizes):
    with pytest.raises(RuntimeError, match="RNN: the batch sizes .* the 4 rows"):
        checked_batch_sizes("RNN", packed(sizes=sizes))


def test_what_is_no_packed_sequence():
    with pytest.raises(TypeError, match="RNN expected a PackedSequence, got Tensor"):
        checked_batch_sizes("RNN", torch.ones(3))
    with pytest.raises(RuntimeError, match="the 0 rows of its data"):
        checked_batch_sizes("RNN", PackedSequence(torch.tensor(1.0), [1]))


def test_a_permutation_is_inverted():
    p = torch.tensor([2, 0, 3, 1])
    assert invert_permutation(p).tolist() == [1, 3, 0, 2]
    assert p[invert_permutation(p)].tolist() == [0, 1, 2, 3]
    assert invert_permutation(None) is None
    assert invert_permutation(p.cuda()).is_cuda
