"""Normalization: batch, layer, group and instance, and unit vectors."""

import itertools

import numpy as np

from ..recorder import sample
from .grid import DTYPES, EXTREME, layer

YES_NO = (True, False)
# Planes short and long: the kernels differ.
BATCHES = {
    "BatchNorm1d": [(4, 3), (2, 3, 4), (2, 1, 33), (3, 1)],
    "BatchNorm2d": [(2, 2, 2, 2), (1, 1, 6, 6), (2, 3, 1, 2)],
}


def programs():
    for dtype in DTYPES:
        yield from batch_norms(dtype)
        yield from layer_norms(dtype)
        yield from group_norms(dtype)
        yield from instance_norms(dtype)
    yield from modules_errors()
    yield from functional_forms()
    yield from functional_errors()
    yield from reprs_and_states()


def two_steps(module, x):
    """Two batches, then evaluation: the buffers have moved twice."""
    return module(x), module(x * 2 - 1), module.eval()(x)


def evaluation(module, x):
    """Evaluation with statistics that training left."""
    module.train()(x * 3 + 1)
    return module.eval()(x)


def batch_norms(dtype):
    for name, shapes in BATCHES.items():
        for shape, affine, tracked in itertools.product(shapes, YES_NO, YES_NO):
            options = {"affine": affine, "track_running_stats": tracked, "dtype": dtype}
            x = sample(*shape) + 1
            for momentum in (0.1, None, 0.0, 1.0) if shape == shapes[0] else (0.3,):
                yield layer(
                    name,
                    (shape[1],),
                    x,
                    call=two_steps,
                    note="two steps",
                    momentum=momentum,
                    **options,
                )
            yield layer(
                name, (shape[1],), x, call=evaluation, note="evaluation", **options
            )
            yield layer(name, (shape[1],), x, training=False, **options)
        for shape in shapes:
            x, C = sample(*shape), (shape[1],)
            yield layer(name, C, x, bias=False, dtype=dtype)
            yield layer(name, C, x, eps=0.5, dtype=dtype)
            yield layer(name, (*C, 1e-3, 0.2, True, True), x, dtype=dtype)
            yield layer(name, C, x[:0], note="empty", dtype=dtype)
            yield layer(name, C, x[:0], note="empty", training=False, dtype=dtype)
    far = {"float32": 30, "float64": 1e5}[dtype]
    yield layer("BatchNorm1d", (2,), sample(5, 2) + far, note="far from 0", dtype=dtype)
    yield layer("BatchNorm2d", (1,), sample(1, 1, 6, 6) - far, note="far", dtype=dtype)
    if dtype == "float64":  # PyTorch's float32 has an error of 5e-6 here
        yield layer(
            "BatchNorm1d",
            (1,),
            np.full((4, 1), 3, np.float32),
            note="constant",
            dtype=dtype,
        )


def layer_norms(dtype):
    sizes = [(3,), (5,), (4, 5), (3, 4, 5), (40,)]
    for size, affine, bias in itertools.product(sizes, YES_NO, YES_NO):
        for batch in [(), (2,), (0,)] if size != (3, 4, 5) else [()]:
            yield layer(
                "LayerNorm",
                (size,),
                sample(*batch, *size),
                elementwise_affine=affine,
                bias=bias,
                dtype=dtype,
            )
    yield layer("LayerNorm", (5,), sample(2, 3, 5), eps=0.1, dtype=dtype)
    yield layer("LayerNorm", ([3, 5],), sample(2, 3, 5), dtype=dtype)
    yield layer("LayerNorm", (3,), sample(20, 3), note="many rows", dtype=dtype)
    far = {"float32": 30, "float64": 1e5}[dtype]
    yield layer("LayerNorm", (7,), sample(2, 7) + far, note="far from 0", dtype=dtype)
    yield layer(
        "LayerNorm", (4,), np.full((2, 4), 3, np.float32), note="constant", dtype=dtype
    )
    yield layer("LayerNorm", (10,), EXTREME, note="extreme", dtype=dtype)
    yield layer("LayerNorm", (0,), sample(2, 0), dtype=dtype)
    for sizes, shape in [(3, (2, 3)), ((2, 3), (4, 2, 3)), (4, (0, 4)), (5, (2, 3, 5))]:
        yield layer("RMSNorm", (sizes,), sample(*shape), dtype=dtype)
        yield layer("RMSNorm", (sizes, 0.1, False), sample(*shape), dtype=dtype)


def group_norms(dtype):
    shapes = [(2, 6, 4), (1, 6, 3, 2), (0, 6, 2)]
    for groups, affine, shape in itertools.product((1, 2, 3, 6), YES_NO, shapes):
        yield layer("GroupNorm", (groups, 6), sample(*shape), affine=affine, dtype=dtype)
    for shape in [(3, 6), (1, 6)]:
        for groups in (1, 2):
            yield layer("GroupNorm", (groups, 6), sample(*shape), dtype=dtype)
    yield layer("GroupNorm", (1, 2), sample(1, 2, 33), note="long", dtype=dtype)
    yield layer("GroupNorm", (2, 2), sample(1, 2, 4, 9), note="long", dtype=dtype)
    yield layer("GroupNorm", (2, 4, 0.1), sample(2, 4, 3), dtype=dtype)
    yield layer("GroupNorm", (2, 4), sample(2, 4, 3), bias=False, dtype=dtype)
    yield layer("GroupNorm", (2, 4), sample(2, 4, 3) + 20, note="far", dtype=dtype)


def instance_norms(dtype):
    shapes = {
        "InstanceNorm1d": [(2, 3, 4), (3, 5)],
        "InstanceNorm2d": [(2, 3, 3, 1), (3, 2, 3)],
    }
    for name, affine, tracked in itertools.product(shapes, YES_NO, YES_NO):
        options = {"affine": affine, "track_running_stats": tracked, "dtype": dtype}
        for shape in shapes[name]:
            yield layer(name, (3,), sample(*shape), call=two_steps, **options)
            yield layer(name, (3,), sample(*shape), training=False, **options)
        for momentum in (None, 0.5):
            yield layer(
                name,
                (3,),
                sample(*shapes[name][0]),
                call=two_steps,
                momentum=momentum,
                **options,
            )
        yield layer(
            name, (4,), sample(*shapes[name][0]), note="other channels", **options
        )
    yield layer(
        "InstanceNorm1d", (3,), sample(2, 3, 5), affine=True, bias=False, dtype=dtype
    )
    yield layer("InstanceNorm2d", (1,), sample(1, 1, 4, 9), note="long", dtype=dtype)


def modules_errors():
    for name, args, shapes in [
        ("BatchNorm1d", (3,), [(1, 3), (1, 3, 1), (3,), (2, 4), (2, 3, 4, 4)]),
        ("BatchNorm2d", (3,), [(1, 3, 1, 1), (3, 4, 4), (2, 4, 2, 2), (2, 3)]),
        ("LayerNorm", (3,), [(2, 4), ()]),
        ("LayerNorm", ((2, 3),), [(3,), (3, 2)]),
        ("GroupNorm", (2, 4), [(2, 5), (2, 6), (4,)]),
        ("GroupNorm", (4, 4), [(1, 4), (1, 4, 1)]),
        ("InstanceNorm1d", (3,), [(2, 3, 1), (3,), (2, 3, 3, 3), (3, 1)]),
        ("InstanceNorm2d", (3,), [(2, 3, 1, 1), (2, 2), (3, 1, 1)]),
    ]:
        for shape in shapes:
            yield layer(name, args, sample(*shape), note="shape")
    for name, args in [
        ("BatchNorm1d", (-1,)),
        ("BatchNorm1d", (2.5,)),
        ("LayerNorm", (-1,)),
        ("LayerNorm", (2.5,)),
        ("LayerNorm", ([],)),
        ("GroupNorm", (2, 5)),
    ]:
        yield layer(name, args, sample(2, 3), note="arguments")
    for eps, training in itertools.product((0.0, -1.0), YES_NO):
        yield layer("BatchNorm1d", (3,), sample(4, 3), eps=eps, training=training)
    for name, args, shape in [
        ("BatchNorm1d", (3,), (2, 3)),
        ("LayerNorm", (3,), (2, 3)),
        ("GroupNorm", (1, 3), (2, 3, 2)),
    ]:

        def double(torch, name=name, args=args, shape=shape):
            return getattr(torch.nn, name)(*args)(
                torch.from_numpy(sample(*shape)).double()
            )

        def half(torch, name=name, args=args, shape=shape):
            x = torch.from_numpy(sample(*shape)).half()
            return getattr(torch.nn, name)(*args)(x)

        yield f"{name} float64 meets float32", double
        yield f"{name} float16 meets float32", half


def functional_forms():
    x, two = sample(4, 3), sample(2, 3, 4)
    m, v = np.array([0.1, -2, 1], np.float32), np.array([0.5, 2, 1], np.float32)
    for training, kept, affine in itertools.product(YES_NO, YES_NO, YES_NO):

        def batch(torch, training=training, kept=kept, affine=affine):
            mean, var, w = (torch.from_numpy(a.copy()) for a in (m, v, v))
            stats = (mean, var) if kept else (None, None)
            given = {"weight": w} if affine else {"bias": w}
            y = torch.nn.functional.batch_norm(
                torch.from_numpy(x), *stats, **given, training=training, momentum=0.3
            )
            return y, mean, var

        def instance(torch, training=training, kept=kept, affine=affine):
            mean, var, w = (torch.from_numpy(a.copy()) for a in (m, v, v))
            stats = (mean, var) if kept else (None, None)
            given = {"weight": w} if affine else {"bias": w}
            y = torch.nn.functional.instance_norm(
                torch.from_numpy(two), *stats, **given, use_input_stats=training
            )
            return y, mean, var

        words = f"{training}, {kept}, {affine}"
        yield f"F.batch_norm {words}", batch
        yield f"F.instance_norm {words}", instance
    for p, dim in itertools.product((1, 2, 3, 0.5, float("inf")), (0, 1, -1)):
        yield (
            f"F.normalize {p}, {dim}",
            lambda torch, p=p, dim=dim: normalized(torch, sample(2, 3, 2), p, dim),
        )
    yield (
        "F.normalize a zero",
        lambda torch: normalized(torch, np.array([[3, 4], [0, 0]], np.float32)),
    )
    yield "F.normalize eps", lambda torch: normalized(torch, sample(2, 3), eps=3.0)
    yield "F.normalize all", lambda torch: normalized(torch, sample(2, 3), dim=None)
    yield "F.normalize pair", lambda torch: normalized(torch, sample(2, 3, 2), dim=(0, 2))
    yield (
        "F.normalize extreme",
        lambda torch: torch.nn.functional.normalize(torch.from_numpy(EXTREME[:, :3])),
    )
    yield (
        "F.normalize infinite",
        lambda torch: torch.nn.functional.normalize(torch.from_numpy(EXTREME[:, :6])),
    )


def normalized(torch, x, *args, **options):
    """The unit vectors and the gradient."""
    x = torch.from_numpy(x).double().requires_grad_()
    y = torch.nn.functional.normalize(x, *args, **options)
    (y * torch.from_numpy(sample(*y.shape, seed=3)).double()).sum().backward()
    return y, x.grad


def functional_errors():
    def row(name, *shapes, **options):
        def program(torch):
            given = [None if s is None else torch.from_numpy(sample(*s)) for s in shapes]
            return getattr(torch.nn.functional, name)(*given, **options)

        return f"F.{name} {shapes} {options} {len(shapes)}", program

    yield row("batch_norm", (2, 3), None, None)
    yield row("batch_norm", (2, 3), (3,), None, training=True)
    yield row("batch_norm", (2, 3), (4,), (4,))
    yield row("batch_norm", (2, 3), (3,), (3,), (4,))
    yield row("batch_norm", (2, 3), (3,), (3,), (3,), (2,))
    yield row("batch_norm", (3,), (3,), (3,))
    yield row("batch_norm", (2, 3), (3,), (3,), training=True, momentum=None)
    yield row("batch_norm", (1, 3), None, None, training=True)
    yield row("layer_norm", (2, 3), normalized_shape=3)
    yield row("layer_norm", (2, 3), normalized_shape=[])
    yield row("layer_norm", (2, 3), normalized_shape=[2])
    yield row("group_norm", (1, 4, 2), num_groups=3)
    yield row("group_norm", (1, 4, 2), num_groups=-2)
    yield row("group_norm", (1, 4, 2), num_groups=2.0)
    yield row("group_norm", (4,), num_groups=2)
    yield row("instance_norm", (2, 3))
    yield row("instance_norm", (2, 3, 2), use_input_stats=False)
    yield row("instance_norm", (2, 3, 2), (4,), (4,))
    yield row("normalize", (4,))
    yield row("normalize", (2, 4), dim=2)
    yield (
        "F.normalize integers",
        lambda torch: torch.nn.functional.normalize(torch.ones(2, 2).long()),
    )


def reprs_and_states():
    made = {
        "BatchNorm1d": [((3,), {}), ((3,), {"momentum": None}), ((3,), {"bias": False})],
        "BatchNorm2d": [
            ((3,), {"affine": False}),
            ((3,), {"track_running_stats": False}),
        ],
        "InstanceNorm1d": [((3,), {}), ((3,), {"affine": True})],
        "InstanceNorm2d": [((3,), {"track_running_stats": True})],
        "LayerNorm": [
            ((3,), {}),
            (((2, 3),), {"elementwise_affine": False}),
            ((3,), {"bias": False}),
        ],
        "GroupNorm": [((2, 4), {}), ((2, 4), {"affine": False})],
    }
    for name, rows in made.items():
        for args, options in rows:

            def program(torch, name=name, args=args, options=options):
                layer = getattr(torch.nn, name)(*args, **options)
                state = {k: v for k, v in layer.state_dict().items()}
                return repr(layer), state, sorted(k for k in vars(layer) if k[0] != "_")

            yield f"{name}{args}{options} state", program
