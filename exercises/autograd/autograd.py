"""A small autograd engine, written by hand.

A Value holds an array and its past: the Values it was computed from (`parents`), and a
formula that turns the gradient of the Value (dy) into one gradient for each parent. `dx`
is the gradient of the loss with respect to x, and has the shape of x, everywhere.

Grade it with `pytest exercises -k autograd`.
"""

import heapq
import itertools

import numpy as np

# ---- the gradients of single operations: arrays in, arrays out -----------------------


def unbroadcast(gradient, shape):
    """Sum `gradient` over the axes that broadcasting added or stretched, back to `shape`.

    `shape` can be broadcast to `gradient.shape`; it may have fewer axes, and axes of
    length 1. The result has exactly that shape.
    """
    # TODO: sum the new axes on the left away, then the stretched ones
    raise NotImplementedError("unbroadcast is still to be written")


def add(a, b):
    """a + b; the shapes broadcast."""
    return a + b


def add_backward(dy, a, b):
    """Gradients (da, db) of `add(a, b)`, each in the shape of its input."""
    # TODO: a sum passes its gradient on to both, in their shapes
    raise NotImplementedError("add_backward is still to be written")


def mul(a, b):
    """a * b, element by element; the shapes broadcast."""
    return a * b


def mul_backward(dy, a, b):
    """Gradients (da, db) of `mul(a, b)`, each in the shape of its input."""
    # TODO: each factor is the slope of the other
    raise NotImplementedError("mul_backward is still to be written")


def matmul(a, b):
    """The product of two matrices, (N, D) and (D, H) → (N, H)."""
    return a @ b


def matmul_backward(dy, a, b):
    """Gradients (da, db) of `matmul(a, b)`: dy (N, H), a (N, D), b (D, H)."""
    # TODO: only one product of dy with b has the shape of a
    raise NotImplementedError("matmul_backward is still to be written")


def amax(x, axis):
    """The largest entries of x along one axis, which disappears."""
    return x.max(axis=axis)


def amax_backward(dy, x, axis):
    """Gradient dx of `amax(x, axis)`. Where k entries are largest, each gets dy / k."""
    # TODO: a mask of the winners, divided by how many there are
    raise NotImplementedError("amax_backward is still to be written")


# ---- the tape ------------------------------------------------------------------------

_count = itertools.count()


class Value:
    """An array that knows how it was computed.

    Attributes:
        array: the numbers, float64; a copy of what was given.
        parents: the Values it was computed from; () for a leaf.
        formula: dy → one gradient for each parent.
        saved: (a Value whose array the formula needs, its version at that time), …
        version: how often `add_` has changed the array.
        grad: what `backward` has gathered, for leaves; None before.
        number: larger than the number of every Value made earlier.
    """

    def __init__(self, array, parents=(), formula=None, saved=()):
        self.array = np.array(array, dtype=float)
        self.parents, self.formula = tuple(parents), formula
        self.version, self.grad = 0, None
        self.saved = [(value, value.version) for value in saved]
        self.number = next(_count)

    def __repr__(self):
        return f"a Value of shape {self.array.shape}"

    def __add__(self, other):
        a, b = self.array, other.array
        return Value(add(a, b), (self, other), lambda dy: add_backward(dy, a, b))

    def __mul__(self, other):
        a, b = self.array, other.array
        return Value(mul(a, b), (self, other), lambda dy: mul_backward(dy, a, b),
                     saved=(self, other))

    def __matmul__(self, other):
        a, b = self.array, other.array
        return Value(matmul(a, b), (self, other), lambda dy: matmul_backward(dy, a, b),
                     saved=(self, other))

    def amax(self, axis):
        a = self.array
        return Value(amax(a, axis), (self,), lambda dy: (amax_backward(dy, a, axis),),
                     saved=(self,))

    def sum(self):
        shape = self.array.shape
        return Value(self.array.sum(), (self,), lambda dy: (np.broadcast_to(dy, shape),))

    def add_(self, other):
        """Add an array or a number into this Value's memory, and count the change.

        Returns the Value itself.
        """
        # TODO: the same memory, one version more
        raise NotImplementedError("Value.add_ is still to be written")

    def gradients(self, dy):
        """One gradient for each parent.

        Raises:
            RuntimeError: a saved Value was changed in place.
        """
        check_unchanged(self)
        return self.formula(dy)


def check_unchanged(value):
    """Raise a RuntimeError if a Value that `value` has saved was changed since."""
    # TODO: compare each version with the one that was noted
    raise NotImplementedError("check_unchanged is still to be written")


def order(root):
    """A list of `root` and all Values from which it was computed, each once.

    Every Value stands before its parents. A graph may be thousands of operations deep.
    """
    # TODO: a heap that gives the largest number; no recursion
    raise NotImplementedError("order is still to be written")


def backward(root, dy=None):
    """Add the gradient of `root` to `.grad` of each leaf that it was computed from.

    dy is the gradient of root itself, an array of its shape; None means ones. Computed
    Values keep no `.grad`. A second call adds to what the first has left.
    """
    # TODO: keep the gradients that are under way in a dict, and add what meets
    raise NotImplementedError("backward is still to be written")


# ---- is a gradient right? ------------------------------------------------------------


def numerical_gradient(f, x, h=1e-5):
    """The gradient of f at x by central differences with step h.

    f takes an array of the shape of x and returns a number; x is as it was afterwards.
    """
    # TODO: move one entry at a time, up and down
    raise NotImplementedError("numerical_gradient is still to be written")


def gradcheck(f, *arrays, h=1e-5):
    """The largest |backward's - numerical| / (1 + |numerical|) of all entries, a number.

    f takes one Value for each array and returns a Value of one number. An array that f
    does not use has gradient zero.
    """
    # TODO: backward once, then numerical_gradient for each array
    raise NotImplementedError("gradcheck is still to be written")


# ---- an operation of your own --------------------------------------------------------


class Context:
    """What forward leaves for backward: ctx.save(a, b), then a, b = ctx.saved."""

    def save(self, *arrays):
        self.saved = arrays


class Function:
    """Subclass it: forward(ctx, *arrays) → array, backward(ctx, dy) → their gradients."""

    @classmethod
    def apply(cls, *inputs):
        ctx = Context()
        y = cls.forward(ctx, *(value.array for value in inputs))
        return Value(y, inputs, lambda dy: cls.backward(ctx, dy), saved=inputs)


class CeilingReLU(Function):
    """ReLU under a ceiling that is learned: y = min(max(x, 0), ceiling).

    x is (N, D); the ceiling (D,) is positive, one for each column.
    """

    @staticmethod
    def forward(ctx, x, ceiling):
        # TODO: save what backward needs, return y (N, D)
        raise NotImplementedError("CeilingReLU.forward is still to be written")

    @staticmethod
    def backward(ctx, dy):
        """(dx, dceiling): dy goes to x where 0 < x < ceiling, and to the ceiling where
        x >= ceiling."""
        # TODO: two masks; the ceiling was broadcast
        raise NotImplementedError("CeilingReLU.backward is still to be written")


# ---- what it is for ------------------------------------------------------------------


def descend(loss, leaves, rate, steps):
    """Gradient descent: change the Values `leaves` in place, so that loss() falls.

    loss() computes the loss anew, a Value of one number. Each step moves a leaf by
    -rate times its gradient, and uses the gradient of its own loss alone. Returns the
    list of the losses, each taken before its step.
    """
    # TODO: forget old gradients, compute the loss, backward, change the leaves
    raise NotImplementedError("descend is still to be written")
