"""NLLLoss2d: NLLLoss for pictures, in the spelling of 2017.

Today's NLLLoss takes input (N, C, H, W) itself.

Book: losses/nll2d.
"""
import warnings
from typing import Any

from .nll import NLLLoss


class NLLLoss2d(NLLLoss):
    """The negative log-probability of the right class of each pixel.

    The old name of `NLLLoss`, which does the same and takes the same arguments; making
    one warns, as in PyTorch.

    Shape:
        input (N, C, H, W), target (N, H, W) of classes 0 … C - 1 → a single number, or
        (N, H, W) with 'none'

    Example:
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     loss = nn.NLLLoss2d()
        >>> log_p = nn.LogSoftmax(dim=1)(torch.zeros(1, 4, 2, 2))
        >>> loss(log_p, torch.zeros(1, 2, 2, dtype=torch.int64))
        tensor(1.3863)
    """

    def __init__(self, weight: Any = None, size_average: bool | None = None,
                 ignore_index: int = -100, reduce: bool | None = None,
                 reduction: str = "mean") -> None:
        warnings.warn("NLLLoss2d is the name of 2017: NLLLoss takes pictures too",
                      FutureWarning, stacklevel=2)
        super().__init__(weight, size_average, ignore_index, reduce, reduction)
