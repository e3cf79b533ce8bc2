"""Packing and padding: one operation, its adjoint, and roundtrips of any lengths."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn.nn.utils import rnn
from pedagogic_nn.nn.utils.rnn import take_rows
from tests.harness import backend_tests, case, fixed, gradient_tests, integers

PLACES = np.array([2, -1, 0, 1])
CASES = [
    case(take_rows, x=(3, 4), index=PLACES, fill=-1.5),
    case(take_rows, x=(3, 1), index=np.array([1]), fill=0),
    case(take_rows, x=(3, 0), index=PLACES, fill=0),
    case(take_rows, x=(0, 2), index=PLACES[:0], fill=0),
    case(take_rows, x=(2, 2), index=np.array([-1, -1, -1]), fill=np.nan),
    case(take_rows, x=np.ones((3, 2)), index=PLACES, fill=2.5),
    case(take_rows, x=integers(3, 2, high=9), index=PLACES, fill=7),
    case(take_rows, x=integers(3, 2, high=2).astype(bool), index=PLACES, fill=True),
    case(take_rows, x=np.float16([[1], [2], [3]]), index=PLACES, fill=0.5),
]
test_backends = backend_tests(CASES)


def packed(input, lengths, **options):
    return rnn.pack_padded_sequence(input, lengths, **options).data


def repadded(input, lengths, **options):
    p = rnn.pack_padded_sequence(input, lengths, enforce_sorted=False)
    return rnn.pad_packed_sequence(p, **options)[0]


def padded(a, b, c, **options):
    return rnn.pad_sequence([a, b, c], **options)


def listed(input, lengths):
    p = rnn.pack_padded_sequence(input, lengths, enforce_sorted=False)
    return tuple(rnn.unpack_sequence(p))


def unpadded(input, lengths):
    return tuple(rnn.unpad_sequence(input, lengths))


ABC = dict(a=(2, 3), b=(4, 3), c=(1, 3))
test_gradients = gradient_tests([
    case(packed, input=(4, 3, 2), lengths=fixed([4, 2, 1])),
    case(packed, input=(3, 4), lengths=fixed([2, 4, 1]), batch_first=True,
         enforce_sorted=False),
    case(repadded, input=(4, 3, 2), lengths=fixed([2, 4, 1]), total_length=6,
         padding_value=2.5, batch_first=True),
    case(padded, **ABC), case(padded, **ABC, batch_first=True, padding_side="left"),
    case(listed, input=(4, 3, 2), lengths=fixed([2, 4, 1])),
    case(unpadded, input=(4, 3, 2), lengths=fixed([2, 0, 4])),
])


# ---- by hand -------------------------------------------------------------------------

ABC_X = [torch.tensor([1, 2, 3]), torch.tensor([9])]


def test_by_hand():
    """abc and x: a x b c."""
    for p in (rnn.pack_sequence(ABC_X),
              rnn.pack_padded_sequence(torch.tensor([[1, 9], [2, 0], [3, 0]]), [3, 1])):
        assert p.data.tolist() == [1, 9, 2, 3] and p.batch_sizes.tolist() == [2, 1, 1]
        assert p.sorted_indices is None is p.unsorted_indices
    padded, lengths = rnn.pad_packed_sequence(p, padding_value=-1)
    assert padded.tolist() == [[1, 9], [2, -1], [3, -1]] and lengths.tolist() == [3, 1]


def test_the_order_comes_back():
    p = rnn.pack_sequence(ABC_X[::-1], enforce_sorted=False)
    assert p.data.tolist() == [1, 9, 2, 3]
    assert p.sorted_indices.tolist() == p.unsorted_indices.tolist() == [1, 0]
    assert [x.tolist() for x in rnn.unpack_sequence(p)] == [[9], [1, 2, 3]]
    assert rnn.pad_packed_sequence(p, True)[0].tolist() == [[9, 0, 0], [1, 2, 3]]


def test_padding_has_no_gradient():
    x = torch.ones(3, 2, requires_grad=True)
    rnn.pack_padded_sequence(x, [3, 1]).data.sum().backward()
    assert x.grad.tolist() == [[1, 1], [1, 0], [1, 0]]


def test_equal_lengths_keep_their_order():
    x = torch.zeros(2, 40)
    p = rnn.pack_padded_sequence(x, [1, 2] * 20, enforce_sorted=False)
    assert p.sorted_indices.tolist() == [*range(1, 40, 2), *range(0, 40, 2)]


def test_on_a_gpu():
    x = torch.randn(3, 2).cuda()
    p = rnn.pack_padded_sequence(x, [1, 3], enforce_sorted=False)
    assert p.is_cuda and p.unsorted_indices.is_cuda and not p.batch_sizes.is_cuda
    padded, lengths = rnn.pad_packed_sequence(p)
    assert padded.is_cuda and not lengths.is_cuda
    assert padded[:, 1].tolist() == x[:, 1].tolist()
    assert [y.is_cuda for y in rnn.unpack_sequence(p)] == [True, True]


def test_names_of_pytorch():
    import pedagogic_nn.nn.utils.rnn as module
    assert torch.nn.utils.rnn is module
    assert set(module.__all__) == {
        "PackedSequence", "invert_permutation", "pack_padded_sequence", "pack_sequence",
        "pad_packed_sequence", "pad_sequence", "unpack_sequence", "unpad_sequence"}


# ---- errors --------------------------------------------------------------------------

X = torch.zeros(4, 3)


@pytest.mark.parametrize("call, error, words", [
    (lambda: rnn.pack_padded_sequence(X, [1, 4, 2]), RuntimeError,
     r"longest sequence first.*\[1, 4, 2\].*enforce_sorted=False"),
    (lambda: rnn.pack_padded_sequence(X, [5, 2, 1]), RuntimeError,
     r"are 4 long with their padding, got the lengths \[5, 2, 1\]"),
    (lambda: rnn.pack_padded_sequence(X, [4, 2, 0]), RuntimeError,
     r"at least one element, got the lengths \[4, 2, 0\]"),
    (lambda: rnn.pack_padded_sequence(X, [2, 2], enforce_sorted=False), RuntimeError,
     "a length for each of the 3 sequences, got 2"),
    (lambda: rnn.pack_padded_sequence(X, torch.tensor([4, 3, 2]).cuda()), RuntimeError,
     "on the CPU, got shape .3,. on cuda:0"),
    (lambda: rnn.pack_padded_sequence(X[0], [3]), IndexError, r"of shape \(T, B, \*\)"),
    (lambda: rnn.pack_padded_sequence([[1.0]], [1]), TypeError, "a tensor, got list"),
    (lambda: rnn.pack_padded_sequence(X[:, :0], []), RuntimeError, "nothing to pack"),
    (lambda: rnn.pad_packed_sequence(X), TypeError, "a PackedSequence, got Tensor"),
    (lambda: rnn.pad_packed_sequence(rnn.pack_sequence([X]), total_length=3), ValueError,
     "total_length is 3, but the longest sequence has 4"),
    (lambda: rnn.pad_packed_sequence(rnn.pack_sequence(ABC_X), padding_value=np.nan),
     RuntimeError, "there is no nan in int64"),
    (lambda: rnn.pad_packed_sequence(
        rnn.PackedSequence(torch.zeros(2), [2], None, torch.tensor([0, 5]))),
     RuntimeError, r"each of 0 … 1 once, got \[0, 5\]"),
    (lambda: rnn.pad_sequence([]), RuntimeError, "at least one sequence"),
    (lambda: rnn.pad_sequence([X, X[:, :2]]), RuntimeError,
     r"sequence 0 has shape \(4, 3\), sequence 1 has \(4, 2\)"),
    (lambda: rnn.pad_sequence([X, [1.0]]), TypeError, "got list as sequence 1"),
    (lambda: rnn.pad_sequence([X], padding_side="top"), RuntimeError, "'left' or 'right"),
    (lambda: rnn.pack_sequence([torch.tensor(1.0)]), IndexError, "a single number"),
    (lambda: rnn.unpad_sequence(X, [5, 0, 0]), RuntimeError, "are 4 long"),
])
def test_says_what_it_expected(call, error, words):
    with pytest.raises(error, match=words):
        call()


# ---- any lengths ---------------------------------------------------------------------


@st.composite
def batches(draw):
    """(sequences, batch_first): real or whole numbers, strided in memory or not."""
    lengths = draw(st.lists(st.integers(1, 5), min_size=1, max_size=5))
    features = draw(st.sampled_from([(), (1,), (2, 2), (0,)]))
    dtype = draw(st.sampled_from([np.float32, np.float64, np.int64]))
    step = draw(st.sampled_from([1, 2]))
    made = [np.arange(step * n * int(np.prod(features)), dtype=dtype).reshape(
        step * n, *features)[::step] + 100 * k for k, n in enumerate(lengths)]
    return [torch.from_numpy(a) for a in made], draw(st.booleans())


def same(xs, ys):
    assert [(x.dtype, x.shape) for x in xs] == [(y.dtype, y.shape) for y in ys]
    assert [x.tolist() for x in xs] == [y.tolist() for y in ys]


@settings(max_examples=25)
@given(batches(), st.integers(0, 2), st.sampled_from(["left", "right"]))
def test_every_way_there_has_a_way_back(batch, more, side):
    xs, batch_first = batch
    lengths = [len(x) for x in xs]
    p = rnn.pack_sequence(xs, enforce_sorted=False)
    same(rnn.unpack_sequence(p), xs)

    y = rnn.pad_sequence(xs, batch_first, padding_value=5)
    same(rnn.unpad_sequence(y, torch.tensor(lengths), batch_first), xs)
    flip = (1,) if batch_first else (0,)
    left = rnn.pad_sequence([x.flip(0) for x in xs], batch_first, 5, "left")
    same([left.flip(flip)], [y])

    if y.numel():
        same(rnn.pack_padded_sequence(y, lengths, batch_first, enforce_sorted=False), p)
        ordered = rnn.pack_padded_sequence(y.flip(flip), [max(lengths)] * len(xs),
                                           batch_first)
        assert ordered.batch_sizes.tolist() == [len(xs)] * max(lengths)
    total = max(lengths) + more
    again, back = rnn.pad_packed_sequence(p, batch_first, 5, total)
    assert back.tolist() == lengths
    real, padding = again.split([max(lengths), more], flip[0])
    same([real], [y])
    assert (padding == 5).all()


@settings(max_examples=25)
@given(st.lists(st.integers(-1, 5), max_size=4), st.booleans(), st.booleans(),
       st.integers(0, 4), st.integers(0, 4))
def test_any_lengths_pack_or_are_refused(lengths, batch_first, sort, steps, count):
    """What cannot be right is an error, never a wrong number or a crash."""
    x = torch.arange(steps * count).view((count, steps) if batch_first
                                         else (steps, count))
    good = (lengths and len(lengths) == count and min(lengths) > 0
            and max(lengths) <= steps
            and (not sort or lengths == sorted(lengths, reverse=True)))
    if not good:
        with pytest.raises(RuntimeError):
            rnn.pack_padded_sequence(x, lengths, batch_first, enforce_sorted=sort)
        return
    p = rnn.pack_padded_sequence(x, lengths, batch_first, enforce_sorted=sort)
    rows = x.tolist() if batch_first else x.t().tolist()
    expected = [row[:n] for row, n in zip(rows, lengths)]
    assert [y.tolist() for y in rnn.unpack_sequence(p)] == expected
    assert p.batch_sizes.tolist() == [sum(n > t for n in lengths)
                                      for t in range(max(lengths))]
