"""The LSTM cell, written by hand.

Letters as in the chapter: N examples, D features, H units; x (N, D) is the input,
h (N, H) the hidden state and c (N, H) the cell state. The weights hold four blocks of H
rows, one for each gate, in the order i f g o: w_ih (4H, D), w_hh (4H, H), b_ih and b_hh
(4H,).

Grade it with `pytest exercises -k lstm_cell`.
"""

import numpy as np


def sigmoid(x):
    """x, any shape → 1 / (1 + exp(-x)), for large x of either sign without overflow."""
    # TODO: exp(-1000) is harmless, exp(1000) is not
    raise NotImplementedError("sigmoid is still to be written")


def gates(x, h, w_ih, w_hh, b_ih, b_hh):
    """The four gates (i, f, g, o), each (N, H), before they meet the cell state.

    i, f and o go through the sigmoid; the candidate g goes through tanh.
    """
    # TODO: one (N, 4H) sum of two products and two biases, then four blocks
    raise NotImplementedError("gates is still to be written")


def cell(i, f, g, o, c):
    """The new hidden and cell state (h', c') from the gates and the old cell state."""
    # TODO: first c', then h' from it
    raise NotImplementedError("cell is still to be written")


def step(x, h, c, w_ih, w_hh, b_ih, b_hh):
    """One step of the LSTM: the new states (h', c')."""
    # TODO: both functions above, one after the other
    raise NotImplementedError("step is still to be written")


def cell_backward(dh_next, dc_next, i, f, g, o, c):
    """Gradients of `cell`: (di, df, dg, do, dc).

    dh_next and dc_next are the gradients of the loss with respect to h' and c'. Both
    reach c': one through h', one from the next step.
    """
    # TODO: start with the whole gradient of c', from both of its paths
    raise NotImplementedError("cell_backward is still to be written")


def step_backward(dh_next, dc_next, x, h, c, w_ih, w_hh, b_ih, b_hh):
    """Gradients of `step`: (dx, dh, dc, dw_ih, dw_hh, db_ih, db_hh)."""
    # TODO: through the cell, the four activations, the two products
    raise NotImplementedError("step_backward is still to be written")
