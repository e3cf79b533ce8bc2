"""Exercise 3.1: an autograd engine, from the gradient of a sum to gradient descent."""

import numpy as np

from exercises.grading import Exercise, call, gradients, part, scenario

# ---- numbers -------------------------------------------------------------------------


def new_and_stretched(rng, N=3):
    """(N, 5, 4) was made from (5, 1): a new axis, and a stretched one."""
    return {"gradient": rng.standard_normal((N, 5, 4)), "shape": (5, 1)}


def stretched_inside(rng, N=3):
    return {"gradient": rng.standard_normal((N, 5, 4)), "shape": (N, 1, 4)}


def untouched(rng, N=3):
    return {"gradient": rng.standard_normal((N, 4)), "shape": (N, 4)}


def from_one_number(rng, N=3):
    return {"gradient": rng.standard_normal((N, 4)), "shape": ()}


def pair_and_dy(rng, N=3, D=5, H=4):
    """a (D, 1) and b (N, 1, H) meet in (N, D, H)."""
    draw = rng.standard_normal
    return {"dy": draw((N, D, H)), "a": draw((D, 1)), "b": draw((N, 1, H))}


def matrices_and_dy(rng, N=3, D=5, H=4):
    draw = rng.standard_normal
    return {"dy": draw((N, H)), "a": draw((N, D)), "b": draw((D, H))}


def distinct_rows(rng, N=4):
    x = rng.permuted(np.arange(6.0) + rng.uniform(0, 0.5, (N, 6)), axis=1)
    return {"dy": rng.standard_normal(N), "x": x, "axis": 1}


def rows_with_ties(rng, N=4):
    """The largest entry comes once, twice, three times …, over the rows."""
    x = rng.integers(-3, 3, (N, 6)).astype(float)
    for k in range(N):
        x[k, rng.permutation(6)[: k % 4 + 1]] = 5.0
    return {"dy": rng.standard_normal(N), "x": x, "axis": 1}


def columns_with_ties(rng):
    x = np.array([[2.0, 1.0, 7.0], [2.0, 3.0, 7.0], [0.0, 3.0, 7.0], [2.0, -1.0, 7.0]])
    return {"dy": rng.standard_normal(3), "x": x, "axis": 0}


def one_array(rng, N=3):
    return {"x": rng.uniform(0.5, 1.5, (N, 4))}


def two_arrays(rng, N=3):
    draw = rng.standard_normal
    return {"x": draw((N, 4)), "w": draw(4)}


def two_arrays_and_dy(rng, N=3):
    return {**two_arrays(rng, N), "dy": rng.standard_normal((N, 4))}


def under_a_ceiling(rng, N=5):
    """Entries below 0, between, above the ceiling, and at both borders."""
    x = rng.uniform(-2, 4, (N, 4))
    ceiling = rng.uniform(1, 2, 4)
    x[:1] = 0.0
    x[1:2] = ceiling
    return {"x": x, "ceiling": ceiling, "dy": rng.standard_normal((N, 4))}


def regression(rng, N=6):
    x = rng.standard_normal((N, 3))
    return {"x": x, "y": x @ np.array([[1.0], [-2.0], [0.5]]), "w": np.zeros((3, 1))}


# ---- scenarios: the order ------------------------------------------------------------


def described(found, root):
    """How long the list is, and how many arrows of the graph run forward in it."""
    place = {}
    for k, value in enumerate(found):
        place.setdefault(id(value), k)
    waiting, known, arrows = [root], {id(root)}, 0
    while waiting:
        value = waiting.pop()
        for parent in value.parents:
            here, there = place.get(id(value)), place.get(id(parent))
            arrows += here is not None and there is not None and here < there
            if id(parent) not in known:
                known.add(id(parent))
                waiting.append(parent)
    return {"values in the list": len(found), "different values in it": len(place),
            "values that stand before a parent of theirs": int(arrows)}


def order_of_a_graph(mine, x):
    x = mine.Value(x)
    a = x * x
    b = a * x
    c = b * a
    mine.Value(1.0) + b                       # uses b, but the root does not come from it
    return described(mine.order(c * b + a), c * b + a) | {
        "of the leaf alone": [v is x for v in mine.order(x)]}


def order_with_a_short_cut(mine, x):
    x = mine.Value(x)
    a = x + x
    b = a * a
    long_way = ((b + x) * b) * x
    root = a + (x + (long_way * b + a))
    return described(mine.order(root), root)


def order_with_many_paths(mine):
    value = mine.Value(1.0)
    for _ in range(12):
        value = value + value                 # 4,096 paths through 13 Values
    return described(mine.order(value), value)


def order_of_a_deep_graph(mine):
    value = one = mine.Value(1.0)
    for _ in range(3000):
        value = value + one
    return described(mine.order(value), value)


# ---- scenarios: changes in place -----------------------------------------------------


def outcome_of(action, value):
    try:
        back = action(value)
    except Exception as error:
        return type(error).__name__
    return "no error" if back is None else f"no error, but {back!r} returned"


def change_in_place(mine, x, w):
    value = mine.Value(x)
    memory = value.array
    back = value.add_(w)
    value.add_(1.0)
    return {"the array after two changes": value.array,
            "the version after two changes": value.version,
            "add_ returned the Value": back is value,
            "the array is in the same memory": value.array is memory}


def change_after_saving(mine, x, w):
    found = {}
    for k, factor in enumerate(("first", "second")):
        factors = mine.Value(x), mine.Value(w)
        product = factors[0] * factors[1]
        found["before a change"] = outcome_of(mine.check_unchanged, product)
        factors[k].add_(1.0)
        found[f"after a change of the {factor} factor"] = outcome_of(
            mine.check_unchanged, product)
    return found


def change_before_saving(mine, x, w):
    x, w = mine.Value(x), mine.Value(w)
    x.add_(1.0)
    product, total = x * w, x + w
    between = outcome_of(mine.check_unchanged, product)
    x.add_(1.0)
    return {"when the change came before the product": between,
            "when another came after it":
                outcome_of(mine.check_unchanged, product),
            "of a sum, which saves nothing":
                outcome_of(mine.check_unchanged, total)}


# ---- scenarios: the sweep ------------------------------------------------------------


def leaves_after_backward(mine, x, w):
    x, w = mine.Value(x), mine.Value(w)
    product = x * w
    mine.backward((product + x).sum())
    return {"x.grad": x.grad, "w.grad": w.grad, "grad of the product": product.grad}


def a_value_used_twice(mine, x, w):
    x, w = mine.Value(x), mine.Value(w)
    a = x * w
    b = a * a
    c = (b + x) * a
    mine.backward((c * b + w).sum())
    return {"x.grad": x.grad, "w.grad": w.grad}


def a_short_and_a_long_path(mine, x, w):
    x, w = mine.Value(x), mine.Value(w)
    a = x * w
    b = a * a
    mine.backward(((b * x) * w + (a + b)).sum())
    return {"x.grad": x.grad, "w.grad": w.grad}


def one_array_for_two_parents(mine, x):
    """The formula of this sum gives both parents the same array, dy itself."""
    x, y = mine.Value(x), mine.Value(2 * x)
    square = x * x
    total = mine.Value(x.array + y.array, (x, y), lambda dy: (dy, dy))
    mine.backward((total + square).sum())
    found = {"x.grad": np.array(x.grad), "y.grad": np.array(y.grad)}
    mine.backward((total + square).sum())
    return {**found, "x.grad after a second call": x.grad,
            "y.grad after a second call": y.grad}


def a_gradient_from_outside(mine, x, w, dy):
    x, w = mine.Value(x), mine.Value(w)
    mine.backward(x * w + x, dy)
    return {"x.grad": x.grad, "w.grad": w.grad}


def two_calls(mine, x, w, dy):
    x, w = mine.Value(x), mine.Value(w)
    mine.backward(x, dy)
    first = np.array(x.grad)
    mine.backward(x * w)
    return {"x.grad after the first call": first,
            "x.grad after the second call": x.grad, "w.grad": w.grad}


def a_change_between(mine, x, w):
    x, w = mine.Value(x), mine.Value(w)
    product = (x * w).sum()
    x.add_(1.0)
    return {"backward after a factor was changed":
                outcome_of(mine.backward, product)}


def a_deep_graph(mine):
    value = one = mine.Value(1.0)
    for _ in range(3000):
        value = value + one
    mine.backward(value)
    return {"gradient of the number added 3,000 times": one.grad}


# ---- scenarios: checks, an own operation, descent ------------------------------------


def slope_of_cubes(mine, x):
    """With step 0.25, central differences of x³ are 3x² + 0.0625."""
    return {"gradient of sum(x³), h = 0.25":
            mine.numerical_gradient(lambda a: float((a**3).sum()), x, 0.25),
            "of a single number": mine.numerical_gradient(
                lambda a: float(a * a * a), np.array(2.0), 0.25)}


def slope_of_a_weighted_sum(mine, x):
    weights = np.arange(1.0, 1.0 + x.size).reshape(x.shape)
    return {"gradient of the sum of k·x_k, h = 2":
            mine.numerical_gradient(lambda a: float((weights * a).sum()), x, 2.0)}


def check_of_right_formulas(mine, x, w):
    return {"the error is below 1e-7": bool(
        mine.gradcheck(lambda x, w: (x * w + x * x).sum(), x, w) < 1e-7)}


def wrong_product(mine, a, b, factor_a, factor_b):
    """a * b with gradients that are wrong by these factors."""
    def formula(dy):
        da, db = mine.mul_backward(dy, a.array, b.array)
        return da * factor_a, db * factor_b
    return mine.Value(a.array * b.array, (a, b), formula)


def check_of_wrong_formulas(mine, x, w):
    def error(factor_a, factor_b):
        return float(mine.gradcheck(
            lambda x, w: wrong_product(mine, x, w, factor_a, factor_b).sum(), x, w))
    return {"error with the first gradient too large": error(1.5, 1.0),
            "error with the first gradient too small": error(0.5, 1.0),
            "error with the second gradient too large": error(1.0, 1.25),
            "error with both wrong": error(1.5, 1.25)}


def check_with_an_unused_array(mine, x, w):
    return {"the error is below 1e-7": bool(
        mine.gradcheck(lambda x, w: (x * x).sum(), x, w) < 1e-7)}


def ceiling_forward(mine, x, ceiling, dy):
    return {"y": mine.CeilingReLU.apply(mine.Value(x), mine.Value(ceiling)).array}


def ceiling_backward(mine, x, ceiling, dy):
    x, ceiling = mine.Value(x), mine.Value(ceiling)
    mine.backward(mine.CeilingReLU.apply(x, ceiling), dy)
    return {"dx": x.grad, "dceiling": ceiling.grad}


def two_ceilings(mine, x, ceiling, dy):
    """Two calls before their backward: each has its own ctx."""
    x, ceiling = mine.Value(x), mine.Value(ceiling)
    low, high = mine.Value(ceiling.array * 0.5), mine.Value(ceiling.array * 2)
    once = mine.CeilingReLU.apply(x, low)
    twice = mine.CeilingReLU.apply(x, high)
    mine.backward(once * twice, dy)
    return {"dx": x.grad, "dceiling of the low one": low.grad,
            "dceiling of the high one": high.grad}


def squared_error(mine, x, y, w):
    """A function of no argument: the mean of (x w - y)²."""
    x, minus_y = mine.Value(x), mine.Value(-y)
    share = mine.Value(1 / max(len(y), 1))

    def loss():
        error = x @ w + minus_y
        return (error * error).sum() * share
    return loss


def descent(mine, x, y, w):
    w = mine.Value(w)
    w.grad = np.ones((3, 1))                  # an old gradient, from something else
    losses = mine.descend(squared_error(mine, x, y, w), [w], 0.1, 4)
    return {"the losses": [float(one) for one in losses], "w after four steps": w.array}


def descent_in_two_parts(mine, x, y, w):
    w, shift = mine.Value(w), mine.Value(np.ones(1))
    loss = squared_error(mine, x, y, w)
    both = lambda: loss() + (shift * shift).sum()             # noqa: E731
    mine.descend(both, [w, shift], 0.1, 2)
    losses = mine.descend(both, [w, shift], 0.05, 2)
    return {"losses of the second call": [float(one) for one in losses],
            "w": w.array, "the second leaf": shift.array}


# ---- the parts -----------------------------------------------------------------------

one_each = ({"N": 1, "D": 1, "H": 1},)

exercise = Exercise(
    "3.1", "An autograd engine",
    part("a", 1, "stretched, then summed", section="“Stretched, then summed”",
         checks=[call("unbroadcast", one, returns="the sum")
                 for one in (new_and_stretched, stretched_inside, untouched,
                             from_one_number)],
         hints=(
             "Broadcasting does two things to a shape: it puts new axes on the left,"
             " and it repeats axes of length 1. Both are undone by a sum.",
             "The number of new axes is gradient.ndim - len(shape). Sum those away "
             "first. Then the remaining axes stand under those of shape.",
             "gradient.sum(axis=tuple(range(extra))) removes the new axes. Then sum "
             "over every axis k with shape[k] == 1, with keepdims=True so that it "
             "stays.",
         )),
    part("b", 2, "add and mul", section="“Stretched, then summed”", needs="a",
         checks=[gradients(f"{name}_backward", pair_and_dy, of=name, wrt=("a", "b"),
                           upstream=("dy",), also=one_each) for name in ("add", "mul")],
         hints=(
             "If a moves a little, by how much does the result move? That slope "
             "multiplies dy.",
             "The slope of a + b is 1 for both. The slope of a * b towards a is b, "
             "towards b it is a. dy has the broadcast shape, the gradients have "
             "those of a and b.",
             "add: unbroadcast(dy, a.shape) and unbroadcast(dy, b.shape). mul: the "
             "same with dy * b and dy * a in the place of dy.",
         )),
    part("c", 1, "the matrix product", section="“The chain rule, with shapes”",
         checks=gradients("matmul_backward", matrices_and_dy, of="matmul", wrt=("a", "b"),
                          upstream=("dy",), also=one_each),
         hints=(
             "Write the three shapes down: dy (N, H), a (N, D), b (D, H). da must be"
             " (N, D).",
             "There is one product of dy and b, transposed or not, that has the "
             "shape of a.",
             "da = dy @ b.T and db = a.T @ dy.",
         )),
    part("d", 1, "the largest, with ties", section="“Ties”",
         checks=[call("amax_backward", distinct_rows, returns="dx"),
                 call("amax_backward", rows_with_ties, returns="dx"),
                 call("amax_backward", columns_with_ties, returns="dx")],
         hints=(
             "Only the largest entries move the result. Which entries of x are equal"
             " to it?",
             "x == x.max(axis, keepdims=True) is a mask of the winners. Divide it by"
             " how many winners its row has, so that the shares add up to one.",
             "share = winners / winners.sum(axis=axis, keepdims=True), and dx = "
             "share * np.expand_dims(dy, axis): the axis that disappeared comes back"
             " with length 1.",
         )),
    part("e", 2, "each before its parents", section="“An engine in forty lines”",
         checks=[scenario(one, one_array, helpers=(described,), gaps=False, batch=None)
                 for one in (order_with_a_short_cut, order_of_a_graph)]
         + [scenario(one, helpers=(described,), gaps=False)
            for one in (order_with_many_paths, order_of_a_deep_graph)],
         hints=(
             "A Value's number is larger than those of its parents. In which order "
             "of the numbers does every Value come before its parents?",
             "Collect the Values with a list of those still to be looked at and a "
             "set of those already seen, then sort by number; or let a heap give the"
             " largest number next.",
             "Put (-root.number, root) on a heap. Pop one, append it to the result, "
             "and push each parent that is not in the set `seen` yet. Until the heap"
             " is empty.",
         )),
    part("f", 1, "changes in place are noticed", section="“Changes in place”",
         checks=[scenario(one, two_arrays, helpers=(outcome_of,), gaps=False, batch=None)
                 for one in (change_in_place, change_after_saving, change_before_saving)],
         hints=(
             "A product needs its factors again in backward. How could it tell that "
             "one was changed since?",
             "value.saved has pairs: a Value, and the version it had when the "
             "product was made. add_ adds to the array and counts one version more.",
             "In add_: self.array += other, self.version += 1, return self. In "
             "check_unchanged: for saved, version in value.saved, raise a "
             "RuntimeError if saved.version != version.",
         )),
    part("g", 3, "the sweep", section="“An engine in forty lines”", needs="abef",
         checks=[scenario(leaves_after_backward, two_arrays),
                 scenario(a_value_used_twice, two_arrays),
                 scenario(a_short_and_a_long_path, two_arrays),
                 scenario(one_array_for_two_parents, one_array),
                 scenario(a_gradient_from_outside, two_arrays_and_dy),
                 scenario(two_calls, two_arrays_and_dy),
                 scenario(a_change_between, two_arrays, helpers=(outcome_of,), gaps=False,
                          batch=None),
                 scenario(a_deep_graph)],
         hints=(
             "When a Value's turn comes, all gradients that flow into it must have "
             "arrived. That is what order(root) is for.",
             "Keep a dict: Value → the gradient that has arrived so far. It begins "
             "with root and dy. For each Value in the order take its gradient out; a"
             " leaf adds it to .grad, another Value sends value.gradients(dy) on to "
             "its parents.",
             "For each parent and its gradient g: under_way[parent] = "
             "under_way.get(parent, 0) + g. Write + and not +=: two parents may be "
             "given one and the same array.",
         )),
    part("h", 1, "central differences", section="“Is it right?”",
         checks=[scenario(slope_of_cubes, one_array),
                 scenario(slope_of_a_weighted_sum, one_array)],
         hints=(
             "One entry moves at a time; all others stay where they are.",
             "For every entry: f with this entry h larger, minus f with it h "
             "smaller, divided by how far apart the two are.",
             "for entry in np.ndindex(x.shape): copy x twice, up[entry] += h, "
             "down[entry] -= h, slope[entry] = (f(up) - f(down)) / (2 * h).",
         )),
    part("i", 1, "a check that convicts", section="“Is it right?”", needs="gh",
         checks=[scenario(check_of_right_formulas, two_arrays, batch=None, gaps=False),
                 scenario(check_of_wrong_formulas, two_arrays, helpers=(wrong_product,),
                          tolerance=1e-6, batch=None, gaps=False),
                 scenario(check_with_an_unused_array, two_arrays, batch=None,
                          gaps=False)],
         hints=(
             "Make a Value of each array, compute f, call backward: that is one "
             "side. The other side is numerical_gradient, once for each array.",
             "numerical_gradient wants a function of one array: put a Value of that "
             "array in the place of the k-th Value, call f, and return its number.",
             "error = np.abs(grad - numerical) / (1 + np.abs(numerical)); keep the "
             "largest over all entries of all arrays. A .grad that is None counts as"
             " zeros.",
         )),
    part("j", 1, "ReLU under a learned ceiling", section="“An operation of your own”",
         needs="ag",
         checks=[scenario(one, under_a_ceiling)
                 for one in (ceiling_forward, ceiling_backward, two_ceilings)],
         hints=(
             "Draw y over x: flat, then slope 1, then flat again. Which of the three"
             " parts moves when x moves, and which when the ceiling moves?",
             "Two masks: 0 < x < ceiling for x, x >= ceiling for the ceiling. The "
             "ceiling was broadcast over the rows.",
             "ctx.save(x, ceiling) in forward. In backward dx = dy * ((x > 0) & (x <"
             " ceiling)) and dceiling = unbroadcast(dy * (x >= ceiling), "
             "ceiling.shape).",
         )),
    part("k", 1, "gradient descent", section="“A problem it solves”", needs="cfg",
         checks=[scenario(one, regression, helpers=(squared_error,))
                 for one in (descent, descent_in_two_parts)],
         hints=(
             "backward adds to .grad. What does the second step find there?",
             "In each step: set every .grad to None, compute the loss, backward, "
             "note the loss, then change the leaves.",
             "leaf.add_(-rate * leaf.grad), after value = loss(), backward(value), "
             "losses.append(value.array.item()).",
         )),
)
