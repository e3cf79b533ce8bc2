"""Register tiles for convolution: sums that stay in vector registers, as LLVM vectors.

backend/tiles.py explains the tile of a matrix product.  These differ in where they
read.  A tap of a filter is a fixed distance in memory from the pixel that it is for, so
a table of distances replaces the matrix of all patches, which is never built:

    outputs_tile    up to 6 output channels, 2 vectors of neighbouring pixels
                    y_ij += w_i,tap · x[j + distance of the tap]          sum over taps
    channels_tile   the same sum for up to 6 neighbouring pixels, 2 vectors of output
                    channels
    weights_tile    up to 6 taps, 2 output channels; both read vectors of pixels
                    dw_i,o += x[j + distance of tap i] · dy_o,j           sum over pixels
"""
import itertools

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ...backend.jit import jit
from ...backend.tiles import ROWS, VECTOR_BYTES, Vectors

OUTPUTS = 2                                   # output channels of a weights_tile
_INT64 = ir.IntType(64)


def _distance(builder, table, index):
    """The entry of a table of 64-bit integers, given by its address."""
    entries = builder.inttoptr(table, _INT64.as_pointer())
    return builder.load(builder.gep(entries, [index]))


def _sums(builder, v, rows, columns):
    """Variables for rows x columns vectors, zero; LLVM finds registers for them."""
    zero = ir.Constant(v.type, [0.0] * v.lanes)
    return [[cgutils.alloca_once_value(builder, zero) for _ in range(columns)]
            for _ in range(rows)]


# ---- outputs: weights times pixels ---------------------------------------------------


def _outputs_tile(rows, vectors, channels=False):
    """The rows of a tile are output channels, its columns pixels; or the other way round,
    if the vectors hold `channels`."""
    def generate(context, builder, signature, arguments):
        taps, w, w_step, distances, x, row_step, y, y_row, accumulate = arguments
        v = Vectors(context, builder, signature.args[1])
        at = [taps.type(j * VECTOR_BYTES) for j in range(vectors)]
        sums = _sums(builder, v, rows, vectors)
        row_of = [builder.mul(taps.type(i), row_step) for i in range(rows)]
        with cgutils.for_range(builder, taps) as loop:
            pixels = cgutils.pointer_add(
                builder, x, _distance(builder, distances, loop.index))
            weights = cgutils.pointer_add(builder, w, builder.mul(loop.index, w_step))
            across, along = (weights, pixels) if channels else (pixels, weights)
            now = [v.load(across, offset) for offset in at]
            for row, totals in zip(row_of, sums, strict=True):
                number = v.broadcast(along, row)
                for column, total in zip(now, totals, strict=True):
                    builder.store(v.multiply_add(number, column, builder.load(total)),
                                  total)

        def finish(old):
            for i, totals in enumerate(sums):
                y_i = cgutils.pointer_add(builder, y, builder.mul(y_row.type(i), y_row))
                for offset, total in zip(at, totals, strict=True):
                    new = builder.load(total)
                    v.store(builder.fadd(v.load(y_i, offset), new) if old else new,
                            y_i, offset)

        with builder.if_else(accumulate) as (then, otherwise):
            with then:
                finish(old=True)
            with otherwise:
                finish(old=False)

    @intrinsic
    def tile(typing, taps, w, w_step, distances, x, row_step, y, y_row, accumulate):
        n = types.intp
        return types.void(n, w, n, n, w, n, w, n, types.boolean), generate

    return tile


_outputs1, _outputs2, _outputs3, _outputs4, _outputs5, _outputs6 = (
    _outputs_tile(rows, 2) for rows in range(1, ROWS + 1))
# One or two rows leave registers free, for as many sums as hide the latency of a
# multiply-add.
_outputs1_wide, _outputs2_wide = _outputs_tile(1, 8), _outputs_tile(2, 4)
_channels1, _channels2, _channels3, _channels4, _channels5, _channels6 = (
    _outputs_tile(rows, 2, channels=True) for rows in range(1, ROWS + 1))
_half1, _half2, _half3, _half4, _half5, _half6 = (
    _outputs_tile(rows, 1, channels=True) for rows in range(1, ROWS + 1))


@jit
def vectors_of(rows):
    """How many vectors of pixels an outputs_tile of so many rows should be wide."""
    return 8 // rows if rows <= 2 else 2


@jit
def outputs_tile(rows, wide, *arguments):
    """y (rows, 2 vectors) = or += Σ_tap w (rows, taps) · x at the distance of the tap.

    Args:
        wide: one or two rows and `vectors_of(rows)` vectors.
        arguments: taps, w, its step from tap to tap, distances, x, w's step from row to
            row, y, y_row, accumulate.  Steps are in bytes, `distances` is the address of
            the table.
    """
    if rows == 6:
        _outputs6(*arguments)
    elif rows == 5:
        _outputs5(*arguments)
    elif rows == 4:
        _outputs4(*arguments)
    elif rows == 3:
        _outputs3(*arguments)
    elif rows == 2 and wide:
        _outputs2_wide(*arguments)
    elif rows == 2:
        _outputs2(*arguments)
    elif wide:
        _outputs1_wide(*arguments)
    else:
        _outputs1(*arguments)


@jit
def channels_tile(rows, half, *arguments):
    """y (rows, 2 vectors) = or += Σ_tap x at the distance of the tap · w (taps, …): the
    rows are pixels.

    Args:
        half: one vector of channels only.
        arguments: taps, w, its step from tap to tap, distances, x, its step from pixel to
            pixel, y, y_row, accumulate.
    """
    if half:
        _half_tile(rows, *arguments)
    elif rows == 6:
        _channels6(*arguments)
    elif rows == 5:
        _channels5(*arguments)
    elif rows == 4:
        _channels4(*arguments)
    elif rows == 3:
        _channels3(*arguments)
    elif rows == 2:
        _channels2(*arguments)
    else:
        _channels1(*arguments)


@jit
def _half_tile(rows, *arguments):
    if rows == 6:
        _half6(*arguments)
    elif rows == 5:
        _half5(*arguments)
    elif rows == 4:
        _half4(*arguments)
    elif rows == 3:
        _half3(*arguments)
    elif rows == 2:
        _half2(*arguments)
    else:
        _half1(*arguments)


# ---- weights: pixels times pixels ----------------------------------------------------


def _first_lanes(builder, v, count, size):
    """A mask of the first `count` lanes."""
    lanes = ir.Constant(ir.VectorType(ir.IntType(size), v.lanes), list(range(v.lanes)))
    number = builder.trunc(count, ir.IntType(size)) if size < 64 else count
    empty = ir.Constant(lanes.type, ir.Undefined)
    first = builder.insert_element(empty, number, ir.IntType(32)(0))
    return builder.icmp_signed("<", lanes, v.shuffle(first, empty, [0] * v.lanes))


def _load_first(builder, v, pointer, offset, mask):
    """A vector of which only the lanes of the mask are read, and the others are zero."""
    at = builder.bitcast(cgutils.pointer_add(builder, pointer, offset),
                         v.type.as_pointer())
    name = f"llvm.masked.load.v{v.lanes}f{v.number.intrinsic_name[1:]}.p0"
    align = ir.IntType(32)
    kind = ir.FunctionType(v.type, [at.type, align, mask.type, v.type])
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    return builder.call(function, [at, align(1), mask,
                                   ir.Constant(v.type, [0.0] * v.lanes)])


def _total(builder, v, vector):
    """The sum over the lanes of a vector."""
    half = v.lanes // 2
    while half:
        moved = v.shuffle(vector, vector, [(i + half) % v.lanes for i in range(v.lanes)])
        vector = builder.fadd(vector, moved)
        half //= 2
    return builder.extract_element(vector, ir.IntType(32)(0))


def _weights_tile(taps):
    def generate(context, builder, signature, arguments):
        (images, rows, vectors, last, x, x_image, x_row, distances,
         dy, dy_channel, dy_image, dy_row, out) = arguments
        number = signature.args[4].dtype
        v = Vectors(context, builder, signature.args[4])
        word, zero = vectors.type, ir.Constant(v.type, [0.0] * v.lanes)
        mask = _first_lanes(builder, v, last, number.bitwidth)
        sums = _sums(builder, v, taps, OUTPUTS)
        away = [_distance(builder, distances, word(i)) for i in range(taps)]

        def step(x_now, dy_now, masked):
            places = [builder.mul(word(o), dy_channel) for o in range(OUTPUTS)]
            outputs = [_load_first(builder, v, dy_now, place, mask) if masked
                       else v.load(dy_now, place) for place in places]
            for distance, totals in zip(away, sums, strict=True):
                pixels = v.load(x_now, distance)
                if masked:                     # beyond the row: other rows' pixels
                    pixels = builder.select(mask, pixels, zero)
                for output, total in zip(outputs, totals, strict=True):
                    builder.store(v.multiply_add(pixels, output, builder.load(total)),
                                  total)

        before = builder.sub(vectors, word(1))
        with cgutils.for_range(builder, images) as image, \
                cgutils.for_range(builder, rows) as row:
            x_line = cgutils.pointer_add(builder, x, builder.add(
                builder.mul(image.index, x_image), builder.mul(row.index, x_row)))
            dy_line = cgutils.pointer_add(builder, dy, builder.add(
                builder.mul(image.index, dy_image), builder.mul(row.index, dy_row)))
            with cgutils.for_range(builder, before) as vector:
                at = builder.mul(vector.index, word(VECTOR_BYTES))
                step(cgutils.pointer_add(builder, x_line, at),
                     cgutils.pointer_add(builder, dy_line, at), masked=False)
            at = builder.mul(before, word(VECTOR_BYTES))
            step(cgutils.pointer_add(builder, x_line, at),
                 cgutils.pointer_add(builder, dy_line, at), masked=True)
        for place, (i, o) in enumerate(itertools.product(range(taps), range(OUTPUTS))):
            target = builder.gep(out, [word(place)])
            builder.store(_total(builder, v, builder.load(sums[i][o])), target)

    @intrinsic
    def tile(typing, images, rows, vectors, last, x, x_image, x_row, distances,
             dy, dy_channel, dy_image, dy_row, out):
        n = types.intp
        return types.void(n, n, n, n, x, n, n, n, x, n, n, n, x), generate

    return tile


_weights1, _weights2, _weights3, _weights4, _weights5, _weights6 = (
    _weights_tile(taps) for taps in range(1, ROWS + 1))


@jit
def weights_tile(taps, *arguments):
    """out (taps, 2) = Σ x at the distance of the tap · dy of two channels.

    Args:
        arguments: images, rows, vectors, last, x, x_image, x_row, distances, dy,
            dy_channel, dy_image, dy_row, out.  The sum runs over `images` times `rows`
            lines of so many vectors, of the last of which `last` lanes count (and of dy
            no more are read).
    """
    if taps == 6:
        _weights6(*arguments)
    elif taps == 5:
        _weights5(*arguments)
    elif taps == 4:
        _weights4(*arguments)
    elif taps == 3:
        _weights3(*arguments)
    elif taps == 2:
        _weights2(*arguments)
    else:
        _weights1(*arguments)
