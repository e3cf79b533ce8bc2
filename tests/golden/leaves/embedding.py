"""Embedding tables, bags of them, and one-hot rows."""

import itertools

import numpy as np

from ..recorder import sample
from .grid import DTYPES, classes, layer

YES_NO = (True, False)
BAG = np.array([1, 3, 0, 3, 3, 2, 1])
# Where bags begin.  With include_last_offset the last number is the end; PyTorch's
# backward may crash if that is not the end of the input, so those all reach it.
CUTS = [
    ("one", [0], False),
    ("two", [0, 3], False),
    ("empty", [0, 0, 2, 2, 7], False),
    ("one", [0, 7], True),
    ("two", [0, 3, 7], True),
    ("empty", [0, 0, 2, 2, 7], True),
]


def programs():
    for dtype in DTYPES:
        yield from embeddings(dtype)
        yield from bags(dtype)
    yield from tables_in_place()
    yield from errors()
    yield from bag_errors()
    yield from one_hots()
    yield from reprs_and_states()


def embeddings(dtype):
    shapes = [(), (1,), (5,), (2, 3), (0,), (2, 0), (2, 1, 2)]
    for shape, padding, by_frequency in itertools.product(shapes, (None, 1, -1), YES_NO):
        yield layer(
            "Embedding",
            (4, 3),
            classes(*shape, n=4),
            padding_idx=padding,
            scale_grad_by_freq=by_frequency,
            dtype=dtype,
        )
    for max_norm, norm_type in itertools.product((1.0, 0.5, 100.0), (2.0, 1.0, 3.0, 0.5)):
        yield layer(
            "Embedding",
            (4, 3),
            classes(5, n=4),
            max_norm=max_norm,
            norm_type=norm_type,
            dtype=dtype,
        )
    yield layer(
        "Embedding", (4, 3), classes(5, n=4).astype(np.int32), dtype=dtype, note="int32"
    )
    yield layer("Embedding", (1, 1), np.array([0, 0]), dtype=dtype)
    yield layer("Embedding", (4, 0), np.array([0, 3]), dtype=dtype)
    yield layer("Embedding", (0, 3), np.array([], np.int64), dtype=dtype)
    yield layer("Embedding", (30, 2), classes(25, n=30), dtype=dtype)


def bags(dtype):
    for mode, padding in itertools.product(("sum", "mean", "max"), (None, 3, -4)):
        options = {"mode": mode, "padding_idx": padding, "dtype": dtype}
        for shape in [(2, 3), (1, 1), (3, 5), (0, 3)]:
            yield layer("EmbeddingBag", (4, 3), classes(*shape, n=4), **options)
        for note, cuts, last in CUTS:
            yield layer(
                "EmbeddingBag",
                (4, 3),
                BAG,
                np.array(cuts),
                note=note,
                include_last_offset=last,
                **options,
            )
    for padding in (None, 3):
        options = {"mode": "sum", "padding_idx": padding, "dtype": dtype}
        for note, cuts, last in CUTS:
            yield layer(
                "EmbeddingBag",
                (4, 3),
                BAG,
                np.array(cuts),
                sample(7, seed=4),
                note=note,
                include_last_offset=last,
                **options,
            )
        yield layer(
            "EmbeddingBag",
            (4, 3),
            classes(2, 3, n=4),
            sample(2, 3, seed=4),
            call=lambda m, x, w: m(x, None, w),
            **options,
        )
    # PyTorch 2.13 takes the frequencies of other rows: here all are named twice.
    for mode, padding in itertools.product(("sum", "mean"), (None, 1)):
        yield layer(
            "EmbeddingBag",
            (4, 3),
            np.array([[0, 2, 1], [1, 0, 2]]),
            mode=mode,
            padding_idx=padding,
            scale_grad_by_freq=True,
            dtype=dtype,
        )
    none = np.array([], np.int64)
    for mode in ("sum", "mean", "max"):
        for cuts in ([], [0], [0, 0]):
            yield layer(
                "EmbeddingBag",
                (4, 3),
                none,
                np.array(cuts, np.int64),
                mode=mode,
                note="nothing",
                dtype=dtype,
            )
        yield layer(
            "EmbeddingBag",
            (4, 3),
            BAG,
            np.array([0, 3]),
            mode=mode,
            max_norm=1.0,
            dtype=dtype,
        )
    yield layer(
        "EmbeddingBag",
        (4, 3),
        BAG.astype(np.int32),
        np.array([0, 3], np.int32),
        note="int32",
        dtype=dtype,
    )
    yield layer(
        "EmbeddingBag",
        (4, 3),
        BAG.astype(np.int32),
        np.array([0, 3]),
        note="both",
        dtype=dtype,
    )
    yield layer("EmbeddingBag", (5, 2), classes(3, 9, n=5), dtype=dtype, mode="sum")


def tables_in_place():
    """max_norm changes the table itself."""
    for norm_type, max_norm in itertools.product(
        (2.0, 1.0, float("inf"), 0.0), (1.0, 0.0)
    ):

        def shortened(torch, name, *index, norm_type=norm_type, max_norm=max_norm):
            table = torch.from_numpy(sample(4, 3))
            y = getattr(torch.nn.functional, name)(
                *map(torch.from_numpy, index[:1]),
                table,
                *map(torch.from_numpy, index[1:]),
                max_norm=max_norm,
                norm_type=norm_type,
            )
            return y, table

        yield (
            f"F.embedding max_norm {norm_type}, {max_norm}",
            lambda torch, f=shortened: f(torch, "embedding", np.array([0, 2, 0])),
        )
        yield (
            f"F.embedding_bag max_norm {norm_type}, {max_norm}",
            lambda torch, f=shortened: f(
                torch, "embedding_bag", np.array([0, 2, 0]), np.array([0, 1])
            ),
        )

    # PyTorch 2.13 reads on to the end of the input for mean and max; sum ends early.
    yield (
        "F.embedding_bag that ends early",
        lambda torch: torch.nn.functional.embedding_bag(
            torch.from_numpy(BAG),
            torch.from_numpy(sample(4, 3)),
            torch.tensor([0, 2, 4]),
            mode="sum",
            include_last_offset=True,
        ),
    )

    def whole(torch):
        return torch.nn.functional.embedding(
            torch.tensor([1, 0]), torch.tensor([[1, 2], [3, 4]])
        )

    yield "F.embedding of whole numbers", whole

    def ties(torch):
        table = torch.tensor([[1, np.nan], [1, 2], [np.nan, 3]]).requires_grad_()
        y = torch.nn.functional.embedding_bag(
            torch.tensor([0, 1, 2, 1, 0, 2]), table, torch.tensor([0, 2, 3]), mode="max"
        )
        y.sum().backward()
        return y, table.grad

    yield "F.embedding_bag max of equal ones and NaN", ties
    for freeze in YES_NO:

        def pretrained(torch, freeze=freeze):
            table = torch.from_numpy(sample(4, 3))
            one = torch.nn.Embedding.from_pretrained(table, freeze, padding_idx=1)
            bag = torch.nn.EmbeddingBag.from_pretrained(table, freeze, padding_idx=1)
            index = torch.tensor([[1, 2], [3, 1]])
            return (
                one.weight,
                one.weight.requires_grad,
                one(index),
                bag(index),
                bag.weight.requires_grad,
            )

        yield f"from_pretrained {freeze}", pretrained


def errors():
    for index in ([4], [-1], [0, 9, 1]):
        yield layer("Embedding", (4, 3), np.array(index), note=f"{index}")
    for dtype in (np.int16, np.uint8, np.bool_, np.float32):
        yield layer("Embedding", (4, 3), np.array([1]).astype(dtype), note=dtype.__name__)
    for padding in (4, -5):
        yield layer("Embedding", (4, 3), np.array([1]), padding_idx=padding)
        yield layer("EmbeddingBag", (4, 3), np.array([[1]]), padding_idx=padding)
    yield layer("Embedding", (-4, 3), np.array([1]))
    yield layer("Embedding", (4, 3), np.array([1]), _weight=sample(3, 3))
    yield layer("EmbeddingBag", (4, 3), np.array([[1]]), _weight=sample(3, 3))
    yield (
        "from_pretrained 1-D",
        lambda torch: torch.nn.Embedding.from_pretrained(torch.ones(3)),
    )
    for shape in [(4,), (4, 3, 2)]:
        yield (
            f"F.embedding weight {shape}",
            lambda torch, shape=shape: torch.nn.functional.embedding(
                torch.tensor([1]), torch.ones(*shape)
            ),
        )
    yield (
        "F.embedding of a list",
        lambda torch: torch.nn.functional.embedding([1], torch.ones(4, 3)),
    )
    yield (
        "F.embedding padding",
        lambda torch: torch.nn.functional.embedding(
            torch.tensor([1]), torch.ones(4, 3), padding_idx=4
        ),
    )


def bag_errors():
    def row(note, index, offsets=None, weights=None, table=(4, 3), **options):
        def program(torch):
            made = [None if a is None else torch.tensor(a) for a in (offsets, weights)]
            return torch.nn.functional.embedding_bag(
                torch.tensor(index),
                torch.ones(*table),
                made[0],
                per_sample_weights=made[1],
                **options,
            )

        return f"F.embedding_bag {note}", program

    yield row("first offset", [1, 2], [1], mode="sum")
    yield row("last offset", [1, 2], [0, 3], mode="sum")
    yield row("back", [1, 2, 3], [0, 2, 1], mode="sum")
    yield row("no offsets", [1, 2])
    yield row("offsets 2-D", [1, 2], [[0]])
    yield row("offsets real", [1, 2], [0.0, 1.0])
    yield row("offsets for 2-D", [[1, 2]], [0])
    yield row("3-D", [[[1, 2]]])
    yield row("0-D", 1)
    yield row("too large", [0, 4], [0], mode="sum")
    yield row("too large for max", [0, 4], [0], mode="max")
    yield row("negative", [0, -1], [0], mode="mean")
    yield row("real", [0.0, 1.0], [0])
    yield row("mode", [0, 1], [0], mode="median")
    yield row("max by frequency", [0, 1], [0], mode="max", scale_grad_by_freq=True)
    yield row("weights of a mean", [0, 1], [0], [1.0, 2.0])
    yield row("weights' shape", [0, 1], [0], [1.0], mode="sum")
    yield row("weights' dtype", [0, 1], [0], [1, 2], mode="sum")
    yield row("padding", [0, 1], [0], padding_idx=4)
    yield row("table 1-D", [0, 1], [0], table=(4,))
    yield row("no last offset", [], [], include_last_offset=True)


def one_hots():
    def row(note, index, *args, dtype="int64"):
        return (
            f"F.one_hot {note} {args} {dtype}",
            lambda torch: torch.nn.functional.one_hot(
                torch.tensor(index).to(getattr(torch, dtype)), *args
            ),
        )

    for args in [(), (3,), (5,), (-1,), (2,), (0,), (-2,), (2.5,), (True,)]:
        yield row("row", [0, 2, 1], *args)
    yield row("table", [[0, 1], [1, 0]])
    yield row("number", 2, 4)
    yield row("nothing", [])
    yield row("nothing", [], 3)
    yield row("nothing", [], 0)
    yield row("negative", [0, -2])
    for dtype in ("int32", "uint8", "float32"):
        yield row("row", [0, 1], 4, dtype=dtype)


def reprs_and_states():
    for name, options in [
        ("Embedding", {}),
        ("Embedding", {"padding_idx": -1}),
        ("Embedding", {"max_norm": 1.0, "norm_type": 1.0, "scale_grad_by_freq": True}),
        ("EmbeddingBag", {}),
        ("EmbeddingBag", {"mode": "sum", "padding_idx": -1}),
        ("EmbeddingBag", {"max_norm": 1.0, "norm_type": 1.0, "mode": "max"}),
    ]:

        def program(torch, name=name, options=options):
            made = getattr(torch.nn, name)(4, 3, **options)
            return (
                repr(made),
                list(made.state_dict()),
                made.padding_idx,
                sorted(k for k in vars(made) if k[0] != "_"),
            )

        yield f"{name} {options} state", program
