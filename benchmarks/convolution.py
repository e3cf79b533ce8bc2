"""Convolutions and pooling, on the shapes of LeNet, ESPCN and ResNet.

The rows of programs.py, and `_steps`, say how a row is built.
"""

from collections.abc import Callable, Iterator
from typing import Any

from .programs import _parameters, _steps

# name, size, class, arguments, shape of the input, options
CONVOLUTIONS: list[tuple[str, str, str, tuple, tuple, dict]] = [
    ("LeNet1", "small", "Conv2d", (1, 6, 5), (64, 1, 28, 28), {}),
    ("LeNet2", "small", "Conv2d", (6, 16, 5), (64, 6, 14, 14), {}),
    ("ESPCN1", "medium", "Conv2d", (1, 64, 5), (4, 1, 64, 64), {"padding": 2}),
    ("ESPCN2", "medium", "Conv2d", (64, 32, 3), (4, 64, 64, 64), {"padding": 1}),
    ("ResNet stem", "large", "Conv2d", (3, 64, 7), (8, 3, 224, 224),
     {"padding": 3, "stride": 2}),
    ("ResNet 64", "large", "Conv2d", (64, 64, 3), (8, 64, 56, 56), {"padding": 1}),
    ("ResNet 128", "large", "Conv2d", (128, 128, 3), (8, 128, 28, 28), {"padding": 1}),
    ("ResNet 256", "large", "Conv2d", (256, 256, 3), (8, 256, 14, 14), {"padding": 1}),
    ("ResNet 512", "large", "Conv2d", (512, 512, 3), (8, 512, 7, 7), {"padding": 1}),
    ("ResNet 64→128 stride 2", "large", "Conv2d", (64, 128, 3), (8, 64, 56, 56),
     {"padding": 1, "stride": 2}),
    ("ResNet 256→64, 1x1", "medium", "Conv2d", (256, 64, 1), (8, 256, 14, 14), {}),
    ("ResNet 64→128, 1x1 stride 2", "medium", "Conv2d", (64, 128, 1), (8, 64, 56, 56),
     {"stride": 2}),
    ("ResNeXt, 32 groups", "medium", "Conv2d", (128, 128, 3), (4, 128, 28, 28),
     {"padding": 1, "groups": 32}),
    ("each channel alone", "medium", "Conv2d", (64, 64, 3), (4, 64, 28, 28),
     {"padding": 1, "groups": 64}),
    ("each channel alone, 112x112", "large", "Conv2d", (96, 96, 3), (8, 96, 112, 112),
     {"padding": 1, "groups": 96}),
    ("each channel alone, stride 2", "large", "Conv2d", (96, 96, 3), (8, 96, 112, 112),
     {"padding": 1, "groups": 96, "stride": 2}),
    ("dilation 2", "medium", "Conv2d", (64, 64, 3), (4, 64, 28, 28),
     {"padding": 2, "dilation": 2}),
    ("digits", "small", "Conv2d", (3, 8, 3), (1, 3, 16, 16), {"padding": 1}),
    ("sequence", "small", "Conv1d", (16, 32, 5), (32, 16, 100), {"padding": 2}),
    ("WaveNet", "medium", "Conv1d", (32, 64, 2), (8, 32, 2048), {"dilation": 8}),
    ("speech", "medium", "Conv1d", (80, 128, 3), (8, 80, 1000),
     {"padding": 1, "stride": 2}),
    ("up", "medium", "ConvTranspose2d", (32, 16, 4), (8, 32, 28, 28),
     {"padding": 1, "stride": 2}),
    ("U-Net", "medium", "ConvTranspose2d", (128, 64, 2), (4, 128, 28, 28), {"stride": 2}),
    ("up, stride 1", "medium", "ConvTranspose2d", (16, 16, 5), (8, 16, 28, 28), {}),
    ("up", "small", "ConvTranspose1d", (16, 8, 4), (8, 16, 64),
     {"padding": 1, "stride": 2}),
]
POOLS: list[tuple[str, tuple, dict]] = [
    ("MaxPool2d", (2,), {}),
    ("MaxPool2d", (3, 2, 1), {}),
    ("AvgPool2d", (2,), {}),
    ("AvgPool2d", (3, 2, 1), {}),
    ("AdaptiveAvgPool2d", (1,), {}),
    ("AdaptiveAvgPool2d", (5,), {}),
    ("AdaptiveMaxPool2d", (1,), {}),
    ("AdaptiveMaxPool2d", (7,), {}),
]
IMAGES = {"small": (16, 6, 28, 28), "large": (8, 64, 112, 112)}


def rows() -> Iterator[tuple[str, str, Callable]]:
    """(name, size, program) of every row."""
    for name, size, kind, args, shape, options in CONVOLUTIONS:
        title = f"{kind} {name}"
        yield title, size, _program(kind, args, shape, options)
    for kind, args, options in POOLS:
        for size, shape in IMAGES.items():
            title = f"{kind}{args} {'x'.join(map(str, shape))}".replace(",)", ")")
            yield title, size, _program(kind, args, shape, options)


def _program(kind: str, args: tuple, shape: tuple, options: dict) -> Callable:
    def program(torch: Any, numbers: Callable) -> dict:
        layer = _parameters(torch, getattr(torch.nn, kind)(*args, **options), numbers)
        return _steps(torch, layer, [torch.from_numpy(numbers(*shape))],
                      layer.parameters())

    return program
