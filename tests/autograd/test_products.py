"""Matrix products and einsum."""
import numpy as np
import pytest

import pedagogic_nn as torch
from tests.harness import case, gradient_tests

GRADIENTS = [
    *(case(torch.matmul, a=a, b=b) for a, b in [
        ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)),
        ((5, 2, 3), (3, 4)),
        ((2, 3), (5, 3, 4)), ((5, 1, 2, 3), (4, 3, 2)), ((3,), (5, 3, 4)),
        ((5, 2, 3), (3,)), ((0, 3), (3, 2)), ((2, 0), (0, 3)), ((1, 1), (1, 1))]),
    case(torch.addmm, x=(4,), a=(2, 3), b=(3, 4), beta=0.5, alpha=2.0),
    case(torch.addmv, x=(2,), a=(2, 3), b=(3,)), case(torch.outer, a=(2,), b=(3,)),
    case(torch.baddbmm, x=(1, 2, 4), a=(5, 2, 3), b=(5, 3, 4), alpha=2.0),
    *(case(lambda x, y, f=formula: torch.einsum(f, x, y), x=x, y=y) for formula, x, y in [
        ("ij,jk->ik", (2, 3), (3, 4)), ("i,j->ij", (2,), (3,)),
        ("ij,ij->", (2, 3), (2, 3)),
        ("bij,bj->bi", (2, 3, 4), (2, 4)), ("...ij,jk->...ik", (2, 1, 3, 4), (4, 2)),
        ("ii,i->", (3, 3), (3,)), ("ij,kl->k", (2, 3), (4, 2)),
        ("ij,jk", (2, 3), (3, 2))]),
    *(case(lambda x, f=formula: torch.einsum(f, x), x=(3, 3)) for formula in
      ("ij->ji", "ij->i", "ij->", "ii->i", "ii", "ji")),
    case(lambda x, y, z: torch.einsum("bi,ij,bj->b", x, y, z), x=(2, 3), y=(3, 4),
         z=(2, 4)),
]

test_gradients = gradient_tests(GRADIENTS)


def test_einsum_is_numpys():
    rng = np.random.default_rng(0)
    x, y = rng.random((2, 3, 4)), rng.random((4, 3, 5))
    for formula in ("ijk,kjl->il", "ijk,kjl->lik", "ijk,kjl", "ijk,mjl->ikml"):
        np.testing.assert_allclose(
            torch.einsum(formula, torch.tensor(x), torch.tensor(y)).numpy(),
            np.einsum(formula, x, y))


@pytest.mark.parametrize("compute, told", [
    (lambda a, b: a @ a, r"\(2, 3\) and \(2, 3\) do not fit: 3 columns meet 2 rows"),
    (lambda a, b: a @ torch.tensor(1.0), r"use \*"),
    (lambda a, b: a @ b.double(), r"got float32 and float64; convert one"),
    (lambda a, b: a.bmm(b), "bmm: expected tensors with 3 and 3 axes"),
    (lambda a, b: a.mv(b), "mv: expected tensors with 2 and 1 axes"),
    (lambda a, b: a[None].bmm(b.expand(2, 3, 4)), "batches of one size, got 1 and 2"),
    (lambda a, b: torch.outer(a, b), "outer: expected two vectors"),
    (lambda a, b: torch.einsum("ij,jk->ik", a), "names 2 operands, got 1"),
    (lambda a, b: torch.einsum("ijk->i", a), "'ijk' does not fit"),
    (lambda a, b: torch.einsum("ij,jk->ik", a, a), "einsum 'ij,jk->ik'"),
    (lambda a, b: torch.einsum("ij->iz", a), "einsum")])
def test_errors_teach(compute, told):
    with pytest.raises(RuntimeError, match=told):
        compute(torch.ones(2, 3), torch.ones(3, 4))


def test_beta_zero_does_not_read_the_summand():
    x = torch.full((2, 2), float("nan"))
    assert torch.addmm(x, torch.ones(2, 2), torch.ones(2, 2),
                       beta=0).tolist() == [[2, 2]] * 2


def test_half_precision_and_integers():
    a = torch.ones(2, 3).half()
    assert (a @ a.T).dtype == torch.float16 and (a @ a.T).tolist() == [[3, 3], [3, 3]]
    k = torch.arange(4).view(2, 2)
    assert (k @ k).tolist() == [[2, 3], [6, 11]]
