"""Exercise 1.1: first steps, to see how exercises and their grader work."""

from exercises.grading import Exercise, call, part


def two_vectors(rng, N=4):
    return {"x": rng.standard_normal(N), "y": rng.standard_normal(N)}


def step_inputs(rng, N=4):
    return {"x": rng.standard_normal(N), "gradient": rng.standard_normal(N), "lr": 0.1}


exercise = Exercise(
    "1.1", "First steps",
    part("a", 1, "the mean squared difference", section="“Your first exercise”",
         checks=call("loss", two_vectors, returns=("the value",), batch=None),
         hints="""
             Subtract first. Arrays subtract element by element.

             Square the differences with ** 2, then take the mean of all of them.

             return ((x - y) ** 2).mean()
         """),
    part("b", 1, "its gradient", section="“Your first exercise”",
         checks=call("slope", two_vectors, returns=("the result",), batch=None),
         hints="""
             The derivative of d² with respect to d is 2 d.

             The mean divides by the number of elements, and so does its gradient.

             return 2 * (x - y) / x.size
         """),
    part("c", 1, "one step downhill", section="“Your first exercise”",
         checks=call("step", step_inputs, returns=("the result",), batch=None),
         hints="""
             The gradient points uphill.

             x -= … would change the array that you were given. Make a new one.

             return x - lr * gradient
         """),
)
