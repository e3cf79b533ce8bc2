"""Exercise 7.1: the LSTM cell, from the sigmoid to its gradients."""

import math

import numpy as np

from exercises.grading import Exercise, Race, call, gradients, part

# Headings of the chapter.
FORMULA, BY_HAND, LOOPS = '"Formula with shapes"', '"By hand"', '"Plainly, in loops"'
GRADIENT, SPEED = '"The gradient"', '"Speed"'


def any_numbers(rng, N=3):
    return {"x": 3 * rng.standard_normal((N, 5))}


def far_above_zero(rng):
    return {"x": np.array([[0.0, 40.0, 745.0, 1e4]])}


def far_below_zero(rng):
    return {"x": np.array([[-1e4, -745.0, -40.0, -0.0]])}


def gate_inputs(rng, N=3, D=4, H=5):
    draw = rng.standard_normal
    return {"x": draw((N, D)), "h": draw((N, H)), "w_ih": draw((4 * H, D)),
            "w_hh": draw((4 * H, H)), "b_ih": draw(4 * H), "b_hh": draw(4 * H)}


def cell_inputs(rng, N=3, H=5):
    i, f, o = rng.uniform(0.1, 0.9, (3, N, H))
    g, c = rng.uniform(-0.9, 0.9, (2, N, H))
    return {"i": i, "f": f, "g": g, "o": o, "c": c}


def step_inputs(rng, N=3, D=4, H=5):
    inputs = gate_inputs(rng, N, D, H)
    x, h = inputs.pop("x"), inputs.pop("h")
    return {"x": x, "h": h, "c": rng.standard_normal((N, H)), **inputs}


def with_upstream(inputs):
    """Put the gradients of h' and c' before the arguments of the forward function."""
    def both(rng, N=3, H=5, **sizes):
        upstream = rng.standard_normal((2, N, H))
        return {"dh_next": upstream[0], "dc_next": upstream[1],
                **inputs(rng, N=N, H=H, **sizes)}
    return both


def plain_step(x, h, c, w_ih, w_hh, b_ih, b_hh):
    """One step with nothing but loops: the one that yours is timed against."""
    def sigma(a):
        return 1 / (1 + math.exp(-a))

    N, H = h.shape
    rows = [x.tolist(), h.tolist(), w_ih.tolist(), w_hh.tolist()]
    xs, hs, input_weights, hidden_weights = rows
    h_next, c_next = np.zeros((N, H)), np.zeros((N, H))
    for n in range(N):
        a = []
        for k in range(4 * H):
            total = b_ih[k] + b_hh[k]
            for w, value in zip(input_weights[k], xs[n]):
                total += w * value
            for w, value in zip(hidden_weights[k], hs[n]):
                total += w * value
            a.append(total)
        for j in range(H):
            i, f, o = sigma(a[j]), sigma(a[H + j]), sigma(a[3 * H + j])
            c_next[n, j] = f * c[n, j] + i * math.tanh(a[2 * H + j])
            h_next[n, j] = o * math.tanh(c_next[n, j])
    return h_next, c_next


def small_weights(rng, N=64, D=32, H=48):
    return {name: value * 0.2 for name, value in step_inputs(rng, N, D, H).items()}


race = Race("step", small_weights, plain_step, returns=("h'", "c'"))
one_unit = ({"N": 1, "D": 1, "H": 1},)

exercise = Exercise(
    "7.1", "The LSTM cell",
    part("a", 1, "a sigmoid that does not overflow", section=LOOPS,
         checks=call("sigmoid", any_numbers, large=(far_above_zero, far_below_zero),
                     overflow=False),
         hints="""
             exp overflows for exponents above 709. Which sign does the exponent have in
             1 / (1 + exp(-x)) when x is -1000?

             The sigmoid has a second form, exp(x) / (1 + exp(x)). Each form is safe for
             one sign of x. np.where computes both forms everywhere, so choose the
             exponent first.

             Let e = np.exp(-np.abs(x)), which is never above 1. For x >= 0 the answer
             is 1 / (1 + e), for x < 0 it is e / (1 + e).
         """),
    part("b", 2, "the four gates", section=FORMULA,
         checks=call("gates", gate_inputs, returns=("i", "f", "g", "o"), also=one_unit),
         hints="""
             Write the shapes down: x is (N, D) and w_ih is (4H, D). What must happen to
             w_ih so that the product is (N, 4H)?

             a = x W_ihᵀ + b_ih + h W_hhᵀ + b_hh has 4H columns: H for each of i, f, g,
             o.

             np.split(a, 4, axis=1) gives the four blocks. Three go through your
             sigmoid, the third one, g, goes through np.tanh.
         """),
    part("c", 3, "new cell and hidden state", section=FORMULA,
         checks=call("cell", cell_inputs, returns=("h'", "c'"), large=5.0,
                     also=({"N": 1, "H": 1},)),
         hints="""
             The forget gate weighs the old cell state, the input gate weighs the
             candidate.

             c' is a sum of two products. h' needs c', so compute c' first.

             c' = f * c + i * g, and h' = o * tanh(c').
         """),
    part("d", 1, "the whole step", section=BY_HAND, needs="bc",
         checks=call("step", step_inputs, returns=("h'", "c'"), also=one_unit),
         hints="""
             Everything is there: the gates from x and h, the new states from the gates
             and c.

             Mind the order of the arguments of gates and of cell, and of the two
             results.

             i, f, g, o = gates(x, h, w_ih, w_hh, b_ih, b_hh), then return cell(i, f, g,
             o, c).
         """),
    part("e", 2, "backward through the cell", section=GRADIENT, needs="c",
         checks=gradients("cell_backward", with_upstream(cell_inputs), of="cell",
                          wrt=("i", "f", "g", "o", "c"), upstream=("dh_next", "dc_next"),
                          also=({"N": 1, "H": 1},), large=5.0),
         hints="""
             h' = o * tanh(c') is the only place where o occurs; i, f, g and c occur in
             c' only. You are not given c': compute it again.

             Add the two paths first: the derivative of tanh is 1 - tanh². The five
             gradients are then one product each.

             dc' = dc_next + dh_next * o * (1 - tanh(c')**2). From c' = f c + i g follow
             di = dc' * g, df = dc' * c, dg = dc' * i, dc = dc' * f; do comes from h'
             alone.
         """),
    part("f", 3, "backward through the whole step", section=GRADIENT, needs="de",
         checks=gradients("step_backward", with_upstream(step_inputs), of="step",
                          wrt=("x", "h", "c", "w_ih", "w_hh", "b_ih", "b_hh"),
                          upstream=("dh_next", "dc_next"), also=one_unit),
         hints="""
             Go back the way you came: cell, activations, products. Compute the gates
             again; your cell_backward gives their gradients.

             Each gate's gradient is multiplied by the slope of its activation: s (1 -
             s) for the sigmoid, 1 - g² for tanh. Put the four blocks side by side
             again: da (N, 4H).

             dx = da @ w_ih, dh = da @ w_hh, dw_ih = da.T @ x, dw_hh = da.T @ h. Both
             biases are added to a, so both get the sum of da over the batch.
         """),
    *(part(letter, 1, f"a step {times} times as fast as loops", section=SPEED, needs="d",
           checks=race.faster_than(times),
           hints="""
               Count the Python loops in your step. Each is run by the interpreter,
               entry by entry.

               One product of whole matrices replaces three loops: over the batch, over
               the gates' rows, over the features.

               x @ w_ih.T does all examples and all four gates at once. After it,
               np.split and whole-array products need no loop.
           """)
      for letter, times in zip("ghi", (2, 5, 20))),
)
