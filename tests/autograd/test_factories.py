"""Making tensors."""
import numpy as np
import pytest

import pedagogic_nn as torch

MAKERS = {
    "zeros": lambda **o: torch.zeros(2, 3, **o),
    "ones": lambda **o: torch.ones((2, 3), **o),
    "empty": lambda **o: torch.empty(2, 3, **o), "eye": lambda **o: torch.eye(2, 3, **o),
    "full": lambda **o: torch.full((2, 3), 1.5, **o),
    "rand": lambda **o: torch.rand(2, 3, **o),
    "randn": lambda **o: torch.randn(2, 3, **o),
    "tensor": lambda **o: torch.tensor([[1.0] * 3] * 2, **o),
    "zeros_like": lambda **o: torch.zeros_like(torch.ones(2, 3), **o),
    "ones_like": lambda **o: torch.ones_like(torch.ones(2, 3), **o),
    "full_like": lambda **o: torch.full_like(torch.ones(2, 3), 2, **o),
    "rand_like": lambda **o: torch.rand_like(torch.ones(2, 3), **o),
    "randn_like": lambda **o: torch.randn_like(torch.ones(2, 3), **o),
    "empty_like": lambda **o: torch.empty_like(torch.ones(2, 3), **o),
}


@pytest.mark.parametrize("name", MAKERS)
def test_every_maker_takes_dtype_device_and_requires_grad(name):
    x = MAKERS[name](dtype=torch.float64, device="cuda:1", requires_grad=True)
    assert x.shape == (2,
                       3) and x.dtype == torch.float64 and x.requires_grad and x.is_leaf
    assert str(x.device) == "cuda:1" and x.cpu().detach().numpy().shape == (2, 3)
    assert MAKERS[name]().dtype == torch.float32


def test_tensor_copies_and_from_numpy_shares():
    a = np.zeros(2)
    x, y, z = torch.tensor(a), torch.from_numpy(a), torch.as_tensor(a)
    a[0] = 1
    assert (x[0], y[0], z[0]) == (0, 1, 1) and x.dtype == torch.float64
    assert torch.as_tensor(x) is x and torch.tensor(x) is not x
    assert torch.tensor([torch.tensor(1.0), torch.tensor(2.0)]).tolist() == [1, 2]
    assert torch.tensor((1,
                         2)).dtype == torch.int64 and torch.tensor(range(3)).shape == (3,)


@pytest.mark.parametrize("make, error, told", [
    (lambda: torch.tensor([[1], [1, 2]]), ValueError, "equal lengths|inhomogeneous"),
    (lambda: torch.tensor("text"), TypeError, "expected numbers, got the string"),
    (lambda: torch.tensor([300], dtype=torch.uint8), RuntimeError, "300 does not fit"),
    (lambda: torch.tensor([float("nan")], dtype=torch.int64), RuntimeError, "nan does"),
    (lambda: torch.tensor(2**63), RuntimeError, "does not fit into int64"),
    (lambda: torch.zeros(2.5), TypeError, "size must be a whole number, got 2.5"),
    (lambda: torch.zeros("a"), TypeError, "size must be a whole number, got 'a'"),
    (lambda: torch.full((2,), None), TypeError, "fill_value must be a number, got None"),
    (lambda: torch.full((2,), float("inf"), dtype=torch.int32), RuntimeError, "inf does"),
    (lambda: torch.full((-1,), 1.0), RuntimeError, "no negative sizes"),
    (lambda: torch.eye(-1), RuntimeError, "no negative sizes"),
    (lambda: torch.arange(float("inf")), RuntimeError, "from 0 to inf is no range"),
    (lambda: torch.logspace(0, 1, -1), RuntimeError, "steps from 0 on, got -1"),
    (lambda: torch.zeros_like([1.0]), TypeError, "zeros_like: input must be a tensor"),
    (lambda: torch.rand(2, dtype=torch.int64), NotImplementedError, "real numbers, got"),
    (lambda: torch.randn(2, dtype=torch.int64), NotImplementedError, "real numbers, got"),
    (lambda: torch.randperm(-1), RuntimeError, "no negative sizes"),
    (lambda: torch.randint(1.5, 3, (2,)), TypeError, "low must be a whole number"),
    (lambda: torch.randint(0, 300, (2,), dtype=torch.uint8), RuntimeError, "299 does"),
    (lambda: torch.normal(0.0, 1.0), TypeError, "give a size"),
    (lambda: torch.normal(0.0, -1.0, (2,)), RuntimeError, "not be negative, got -1.0"),
    (lambda: torch.normal(torch.zeros(2), -torch.ones(2)), RuntimeError, "negative"),
    (lambda: torch.normal(torch.zeros(2), torch.ones(3)), RuntimeError, "normal: shapes"),
    (lambda: torch.bernoulli(torch.tensor([1.5])), RuntimeError, "from 0 to 1"),
    (lambda: torch.bernoulli(torch.tensor([float("nan")])), RuntimeError, "from 0 to 1"),
    (lambda: torch.bernoulli(torch.zeros(2), 2.0), RuntimeError, "from 0 to 1, got 2.0"),
    (lambda: torch.bernoulli(torch.tensor([1])), NotImplementedError, "got int64"),
    (lambda: torch.multinomial(torch.ones(2), 0), RuntimeError, "at least one sample"),
    (lambda: torch.multinomial(torch.tensor([1, 2]), 1), RuntimeError, "got int64"),
    (lambda: torch.multinomial(torch.ones(2, 2, 2), 1), RuntimeError, "of shape"),
    (lambda: torch.tensor([2**70]), ValueError, "expected numbers"),
    (lambda: torch.tensor(np.zeros(2, np.uint16)), TypeError, "dtype: expected one of"),
    (lambda: torch.tensor(1j), ValueError, "expected numbers"),
    (lambda: torch.from_numpy([1]), TypeError, "expected a NumPy array, got list"),
    (lambda: torch.from_numpy(np.zeros(2, ">f4")), ValueError, "byte order"),
    (lambda: torch.from_numpy(np.array(["a"])), TypeError, "dtype: expected one of"),
    (lambda: torch.zeros(-1), RuntimeError, "no negative sizes"),
    (lambda: torch.zeros(2, dtype="colour"), TypeError, "dtype: expected one of"),
    (lambda: torch.arange(0, 5, 0), RuntimeError, "step must not be 0"),
    (lambda: torch.arange(5, 0), RuntimeError, "the wrong way for step 1"),
    (lambda: torch.linspace(0, 1, -1), RuntimeError, "steps"),
    (lambda: torch.randint(3, 3, (2,)), RuntimeError, "low < high"),
    (lambda: torch.tensor([1], requires_grad=True), RuntimeError, "floating-point"),
    (lambda: torch.multinomial(torch.tensor([1.0, 0]), 2), RuntimeError,
     "replacement=True"),
    (lambda: torch.multinomial(torch.tensor([-1.0, 2]), 1), RuntimeError, "not negative"),
    (lambda: torch.empty(3).uniform_(2, 1), RuntimeError, "uniform_"),
    (lambda: torch.empty(3).normal_(0, -1), RuntimeError, "std must not be negative"),
    (lambda: torch.empty(3).random_(5, 5), RuntimeError, "random_")])
def test_errors_teach(make, error, told):
    with pytest.raises(error, match=told):
        make()


def test_byte_orders_of_files_are_turned_by_tensor():
    assert torch.tensor(np.array([1, 2], ">i4")).tolist() == [1, 2]


def test_random_integers_stay_in_their_range():
    assert set(torch.randint(2, 5, (200,)).tolist()) == {2, 3, 4}
    assert set(torch.randint_like(torch.zeros(100), 2).tolist()) == {0.0, 1.0}
    assert set(torch.zeros(200).random_(2, 4).tolist()) == {2, 3}
    assert torch.zeros(50, dtype=torch.uint8).random_().max() <= 255
    assert set(torch.zeros(100, dtype=torch.bool).random_().tolist()) == {True, False}
    assert sorted(torch.randperm(5).tolist()) == [0, 1, 2, 3, 4]


def test_drawing_by_weight():
    torch.manual_seed(0)
    w = torch.tensor([[0.0, 1.0, 3.0], [1.0, 0.0, 0.0]], device="cuda")
    drawn = torch.multinomial(w, 400, replacement=True)
    assert drawn.shape == (2, 400) and drawn.device is w.device
    assert (drawn[1] == 0).all() and 60 < (drawn[0] == 1).sum().item() < 140
    assert torch.multinomial(torch.ones(4), 4).sort().values.tolist() == [0, 1, 2, 3]
    p = torch.full((1000,), 0.25)
    assert 200 < torch.bernoulli(p).sum().item() < 300
    assert 200 < torch.zeros(1000).bernoulli_(p).sum().item() < 300


def test_normal_takes_tensors():
    torch.manual_seed(0)
    x = torch.normal(torch.full((1000,), 5.0), torch.full((1000,), 0.1))
    assert abs(x.mean().item() - 5) < 0.02 and abs(x.std().item() - 0.1) < 0.01
    assert torch.normal(0.0, 1.0, (2, 3)).shape == (2, 3)


def test_names_of_types():
    assert torch.float == torch.float32 and torch.double == torch.float64
    assert torch.long == torch.int64 and torch.zeros(1,
                                                     dtype=torch.bool).tolist() == [False]
    for spelling in ("float64", "torch.float64", "double", float, np.float64,
                     np.dtype("f8"),
                     torch.DoubleTensor, "torch.DoubleTensor", "torch.cuda.DoubleTensor"):
        assert torch.zeros(1).to(spelling).dtype == torch.float64


def test_negative_numbers_wrap_around_in_uint8():
    assert torch.tensor([-1], dtype=torch.uint8).item() == 255
    assert torch.full((1,), -1, dtype=torch.uint8).item() == 255


def test_bernoulli_with_one_probability_for_all():
    x = torch.zeros(1000)
    assert torch.bernoulli(x).sum() == 0 and x.bernoulli(1.0).sum() == 1000
    assert 400 < torch.bernoulli(x, 0.5).sum() < 600


def test_multinomial_of_no_rows():
    assert torch.multinomial(torch.ones(0, 2), 3, replacement=True).shape == (0, 3)
