"""RReLU: a LeakyReLU whose slopes are drawn anew, for each number, in training.

    training      y  = x where x > 0,   a x  elsewhere      a from [lower, upper)
                  dx = dy where x > 0,  a dy elsewhere

    evaluation    the same with a = (lower + upper) / 2

Book: nn/activations.
"""
from typing import Any

from ...autograd.arithmetic import fill_where
from ...autograd.checks import check_number, check_real, check_tensor
from ...autograd.function import Primitive
from ...backend import random
from ..module import Module
from .leaky_relu import leaky_relu


class RReLUFunction(Primitive):
    """x (*) → x · slopes (*), where the slopes of positive numbers are 1."""

    @staticmethod
    def forward(ctx, x, slopes):
        ctx.slopes = slopes
        return x * slopes

    @staticmethod
    def backward(ctx, dy):
        return dy * ctx.slopes


def rrelu(input: Any, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False,
          inplace: bool = False) -> Any:
    """input, or where it is not positive a random part of it; see `RReLU`.

    Raises:
        RuntimeError: lower is above upper, or one of them is not finite.
        NotImplementedError: the input does not hold real numbers.
    """
    check_tensor("rrelu", "input", input)
    lower, upper = (check_number("rrelu", name, value)
                    for name, value in (("lower", lower), ("upper", upper)))
    if not -float("inf") < lower <= upper < float("inf"):
        raise RuntimeError("rrelu: lower must not be above upper, and both must be "
                           f"finite; got {lower} and {upper}")
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)
    check_real("rrelu", "input", input)
    x = input.array
    drawn = random.uniform(x.shape, lower, upper, x.dtype, input.device)
    slopes = fill_where(drawn, x > 0, 1.0)

    def write(array: Any) -> None:
        array *= slopes

    def compute(x: Any) -> Any:
        return RReLUFunction.apply(x, slopes=slopes)
    return input._in_place(compute, write) if inplace else compute(input)


class RReLU(Module):
    """x where it is positive, elsewhere a part of it that is drawn by chance.

    Args:
        lower, upper: the parts are drawn evenly from between them.
        inplace: change the input instead of making a new tensor.

    Shape:
        input (*) → output (*)

    Raises:
        RuntimeError: lower is above upper (when it is called).

    Example:
        >>> nn.RReLU(0.1, 0.3).eval()(torch.tensor([-1.0, 2.0]))
        tensor([-0.2000,  2.0000])

    Source: Xu, Wang, Chen & Li, "Empirical evaluation of rectified activations in
    convolutional network", 2015.
    """

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3,
                 inplace: bool = False) -> None:
        super().__init__()
        self.lower, self.upper, self.inplace = lower, upper, inplace

    def forward(self, input: Any) -> Any:
        return rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        return (f"lower={self.lower}, upper={self.upper}"
                f"{', inplace=True' if self.inplace else ''}")
