"""pedagogic_nn: torch.nn to read, to run and to learn from.

    import pedagogic_nn as torch
    from pedagogic_nn import nn

The names, shapes, state_dict keys and numbers are PyTorch's.  Read the library in this
order: backend/ (where numbers are computed), autograd/ (how gradients come about), nn/
(modules and layers), optim/ (training).
"""
# ruff: noqa: F401, A004, E402   (this file is nothing but names to be imported)
import math as _math

from . import collector as _collector

with _collector.paused():
    from . import autograd, backend, cuda
from .autograd import (
    Tensor,
    Variable,
    enable_grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    return_types,
    set_grad_enabled,
)
from .autograd.arithmetic import (
    add,
    atan2,
    div,
    eq,
    floor_divide,
    fmod,
    ge,
    greater,
    greater_equal,
    gt,
    isclose,
    le,
    lerp,
    less,
    less_equal,
    logical_and,
    logical_or,
    logical_xor,
    lt,
    maximum,
    minimum,
    mul,
    ne,
    not_equal,
    pow,
    remainder,
    sub,
    where,
)
from .autograd.arranging import (
    diag,
    diagonal,
    flip,
    fliplr,
    flipud,
    meshgrid,
    repeat_interleave,
    roll,
    rot90,
    tile,
    trace,
    tril,
    triu,
)
from .autograd.comparing import allclose, equal, is_floating_point, numel
from .autograd.composed import (
    cdist,
    clamp_max,
    clamp_min,
    column_stack,
    diff,
    dist,
    hstack,
    inner,
    tensordot,
    vstack,
)
from .autograd.dtypes import (
    bool_,
    float16,
    float32,
    float64,
    get_default_dtype,
    int8,
    int16,
    int32,
    int64,
    set_default_dtype,
    uint8,
)
from .autograd.elementwise import (
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atanh,
    ceil,
    clamp,
    cos,
    cosh,
    erf,
    exp,
    exp2,
    expm1,
    floor,
    frac,
    isfinite,
    isinf,
    isnan,
    log,
    log1p,
    log2,
    log10,
    logical_not,
    nan_to_num,
    neg,
    reciprocal,
    round,
    rsqrt,
    sign,
    sin,
    sinh,
    sqrt,
    square,
    tan,
    trunc,
)
from .autograd.factories import (
    arange,
    as_tensor,
    bernoulli,
    empty,
    empty_like,
    eye,
    from_numpy,
    full,
    full_like,
    linspace,
    logspace,
    multinomial,
    normal,
    old_types,
    ones,
    ones_like,
    rand,
    rand_like,
    randint,
    randint_like,
    randn,
    randn_like,
    randperm,
    tensor,
    zeros,
    zeros_like,
)
from .autograd.indexing import (
    gather,
    index_add,
    index_copy,
    index_fill,
    index_select,
    masked_scatter,
    masked_select,
    nonzero,
    scatter,
    scatter_add,
    take,
    take_along_dim,
)
from .autograd.ordering import (
    argsort,
    bincount,
    histc,
    kthvalue,
    median,
    quantile,
    searchsorted,
    sort,
    topk,
    unique,
)
from .autograd.printing import set_printoptions
from .autograd.products import (
    addmm,
    addmv,
    baddbmm,
    bmm,
    dot,
    einsum,
    matmul,
    mm,
    mv,
    outer,
)
from .autograd.reductions import (
    all,
    amax,
    amin,
    aminmax,
    any,
    argmax,
    argmin,
    count_nonzero,
    cumprod,
    cumsum,
    logsumexp,
    max,
    mean,
    min,
    nanmean,
    nansum,
    norm,
    prod,
    std,
    std_mean,
    sum,
    var,
    var_mean,
)
from .autograd.shaping import (
    broadcast_tensors,
    cat,
    chunk,
    flatten,
    is_tensor,
    movedim,
    narrow,
    permute,
    reshape,
    select,
    split,
    squeeze,
    stack,
    t,
    tensor_split,
    transpose,
    unbind,
    unflatten,
    unsqueeze,
)
from .autograd.tensor import Size
from .backend.device import Device
from .backend.device import Device as device  # noqa: N813
from .backend.launch import get_num_threads, set_num_threads
from .backend.random import Generator, get_rng_state, manual_seed, set_rng_state

__version__ = "0.1.0"

abs, absolute, clip, concat, concatenate, multiply, negative, subtract, swapaxes = (
    Tensor.abs, Tensor.abs, clamp, cat, cat, mul, neg, sub, transpose)
true_divide, moveaxis, ravel, asarray, arctan2 = (
    div, movedim, Tensor.ravel, as_tensor, atan2)
addcmul, addcdiv, clone, detach, masked_fill = (
    Tensor.addcmul, Tensor.addcdiv, Tensor.clone, Tensor.detach, Tensor.masked_fill)
bitwise_and, bitwise_not, bitwise_or, bitwise_xor = (
    Tensor.bitwise_and, Tensor.bitwise_not, Tensor.bitwise_or, Tensor.bitwise_xor)
double, half, long, int, short = float64, float16, int64, int32, int16
inf, nan, pi = _math.inf, _math.nan, _math.pi
float = float32
globals()["bool"] = bool_
globals().update(old_types("cpu"))

with _collector.paused():
    from . import data, nn, optim, utils             # they use the names above
from .nn.activation.log_softmax import log_softmax_method as log_softmax
from .nn.activation.softmax import softmax_method as softmax
from .nn.functional import (
    bilinear,
    celu,
    cosine_similarity,
    hardshrink,
    pairwise_distance,
    prelu,
    relu,
    rrelu,
    selu,
    sigmoid,
    tanh,
    threshold,
)
from .serialization import load, save
