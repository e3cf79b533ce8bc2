import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.functional import embedding
from pedagogic_nn.nn.sparse.embedding import (
    embedding_backward,
    embedding_forward,
    first_outside,
)
from tests.harness import backend_tests, case, check_backend, gradient_tests, integers

NO_ROWS = np.array([], np.int64)
ROWS = np.array([3, 0, 3, 3, 1])
CASES = [
    case(first_outside, rows=ROWS, count=4),
    case(first_outside, rows=ROWS, count=3),
    case(first_outside, rows=np.array([0, -1, 9]), count=4),
    case(first_outside, rows=NO_ROWS, count=0),
    case(embedding_forward, weight=(4, 3), rows=ROWS),
    case(embedding_forward, weight=(4, 3), rows=NO_ROWS),
    case(embedding_forward, weight=(1, 1), rows=np.array([0])),
    case(embedding_forward, weight=(4, 0), rows=ROWS),
    case(embedding_forward, weight=integers(4, 2, high=9), rows=ROWS),
    case(embedding_backward, dy=(5, 3), rows=ROWS, count=4),
    case(embedding_backward, dy=(5, 3), rows=np.array([2, -1, -1, 0, 2]), count=3),
    case(embedding_backward, dy=(0, 3), rows=NO_ROWS, count=4),
    case(embedding_backward, dy=(1, 1), rows=np.array([0]), count=1),
]
test_backends = backend_tests(CASES)
TWICE = np.array([[0, 2, 2], [1, 2, 0]])
test_gradients = gradient_tests(
    [
        case(embedding, input=TWICE, weight=(4, 3)),
        case(embedding, input=TWICE.astype(np.int32), weight=(3, 2)),
        case(embedding, input=NO_ROWS, weight=(3, 2)),
    ]
)


def test_by_hand():
    table = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], requires_grad=True)
    y = embedding(torch.tensor([2, 0, 2]), table)
    assert y.tolist() == [[5, 6], [1, 2], [5, 6]]
    (y * torch.tensor([[1.0], [10.0], [100.0]])).sum().backward()
    assert table.grad.tolist() == [[10, 10], [0, 0], [101, 101]]


def test_it_is_the_product_with_a_one_hot_row():
    index, table = torch.tensor([2, 0, 1, 2]), torch.randn(3, 5)
    product = nn.functional.one_hot(index, 3).float() @ table
    np.testing.assert_allclose(
        embedding(index, table).numpy(), product.numpy(), rtol=1e-6
    )


def test_padding_starts_at_zero_and_stays_there():
    for padding in (1, -3):
        layer = nn.Embedding(4, 3, padding_idx=padding)
        assert layer.padding_idx == 1 and layer.weight[1].tolist() == [0, 0, 0]
        layer(torch.tensor([1, 1, 2])).sum().backward()
        assert layer.weight.grad.tolist() == [[0] * 3, [0] * 3, [1] * 3, [0] * 3]


def test_gradients_divided_by_frequency():
    layer = nn.Embedding(3, 1, scale_grad_by_freq=True)
    layer(torch.tensor([0, 2, 2, 2])).sum().backward()
    assert layer.weight.grad.tolist() == [[1], [0], [1]]


def test_long_rows_are_shortened_in_the_table_itself():
    table = torch.tensor([[3.0, 4.0], [0.3, 0.4], [6.0, 8.0]], requires_grad=True)
    version = table._version
    y = embedding(torch.tensor([0, 0, 1]), table, max_norm=1.0)
    np.testing.assert_allclose(
        y.detach().numpy(), [[0.6, 0.8], [0.6, 0.8], [0.3, 0.4]], rtol=1e-6
    )
    np.testing.assert_allclose(
        table.detach().numpy(), [[0.6, 0.8], [0.3, 0.4], [6, 8]], rtol=1e-6
    )
    assert table._version > version, "a tape that saved the table must notice"
    y.sum().backward()
    assert table.grad.tolist() == [[2, 2], [1, 1], [0, 0]]


def test_a_pretrained_table_is_shared_and_frozen():
    table = torch.randn(4, 3)
    layer = nn.Embedding.from_pretrained(table)
    assert layer.weight.data_ptr() == table.data_ptr() and not layer.weight.requires_grad
    assert nn.Embedding.from_pretrained(table, freeze=False).weight.requires_grad
    assert (layer.num_embeddings, layer.embedding_dim) == (4, 3)


def test_threads_agree():
    rows, weights = torch.randint(1000, (9000,)), torch.randn(9000, 32)
    results, before = [], torch.get_num_threads()
    for threads in (1, 2):
        torch.set_num_threads(threads)
        layer = nn.Embedding.from_pretrained(torch.ones(1000, 32), freeze=False)
        y = layer(rows)
        (y * weights).sum().backward()
        results.append((y, layer.weight.grad))
    torch.set_num_threads(before)
    for one, two in zip(*results):
        np.testing.assert_array_equal(one.detach().numpy(), two.detach().numpy())


@pytest.mark.parametrize(
    "options",
    [
        {"padding_idx": 1},
        {"scale_grad_by_freq": True},
        {"max_norm": 1.0, "norm_type": 1.0},
    ],
)
def test_options_on_a_gpu(options):
    table, index = torch.randn(4, 3), torch.tensor([[1, 2], [2, 0]])
    results = []
    for device in ("cpu", "cuda"):
        weight = table.clone().to(device).requires_grad_()
        y = embedding(index.to(device), weight, **options)
        (y * y).sum().backward()
        results.append([y, weight, weight.grad])
    for one, two in zip(*results):
        np.testing.assert_allclose(two.tolist(), one.tolist(), rtol=1e-5)
    with pytest.raises(IndexError, match=r"input\[1, 0\] is 4"):
        embedding(torch.tensor([[1], [4]]).to("cuda"), weight)


def test_half_precision():
    layer = nn.Embedding(4, 3).half()
    y = layer(torch.tensor([1, 2]))
    y.sum().backward()
    assert y.dtype == layer.weight.grad.dtype == torch.float16


@settings(max_examples=20, deadline=None)
@given(
    count=st.integers(1, 5),
    features=st.integers(0, 5),
    wide=st.booleans(),
    rows=st.lists(st.integers(-2, 6), max_size=6),
)
def test_any_rows(count, features, wide, rows):
    """Good rows agree with the reference; bad ones are an error, not a crash."""
    rows = np.array(rows, np.int64)
    table = np.random.default_rng(0).standard_normal((count, features))
    table = table.astype(np.float64 if wide else np.float32)
    bad = [k for k, row in enumerate(rows) if not 0 <= row < count]
    if bad:
        with pytest.raises(
            IndexError, match=rf"input\[{bad[0]}\] is {rows[bad[0]]}, but"
        ):
            embedding(torch.from_numpy(rows), torch.from_numpy(table))
        return
    check_backend(case(embedding_forward, weight=table, rows=rows), "cpu")
    check_backend(case(embedding_backward, dy=table[rows], rows=rows, count=count), "cpu")


def test_says_what_it_expected():
    layer = nn.Embedding(10, 3)
    with pytest.raises(
        IndexError,
        match=r"input\[1, 0\] is 12, but the table has 10 rows "
        r"\(0 … 9\)",
    ):
        layer(torch.tensor([[1, 2], [12, 0]]))
    with pytest.raises(IndexError, match=r"input\[0\] is -1"):
        layer(torch.tensor([-1]))
    with pytest.raises(IndexError, match="the table has 0 rows only"):
        nn.Embedding(0, 3)(torch.tensor([0]))
    with pytest.raises(RuntimeError, match="int64 or int32, got float32"):
        layer(torch.ones(2))
    with pytest.raises(TypeError, match="embedding: input must be a tensor, got list"):
        layer([1, 2])
    with pytest.raises(TypeError, match="padding_idx must be a whole number, got True"):
        nn.Embedding(10, 3, padding_idx=True)
    with pytest.raises(RuntimeError, match=r"weight must have shape \(rows, features\)"):
        embedding(torch.tensor([1]), torch.ones(4))
    with pytest.raises(AssertionError, match=r"padding_idx must name one of the 4 rows"):
        nn.Embedding(4, 3, padding_idx=4)
    with pytest.raises(AssertionError, match=r"must have shape \(4, 3\), got \(3, 3\)"):
        nn.Embedding(4, 3, _weight=torch.ones(3, 3))
    with pytest.raises(AssertionError, match=r"got shape \(3,\)"):
        nn.Embedding.from_pretrained(torch.ones(3))
    with pytest.raises(ValueError, match="sparse=True asks for a gradient.*leave it out"):
        nn.Embedding(4, 3, sparse=True)
