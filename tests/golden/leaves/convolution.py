"""Convolutions, transposed convolutions and padding."""
import itertools

import numpy as np

from ..recorder import sample
from .grid import DTYPES, layer, run

MODES = ("reflect", "replicate", "circular")


def programs():
    for dtype in DTYPES:
        yield from conv2d(dtype)
        yield from conv1d(dtype)
        yield from conv_transpose(dtype)
        yield from padding(dtype)
    yield from wrong_options()
    yield from wrong_inputs()
    yield from extremes()


def conv2d(dtype):
    options = itertools.product(
        [(2, 3), 1, (3, 1)], (1, 2, (1, 3)), (0, 1, (0, 2)), (1, 2))
    for kernel, stride, padding, dilation in options:
        yield layer("Conv2d", (2, 3, kernel), sample(1, 2, 5, 4), stride=stride,
                    padding=padding, dilation=dilation, dtype=dtype)
    for groups, bias in itertools.product((1, 2, 4), (True, False)):
        yield layer("Conv2d", (4, 8, 2), sample(2, 4, 3, 2), groups=groups, bias=bias,
                    dtype=dtype)
        yield layer("Conv2d", (4, 4, 3), sample(1, 4, 4, 3), groups=groups, bias=bias,
                    stride=2, padding=1, dtype=dtype)
    for mode, padding in itertools.product(MODES, (1, (2, 0), "same", "valid")):
        yield layer("Conv2d", (1, 2, (3, 2)), sample(2, 1, 4, 3), padding=padding,
                    padding_mode=mode, dtype=dtype)
        yield layer("Conv2d", (1, 2, 2), sample(1, 4, 3), padding=padding,
                    padding_mode=mode, dilation=2, dtype=dtype)
    for kernel, dilation in itertools.product((1, 2, 3, (4, 3)), (1, 2)):
        yield layer("Conv2d", (2, 2, kernel), sample(2, 4, 5), padding="same",
                    dilation=dilation, dtype=dtype)
    for shape in [(1, 1, 3, 3), (3, 1, 3, 3), (1, 3, 3), (0, 1, 4, 3), (1, 1, 1, 7)]:
        yield layer("Conv2d", (1, 2, 3), sample(*shape), padding=1, dtype=dtype)
    yield layer("Conv2d", (1, 1, 1), sample(1, 1, 1, 1), padding=2, dtype=dtype)
    yield layer("Conv2d", (1, 1, 3), sample(1, 1, 2, 2), padding=5, stride=3, dtype=dtype)


def conv1d(dtype):
    for kernel, stride, padding, dilation in itertools.product(
            (1, 3), (1, 2), (0, 2, "same"), (1, 3)):
        yield layer("Conv1d", (2, 3, kernel), sample(2, 2, 9), stride=stride,
                    padding=padding, dilation=dilation, dtype=dtype)
    for mode, padding in itertools.product(MODES, (2, "same")):
        yield layer("Conv1d", (1, 2, 4), sample(2, 1, 5), padding=padding,
                    padding_mode=mode, dtype=dtype)
    for groups in (1, 2, 4):
        yield layer("Conv1d", (4, 4, 2), sample(4, 6), groups=groups, bias=False,
                    dtype=dtype)
    yield layer("Conv1d", (2, 3, 2), sample(0, 2, 5), dtype=dtype)


def conv_transpose(dtype):
    options = itertools.product([(2, 3), 1, (3, 1)], (1, 2, (1, 3)), (0, (0, 1)), (1, 2))
    for kernel, stride, padding, dilation in options:
        yield layer("ConvTranspose2d", (3, 2, kernel), sample(1, 3, 3, 4), stride=stride,
                    padding=padding, dilation=dilation, dtype=dtype)
    for groups, bias, extra in itertools.product((1, 2), (True, False), (0, 1, (0, 1))):
        yield layer("ConvTranspose2d", (4, 2, 2), sample(2, 4, 2, 3), groups=groups,
                    bias=bias, stride=2, padding=1, output_padding=extra, dtype=dtype)
    yield layer("ConvTranspose2d", (2, 1, 3), sample(2, 3, 2), dilation=2,
                output_padding=1, dtype=dtype)
    yield layer("ConvTranspose2d", (2, 1, 3), sample(0, 2, 3, 2), dtype=dtype)
    for size in ((7, 6), (8, 5), (1, 2, 7, 5), [7, 5], (9, 5), (6, 5), (7,)):
        yield layer("ConvTranspose2d", (1, 2, 3), sample(1, 1, 3, 2), stride=2,
                    call=lambda m, x, size=size: m(x, output_size=size), dtype=dtype,
                    note=f"to {size}")
    for stride, padding, extra in itertools.product((1, 3), (0, 1), (0, 1)):
        yield layer("ConvTranspose1d", (2, 3, 4), sample(2, 2, 5), stride=stride,
                    padding=padding, output_padding=extra, dtype=dtype)
    yield layer("ConvTranspose1d", (2, 2, 2), sample(2, 5), groups=2, stride=2,
                call=lambda m, x: m(x, [11]), note="to 11", dtype=dtype)


def padded(shape, pad, mode="constant", value=None, dtype="float32"):
    """(key, program) for functional.pad."""
    def program(torch):
        module = torch.nn.Sequential()
        return run(torch, module, [sample(*shape)], dtype,
                   call=lambda _, x: torch.nn.functional.pad(x, pad, mode, value))

    return f"pad({pad}, {mode!r}, {value}) {shape} {dtype}", program


def padding(dtype):
    for pad in [(1, 2), (0, 0), (-1, 2), (2, 1, 1, 0), (1, 1, 0, 0, 2, 1), (-2, -1), (),
                (1,), (0, 0, 0, 0, 1, 0, 0, 0), (-4, 0), (-5, 2), (0, -3, 1, 1)]:
        for value in (None, 0, 1.5):
            yield padded((2, 3, 4), pad, value=value, dtype=dtype)
    for mode in (*MODES, "mirror"):
        for shape, pad in [
                ((2, 4), (1, 2)), ((2, 4), (3, 3)), ((2, 4), (4, 0)), ((2, 4), (5, 7)),
                ((2, 4), (-1, 2)), ((2, 4), (-1, -3)), ((1, 2, 4), (2, 1)),
                ((2, 3, 4), (1, 2, 2, 0)), ((1, 2, 3, 4), (1, 1, 0, 2)),
                ((1, 2, 2, 3), (1, 1, 1, 1, 1, 1)), ((4,), (1, 1)),
                ((2, 4), (1, 1, 1, 1)), ((0, 2, 3), (1, 1)), ((2, 0), (1, 1)),
                ((2, 1), (0, 1)), ((2, 4), (0, 0))]:
            yield padded(shape, pad, mode, dtype=dtype)
    yield padded((2, 4), (1, 1), "reflect", 2.0, dtype=dtype)


def wrong_options():
    for options in (
            {"groups": 2}, {"groups": 0}, {"groups": -1}, {"padding": "some"},
            {"padding_mode": "mirror"}, {"padding": "same", "stride": 2},
            {"stride": 0}, {"stride": -1}, {"dilation": 0}, {"padding": -1},
            {"stride": (1, 1, 1)}, {"stride": (2,)}, {"stride": 1.5}, {"padding": 1.5},
            {"dilation": (1, 2, 3)}):
        yield layer("Conv2d", (3, 5, 2), sample(1, 3, 4, 4), **options)
        if not isinstance(options.get("padding"), str):
            yield layer("ConvTranspose2d", (3, 5, 2), sample(1, 3, 4, 4), **options)
    for kernel in (0, -1, 1.5, (2, 2, 2), (2,)):
        yield layer("Conv2d", (1, 1, kernel), sample(1, 1, 4, 4))
    for sizes in ((-1, 2), (2.0, 2), (2, -2)):
        yield layer("Conv2d", (*sizes, 1), sample(1, 2, 2, 2))
    for extra in (1, -1, (0, 2)):
        yield layer("ConvTranspose2d", (1, 1, 2), sample(1, 1, 2, 2),
                    output_padding=extra)
    yield layer("ConvTranspose2d", (1, 1, 2), sample(1, 1, 2, 2), padding_mode="reflect")
    yield layer("ConvTranspose2d", (1, 1, 2), sample(1, 1, 2, 2), padding=4)


def wrong_inputs():
    for shape in [(1, 3, 4, 4), (3, 4, 4), (2, 1, 4), (2, 3, 1), (4, 4), (1, 1, 2, 4, 4),
                  (1, 2, 2, 4), (1, 2, 0, 4), (0, 2, 2, 2), (5,), (2, 2, 5, 3)]:
        for name in ("Conv1d", "Conv2d", "ConvTranspose1d", "ConvTranspose2d"):
            yield layer(name, (2, 1, 3), sample(*shape))
    yield layer("Conv2d", (1, 1, 2), np.ones((1, 1, 2, 2), np.int64))
    for weight, bias, options in [
            ((4, 2, 2, 2), (5,), {}), ((4, 2, 2, 2), (4, 1), {}), ((4, 2, 2), None, {}),
            ((4, 2, 2, 2), None, {"groups": 0}), ((3, 1, 2, 2), None, {"groups": 2}),
            ((4, 1, 2, 2), (4,), {"groups": 2}), ((4, 2, 2, 2), None, {"padding": "x"}),
            ((4, 2, 2, 2), None, {"padding": "same", "stride": 2}),
            ((4, 2, 2, 2), (4,), {"padding": "same"}),
            ((4, 2, 1, 2), None, {"stride": 2})]:
        yield functional("conv2d", weight, bias, options)
        yield functional("conv_transpose2d", (2, *weight[1:]), bias, options)


def functional(name, weight, bias, options):
    def program(torch):
        w, b = (None if shape is None else torch.from_numpy(sample(*shape, seed=3))
                for shape in (weight, bias))
        x = torch.from_numpy(sample(1, 2, 3, 3))
        return getattr(torch.nn.functional, name)(x, w, b, **options)

    return f"F.{name}({weight}, {bias}, {options})", program


def extremes():
    for value in (1e4, np.inf, np.nan, -np.inf):
        x = sample(1, 1, 5, 4)
        x[0, 0, 2, 1] = value
        for name in ("Conv2d", "ConvTranspose2d"):
            yield layer(name, (1, 2, 2), x, note=f"with {value}")
