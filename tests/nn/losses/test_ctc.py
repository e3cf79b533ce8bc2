import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.autograd import gradcheck
from pedagogic_nn.nn.losses.ctc import ctc_loss, ctc_paths
from tests.harness import backend_tests, case, gradient_tests
from tests.nn.losses import agreement

LABELS = np.array([[1, 2, 2], [3, 1, 0], [0, 0, 0]])


def paths(x=(6, 3, 4), labels=LABELS, steps=(6, 5, 4), lengths=(3, 2, 0), blank=0,
          mean=False, zero_infinity=False, with_slope=True):
    return case(ctc_paths, x=x, labels=labels, steps=np.array(steps),
                lengths=np.array(lengths), blank=blank, mean=mean,
                zero_infinity=zero_infinity, with_slope=with_slope)


CASES = [
    paths(),
    paths(with_slope=False),
    paths(mean=True),
    paths(steps=(2, 5, 0)),
    paths(steps=(2, 5, 0), zero_infinity=True),
    paths((1, 1, 2), np.array([[1]]), (1,), (1,)),
    paths((3, 1, 2), np.zeros((1, 0), int), (3,), (0,), blank=1),
]
test_backends = backend_tests(CASES)


def of_scores(scores, reduction):
    """The gradient is that of the scores: see the module's docstring."""
    labels = torch.from_numpy(np.array([[1, 2, 2], [3, 1, 0]])).to(scores.device)
    return ctc_loss(scores.log_softmax(-1), labels, (6, 5), (3, 2), reduction=reduction)


test_gradients = gradient_tests([
    case(of_scores, scores=(6, 2, 4), reduction=reduction)
    for reduction in ("mean", "sum", "none")
])


def spelled(path, blank=0):
    """What a path says: repeats taken together, then blanks away."""
    return [c for c, _ in itertools.groupby(path) if c != blank]


def test_it_counts_every_path():
    """All 3⁵ paths, one by one."""
    x = torch.randn(5, 1, 3).log_softmax(2)
    log_p = x.numpy()[:, 0]
    for label in ([1], [1, 1], [2, 1], [1, 2, 1], []):
        total = sum(math.exp(sum(log_p[t, c] for t, c in enumerate(path)))
                    for path in itertools.product(range(3), repeat=5)
                    if spelled(path) == label)
        loss = ctc_loss(x, torch.tensor([label], dtype=torch.int64), (5,), (len(label),),
                        reduction="sum")
        np.testing.assert_allclose(loss.item(), -math.log(total), rtol=1e-5)


def test_the_mean_divides_by_the_length_of_the_labels():
    x = torch.randn(6, 3, 4).log_softmax(2)
    given = torch.tensor(LABELS), (6, 5, 4), (3, 2, 0)
    each = ctc_loss(x, *given, reduction="none").numpy()
    np.testing.assert_allclose(ctc_loss(x, *given).item(),
                               (each / [3, 2, 1]).mean(), rtol=1e-6)


def test_labels_padded_or_in_one_row_and_lengths_of_any_kind():
    x = torch.randn(6, 3, 4).log_softmax(2)
    expected = nn.CTCLoss()(x, torch.tensor(LABELS), (6, 5, 4), (3, 2, 0)).item()
    row = torch.tensor([1, 2, 2, 3, 1])
    for labels, steps, lengths in [
            (row, [6, 5, 4], torch.tensor([3, 2, 0])),
            (row.int(), torch.tensor([6, 5, 4]).int(), (3, 2, 0)),
            (torch.tensor(np.pad(LABELS, ((0, 0), (0, 2)), constant_values=99)),
             (6, 5, 4), (3, 2, 0))]:
        assert ctc_loss(x, labels, steps, lengths).item() == expected
    alone = ctc_loss(x[:, 0], torch.tensor(LABELS[0]), torch.tensor(6), torch.tensor(3),
                     reduction="none")
    together = ctc_loss(x, row, (6, 5, 4), (3, 2, 0), reduction="none")
    assert alone.shape == () and alone.item() == together[0].item()


def test_too_few_steps_are_infinite_or_zero():
    x = torch.zeros(2, 1, 3, requires_grad=True)
    two = torch.tensor([[1, 1]])
    assert ctc_loss(x, two, (2,), (2,)).item() == math.inf      # a blank must be between
    loss = ctc_loss(x, two, (2,), (2,), zero_infinity=True)
    loss.backward()
    assert loss.item() == 0 and not x.grad.numpy().any()


def test_long_sequences_do_not_underflow():
    """e^-2000 is 0 in any floating-point number."""
    x = torch.randn(1000, 1, 9).log_softmax(2)
    loss = ctc_loss(x, torch.ones(1, 400, dtype=torch.int64), (1000,), (400,),
                    reduction="sum")
    assert 1000 < loss.item() < 10_000


@pytest.mark.parametrize("labels", [[0], [1, 0], [0, 1], [0, 0], [1, 0, 1]])
def test_a_label_may_be_the_blank(labels):
    """PyTorch's gradient is wrong if it is the last one: it does not add up to 0 over the
    classes, as that of a softmax must."""
    x = torch.randn(6, 1, 3, dtype=torch.float64, requires_grad=True)

    def loss(scores):
        return ctc_loss(scores.log_softmax(2), torch.tensor([labels]), (6,),
                        (len(labels),))

    assert gradcheck(loss, (x,))


def test_says_what_it_expected():
    x, labels = torch.zeros(6, 3, 4), torch.tensor(LABELS)
    steps, lengths = (6, 6, 6), (3, 3, 3)
    with pytest.raises(RuntimeError, match=r"CTCLoss: a label of sequence 1 is 7, but "
                                           r"there are 4 classes \(0 … 3\)"):
        nn.CTCLoss()(x, labels + torch.tensor([[0], [4], [0]]), steps, lengths)
    with pytest.raises(RuntimeError, match=r"input_lengths\[2\] must be .* 6, got 7"):
        ctc_loss(x, labels, (6, 6, 7), lengths)
    with pytest.raises(RuntimeError, match=r"target_lengths\[0\] must be at least 0"):
        ctc_loss(x, labels, steps, (-1, 0, 0))
    with pytest.raises(RuntimeError, match="one length for each of 3 sequences, got 2"):
        ctc_loss(x, labels, steps, (3, 3))
    with pytest.raises(RuntimeError, match=r"\(3, 4 or more\), or \(10,\) with all"):
        ctc_loss(x, labels, steps, (4, 3, 3))
    with pytest.raises(RuntimeError, match="must be integers, got float32"):
        ctc_loss(x, labels, torch.tensor([6.0, 6, 6]), lengths)
    with pytest.raises(TypeError, match="a tensor or a tuple of 3 lengths, got int"):
        ctc_loss(x, labels, 6, lengths)
    with pytest.raises(RuntimeError, match=r"one of the 4 classes \(0 … 3\), got 4"):
        ctc_loss(x, labels, steps, lengths, blank=4)
    with pytest.raises(RuntimeError, match=r"none of them 0, got \(6, 0, 4\)"):
        ctc_loss(x[:, :0], labels[:0], (), ())
    with pytest.raises(TypeError, match="blank must be a whole number, got None"):
        ctc_loss(x, labels, steps, lengths, blank=None)
    with pytest.raises(TypeError, match="input_lengths must be a whole number, got 6.0"):
        ctc_loss(x, labels, (6, 6, 6.0), lengths)
    with pytest.raises(TypeError, match="targets must be a tensor, got list"):
        ctc_loss(x, [1, 2], steps, lengths)


@settings(max_examples=25)
@given(data=st.data())
def test_any_lengths_labels_and_layout(data):
    T, N, C, S = (data.draw(st.integers(low, 5)) for low in (1, 1, 1, 0))
    steps, lengths = ([data.draw(st.integers(0, most)) for _ in range(N)]
                      for most in (T, S))
    options = dict(blank=data.draw(st.integers(0, C - 1)),
                   zero_infinity=data.draw(st.booleans()),
                   reduction=data.draw(agreement.REDUCTIONS))

    def loss(scores, labels):
        return ctc_loss(scores.log_softmax(2), labels, steps, lengths, **options)

    agreement.check_agreement(
        loss, agreement.numbers(data, T, N, C, dtype=data.draw(agreement.DTYPES)),
        agreement.classes(data, N, S, high=C))
