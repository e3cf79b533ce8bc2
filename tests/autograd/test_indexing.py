"""Indexing: reads and writes with gradients on every backend, devices, errors."""
import numpy as np
import pytest

import pedagogic_nn as torch
from tests.harness import case, gradient_tests, integers

ROWS = np.array([1, 0, 1])
MASK = np.array([[True, False, True], [False, False, True]])


def put(x, y, index):
    x = x * 1
    x[index] = y
    return x


GRADIENTS = [
    *(case(lambda x, index=index: x[index], x=(2, 3)) for index in [
        0, (1, 2), slice(1, None), (slice(None), slice(None, None, 2)), None, ...,
        (..., 0),
        [0, 1, 1], ([0, 1], [2, 2]), (slice(None), [0, 0])]),
    case(lambda x, i: x[i], x=(2, 3), i=ROWS),
    case(lambda x, i: x[:, i], x=(4, 2), i=ROWS),
    case(lambda x, m: x[m], x=(2, 3), m=MASK), case(lambda x, m: x[~m], x=(2, 3), m=MASK),
    case(lambda x, y: put(x, y, 0), x=(2, 3), y=(3,)),
    case(lambda x, y: put(x, y, 0), x=(2, 3), y=()),
    case(lambda x, y: put(x, y, (slice(None), 1)), x=(2, 3), y=(2,)),
    case(lambda x, y: put(x, y, [1, 0]), x=(2, 3), y=(1, 3)),
    case(lambda x, y: put(x, y, 0), x=(2, 3), y=(1, 1, 3)),
    case(lambda x, y, m: put(x, y, m), x=(2, 3), y=(3,), m=MASK),
    case(torch.gather, x=(2, 3), dim=1, index=integers(2, 4, high=3)),
    case(torch.gather, x=(2, 3), dim=0, index=integers(4, 2, high=2)),
    case(torch.scatter, x=(2, 3), dim=1, index=np.array([[0, 2], [1, 0]]), source=(2, 3)),
    case(torch.scatter_add, x=(2, 3), dim=1, index=integers(2, 4, high=3), source=(2, 5)),
    case(torch.index_select, x=(2, 3), dim=1, index=ROWS),
    case(torch.index_add, x=(2, 3), dim=0, index=ROWS, source=(3, 3)),
    case(torch.index_copy, x=(2, 3), dim=1, index=np.array([2, 0]), source=(2, 2)),
    case(torch.index_fill, x=(2, 3), dim=1, index=np.array([2]), value=5.0),
    case(torch.masked_select, x=(2, 1), mask=MASK),
    case(torch.take, x=(2, 3), index=ROWS),
    case(torch.masked_scatter, x=(2, 3), mask=MASK, source=(4,)),
    case(torch.take_along_dim, x=(2, 3), index=integers(1, 2, high=3), dim=1),
    case(torch.gather, x=(), dim=0, index=np.array(0)), case(lambda x: x[0], x=(1,)),
]

test_gradients = gradient_tests(GRADIENTS)


def test_a_single_element_is_a_view():
    x = torch.zeros(3)
    x[1].add_(5)
    assert x.tolist() == [0, 5, 0]
    y = torch.zeros(2, device="cuda")
    y[0].fill_(3)
    assert y.tolist() == [3, 0]


def test_indices_on_the_cpu_pick_on_the_gpu_but_not_the_other_way():
    x = torch.arange(4.0)
    index, mask = torch.tensor([2, 0]), x > 1
    g = x.cuda()
    assert g[index].tolist() == g[index.cuda()].tolist() == g[np.array([2, 0])].tolist() \
        == g[[2, 0]].tolist() == [2, 0]
    assert g[mask].tolist() == g[mask.cuda()].tolist() == [2, 3]
    with pytest.raises(RuntimeError, match=r"index\.to\('cpu'\)"):
        x[index.cuda()]
    g[index] = 9
    assert g.tolist() == [9, 1, 9, 3]
    with pytest.raises(RuntimeError, match="host array"):
        g[:2] = x[:2]


def test_written_values_are_converted_and_broadcast():
    x = torch.zeros(2, 3, dtype=torch.int64)
    x[0] = 2.7
    x[1] = torch.tensor([1.5, 2.5, 3.5])
    x[:, 0] = [7, 8]
    assert x.tolist() == [[7, 2, 2], [8, 2, 3]]


@pytest.mark.parametrize("use, error, told", [
    (lambda x: x[2], IndexError, r"does not fit shape \(2, 3\)"),
    (lambda x: x[0, 0, 0], IndexError, "does not fit"),
    (lambda x: x[torch.tensor([0.5])], IndexError, "integers or bools, got float32"),
    (lambda x: x["a"], TypeError, "a number, a slice or a mask"),
    (lambda x: x.__setitem__(0, torch.ones(2)), RuntimeError, "x|shape"),
    (lambda x: x.gather(1, torch.tensor([[3]])), RuntimeError, r"index 3 .* \(0 … 2\)"),
    (lambda x: x.gather(1, torch.tensor([[-1]])), RuntimeError,
     "index -1 is out of range"),
    (lambda x: x.gather(1, torch.tensor([0])), RuntimeError, "index has 1 axes"),
    (lambda x: x.gather(1, torch.tensor([[0.0]])), RuntimeError, "whole numbers"),
    (lambda x: x.gather(1, torch.zeros(3, 1).long()), RuntimeError, "larger than"),
    (lambda x: x.scatter(0, torch.zeros(1, 3).long(), x[:, :1]), RuntimeError,
     "more places"),
    (lambda x: x.index_select(0, torch.tensor([5])), IndexError, "reaches from 5 to 5"),
    (lambda x: x.index_select(0, torch.tensor([[0]])), IndexError, "one axis"),
    (lambda x: x.masked_select(x), RuntimeError, "bool mask"),
    (lambda x: x.masked_scatter(x == 0, x[0]), RuntimeError, "6 places")])
def test_errors_teach(use, error, told):
    with pytest.raises(error, match=told):
        use(torch.zeros(2, 3))


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_nonzero(device):
    x = torch.tensor([[0, 2], [3, 0]], device=device)
    assert x.nonzero().tolist() == [[0, 1], [1, 0]]
    rows, columns = x.nonzero(as_tuple=True)
    assert x[rows, columns].tolist() == [2, 3] and rows.device is x.device
    assert torch.tensor(3, device=device).nonzero().shape == (1, 0)
