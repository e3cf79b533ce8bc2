"""Sums, means, extrema, norms, orderings: gradients on every backend, and edge cases."""
import numpy as np
import pytest

import pedagogic_nn as torch
from tests.harness import case, gradient_tests, uniform

SHAPE = (2, 3, 4)
REDUCTIONS = """sum mean std var prod amax amin logsumexp norm nansum nanmean""".split()

GRADIENTS = [
    *(case(getattr(torch, name), x=SHAPE, dim=dim, keepdim=keep) for name in REDUCTIONS
      for dim, keep in [(0, False), (-1, True), (1, False)]),
    *(case(getattr(torch, name), x=SHAPE, dim=fixed_dims, keepdim=False)
      for name in ("sum", "mean", "std", "var", "amax", "logsumexp", "norm")
      for fixed_dims in ([0, 2],)),
    *(case(getattr(torch, name), x=SHAPE) for name in
      ("sum", "mean", "std", "var", "prod", "max", "min", "norm", "median")),
    *(case(getattr(torch, name), x=(3, 4), dim=1) for name in
      ("max", "min", "cumsum", "cumprod", "median", "sort")),
    *(case(torch.norm, x=(3, 4), p=p, dim=1) for p in (1, 3, 1.5, float("inf"))),
    case(torch.cumprod, x=np.array([[1, 0, 2, 0, 3.0]]), dim=1),
    case(torch.cumprod, x=np.array([0, 2, 3.0]), dim=0),
    case(torch.prod, x=np.array([1, 0, 2.0])), case(torch.prod, x=np.array([0, 0, 2.0])),
    case(torch.topk, x=(3, 4), k=2), case(torch.kthvalue, x=(3, 4), k=2),
    case(torch.sort, x=(3, 4), dim=0, descending=True),
    case(torch.sum, x=()), case(torch.sum, x=(0, 3), dim=0), case(torch.max, x=(), dim=0),
    case(torch.logsumexp, x=uniform(2, 3, low=500, high=600), dim=1),
    case(torch.quantile, x=(3, 4), q=0.3, dim=0), case(torch.quantile, x=(5,), q=0.7),
    case(torch.var_mean, x=(3, 4), dim=0), case(torch.aminmax, x=(3, 4), dim=1),
]

test_gradients = gradient_tests(GRADIENTS)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_indices_point_at_the_values(device):
    x = torch.randn(3, 5, device=device)
    for name in ("max", "min", "median"):
        values, indices = getattr(x, name)(1)
        assert torch.equal(x.gather(1, indices.unsqueeze(1)).squeeze(1), values)
    values, order = x.sort(0)
    assert torch.equal(x.gather(0, order), values) and order.device is x.device
    assert x.argmax().item() == x.cpu().numpy().argmax()


def test_equal_elements_share_or_take_turns():
    x = torch.tensor([2.0, 1.0, 2.0], requires_grad=True)
    x.max().backward()
    assert x.grad.tolist() == [0.5, 0, 0.5]
    x.grad = None
    x.max(0).values.backward()
    assert sorted(x.grad.tolist()) == [0, 0, 1]
    assert torch.tensor([3, 1, 3, 1]).argsort().tolist() == [1, 3, 0, 2]
    assert torch.tensor([3, 1, 3, 1]).argsort(descending=True).tolist() == [0, 2, 1, 3]


def test_norms_and_deviations_of_nothing_have_gradient_zero():
    for compute in (torch.norm, torch.std, lambda x: x.norm(3),
                    lambda x: x.norm(2, 0).sum()):
        x = torch.zeros(3, requires_grad=True)
        compute(x).backward()
        assert x.grad.tolist() == [0, 0, 0]


def test_logsumexp_does_not_overflow():
    assert torch.logsumexp(torch.tensor([1000.0, 1000.0]), 0).item() == pytest.approx(
        1000 + np.log(2))
    assert torch.full((2,), -np.inf).logsumexp(0).item() == -np.inf


@pytest.mark.parametrize("compute, error, told", [
    (lambda x: x.sum(2), IndexError, r"sum: dim 2 .* dims -2 … 1"),
    (lambda x: x.mean((0, 0)), RuntimeError, "names an axis twice"),
    (lambda x: x.sum(True), TypeError, "sum: dim must be a whole number, got True"),
    (lambda x: x.amax("a"), TypeError, "amax: dim must be a whole number, got 'a'"),
    (lambda x: x.cumsum(None), TypeError, "cumsum: dim must be a whole number"),
    (lambda x: x.long().mean(), RuntimeError, r"say x\.float\(\)\.mean\(\)"),
    (lambda x: x.long().norm(), RuntimeError, r"say x\.float\(\)\.norm\(\)"),
    (lambda x: x[:0].max(), RuntimeError, "without elements"),
    (lambda x: x[:0].max(0), IndexError, "no elements"),
    (lambda x: x[:0].argmin(0), IndexError, "no elements"),
    (lambda x: x.topk(5), RuntimeError, "topk: k is 5, but axis -1 has 3"),
    (lambda x: x.kthvalue(0), RuntimeError, "kthvalue: k is 0"),
    (lambda x: x.bincount(), RuntimeError, "1-D tensor of whole numbers")])
def test_errors_teach(compute, error, told):
    with pytest.raises(error, match=told):
        compute(torch.zeros(2, 3))


def test_the_median_of_nan_is_nan():
    x = torch.tensor([[1.0, np.nan, 3.0], [5.0, 4.0, 6.0]])
    values, indices = x.median(1)
    assert values[0].isnan() and indices.tolist() == [1, 0] and values[1] == 5
    assert x.median().isnan() and x[1].median() == 5
    assert x.median(1, keepdim=True).values.shape == (2, 1)


def test_equal_medians_share_the_gradient_as_in_pytorch():
    x = torch.tensor([1.0, 2.0, 2.0, 3.0], requires_grad=True)
    x.median().backward()
    assert x.grad.tolist() == [0, 0.5, 0.5, 0]


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_quantiles(device):
    x = torch.tensor([[4.0, 1.0, 2.0], [np.nan, 0.0, 5.0]], device=device)
    q = torch.tensor([0.0, 0.75], device=device)
    assert x[0].quantile(0.75).item() == 3
    assert x[0].quantile(q).tolist() == [1, 3]
    several = x.quantile(q, dim=1, keepdim=True)
    assert several.shape == (2, 2, 1) and several[:, 0, 0].tolist() == [1, 3]
    assert several[:, 1].isnan().all()
    kinds = {kind: x[0].quantile(0.75, interpolation=kind).item()
             for kind in ("lower", "higher", "nearest", "midpoint")}
    assert kinds == {"lower": 2, "higher": 4, "nearest": 4, "midpoint": 3}


def test_histc_counts_in_equal_parts():
    x = torch.tensor([0.0, 0.9, 1.0, 2.0, 3.0, np.nan])
    assert x[:5].histc(3).tolist() == [2, 1, 2]
    assert x.histc(2, 0, 2).tolist() == [2, 2]
    assert torch.ones(2).histc(2).tolist() == [0, 2]


@pytest.mark.parametrize("compute, error, told", [
    (lambda x: x.quantile(1.5), RuntimeError, "q must be from 0 to 1"),
    (lambda x: x.quantile("a"), TypeError, "q must be a number, got str"),
    (lambda x: x.half().quantile(0.5), RuntimeError, "got float16"),
    (lambda x: x[:0].quantile(0.5), RuntimeError, r"of shape \(0, 3\)"),
    (lambda x: x.quantile(0.5, interpolation="x"), RuntimeError, "must be one of linear"),
    (lambda x: x.histc(0), RuntimeError, "bins must be positive, got 0"),
    (lambda x: x.histc(2, 2, 1), RuntimeError, "finite min <= max, got 2 and 1"),
    (lambda x: x.long().histc(), NotImplementedError, "real numbers, got int64")])
def test_quantiles_and_counts_that_are_refused(compute, error, told):
    with pytest.raises(error, match=told):
        compute(torch.zeros(2, 3))


def test_counting():
    x = torch.tensor([1, 3, 1, 0])
    assert x.bincount().tolist() == [1, 2, 0, 1]
    assert x.bincount(torch.tensor([0.5, 1, 2, 4])).tolist() == [4, 2.5, 0, 1]
    assert x.bincount(minlength=6).tolist() == [1, 2, 0, 1, 0, 0]
    values, inverse, counts = x.unique(return_inverse=True, return_counts=True)
    assert values[inverse].tolist() == x.tolist() and counts.tolist() == [1, 2, 1]
    assert x.count_nonzero().item() == 3
