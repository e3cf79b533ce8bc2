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
    # BEGIN SOLUTION: exp(-1000) is harmless, exp(1000) is not
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, e) / (1.0 + e)
    # END SOLUTION


def gates(x, h, w_ih, w_hh, b_ih, b_hh):
    """The four gates (i, f, g, o), each (N, H), before they meet the cell state.

    i, f and o go through the sigmoid; the candidate g goes through tanh.
    """
    # BEGIN SOLUTION: one (N, 4H) sum of two products and two biases, then four blocks
    a = x @ w_ih.T + b_ih + h @ w_hh.T + b_hh
    i, f, g, o = np.split(a, 4, axis=1)
    return sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    # END SOLUTION


def cell(i, f, g, o, c):
    """The new hidden and cell state (h', c') from the gates and the old cell state."""
    # BEGIN SOLUTION: first c', then h' from it
    c_next = f * c + i * g
    h_next = o * np.tanh(c_next)
    return h_next, c_next
    # END SOLUTION


def step(x, h, c, w_ih, w_hh, b_ih, b_hh):
    """One step of the LSTM: the new states (h', c')."""
    # BEGIN SOLUTION: both functions above, one after the other
    i, f, g, o = gates(x, h, w_ih, w_hh, b_ih, b_hh)
    return cell(i, f, g, o, c)
    # END SOLUTION


def cell_backward(dh_next, dc_next, i, f, g, o, c):
    """Gradients of `cell`: (di, df, dg, do, dc).

    dh_next and dc_next are the gradients of the loss with respect to h' and c'. Both
    reach c': one through h', one from the next step.
    """
    # BEGIN SOLUTION: start with the whole gradient of c', from both of its paths
    tanh_c = np.tanh(f * c + i * g)
    dc_sum = dc_next + dh_next * o * (1.0 - tanh_c**2)
    return dc_sum * g, dc_sum * c, dc_sum * i, dh_next * tanh_c, dc_sum * f
    # END SOLUTION


def step_backward(dh_next, dc_next, x, h, c, w_ih, w_hh, b_ih, b_hh):
    """Gradients of `step`: (dx, dh, dc, dw_ih, dw_hh, db_ih, db_hh)."""
    # BEGIN SOLUTION: through the cell, the four activations, the two products
    i, f, g, o = gates(x, h, w_ih, w_hh, b_ih, b_hh)
    di, df, dg, do, dc = cell_backward(dh_next, dc_next, i, f, g, o, c)
    da = np.concatenate([
        di * i * (1.0 - i),
        df * f * (1.0 - f),
        dg * (1.0 - g**2),
        do * o * (1.0 - o),
    ], axis=1)
    db = da.sum(axis=0)
    return da @ w_ih, da @ w_hh, dc, da.T @ x, da.T @ h, db, db
    # END SOLUTION
