"""nn.init: bounds, moments, exact patterns, and errors."""
import math

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn import init


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


BIG = (300, 200)          # fan_in 200, fan_out 300; 60,000 draws: moments to about 1 %


def drawn(fill, shape=BIG, **options):
    tensor = torch.zeros(*shape)
    assert fill(tensor, **options) is tensor
    return tensor.numpy()


# ---- all of them ---------------------------------------------------------------------


FILLS = {
    "uniform": {}, "normal": {}, "constant": {"val": 3.0}, "eye": {},
    "xavier_uniform": {}, "xavier_normal": {}, "kaiming_uniform": {},
    "kaiming_normal": {}, "orthogonal": {}, "sparse": {"sparsity": 0.5}}


@pytest.mark.parametrize("name", [*FILLS, "ones", "zeros", "trunc_normal"])
def test_a_parameter_is_filled_in_place_and_nothing_is_recorded(name):
    p = nn.Parameter(torch.full((3, 4), 7.0))
    memory = p.data
    assert getattr(init, name + "_")(p, **FILLS.get(name, {})) is p
    assert p.is_leaf and p.requires_grad and p.grad_fn is None
    assert p.dtype == torch.float32 and not (memory.numpy() == 7.0).all()
    np.testing.assert_array_equal(memory.numpy(), p.detach().numpy())


@pytest.mark.parametrize("name", FILLS)
def test_the_old_names_do_the_same_and_say_so(name):
    old, new = torch.zeros(3, 4), torch.zeros(3, 4)
    torch.manual_seed(1)
    with pytest.warns(FutureWarning, match=rf"nn.init.{name}_"):
        assert getattr(init, name)(old, **FILLS[name]) is old
    torch.manual_seed(1)
    getattr(init, name + "_")(new, **FILLS[name])
    np.testing.assert_array_equal(old.numpy(), new.numpy())
    assert getattr(init, name).__name__ == name


def test_the_old_name_of_dirac():
    with pytest.warns(FutureWarning):
        assert init.dirac(torch.zeros(1, 1, 3)).tolist() == [[[0.0, 1.0, 0.0]]]


@pytest.mark.parametrize("name", [n for n in FILLS if n not in ("constant", "eye")]
                         + ["trunc_normal"])
def test_a_seed_or_a_generator_makes_the_draw_repeatable(name):
    options = FILLS.get(name, {})
    fill = getattr(init, name + "_")

    def draw():
        return fill(torch.zeros(4, 5), **options,
                    generator=torch.Generator().manual_seed(3)).numpy()

    first = draw()
    fill(torch.zeros(4, 5), **options)
    np.testing.assert_array_equal(first, draw())


@pytest.mark.parametrize("dtype", ["float16", "float64"])
@pytest.mark.parametrize("name", [*FILLS, "trunc_normal"])
def test_other_dtypes(name, dtype):
    tensor = torch.zeros(3, 4, dtype=np.dtype(dtype))
    getattr(init, name + "_")(tensor, **FILLS.get(name, {}))
    assert tensor.dtype == np.dtype(dtype) and np.isfinite(tensor.numpy()).all()


# ---- constants -----------------------------------------------------------------------


def test_constants():
    assert init.constant_(torch.zeros(2), 0.3).tolist() == pytest.approx([0.3, 0.3])
    assert init.ones_(torch.zeros(2)).tolist() == [1, 1]
    assert init.zeros_(torch.ones(2)).tolist() == [0, 0]
    assert init.constant_(torch.tensor([1, 2]), 3).tolist() == [3, 3]


@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (4, 2)])
def test_eye(shape):
    np.testing.assert_array_equal(drawn(init.eye_, shape), np.eye(*shape))


@pytest.mark.parametrize("shape, groups, ones", [       # recorded from PyTorch 2.13
    ((2, 3, 3, 3), 1, [(0, 0, 1, 1), (1, 1, 1, 1)]),
    ((4, 2, 3), 2, [(0, 0, 1), (1, 1, 1), (2, 0, 1), (3, 1, 1)]),
    ((3, 1, 2, 2, 5), 1, [(0, 0, 1, 1, 2)])])
def test_dirac(shape, groups, ones):
    weight = drawn(init.dirac_, shape, groups=groups)
    assert list(zip(*weight.nonzero(), strict=True)) == ones and weight.sum() == len(ones)


# ---- distributions -------------------------------------------------------------------


def assert_uniform(values, bound):
    """Inside (-bound, bound), close to its ends, and flat: quarters hold a quarter."""
    assert abs(values).max() <= bound and abs(values).max() > 0.999 * bound
    quarters, _ = np.histogram(values, 4, (-bound, bound))
    np.testing.assert_allclose(quarters / values.size, 0.25, atol=0.01)


def assert_normal(values, std):
    """Mean 0, the right deviation, and 68.3 % within one of it."""
    assert abs(values.mean()) < 0.02 * std
    assert values.std() == pytest.approx(std, rel=0.02)
    assert (abs(values) < std).mean() == pytest.approx(0.683, abs=0.01)


def test_uniform_and_normal():
    assert_uniform(drawn(init.uniform_, a=-3, b=3), 3)
    assert_normal(drawn(init.normal_, mean=5, std=2) - 5, 2)


def test_xavier_by_its_formula():
    assert_uniform(drawn(init.xavier_uniform_, gain=2), 2 * math.sqrt(6 / 500))
    assert_normal(drawn(init.xavier_normal_, gain=2), 2 * math.sqrt(2 / 500))


@pytest.mark.parametrize("mode, fan", [("fan_in", 200), ("fan_out", 300)])
@pytest.mark.parametrize("nonlinearity, a, gain", [
    ("relu", 0, math.sqrt(2)), ("leaky_relu", 1, 1), ("tanh", 0, 5 / 3)])
def test_kaiming_by_its_formula(mode, fan, nonlinearity, a, gain):
    options = {"a": a, "mode": mode, "nonlinearity": nonlinearity}
    std = gain / math.sqrt(fan)
    assert_uniform(drawn(init.kaiming_uniform_, **options), math.sqrt(3) * std)
    assert_normal(drawn(init.kaiming_normal_, **options), std)


def test_fans_of_a_convolution_count_its_kernel():
    assert init._calculate_fan_in_and_fan_out(torch.zeros(5, 3, 2, 2)) == (12, 20)
    shape = (250, 60, 2, 2)                                 # fan_in 240, fan_out 1000
    assert_uniform(drawn(init.kaiming_uniform_, shape, nonlinearity="linear"),
                   math.sqrt(3 / 240))
    assert_uniform(drawn(init.xavier_uniform_, shape), math.sqrt(6 / 1240))


@pytest.mark.parametrize("mean, std, a, b", [
    (0, 1, -2, 2), (0, 0.02, -2, 2), (1, 2, 0, 1.5), (0, 1, 3, 4), (-3, 1, -2, 9),
    (100, 1, -2, 2), (0, 1, -1e9, 1e9)])
def test_trunc_normal_has_the_truncated_distribution(mean, std, a, b):
    values = drawn(init.trunc_normal_, mean=mean, std=std, a=a, b=b)
    assert values.min() >= a and values.max() <= b
    # the moments of the truncated normal, by summing its density
    x = np.linspace(max(a, -12), min(b, 12), 2_000_001)
    exponent = -((x - mean) / std) ** 2 / 2
    density = np.exp(exponent - exponent.max())
    expected = (x * density).sum() / density.sum()
    spread = math.sqrt(((x - expected) ** 2 * density).sum() / density.sum())
    assert values.mean() == pytest.approx(expected, abs=0.02 * spread)
    assert values.std() == pytest.approx(spread, rel=0.02)


@pytest.mark.parametrize("mean, value", [(0.5, 0.5), (7, 2.0), (-7, -2.0)])
def test_trunc_normal_without_spread_is_the_nearest_value(mean, value):
    assert drawn(init.trunc_normal_, (4,), mean=mean, std=0.0).tolist() == [value] * 4


def test_trunc_normal_of_an_empty_interval():
    with pytest.raises(RuntimeError, match="empty"):
        init.trunc_normal_(torch.zeros(2), a=2, b=-2)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4), (4, 2, 3), (1, 1)])
@pytest.mark.parametrize("gain", [1, 2.5])
def test_orthogonal_rows_or_columns(shape, gain):
    w = drawn(init.orthogonal_, shape, gain=gain).reshape(shape[0], -1).astype(float)
    square = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(square, gain**2 * np.eye(len(square)), atol=1e-5)


def test_orthogonal_points_everywhere_equally():
    # without the signs of R's diagonal, the first entry would never be positive
    signs = [float(drawn(init.orthogonal_, (3, 3))[0, 0]) > 0 for _ in range(60)]
    assert 10 < sum(signs) < 50


@pytest.mark.parametrize("sparsity, zeros", [
    (0.5, 150), (0.001, 1), (0.0, 0), (1.0, 300)])
def test_sparse_has_the_same_number_of_zeros_in_each_column(sparsity, zeros):
    w = drawn(init.sparse_, sparsity=sparsity, std=0.1)
    assert set((w == 0).sum(axis=0)) == {zeros}
    if zeros < 300:
        assert w[w != 0].std() == pytest.approx(0.1, rel=0.05)
    if zeros == 150:
        assert len({tuple(np.flatnonzero(w[:, j] == 0)) for j in range(200)}) == 200


@pytest.mark.parametrize("name", ["xavier_uniform_", "xavier_normal_", "kaiming_uniform_",
                                  "kaiming_normal_", "orthogonal_", "eye_", "ones_"])
def test_empty_tensors_stay_empty(name):
    assert getattr(init, name)(torch.zeros(0, 3)).shape == (0, 3)


def test_a_view_is_filled_and_its_neighbours_are_not():
    w = torch.zeros(4, 4)
    init.ones_(w[1:3, ::2])
    assert w.numpy().sum() == 4 and w.numpy()[1, 0] == 1


# ---- errors --------------------------------------------------------------------------


@pytest.mark.parametrize("name, shape", [
    ("xavier_uniform_", (3,)), ("kaiming_normal_", ()), ("orthogonal_", (3,)),
    ("eye_", (3,)), ("eye_", (3, 3, 3)), ("dirac_", (3, 3)), ("dirac_", (1,) * 6)])
def test_dimensions_are_checked(name, shape):
    with pytest.raises(ValueError, match=f"{name}: expected a tensor of .* dimensions, "
                                         f"got {len(shape)}"):
        getattr(init, name)(torch.zeros(*shape) if shape else torch.tensor(0.0))


@pytest.mark.parametrize("call, told", [
    (lambda: init.sparse_(torch.zeros(3), 0.1), "sparse_: expected"),
    (lambda: init.kaiming_uniform_(torch.zeros(3, 3), mode="x"), "'fan_in' or 'fan_out'"),
    (lambda: init.kaiming_uniform_(torch.zeros(3, 3), nonlinearity="x"), "known are"),
    (lambda: init.dirac_(torch.zeros(3, 2, 3), groups=2), "3 output channels"),
    (lambda: init.calculate_gain("leaky_relu", "a"), "must be a number"),
    (lambda: init.calculate_gain("leaky_relu", True), "must be a number"),
])
def test_arguments_are_checked(call, told):
    with pytest.raises(ValueError, match=told):
        call()


@pytest.mark.parametrize("nonlinearity, param, gain", [       # recorded from PyTorch 2.13
    ("linear", None, 1), ("conv1d", None, 1), ("conv_transpose2d", None, 1),
    ("sigmoid", None, 1), ("selu", None, 0.75), ("tanh", None, 1.6666666666666667),
    ("relu", None, 1.4142135623730951), ("leaky_relu", None, 1.4141428569978354),
    ("leaky_relu", 0.5, 1.2649110640673518)])
def test_gains(nonlinearity, param, gain):
    assert init.calculate_gain(nonlinearity, param) == gain
