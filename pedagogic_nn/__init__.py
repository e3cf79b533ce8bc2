"""pedagogic_nn: torch.nn to read, to run and to learn from.

    import pedagogic_nn as torch
    from pedagogic_nn import nn

The names, shapes, state_dict keys and numbers are PyTorch's.  Read the library in this order:
backend/ (where numbers are computed), autograd/ (how gradients come about), nn/ (modules and
layers), optim/ (training).
"""
# ruff: noqa: F401, A004      (this file is nothing but names to be imported)
from . import autograd, backend, cuda
from .autograd import (
    Tensor,
    Variable,
    enable_grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)
from .autograd.arithmetic import (
    add,
    div,
    eq,
    floor_divide,
    ge,
    gt,
    le,
    lt,
    maximum,
    minimum,
    mul,
    ne,
    pow,
    remainder,
    sub,
    where,
)
from .autograd.arranging import flip, tril, triu
from .autograd.comparing import allclose, equal, is_floating_point, numel
from .autograd.dtypes import (
    DTYPES,
    bool_,
    float16,
    float32,
    float64,
    int16,
    int32,
    int64,
    int8,
    uint8,
)
from .autograd.elementwise import (
    ceil,
    clamp,
    floor,
    isfinite,
    isinf,
    isnan,
    round,
    sign,
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
    get_default_dtype,
    linspace,
    multinomial,
    normal,
    old_types,
    ones,
    ones_like,
    rand,
    rand_like,
    randint,
    randn,
    randn_like,
    randperm,
    set_default_dtype,
    tensor,
    zeros,
    zeros_like,
)
from .autograd.indexing import (
    gather,
    index_select,
    masked_select,
    scatter,
    scatter_add,
)
from .autograd.ordering import argsort, sort, topk
from .autograd.printing import set_printoptions
from .autograd.products import addmm, bmm, dot, matmul, mm, mv, outer
from .autograd.reductions import (
    all,
    amax,
    amin,
    any,
    argmax,
    argmin,
    cumsum,
    logsumexp,
    max,
    mean,
    min,
    norm,
    prod,
    std,
    sum,
    var,
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
    split,
    squeeze,
    stack,
    t,
    transpose,
    unbind,
    unsqueeze,
)
from .autograd.tensor import Size
from .backend.device import Device
from .backend.device import Device as device
from .backend.launch import get_num_threads, set_num_threads
from .backend.random import Generator, get_rng_state, manual_seed, set_rng_state

__version__ = "0.1.0"

abs, exp, log, log1p, expm1, sqrt, rsqrt, reciprocal, square, sin, cos, neg, addcmul, addcdiv = (
    Tensor.abs, Tensor.exp, Tensor.log, Tensor.log1p, Tensor.expm1, Tensor.sqrt, Tensor.rsqrt,
    Tensor.reciprocal, Tensor.square, Tensor.sin, Tensor.cos, Tensor.neg, Tensor.addcmul,
    Tensor.addcdiv)
double, half, long, int, short = float64, float16, int64, int32, int16
float = float32
globals()["bool"] = bool_
globals().update(old_types("cpu"))


from . import data, nn, optim, utils  # noqa: E402      (they use the names above)
from .nn.functional import log_softmax, relu, sigmoid, tanh  # noqa: E402
from .serialization import load, save  # noqa: E402
