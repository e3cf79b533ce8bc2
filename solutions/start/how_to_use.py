"""A first exercise: three lines to write, five minutes.

Each function below has a gap. Read its docstring, fill the gap, save the file, and type
`pytest exercises -k how_to_use`. The grader names what went wrong, if something did.
"""


def loss(x, y):
    """How far x (N,) is from y (N,): the mean of the squares of their differences."""
    # BEGIN SOLUTION: the mean over all elements; x and y are NumPy arrays
    return ((x - y) ** 2).mean()
    # END SOLUTION


def slope(x, y):
    """The gradient of `loss` with respect to x, (N,): how the loss grows with each
    element."""
    # BEGIN SOLUTION: the derivative of a square, divided by N
    return 2 * (x - y) / x.size
    # END SOLUTION


def step(x, gradient, lr):
    """x (N,) after one step of gradient descent with learning rate lr."""
    # BEGIN SOLUTION: downhill, and into a new array: x itself must not change
    return x - lr * gradient
    # END SOLUTION
