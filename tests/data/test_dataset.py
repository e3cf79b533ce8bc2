"""Datasets: rows of tensors, parts, chains, random splits."""
import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn.data import (
    ConcatDataset,
    Dataset,
    IterableDataset,
    Subset,
    TensorDataset,
    random_split,
)


class Squares(Dataset):
    def __init__(self, n):
        self.n = n

    def __getitem__(self, index):
        return index**2

    def __len__(self):
        return self.n


def test_a_dataset_without_getitem_says_what_it_needs():
    class Empty(Dataset):
        pass

    with pytest.raises(TypeError, match=r"Empty cannot be indexed.*__getitem__"):
        Empty()[0]


def test_an_iterable_dataset_without_iter_says_what_it_needs():
    with pytest.raises(TypeError, match=r"IterableDataset cannot be read.*__iter__"):
        iter(IterableDataset())


def test_a_tensor_dataset_gives_rows_of_every_tensor():
    x, y = torch.from_numpy(np.arange(6.0).reshape(3, 2)), torch.from_numpy(np.arange(3))
    dataset = TensorDataset(x, y)
    assert len(dataset) == 3
    row, label = dataset[2]
    assert row.tolist() == [4.0, 5.0] and label.item() == 2
    rows, labels = dataset[0:2]
    assert tuple(rows.shape) == (2, 2) and labels.tolist() == [0, 1]


def test_a_tensor_dataset_of_no_rows_is_empty():
    assert len(TensorDataset(torch.from_numpy(np.zeros((0, 4))))) == 0


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([], "at least one tensor"),
        ([(3, 2), (4,)], "same number of rows, got 3, 4"),
        ([()], r"single number and has no rows.*reshape"),
    ],
)
def test_a_tensor_dataset_says_what_it_expected(shapes, message):
    with pytest.raises(ValueError, match=message):
        TensorDataset(*[torch.from_numpy(np.zeros(shape)) for shape in shapes])


def test_a_subset_is_in_the_given_order():
    part = Subset(Squares(10), [7, 0, 7])
    assert len(part) == 3
    assert [part[i] for i in range(3)] == [49, 0, 49]
    assert part[[0, 1]] == [49, 0]
    with pytest.raises(IndexError):
        part[3]


def test_datasets_are_joined_by_plus():
    both = Squares(2) + Squares(3)
    assert isinstance(both, ConcatDataset)
    assert [both[i] for i in range(5)] == [0, 1, 0, 1, 4]
    assert both[-1] == 4 and both[-5] == 0
    assert both.cumulative_sizes == [2, 5]


def test_an_empty_dataset_in_a_chain_is_passed_over():
    chain = ConcatDataset(["", "ab", "", "c"])
    assert [chain[i] for i in range(len(chain))] == ["a", "b", "c"]


@pytest.mark.parametrize("index", [5, -6])
def test_a_chain_says_how_long_it_is(index):
    with pytest.raises(IndexError, match=f"index {index} is outside its 5 examples"):
        (Squares(2) + Squares(3))[index]


def test_a_chain_says_what_it_expected():
    with pytest.raises(ValueError, match="at least one dataset"):
        ConcatDataset([])
    with pytest.raises(TypeError, match="IterableDataset has none"):
        ConcatDataset([Squares(1), IterableDataset()])


def test_a_random_split_loses_and_repeats_nothing():
    parts = random_split(range(10), [7, 0, 3])
    assert [len(part) for part in parts] == [7, 0, 3]
    assert sorted(x for part in parts for x in part) == list(range(10))


@pytest.mark.parametrize(
    ("size", "fractions", "counts"),
    [
        (10, [0.8, 0.2], [8, 2]),
        (10, [1 / 3, 1 / 3, 1 / 3], [4, 3, 3]),
        (100, [0.29, 0.71], [29, 71]),
        (1, [1], [1]),
        (1, [0.5, 0.5], [1, 0]),
        (0, [0.5, 0.5], [0, 0]),
    ],
)
def test_a_random_split_by_fractions(size, fractions, counts):
    assert [len(part) for part in random_split(range(size), fractions)] == counts


def test_a_random_split_follows_the_seed():
    def split(seed):
        generator = torch.Generator().manual_seed(seed)
        return list(random_split(range(50), [25, 25], generator)[0])

    assert split(1) == split(1) != split(2)
    torch.manual_seed(1)
    by_default = list(random_split(range(50), [25, 25])[0])
    torch.manual_seed(1)
    assert list(random_split(range(50), [25, 25])[0]) == by_default


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ([3, 4], r"add up to 7, but the dataset has 10 examples; give numbers"),
        ([0.5, 0.6], r"add up to 1.1"),
        ([12, -2], r"no length may be negative"),
    ],
)
def test_a_random_split_says_what_it_expected(lengths, message):
    with pytest.raises(ValueError, match=message):
        random_split(range(10), lengths)
