"""Upsampling: every mode, larger and smaller, by size and by scale."""
import itertools

from ..recorder import sample
from .grid import DTYPES, EXTREME, layer

LINEAR = [{"align_corners": True}, {"align_corners": False}, {}]
MODES = {3: [("nearest", {}), ("nearest-exact", {}), *(("linear", o) for o in LINEAR)],
         4: [("nearest", {}), ("nearest-exact", {}), *(("bilinear", o) for o in LINEAR)]}
# No scale by which a length stays or doubles only after rounding: there PyTorch's
# gradient of 'nearest' is not the adjoint of what it does to signals and large images.
SCALES = [2, 3, 1.5, 2.7, 0.5, 0.75, 1.0, 4.2]
PAIRS = [(2, 0.5), (1.3, 2.6)]


def programs():
    for dtype, (mode, options) in itertools.product(DTYPES, MODES[4]):
        for size in [1, 2, 4, 7, (3, 5), (8, 4), (1, 6), (2, 1)]:
            yield layer("Upsample", (size,), sample(1, 2, 3, 4), mode=mode, dtype=dtype,
                        **options)
        for scale, again in itertools.product([*SCALES, *PAIRS], (None, True)):
            yield layer("Upsample", (), sample(1, 1, 4, 3), scale_factor=scale, mode=mode,
                        recompute_scale_factor=again, dtype=dtype, **options)
        for shape in [(2, 3, 1, 1), (0, 2, 2, 2), (2, 0, 2, 2), (1, 1, 0, 2)]:
            yield layer("Upsample", ((2, 3),), sample(*shape), mode=mode, dtype=dtype,
                        **options)
    for dtype, (mode, options) in itertools.product(DTYPES, MODES[3]):
        for size in (1, 3, 5, 9, (7,)):
            yield layer("Upsample", (size,), sample(2, 2, 5), mode=mode, dtype=dtype,
                        **options)
        for scale in SCALES:
            yield layer("Upsample", (), sample(1, 2, 5), scale_factor=scale, mode=mode,
                        dtype=dtype, **options)
    yield from old_layers()
    yield from refused()


def old_layers():
    for dtype, name in itertools.product(
            DTYPES, ("UpsamplingNearest2d", "UpsamplingBilinear2d")):
        for options in ({"scale_factor": 2}, {"scale_factor": 1.7}, {"size": (5, 4)},
                        {"size": 3}, {"scale_factor": (3, 0.5)}, {"size": (3, 4)}):
            yield layer(name, (), sample(2, 1, 3, 4), dtype=dtype, **options)
        yield layer(name, (2,), EXTREME.reshape(1, 1, 2, 5), dtype=dtype, note="extreme")
        yield layer(name, (4,), EXTREME.reshape(1, 1, 2, 5), dtype=dtype, note="extreme")
    for function in ("upsample", "upsample_nearest", "upsample_bilinear"):
        yield (f"F.{function}", lambda torch, f=function: getattr(torch.nn.functional, f)(
            torch.from_numpy(sample(1, 1, 2, 3)), scale_factor=2))


def refused():
    """Arguments that PyTorch refuses; the exception's type is what is recorded."""
    for key, options in enumerate([
            {}, {"size": 2, "scale_factor": 2.0}, {"size": (2,)}, {"size": (2, 2, 2)},
            {"size": 0}, {"size": -1}, {"size": 2.5}, {"scale_factor": 0.1},
            {"scale_factor": -1}, {"scale_factor": (2, 2, 2)}, {"scale_factor": 1e20},
            {"size": 2, "mode": "linear"}, {"size": 2, "mode": "cubical"},
            {"size": 2, "align_corners": True}, {"scale_factor": float("inf")},
            {"size": 2, "recompute_scale_factor": True}, {"scale_factor": float("nan")}]):
        yield f"refused {key} {options}", lambda torch, o=options: \
            torch.nn.functional.interpolate(torch.ones(1, 1, 3, 4), **o)
    for shape in [(3,), (2, 3)]:
        yield f"refused shape {shape}", lambda torch, s=shape: \
            torch.nn.functional.interpolate(torch.ones(*s), 2)
    yield "refused integers", lambda torch: torch.nn.functional.interpolate(
        torch.ones(1, 1, 3, 4).long(), 2)
    yield "repr", lambda torch: [
        repr(torch.nn.Upsample(scale_factor=2)), repr(torch.nn.Upsample(3)),
        repr(torch.nn.Upsample((3, 4), mode="bilinear", align_corners=True)),
        repr(torch.nn.Upsample(scale_factor=(2, 3))), repr(torch.nn.Upsample()),
        repr(torch.nn.UpsamplingNearest2d(scale_factor=2)),
        repr(torch.nn.UpsamplingBilinear2d((4, 4)))]
