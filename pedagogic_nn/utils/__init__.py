"""torch.utils' names: `from pedagogic_nn.utils.data import DataLoader`."""
from . import data

__all__ = ["data"]
