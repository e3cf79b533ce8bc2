"""What an operation keeps for backward is guarded, and it keeps no more than it needs."""
import pytest

import pedagogic_nn as torch

# An expression of h (computed), c (constant) and its result y; which of them it keeps.
KEEPS = {
    "h * c": "c", "h * h": "h", "h / c": "c", "2 / h": "h", "h ** 2": "h", "h ** c": "hc",
    "h.exp()": "y", "h.exp2()": "y", "h.expm1()": "y", "h.sqrt()": "y", "h.rsqrt()": "y",
    "h.tan()": "y", "h.tanh()": "y", "h.sigmoid()": "y", "h.relu()": "y", "h.log()": "h",
    "h.log2()": "h", "h.log10()": "h", "h.log1p()": "h", "h.sin()": "h", "h.cos()": "h",
    "h.sinh()": "h", "h.cosh()": "h", "h.asin()": "h", "h.acos()": "h", "h.atan()": "h",
    "h.asinh()": "h", "h.atanh()": "h", "h.erf()": "h", "h.abs()": "h",
    "h.clamp(0.1, 0.6)": "h", "torch.maximum(h, c)": "hc", "torch.atan2(h, c)": "hc",
    "h.prod()": "h", "h.cumprod(0)": "hy", "h.max()": "hy", "h.amax(0)": "hy",
    "h.logsumexp(0)": "hy", "h @ c": "c", "h @ h": "h",
    "torch.einsum('i,i->', h, c)": "c", "h + c": "", "h - c": "", "h * 2": "",
    "h / 2": "", "-h": "", "h.sum()": "",
    "h.mean()": "", "h.cumsum(0)": "", "h % 0.7": "", "h.round()": "", "h.flip(0)": "",
    "h.clone()": "", "torch.cat([h, c])": "", "torch.stack([h, c])": "", "h[[0, 0]]": "",
    "h[torch.tensor([True, False, True])]": "", "h.max(0).values": "",
}


def computed(expression):
    """(leaf, its product h, constant c, the expression's result y)."""
    x = torch.tensor([0.2, 0.5, 0.7], requires_grad=True)
    h, c = x * 1, torch.tensor([0.3, 0.4, 0.9])
    return x, h, c, eval(expression, {"torch": torch, "h": h, "c": c})


@pytest.mark.parametrize("name", "hcy")
@pytest.mark.parametrize("expression", KEEPS)
def test_a_change_is_noticed_exactly_where_it_matters(expression, name):
    x, h, c, y = computed(expression)
    weights = torch.arange(1, 1 + y.numel()).float().view(y.shape)
    y.backward(weights)
    expected = x.grad.tolist()

    x, h, c, y = computed(expression)
    operation = y.grad_fn.function.__name__
    {"h": h, "c": c, "y": y}[name].add_(0.1)
    if name in KEEPS[expression]:
        with pytest.raises(RuntimeError, match=f"^{operation}: .* changed in place"):
            y.backward(weights)
    else:
        y.backward(weights)
        assert x.grad.tolist() == expected


def test_the_message_counts_the_changes_and_shows_the_way_out():
    h = torch.ones(2, requires_grad=True) * 1
    y = h * h
    h += 1
    h += 1
    with pytest.raises(RuntimeError, match=(
            r"^Mul: .* saved at version 0 .* at version 2 .* x = x \+ 1, not x \+= 1")):
        y.sum().backward()


@pytest.mark.parametrize("change", [
    lambda h: h.detach().zero_(), lambda h: h[0].zero_(), lambda h: h.t().zero_(),
    lambda h: h.view(-1)[1:].zero_(), lambda h: h.__setitem__(0, 5.0),
    lambda h: h.detach()[1].fill_(2), lambda h: h.unsqueeze(0)[0].mul_(2),
    lambda h: h.detach().copy_(torch.zeros(2, 2))],
    ids=["detach", "row", "transpose", "part", "setitem", "row of detach", "unsqueeze",
         "copy"])
@pytest.mark.parametrize("recording", [True, False])
def test_changes_through_views_are_noticed(change, recording):
    h = torch.ones(2, 2, requires_grad=True) * 1
    y = h * h
    with torch.set_grad_enabled(recording):
        change(h)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.sum().backward()


def test_a_frozen_operand_lets_its_partner_go():
    x = torch.ones(2, 3, requires_grad=True)
    h = x * 1
    y = h @ torch.ones(3, 4)
    assert [a is None for a in y.grad_fn.saved] == [True, False]
    h.zero_()
    y.sum().backward()
    assert x.grad.tolist() == [[4, 4, 4], [4, 4, 4]]


# ---- inputs that a function of one's own changes -------------------------------------


class Triple(torch.autograd.Function):
    """x becomes 3 x, in its own memory."""

    @staticmethod
    def forward(ctx, x):
        x.mul_(3)
        ctx.mark_dirty(x)
        return x

    @staticmethod
    def backward(ctx, g):
        return g * 3


def test_a_dirty_input_is_returned_itself_with_its_new_past():
    x = torch.ones(2, requires_grad=True)
    h = x * 5
    assert Triple.apply(h) is h and h.tolist() == [15, 15]
    h.sum().backward()                           # of h, not of what apply returned
    assert x.grad.tolist() == [15, 15]


def test_a_dirty_view_changes_the_past_of_its_base():
    x = torch.ones(2, 2, requires_grad=True)
    h = x * 1
    Triple.apply(h[0])
    h.sum().backward()
    assert h.tolist() == x.grad.tolist() == [[3, 3], [1, 1]]


def test_a_dirty_leaf_and_a_dirty_saved_tensor_are_noticed():
    with pytest.raises(RuntimeError, match="^a leaf that requires a gradient"):
        Triple.apply(torch.ones(2, requires_grad=True))
    h = torch.ones(2, requires_grad=True) * 1
    y = h * h
    Triple.apply(h)
    with pytest.raises(RuntimeError, match="^Mul: .* changed in place"):
        y.sum().backward()


def test_a_dirty_tensor_without_gradient_is_returned_itself():
    x = torch.ones(2)
    assert Triple.apply(x) is x and x.tolist() == [3, 3] and not x.requires_grad
