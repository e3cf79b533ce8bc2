"""Upsampling, larger and smaller."""

from collections.abc import Callable, Iterator

from .programs import SIZES, _steps


def rows() -> Iterator[tuple[str, str, Callable]]:
    """(name, size, program) of every row."""
    yield from upsampling("UpsamplingNearest2d")
    yield from upsampling("UpsamplingBilinear2d")
    yield from signals()


def upsampling(name: str) -> Iterator:
    """Images, doubled at three sizes, and other scales at the middle one."""
    doubled = [((1, 3, 16, 16), 2), ((8, 16, 64, 64), 2), ((4, 64, 128, 128), 2)]
    others = [((8, 16, 64, 64), scale) for scale in (3, 1.5, 0.5)]
    sizes = (*SIZES, *["medium"] * len(others))
    for size, (shape, scale) in zip(sizes, [*doubled, *others]):

        def program(torch, numbers, shape=shape, scale=scale):
            return _steps(
                torch,
                getattr(torch.nn, name)(scale_factor=scale),
                [torch.from_numpy(numbers(*shape))],
            )

        yield f"{name} {'x'.join(map(str, shape))} ×{scale}", size, program


def signals() -> Iterator:
    """Signals, stretched by a blend of neighbours."""
    for size, shape in zip(SIZES, [(1, 4, 64), (16, 16, 1024), (32, 64, 4096)]):

        def program(torch, numbers, shape=shape):
            return _steps(
                torch,
                torch.nn.Upsample(scale_factor=2, mode="linear"),
                [torch.from_numpy(numbers(*shape))],
            )

        yield f"Upsample linear {'x'.join(map(str, shape))} ×2", size, program
