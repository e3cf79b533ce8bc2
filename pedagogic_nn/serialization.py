"""save and load: tensors in a safetensors file, and around them a structure in JSON.

    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}
    save(state, "checkpoint.safetensors")

A safetensors file is a header in JSON, and after it the numbers.  It holds tensors and
nothing else, so reading it runs no code; reading a pickle may.  Tensors lie in it under
their paths, "model.fc.weight".  A state_dict alone keeps its plain names, and in PyTorch
safetensors.torch.load_file reads it.  Two entries of the header's metadata are ours:

    pedagogic_nn.structure     the dictionaries and lists around the tensors, as JSON
    pedagogic_nn.sha256        the checksum of that text and of all tensors
"""
import hashlib
import json
import os
import re
import uuid
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from .autograd.tensor import CPU, DTYPES, Tensor
from .backend.device import Device, to_host

VERSION = 1
STRUCTURE, CHECKSUM = "pedagogic_nn.structure", "pedagogic_nn.sha256"
_KINDS = {"dict": dict, "OrderedDict": OrderedDict, "tuple": tuple}
_CODES = {"F16": "float16", "F32": "float32", "F64": "float64", "U8": "uint8",
          "I8": "int8", "I16": "int16", "I32": "int32", "I64": "int64", "BOOL": "bool"}
_PICKLES = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


# ---- save ----------------------------------------------------------------------------


def save(obj: Any, f: Any) -> None:
    """Write tensors, and the dictionaries, lists and tuples that hold them, to a file.

    The file is written beside the old one and takes its place when it is complete; a save
    that fails leaves the old file as it was.

    Args:
        obj: a state_dict, a checkpoint like {"model": ..., "optimizer": ..., "epoch": 3},
            or a tensor.  Besides tensors it may hold strings, numbers, True, False and
            None; the keys of dictionaries are strings or integers.  A Parameter is saved
            as its numbers and comes back as a Tensor that does not require a gradient.
        f: a path, or a file opened for writing bytes.

    Raises:
        TypeError: obj holds something else; the message says where.
        ValueError: obj contains itself.
        OSError: the file cannot be written.

    Example:
        >>> import os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "checkpoint.safetensors")
        >>> torch.save({"weight": torch.ones(2), "epoch": 3}, path)
        >>> torch.load(path)
        {'weight': tensor([1., 1.]), 'epoch': 3}
    """
    content = _to_bytes(obj)
    if hasattr(f, "write"):
        f.write(content)
    else:
        _replace(os.path.realpath(os.fsdecode(f)), content)


def _to_bytes(obj: Any) -> bytes:
    arrays: dict[str, np.ndarray] = {}
    try:
        node = _encode(obj, "obj", (), arrays)
        structure = json.dumps({"version": VERSION, "content": node})
    except RecursionError:
        raise ValueError("save: obj contains itself, or is nested too deeply") from None
    codes = {name: code for code, name in _CODES.items()}
    rows = [(name, codes[a.dtype.name], a.shape, a) for name, a in arrays.items()]
    return safetensors.numpy.save(
        arrays, {STRUCTURE: structure, CHECKSUM: _checksum(structure, rows)})


def _encode(value: Any, where: str, path: tuple, arrays: dict[str, np.ndarray]) -> Any:
    """`value` as JSON; tensors are put into `arrays` and replaced by {"tensor": name}.

    Plain values and lists stand for themselves, everything else is {kind: content}.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return int(value) if isinstance(value, int) else float(value)    # np.float64 too
    if isinstance(value, Tensor):
        name = _unused(".".join(path) or "tensor", arrays)
        arrays[name] = _plain_array(value, where)
        return {"tensor": name}
    if type(value) in (list, tuple):
        items = [_encode(v, f"{where}[{k}]", (*path, str(k)), arrays)
                 for k, v in enumerate(value)]
        return items if type(value) is list else {"tuple": items}
    if type(value) in (dict, OrderedDict):
        return {type(value).__name__: [
            [_key(k, where), _encode(v, f"{where}[{k!r}]", (*path, str(k)), arrays)]
            for k, v in value.items()]}
    raise TypeError(
        f"save: {where} is {_article(value)}; a file holds tensors, dictionaries, lists, "
        f"tuples, strings, numbers, True, False and None. {_advice(value)}")


def _key(key, where):
    if isinstance(key, (str, int)) and not isinstance(key, bool):
        return key
    raise TypeError(f"save: {where} has the key {key!r}, {_article(key)}; keys are "
                    "strings or integers")


def _advice(value):
    if hasattr(value, "state_dict"):
        return "Save its .state_dict() instead"
    if isinstance(value, np.ndarray):
        return "Save torch.from_numpy(...) of it instead"
    if isinstance(value, np.generic):
        return "Save its .item() instead"
    return "Save what it is made of instead, and make it anew after loading"


def _article(value):
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _unused(name, arrays):
    """`name`, or with a number if a tensor has it already ({"a.b": x, "a": {"b": y}})."""
    names = (name if k == 0 else f"{name}#{k}" for k in range(len(arrays) + 2))
    return next(n for n in names if n not in arrays and n != "__metadata__")


def _plain_array(tensor, where):
    """The numbers of a tensor in host memory, in C order and native byte order."""
    array = to_host(tensor.array)
    if array.dtype.name not in DTYPES:
        raise TypeError(f"save: {where} is a tensor of {array.dtype}; expected one of "
                        f"{', '.join(DTYPES)}. Convert it with .to(...)")
    return np.asarray(array, array.dtype.newbyteorder("="), order="C")


def _checksum(structure: str, rows: Iterable) -> str:
    """SHA-256 of the structure and of all (name, code, shape, bytes), sorted by name."""
    digest = hashlib.sha256(structure.encode())
    for name, code, shape, data in sorted(rows, key=lambda row: row[0]):
        digest.update(json.dumps([name, code, list(shape)]).encode())
        digest.update(data)
    return digest.hexdigest()


def _replace(path: str, content: bytes) -> None:
    """Write a file beside `path`, wait until it is on the disk, and rename it."""
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"save: there is no folder {folder}; make it first")
    if os.path.isdir(path):
        raise IsADirectoryError(f"save: {path} is a folder; name a file in it")
    unfinished = os.path.join(folder, f".unfinished-{uuid.uuid4().hex}")
    try:
        with open(unfinished, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException:
        if os.path.exists(unfinished):
            os.remove(unfinished)
        raise


# ---- load ----------------------------------------------------------------------------


def load(f: Any, map_location: Any = None) -> Any:
    """Read what `save` wrote, or any other safetensors file as a dictionary of tensors.

    Nothing is ever unpickled: loading a stranger's file runs none of their code.

    Args:
        f: a path, or a file opened for reading bytes.
        map_location: the device of the tensors, the CPU if None.

    Raises:
        RuntimeError: the file is truncated, was altered after it was saved, or is of
            another format; the message names the file and what is wrong with it.
        FileNotFoundError: there is no such file.
        IsADirectoryError: the path is that of a folder.
    """
    device = CPU if map_location is None else Device(map_location)
    if hasattr(f, "read"):
        content, name = f.read(), str(getattr(f, "name", type(f).__name__))
        if isinstance(content, str):
            raise TypeError(f"load: {name} was opened as text; open it with mode 'rb'")
    else:
        name = os.fsdecode(f)
        if os.path.isdir(name):
            raise IsADirectoryError(f"load: {name} is a folder; name a file in it")
        with open(name, "rb") as file:
            content = file.read()
    try:
        return _from_bytes(content, device)
    except RecursionError:
        raise RuntimeError(f"load: {name}: the structure is nested too deeply") from None
    except (safetensors.SafetensorError, ValueError) as error:
        raise RuntimeError(f"load: {name}: {_diagnosis(content, error)}") from error


def _from_bytes(content: bytes, device: Device) -> Any:
    """The object in a file's content; what is wrong with it is a ValueError."""
    rows = {name: (name, row["dtype"], row["shape"], row["data"])
            for name, row in safetensors.deserialize(content)}
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8:8 + length].decode(),
                        object_pairs_hook=_without_duplicates)
    metadata = header.pop("__metadata__", None) or {}
    if STRUCTURE not in metadata and CHECKSUM not in metadata:    # somebody else's file
        return {name: _tensor(rows[name], device) for name in header}
    structure = metadata.get(STRUCTURE, "")
    if metadata.get(CHECKSUM) != _checksum(structure, rows.values()):
        raise ValueError("the checksum is wrong: the file was altered after it was "
                         "saved. Copy or download it again")
    saved = json.loads(structure)
    if not isinstance(saved, dict) or saved.get("version") != VERSION:
        raise ValueError("it was written by a newer pedagogic_nn; upgrade yours")
    return _decode(saved.get("content"), rows, device)


def _without_duplicates(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the header has {twice!r} twice")
    return found


def _decode(node: Any, rows: dict, device: Device) -> Any:
    """The value that `_encode` made `node` of."""
    if isinstance(node, list):
        return [_decode(n, rows, device) for n in node]
    if not isinstance(node, dict):
        return node
    match node:
        case {"tensor": str(name), **others} if name in rows and not others:
            return _tensor(rows[name], device)
        case {"tuple": list(items), **others} if not others:
            return tuple(_decode(n, rows, device) for n in items)
        case {"dict": list(items), **others} | {"OrderedDict": list(items), **others} \
                if not others and all(map(_is_pair, items)):
            return _KINDS[next(iter(node))](
                (key, _decode(n, rows, device)) for key, n in items)
    raise ValueError(f"the structure does not fit the tensors at {str(node)[:60]}")


def _is_pair(item):
    return isinstance(item, list) and len(item) == 2 and isinstance(item[0], (str, int))


def _tensor(row: tuple, device: Device) -> Tensor:
    name, code, shape, data = row
    if code not in _CODES:
        raise ValueError(f"{name!r} has elements of type {code}; expected one of "
                         f"{', '.join(_CODES)}. Convert it before it is saved")
    if code == "BOOL":                # a byte other than 0 and 1 is no bool to NumPy
        array = np.frombuffer(data, np.uint8) != 0
    else:                             # data is a bytearray: the tensor can be written to
        array = np.frombuffer(data, np.dtype(_CODES[code]).newbyteorder("<"))
    array = array.astype(_CODES[code], copy=False).reshape(shape)
    return Tensor._of(device.put(array), device)


def _diagnosis(content: bytes, error: Exception) -> str:
    """What is wrong with a file that could not be read, and what to do."""
    if not content:
        return "the file is empty"
    if content.startswith(_PICKLES) and content[8:9] != b"{":
        return ("this is a pickle, as torch.save writes it. Loading one can run any "
                "code, so it is never done here. With PyTorch, write its tensors anew: "
                "safetensors.torch.save_file(torch.load(old, weights_only=True), new)")
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or content[8:9] != b"{":
        return f"this is not a safetensors file ({error})"
    if len(content) < 8 + length:
        return ("the file is truncated, or its beginning was altered: it promises a "
                f"header of {length} bytes, and {len(content) - 8} follow")
    if re.search("fully covered|IncompleteBuffer", str(error)):
        return (f"the file is truncated, or was altered: its tensors do not take up the "
                f"{len(content) - 8 - length} bytes after the header")
    return str(error).removeprefix("Error while deserializing: ")
