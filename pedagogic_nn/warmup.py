"""python -m pedagogic_nn.warmup: compile the CPU kernels ahead of time.

numba compiles a kernel at its first call and keeps the machine code on disk.  This
calls every layer once in float32, forward and backward, on little data (one thread) and
on much (all threads), so that the first program after it starts at full speed.
"""
import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pedagogic_nn as torch
from pedagogic_nn import nn, optim

LITTLE, MUCH = 4, 2048             # rows; much is worth threads to the cheapest kernel


def _train(module: Any, *inputs: Any) -> None:
    """Forward and backward once, with gradients for everything."""
    out = module(*[x.requires_grad_() if x.is_floating_point() else x for x in inputs])
    (out[0] + out[1] if isinstance(out, tuple) else out).sum().backward()


def _again(n: int) -> None:
    """A weight that stays the same is packed for its second use."""
    layer, x = nn.Linear(160, 160), torch.randn(min(n, 64), 160)
    for _ in range(2):
        _train(layer, x)


def _cell(make: Callable) -> Callable[[int], None]:
    return lambda n: _train(make(16, 160), torch.randn(n, 16))


def _activation(make: Callable) -> Callable[[int], None]:
    return lambda n: _train(make(), torch.randn(n, 160))


def _optimiser(make: Callable) -> Callable[[int], None]:
    def step(n: int) -> None:
        parameters = _parameters(n)
        optimiser = make(parameters)
        sum(p.sum() for p in parameters).backward()
        optimiser.step()
    return step


def _parameters(n: int) -> list:
    """A bias, a matrix, and the kernels of convolutions in one and in two dimensions."""
    shapes = (160,), (n, 160), (n, 4, 5), (n, 4, 5, 5)
    return [nn.Parameter(torch.randn(*shape)) for shape in shapes]


def _sequence(make: Callable) -> Callable[[int], None]:
    """A recurrent layer over 3 steps, and packed."""
    def step(n: int) -> None:
        layer, x = make(16, 160), torch.randn(3, n, 16)
        _train(lambda x: layer(x)[0], x)
        pack = nn.utils.rnn.pack_padded_sequence
        layer(pack(x, [3] * (n - 1) + [2]))[0].data.sum().backward()
    return step


def _loss(name: str, *target: Callable, **options: Any) -> Callable[[int], None]:
    """A loss (or a distance) of (n, 160) numbers; `target` makes the other inputs."""
    def step(n: int) -> None:
        x = torch.rand(n, 160, requires_grad=True)
        getattr(nn, name)(**options)(x, *(t(n) for t in target)).sum().backward()
    return step


def _image(make: Callable, channels: int = 8, side: int = 12) -> Callable[[int], None]:
    """A layer for pictures, on few of them and on many."""
    def step(n: int) -> None:
        layer, x = make(), torch.randn(max(2, n // 8), channels, side, side)
        with torch.no_grad():
            layer(x)                   # a maximum's place is not looked for then
        _train(layer, x)
    return step


def _numbers(n: int) -> Any:
    return torch.rand(n, 160)


def _classes(n: int) -> Any:
    return torch.randint(160, (n,))


def _clip(n: int) -> None:
    parameters = _parameters(n)
    sum(p.sum() for p in parameters).backward()
    nn.utils.clip_grad_norm_(parameters, 1.0)
    nn.utils.clip_grad_value_(parameters, 1.0)


STEPS: dict[str, Callable[[int], None]] = {
    "products and Linear": lambda n: _train(nn.Linear(160, 160), torch.randn(n, 160)),
    "Linear again": _again,
    "exp, log, sqrt, clamp": lambda n: _train(
        lambda x: (x.exp().log() + (x * x).sqrt()).clamp(-1, 1), torch.randn(n, 160)),
    "var, sum, where": lambda n: _train(
        lambda x: (torch.where(x > 0, x, x * 2).masked_fill(x > 1, 0).var(1)
                   + x.sum(1) + x.abs().rsqrt().sum(1)).sum() + x.sum(0).sum() + x.var(0),
        torch.randn(n, 160)),
    **{name: _activation(getattr(nn, name)) for name in (
        "ReLU", "Sigmoid", "Tanh", "LeakyReLU", "ELU", "GELU", "SiLU", "Softplus",
        "Hardtanh", "PReLU", "Mish", "LogSigmoid", "Softsign", "Softshrink", "Hardshrink",
        "Tanhshrink", "SELU", "CELU", "GLU", "Hardsigmoid", "Hardswish", "RReLU")},
    "Threshold": _activation(lambda: nn.Threshold(0.1, 0.0)),
    "GELU by tanh": _activation(lambda: nn.GELU("tanh")),
    "LogSoftmax": _activation(lambda: nn.LogSoftmax(1)),
    "Softmax": _activation(lambda: nn.Softmax(1)),
    "Dropout": _activation(nn.Dropout),
    "AlphaDropout": _activation(nn.AlphaDropout),
    "RNNCell": _cell(nn.RNNCell),
    "RNNCell with ReLU": _cell(lambda d, h: nn.RNNCell(d, h, nonlinearity="relu")),
    "LSTMCell": _cell(nn.LSTMCell),
    "GRUCell": _cell(nn.GRUCell),
    "RNN": _sequence(nn.RNN),
    "LSTM": _sequence(nn.LSTM),
    "GRU": _sequence(nn.GRU),
    **{name: _loss(name, _numbers) for name in (
        "L1Loss", "MSELoss", "SmoothL1Loss", "HuberLoss", "BCELoss", "BCEWithLogitsLoss",
        "SoftMarginLoss", "HingeEmbeddingLoss", "PoissonNLLLoss",
        "MultiLabelSoftMarginLoss")},
    "KLDivLoss": _loss("KLDivLoss", _numbers, reduction="batchmean"),
    **{f"{name}, each": _loss(name, _numbers, reduction="none") for name in (
        "L1Loss", "MSELoss", "BCELoss", "BCEWithLogitsLoss")},
    **{name: _loss(name, _numbers, _numbers) for name in (
        "MarginRankingLoss", "GaussianNLLLoss", "TripletMarginLoss")},
    **{name: _loss(name, _classes) for name in (
        "CrossEntropyLoss", "NLLLoss", "MultiMarginLoss")},
    "MultiLabelMarginLoss": _loss("MultiLabelMarginLoss",
                                  lambda n: torch.randint(160, (n, 160))),
    "CTCLoss": lambda n: _train(
        lambda x: nn.CTCLoss()(x, torch.ones(n, 2).long(), [4] * n, [2] * n),
        nn.LogSoftmax(2)(torch.randn(4, n, 20))),
    "CosineEmbeddingLoss": _loss("CosineEmbeddingLoss", _numbers, torch.ones),
    "Conv2d": _image(lambda: nn.Conv2d(8, 8, 3, padding=1)),
    "Conv2d of many channels": _image(lambda: nn.Conv2d(64, 64, 3, padding=1), 64, 28),
    "Conv2d of many channels, narrow": _image(lambda: nn.Conv2d(64, 64, 5), 64, 7),
    "ConvTranspose2d": _image(lambda: nn.ConvTranspose2d(8, 8, 2, stride=2)),
    "ReflectionPad2d": _image(lambda: nn.ReflectionPad2d(1)),
    "MaxPool2d": _image(lambda: nn.MaxPool2d(3, stride=2)),
    "MaxPool2d of squares": _image(lambda: nn.MaxPool2d(2)),
    "AdaptiveMaxPool2d": _image(lambda: nn.AdaptiveMaxPool2d(5)),
    "AdaptiveAvgPool2d": _image(lambda: nn.AdaptiveAvgPool2d(5)),
    "AvgPool2d": _image(lambda: nn.AvgPool2d(2)),
    "BatchNorm2d": _image(lambda: nn.BatchNorm2d(8)),
    "GroupNorm": _image(lambda: nn.GroupNorm(2, 8)),
    "LayerNorm": _activation(lambda: nn.LayerNorm(160)),
    "RMSNorm": _activation(lambda: nn.RMSNorm(160)),
    "Embedding": lambda n: nn.Embedding(50, 160)(
        torch.randint(50, (n,))).sum().backward(),
    "EmbeddingBag": lambda n: nn.EmbeddingBag(50, 160)(
        torch.randint(50, (n, 3))).sum().backward(),
    "Bilinear": lambda n: _train(nn.Bilinear(8, 8, 16), torch.randn(n, 8),
                                 torch.randn(n, 8)),
    "PairwiseDistance": _loss("PairwiseDistance", _numbers),
    "CosineSimilarity": _loss("CosineSimilarity", _numbers),
    "PixelShuffle": lambda n: _train(nn.PixelShuffle(2), torch.randn(n, 4, 8, 8)),
    "UpsamplingNearest2d": _image(lambda: nn.UpsamplingNearest2d(scale_factor=2)),
    "UpsamplingBilinear2d": _image(lambda: nn.UpsamplingBilinear2d(scale_factor=2)),
    "SGD": _optimiser(lambda p: optim.SGD(p, lr=0.1, momentum=0.9)),
    "Adam": _optimiser(lambda p: optim.Adam(p)),
    "AdamW": _optimiser(lambda p: optim.AdamW(p)),
    "RMSprop": _optimiser(lambda p: optim.RMSprop(p)),
    "Adagrad": _optimiser(lambda p: optim.Adagrad(p)),
    "Adadelta": _optimiser(lambda p: optim.Adadelta(p)),
    "clip_grad_norm_, clip_grad_value_": _clip,
}


def main(part: int = 0, parts: int = 1) -> int:
    """Compile everything, or every `parts`-th step from step `part` on; a line for
    each."""
    start = time.perf_counter()
    for k, (name, step) in enumerate(STEPS.items()):
        if k % parts == part:
            before = time.perf_counter()
            step(LITTLE)
            step(MUCH)
            print(f"[{k + 1:>2}/{len(STEPS)}] {name:<24}"
                  f"{time.perf_counter() - before:6.1f} s", flush=True)
    if parts == 1:
        print(f"all kernels are compiled; {time.perf_counter() - start:.0f} s")
    return 0


def in_processes(jobs: int) -> int:
    """The same by several processes, which share the cache."""
    start = time.perf_counter()
    code = "from pedagogic_nn import warmup; warmup.main({}, {})"
    running = [subprocess.Popen([sys.executable, "-c", code.format(part, jobs)])
               for part in range(jobs)]
    status = max(process.wait() for process in running)
    if not status:
        print(f"all kernels are compiled; {time.perf_counter() - start:.0f} s")
    return status


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m pedagogic_nn.warmup",
                                     description=__doc__)
    parser.add_argument("--jobs", type=int, default=1,
                        help="processes that compile side by side (default 1)")
    chosen = parser.parse_args().jobs
    sys.exit(main() if chosen == 1 else in_processes(chosen))
