"""Laws that hold for every shape, index and dtype; hypothesis looks for exceptions."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import pedagogic_nn as torch
from pedagogic_nn.autograd.arithmetic import promote, unbroadcast

SHAPES = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
NUMBERS = st.floats(-10, 10, width=32)


def array(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def leaf(shape, seed=0):
    return torch.tensor(array(shape, seed), requires_grad=True)


def check_linear(function, *shapes):
    """⟨f(x), g⟩ = ⟨x, fᵀ(g)⟩: backward is the adjoint of a linear function."""
    inputs = [leaf(shape, k) for k, shape in enumerate(shapes)]
    y = function(*inputs)
    g = torch.tensor(array(y.shape, 99))
    y.backward(g)
    left = (y.detach() * g).sum().item()
    right = sum((x.detach() * x.grad).sum().item() for x in inputs if x.grad is not None)
    assert left == pytest.approx(right, rel=1e-9, abs=1e-9)
    for x in inputs:
        assert x.grad is None or x.grad.shape == x.shape


@given(shapes=arrays.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=4))
def test_broadcasting_is_numpys_and_its_adjoint_sums(shapes):
    a, b = shapes.input_shapes
    x, y = array(a), array(b)
    np.testing.assert_allclose((torch.tensor(x) + torch.tensor(y)).numpy(), x + y)
    assert (torch.tensor(x) * torch.tensor(y)).shape == shapes.result_shape
    check_linear(torch.add, a, b)
    check_linear(torch.sub, a, b)
    g = array(shapes.result_shape)
    assert unbroadcast(g, a).shape == a


@given(a=SHAPES, b=SHAPES)
def test_shapes_that_do_not_broadcast_are_refused(a, b):
    try:
        np.broadcast_shapes(a, b)
    except ValueError:
        with pytest.raises(RuntimeError, match="do not broadcast"):
            torch.zeros(a) + torch.zeros(b)
        with pytest.raises(RuntimeError, match="do not broadcast"):
            torch.lt(torch.zeros(a), torch.zeros(b))
    else:
        assert (torch.zeros(a) + torch.zeros(b)).shape == np.broadcast_shapes(a, b)


@given(data=st.data(), shape=arrays.array_shapes(max_dims=4, max_side=4))
def test_indexing_is_numpys_and_its_adjoint_puts_back(data, shape):
    index = data.draw(st.one_of(
        arrays.basic_indices(shape, allow_newaxis=True),
        arrays.integer_array_indices(shape, result_shape=arrays.array_shapes(max_dims=2)),
        arrays.arrays(bool, shape)))
    x = array(shape)
    expected = x[index]
    np.testing.assert_array_equal(torch.tensor(x)[index].numpy(), expected)
    np.testing.assert_array_equal(torch.tensor(x).cuda()[index].cpu().numpy(), expected)
    check_linear(lambda t: t[index], shape)


@given(data=st.data(), shape=arrays.array_shapes(max_dims=3, max_side=4))
def test_writing_at_an_index_is_numpys(data, shape):
    index = data.draw(st.one_of(arrays.basic_indices(shape), arrays.arrays(bool, shape)))
    x = array(shape)
    value = array(np.shape(x[index]), 1)

    def write(a, b):
        a = a * 1
        a[index] = b
        return a

    expected = x.copy()
    expected[index] = value
    np.testing.assert_array_equal(
        write(torch.tensor(x), torch.tensor(value)).numpy(), expected)
    check_linear(write, shape, value.shape)


@given(data=st.data(), shape=arrays.array_shapes(min_dims=1, max_dims=4, max_side=4))
def test_rearrangements_are_orthogonal(data, shape):
    order = data.draw(st.permutations(range(len(shape))))
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    for function in (lambda x: x.permute(order), lambda x: x.flip(dim), lambda x: x.T,
                     lambda x: x.roll(2, dim), lambda x: x.reshape(-1), torch.clone,
                     lambda x: x.unsqueeze(dim),
                     lambda x: torch.cat(x.split(2, dim), dim),
                     lambda x: torch.stack(x.unbind(dim), dim)):
        x = leaf(shape)
        y = function(x)
        y.backward(y.detach())           # fᵀ(f(x)) = x
        assert torch.allclose(x.grad, x.detach())


@given(data=st.data(), shape=arrays.array_shapes(max_dims=4, max_side=4),
       keepdim=st.booleans())
def test_reductions_are_numpys(data, shape, keepdim):
    several = arrays.valid_tuple_axes(len(shape), min_size=1)
    axes = data.draw(st.one_of(st.none(), several))
    x = array(shape)
    for name, options in (("sum", {}), ("mean", {}), ("amax", {}), ("amin", {}),
                          ("var", {"correction": 0})):
        numpy = getattr(np, {"amax": "max", "amin": "min"}.get(name, name))
        ours = getattr(torch.tensor(x), name)(dim=axes, keepdim=keepdim, **options)
        np.testing.assert_allclose(ours.numpy(), numpy(x, axes, keepdims=keepdim),
                                   atol=1e-12)
    check_linear(lambda t: t.sum(axes, keepdim), shape)
    check_linear(lambda t: t.mean(axes, keepdim), shape)


DTYPES = st.sampled_from([*torch.autograd.tensor.DTYPES.values()])


@given(a=DTYPES, b=DTYPES, c=DTYPES)
def test_promotion_is_commutative_and_never_falls(a, b, c):
    x, y, z = (np.zeros(2, d) for d in (a, b, c))
    assert promote(x, y) == promote(y, x) and promote(x, x) == a
    together = promote(x, y, z)
    assert np.promote_types(promote(x, y), together) == together or together.kind == "f"


@given(x=NUMBERS, y=NUMBERS)
def test_division_and_remainder_fit_together(x, y):
    a, b = torch.tensor([x]), torch.tensor([y])
    if abs(y) > 1e-3:
        whole = (a // b) * b + a % b
        assert whole.item() == pytest.approx(np.float32(x), rel=1e-4, abs=1e-3)
        assert (a % b).item() == 0 or np.sign((a % b).item()) == np.sign(np.float32(y))


@given(shape=arrays.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=5),
       seed=st.integers(0, 100))
def test_products_and_einsum_agree(shape, seed):
    m, k = shape
    a, b = torch.tensor(array((m, k), seed)), torch.tensor(array((k, 3), seed + 1))
    for formula, expected in (("ik,kj->ij", a @ b), ("ik->ki", a.T),
                              ("ik,kj->", (a @ b).sum())):
        operands = (a, b) if "," in formula else (a,)
        assert torch.allclose(torch.einsum(formula, *operands), expected)


CHANGES = st.sampled_from(["mul", "add", "sub", "row", "column", "view"])
PROGRAMS = st.lists(st.tuples(CHANGES, st.integers(0, 2)), min_size=1, max_size=6)


@settings(max_examples=80)
@given(program=PROGRAMS)
def test_any_sequence_of_changes_in_place_has_the_right_gradient(program):
    """The same changes in place and by making new tensors: one result, one gradient."""
    def changed(a, b):
        x = a * 1
        views = [x[0], x[:, 1], x.view(9)[2:5]]
        for name, k in program:
            target = {"row": views[0], "column": views[1], "view": views[2]}.get(name, x)
            source = b[k] if target is not x else b
            getattr(target, {"add": "add_", "sub": "sub_"}.get(name, "mul_"))(source)
        return x

    a, b = leaf((3, 3)), leaf((3, 3), 1)
    assert torch.autograd.gradcheck(changed, (a, b), atol=1e-4)
