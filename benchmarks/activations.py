"""Activations of 256, 65,536 and 4,000,000 numbers."""

from collections.abc import Callable, Iterator

from .programs import SIZES, _steps

ACTIVATIONS = {
    "LeakyReLU": (),
    "ELU": (),
    "GELU": (),
    "GELU tanh": ("tanh",),
    "SiLU": (),
    "Mish": (),
    "Softplus": (),
    "LogSigmoid": (),
    "Hardtanh": (),
    "Softsign": (),
    "Softshrink": (),
    "Tanhshrink": (),
    "PReLU": (),
}


def rows() -> Iterator[tuple[str, str, Callable]]:
    """(name, size, program) of every row."""
    for name, arguments in ACTIVATIONS.items():
        for size, n in zip(SIZES, (256, 65_536, 4_000_000)):

            def program(torch, numbers, name=name, arguments=arguments, n=n):
                layer = getattr(torch.nn, name.partition(" ")[0])(*arguments)
                x = torch.from_numpy(numbers(n // 64, 64))
                return _steps(torch, layer, [x], layer.parameters())

            yield f"{name} {n:,}", size, program
