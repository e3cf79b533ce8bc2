"""Initialisation: the first values of the parameters.

A layer y = x Wᵀ sums `fan_in` products, so Var(y) = fan_in · Var(W) · E(x²).  If that
factor is not 1, a signal grows or dies exponentially with depth; the same holds for
gradients on the way back, with `fan_out`.  Two answers, both with a `gain` for what the
activation takes away:

    xavier   Var(W) = gain² · 2 / (fan_in + fan_out)      a compromise between both ways
    kaiming  Var(W) = gain² / fan                         one way exactly, made for ReLU

A uniform distribution on (-b, b) has variance b²/3, hence the √3 in the uniform versions.

Every function changes its tensor in place, records nothing and returns the tensor.  The
random ones draw from the generator that `torch.manual_seed` seeds, or from `generator`.

Sources: Glorot and Bengio 2010, "Understanding the difficulty of training deep
feedforward neural networks"; He et al. 2015, "Delving deep into rectifiers"; Saxe et
al. 2013, "Exact solutions to the nonlinear dynamics of learning in deep linear neural
networks"; Martens 2010, "Deep learning via Hessian-free optimization".
"""
import functools
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd.tensor import Tensor
from ..backend import random
from ..backend.device import to_host


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """By how much the weights before this activation should be larger.

    1 for linear, conv and sigmoid; 5/3 for tanh; √2 for relu, which removes half of the
    signal; √(2 / (1 + slope²)) for leaky_relu, with `param` as its slope (0.01); 3/4
    for selu.

    Example:
        >>> round(nn.init.calculate_gain("relu"), 4)
        1.4142
        >>> round(nn.init.calculate_gain("leaky_relu", 0.5), 4)
        1.2649
    """
    gains = {"linear": 1, "sigmoid": 1, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 0.75}
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ValueError("calculate_gain: the slope of leaky_relu must be a number, "
                             f"got {param!r}")
        return math.sqrt(2 / (1 + slope**2))
    if nonlinearity in _CONVOLUTIONS:
        return 1
    if nonlinearity not in gains:
        known = ", ".join([*gains, "leaky_relu", *_CONVOLUTIONS])
        raise ValueError(f"calculate_gain: no gain is known for {nonlinearity!r}; "
                         f"known are {known}")
    return gains[nonlinearity]


_CONVOLUTIONS = tuple(f"conv{t}{n}d" for t in ("", "_transpose") for n in (1, 2, 3))


# ---- constants -----------------------------------------------------------------------


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Every element is `val`."""
    return _fill(tensor, np.full(tensor.shape, val))


def ones_(tensor: Tensor) -> Tensor:
    """Every element is 1."""
    return constant_(tensor, 1)


def zeros_(tensor: Tensor) -> Tensor:
    """Every element is 0."""
    return constant_(tensor, 0)


def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix: a Linear layer with it passes its input on.

    Example:
        >>> nn.init.eye_(torch.empty(2, 3)).tolist()
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    _check_dimensions("eye_", tensor, 2, 2)
    return _fill(tensor, np.eye(*tensor.shape))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """The identity for convolutions: a 1 in the middle of each filter's own channel.

    Shape: (out_channels, in_channels / groups, *kernel) with 1 to 3 kernel dimensions;
    output channels without an input channel of the same number (in their group) are
    zero.

    Example:
        >>> nn.init.dirac_(torch.empty(2, 2, 3))[0].tolist()
        [[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    _check_dimensions("dirac_", tensor, 3, 5)
    out_channels, in_channels, *kernel = tensor.shape
    if out_channels % groups != 0:
        raise ValueError(f"dirac_: {out_channels} output channels do not divide into "
                         f"{groups} groups")
    per_group = out_channels // groups
    channel = np.arange(min(per_group, in_channels))
    middle = tuple(size // 2 for size in kernel)
    weight = np.zeros(tensor.shape)
    for group in range(groups):
        weight[(group * per_group + channel, channel, *middle)] = 1
    return _fill(tensor, weight)


# ---- plain random numbers ------------------------------------------------------------


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0,
             generator: Any = None) -> Tensor:
    """Drawn evenly from [a, b)."""
    tensor.detach().uniform_(a, b, generator=generator)
    return tensor


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0,
            generator: Any = None) -> Tensor:
    """Drawn from the normal distribution N(mean, std²)."""
    tensor.detach().normal_(mean, std, generator=generator)
    return tensor


def trunc_normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0,
                  b: float = 2.0, generator: Any = None) -> Tensor:
    """Drawn from N(mean, std²), given that the result lies in [a, b].

    `a` and `b` are values, not numbers of standard deviations.  The distribution
    function is tabulated at 4097 points, and evenly drawn heights are read backwards from
    the table.  The table covers that part of [a, b] where the density is at least e⁻⁴⁰ of
    its largest value, so a far tail comes out right too.

    Example:
        >>> w = nn.init.trunc_normal_(torch.empty(1000), std=1.0, a=-0.5, b=2.0)
        >>> bool((w.numpy() >= -0.5).all() and (w.numpy() <= 2.0).all())
        True
    """
    if a > b:
        raise RuntimeError(f"trunc_normal_: the interval [a, b] = [{a}, {b}] is empty")
    nearest = min(max(mean, a), b)                     # where the density is largest
    reach = math.hypot(nearest - mean, 9 * std)        # there it is e⁻⁴⁰ of that
    low, high = max(a, mean - reach), min(b, mean + reach)
    if low == high:
        return constant_(tensor, nearest)
    points = np.linspace(low, high, 4097)
    density = np.exp(((nearest - mean)**2 - (points - mean)**2) / (2 * std**2))
    height = np.concatenate([[0.0], (density[1:] + density[:-1]).cumsum()])
    even = _draw(random.uniform, tensor, generator) * height[-1]
    return _fill(tensor, np.interp(even, height, points))


# ---- xavier and kaiming --------------------------------------------------------------


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Evenly from (-b, b) with b = gain · √(6 / (fan_in + fan_out)).

    Example:
        >>> w = nn.init.xavier_uniform_(torch.empty(3, 3))
        >>> float(abs(w.numpy()).max()) <= 1.0
        True
    """
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor, "xavier_uniform_")
    return _uniform_of_std(tensor, gain * _root(2, fan_in + fan_out), generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """From N(0, std²) with std = gain · √(2 / (fan_in + fan_out))."""
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor, "xavier_normal_")
    return normal_(tensor, 0.0, gain * _root(2, fan_in + fan_out), generator)


def kaiming_uniform_(tensor: Tensor, a: float = 0, mode: str = "fan_in",
                     nonlinearity: str = "leaky_relu", generator: Any = None) -> Tensor:
    """Evenly from (-b, b) with b = gain · √(3 / fan).

    Args:
        a: the slope of leaky_relu for negative inputs.
        mode: 'fan_in' keeps the size of the signal, 'fan_out' that of the gradient.
        nonlinearity: what follows the layer; see `calculate_gain`.
    """
    std = _kaiming_std("kaiming_uniform_", tensor, a, mode, nonlinearity)
    return _uniform_of_std(tensor, std, generator)


def kaiming_normal_(tensor: Tensor, a: float = 0, mode: str = "fan_in",
                    nonlinearity: str = "leaky_relu", generator: Any = None) -> Tensor:
    """From N(0, std²) with std = gain / √fan; arguments as in `kaiming_uniform_`."""
    std = _kaiming_std("kaiming_normal_", tensor, a, mode, nonlinearity)
    return normal_(tensor, 0.0, std, generator)


def _calculate_fan_in_and_fan_out(tensor, function="fan_in and fan_out"):
    """How many products each output sums; in how many outputs each input appears."""
    _check_dimensions(function, tensor, 2)
    field = math.prod(tensor.shape[2:])                  # of a convolution: its kernel
    return tensor.shape[1] * field, tensor.shape[0] * field


def _kaiming_std(function, tensor, a, mode, nonlinearity):
    fans = _calculate_fan_in_and_fan_out(tensor, function)
    modes = ("fan_in", "fan_out")
    if mode not in modes:
        raise ValueError(f"{function}: mode must be 'fan_in' or 'fan_out', got {mode!r}")
    return calculate_gain(nonlinearity, a) * _root(1, fans[modes.index(mode)])


def _uniform_of_std(tensor, std, generator):
    bound = math.sqrt(3) * std
    return uniform_(tensor, -bound, bound, generator)


def _root(x, y):
    return math.sqrt(x / y) if y else 0.0        # an empty tensor has nothing to draw


# ---- structured matrices -------------------------------------------------------------


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Tensor:
    """Rows (or columns, if there are fewer) of length `gain` at right angles.

    Dimensions after the first count as columns.  The Q of a QR decomposition of normal
    numbers, with the signs that make R's diagonal positive: so every orientation is
    equally likely.

    Example:
        >>> w = nn.init.orthogonal_(torch.empty(3, 5)).numpy()
        >>> float(abs(w @ w.T - np.eye(3)).max()) < 1e-6
        True
    """
    _check_dimensions("orthogonal_", tensor, 2)
    if 0 in tensor.shape:
        return tensor
    rows = tensor.shape[0]
    matrix = _draw(random.normal, tensor, generator).reshape(rows, -1)
    wide = rows < matrix.shape[1]
    q, r = np.linalg.qr(matrix.T if wide else matrix)
    q = q * np.sign(np.diag(r)) * gain
    return _fill(tensor, (q.T if wide else q).reshape(tensor.shape))


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01,
            generator: Any = None) -> Tensor:
    """N(0, std²), with the fraction `sparsity` of each column (rounded up) set to 0.

    Example:
        >>> w = nn.init.sparse_(torch.empty(10, 3), sparsity=0.75)
        >>> (w.numpy() == 0).sum(axis=0).tolist()
        [8, 8, 8]
    """
    _check_dimensions("sparse_", tensor, 2, 2)
    zeros = math.ceil(sparsity * tensor.shape[0])
    values = _draw(random.normal, tensor, generator) * std
    order = _draw(random.uniform, tensor, generator).argsort(axis=0)    # of each column
    np.put_along_axis(values, order[:zeros], 0, axis=0)
    return _fill(tensor, values)


# ---- helpers -------------------------------------------------------------------------


def _check_dimensions(function, tensor, least, most=math.inf):
    dimensions = len(tensor.shape)
    if not least <= dimensions <= most:
        wanted = (f"{least} or more" if most == math.inf else
                  f"{least}" if least == most else f"{least} to {most}")
        raise ValueError(f"{function}: expected a tensor of {wanted} dimensions, "
                         f"got {dimensions} (shape {tuple(tensor.shape)})")


def _draw(distribution, tensor, generator):
    """A standard random number for each element of `tensor`: a float64 NumPy array."""
    return to_host(distribution(
        tensor.shape, 0, 1, np.float64, tensor.device, generator))


def _fill(tensor, values):
    """Write a NumPy array into the memory of `tensor`, without recording."""
    values = tensor.device.put(values, tensor.dtype)
    tensor.detach().copy_(Tensor._of(values, tensor.device))
    return tensor


# ---- then and now: before PyTorch 0.4 the names had no underscore --------------------


def _old_name(function: Callable) -> Callable:
    name = function.__name__.rstrip("_")

    @functools.wraps(function)
    def old(*args, **kwargs):
        warnings.warn(f"nn.init.{name} is the old name of nn.init.{name}_",
                      FutureWarning, stacklevel=2)
        return function(*args, **kwargs)

    old.__name__ = old.__qualname__ = name
    old.__doc__ = f"The old name of `{name}_`."
    return old


uniform = _old_name(uniform_)
normal = _old_name(normal_)
constant = _old_name(constant_)
eye = _old_name(eye_)
dirac = _old_name(dirac_)
xavier_uniform = _old_name(xavier_uniform_)
xavier_normal = _old_name(xavier_normal_)
kaiming_uniform = _old_name(kaiming_uniform_)
kaiming_normal = _old_name(kaiming_normal_)
orthogonal = _old_name(orthogonal_)
sparse = _old_name(sparse_)
