"""InstanceNorm: each channel of each example with mean 0 and variance 1 over its places.

The formulas are those of GroupNorm with a group for each channel.  With
track_running_stats the statistics, averaged over the batch, are kept as in BatchNorm,
and used in evaluation.

Book: nn/normalization.
"""
import warnings
from math import prod
from typing import Any

from ...autograd.checks import check_tensor
from .batch_norm import FixedNormFunction, RunningNorm, update_running
from .group_norm import GroupNormFunction
from .statistics import check_parameters


def instance_norm(input: Any, running_mean: Any = None, running_var: Any = None,
                  weight: Any = None, bias: Any = None, use_input_stats: bool = True,
                  momentum: float = 0.1, eps: float = 1e-5) -> Any:
    """Each channel of each example with mean 0, variance 1; see `InstanceNorm1d`.

    Args:
        input: (N, C, *).
        running_mean, running_var: (C,), changed in place if use_input_stats, else read.

    Raises:
        ValueError: there is one number in each channel.
        RuntimeError: shapes or dtypes do not fit, or statistics are missing.
    """
    check_tensor("instance_norm", "input", input)
    who, shape = "instance_norm", input.array.shape
    if not use_input_stats and (running_mean is None or running_var is None):
        raise RuntimeError(f"{who}: use_input_stats=False needs running_mean and "
                           "running_var")
    if len(shape) < 2:
        raise RuntimeError(f"{who} reads input of shape (N, C, *), got {shape}")
    check_parameters(who, input, shape[1], running_mean=running_mean,
                     running_var=running_var, weight=weight, bias=bias)
    if not use_input_stats:
        return FixedNormFunction.apply(input, weight, bias, running_mean, running_var,
                                       eps=eps)
    places = prod(shape[2:])
    if places == 1:
        raise ValueError(f"{who}: one value per channel has no variance to divide by; "
                         f"got input of shape {shape}")

    def keep(mean, variance):
        if running_mean is not None:
            update_running(running_mean, mean.mean(axis=0), momentum)
        if running_var is not None:
            update_running(running_var, variance.mean(axis=0), momentum,
                           places / (places - 1))

    return GroupNormFunction.apply(input, weight, bias, groups=shape[1], eps=eps,
                                   tell=keep if input.array.size else None)


class InstanceNorm(RunningNorm):
    """What InstanceNorm1d and InstanceNorm2d share; they differ in the number of axes."""

    axes = 0                             # of one example: channels and places
    reads = ""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1,
                 affine: bool = False, track_running_stats: bool = False,
                 device: Any = None, dtype: Any = None, *, bias: bool = True) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats,
                         device, dtype, bias=bias)

    def forward(self, input: Any) -> Any:
        self._check_input(input)
        alone = input.ndim == self.axes
        y = instance_norm(input.unsqueeze(0) if alone else input, self.running_mean,
                          self.running_var, self.weight, self.bias,
                          self.training or not self.track_running_stats,
                          self.momentum or 0.0, self.eps)
        return y.squeeze(0) if alone else y

    def _check_input(self, x: Any) -> None:
        check_tensor(type(self).__name__, "input", x)
        who, shape = f"{type(self).__name__}({self.num_features})", tuple(x.shape)
        if x.ndim not in (self.axes, self.axes + 1):
            raise ValueError(f"{who} reads input of shape {self.reads}, got {shape}")
        channels = shape[-self.axes]
        if channels != self.num_features:
            message = f"{who} reads {self.num_features} channels, got {channels} in " \
                      f"input of shape {shape}"
            if self.affine:
                raise ValueError(message)
            warnings.warn(f"{message}; without affine it makes no difference",
                          UserWarning, stacklevel=3)


class InstanceNorm1d(InstanceNorm):
    """Each channel of each example with mean 0 and variance 1 over its places.

        y = (x - mean) / √(variance + ε) · w + b

    Args:
        num_features: channels, C.
        eps: added to the variance, so that nothing is divided by 0.
        momentum: the weight of a new batch in the running statistics.
        affine: whether w and b are there, to be learnt (they are not, unless asked for).
        track_running_stats: whether statistics are kept, and used in evaluation.
        bias: False leaves out b alone.

    Shape:
        input (N, C, L) or (C, L) → the same

    Parameters:
        weight (C,), starts at 1; bias (C,), starts at 0.

    Raises:
        ValueError: the input has other axes, or one value per channel.

    Example:
        >>> nn.InstanceNorm1d(1)(torch.tensor([[[1.0, 3.0]], [[10.0, 30.0]]])).round()
        tensor([[[-1.,  1.]],
                [[-1.,  1.]]])

    Source: Ulyanov, Vedaldi & Lempitsky, "Instance normalization: the missing ingredient
    for fast stylization", 2016.
    """

    axes, reads = 2, "(N, C, L) or (C, L)"


class InstanceNorm2d(InstanceNorm):
    """Each channel of each image with mean 0 and variance 1 over its pixels.

    For the arguments see `InstanceNorm1d`.

    Shape:
        input (N, C, H, W) or (C, H, W) → the same

    Raises:
        ValueError: the input has other axes, or one value per channel.

    Example:
        >>> nn.InstanceNorm2d(3)(torch.randn(2, 3, 4, 4)).shape
        torch.Size([2, 3, 4, 4])
    """

    axes, reads = 3, "(N, C, H, W) or (C, H, W)"
