import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn import functional as F
from pedagogic_nn.nn.dropout.dropout import dropout, dropout1d, dropout2d
from pedagogic_nn.nn.dropping import drop, threshold_and_scale
from tests.harness import BACKENDS, backend_tests, case, check_backend, saturated

HALF = 2**31
A, B = 123456789, 987654321


def row(x, each=1, threshold=HALF, scale=2.0, shift=0.0, shift_dropped=0.0, first=A):
    return case(
        drop,
        x=x,
        each=each,
        first=first,
        second=B,
        threshold=threshold,
        scale=scale,
        shift=shift,
        shift_dropped=shift_dropped,
    )


CASES = [
    row((5, 4)),
    row((0,)),
    row((1,), threshold=0),
    row((3, 4), threshold=2**32 - 1),
    row((2, 3, 4), each=4),
    row((2, 3), each=6),
    row((7,), scale=1.5, shift=0.25, shift_dropped=-1.0),
    row(saturated(9)),
    row((6,), first=2**32 - 3),
]
test_backends = backend_tests(CASES)


def dropped(x, p, **options):
    return nn.Dropout(p, **options)(x)


# ---- what is kept, and what it becomes -----------------------------------------------


@pytest.mark.parametrize("p", [0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.999])
def test_what_is_kept_is_divided_by_one_minus_p(p):
    """Exactly: 1 / (1 - p) in float32, times x."""
    x = torch.randn(2000)
    y = dropped(x, p).numpy()
    scale = np.float32(1) / np.float32(1 - p)
    kept = y != 0
    np.testing.assert_array_equal(y[kept], x.numpy()[kept] * scale)


@pytest.mark.parametrize("p", [0.01, 0.1, 0.5, 0.9])
def test_as_many_are_dropped_as_p_says(p):
    n = 200_000
    count = (dropped(torch.ones(n), p).numpy() == 0).sum()
    assert abs(count - n * p) < 4 * np.sqrt(n * p * (1 - p))


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_neighbours_and_calls_are_independent(p):
    """Correlations of a fair coin are within 4 / √n (z < 4) nearly always."""
    n = 1 << 16
    masks = [(dropped(torch.ones(n), p).numpy() != 0) - (1 - p) for _ in range(6)]
    variance = p * (1 - p)
    for k, mask in enumerate(masks):
        for lag in (1, 2, 3, 7, 8, 16, 32, 64, 255, 256, 1024):
            z = (mask[lag:] * mask[:-lag]).sum() / variance / np.sqrt(n)
            assert abs(z) < 4.5, (k, lag)
        for other in masks[:k]:
            assert abs((mask * other).sum() / variance / np.sqrt(n)) < 4.5
        blocks = mask.reshape(-1, 256).sum(1) / np.sqrt(256 * variance)
        assert 0.8 < blocks.std() < 1.2, "blocks differ more or less than chance would"


def test_the_expected_value_stays():
    x = torch.rand(100_000)
    assert abs(dropped(x, 0.5).mean().item() - x.mean().item()) < 0.01


# ---- backward uses the mask of forward ----------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("function", [dropout, dropout1d, dropout2d])
def test_backward_uses_the_mask_of_forward(function, backend):
    x = torch.randn(2, 3, 4, device=backend, requires_grad=True)
    with pytest.warns(UserWarning) if function is dropout2d else _nothing():
        y = function(x, 0.4)
    weights = torch.randn(2, 3, 4, device=backend)
    (y * weights).sum().backward()
    kept = y.cpu().detach().numpy() != 0
    scale = np.float32(1) / np.float32(0.6)
    np.testing.assert_array_equal(
        x.grad.cpu().numpy(), np.where(kept, weights.cpu().numpy() * scale, 0)
    )


class _nothing:
    def __enter__(self):
        pass

    def __exit__(self, *error):
        pass


def test_no_mask_is_stored():
    x = torch.ones(1000, requires_grad=True)
    assert dropout(x).grad_fn.saved == ()


def test_the_mask_does_not_depend_on_when_backward_runs():
    x = torch.ones(50, requires_grad=True)
    y = dropout(x)
    dropout(torch.ones(50))  # other draws in between
    torch.manual_seed(5)
    y.backward(torch.ones(50))
    np.testing.assert_array_equal(x.grad.numpy(), y.detach().numpy())


# ---- seeds and threads ---------------------------------------------------------------


def test_a_seed_gives_the_same_mask():
    x = torch.ones(100)
    torch.manual_seed(3)
    one, two = dropout(x), dropout(x)
    torch.manual_seed(3)
    again = dropout(x)
    torch.manual_seed(4)
    other = dropout(x)
    assert torch.equal(one, again)
    assert not torch.equal(one, two) and not torch.equal(one, other)


@pytest.mark.parametrize(
    "function, shape", [(dropout, (300_001,)), (dropout1d, (50, 7, 401))]
)
def test_threads_do_not_change_the_mask(function, shape):
    results, before = [], torch.get_num_threads()
    for threads in (1, 2):
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        results.append(function(torch.ones(*shape), 0.3).numpy())
    torch.set_num_threads(before)
    np.testing.assert_array_equal(*results)


def test_memory_layout_does_not_change_the_mask():
    x = torch.ones(6, 8)
    torch.manual_seed(0)
    one = dropout(x)
    torch.manual_seed(0)
    assert torch.equal(one, dropout(torch.ones(8, 6).t()))


def test_each_device_has_its_own_stream():
    torch.manual_seed(0)
    one, two = dropout(torch.ones(64)), dropout(torch.ones(64, device="cpu:1"))
    assert not np.array_equal(one.numpy(), two.numpy())


# ---- p at its ends, evaluation, in place --------------------------------------------


def test_the_input_itself_comes_back_where_nothing_is_dropped():
    x, empty = torch.ones(3), torch.ones(0, 4)
    assert nn.Dropout(0.7).eval()(x) is x
    assert dropout(x, 0.7, training=False) is x
    assert dropout(x, 0.0) is x and dropout(empty) is empty


def test_p_of_one_drops_everything():
    """Recorded from PyTorch 2.13: infinity times 0 is NaN."""
    x = torch.tensor([np.inf, np.nan, -1.0, 1.0], requires_grad=True)
    y = dropout(x, 1.0)
    y.sum().backward()
    assert np.isnan(y[:2].detach().numpy()).all() and y[2:].tolist() == [0, 0]
    assert x.grad.tolist() == [0, 0, 0, 0]


def test_infinity_does_not_vanish():
    y = dropout(torch.full((1000,), np.inf)).numpy()
    assert (np.isnan(y) | np.isposinf(y)).all() and np.isnan(y).any()


def test_in_place_changes_the_input():
    x = torch.ones(100)
    assert nn.Dropout(inplace=True)(x) is x
    assert set(x.tolist()) == {0, 2}
    leaf = torch.ones(100, requires_grad=True)
    y = leaf * 3
    dropout(y, inplace=True)
    y.sum().backward()
    np.testing.assert_array_equal(leaf.grad.numpy(), y.detach().numpy())
    assert dropout(x, 1.0, inplace=True) is x and x.tolist() == [0] * 100


def test_a_leaf_cannot_be_changed_in_place():
    with pytest.raises(RuntimeError, match="leaf"):
        dropout(torch.ones(3, requires_grad=True), inplace=True)


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_the_dtype_stays(dtype):
    x = torch.ones(50, dtype=getattr(torch, dtype), requires_grad=True)
    y = dropout(x, 0.5)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == x.dtype
    np.testing.assert_array_equal(y.detach().numpy(), x.grad.numpy())


# ---- whole channels ------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "function, shape, channels",
    [
        (dropout1d, (40, 5, 3), 2),
        (dropout1d, (200, 3), 1),
        (dropout2d, (40, 5, 3, 2), 2),
        (dropout2d, (40, 5, 6), 2),
        (dropout2d, (40, 5), 2),
        (dropout2d, (9, 8, 2, 2, 2), 2),
    ],
)
def test_channels_are_dropped_as_a_whole(function, shape, channels):
    y = function(torch.ones(*shape), 0.5).numpy()
    first = y.reshape(*shape[:channels], -1)[..., :1]
    np.testing.assert_array_equal(y.reshape(*shape[:channels], -1) - first, 0)
    count, n = (first == 0).sum(), first.size
    assert abs(count - n / 2) < 4 * np.sqrt(n / 4)


@settings(max_examples=20, deadline=None)
@given(
    rows=st.integers(0, 5),
    each=st.integers(1, 5),
    p=st.floats(0, 1),
    wide=st.booleans(),
    strided=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_shape(rows, each, p, wide, strided, seed):
    x = np.random.default_rng(seed).standard_normal((rows, each))
    x = x.astype(np.float64 if wide else np.float32)
    threshold, _ = threshold_and_scale(p, torch.float32)
    check_backend(row(x, each, threshold, first=seed), "cpu")
    given = torch.from_numpy(x.T.copy()).t() if strided else torch.from_numpy(x)
    y = F.dropout(given, p)
    assert y.shape == (rows, each) and y.dtype == given.dtype


def test_says_what_it_expected():
    for p in (-0.1, 1.1, np.nan):
        for make in (nn.Dropout, nn.Dropout2d, lambda p: dropout(torch.ones(2), p)):
            with pytest.raises(ValueError, match="must be from 0 to 1"):
                make(p)
    with pytest.raises(TypeError, match="p must be a number from 0 to 1, got 'half'"):
        nn.Dropout("half")
    with pytest.raises(RuntimeError, match="floating-point input, got int64"):
        dropout(torch.tensor([1, 2]))
    with pytest.raises(RuntimeError, match=r"dropout1d reads input of shape \(N, C, L\)"):
        dropout1d(torch.ones(2, 3, 4, 5))
    with pytest.raises(
        RuntimeError, match=r"dropout2d reads input of shape \(N, C, H, W\)"
    ):
        dropout2d(torch.ones(3))
    with pytest.warns(UserWarning, match=r"is read as \(N, C, L\)"):
        dropout2d(torch.ones(2, 3, 4))
    with pytest.warns(UserWarning, match="dropped as a whole"):
        dropout2d(torch.ones(2, 3))


def test_repr():
    assert repr(nn.Dropout(0.3, True)) == "Dropout(p=0.3, inplace=True)"
    assert repr(nn.Dropout2d()) == "Dropout2d(p=0.5, inplace=False)"
    assert list(nn.Dropout().state_dict()) == []
