"""Clipping: the norm over all gradients, and gradients held in bounds in place."""
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn.backend.op import reference
from pedagogic_nn.nn.utils import clip_grad as utils
from tests.harness import backend_tests, case, check_stays_float32, saturated

INF = math.inf
ORDERS = (2, 1, 3.0, 0.5, 0, -1, INF, -INF)
CASES = [
    *(case(utils.p_norm, x=(3, 4), p=p) for p in ORDERS),
    *(case(utils.p_norm, x=np.array([[0.5, -2.0]]), p=p) for p in ORDERS),
    *(case(utils.p_norm, x=np.float32([2, math.nan, 1]), p=p) for p in (2, 1, INF, -INF)),
    *(case(utils.p_norm, x=np.float32([0, INF]), p=p) for p in (2, 1, INF, -1)),
    case(utils.p_norm, x=(0,), p=2), case(utils.p_norm, x=(), p=1),
    case(utils.p_norm, x=(5000,), p=2),                           # more than one block
    case(utils.scale, g=(3, 4), factor=0.25), case(utils.scale, g=(0, 2), factor=2.0),
    case(utils.scale, g=np.float64([1, -2]), factor=0.1),
    case(utils.hold, g=saturated(3, 4), limit=20.0), case(utils.hold, g=(), limit=0.5),
    case(utils.hold, g=np.float32([math.nan, INF, -INF]), limit=1.0),
    case(utils.hold, g=np.float64([1, -2]), limit=1.5),
    case(utils.hold, g=np.float32([1, -2]), limit=math.nan),
]
test_backends = backend_tests(CASES)


def parameters(*gradients, dtype=torch.float32, device="cpu"):
    made = []
    for g in gradients:
        p = torch.zeros(2 if g is None else np.shape(g), dtype=dtype, device=device)
        made.append(p.requires_grad_())
        if g is not None:
            made[-1].grad = torch.tensor(g, dtype=dtype, device=device)
    return made


def test_formulas_stay_in_float32():
    check_stays_float32(utils._held, 2)


def test_by_hand():
    """3, 4 and 12: the diagonal of a box is 13."""
    a, none, b = parameters([3.0, 4.0], None, [-12.0])
    total = torch.nn.utils.clip_grad_norm_([a, none, b], 6.5)
    assert total.item() == 13 and total.shape == () and not total.requires_grad
    np.testing.assert_allclose(a.grad.numpy(), [1.5, 2], 1e-6)
    np.testing.assert_allclose(b.grad.numpy(), [-6], 1e-6)
    assert none.grad is None


def test_the_old_name():
    """0.1 had no underscore, and took the parameters in any iterable."""
    (p,) = parameters([3.0, 4.0])
    with pytest.warns(FutureWarning, match="the old name of nn.utils.clip_grad_norm_"):
        assert torch.nn.utils.clip_grad_norm(iter([p]), max_norm=1, norm_type=1) == 7
    np.testing.assert_allclose(p.grad.numpy(), [3 / 7, 4 / 7], 1e-6)


def test_a_single_parameter_and_no_gradient():
    (p,) = parameters([3.0, 4.0])
    assert torch.nn.utils.clip_grad_norm_(p, 10.0).item() == 5
    assert p.grad.tolist() == [3, 4]                                # short enough
    assert torch.nn.utils.clip_grad_norm_([], 1.0).item() == 0
    assert torch.nn.utils.clip_grad_norm_(parameters(None), 1.0).item() == 0


def test_the_gradient_is_changed_in_place():
    (p,) = parameters([[3.0, 4.0], [0.0, 0.0]])
    grad, memory = p.grad, p.grad.numpy()
    loss = (grad.detach().requires_grad_() ** 2).sum()
    torch.nn.utils.clip_grad_norm_([p], 1.0)
    assert p.grad is grad
    np.testing.assert_allclose(memory[0], [0.6, 0.8], 1e-6)
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


@pytest.mark.parametrize("run", ["cpu", "cuda", "reference", "strided"])
def test_every_backend_scales_and_holds(run):
    a, b = parameters([3.0, 4.0], [-12.0], device="cuda" if run == "cuda" else "cpu")
    if run == "strided":
        a.grad = torch.tensor([[3.0, 0.0], [4.0, 0.0]])[:, 0]
    with reference() if run == "reference" else torch.enable_grad():
        total = torch.nn.utils.clip_grad_norm_([a, b], 1.3)
        assert total.item() == 13 and total.is_cuda == (run == "cuda")
        np.testing.assert_allclose(a.grad.tolist() + b.grad.tolist(), [0.3, 0.4, -1.2],
                                   1e-6)
        torch.nn.utils.clip_grad_value_([a, b], 0.35)
        np.testing.assert_allclose(a.grad.tolist() + b.grad.tolist(), [0.3, 0.35, -0.35],
                                   1e-6)


def test_gradients_on_two_devices_and_of_two_dtypes():
    (a,), (b,) = parameters([3.0]), parameters([4.0], device="cuda:1")
    (c,) = parameters([12.0], dtype=torch.float64)
    total = torch.nn.utils.clip_grad_norm_([a, b, c], 1.3)
    assert total.item() == 13 and total.dtype == torch.float64 and not total.is_cuda
    assert b.grad.is_cuda and b.grad.dtype == torch.float32
    np.testing.assert_allclose([a.grad.item(), b.grad.item(), c.grad.item()],
                               [0.3, 0.4, 1.2], 1e-6)


def test_many_small_numbers_are_not_forgotten():
    """A million 1e-3 beside a 1: float32 sums, one after the other, would lose digits."""
    g = np.full(1_000_001, 1e-3, np.float32)
    g[0] = 1
    expected = math.sqrt(1 + 1e6 * float(np.float32(1e-3)) ** 2)
    total = torch.nn.utils.get_total_norm(torch.from_numpy(g)).item()
    assert total == pytest.approx(expected, rel=1e-6)


def test_a_norm_that_is_no_number_changes_nothing_if_it_is_an_error():
    a, b = parameters([1.0, math.nan], [2.0])
    with pytest.raises(RuntimeError, match="order 2.0 over the gradients is nan"):
        torch.nn.utils.clip_grad_norm_([a, b], 1.0, error_if_nonfinite=True)
    assert b.grad.tolist() == [2]
    assert math.isnan(torch.nn.utils.clip_grad_norm_([a, b], 1.0).item())
    assert math.isnan(b.grad.item())


def test_the_two_halves_are_the_whole():
    (p,), (q,) = parameters([3.0, 4.0]), parameters([3.0, 4.0])
    total = torch.nn.utils.get_total_norm([p.grad], INF)
    torch.nn.utils.clip_grads_with_norm_(p, 1, total)
    torch.nn.utils.clip_grad_norm_(q, 1, "inf")
    assert p.grad.tolist() == q.grad.tolist() == pytest.approx([0.75, 1])


@pytest.mark.parametrize("call, error, words", [
    (lambda: utils.clip_grad_norm_(torch.nn.Linear(2, 2), 1), TypeError,
     "got a Linear; of a module, module.parameters()"),
    (lambda: utils.clip_grad_norm_(parameters([1.0]), 1, "fro"), ValueError, "fro"),
    (lambda: utils.clip_grad_norm_(parameters([1.0], []), 1, INF), RuntimeError,
     "order inf of an empty tensor"),
    (lambda: utils.get_total_norm([torch.tensor([1, 2])]), RuntimeError, "got int64"),
    (lambda: utils.get_total_norm([None]), RuntimeError, "got NoneType"),
    (lambda: utils.clip_grads_with_norm_([], 1, 3.0), TypeError, "got a float"),
])
def test_says_what_it_expected(call, error, words):
    with pytest.raises(error, match=words):
        call()


@settings(max_examples=25)
@given(st.lists(st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=5),
                min_size=1, max_size=4),
       st.sampled_from([1, 2, 3, 2.5, INF]), st.floats(1e-6, 2000),
       st.sampled_from([torch.float32, torch.float64]))
def test_no_gradient_is_longer_than_asked(gradients, p, max_norm, dtype):
    """The direction stays, the norm is max_norm at most, and short gradients stay."""
    ps = parameters(*gradients, dtype=dtype)
    before = np.concatenate([q.grad.numpy() for q in ps])
    total = torch.nn.utils.clip_grad_norm_(ps, max_norm, p).item()
    after = np.concatenate([q.grad.numpy() for q in ps])
    assert total == pytest.approx(np.linalg.norm(before.astype(float), p), rel=1e-5,
                                  abs=1e-30)
    assert np.linalg.norm(after.astype(float), p) <= max_norm * (1 + 1e-5)
    if total + 1e-6 < max_norm:
        assert (after == before).all()
    shrunk = min(1, max_norm / (total + 1e-6))
    np.testing.assert_allclose(after, before * shrunk, 1e-5, 1e-30)
