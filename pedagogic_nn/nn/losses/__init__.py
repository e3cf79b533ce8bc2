"""Loss functions, one file each."""
from .bce import BCELoss
from .bce_with_logits import BCEWithLogitsLoss
from .cross_entropy import CrossEntropyLoss
from .gaussian_nll import GaussianNLLLoss
from .hinge_embedding import HingeEmbeddingLoss
from .huber import HuberLoss
from .kl_div import KLDivLoss
from .l1 import L1Loss
from .margin_ranking import MarginRankingLoss
from .mse import MSELoss
from .poisson_nll import PoissonNLLLoss
from .smooth_l1 import SmoothL1Loss
from .soft_margin import SoftMarginLoss

__all__ = ["BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "GaussianNLLLoss",
           "HingeEmbeddingLoss", "HuberLoss", "KLDivLoss", "L1Loss", "MSELoss",
           "MarginRankingLoss", "PoissonNLLLoss", "SmoothL1Loss", "SoftMarginLoss"]
