"""Rows for the operations of losses that compare element by element."""
import numpy as np

from tests.harness import case


def loss_cases(op, draw_x, draw_y, extreme, option=None):
    """Rows for a LossOp: in training, each element, one, none, and the ends.

    Args:
        draw_x, draw_y: shape → float32 array.
        extreme: numbers for x and for y at the ends of what floating point can say.
    """
    def row(x, y, scale, slopes, each):
        return case(op, x=x, y=y, scale=scale, slopes=slopes, each=each, option=option)

    ends = [np.array(numbers, np.float32) for numbers in extreme]
    return [
        row(draw_x(3, 5), draw_y(3, 5), 0.25, 1, False),
        row(draw_x(3, 5), draw_y(3, 5), 0.5, 2, True),
        row(draw_x(1), draw_y(1), 1.0, 1, False),
        row(draw_x(0), draw_y(0), 1.0, 1, False),
        row(*ends, 1.0, 2, True),
    ]


def normal(*shape):
    """float32 numbers from the normal distribution."""
    return np.random.default_rng(sum(shape)).standard_normal(shape, np.float32)


def other(*shape):
    """The like, but others."""
    return np.random.default_rng(100 + sum(shape)).standard_normal(shape, np.float32)


def probabilities(*shape):
    """float32 numbers between 0.05 and 0.95."""
    rng = np.random.default_rng(sum(shape))
    return rng.uniform(0.05, 0.95, shape).astype(np.float32)


def signs(*shape):
    """-1 and 1."""
    return np.where(other(*shape) < 0, -1, 1).astype(np.float32)
