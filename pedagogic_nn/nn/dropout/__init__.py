"""Dropout layers, one file each."""
from .alpha_dropout import AlphaDropout, FeatureAlphaDropout
from .dropout import Dropout, Dropout1d, Dropout2d

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "FeatureAlphaDropout"]
