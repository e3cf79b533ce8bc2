"""What is timed: small programs that run with either library.

Each row is a function of (torch, numbers): `numbers(*shape)` gives both libraries the
same random array.  It returns {what: step}, where a step is a function without
arguments that returns the tensors to compare before the clock starts.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Step = Callable[[], list]
SIZES = ("small", "medium", "large")


def rows() -> Iterator[tuple[str, str, Callable]]:
    """(name, size, program) of every row."""
    for make in (
        linear,
        activation,
        log_softmax,
        rnn_cell,
        lstm_cell,
        l1_loss,
        cross_entropy,
        pixel_shuffle,
        training_step,
    ):
        yield from make()


def _parameters(torch: Any, module: Any, numbers: Callable) -> Any:
    for p in module.parameters():
        p.data.copy_(torch.from_numpy(numbers(*p.shape) * 0.3))
    return module


def _steps(
    torch: Any, f: Callable, inputs: list, parameters: Any = (), in_a_loop: bool = False
) -> dict[str, Step]:
    """Inference under no_grad, and forward plus backward with all gradients.

    Between two trainings an optimiser changes the weights, so that ours cannot keep them
    packed; unless the step is one of many `in_a_loop`, as those of a cell are.
    """
    parameters = list(parameters)
    change = [] if in_a_loop else [
        p._changed for p in parameters if hasattr(p, "_changed")]
    given = [x.requires_grad_() if x.is_floating_point() else x for x in inputs]
    leaves = [x for x in (*given, *parameters) if x.requires_grad]

    def forward() -> list:
        with torch.no_grad():
            out = f(*given)
        return list(out) if isinstance(out, tuple) else [out]

    seeds = [torch.ones(*y.shape) if y.ndim else None for y in forward()]

    def both() -> list:
        for x in leaves:
            x.grad = None
        for changed in change:
            changed()
        out = f(*given)
        out = list(out) if isinstance(out, tuple) else [out]
        torch.autograd.backward(out, seeds)
        return [*out, *(x.grad for x in leaves)]

    return {"forward": forward, "forward + backward": both}


def linear() -> Iterator:
    """y = x Wᵀ + b."""
    for size, (n, d, m) in zip(SIZES, [(8, 32, 32), (64, 256, 256), (256, 1024, 1024)]):

        def program(torch, numbers, n=n, d=d, m=m):
            layer = _parameters(torch, torch.nn.Linear(d, m), numbers)
            return _steps(
                torch, layer, [torch.from_numpy(numbers(n, d))], layer.parameters()
            )

        yield f"Linear {n}x{d}→{m}", size, program


def activation() -> Iterator:
    """Elementwise activations."""
    for name in ("ReLU", "Sigmoid", "Tanh"):
        for size, n in zip(SIZES, (256, 65_536, 4_000_000)):

            def program(torch, numbers, n=n, name=name):
                return _steps(
                    torch, getattr(torch.nn, name)(), [torch.from_numpy(numbers(n))]
                )

            yield f"{name} {n:,}", size, program


def log_softmax() -> Iterator:
    """Rows of scores to log-probabilities."""
    for size, shape in zip(SIZES, [(32, 10), (1024, 100), (512, 10_000)]):

        def program(torch, numbers, shape=shape):
            return _steps(
                torch, torch.nn.LogSoftmax(1), [torch.from_numpy(numbers(*shape))]
            )

        yield f"LogSoftmax {shape[0]}x{shape[1]}", size, program


def _cell(kind: str) -> Iterator:
    for size, (n, d, h) in zip(SIZES, [(3, 10, 20), (16, 64, 128), (32, 256, 256)]):

        def program(torch, numbers, n=n, d=d, h=h):
            cell = _parameters(torch, getattr(torch.nn, kind)(d, h), numbers)
            state = [
                torch.from_numpy(numbers(n, h))
                for _ in range(2 if kind == "LSTMCell" else 1)
            ]

            def step(x, *state):
                return cell(x, tuple(state) if len(state) == 2 else state[0])

            return _steps(
                torch,
                step,
                [torch.from_numpy(numbers(n, d)), *state],
                cell.parameters(),
                in_a_loop=True,
            )

        yield f"{kind} {n}x{d}→{h}", size, program


def rnn_cell() -> Iterator:
    """One step of Elman's network."""
    yield from _cell("RNNCell")


def lstm_cell() -> Iterator:
    """One step of an LSTM."""
    yield from _cell("LSTMCell")


def l1_loss() -> Iterator:
    """The mean of |x - y|; the target is data."""
    for size, n in zip(SIZES, (256, 65_536, 4_000_000)):

        def program(torch, numbers, n=n):
            target = torch.from_numpy(numbers(n))
            loss = torch.nn.L1Loss()
            return _steps(
                torch, lambda x: loss(x, target), [torch.from_numpy(numbers(n))]
            )

        yield f"L1Loss {n:,}", size, program


def cross_entropy() -> Iterator:
    """Scores against classes."""
    for size, (n, c) in zip(
        (*SIZES, "large"), [(32, 10), (4096, 10), (64, 50_257), (1024, 1000)]
    ):

        def program(torch, numbers, n=n, c=c):
            target = torch.from_numpy((np.abs(numbers(n)) * 1e6).astype(np.int64) % c)
            loss = torch.nn.CrossEntropyLoss()
            return _steps(
                torch, lambda x: loss(x, target), [torch.from_numpy(numbers(n, c))]
            )

        yield f"CrossEntropyLoss {n}x{c:,}", size, program


def pixel_shuffle() -> Iterator:
    """Channels to pixels."""
    for size, shape, r in zip(
        SIZES, [(1, 4, 16, 16), (16, 9, 64, 64), (4, 256, 128, 128)], (2, 3, 2)
    ):

        def program(torch, numbers, shape=shape, r=r):
            return _steps(
                torch, torch.nn.PixelShuffle(r), [torch.from_numpy(numbers(*shape))]
            )

        yield f"PixelShuffle({r}) {'x'.join(map(str, shape))}", size, program


def training_step() -> Iterator:
    """A whole step: LSTMCell over 8 steps, Linear, cross entropy, backward, Adam."""
    for size, (n, d, h) in zip(SIZES, [(8, 16, 32), (32, 32, 64), (64, 64, 256)]):

        def program(torch, numbers, n=n, d=d, h=h):
            cell = _parameters(torch, torch.nn.LSTMCell(d, h), numbers)
            head = _parameters(torch, torch.nn.Linear(h, 10), numbers)
            parameters = [*cell.parameters(), *head.parameters()]
            x = torch.from_numpy(numbers(8, n, d))
            target = torch.from_numpy((np.abs(numbers(n)) * 1e6).astype(np.int64) % 10)
            loss_of = torch.nn.CrossEntropyLoss()
            adam = torch.optim.Adam(parameters, lr=1e-4)

            def step() -> list:
                state = None
                for t in range(8):
                    state = cell(x[t], state)
                loss = loss_of(head(state[0]), target)
                adam.zero_grad()
                loss.backward()
                adam.step()
                return [loss, *(p.grad for p in parameters)]

            return {"training step": step}

        yield f"LSTMCell x 8 + Adam, {n}x{d}→{h}", size, program
