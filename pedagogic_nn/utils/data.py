"""torch.utils.data's name for what stands in pedagogic_nn/data/."""
from ..data import *  # noqa: F403
