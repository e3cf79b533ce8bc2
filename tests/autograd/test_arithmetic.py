"""Operators and elementwise functions: gradients on every backend, and rules."""
import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn.autograd.arithmetic import choose, fill_where, promote, unbroadcast
from tests.harness import backend_tests, case, gradient_tests, saturated, uniform

SOME = np.array([[True, False, True], [False, False, True]])
test_backends = backend_tests([
    case(choose, x=(2, 3), y=(2, 3), condition=SOME),
    case(choose, x=saturated(2, 3), y=uniform(2, 3), condition=SOME),
    case(choose, x=(0, 3), y=(0, 3), condition=np.zeros((0, 3), bool)),
    case(choose, x=(1,), y=(1,), condition=np.array([True])),
    case(fill_where, x=(2, 3), condition=SOME, number=-np.inf),
    case(fill_where, x=saturated(2, 3), condition=SOME, number=0.0),
    case(fill_where, x=(0, 3), condition=np.zeros((0, 3), bool), number=1.0),
])

AWAY = uniform(2, 3, low=0.2, high=0.9)          # inside the domain of every function

GRADIENTS = [
    *(case(getattr(torch, name), x=AWAY)
      for name in """exp exp2 expm1 log log2 log10 log1p
        sqrt rsqrt sin cos tan asin acos atan sinh cosh asinh atanh erf neg reciprocal
        square abs floor ceil trunc round sign frac""".split()),
    case(torch.acosh, x=AWAY + 1),
    *(case(getattr(torch, name), x=a, y=b) for name in
      ("add", "sub", "mul", "div", "maximum", "minimum", "remainder", "fmod", "pow")
      for a, b in [(AWAY, uniform(2, 3, low=0.3)), (AWAY, uniform(3, low=0.3)),
                   (uniform(2, 1, low=0.3), AWAY), (uniform(low=0.4), AWAY),
                   (uniform(0, 3), uniform(1, low=0.3))]),
    case(torch.atan2, y=AWAY, x=(3,)),
    case(torch.lerp, start=(2, 3), end=(3,), weight=AWAY),
    case(torch.clamp, x=(2, 3), min=-0.5, max=0.5), case(torch.clamp, x=(2, 3), max=0.0),
    case(torch.where, condition=np.array([True, False, True]), x=(2, 3), y=(2, 1)),
    case(torch.nan_to_num, x=(4,)), case(torch.pow, x=AWAY, y=2),
    case(torch.pow, x=AWAY, y=0),
    case(torch.pow, x=AWAY, y=-1.5), case(torch.exp, x=()), case(torch.exp, x=(0, 2)),
    case(lambda x, mask: x.masked_fill(mask, 2.0), x=(2, 3),
         mask=np.array([False, True, False])),
    case(lambda x, y: x.addcmul(y, y, value=2), x=(3,), y=(2, 3)),
    case(lambda x, y: x.addcdiv(y, y + 2, value=2), x=(3,), y=AWAY),
    case(lambda x: 2 - x + 3 / (x + 2) + 2**x - (-x) + abs(x), x=AWAY),
]

test_gradients = gradient_tests(GRADIENTS)


@pytest.mark.parametrize("shape, grown", [
    ((2, 3), (2, 3)), ((3,), (2, 3)), ((2, 1), (2, 3)), ((), (2, 3)), ((1, 1), (4, 2, 3)),
    ((0, 1), (0, 3)), ((1,), (0,))])
def test_unbroadcast_is_the_adjoint_of_broadcasting(shape, grown):
    rng = np.random.default_rng(0)
    x, g = rng.random(shape), rng.random(grown)
    y = np.broadcast_to(x, grown)
    back = unbroadcast(g, shape)
    assert back.shape == shape
    np.testing.assert_allclose((y * g).sum(), (x * back).sum())


def test_nan_passes_the_gradient_to_both_sides_of_a_maximum():
    for f in (torch.maximum, torch.minimum):
        x = torch.tensor([np.nan, 1.0, 2.0], requires_grad=True)
        y = torch.tensor([1.0, 1.0, np.nan], requires_grad=True)
        f(x, y).sum().backward()
        assert x.grad.tolist() == y.grad.tolist() == [1, 0.5, 1]


def test_the_angle_of_the_origin_has_no_slope():
    y = torch.zeros(2, requires_grad=True)
    torch.atan2(y, torch.tensor([0.0, 1.0])).sum().backward()
    assert y.grad.tolist() == [0, 1]


def test_clamped_at_nan_everything_is_nan():
    assert torch.clamp(torch.ones(2), min=float("nan")).isnan().all()


def test_a_negative_divisor_of_uint8_stays_negative():
    x = torch.tensor([3], dtype=torch.uint8)
    assert (x / -1).item() == -3 and (-6 / x).item() == -2 and (x + -1).item() == 2


def test_masked_fill_keeps_the_dtype_and_stretches():
    x, mask = torch.tensor([1, 2]), torch.tensor([[True, False], [False, True]])
    y = x.masked_fill(mask, torch.tensor(5.5))
    assert y.tolist() == [[5, 2], [1, 5]] and y.dtype == torch.int64


def test_a_number_never_widens_a_tensor_of_its_kind():
    f32, f64 = np.zeros(2, np.float32), np.zeros((), np.float64)
    i16 = np.zeros(1, np.int16)
    assert promote(f32, f64) == np.float32 and promote(i16, 7) == np.int16
    assert promote(i16, 1.5) == np.float32 and promote(i16, f64) == np.float64
    assert promote(f32, np.float64(2)) == np.float32


def test_the_default_dtype_is_what_integers_become():
    torch.set_default_dtype(torch.float64)
    try:
        assert (torch.tensor([1]) / 2).dtype == torch.tensor(1.0).dtype == torch.float64
        assert torch.zeros(1).dtype == torch.Tensor(1).dtype == torch.float64
        assert repr(torch.zeros(1)) == "tensor([0.])"
    finally:
        torch.set_default_dtype(torch.float32)
    assert (torch.tensor([1]) + 0.5).dtype == torch.get_default_dtype() == torch.float32
    with pytest.raises(TypeError, match="floating-point"):
        torch.set_default_dtype(torch.int64)


@pytest.mark.parametrize("compute, told", [
    (lambda x: x + torch.ones(2), r"add: shapes \(3, 4\) and \(2,\) do not broadcast"),
    (lambda x: x > torch.ones(2), "greater: shapes"), (lambda x: x + "a", "got str"),
    (lambda x: torch.where(x > 0, x, torch.ones(2)), "where: shapes"),
    (lambda x: torch.where(x, x, x), "expected a bool condition"),
    (lambda x: x.masked_fill(torch.ones(2).bool(), 0), "do not broadcast"),
    (lambda x: x.masked_fill_(torch.ones(2, 3, 4).bool(), 0), "does not fit into"),
    (lambda x: x.masked_fill(x > 0, torch.ones(4)), "must be a single number"),
    (lambda x: x.long().masked_fill(x > 0, float("nan")), "nan does not fit into int64"),
    (lambda x: x - True, "bools cannot be subtracted"),
    (lambda x: x - (x > 0), "bools cannot be subtracted"),
    (lambda x: torch.arange(3) // torch.arange(3), "ZeroDivisionError"),
    (lambda x: torch.arange(3) % 0, "remainder: ZeroDivisionError"),
    (lambda x: torch.fmod(torch.arange(3), 0), "fmod: ZeroDivisionError"),
    (lambda x: torch.div(torch.arange(3), 0, rounding_mode="trunc"), "ZeroDivisionErr"),
    (lambda x: (x > 0) // (x > 0), "not there for bools"),
    (lambda x: (x > 0) ** (x > 0), "not there for bools"),
    (lambda x: x & 1, "bools and whole numbers, got float32"),
    (lambda x: torch.clamp([1.0], 0), "clamp: input must be a tensor, got list"),
    (lambda x: x.clamp("a"), "clamp: min must be a number, got str"),
    (lambda x: x @ [1.0], "matmul: other must be a tensor, got list"),
    (lambda x: torch.mm(x, None), "mm: other must be a tensor, got NoneType"),
    (lambda x: torch.clamp(x), "give min, max, or both"), (lambda x: ~x, "inverts bools"),
    (lambda x: torch.div(x, 2, rounding_mode="up"), "rounding_mode"),
    (lambda x: (x > 0) - (x > 0), "bools cannot be subtracted"),
    (lambda x: -(x > 0), "~x"),
    (lambda x: torch.arange(3) ** -1, "negative integer powers")])
def test_errors_teach(compute, told):
    with pytest.raises((RuntimeError, TypeError), match=told):
        compute(torch.ones(3, 4))


def test_a_slope_that_is_not_needed_is_not_computed():
    x = torch.tensor([0.0], requires_grad=True)
    y = torch.tensor([2.0])
    (y ** x).backward(torch.ones(1))
    assert x.grad.item() == pytest.approx(np.log(2))


def test_what_a_product_does_not_read_may_be_changed():
    x = torch.ones(2, requires_grad=True)
    y = torch.ones(2)
    h = x * 3                            # h is not read by its own gradient
    z = h + y
    h.add_(1)
    y.add_(1)
    z.sum().backward()
    assert x.grad.tolist() == [3, 3]


def test_logic():
    a, b = torch.tensor([0, 1, 2]), torch.tensor([0.0, 0.0, 3.0])
    assert a.logical_and(b).tolist() == [False, False, True]
    assert a.logical_or(b).tolist() == [False, True, True]
    assert a.logical_xor(b).tolist() == [False, True, False]
    assert (a & 1).tolist() == [0, 1, 0] and (~a).tolist() == [-1, -2, -3]
    assert ((a > 0) | (b > 0)).tolist() == [False, True, True]
    assert ((a > 0) ^ True).tolist() == [True, False, False]


@pytest.mark.parametrize(("long", "short"), [
    ("not_equal", "ne"), ("less", "lt"), ("less_equal", "le"), ("greater", "gt"),
    ("greater_equal", "ge")])
def test_comparisons_have_a_long_name_too(long, short):
    x = torch.tensor([1.0, 2.0, 3.0])
    for both in (torch, torch.Tensor):
        assert getattr(both, long)(x, 2).equal(getattr(both, short)(x, 2))


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.int64])
@pytest.mark.parametrize("x, y, condition", [
    ((2, 3), (2, 3), (2, 3)), ((2, 3), (), (3,)), ((), (2, 3), (2, 3)),
    ((2, 3), (3,), (2, 1)), ((3,), (), (2, 3)), ((), (), (2,)), ((2, 3), (2, 3), (1, 3)),
])
def test_where_gives_what_numpy_does_whatever_is_stretched(x, y, condition, dtype):
    rng = np.random.default_rng(0)
    a, b = (rng.integers(-9, 9, s).astype(dtype) for s in (x, y))
    chosen = rng.random(condition) < 0.5
    found = torch.where(torch.tensor(chosen), torch.tensor(a), torch.tensor(b))
    np.testing.assert_array_equal(found.numpy(), np.where(chosen, a, b))
    assert found.dtype == dtype
    found = torch.where(torch.tensor(chosen), torch.tensor(a), 7)
    np.testing.assert_array_equal(found.numpy(), np.where(chosen, a, 7))


def test_what_is_not_chosen_gets_no_gradient_even_if_it_is_infinite():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = torch.where(torch.tensor([True, False]), x, x / 0)
    y.backward(torch.tensor([1.0, float("inf")]))
    z = torch.tensor([1.0, 2.0], requires_grad=True)
    z.masked_fill(torch.tensor([True, False]), 0).backward(torch.tensor([np.nan, 1.0]))
    assert z.grad.tolist() == [0, 1]
