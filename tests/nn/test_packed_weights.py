"""Packed weights are kept while a weight stays the same, and never longer.

Every way to change a weight is tried behind the back of every layer that keeps them.
"""
import copy
import ctypes
import pickle

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.backend import kept, packed


@pytest.fixture(autouse=True)
def keep_small_weights_too(monkeypatch):
    monkeypatch.setattr(packed, "WORTH_KEEPING", 1)


LAYERS = {
    "Linear": (lambda: nn.Linear(5, 7), (4, 5), "weight"),
    "Linear without bias": (lambda: nn.Linear(5, 7, bias=False), (4, 5), "weight"),
    "RNNCell": (lambda: nn.RNNCell(5, 4), (3, 5), "weight_hh"),
    "LSTMCell": (lambda: nn.LSTMCell(5, 4), (3, 5), "weight_ih"),
    "GRUCell": (lambda: nn.GRUCell(5, 4), (3, 5), "weight_hh"),
    "RNN": (lambda: nn.RNN(5, 4), (6, 3, 5), "weight_hh_l0"),
    "LSTM": (lambda: nn.LSTM(5, 4), (6, 3, 5), "weight_hh_l0"),
    "LSTM, its input": (lambda: nn.LSTM(5, 4), (6, 8, 5), "weight_ih_l0"),
    "LSTM, projected": (lambda: nn.LSTM(5, 4, proj_size=3), (6, 3, 5), "weight_hr_l0"),
    "GRU": (lambda: nn.GRU(5, 4, bidirectional=True), (6, 3, 5), "weight_hh_l0_reverse"),
    "GRU, its input": (lambda: nn.GRU(5, 4), (6, 8, 5), "weight_ih_l0"),
}


def results(layer, x):
    """The output and every gradient, as arrays."""
    x = x.detach().requires_grad_()
    layer.zero_grad()
    out = layer(x)
    if "Cell" in type(layer).__name__:
        out = layer(x, out)                        # a second step: the state is not 0
    if isinstance(out, tuple):
        out = out[0]
    (out * out).sum().backward()
    return [a.detach().clone().array
            for a in (out, x.grad, *(p.grad for p in layer.parameters()))]


def used(name):
    """A layer that has kept all it can, an input, and the name of a weight."""
    make, shape, weight = LAYERS[name]
    torch.manual_seed(0)
    layer, x = make(), torch.randn(*shape)
    for _ in range(3):
        results(layer, x)
    return layer, x, weight


def entries(w):
    """What is kept of a weight now."""
    known = kept._followed[id(w.array)]
    current = known.made[0] == known.memory.writes and not known.memory.lent
    return [name for name, value in known.made[1].items()
            if current and value is not None]


@pytest.mark.parametrize("name", LAYERS)
def test_what_is_asked_for_again_is_kept(name, monkeypatch):
    layer, x, weight = used(name)
    assert len(entries(getattr(layer, weight))) == 2, "packed rows and packed columns"
    expected = results(layer, x)
    monkeypatch.setattr(packed, "_in_one_call", None)          # nothing is packed again
    for a, b in zip(results(layer, x), expected, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", [name for name in LAYERS if "Cell" not in name])
def test_a_training_step_keeps_nothing(name):
    """Each step packs each weight once, and changes it: there is nothing to gain."""
    make, shape, weight = LAYERS[name]
    layer, x = make(), torch.randn(*shape)
    optimiser = torch.optim.SGD(layer.parameters(), 0.1)
    for _ in range(3):
        results(layer, x)
        assert entries(getattr(layer, weight)) == []
        optimiser.step()


# ---- every way to change a weight ----------------------------------------------------


def unrecorded(change):
    def way(layer, name):
        with torch.no_grad():
            change(getattr(layer, name))
    return way


def at_address(layer, name):
    p = getattr(layer, name)
    numbers = ctypes.cast(p.data_ptr(), ctypes.POINTER(ctypes.c_float))
    results_again(layer)
    numbers[0] += 1


def lent_before(lend):
    """Somebody gets a NumPy array, the layer is used again, then the array changes."""
    def way(layer, name):
        array = lend(getattr(layer, name))
        results_again(layer)
        array[...] += 1
    return way


def view_before(view, more=1):
    """The same with a tensor that shares the weight's memory."""
    def way(layer, name):
        with torch.no_grad():
            shared = view(getattr(layer, name))
        results_again(layer)
        with torch.no_grad():
            shared.add_(more)
    return way


def results_again(layer):
    shape = next(shape for make, shape, _ in LAYERS.values()
                 if repr(make()) == repr(layer))
    for _ in range(3):
        results(layer, torch.ones(*shape))


def step_of(optimiser, **options):
    def way(layer, name):
        optimiser(layer.parameters(), **options).step()
    return way


def load(layer, name):
    layer.load_state_dict({k: v + 1 for k, v in layer.state_dict().items()})


def replace_data(layer, name):
    p = getattr(layer, name)
    p.data = p.data + 1


def data_of_another(layer, name):
    """After p.data = w, a change of w changes p."""
    p = getattr(layer, name)
    w = p.detach().clone()
    p.data = w
    results_again(layer)
    w += 1


def replace_parameter(layer, name):
    setattr(layer, name, nn.Parameter(getattr(layer, name).detach() + 1))


def one_vector(layer, name):
    vector = nn.utils.parameters_to_vector(layer.parameters()).detach()
    nn.utils.vector_to_parameters(vector, layer.parameters())
    results_again(layer)
    vector += 1


def a_numpy_array(layer, name):
    array = np.array(getattr(layer, name).detach())
    setattr(layer, name, nn.Parameter(torch.from_numpy(array)))
    results_again(layer)
    array += 1


def there_and_back(layer, name):
    layer.double()
    with torch.no_grad():
        getattr(layer, name).add_(1)
    layer.float()


def shallow_copy(layer, name):
    copied = copy.copy(getattr(layer, name))
    results_again(layer)
    copied.data.add_(1)


WAYS = {
    "add_": unrecorded(lambda p: p.add_(1)),
    "+=": unrecorded(lambda p: p.__iadd__(1)),
    "item": unrecorded(lambda p: p.__setitem__(0, 1.0)),
    "copy_": unrecorded(lambda p: p.copy_(torch.ones(*p.shape))),
    "init": lambda layer, name: nn.init.normal_(getattr(layer, name)),
    "reset_parameters": lambda layer, name: layer.reset_parameters(),
    ".data.add_": lambda layer, name: getattr(layer, name).data.add_(1),
    ".data of a row": lambda layer, name: getattr(layer, name).data[0].add_(1),
    ".data.copy_": lambda layer, name: getattr(layer, name).data.copy_(
        torch.ones(*getattr(layer, name).shape)),
    ".data of .data": lambda layer, name: getattr(layer, name).data.data.mul_(2),
    ".detach()": lambda layer, name: getattr(layer, name).detach().mul_(2),
    "a row": view_before(lambda p: p[0]),
    "a transpose": view_before(lambda p: p.t()),
    "a flat view": view_before(lambda p: p.view(-1)),
    "a view of .data": view_before(lambda p: p.data.view(-1)),
    "its bits": view_before(lambda p: p.data.view(torch.int32), more=2**22),
    "unbind": view_before(lambda p: p.data.unbind(0)[0]),
    "numpy": lent_before(lambda p: p.detach().numpy()),
    "numpy of .data": lent_before(lambda p: p.data.numpy()),
    "numpy of a row": lent_before(lambda p: p.data[0].numpy()),
    "asarray": lent_before(lambda p: np.asarray(p.data)),
    "address": at_address,
    "from_numpy": a_numpy_array,
    ".data = ": replace_data,
    ".data = w, w += 1": data_of_another,
    "another parameter": replace_parameter,
    "load_state_dict": load,
    "vector_to_parameters": one_vector,
    "double and float": there_and_back,
    "copy.copy": shallow_copy,
    "SGD": step_of(torch.optim.SGD, lr=0.1),
    "SGD with momentum": step_of(torch.optim.SGD, lr=0.1, momentum=0.9),
    "Adam": step_of(torch.optim.Adam, lr=0.1),
    "AdamW": step_of(torch.optim.AdamW, lr=0.1),
    "RMSprop": step_of(torch.optim.RMSprop, lr=0.1),
    "Adagrad": step_of(torch.optim.Adagrad, lr=0.1),
    "Adadelta": step_of(torch.optim.Adadelta, lr=1.0),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", LAYERS)
def test_a_change_is_noticed(name, way):
    layer, x, weight = used(name)
    before = getattr(layer, weight).detach().clone()
    WAYS[way](layer, weight)
    assert not torch.equal(getattr(layer, weight), before), "the way changes nothing"
    for _ in range(3):                                         # unpacked, packed, kept
        fresh = pickle.loads(pickle.dumps(layer))
        for a, b in zip(results(layer, x), results(fresh, x), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_a_cell_in_a_loop_keeps_both_orders():
    """Ten steps of a cell, twice with an optimiser's step between: as without keeping."""
    torch.manual_seed(0)
    cell, x = nn.LSTMCell(5, 4), torch.randn(10, 3, 5)
    plain = copy.deepcopy(cell)
    for p in plain.parameters():
        p.data.numpy()                                         # lent: nothing is kept
    for model in (cell, plain):
        optimiser = torch.optim.SGD(model.parameters(), 0.5)
        for _ in range(2):
            h = c = torch.zeros(3, 4)
            for step in x:
                h, c = model(step, (h, c))
            optimiser.zero_grad()
            (h * c).sum().backward()
            optimiser.step()
    assert len(entries(cell.weight_ih)) == 0, "changed by the last step"
    for p, q in zip(cell.parameters(), plain.parameters(), strict=True):
        np.testing.assert_allclose(p.detach(), q.detach(), rtol=1e-5, atol=1e-6)


def test_saving_and_printing_lend_nothing(tmp_path):
    layer, x, weight = used("LSTM")
    torch.save(layer.state_dict(), tmp_path / "model.pt")
    copy.deepcopy(layer), pickle.dumps(layer), repr(layer.weight_hh_l0)
    layer.weight_hh_l0.tolist(), torch.tensor(layer.weight_hh_l0.detach())
    np.array(layer.weight_hh_l0.detach())
    assert len(entries(layer.weight_hh_l0)) == 2


LARGE = {
    "Linear": (lambda: nn.Linear(200, 300), (40, 200)),
    "Linear, a row": (lambda: nn.Linear(200, 300), (1, 200)),
    "Linear, many rows": (lambda: nn.Linear(200, 300), (300, 200)),
    "Linear, no row": (lambda: nn.Linear(200, 300), (0, 200)),
    "RNNCell": (lambda: nn.RNNCell(200, 250, nonlinearity="relu"), (40, 200)),
    "LSTMCell": (lambda: nn.LSTMCell(200, 90), (40, 200)),
    "LSTMCell, a small weight": (lambda: nn.LSTMCell(5, 90), (40, 5)),
    "GRUCell": (lambda: nn.GRUCell(200, 90), (40, 200)),
    "LSTM": (lambda: nn.LSTM(200, 90, 2, bidirectional=True), (5, 10, 200)),
    "GRU": (lambda: nn.GRU(200, 90, 2, bidirectional=True), (5, 10, 200)),
}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", LARGE)
def test_kept_weights_give_what_plain_ones_give(name, dtype, threads, monkeypatch):
    monkeypatch.undo()                                         # the usual limit
    make, shape = LARGE[name]
    dtype, before = getattr(torch, dtype), torch.get_num_threads()
    torch.manual_seed(0)
    layer, x = make().to(dtype), torch.randn(*shape).to(dtype)
    plain = copy.deepcopy(layer)
    for p in plain.parameters():
        p.data.numpy()                                         # lent: nothing is kept
    error = 1e-4 if dtype == torch.float32 else 1e-12
    torch.set_num_threads(threads)
    try:
        for _ in range(3):
            for a, b in zip(results(layer, x), results(plain, x), strict=True):
                np.testing.assert_allclose(a, b, rtol=error,
                                           atol=error * np.abs(b).max(initial=1))
    finally:
        torch.set_num_threads(before)


def test_what_is_kept_goes_with_the_layer():
    layer, *_ = used("LSTM")
    keys = {id(p.array) for p in layer.parameters()}
    assert keys & set(kept._followed)
    del layer, _
    assert not keys & set(kept._followed)
