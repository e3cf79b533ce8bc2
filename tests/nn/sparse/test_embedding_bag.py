import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.functional import embedding, embedding_bag
from pedagogic_nn.nn.sparse.embedding_bag import (
    bag_factors_backward,
    bag_max,
    bag_max_backward,
    bag_sum,
    bag_sum_backward,
)
from tests.harness import backend_tests, case, check_backend, gradient_tests

NONE = np.array([], np.int64)
ROWS = np.array([3, 0, 3, 3, 1, 2, 0])
CUTS = np.array([0, 0, 1, 6, 7, 7])  # bags of 0, 1, 5, 1 and 0 rows
EQUAL = np.array([[1, 5], [1, 5], [0, 5], [2, 5]], np.float32)
SOURCE = np.array([[3, -1], [3, 0], [1, -1]])


def cases(rows, cuts, rows_of_table=4, features=3):
    V, D, S, B = rows_of_table, features, rows.size, cuts.size - 1
    yield case(bag_sum, weight=(V, D), rows=rows, factors=(S,), offsets=cuts)
    yield case(
        bag_sum_backward, dy=(B, D), rows=rows, factors=(S,), offsets=cuts, count=V
    )
    yield case(bag_factors_backward, dy=(B, D), weight=(V, D), rows=rows, offsets=cuts)
    yield case(bag_max, weight=(V, D), rows=rows, offsets=cuts)


CASES = [
    *cases(ROWS, CUTS),
    *cases(NONE, np.array([0])),
    *cases(NONE, np.array([0, 0])),
    *cases(np.array([0]), np.array([0, 1]), 1, 1),
    case(bag_max, weight=EQUAL, rows=ROWS, offsets=CUTS),
    case(bag_max_backward, dy=(3, 2), source=SOURCE, count=4),
    case(bag_max_backward, dy=(0, 2), source=SOURCE[:0], count=4),
]
test_backends = backend_tests(CASES)


def weighted(input, weight, per_sample_weights):
    return embedding_bag(input, weight, mode="sum", per_sample_weights=per_sample_weights)


TABLE = np.array([[0, 2, 2], [1, 2, 0]])
test_gradients = gradient_tests(
    [
        *(
            case(embedding_bag, input=TABLE, weight=(4, 3), mode=mode)
            for mode in ("sum", "mean", "max")
        ),
        case(weighted, input=TABLE, weight=(4, 3), per_sample_weights=(2, 3)),
    ]
)


def test_by_hand():
    """Bags 1 3 and 0 3 3 of a table of whole numbers."""
    table = torch.tensor([[1.0], [2.0], [3.0], [4.0]])
    index, offsets = torch.tensor([1, 3, 0, 3, 3]), torch.tensor([0, 2])
    for mode, expected in [
        ("sum", [[6], [9]]),
        ("mean", [[3], [3]]),
        ("max", [[4], [4]]),
    ]:
        assert embedding_bag(index, table, offsets, mode=mode).tolist() == expected
    each = torch.tensor([1.0, 10.0, 1.0, 1.0, 2.0])
    assert embedding_bag(
        index, table, offsets, mode="sum", per_sample_weights=each
    ).tolist() == [[42], [13]]


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_it_is_embedding_and_a_reduction(mode):
    index = torch.randint(6, (4, 5))
    one, two = (torch.arange(18.0).reshape(6, 3).sin().requires_grad_() for _ in range(2))
    y = embedding_bag(index, one, mode=mode)
    each = embedding(index, two)
    expected = each.max(1).values if mode == "max" else getattr(each, mode)(1)
    np.testing.assert_allclose(y.detach().numpy(), expected.detach().numpy(), rtol=1e-5)
    weights = torch.randn(4, 3)
    (y * weights).sum().backward()
    (expected * weights).sum().backward()
    np.testing.assert_allclose(one.grad.numpy(), two.grad.numpy(), rtol=1e-5, atol=1e-6)


def test_empty_bags_are_zero():
    layer = nn.EmbeddingBag(4, 3)
    for mode in ("sum", "mean", "max"):
        layer.mode = mode
        y = layer(torch.tensor([1]), torch.tensor([0, 0, 1]))
        assert y[0].tolist() == y[2].tolist() == [0, 0, 0]
        assert layer(torch.zeros(2, 0).long()).tolist() == [[0] * 3] * 2
    y.sum().backward()
    assert layer.weight.grad.tolist() == [[0] * 3, [1] * 3, [0] * 3, [0] * 3]


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_the_last_offset_may_be_the_end(mode):
    """What follows it is in no bag; PyTorch 2.13 lets it count in 'mean' and 'max'."""
    layer = nn.EmbeddingBag(4, 3, mode=mode, include_last_offset=True)
    index = torch.tensor([1, 2, 3, 0, 0])
    y = layer(index, torch.tensor([0, 2, 3]))
    layer.include_last_offset = False
    np.testing.assert_array_equal(
        y.detach().numpy(), layer(index[:3], torch.tensor([0, 2])).detach().numpy()
    )


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_padding_counts_in_no_bag(mode):
    layer = nn.EmbeddingBag(4, 3, mode=mode, padding_idx=-1)
    assert layer.padding_idx == 3 and layer.weight[3].tolist() == [0, 0, 0]
    layer.weight.data[3] = 100.0
    y = layer(torch.tensor([1, 3, 3, 3, 2, 3]), torch.tensor([0, 2, 4]))
    expected = [layer.weight[1].tolist(), [0, 0, 0], layer.weight[2].tolist()]
    np.testing.assert_allclose(y.tolist(), expected, rtol=1e-6)
    y.sum().backward()
    assert layer.weight.grad.tolist() == [[0] * 3, [1] * 3, [1] * 3, [0] * 3]


def test_gradients_divided_by_frequency():
    """PyTorch 2.13 divides by the frequency of another row; its manual says this."""
    layer = nn.EmbeddingBag(4, 1, mode="sum", scale_grad_by_freq=True)
    layer(torch.tensor([[0, 2, 2], [2, 3, 0]])).sum().backward()
    assert layer.weight.grad.tolist() == [[1], [0], [1], [1]]


def test_padding_has_no_weight():
    table, each = torch.ones(4, 2), torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = embedding_bag(
        torch.tensor([0, 3, 1]),
        table,
        torch.tensor([0]),
        mode="sum",
        per_sample_weights=each,
        padding_idx=3,
    )
    y.sum().backward()
    assert y.tolist() == [[4, 4]] and each.grad.tolist() == [2, 0, 2]


def test_long_rows_are_shortened():
    table = torch.tensor([[3.0, 4.0], [0.3, 0.4]])
    embedding_bag(torch.tensor([[0, 1]]), table, max_norm=1.0)
    np.testing.assert_allclose(table.numpy(), [[0.6, 0.8], [0.3, 0.4]], rtol=1e-6)


def test_threads_agree():
    index, before, results = torch.randint(500, (300, 20)), torch.get_num_threads(), []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        for mode in ("sum", "max"):
            layer = nn.EmbeddingBag.from_pretrained(
                torch.arange(16000.0).reshape(500, 32).sin(), False, mode=mode
            )
            y = layer(index)
            (y * y).sum().backward()
            results += [y.detach().numpy(), layer.weight.grad.numpy()]
    torch.set_num_threads(before)
    for one, two in zip(results[:4], results[4:]):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "mean", "padding_idx": 1},
        {"mode": "sum", "scale_grad_by_freq": True},
        {"mode": "max", "padding_idx": -2},
        {"mode": "mean", "include_last_offset": True},
        {"mode": "sum", "max_norm": 1.0},
    ],
)
def test_options_on_a_gpu(options):
    table, index, cuts = torch.randn(4, 3), torch.tensor([1, 2, 2, 0, 1]), [0, 1, 1, 4]
    results = []
    for device in ("cpu", "cuda"):
        weight = table.clone().to(device).requires_grad_()
        y = embedding_bag(
            index.to(device), weight, torch.tensor(cuts, device=device), **options
        )
        (y * y).sum().backward()
        results.append([y, weight, weight.grad])
    for one, two in zip(*results):
        np.testing.assert_allclose(two.tolist(), one.tolist(), rtol=1e-5, atol=1e-6)


def test_half_precision():
    layer = nn.EmbeddingBag(4, 3).half()
    y = layer(torch.tensor([[1, 2]]))
    y.sum().backward()
    assert y.dtype == layer.weight.grad.dtype == torch.float16


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(st.integers(-1, 4), max_size=7),
    cuts=st.lists(st.integers(-1, 8), max_size=4),
    mode=st.sampled_from(["sum", "mean", "max"]),
    last=st.booleans(),
    wide=st.booleans(),
)
def test_any_bags(rows, cuts, mode, last, wide):
    """Good bags are sums, means and maxima of rows; bad ones an error, not a crash."""
    table = np.random.default_rng(0).standard_normal((4, 3))
    table = table.astype(np.float64 if wide else np.float32)
    good = (
        all(0 <= r < 4 for r in rows)
        and cuts == sorted(cuts)
        and (cuts or not last)
        and (not cuts or (cuts[0] == 0 and cuts[-1] <= len(rows)))
    )
    given_ = (
        torch.tensor(rows).long(),
        torch.from_numpy(table),
        torch.tensor(cuts).long(),
    )
    if not good:
        with pytest.raises(RuntimeError, match="embedding_bag: "):
            embedding_bag(*given_, mode=mode, include_last_offset=last)
        return
    y = embedding_bag(*given_, mode=mode, include_last_offset=last).numpy()
    ends = cuts if last else [*cuts, len(rows)] if cuts else [0]
    bags = [table[rows[a:b]] for a, b in zip(ends, ends[1:])]
    expected = [
        getattr(np, mode)(bag, axis=0) if len(bag) else np.zeros(3) for bag in bags
    ]
    np.testing.assert_allclose(y, np.reshape(expected, (-1, 3)), rtol=1e-5, atol=1e-6)
    assert y.dtype == table.dtype
    if rows and max(ends):
        for row in cases(np.array(rows[: ends[-1]]), np.array(ends)):
            check_backend(row, "cpu")


def test_says_what_it_expected():
    table, index, offsets = (
        torch.ones(4, 3),
        torch.tensor([0, 1, 3]),
        torch.tensor([0, 2]),
    )
    with pytest.raises(RuntimeError, match=r"input\[1\] is 4, but the table has 4 rows"):
        embedding_bag(torch.tensor([0, 4]), table, torch.tensor([0]))
    with pytest.raises(RuntimeError, match="must begin at 0, got offsets.0. = 1"):
        embedding_bag(index, table, torch.tensor([1, 2]))
    with pytest.raises(RuntimeError, match=r"got offsets\[1\] = 2 and offsets\[2\] = 1"):
        embedding_bag(index, table, torch.tensor([0, 2, 1]))
    with pytest.raises(RuntimeError, match="begins at 4, but the input has 3 elements"):
        embedding_bag(index, table, torch.tensor([0, 4]))
    with pytest.raises(ValueError, match="needs offsets .* got None"):
        embedding_bag(index, table)
    with pytest.raises(
        ValueError, match="has a bag in each row, so offsets must be None"
    ):
        embedding_bag(index[None], table, offsets)
    with pytest.raises(ValueError, match=r"reads input of shape \(bags, L\) or \(S,\)"):
        embedding_bag(torch.tensor(1), table)
    with pytest.raises(
        ValueError, match="mode must be 'sum', 'mean' or 'max', got 'min'"
    ):
        nn.EmbeddingBag(4, 3, mode="min")
    with pytest.raises(ValueError, match="not with 'max'"):
        embedding_bag(index, table, offsets, mode="max", scale_grad_by_freq=True)
    with pytest.raises(
        NotImplementedError, match="works with mode='sum', got mode='mean'"
    ):
        embedding_bag(index, table, offsets, per_sample_weights=torch.ones(3))
    with pytest.raises(ValueError, match=r"the input's shape \(3,\), got \(2,\)"):
        embedding_bag(index, table, offsets, mode="sum", per_sample_weights=torch.ones(2))
    with pytest.raises(ValueError, match="sparse=True asks for a gradient"):
        nn.EmbeddingBag(4, 3, sparse=True)
    with pytest.raises(RuntimeError, match="include_last_offset=True needs at least one"):
        embedding_bag(index, table, torch.zeros(0).long(), include_last_offset=True)
