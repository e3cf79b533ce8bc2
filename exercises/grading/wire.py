"""Values on the pipe between the grader and a learner's process.

A message is one frame: its length, a JSON tree, then the bytes of the arrays in the tree.
Nothing is ever unpickled, so a reply can hold wrong numbers but never code.
"""

import json
import math
import struct

import numpy as np

LONGEST = 256 * 2**20        # bytes; a frame that claims more is refused unread
NUMBERS = "biufc"            # dtype kinds that may travel: bool, ints, floats, complex


class Unsendable(TypeError):
    """A value that is neither plain data nor an array of numbers."""


class Garbled(ValueError):
    """Bytes that are not a frame."""


def pack(message):
    """message (plain data and arrays) → the bytes of one frame."""
    blobs = []
    tree = json.dumps(_plant(message, blobs)).encode()
    body = struct.pack(">Q", len(tree)) + tree + b"".join(blobs)
    return struct.pack(">Q", len(body)) + body


def unpack(body):
    """The body of a frame → the message. Raises Garbled, whatever the bytes are."""
    try:
        (length,) = struct.unpack_from(">Q", body)
        tree = json.loads(body[8 : 8 + length])
        return _harvest(tree, memoryview(body)[8 + length :])
    except (ValueError, TypeError, KeyError, IndexError, AttributeError,
            struct.error, OverflowError, RecursionError, MemoryError) as error:
        raise Garbled(str(error)) from None


def read_body(stream):
    """The next frame's body, or None at the end of the stream."""
    head = stream.read(8)
    if len(head) < 8:
        return None
    (length,) = struct.unpack(">Q", head)
    if length > LONGEST:
        raise Garbled(f"a frame of {length} bytes")
    body = stream.read(length)
    return body if len(body) == length else None


def _plant(value, blobs):
    """One value as JSON; array bytes go to `blobs`."""
    if isinstance(value, (np.ndarray, np.generic, complex)):   # np.float64 is a float too
        return _plant_array(np.asarray(value), blobs)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [_plant(item, blobs) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[_plant(k, blobs), _plant(v, blobs)] for k, v in value.items()]}
    raise Unsendable(type(value).__name__)


def _plant_array(array, blobs):
    if array.dtype.kind not in NUMBERS:
        raise Unsendable(f"array of dtype {array.dtype}")
    blobs.append(array.tobytes())        # C order, whatever the strides were
    return {"array": [array.dtype.str, list(array.shape)]}


def _harvest(tree, blobs):
    """JSON back to values; arrays are taken off the front of `blobs`, in order."""
    position = 0

    def grow(node):
        nonlocal position
        if not isinstance(node, dict):
            return node
        ((kind, content),) = node.items()
        if kind == "list":
            return [grow(item) for item in content]
        if kind == "tuple":
            return tuple(grow(item) for item in content)
        if kind == "dict":
            return {grow(key): grow(item) for key, item in content}
        array, position = _cut(content, blobs, position)
        return array

    return grow(tree)


def _cut(content, blobs, position):
    """One array from `blobs` at `position`: (array, next position)."""
    name, shape = content
    dtype = np.dtype(str(name))
    if dtype.kind not in NUMBERS or any(type(n) is not int or n < 0 for n in shape):
        raise Garbled("not an array of numbers")
    end = position + dtype.itemsize * math.prod(shape)
    if end > len(blobs):
        raise Garbled("an array longer than its frame")
    array = np.frombuffer(blobs[position:end], dtype).reshape(shape)
    return array.copy(), end
