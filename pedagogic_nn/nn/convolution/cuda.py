"""Convolution on a GPU: one thread for each number of the result.

Each thread runs the sum of its own element (see reference.py); neighbours read
neighbouring pixels, and the weights, which they all share, come from the cache.
"""
from ...backend import contiguous, cuda, like
from ...backend.device import xp_of
from ...backend.launch import on_gpu
from .reference import bias_gradient, convolve, convolve_transposed, weight_gradient


@cuda.jit
def _convolve_cuda(y, x, w, bias, sh, sw, ph, pw, dh, dw, groups):
    plane, i, j = cuda.grid(3)
    N, O, h, width = y.shape
    C, H, W = w.shape[1], x.shape[2], x.shape[3]
    if plane < N * O and i < h and j < width:
        n, o = plane // O, plane % O
        first = o // (O // groups) * C
        total = bias[o % bias.size]
        for c in range(C):
            for u in range(w.shape[2]):
                row = i * sh + u * dh - ph
                if 0 <= row < H:
                    for v in range(w.shape[3]):
                        column = j * sw + v * dw - pw
                        if 0 <= column < W:
                            total += w[o, c, u, v] * x[n, first + c, row, column]
        y[n, o, i, j] = total


@cuda.jit
def _convolve_transposed_cuda(dx, dy, w, bias, sh, sw, ph, pw, dh, dw, groups):
    plane, row, column = cuda.grid(3)
    N, C, H, W = dx.shape
    O, h, width = dy.shape[1] // groups, dy.shape[2], dy.shape[3]
    if plane < N * C and row < H and column < W:
        n, c = plane // C, plane % C
        first, c_in_group = c // w.shape[1] * O, c % w.shape[1]
        total = bias[c % bias.size]
        for u in range(w.shape[2]):
            i = row + ph - u * dh
            if i >= 0 and i % sh == 0 and i // sh < h:
                for v in range(w.shape[3]):
                    j = column + pw - v * dw
                    if j >= 0 and j % sw == 0 and j // sw < width:
                        for o in range(first, first + O):
                            total += w[o, c_in_group, u, v] * dy[n, o, i // sh, j // sw]
        dx[n, c, row, column] = total


@cuda.jit
def _weight_gradient_cuda(dw, x, dy, sh, sw, ph, pw, dh, dv, groups):
    pair, u, v = cuda.grid(3)
    O, C, kh, kw = dw.shape
    H, W = x.shape[2], x.shape[3]
    if pair < O * C and u < kh and v < kw:
        o, c = pair // C, pair % C
        channel = o // (O // groups) * C + c
        total = dw[o, c, u, v]
        for n in range(dy.shape[0]):
            for i in range(dy.shape[2]):
                row = i * sh + u * dh - ph
                if 0 <= row < H:
                    for j in range(dy.shape[3]):
                        column = j * sw + v * dv - pw
                        if 0 <= column < W:
                            total += dy[n, o, i, j] * x[n, channel, row, column]
        dw[o, c, u, v] = total


def _numbers(window):
    return *window.stride, *window.padding, *window.dilation, window.groups


def _bias(bias, like_this):
    """The bias, or one zero that serves all channels."""
    return contiguous(bias) if bias is not None else \
        xp_of(like_this).zeros(1, like_this.dtype)


@convolve.cuda
def _launch_convolve(x, w, bias, size, window):
    y = like(x, (x.shape[0], w.shape[0], *size))
    on_gpu(_convolve_cuda, (y.shape[0] * y.shape[1], *size), y, contiguous(x),
           contiguous(w), _bias(bias, x), *_numbers(window))
    return y


@convolve_transposed.cuda
def _launch_convolve_transposed(dy, w, bias, size, window):
    dx = like(dy, (dy.shape[0], w.shape[1] * window.groups, *size))
    on_gpu(_convolve_transposed_cuda, (dx.shape[0] * dx.shape[1], *size), dx,
           contiguous(dy), contiguous(w), _bias(bias, dy), *_numbers(window))
    return dx


@weight_gradient.cuda
def _launch_weight_gradient(x, dy, kernel, window):
    dw = xp_of(x).zeros((dy.shape[1], x.shape[1] // window.groups, *kernel), x.dtype)
    on_gpu(_weight_gradient_cuda, (dw.shape[0] * dw.shape[1], *kernel), dw,
           contiguous(x), contiguous(dy), *_numbers(window))
    return dw


bias_gradient.cuda(bias_gradient.reference)
