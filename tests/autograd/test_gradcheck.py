"""gradcheck finds wrong gradients and says where."""
import pytest

import pedagogic_nn as torch
from pedagogic_nn.autograd import Function, GradcheckError, gradcheck


class Scale(Function):
    """Twice x; the gradient is off by `error` in element 1."""

    @staticmethod
    def forward(ctx, x, error):
        ctx.error = error
        return x * 2

    @staticmethod
    def backward(ctx, dy):
        dx = dy * 2
        dx[1] += ctx.error * dy[1]
        return dx, None


def leaf(device="cpu"):
    return torch.tensor([0.5, -1.5, 2.0], dtype=torch.float64, device=device,
                        requires_grad=True)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_right_gradients_pass(device):
    assert gradcheck(Scale.apply, (leaf(device), 0.0))
    assert gradcheck(lambda x: (x.exp(), x[0] * x[1]), leaf(device))


def test_wrong_gradients_are_found():
    with pytest.raises(GradcheckError,
                       match=r"output 0, element 1, .* input 0, element 1, "
                                             r"is 2\.01; small steps show 2"):
        gradcheck(Scale.apply, (leaf(), 0.01))
    assert gradcheck(Scale.apply, (leaf(), 0.01), raise_exception=False) is False
    assert gradcheck(Scale.apply, (leaf(), 0.01), atol=0.1)


def test_the_input_is_left_as_it_was():
    x = leaf()
    gradcheck(lambda x: x * x, x)
    assert x.tolist() == [0.5, -1.5, 2.0] and x.grad is None


def test_an_output_that_does_not_depend_on_an_input():
    assert gradcheck(lambda x, y: x * 2, (leaf(), leaf()))


def test_what_it_needs():
    with pytest.raises(ValueError, match="no input requires a gradient"):
        gradcheck(torch.exp, torch.ones(2))
    with pytest.raises(ValueError, match="input 0 is float32; it needs float64"):
        gradcheck(torch.exp, torch.ones(2, requires_grad=True))
    with pytest.raises(ValueError, match="input 0 must be contiguous"):
        gradcheck(torch.exp, leaf().view(1, 3).expand(2, 3).detach().t().requires_grad_())
