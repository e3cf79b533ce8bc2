"""Recurrent cells and layers, one file each."""
from .lstm_cell import LSTMCell
from .rnn_cell import RNNCell

__all__ = ["LSTMCell", "RNNCell"]
