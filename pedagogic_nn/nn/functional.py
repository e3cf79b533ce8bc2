"""torch.nn.functional: the functional forms, gathered from beside their modules.

Here too the activations become methods of tensors, as in `x.tanh()`.
"""
from ..autograd.tensor import Tensor
from .activation.celu import celu
from .activation.elu import elu
from .activation.gelu import gelu
from .activation.glu import glu
from .activation.hardswish import hardsigmoid, hardswish
from .activation.hardtanh import hardtanh, relu6
from .activation.leaky_relu import leaky_relu
from .activation.log_softmax import log_softmax, log_softmax_method
from .activation.prelu import prelu
from .activation.relu import relu
from .activation.rrelu import rrelu
from .activation.selu import selu
from .activation.shrinkage import hardshrink, softshrink, tanhshrink
from .activation.sigmoid import sigmoid
from .activation.silu import mish, silu
from .activation.softmax import softmax, softmax_method, softmin
from .activation.softplus import logsigmoid, softplus
from .activation.softsign import softsign
from .activation.tanh import tanh
from .activation.threshold import threshold
from .convolution.conv import conv1d, conv2d
from .convolution.conv_transpose import conv_transpose1d, conv_transpose2d
from .convolution.pad import pad
from .distance.cosine_similarity import cosine_similarity
from .distance.pairwise_distance import pairwise_distance
from .dropout.alpha_dropout import alpha_dropout, feature_alpha_dropout
from .dropout.dropout import dropout, dropout1d, dropout2d
from .linear.bilinear import bilinear
from .linear.linear import linear
from .losses.bce import binary_cross_entropy
from .losses.bce_with_logits import binary_cross_entropy_with_logits
from .losses.cosine_embedding import cosine_embedding_loss
from .losses.cross_entropy import cross_entropy
from .losses.ctc import ctc_loss
from .losses.gaussian_nll import gaussian_nll_loss
from .losses.hinge_embedding import hinge_embedding_loss
from .losses.huber import huber_loss
from .losses.kl_div import kl_div
from .losses.l1 import l1_loss
from .losses.margin_ranking import margin_ranking_loss
from .losses.mse import mse_loss
from .losses.multi_label_margin import multilabel_margin_loss
from .losses.multi_label_soft_margin import multilabel_soft_margin_loss
from .losses.multi_margin import multi_margin_loss
from .losses.nll import nll_loss
from .losses.poisson_nll import poisson_nll_loss
from .losses.smooth_l1 import smooth_l1_loss
from .losses.soft_margin import soft_margin_loss
from .losses.triplet_margin import triplet_margin_loss
from .normalization.batch_norm import batch_norm
from .normalization.group_norm import group_norm
from .normalization.instance_norm import instance_norm
from .normalization.layer_norm import layer_norm
from .normalization.normalize import normalize
from .normalization.rms_norm import rms_norm
from .pooling.adaptive_pool import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
)
from .pooling.avg_pool import avg_pool1d, avg_pool2d
from .pooling.max_pool import max_pool1d, max_pool2d
from .sparse.embedding import embedding
from .sparse.embedding_bag import embedding_bag
from .sparse.one_hot import one_hot
from .vision.pixel_shuffle import pixel_shuffle, pixel_unshuffle
from .vision.upsample import interpolate, upsample
from .vision.upsampling_bilinear import upsample_bilinear
from .vision.upsampling_nearest import upsample_nearest

__all__ = ["adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_max_pool1d",
           "adaptive_max_pool2d", "alpha_dropout", "avg_pool1d", "avg_pool2d",
           "batch_norm", "bilinear", "binary_cross_entropy",
           "binary_cross_entropy_with_logits", "celu", "conv1d", "conv2d",
           "conv_transpose1d", "conv_transpose2d", "cosine_embedding_loss",
           "cosine_similarity", "cross_entropy", "ctc_loss", "dropout", "dropout1d",
           "dropout2d", "elu", "embedding", "embedding_bag", "feature_alpha_dropout",
           "gaussian_nll_loss", "gelu", "glu", "group_norm", "hardshrink",
           "hardsigmoid", "hardswish", "hardtanh", "hinge_embedding_loss", "huber_loss",
           "instance_norm", "interpolate", "kl_div", "l1_loss", "layer_norm",
           "leaky_relu", "linear", "log_softmax", "logsigmoid", "margin_ranking_loss",
           "max_pool1d", "max_pool2d", "mish", "mse_loss",
           "multi_margin_loss", "multilabel_margin_loss", "multilabel_soft_margin_loss",
           "nll_loss", "normalize", "one_hot", "pad", "pairwise_distance",
           "pixel_shuffle", "pixel_unshuffle", "poisson_nll_loss", "prelu", "relu",
           "relu6", "rms_norm", "rrelu", "selu", "sigmoid", "silu", "smooth_l1_loss",
           "soft_margin_loss", "softmax", "softmin", "softplus", "softshrink", "softsign",
           "tanh", "tanhshrink", "threshold", "triplet_margin_loss", "upsample",
           "upsample_bilinear", "upsample_nearest"]

for _method in (hardshrink, log_softmax_method, prelu, relu, sigmoid, softmax_method,
                tanh):
    setattr(Tensor, _method.__name__, _method)
