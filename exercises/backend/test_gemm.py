"""Exercise 9.1: the matrix product, from counting its work to a race."""

import math

import numpy as np

from exercises.grading import Exercise, Race, call, part, scenario


def three_sizes(rng, smallest=5, largest=60):
    M, N, K = rng.choice(np.arange(smallest, largest), 3, replace=False)
    return {"M": int(M), "N": int(N), "K": int(K), "itemsize": 4}


def large_sizes(rng):
    return {"M": 2048, "N": 1024, "K": 4096, "itemsize": 8}


def a_product(rng, M=7, K=11, N=9):
    return {"a": rng.standard_normal((M, K)), "b": rng.standard_normal((K, N))}


def to_pack(rng, K=5, N=11, width=4):
    return {"b": rng.standard_normal((K, N)), "width": width}


def a_tile(rng, R=3, K=7, width=4):
    return {"a": rng.standard_normal((R, K)), "panel": rng.standard_normal((K, width))}


def in_blocks(rng, M=8, K=13, N=10, rows=3, width=4, depth=5):
    return {**a_product(rng, M, K, N), "rows": rows, "width": width, "depth": depth}


def which(function):
    """Inputs of a scenario that looks at one function."""
    return lambda rng: {"function": function}


def products_of_numpy(mine, function):
    """Which of NumPy's products a function uses, itself or by others of the file."""
    import ast
    refused = {"matmul", "dot", "vdot", "inner", "tensordot", "einsum", "multi_dot"}
    with open(mine.__file__, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    bodies, imported, used = {}, set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            bodies[node.name] = node
        elif isinstance(node, ast.ImportFrom):
            imported |= refused & {one.name for one in node.names}
    waiting = [bodies.pop(function, tree)]
    while waiting:
        for node in ast.walk(waiting.pop()):
            if isinstance(getattr(node, "op", None), ast.MatMult):
                used.add("@")
            elif isinstance(node, ast.Attribute) and node.attr in refused:
                used.add(node.attr)
            elif isinstance(node, ast.Name) and node.id in imported:
                used.add(node.id)
            elif isinstance(node, ast.Name) and node.id in bodies:
                waiting.append(bodies.pop(node.id))
    return {f"the product of NumPy in {function}": ", ".join(sorted(used)) or "none"}


def no_product_of_numpy(function):
    return scenario(products_of_numpy, which(function))


def memory_of_the_panels(mine, b, width):
    panels = mine.pack(b, width)
    return {"the panels are contiguous": bool(panels.flags.c_contiguous)}


def reads_of_the_panel(mine, a, panel):
    """How often tile takes each number of the panel by an index."""
    class Counted(np.ndarray):
        taken = 0

        def __getitem__(self, key):
            found = np.asarray(self)[key]
            Counted.taken += np.size(found)
            return found

    try:
        mine.tile(a, panel.view(Counted))
    except Exception:                      # a compiled tile takes no such array
        Counted.taken = 0
    return {"how often tile reads each number of the panel":
            max(1, math.ceil(Counted.taken / panel.size))}


def work_of_matmul(mine, a, b, rows, width, depth):
    """What matmul asks of tile and of pack."""
    tile, pack, tiles, packed = mine.tile, mine.pack, [], []

    def watched_tile(a, panel):
        tiles.append((*a.shape, panel.shape[1]))
        return tile(a, panel)

    def watched_pack(b, width):
        packed.append(b.size)
        return pack(b, width)

    mine.tile, mine.pack = watched_tile, watched_pack
    try:
        matmul = getattr(mine.matmul, "py_func", mine.matmul)      # not what is compiled
        matmul(a, b, rows, width, depth)
    finally:
        mine.tile, mine.pack = tile, pack
    most = [max(sizes) for sizes in zip(*tiles)] or [0, 0, 0]
    return {"the number of rows of the largest tile": most[0],
            "the number of steps of the longest tile": most[1],
            "the number of columns of the widest tile": most[2],
            "how many numbers are packed": sum(packed)}


def plain_product(a, b):
    """Nothing but loops: the one that yours is timed against."""
    M, K = a.shape
    N = b.shape[1]
    c = np.zeros((M, N))
    for i in range(M):
        for j in range(N):
            for k in range(K):
                c[i, j] += a[i, k] * b[k, j]
    return c


race = Race("fast", a_product, plain_product, rounds=5,
            sizes={"M": 12, "K": 640, "N": 30})

SPEED_HINTS = """
    Each step of a Python loop costs as much as a hundred compiled products. Either a
    compiler takes the loops, or there must be fewer steps.

    With numba, write the three loops out, number by number, so that the innermost goes
    along rows: i, k, j. Without it, count the calls of NumPy: by_rows makes M·K of them,
    and a sum of outer products only K.

    Put `from numba import njit` at the top of the file and @njit above fast: c =
    np.zeros((M, N)), then for i, for k, for j: c[i, j] += a[i, k] * b[k, j]. Or take the
    whole of C as one tile.
"""

# Headings of the chapter.
PREDICT, FORMULA, BY_HAND = "“Predict”", "“Formula with shapes”", "“By hand”"
LOOPS, SPEED = "“Plainly, in loops”", "“Speed”"

edges = ({"M": 1, "N": 1, "K": 1}, {"M": 0}, {"N": 0}, {"K": 0})

exercise = Exercise(
    "9.1", "The matrix product",
    part("a", 2, "flops, bytes, and their ratio", section=FORMULA,
         checks=call("intensity", three_sizes, large=large_sizes, gaps=False,
                     returns=("flops", "bytes", "flops per byte")),
         hints="""
             Take one number of C. How many multiplications and how many additions make
             it, if the sum starts at zero?

             There are M·N numbers in C, and each takes K of both. The bytes are those of
             three matrices: count the numbers of A, of B and of C.

             flops = 2 * M * N * K, bytes = itemsize * (M * K + K * N + M * N), and the
             third result is flops / bytes.
         """),
    part("b", 2, "the product by rows of B", section=PREDICT,
         checks=[call("by_rows", a_product, returns="c", also=edges, batch=None),
                 no_product_of_numpy("by_rows")],
         hints="""
             Write the sum for c[i, j], then strike out j everywhere: what is left is a
             sum of rows.

             c starts as zeros of shape (M, N). Two loops, i outside and k inside; each
             step adds a number times a row to a row.

             for i in range(M): for k in range(K): c[i] += a[i, k] * b[k].
         """),
    part("c", 3, "B copied into panels", section=LOOPS,
         checks=[call("pack", to_pack, returns="panels", batch=None,
                      also=({"N": 12}, {"N": 3}, {"width": 1}, {"N": 1, "K": 1},
                            {"N": 0}, {"K": 0})),
                 scenario(memory_of_the_panels, to_pack, batch=None)],
         hints="""
             How many panels do 11 columns need if each panel takes 4? And 12 columns?

             Start with zeros of the whole shape (count, K, width), where count is N /
             width rounded up. Then copy into panel p the columns that it has.

             count = -(-N // width). In a loop over p: columns = b[:, p * width:(p + 1) *
             width], which is narrower in the last panel, and panels[p, :,
             :columns.shape[1]] = columns.
         """),
    part("d", 3, "a tile in one pass over K", section=BY_HAND,
         checks=[call("tile", a_tile, returns="c",
                      also=({"R": 1}, {"R": 1, "K": 1, "width": 1}, {"R": 0}, {"K": 0})),
                 scenario(reads_of_the_panel, a_tile), no_product_of_numpy("tile")],
         hints="""
             In by_rows, how often is a row of B read? Which order of the loops reads it
             once?

             With k outside, step k needs column k of A (R numbers) and row k of the panel
             (width numbers). Every number of the one meets every number of the other.

             c = np.zeros((R, width)), then for each k: c += np.outer(a[:, k], panel[k]).
         """),
    part("e", 3, "the whole product in blocks", section=LOOPS, needs="cd",
         checks=[call("matmul", in_blocks, returns="c", batch=None,
                      also=({"M": 9, "K": 10, "N": 12}, *edges,
                            {"rows": 1, "width": 1, "depth": 1},
                            {"rows": 50, "width": 60, "depth": 70})),
                 call("matmul", a_product, returns="c", batch=None,
                      sizes={"M": 14, "N": 35, "K": 150}),
                 scenario(work_of_matmul, in_blocks, batch=None, gaps=False),
                 no_product_of_numpy("matmul")],
         hints="""
             Three loops, each with a step: over K by depth, over N by width, over M by
             rows. In which of them do you pack, so that no number is packed twice?

             Pack b[k:k + depth] right inside the loop over K. A tile takes a[i:i + rows,
             k:k + depth] and panel j // width. Several blocks of K reach the same place
             of C: add.

             target = c[i:i + rows, j:j + width] is smaller at the edges, and a slice
             never reaches too far. A tile is always width wide: target += tile(a[i:i +
             rows, k:k + depth], panels[j // width])[:, :target.shape[1]].
         """),
    part("f", 1, "right, and 2 times as fast as loops", section=SPEED,
         checks=[call("fast", a_product, returns="c", also=edges, batch=None,
                      seconds=60.0),             # a file may compile at its first call
                 no_product_of_numpy("fast"), race.faster_than(2)],
         hints=SPEED_HINTS),
    *(part(letter, 1, f"{times} times as fast as loops", section=SPEED, needs="f",
           checks=race.faster_than(times), hints=SPEED_HINTS)
      for letter, times in zip("gh", (5, 20))),
)
