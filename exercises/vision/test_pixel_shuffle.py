"""Exercise 8.1: pixel shuffle, from the index formula to its gradient."""

import numpy as np

from exercises.grading import Exercise, Race, call, gradients, part


def a_pixel(rng):
    return {"c": int(rng.integers(1, 5)), "y": int(rng.integers(9, 20)),
            "z": int(rng.integers(20, 40)), "r": int(rng.integers(3, 6))}


def coarse(rng, N=4, C=3, H=5, W=7, r=2):
    return {"x": rng.standard_normal((N, C * r * r, H, W)), "r": r}


def fine(rng, N=4, C=3, H=5, W=7, r=2):
    return {"y": rng.standard_normal((N, C, H * r, W * r)), "r": r}


def upstream(rng, N=4, C=3, H=5, W=7, r=2):
    return {"dy": rng.standard_normal((N, C, H * r, W * r)), "r": r}


def layer_and_dy(rng, N=4, C=3, D=6, H=2, W=5, r=2):
    draw = rng.standard_normal
    return {"dy": draw((N, C, H * r, W * r)), "x": draw((N, D, H, W)),
            "weight": draw((C * r * r, D)), "r": r}


def leading(rng, leading_axes=2, N=4, C=3, H=5, W=7, r=2):
    lead = (N, 5, 2)[:leading_axes]
    return {"x": rng.standard_normal((*lead, C * r * r, H, W)), "r": r}


def one_row_a_channel(rng, C=3, D=7, r=2):
    return {"weight": rng.standard_normal((C, D)), "r": r}


def photographs(rng, N=4, C=16, H=32, W=33, r=2):
    """Bytes, as photographs are: little to carry to the timed process, much to move."""
    return {"x": rng.integers(0, 256, (N, C * r * r, H, W), dtype=np.uint8), "r": r}


def plain_shuffle(x, r):
    """Nothing but loops: the one that yours is timed against."""
    N, channels, H, W = x.shape
    C = channels // (r * r)
    out = np.empty((N, C, H * r, W * r), x.dtype)
    for n in range(N):
        for c in range(C):
            for y in range(H * r):
                for z in range(W * r):
                    k = c * r * r + y % r * r + z % r
                    out[n, c, y, z] = x[n, k, y // r, z // r]
    return out


race = Race("shuffle", photographs, plain_shuffle)
other_factors = ({"r": 3}, {"r": 1}, {"C": 1, "H": 1, "W": 1})

exercise = Exercise(
    "8.1", "Pixel shuffle",
    part("a", 1, "where a pixel comes from", section="“Formula with shapes”",
         checks=call("source", a_pixel),
         hints="""
             Write y = h·r + a with a below r. Which h and which a belong to y = 7 and
             r = 3?

             h and a are quotient and remainder of y divided by r; w and b those of z.

             h, a = divmod(y, r) and w, b = divmod(z, r). The channel is c·r² + a·r + b.
         """),
    part("b", 2, "the formula with loops", section="“Plainly”",
         checks=call("shuffle_loops", coarse, also=other_factors, returns="out"),
         hints="""
             Loop over the places of the output: each is filled once, from one place of
             the input.

             C is the number of input channels divided by r². The output has shape (N, C,
             H·r, W·r) and the dtype of x.

             Four nested loops over n, c, y and z; inside, k, h, w = source(c, y, z, r)
             and out[n, c, y, z] = x[n, k, h, w].
         """),
    part("c", 2, "reshape, transpose, reshape",
         section="“Three steps instead of loops”",
         checks=call("shuffle", coarse, also=other_factors, returns="out"),
         hints="""
             Channel c·r² + a·r + b is the three digits c, a, b of one number. A reshape
             gives each digit an axis of its own.

             After the split the axes are n c a b h w. The output needs h next to a and
             w next to b. Only then can each pair become one axis.

             x.reshape(n, c, r, r, h, w), then transpose(0, 1, 4, 2, 5, 3), then
             reshape(n, c, h * r, w * r).
         """),
    part("d", 2, "the way back", section="“Three steps instead of loops”",
         checks=call("unshuffle", fine, also=other_factors, returns="x"),
         hints="""
             Undo the three steps of shuffle, the last one first.

             Split both long axes: the axes are then n c h a w b. Which order do you
             want before the channels are merged?

             y.reshape(n, c, h, r, w, r), then transpose(0, 1, 3, 5, 2, 4) to get n c a
             b h w, then reshape(n, c * r * r, h, w).
         """),
    part("e", 1, "the gradient of the shuffle", section="“The gradient”", needs="d",
         checks=call("shuffle_backward", upstream, also=other_factors, returns="dx"),
         hints="""
             What happens to the loss if x[n, k, h, w] grows a little? Only one element
             of the output changes, by the same amount.

             So dx at a place is dy at the place to which shuffle sends it. Which
             function brings it back?

             The transpose of a permutation is its inverse: return unshuffle(dy, r).
         """),
    part("f", 2, "back through a sub-pixel layer", section="“The gradient”", needs="e",
         checks=gradients("subpixel_backward", layer_and_dy, of="subpixel",
                          wrt=("x", "weight"), upstream=("dy",),
                          also=({"r": 3}, {"D": 1, "C": 1})),
         hints="""
             The layer does two things: s = weight times x for each pixel, then
             shuffle. Go back through the last one first.

             ds (N, C·r², H, W) is your shuffle_backward of dy. The product with weight
             is a linear layer for each pixel: dx needs weight, dweight needs x.

             dx = np.einsum("kd,nkhw->ndhw", weight, ds) and dweight =
             np.einsum("nkhw,ndhw->kd", ds, x), summed over examples and pixels.
         """),
    part("g", 1, "any leading axes", section="“The library”", needs="c",
         checks=call("pixel_shuffle", leading, returns="out",
                     also=tuple({"leading_axes": k} for k in (0, 1, 3))),
         hints="""
             Count axes from the end: channels, rows and columns are always the last
             three.

             Merge all leading axes into one batch, call shuffle, and split the batch
             again.

             lead = x.shape[:-3]. Their product is the batch (np.prod of nothing is 1):
             x.reshape(int(np.prod(lead)), *x.shape[-3:]). At the end
             out.reshape(*lead, *out.shape[1:]).
         """),
    part("h", 1, "the other order of channels", section="“What goes wrong”",
         checks=call("depth_to_space", coarse, also=other_factors, returns="out"),
         hints="""
             Compare the channel (a·r + b)·C + c with c·r² + a·r + b: which of the three
             digits stands first, which last?

             Only the first reshape and the transpose change. The split axes are now n
             a b c h w.

             x.reshape(n, r, r, c, h, w), then transpose(0, 3, 4, 1, 5, 2), then
             reshape(n, c, h * r, w * r).
         """),
    part("i", 1, "a start without a checkerboard", section="“Checkerboards”",
         checks=call("icnr", one_row_a_channel, also=({"r": 3}, {"C": 1}),
                     returns="the weight"),
         hints="""
             All r² pixels of a block are to be equal. Which rows of the weight make the
             pixels of one block?

             Channels c·r² to c·r² + r² - 1 make the block of fine channel c: its row
             must stand there r² times, one after the other.

             np.repeat(weight, r * r, axis=0). np.tile would put whole copies one after
             the other.
         """),
    part("j", 1, "shuffle 20 times as fast as loops", section="“Speed”", needs="c",
         checks=race.faster_than(20),
         hints="""
             Count the loops of your shuffle. Each is run by the interpreter, element by
             element.

             A loop over a and b alone is short: r² rounds. Rows and columns should be
             moved by NumPy.

             One reshape, one transpose and one reshape move everything in one call.
         """),
)
