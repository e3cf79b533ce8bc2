import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.functional import batch_norm
from pedagogic_nn.nn.normalization.batch_norm import (
    batch_norm_backward,
    batch_norm_forward,
    fixed_norm_forward,
)
from tests.harness import backend_tests, case, check_backend, gradient_tests, uniform

LONG = 33  # a plane that has a loop of its own; shorter ones share one


def forward(*shape, **given):
    C = shape[1]
    return case(
        batch_norm_forward, x=given.get("x", shape), weight=(C,), bias=(C,), eps=1e-5
    )


def fixed(*shape):
    C = shape[1]
    return case(
        fixed_norm_forward,
        x=shape,
        mean=(C,),
        variance=uniform(C, low=0.5),
        weight=(C,),
        bias=(C,),
        eps=1e-5,
    )


def backward(*shape, fixed):
    C = shape[1]
    return case(
        batch_norm_backward,
        dy=shape,
        x=shape,
        mean=(C,),
        variance=uniform(C, low=0.5),
        weight=(C,),
        eps=1e-5,
        fixed=fixed,
    )


SHAPES = [
    (4, 3, 1),
    (5, 3, 2),
    (2, 3, 5),
    (2, 2, LONG),
    (1, 1, 2),
    (0, 3, 2),
    (2, 0, 1),
    (0, 1, LONG),
]
CASES = [
    *(forward(*shape) for shape in SHAPES),
    forward(4, 2, 3, x=uniform(4, 2, 3, low=99, high=101)),
    forward(2, 1, LONG, x=np.full((2, 1, LONG), 3, np.float32)),
    *(fixed(*shape) for shape in SHAPES),
    *(backward(*shape, fixed=f) for shape in SHAPES for f in (0, 1)),
]
test_backends = backend_tests(CASES)


def from_batch(input, weight, bias):
    return batch_norm(input, None, None, weight, bias, training=True)


def from_buffers(input, weight, bias):
    C = input.shape[1]
    mean = torch.arange(C, dtype=input.dtype, device=input.device)
    return batch_norm(input, mean, mean + 0.5, weight, bias)


test_gradients = gradient_tests(
    [
        case(function, input=shape, weight=(shape[1],), bias=(shape[1],))
        for function in (from_batch, from_buffers)
        for shape in [(5, 3), (3, 2, 4), (2, 1, LONG), (2, 3, 2, 2)]
    ]
    + [case(from_batch, input=(5, 3), weight=None, bias=None)]
)


def test_by_hand():
    """1 and 3: mean 2, variance 1."""
    norm = nn.BatchNorm1d(1, eps=1e-12)
    y = norm(torch.tensor([[1.0], [3.0]]))
    np.testing.assert_allclose(y.detach().numpy(), [[-1], [1]], rtol=1e-6)
    np.testing.assert_allclose(norm.running_mean.numpy(), [0.2], rtol=1e-6)
    np.testing.assert_allclose(norm.running_var.numpy(), [0.9 + 0.1 * 2], rtol=1e-6)


def test_the_running_average_of_all_batches():
    norm = nn.BatchNorm1d(2, momentum=None)
    batches = [torch.randn(8, 2) for _ in range(3)]
    for x in batches:
        norm(x)
    mean = np.mean([x.numpy().mean(0) for x in batches], axis=0)
    var = np.mean([x.numpy().var(0, ddof=1) for x in batches], axis=0)
    np.testing.assert_allclose(norm.running_mean.numpy(), mean, rtol=1e-5)
    np.testing.assert_allclose(norm.running_var.numpy(), var, rtol=1e-5)
    assert norm.num_batches_tracked.item() == 3
    assert norm.num_batches_tracked.dtype == torch.int64


def test_evaluation_treats_each_example_alone():
    norm = nn.BatchNorm2d(3)
    norm(torch.randn(4, 3, 2, 2))
    norm.eval()
    before = {k: v.clone() for k, v in norm.state_dict().items()}
    x = torch.randn(4, 3, 2, 2)
    np.testing.assert_allclose(
        norm(x)[1:2].detach().numpy(), norm(x[1:2]).detach().numpy(), rtol=1e-6
    )
    for k, v in norm.state_dict().items():
        assert torch.equal(v, before[k]), f"evaluation changed {k}"


def test_gradients_of_evaluation_survive_further_training():
    norm = nn.BatchNorm1d(2).eval()
    x = torch.randn(3, 2, requires_grad=True)
    y = norm(x)
    norm.train()(torch.randn(3, 2) * 9)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 1, rtol=1e-4)


def test_tracking_can_be_switched_off_later():
    norm = nn.BatchNorm1d(2)
    norm.track_running_stats = False
    norm(torch.randn(4, 2))
    assert norm.running_mean.tolist() == [0, 0] and norm.num_batches_tracked.item() == 0


@pytest.mark.parametrize("shape, axes", [((512, 3), 0), ((2, 3, 200), (0, 2))])
def test_a_mean_far_from_zero(shape, axes):
    """The exact answer for these float32 numbers, up to the rounding of the mean."""
    x = (1e4 + np.random.default_rng(0).normal(0, 1, shape)).astype(np.float32)
    y = nn.BatchNorm1d(3)(torch.from_numpy(x)).detach().numpy()
    exact = x.astype(np.float64)
    exact = (exact - exact.mean(axes, keepdims=True)) / exact.std(axes, keepdims=True)
    np.testing.assert_allclose(y, exact, atol=1e-3)


def test_threads_agree():
    results = []
    for shape in [(1100, 256), (28, 40, 256)]:
        x = torch.randn(*shape)
        for threads in (1, 2):
            before = torch.get_num_threads()
            torch.set_num_threads(threads)
            given = x.clone().requires_grad_()
            y = nn.BatchNorm1d(shape[1])(given)
            (y * x).sum().backward()
            results.append((y.detach().numpy(), given.grad.numpy()))
            torch.set_num_threads(before)
        for one, two in zip(*results[-2:]):
            np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("momentum", [0.1, None])
def test_buffers_move_on_a_gpu_too(momentum):
    one, two = nn.BatchNorm1d(2, momentum=momentum), nn.BatchNorm1d(2, momentum=momentum)
    two.cuda()
    for x in (torch.randn(3, 2), torch.randn(4, 2)):
        y, z = one(x), two(x.cuda())
        np.testing.assert_allclose(y.tolist(), z.tolist(), rtol=1e-5, atol=1e-6)
    for name, buffer in one.state_dict().items():
        moved = two.state_dict()[name]
        assert moved.device.type == "cuda" and moved.dtype == buffer.dtype
        np.testing.assert_allclose(moved.tolist(), buffer.tolist(), rtol=1e-6)


def test_half_precision_computes_in_float32():
    x = torch.randn(6, 3).half()
    for norm in (nn.BatchNorm1d(3), nn.BatchNorm1d(3).half()):
        given = x.clone().requires_grad_()
        y = norm(given)
        y.sum().backward()
        assert y.dtype == given.grad.dtype == torch.float16
        assert norm.weight.grad.dtype == norm.weight.dtype == norm.running_mean.dtype
        np.testing.assert_allclose(y.float().detach().numpy().std(0), 1, rtol=2e-3)


def test_not_a_number_stays_in_its_channel():
    x = torch.tensor([[np.nan, 1.0, np.inf], [1.0, 3.0, 1.0]])
    norm = nn.BatchNorm1d(3)
    y = norm(x).detach().numpy()
    assert np.isnan(y[:, [0, 2]]).all()
    np.testing.assert_allclose(y[:, 1], [-1, 1], rtol=1e-4)
    assert np.isnan(norm.running_mean[0].item()) and norm.running_mean[2].item() == np.inf


def test_state_dict_is_pytorchs():
    norm = nn.BatchNorm1d(2)
    assert list(norm.state_dict()) == [
        "weight",
        "bias",
        "running_mean",
        "running_var",
        "num_batches_tracked",
    ]
    norm(torch.randn(4, 2))
    other = nn.BatchNorm1d(2)
    other.load_state_dict(norm.state_dict())
    assert torch.equal(other.running_var, norm.running_var)
    other.reset_parameters()
    assert other.running_var.tolist() == [1, 1] and other.num_batches_tracked.item() == 0
    assert nn.BatchNorm2d(2).double().running_mean.dtype == torch.float64
    assert nn.BatchNorm2d(2).double().num_batches_tracked.dtype == torch.int64


@settings(max_examples=20, deadline=None)
@given(
    n=st.integers(0, 5),
    c=st.integers(0, 5),
    l=st.integers(0, 5) | st.just(LONG),
    far=st.sampled_from([0.0, 1.0, -50.0]),
    wide=st.booleans(),
    seed=st.integers(0, 99),
)
def test_any_shape(n, c, l, far, wide, seed):
    rng = np.random.default_rng(seed)
    dtype = np.float64 if wide else np.float32
    x = (rng.standard_normal((n, c, l)) + far).astype(dtype)
    w, b = rng.standard_normal((2, c)).astype(dtype)
    row = case(batch_norm_forward, x=x, weight=w, bias=b, eps=0.1)
    check_backend(row, "cpu", 1e-4)  # a large mean is rounded in either
    mean, variance = rng.standard_normal(c).astype(dtype), uniform(c).astype(dtype)
    for fixed in (0, 1):
        check_backend(
            case(
                batch_norm_backward,
                dy=x,
                x=x,
                mean=mean,
                variance=variance,
                weight=w,
                eps=0.1,
                fixed=fixed,
            ),
            "cpu",
            1e-4,
        )


def test_says_what_it_expected():
    with pytest.raises(
        ValueError,
        match=r"one value per channel has no.*input of shape "
        r"\(1, 3\).*\.eval\(\)",
    ):
        nn.BatchNorm1d(3)(torch.zeros(1, 3))
    with pytest.raises(
        ValueError,
        match=r"BatchNorm1d\(3\) reads input of shape \(N, C\) "
        r"or \(N, C, L\), got \(3,\)",
    ):
        nn.BatchNorm1d(3)(torch.zeros(3))
    with pytest.raises(ValueError, match=r"reads input of shape \(N, C, H, W\)"):
        nn.BatchNorm2d(3)(torch.zeros(2, 3))
    with pytest.raises(RuntimeError, match="reads 3 channels, got 4"):
        nn.BatchNorm1d(3)(torch.zeros(2, 4))
    with pytest.raises(
        RuntimeError, match="input is float64 and running_mean is float32"
    ):
        nn.BatchNorm1d(3)(torch.zeros(2, 3).double())
    with pytest.raises(RuntimeError, match="floating-point input, got int64"):
        nn.BatchNorm1d(3)(torch.zeros(2, 3).long())
    with pytest.raises(ValueError, match="eps must be positive"):
        nn.BatchNorm1d(3, eps=0.0)(torch.zeros(2, 3))
    with pytest.raises(TypeError, match="num_features must be a whole number, got 2.5"):
        nn.BatchNorm1d(2.5)
    with pytest.raises(RuntimeError, match="are buffers and have no gradient"):
        batch_norm(torch.zeros(2, 3), torch.zeros(3, requires_grad=True), torch.ones(3))
