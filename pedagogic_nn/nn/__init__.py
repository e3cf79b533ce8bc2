"""torch.nn's names.

Read the spine first: parameter, module, hooks, state_dict, containers, init.

The layers are in the folders, one file each; every one is exported by one line below.
"""
from . import init as init
from . import utils as utils
from .containers import ModuleDict as ModuleDict
from .containers import ModuleList as ModuleList
from .containers import ParameterDict as ParameterDict
from .containers import ParameterList as ParameterList
from .containers import Sequential as Sequential
from .module import Module as Module
from .parameter import Parameter as Parameter

# ---- layers: one line each, by folder ------------------------------------------------
from .activation import ELU as ELU
from .activation import GELU as GELU
from .activation import Hardshrink as Hardshrink
from .activation import Hardtanh as Hardtanh
from .activation import LeakyReLU as LeakyReLU
from .activation import LogSigmoid as LogSigmoid
from .activation import LogSoftmax as LogSoftmax
from .activation import Mish as Mish
from .activation import PReLU as PReLU
from .activation import ReLU as ReLU
from .activation import ReLU6 as ReLU6
from .activation import SiLU as SiLU
from .activation import Sigmoid as Sigmoid
from .activation import Softmax as Softmax
from .activation import Softmax2d as Softmax2d
from .activation import Softplus as Softplus
from .activation import Softshrink as Softshrink
from .activation import Softsign as Softsign
from .activation import Tanh as Tanh
from .activation import Tanhshrink as Tanhshrink
from .activation import Threshold as Threshold
from .convolution import CircularPad1d as CircularPad1d
from .convolution import CircularPad2d as CircularPad2d
from .convolution import ConstantPad1d as ConstantPad1d
from .convolution import ConstantPad2d as ConstantPad2d
from .convolution import Conv1d as Conv1d
from .convolution import Conv2d as Conv2d
from .convolution import ConvTranspose1d as ConvTranspose1d
from .convolution import ConvTranspose2d as ConvTranspose2d
from .convolution import ReflectionPad1d as ReflectionPad1d
from .convolution import ReflectionPad2d as ReflectionPad2d
from .convolution import ReplicationPad1d as ReplicationPad1d
from .convolution import ReplicationPad2d as ReplicationPad2d
from .convolution import ZeroPad1d as ZeroPad1d
from .convolution import ZeroPad2d as ZeroPad2d
from .distance import CosineSimilarity as CosineSimilarity
from .distance import PairwiseDistance as PairwiseDistance
from .dropout import AlphaDropout as AlphaDropout
from .dropout import Dropout as Dropout
from .dropout import Dropout1d as Dropout1d
from .dropout import Dropout2d as Dropout2d
from .dropout import FeatureAlphaDropout as FeatureAlphaDropout
from .linear import Bilinear as Bilinear
from .linear import Flatten as Flatten
from .linear import Identity as Identity
from .linear import Linear as Linear
from .linear import Unflatten as Unflatten
from .losses import BCELoss as BCELoss
from .losses import BCEWithLogitsLoss as BCEWithLogitsLoss
from .losses import CosineEmbeddingLoss as CosineEmbeddingLoss
from .losses import CrossEntropyLoss as CrossEntropyLoss
from .losses import CTCLoss as CTCLoss
from .losses import GaussianNLLLoss as GaussianNLLLoss
from .losses import HingeEmbeddingLoss as HingeEmbeddingLoss
from .losses import HuberLoss as HuberLoss
from .losses import KLDivLoss as KLDivLoss
from .losses import L1Loss as L1Loss
from .losses import MarginRankingLoss as MarginRankingLoss
from .losses import MSELoss as MSELoss
from .losses import MultiLabelMarginLoss as MultiLabelMarginLoss
from .losses import MultiLabelSoftMarginLoss as MultiLabelSoftMarginLoss
from .losses import MultiMarginLoss as MultiMarginLoss
from .losses import NLLLoss as NLLLoss
from .losses import NLLLoss2d as NLLLoss2d
from .losses import PoissonNLLLoss as PoissonNLLLoss
from .losses import SmoothL1Loss as SmoothL1Loss
from .losses import SoftMarginLoss as SoftMarginLoss
from .losses import TripletMarginLoss as TripletMarginLoss
from .normalization import BatchNorm1d as BatchNorm1d
from .normalization import BatchNorm2d as BatchNorm2d
from .normalization import GroupNorm as GroupNorm
from .normalization import InstanceNorm1d as InstanceNorm1d
from .normalization import InstanceNorm2d as InstanceNorm2d
from .normalization import LayerNorm as LayerNorm
from .parallel import DataParallel as DataParallel
from .pooling import AdaptiveAvgPool1d as AdaptiveAvgPool1d
from .pooling import AdaptiveAvgPool2d as AdaptiveAvgPool2d
from .pooling import AdaptiveMaxPool1d as AdaptiveMaxPool1d
from .pooling import AdaptiveMaxPool2d as AdaptiveMaxPool2d
from .pooling import AvgPool1d as AvgPool1d
from .pooling import AvgPool2d as AvgPool2d
from .pooling import MaxPool1d as MaxPool1d
from .pooling import MaxPool2d as MaxPool2d
from .recurrent import GRU as GRU
from .recurrent import GRUCell as GRUCell
from .recurrent import LSTM as LSTM
from .recurrent import LSTMCell as LSTMCell
from .recurrent import RNN as RNN
from .recurrent import RNNCell as RNNCell
from .sparse import Embedding as Embedding
from .sparse import EmbeddingBag as EmbeddingBag
from .vision import PixelShuffle as PixelShuffle
from .vision import PixelUnshuffle as PixelUnshuffle
from .vision import Upsample as Upsample
from .vision import UpsamplingBilinear2d as UpsamplingBilinear2d
from .vision import UpsamplingNearest2d as UpsamplingNearest2d

# ---- the functional forms, after the layers that they stand beside -------------------
from . import functional as functional  # noqa: E402, I001
