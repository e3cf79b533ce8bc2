"""What RNN, LSTM and GRU have in common as modules."""
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.backend.op import reference
from pedagogic_nn.nn.dropping import drop_each
from pedagogic_nn.nn.packed_sequence import PackedSequence

NAMES = ["RNN", "LSTM", "GRU"]
CELLS = {"RNN": nn.RNNCell, "LSTM": nn.LSTMCell, "GRU": nn.GRUCell}
kinds = pytest.mark.parametrize("name", NAMES)


def close(a, b, rtol=1e-5):
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol, 1e-6)


def as_tuple(value):
    return value if isinstance(value, tuple) else (value,)


# ---- against the cell, and against itself --------------------------------------------


def by_cells(layer, x, state):
    """One direction, one layer: the cell with the same weights, called for each step."""
    cell = CELLS[type(layer).__name__](layer.input_size, layer.hidden_size, layer.bias)
    for kind, p in cell.named_parameters():
        p.data = getattr(layer, f"{kind}_l0").data
    outputs = []
    for t in range(x.shape[0]):
        state = cell(x[t], state)
        outputs.append(as_tuple(state)[0])
    return torch.stack(outputs), state, cell


@kinds
@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_is_its_cell_at_every_step(name, bias):
    layer, x = getattr(nn, name)(3, 4, bias=bias), torch.randn(5, 2, 3)
    state = torch.randn(1, 2, 4)
    start = (state, 2 * state) if name == "LSTM" else state
    y, last = layer(x, start)
    first = tuple(s[0] for s in as_tuple(start))
    expected, end, cell = by_cells(layer, x, first if name == "LSTM" else first[0])
    close(y, expected)
    for a, b in zip(as_tuple(last), as_tuple(end)):
        close(a[0], b)
    (y * y).sum().backward()
    (expected * expected).sum().backward()
    for kind, p in cell.named_parameters():
        close(getattr(layer, f"{kind}_l0").grad, p.grad, 1e-4)


@kinds
def test_two_layers_are_one_after_the_other(name):
    both, x = getattr(nn, name)(3, 4, 2, bidirectional=True), torch.randn(5, 2, 3)
    y, last = both(x)
    below = getattr(nn, name)(3, 4, bidirectional=True)
    above = getattr(nn, name)(8, 4, bidirectional=True)
    for made, k in ((below, 0), (above, 1)):
        made.load_state_dict({key.replace(f"l{k}", "l0"): value for key, value in
                              both.state_dict().items() if f"_l{k}" in key})
    between, low = below(x)
    expected, high = above(between)
    close(y, expected)
    for a, b, c in zip(as_tuple(last), as_tuple(low), as_tuple(high)):
        close(a, torch.cat([b, c]))


@kinds
def test_the_second_direction_reads_from_the_end(name):
    both, x = getattr(nn, name)(3, 4, bidirectional=True), torch.randn(5, 2, 3)
    y, _ = both(x)
    one = getattr(nn, name)(3, 4)
    one.load_state_dict({key.removesuffix("_reverse"): value for key, value in
                         both.state_dict().items() if key.endswith("_reverse")})
    expected, _ = one(x.flip(0))
    close(y[:, :, 4:], expected.flip(0))


@kinds
@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1]])
def test_a_packed_batch_is_its_sequences_one_by_one(name, order):
    layer = getattr(nn, name)(3, 4, 2, bidirectional=True)
    sequences = [torch.randn(n, 3) for n in (4, 2, 1)]
    steps = [torch.stack([s[t] for s in sequences if t < s.shape[0]]) for t in range(4)]
    packed = PackedSequence(torch.cat(steps), torch.tensor([3, 2, 1, 1]),
                            torch.tensor(np.argsort(order)) if order[0] else None)
    y, last = layer(packed)
    assert isinstance(y, PackedSequence) and y.batch_sizes is packed.batch_sizes
    starts = [0, 3, 5, 6]
    for n, x in enumerate(sequences):
        alone, end = layer(x)
        rows = [starts[t] + n for t in range(x.shape[0])]
        close(y.data[rows], alone)
        given = int(np.argsort(order)[n]) if order[0] else n     # the caller's number
        for a, b in zip(as_tuple(last), as_tuple(end)):
            close(a[:, given], b)


@kinds
def test_the_gpu_gives_what_the_cpu_gives(name):
    layer, x = getattr(nn, name)(2, 3, bidirectional=True), torch.randn(2, 2, 2)
    packed = PackedSequence(torch.randn(3, 2), torch.tensor([2, 1]))
    y, (z, _) = layer(x)[0], layer(packed)
    (y.sum() + z.data.sum()).backward()
    slopes = [p.grad.numpy().copy() for p in layer.parameters()]
    layer.zero_grad()
    layer.cuda()
    on_gpu, (packed_on_gpu, _) = layer(x.cuda())[0], layer(packed.cuda())
    close(on_gpu.cpu(), y)
    close(packed_on_gpu.data.cpu(), z.data)
    (on_gpu.sum() + packed_on_gpu.data.sum()).backward()
    for p, slope in zip(layer.parameters(), slopes):
        assert p.grad.is_cuda
        np.testing.assert_allclose(p.grad.cpu().numpy(), slope, 1e-4, 1e-6)


# ---- any shape -----------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(name=st.sampled_from(NAMES), data=st.data(),
       dtype=st.sampled_from([torch.float32, torch.float64]), length=st.integers(1, 4),
       batch=st.integers(0, 4), size=st.integers(1, 5), hidden=st.integers(1, 5),
       layers=st.integers(1, 2), two=st.booleans(), bias=st.booleans(),
       first=st.booleans(), stated=st.booleans())
def test_agrees_with_the_reference(name, data, dtype, length, batch, size, hidden, layers,
                                   two, bias, first, stated):
    options = {"bias": bias, "batch_first": first, "bidirectional": two}
    if name == "LSTM" and hidden > 1:
        options["proj_size"] = data.draw(st.integers(0, hidden - 1), "proj_size")
    layer = getattr(nn, name)(size, hidden, layers, dtype=dtype, **options)
    shape = (batch, length, 2 * size) if first else (length, batch, 2 * size)
    x = torch.randn(*shape, dtype=dtype)[..., ::2]                # with gaps in memory
    rows, out = layers * (1 + two), options.get("proj_size") or hidden
    states = [torch.randn(rows, batch, n, dtype=dtype) for n in (out, hidden)]
    hx = None if not stated else tuple(states) if name == "LSTM" else states[0]

    def run():
        for t in (x, *states, *layer.parameters()):
            t.requires_grad, t.grad = True, None
        y, last = layer(x, hx)
        total = (y * y).sum() + sum((s * s * s).sum() for s in as_tuple(last))
        total.backward()
        used = states[:len(as_tuple(last))] if stated else []
        return [y, *as_tuple(last), x.grad, *(s.grad for s in used),
                *(p.grad for p in layer.parameters())]

    x = x.detach()
    got = [t.detach().numpy().copy() for t in run()]
    with reference():
        expected = [t.detach().numpy() for t in run()]
    for a, e in zip(got, expected, strict=True):
        bound = 1e-5 if dtype == torch.float32 else 1e-12
        assert a.shape == e.shape and a.dtype == e.dtype
        np.testing.assert_allclose(a, e, bound, bound * np.abs(e).max(initial=0))


@kinds
@pytest.mark.parametrize("batch", [1, 13])
def test_sizes_beyond_one_tile(name, batch):
    """37 units: more than a panel of the matrix product, and no multiple of one."""
    layer, x = getattr(nn, name)(41, 37, bidirectional=True), torch.randn(6, batch, 41)

    def slopes():
        layer.zero_grad()
        y, _ = layer(x)
        (y * y).sum().backward()
        return [y.detach().numpy(), *(p.grad.numpy() for p in layer.parameters())]

    got = slopes()
    with reference():
        expected = slopes()
    for a, e in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, e, 1e-5, 1e-5 * np.abs(e).max())


@kinds
@pytest.mark.parametrize("batch", [1, 4])
def test_nothing_changes_when_nothing_is_kept(name, batch):
    """Without a graph each step overwrites the gates of the one before."""
    layer, x = getattr(nn, name)(3, 4, 2, bidirectional=True), torch.randn(5, batch, 3)
    expected = layer(x)
    with torch.no_grad():
        found = layer(x)
    for a, b in zip(flat(found), flat(expected)):
        np.testing.assert_array_equal(a.numpy(), b.detach().numpy())


def flat(value):
    return [t for part in value for t in flat(part)] if isinstance(value, tuple) else [
        value]


# ---- dropout -------------------------------------------------------------------------


@kinds
def test_dropout_stands_between_layers(name):
    torch.manual_seed(0)
    layer, x = getattr(nn, name)(3, 64, 2, dropout=0.5), torch.randn(5, 4, 3)
    plain = layer.eval()(x)[0].detach().numpy()
    np.testing.assert_array_equal(layer(x)[0].detach().numpy(), plain)
    once, again = (layer.train()(x)[0].detach().numpy() for _ in range(2))
    assert (once != again).any() and (once != plain).any()
    torch.manual_seed(7)
    once = layer(x)[0].detach().numpy()
    torch.manual_seed(7)
    np.testing.assert_array_equal(layer(x)[0].detach().numpy(), once)


@kinds
def test_dropping_everything_leaves_the_biases(name):
    layer, x = getattr(nn, name)(3, 4, 2, dropout=1.0), torch.randn(5, 2, 3)
    above = getattr(nn, name)(4, 4)
    above.load_state_dict({key.replace("l1", "l0"): value for key, value in
                           layer.state_dict().items() if "_l1" in key})
    close(layer(x)[0], above(torch.zeros(5, 2, 4))[0])


def test_what_is_kept_is_scaled():
    torch.manual_seed(0)
    kept = drop_each(torch.ones(100, 100, dtype=torch.float64), 0.2)
    assert set(kept.flatten().tolist()) == {0.0, 1.25}
    assert 0.18 < (kept == 0).double().mean().item() < 0.22


@kinds
def test_dropout_without_a_second_layer_is_named(name):
    with pytest.warns(UserWarning, match="dropout=0.5 has no effect with") as said:
        getattr(nn, name)(3, 4, dropout=0.5)
    assert said[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        getattr(nn, name)(3, 4, 2, dropout=0.5)


# ---- names, words and errors ---------------------------------------------------------


@kinds
def test_all_weights_and_their_names(name):
    layer = getattr(nn, name)(3, 4, 2, bidirectional=True)
    keys = list(layer.state_dict())
    assert keys[:5] == ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0",
                        "weight_ih_l0_reverse"]
    assert keys[-1] == "bias_hh_l1_reverse"
    weights = layer.all_weights
    assert [len(w) for w in weights] == [4, 4, 4, 4]
    assert weights[3][0] is layer.weight_ih_l1_reverse
    assert layer.flatten_parameters() is None
    for p in layer.parameters():
        assert 0 < float(p.abs().max()) <= 0.5                      # 1/√4


@kinds
def test_a_weight_that_was_replaced_is_used(name):
    layer = getattr(nn, name)(3, 4)
    layer.weight_hh_l0 = nn.Parameter(torch.zeros_like(layer.weight_hh_l0))
    assert layer.all_weights[0][1] is layer.weight_hh_l0
    x = torch.randn(2, 1, 3)
    if name == "RNN":
        a = x[1] @ layer.weight_ih_l0.T + layer.bias_ih_l0 + layer.bias_hh_l0
        close(layer(x)[0][1], a.tanh())


@kinds
def test_a_weight_may_be_a_computed_tensor(name):
    """Weight dropout: the parameter bears another name."""
    layer, x = getattr(nn, name)(3, 4), torch.randn(2, 1, 3)
    before, raw = layer(x)[0], nn.Parameter(layer.weight_hh_l0.detach() * 2)
    del layer.weight_hh_l0
    layer.raw, layer.weight_hh_l0 = raw, raw * 0.5
    assert layer(x)[0].equal(before)
    layer(x)[0].sum().backward()
    assert raw.grad.abs().sum() > 0


@kinds
def test_a_weight_of_another_size_is_refused(name):
    layer = getattr(nn, name)(3, 4)
    layer.weight_hh_l0 = nn.Parameter(torch.zeros(2, 2))
    with pytest.raises(RuntimeError, match="expected the parameter weight_hh_l0"):
        layer(torch.zeros(2, 1, 3))
    layer.weight_hh_l0 = None
    with pytest.raises(RuntimeError, match="got None"):
        layer(torch.zeros(2, 1, 3))


@kinds
def test_words_of_the_layer(name):
    layer = getattr(nn, name)
    assert repr(layer(3, 4)) == f"{name}(3, 4)"
    made = layer(3, 4, num_layers=2, bias=False, batch_first=True, dropout=0.5,
                 bidirectional=True)
    assert repr(made) == (f"{name}(3, 4, num_layers=2, bias=False, batch_first=True, "
                          "dropout=0.5, bidirectional=True)")


@kinds
def test_it_can_be_pickled(name):
    layer, x = getattr(nn, name)(3, 4), torch.randn(2, 1, 3)
    close(pickle.loads(pickle.dumps(layer))(x)[0], layer(x)[0])


@kinds
def test_says_what_it_expected(name):
    layer, x = getattr(nn, name)(3, 5), torch.zeros(4, 2, 3)

    def state(*shape, dtype=None):
        made = torch.zeros(*shape, dtype=dtype)
        return (made, made) if name == "LSTM" else made

    for error, words, call in [
        (ValueError, r"3 axes, or 2 without a batch, got shape \(3,\)",
         lambda: layer(torch.zeros(3))),
        (RuntimeError, rf"{name}\(3, 5\) reads 3 features at each step, got 4",
         lambda: layer(torch.zeros(4, 2, 4))),
        (ValueError, r"float32 weights, got float64 input; convert",
         lambda: layer(x.double())),
        (RuntimeError, "sequences of at least one step",
         lambda: layer(torch.zeros(0, 2, 3))),
        (RuntimeError, r"initial state has 3 axes too, got shape \(2, 5\)",
         lambda: layer(x, state(2, 5))),
        (RuntimeError, r"of shape \(1, 2, 5\) \(layers x directions, batch, size\), got "
         r"\(1, 3, 5\)", lambda: layer(x, state(1, 3, 5))),
        (RuntimeError, "of float64; convert",
         lambda: layer(x, state(1, 2, 5, dtype=torch.float64))),
        (RuntimeError, "packed data with 2 axes",
         lambda: layer(PackedSequence(x, torch.tensor([4])))),
        (RuntimeError, "batch sizes",
         lambda: layer(PackedSequence(x[0], torch.tensor([1, 2])))),
    ]:
        with pytest.raises(error, match=words):
            call()


@kinds
@pytest.mark.parametrize("error, words, options", [
    (ValueError, "num_layers must be at least 1, got 0", {"num_layers": 0}),
    (ValueError, "hidden_size must be at least 1, got -1", {"hidden_size": -1}),
    (TypeError, "input_size must be a whole number, got 2.5", {"input_size": 2.5}),
    (TypeError, "bias must be True or False, got 1", {"bias": 1}),
    (ValueError, "dropout must be a number from 0 to 1, got 1.5", {"dropout": 1.5}),
    (TypeError, "dropout must be a number from 0 to 1, got None", {"dropout": None}),
    (TypeError, "unexpected", {"units": 3}),
])
def test_arguments_out_of_their_range(name, error, words, options):
    with pytest.raises(error, match=words):
        getattr(nn, name)(**{"input_size": 3, "hidden_size": 4, **options})


@pytest.mark.parametrize("name", ["RNN", "GRU"])
def test_only_lstm_projects(name):
    with pytest.raises(ValueError, match=f"{name} has no proj_size"):
        getattr(nn, name)(3, 4, proj_size=0)
