"""A first exercise: three lines to write, five minutes.

Each function below has a gap. Read its docstring, fill the gap, save the file, and type
`pytest exercises -k how_to_use`. The grader names what went wrong, if something did.
"""


def loss(x, y):
    """How far x (N,) is from y (N,): the mean of the squares of their differences."""
    # TODO: the mean over all elements; x and y are NumPy arrays
    raise NotImplementedError("loss is still to be written")


def slope(x, y):
    """The gradient of `loss` with respect to x, (N,): how the loss grows with each
    element."""
    # TODO: the derivative of a square, divided by N
    raise NotImplementedError("slope is still to be written")


def step(x, gradient, lr):
    """x (N,) after one step of gradient descent with learning rate lr."""
    # TODO: downhill, and into a new array: x itself must not change
    raise NotImplementedError("step is still to be written")
