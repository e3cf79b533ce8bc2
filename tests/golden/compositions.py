"""Programs for operations that are composed of others (autograd/composed.py)."""
from .recorder import sample
from .tensors import on, saying


def composed():
    a, b, v, w = sample(2, 3), sample(2, 3, seed=1), sample(3, seed=2), sample(3, seed=3)
    cube = sample(2, 3, 4, seed=4)
    for name in ("vstack", "hstack", "column_stack"):
        yield f"{name} of matrices", on(f"torch.{name}([x, y])", a, b)
        yield f"{name} of vectors", on(f"torch.{name}((x, y))", v, w)
    yield "vstack of both", on("torch.vstack([x, y])", a, v)
    for arguments in ("1, 2, 1", "1, 3, 2", "-1, 1, 1", "0, 2, 5", "1, 4, 1", "1, 2, 0"):
        yield f"unfold({arguments})", on(f"x.unfold({arguments})", a)
    yield "unfold twice", on("x.unfold(1, 2, 1).unfold(2, 2, 2)", cube)
    for arguments in ("", "n=2", "dim=0", "n=4", "n=0"):
        yield f"diff({arguments})", on(f"x.diff({arguments})", a)
    yield "tensordot 1", on("torch.tensordot(x, y, 1)", a, sample(3, 2))
    yield "tensordot 2", on("torch.tensordot(x, y)", cube, sample(3, 4, 2))
    yield "tensordot 0", on("torch.tensordot(x, y, 0)", v, w)
    yield "tensordot lists", on("torch.tensordot(x, y, ([1, 0], [0, 1]))", cube,
                                b.T.copy())
    yield "tensordot misfit", on("torch.tensordot(x, y, 1)", a, b)
    yield "inner", on("x.inner(y)", a, b)
    yield "inner of vectors", on("torch.inner(x, y)", v, w)
    yield "cdist 0", lambda torch: torch.cdist(torch.ones(1, 3), torch.eye(3), 0)
    for p in ("2", "1", "float('inf')", "3"):
        yield f"dist {p}", on(f"torch.dist(x, y, {p})", a, b)
        yield f"cdist {p}", on(f"torch.cdist(x, y, {p})", a, sample(4, 3, seed=5))
    yield "cdist of a row with itself", on("torch.cdist(x, x + 0)", a)
    yield "cdist in batches", on("torch.cdist(x, y)", cube, sample(2, 5, 4, seed=6))
    yield "cdist misfit", on("torch.cdist(x, y)", a, sample(4, 2))
    yield "clamp_min, clamp_max", on("torch.clamp_max(x.clamp_min(-0.5), 0.5)", a)
    for shape in ("3, 3", "2, 4", "5, 2", "2, 2, 2"):
        yield f"fill_diagonal_ {shape}", saying(f"torch.zeros({shape}).fill_diagonal_(7)")
    yield "fill_diagonal_ wrapped", saying(
        "torch.zeros(7, 3).fill_diagonal_(7, wrap=True)")
    yield "fill_diagonal_ of a box", saying("torch.zeros(2, 2, 3).fill_diagonal_(7)")
    yield "sizes", saying("[torch.zeros(2, 3).nbytes, torch.ones(1).double().itemsize, "
                          "torch.zeros(2, 3).ndimension(), torch.zeros(2).is_sparse]")
    yield "apply_", saying("torch.arange(4.0).apply_(lambda v: v * v)")
    yield "map_", saying("torch.arange(4.0).map_(torch.ones(4), lambda v, w: v - w)")
    yield "equal", saying("[torch.ones(2).equal(torch.ones(2)), "
                          "torch.ones(2).allclose(torch.ones(2) + 1e-9)]")
    for call in ("exponential_(0)", "geometric_(1.5)", "cauchy_(0, 0)",
                 "log_normal_(0, -1)"):
        yield f"refused {call}", saying(f"torch.zeros(2).{call}")


FAMILIES = {"tensors_composed": dict(composed())}
