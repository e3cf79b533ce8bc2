"""save and load: what comes back, what is refused, and files that lie."""
import hashlib
import io
import json
import os
import pickle
import struct
from collections import Counter, OrderedDict
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import optim, serialization
from pedagogic_nn.autograd.tensor import DTYPES, Tensor
from pedagogic_nn.serialization import load, save

PYTORCH_FILE = Path(__file__).parent / "golden/recorded/checkpoint.safetensors"


def same(a, b):
    """Equal in values, types, order of keys, and in the bytes of tensors."""
    if type(a) is not type(b):
        return False
    if isinstance(a, Tensor):
        x, y = a.detach().cpu().numpy(), b.detach().cpu().numpy()
        return (x.dtype, x.shape, x.tobytes()) == (y.dtype, y.shape, y.tobytes())
    if isinstance(a, dict):
        return [(type(k), k) for k in a] == [(type(k), k) for k in b] and \
            all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or (a != a and b != b)


def round_trip(obj, **options):
    file = io.BytesIO()
    save(obj, file)
    file.seek(0)
    return load(file, **options)


def trained():
    """A checkpoint as users make it: a state_dict, an optimiser's, and numbers."""
    w = torch.randn(3, 4, requires_grad=True)
    w.grad = torch.ones(3, 4)
    optimizer = optim.Adam([{"params": w}], lr=0.1)
    optimizer.step()
    model = OrderedDict(weight=w.detach(), bias=torch.zeros(0, 3), steps=torch.tensor(7))
    return {"model": model, "optimizer": optimizer.state_dict(), "epoch": 3,
            "losses": [0.5, float("inf")], "note": "größer"}


# ---- what comes back -----------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3, 4)])
def test_every_dtype_and_shape(dtype, shape):
    x = (torch.rand(shape) * 2).to(dtype)
    assert same(round_trip({"x": x}), {"x": x})


def test_a_checkpoint():
    checkpoint = trained()
    assert same(round_trip(checkpoint), checkpoint)


def test_a_state_dict_keeps_its_order(tmp_path):
    state = OrderedDict((name, torch.ones(1)) for name in ("z", "a.weight", "m", "a.b"))
    save(state, tmp_path / "model.safetensors")
    assert same(load(tmp_path / "model.safetensors"), state)


def test_loaded_tensors_can_be_changed():
    for x in round_trip([torch.zeros(2), torch.tensor([True, False]), torch.zeros(())]):
        x.fill_(1)
        assert x.sum().item() == x.numel()


def test_views_parameters_and_numpy_numbers():
    base = torch.randn(4, 6, requires_grad=True)
    back = round_trip({"w": base, "v": base.detach().t()[::2], "loss": np.float64(0.5)})
    assert not back["w"].requires_grad and back["loss"] == 0.5
    assert same(back["v"], base.detach().t()[::2].contiguous())


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() |
    st.sampled_from([torch.ones(2), torch.zeros(()), torch.tensor([[1], [2]])]),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner) |
    st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3) |
    st.dictionaries(st.sampled_from(["a", "a.b", "b", "__metadata__", "tensor"]), inner,
                    max_size=3).map(OrderedDict), max_leaves=12)


@given(values)
def test_whatever_can_be_saved_comes_back(value):
    assert same(round_trip(value), value)


def test_names_that_collide():
    state = {"a.b": torch.ones(1), "a": {"b": torch.zeros(1)}, 0: torch.ones(2),
             "0": torch.zeros(2), "__metadata__": torch.ones(3)}
    assert same(round_trip(state), state)


def test_map_location():
    x = round_trip({"x": torch.ones(2)}, map_location="cuda")["x"]
    assert x.is_cuda and round_trip({"x": x})["x"].device.type == "cpu"
    assert str(round_trip(x, map_location=torch.device("cpu:1")).device) == "cpu:1"
    with pytest.raises(RuntimeError, match="device"):
        round_trip(x, map_location="tpu")


def test_others_read_our_files():
    file = io.BytesIO()
    save(OrderedDict(weight=torch.ones(2), bias=torch.zeros(1)), file)
    plain = safetensors.numpy.load(file.getvalue())
    assert sorted(plain) == ["bias", "weight"] and plain["weight"].tolist() == [1, 1]


def test_we_read_the_files_of_others():
    assert same(load(PYTORCH_FILE), {
        "bias": torch.tensor([1, 2]), "weight": torch.arange(6).reshape(2, 3) / 4,
        "half": torch.tensor(0.5, dtype=torch.float16),
        "mask": torch.tensor([True, False])})


# ---- what is refused -----------------------------------------------------------------


class Model:
    def state_dict(self):
        return {}


@pytest.mark.parametrize("obj, words", [
    ({"model": {"f": len}}, r"obj\['model'\]\['f'\] is a builtin_function_or_method"),
    ({"model": Model()}, r"obj\['model'\] is a Model; .* Save its .state_dict\(\)"),
    ([1, (2, {3})], r"obj\[1\]\[1\] is a set"),
    ({"a": np.ones(2)}, r"an? ndarray; .* torch.from_numpy"),
    ({"a": np.float32(1)}, r"float32; .* \.item\(\)"),
    (Counter(a=1), "obj is a Counter"),
    ({"a": {(1, 2): 3}}, r"obj\['a'\] has the key \(1, 2\), a tuple; keys are strings"),
    ({True: 1}, "has the key True"),
    (b"bytes", "obj is a bytes"),
    (torch.device("cpu"), "obj is a Device"),
])
def test_what_no_file_can_hold_is_named(obj, words):
    with pytest.raises(TypeError, match=words):
        save(obj, io.BytesIO())


def test_an_object_that_contains_itself():
    obj = {}
    obj["me"] = [obj]
    with pytest.raises(ValueError, match="contains itself"):
        save(obj, io.BytesIO())


# ---- a save that fails leaves the old file -------------------------------------------


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    save({"x": 1}, path)
    with pytest.raises(TypeError):
        save({"x": len}, path)

    def full_disk(*args):
        raise OSError("no space left")
    for name in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(serialization.os, name, full_disk)
            with pytest.raises(OSError, match="no space left"):
                save({"x": 2}, path)
    assert load(path) == {"x": 1} and os.listdir(tmp_path) == [path.name]
    save({"x": 3}, str(path))
    assert load(path) == {"x": 3} and os.listdir(tmp_path) == [path.name]


def test_a_link_stays_a_link(tmp_path):
    save(1, tmp_path / "epoch1")
    (tmp_path / "latest").symlink_to("epoch1")
    save(2, tmp_path / "latest")
    assert (tmp_path / "latest").is_symlink() and load(tmp_path / "epoch1") == 2


def test_folders_and_missing_files(tmp_path):
    for error, path in ((IsADirectoryError, tmp_path),
                        (FileNotFoundError, tmp_path / "a/b")):
        for act in (load, lambda p: save(1, p)):
            with pytest.raises(error, match=str(tmp_path)):
                act(path)


def test_a_file_opened_as_text(tmp_path):
    (tmp_path / "model").write_text("{}")
    with open(tmp_path / "model") as file, pytest.raises(TypeError, match="mode 'rb'"):
        load(file)


# ---- files that lie ------------------------------------------------------------------

ROW = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def file_of(header, body=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def forged(structure, body=b"", **rows):
    """A file of ours with a structure of an attacker's making, and the right checksum."""
    kept = [(name, r["dtype"], r["shape"], body) for name, r in rows.items()]
    return file_of({"__metadata__": {
        serialization.STRUCTURE: structure,
        serialization.CHECKSUM: serialization._checksum(structure, kept)}, **rows}, body)


def content(node):
    return json.dumps({"version": 1, "content": node})


twice = b'{"a":' + json.dumps(ROW).encode() + b',"a":' + json.dumps(ROW).encode() + b"}"
LIES = {
    "empty": (b"", "the file is empty"),
    "short": (b"abc", "not a safetensors file"),
    "text": (b"Hello, this is a text", "not a safetensors file"),
    "huge header": (struct.pack("<Q", 2**63) + b"{}", "9223372036854775808 bytes, and 2"),
    "header beyond the end": (struct.pack("<Q", 50) + b"{}", "header of 50 bytes, and 2"),
    "a name twice": (file_of(twice, bytes(8)), "the header has 'a' twice"),
    "metadata twice": (file_of(b'{"__metadata__":{"k":"1","k":"2"}}'), "has 'k' twice"),
    "not UTF-8": (file_of(b'{"\xff":{}}'), "UTF-8"),
    "not JSON": (file_of(b"{"), "JSON"),
    "a list": (file_of(b"[]"), "not a safetensors file"),
    "deep header": (file_of(b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}"), "recursion"),
    "offset beyond the end": (file_of({"a": {**ROW, "data_offsets": [0, 80]}}, bytes(8)),
                              "offset"),
    "negative offset": (file_of({"a": {**ROW, "data_offsets": [-8, 0]}}, bytes(8)), "-8"),
    "overlap": (file_of({"a": ROW, "b": ROW}, bytes(8)), "offset"),
    "missing numbers": (file_of({"a": ROW}, bytes(5)), "truncated.* the 5 bytes"),
    "too many numbers": (file_of({"a": ROW}, bytes(9)), "altered.* the 9 bytes"),
    "huge shape": (file_of({"a": {**ROW, "shape": [2**62] * 2}}, bytes(8)), "overflow"),
    "huge empty shape": (file_of({"a": {**ROW, "shape": [2**62, 0, 2**62],
                                        "data_offsets": [0, 0]}}), "too big"),
    "100 axes": (file_of({"a": {**ROW, "shape": [1] * 100, "data_offsets": [0, 4]}},
                         bytes(4)), "dimension"),
    "unknown type": (file_of({"a": {**ROW, "dtype": "Q7"}}, bytes(8)), "Q7"),
    "bfloat16": (file_of({"a": {**ROW, "dtype": "BF16", "shape": [4]}}, bytes(8)),
                 "'a' has elements of type BF16; expected one of F16, F32"),
    "pickle": (pickle.dumps({"a": 1}), "this is a pickle.*weights_only=True"),
    "old pickle": (pickle.dumps({"a": 1}, protocol=2), "this is a pickle"),
    "zip": (b"PK\x03\x04\x00\x00\x08\x08" + bytes(20), "this is a pickle.*save_file"),
    "checksum only": (file_of({"__metadata__": {serialization.CHECKSUM: "0"}}),
                      "checksum"),
    "structure only": (file_of({"__metadata__": {serialization.STRUCTURE: content(1)}}),
                       "checksum"),
    "structure is no JSON": (forged("{"), "Expecting"),
    "structure is a list": (forged("[]"), "newer pedagogic_nn"),
    "version": (forged('{"version": 2, "content": 1}'), "newer pedagogic_nn"),
    "missing tensor": (forged(content({"tensor": "a"})), "does not fit"),
    "unknown kind": (forged(content({"eval": "1"})), "does not fit.*eval"),
    "two kinds": (forged(content({"tuple": [], "dict": []})), "does not fit"),
    "no kind": (forged(content({})), "does not fit"),
    "dictionary of no pairs": (forged(content({"dict": [1]})), "does not fit"),
    "list as a key": (forged(content({"dict": [[[], 1]]})), "does not fit"),
    "deep structure": (forged(f'{{"version":1,"content":{"[" * 50_000 + "]" * 50_000}}}'),
                       "nested too deeply"),
    "huge number": (forged('{"version":1,"content":' + "9" * 5000 + "}"), "digits"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_file_that_lies_is_named_and_explained(name, tmp_path):
    data, words = LIES[name]
    path = tmp_path / f"{name}.safetensors"
    path.write_bytes(data)
    with pytest.raises(RuntimeError, match=f"(?s){name}.safetensors: .*{words}"):
        load(path)


def test_a_forged_file_with_a_true_structure_is_a_file():
    data = forged(content({"tuple": [{"tensor": "a"}]}), bytes(8), a=ROW)
    assert same(load(io.BytesIO(data)), (torch.zeros(2),))


def test_bytes_that_are_no_bools():
    row = {"dtype": "BOOL", "shape": [2], "data_offsets": [0, 2]}
    loaded = load(io.BytesIO(file_of({"a": row}, b"\x02\x00")))
    assert same(loaded, {"a": torch.tensor([True, False])})


# ---- accidents: whatever happens to a file is found ----------------------------------


def saved_checkpoint():
    torch.manual_seed(1)
    checkpoint, file = trained(), io.BytesIO()
    save(checkpoint, file)
    return checkpoint, file.getvalue()


CHECKPOINT, SAVED = saved_checkpoint()


def equal_or_refused(data):
    try:
        loaded = load(io.BytesIO(data))
    except RuntimeError as error:
        assert "load: BytesIO: " in str(error)
    else:
        assert same(loaded, CHECKPOINT)


@given(st.integers(0, len(SAVED) - 1))
def test_a_truncated_file_is_refused(length):
    with pytest.raises(RuntimeError, match="BytesIO: "):
        load(io.BytesIO(SAVED[:length]))


@given(st.integers(0, len(SAVED) - 1), st.integers(1, 255))
def test_an_altered_byte_is_found(position, change):
    data = bytearray(SAVED)
    data[position] ^= change
    equal_or_refused(bytes(data))


def test_every_flipped_bit_is_found():
    for position in range(len(SAVED)):
        data = bytearray(SAVED)
        data[position] ^= 1 << position % 8
        equal_or_refused(bytes(data))


@given(st.lists(st.tuples(st.integers(0, len(SAVED)), st.binary(max_size=20),
                          st.integers(0, 20)), min_size=1, max_size=4))
def test_pieces_cut_out_and_put_in_are_found(edits):
    data = SAVED
    for position, piece, cut in edits:
        data = data[:position] + piece + data[position + cut:]
    equal_or_refused(data)


@given(st.binary(max_size=60))
def test_random_bytes_are_refused(data):
    with pytest.raises(RuntimeError, match="BytesIO: "):
        load(io.BytesIO(data))


def test_the_checksum_is_sha256_of_the_structure_and_the_tensors():
    row = ("a", "F32", (2,), b"12345678")
    assert serialization._checksum("{}", [row]) == \
        hashlib.sha256(b'{}["a", "F32", [2]]12345678').hexdigest()
