"""What makes a parameter a parameter, written by hand.

A Tensor here is an array, a gradient and a past. A Parameter is a Tensor that a Module
registers when it is assigned to an attribute.

Grade it with `pytest exercises -k parameter`.
"""

import numpy as np


class Tensor:
    """An array that may be part of a computation.

    Attributes:
        array: the numbers.
        requires_grad: whether its gradient is wanted.
        made_by: the operation that made it, a string; None for a leaf.
        grad: its gradient, an array of the same shape, or None.
    """

    def __init__(self, array, requires_grad=False, made_by=None):
        self.array = array
        self.requires_grad, self.made_by = requires_grad, made_by
        self.grad = None


class Parameter(Tensor):
    """A leaf Tensor on the memory of `data`; it wants a gradient unless told otherwise.

    Raises:
        TypeError: `data` is no Tensor, or `volatile` is true.
        RuntimeError: requires_grad is true and the numbers are no floating-point numbers.
    """

    def __init__(self, data, requires_grad=True, volatile=False):
        # TODO: three errors; then the same array without a past
        raise NotImplementedError("Parameter.__init__ is still to be written")


class Module:
    """Holds Parameters and other Modules, by name, in the order of their assignment.

    Attributes:
        _parameters: name → Parameter or None.
        _modules: name → Module.
    """

    def __init__(self):
        object.__setattr__(self, "_parameters", {})
        object.__setattr__(self, "_modules", {})

    def __setattr__(self, name, value):
        """Register a Parameter or a Module; anything else is a plain attribute.

        A name that is registered as a parameter takes another Parameter or None, which
        keeps the name. The names of parameters, children and plain attributes are
        different names in this exercise, apart from that.

        Raises:
            TypeError: something else is assigned to the name of a parameter.
        """
        # TODO: only the class of the value counts
        raise NotImplementedError("Module.__setattr__ is still to be written")

    def __getattr__(self, name):
        """Python calls this for a name that it has not found itself.

        Raises:
            AttributeError: there is no such name.
        """
        # TODO: look into both dictionaries
        raise NotImplementedError("Module.__getattr__ is still to be written")

    def parameters(self):
        """A list of the Parameters of this module, then of its children, and theirs.

        A Parameter that is held in two places comes once, at the first. None does not.
        """
        # TODO: own ones, then those of each child that are new
        raise NotImplementedError("Module.parameters is still to be written")


def freeze(module, freeze=True):
    """Set requires_grad of all parameters below `module` to False, or back to True.

    A parameter that is frozen forgets its gradient: `grad` becomes None.
    """
    # TODO: every parameter; the gradient goes only when freezing
    raise NotImplementedError("freeze is still to be written")


def count(module, trainable=False):
    """How many numbers the parameters of `module` hold: an int.

    With `trainable`, only those of parameters that require a gradient.
    """
    # TODO: the sum of the sizes
    raise NotImplementedError("count is still to be written")


def step(parameters, rate):
    """One step of gradient descent: p ← p - rate · p.grad, in the memory of each array.

    Parameters that require no gradient, or have none, stay as they are. So do all
    gradients.
    """
    # TODO: in place
    raise NotImplementedError("step is still to be written")


def tied(x, w):
    """x (N, D) through w (H, D) and back through the same w: y = (x wᵀ) w, (N, D)."""
    return (x @ w.T) @ w


def tied_backward(dy, x, w):
    """Gradients (dx, dw) of `tied(x, w)`; dy has the shape of y."""
    # TODO: w is used twice, and both uses count
    raise NotImplementedError("tied_backward is still to be written")


def scaled(draws, gain):
    """A weight (H, D) from standard normal draws (H, D): std gain / √D.

    D is the number of inputs of each unit. The draws stay as they are.
    """
    # TODO: the fan-in is the number of columns
    raise NotImplementedError("scaled is still to be written")


def sizes(x, weights):
    """The root mean square of the activations after each layer, a list of numbers.

    x (N, D); each layer computes a ← tanh(a wᵀ), with w (D, D) from the list `weights`.
    """
    # TODO: square, mean, root, after every layer
    raise NotImplementedError("sizes is still to be written")
