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
        # BEGIN SOLUTION: three errors; then the same array without a past
        if volatile:
            raise TypeError("a parameter cannot be volatile")
        if not isinstance(data, Tensor):
            raise TypeError(f"data must be a Tensor, got a {type(data).__name__}")
        if requires_grad and data.array.dtype.kind != "f":
            raise RuntimeError("only floating-point numbers have a gradient")
        super().__init__(data.array, requires_grad)
        # END SOLUTION


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
        # BEGIN SOLUTION: only the class of the value counts
        if isinstance(value, Parameter):
            self._parameters[name] = value
        elif isinstance(value, Module):
            self._modules[name] = value
        elif name in self._parameters:
            if value is not None:
                raise TypeError(f"{name!r} takes a Parameter or None")
            self._parameters[name] = None
        else:
            object.__setattr__(self, name, value)
        # END SOLUTION

    def __getattr__(self, name):
        """Python calls this for a name that it has not found itself.

        Raises:
            AttributeError: there is no such name.
        """
        # BEGIN SOLUTION: look into both dictionaries
        for registered in (self._parameters, self._modules):
            if name in registered:
                return registered[name]
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        # END SOLUTION

    def parameters(self):
        """A list of the Parameters of this module, then of its children, and theirs.

        A Parameter that is held in two places comes once, at the first. None does not.
        """
        # BEGIN SOLUTION: own ones, then those of each child that are new
        found = [p for p in self._parameters.values() if p is not None]
        for child in self._modules.values():
            found += child.parameters()
        return list(dict.fromkeys(found))
        # END SOLUTION


def freeze(module, freeze=True):
    """Set requires_grad of all parameters below `module` to False, or back to True.

    A parameter that is frozen forgets its gradient: `grad` becomes None.
    """
    # BEGIN SOLUTION: every parameter; the gradient goes only when freezing
    for parameter in module.parameters():
        parameter.requires_grad = not freeze
        if freeze:
            parameter.grad = None
    # END SOLUTION


def count(module, trainable=False):
    """How many numbers the parameters of `module` hold: an int.

    With `trainable`, only those of parameters that require a gradient.
    """
    # BEGIN SOLUTION: the sum of the sizes
    return sum(p.array.size for p in module.parameters()
               if p.requires_grad or not trainable)
    # END SOLUTION


def step(parameters, rate):
    """One step of gradient descent: p ← p - rate · p.grad, in the memory of each array.

    Parameters that require no gradient, or have none, stay as they are. So do all
    gradients.
    """
    # BEGIN SOLUTION: in place
    for parameter in parameters:
        if parameter.requires_grad and parameter.grad is not None:
            parameter.array -= rate * parameter.grad
    # END SOLUTION


def tied(x, w):
    """x (N, D) through w (H, D) and back through the same w: y = (x wᵀ) w, (N, D)."""
    return (x @ w.T) @ w


def tied_backward(dy, x, w):
    """Gradients (dx, dw) of `tied(x, w)`; dy has the shape of y."""
    # BEGIN SOLUTION: w is used twice, and both uses count
    h = x @ w.T                     # (N, H)
    dh = dy @ w.T
    return dh @ w, dh.T @ x + h.T @ dy
    # END SOLUTION


def scaled(draws, gain):
    """A weight (H, D) from standard normal draws (H, D): std gain / √D.

    D is the number of inputs of each unit. The draws stay as they are.
    """
    # BEGIN SOLUTION: the fan-in is the number of columns
    return draws * gain / np.sqrt(draws.shape[1])
    # END SOLUTION


def sizes(x, weights):
    """The root mean square of the activations after each layer, a list of numbers.

    x (N, D); each layer computes a ← tanh(a wᵀ), with w (D, D) from the list `weights`.
    """
    # BEGIN SOLUTION: square, mean, root, after every layer
    found, a = [], x
    for w in weights:
        a = np.tanh(a @ w.T)
        found.append(np.sqrt((a**2).mean()))
    return found
    # END SOLUTION
