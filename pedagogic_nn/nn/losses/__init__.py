"""Loss functions, one file each."""
from .bce import BCELoss
from .bce_with_logits import BCEWithLogitsLoss
from .cosine_embedding import CosineEmbeddingLoss
from .cross_entropy import CrossEntropyLoss
from .ctc import CTCLoss
from .gaussian_nll import GaussianNLLLoss
from .hinge_embedding import HingeEmbeddingLoss
from .huber import HuberLoss
from .kl_div import KLDivLoss
from .l1 import L1Loss
from .margin_ranking import MarginRankingLoss
from .mse import MSELoss
from .multi_label_margin import MultiLabelMarginLoss
from .multi_label_soft_margin import MultiLabelSoftMarginLoss
from .multi_margin import MultiMarginLoss
from .nll import NLLLoss
from .nll2d import NLLLoss2d
from .poisson_nll import PoissonNLLLoss
from .smooth_l1 import SmoothL1Loss
from .soft_margin import SoftMarginLoss
from .triplet_margin import TripletMarginLoss

__all__ = ["BCELoss", "BCEWithLogitsLoss", "CTCLoss", "CosineEmbeddingLoss",
           "CrossEntropyLoss", "GaussianNLLLoss", "HingeEmbeddingLoss", "HuberLoss",
           "KLDivLoss", "L1Loss", "MSELoss", "MarginRankingLoss", "MultiLabelMarginLoss",
           "MultiLabelSoftMarginLoss", "MultiMarginLoss", "NLLLoss", "NLLLoss2d",
           "PoissonNLLLoss", "SmoothL1Loss", "SoftMarginLoss", "TripletMarginLoss"]
