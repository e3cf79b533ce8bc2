import threading

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn
from pedagogic_nn.nn.parallel import data_parallel, gather, replicate, scatter

TWO, FOUR = ["cpu:0", "cpu:1"], ["cpu:0", "cpu:1", "cpu:2", "cpu:3"]
PLACES = [["cpu:0"], TWO, FOUR, ["cuda:0", "cuda:1"], ["cuda:0", "cuda:0"]]


def network():
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


def trained(call, module, x):
    """Output, gradient of the input, gradients of the parameters."""
    x = x.detach().requires_grad_()
    y = call(x)
    (y * y).sum().backward()
    found = [y, x.grad, *(p.grad for p in module.parameters())]
    module.zero_grad()
    return [t.detach().cpu().numpy() for t in found]


@pytest.mark.parametrize("rows", [1, 2, 5, 8])
@pytest.mark.parametrize("places", PLACES, ids=str)
def test_the_result_is_that_of_the_undivided_run(places, rows):
    module = network().to(places[0])
    x = torch.randn(rows, 3).to(places[0])
    divided = nn.DataParallel(module, device_ids=places)
    expected = trained(module, module, x)
    for a, e in zip(trained(divided, module, x), expected, strict=True):
        np.testing.assert_allclose(a, e, rtol=1e-5, atol=1e-6)


def test_two_runs_give_the_same_numbers():
    module, x = network(), torch.randn(7, 3)
    divided = nn.DataParallel(module, FOUR)
    first = trained(divided, module, x)
    for a, e in zip(trained(divided, module, x), first, strict=True):
        np.testing.assert_array_equal(a, e)


def test_by_hand():
    """y = 2 x on two devices; the weight's gradient is 1 + 2 + 3 from one and 4 from the
    other."""
    module = nn.Linear(1, 1, bias=False)
    module.weight.data.fill_(2)
    x = torch.tensor([[1.0], [2.0], [3.0], [4.0]])
    y = nn.DataParallel(module, TWO)(x)
    y.sum().backward()
    assert y.tolist() == [[2], [4], [6], [8]]
    assert module.weight.grad.tolist() == [[10]]


class Both(nn.Module):
    """Returns nested tensors, takes a keyword, and says in which thread it ran."""

    threads: list = []

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 2)

    def forward(self, x, pair, scale=1.0, note=None):
        Both.threads.append(threading.current_thread().name)
        assert note == "as it is"
        return {"sum": self.linear(x) * scale, "parts": (pair[0] + 1, [pair[1]])}


def test_nested_arguments_and_outputs():
    module = Both()
    x, a, b = torch.randn(5, 3), torch.randn(5, 1), torch.arange(5)
    out = nn.DataParallel(module, TWO)(x, (a, b), scale=2.0, note="as it is")
    expected = module(x, (a, b), scale=2.0, note="as it is")
    assert out["sum"].tolist() == expected["sum"].tolist()
    assert out["parts"][0].tolist() == expected["parts"][0].tolist()
    assert out["parts"][1][0].tolist() == [0, 1, 2, 3, 4]
    assert {"pedagogic_nn cpu_0", "pedagogic_nn cpu:1_0"} <= set(Both.threads)


def test_another_axis():
    module = nn.Tanh()
    x = torch.randn(2, 6, requires_grad=True)
    y = nn.DataParallel(module, TWO, dim=1)(x)
    y.backward(torch.ones(2, 6))
    assert y.tolist() == x.tanh().tolist()
    np.testing.assert_allclose(x.grad.numpy(), 1 - np.tanh(x.detach().numpy()) ** 2, 1e-5)


def test_a_number_from_each_replica_becomes_a_vector():
    class Total(nn.Module):
        def forward(self, x):
            return x.sum()

    x = torch.ones(4, 2, requires_grad=True)
    with pytest.warns(UserWarning, match="single number"):
        y = nn.DataParallel(Total(), TWO)(x)
    assert y.tolist() == [4, 4]
    y.sum().backward()
    assert x.grad.tolist() == [[1, 1]] * 4


def test_a_shared_parameter_gets_both_gradients():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(2, 2, bias=False)
            self.second = self.first

        def forward(self, x):
            return self.second(self.first(x))

    module, x = Twice(), torch.randn(4, 2)
    expected = trained(module, module, x)
    actual = trained(nn.DataParallel(module, TWO), module, x)
    for a, e in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, e, rtol=1e-5, atol=1e-6)
    assert len(list(replicate(module, "cpu:1").parameters())) == 1


def test_frozen_parameters_and_inputs_without_gradient():
    module = network()
    module[0].weight.requires_grad_(False)
    y = nn.DataParallel(module, TWO)(torch.randn(4, 3))
    y.sum().backward()
    assert module[0].weight.grad is None
    assert module[0].bias.grad is not None


def test_buffers_of_the_first_replica_are_the_modules():
    class Counts(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("seen", torch.zeros(1))

        def forward(self, x):
            self.seen += len(x)
            return x

    module = Counts()
    nn.DataParallel(module, TWO)(torch.ones(5, 1))
    assert module.seen.item() == 3


def test_no_grad_and_retain_graph():
    module = network()
    divided = nn.DataParallel(module, TWO)
    with torch.no_grad():
        assert not divided(torch.randn(4, 3)).requires_grad
    y = divided(torch.randn(4, 3)).sum()
    y.backward(retain_graph=True)
    once = module[0].weight.grad.clone()
    y.backward()
    np.testing.assert_allclose(module[0].weight.grad.numpy(), 2 * once.numpy(), 1e-6)
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_inside_one_another():
    module = network()
    inner = nn.DataParallel(module, TWO)
    x = torch.randn(8, 3)
    y = nn.DataParallel(inner, TWO)(x)
    np.testing.assert_allclose(y.detach().numpy(), module(x).detach().numpy(), 1e-6)


def test_names_and_state():
    divided = nn.DataParallel(network(), TWO)
    assert list(divided.state_dict())[0] == "module.0.weight"
    assert divided.device_ids == ["cpu:0", "cpu:1"] and divided.output_device == "cpu:0"
    assert nn.DataParallel(network()).device_ids == [0, 1, 2, 3]    # simulated
    assert nn.DataParallel(network().cuda(1), [1, 0], 0)(
        torch.ones(2, 3).cuda(1)).device == torch.device("cuda:0")
    assert nn.DataParallel(network(), ["cuda:1", "cuda:0"], "cuda:0").device_ids == [1, 0]


def test_the_function():
    module, x = network(), torch.randn(4, 3)
    y = data_parallel(module, x, TWO)
    np.testing.assert_allclose(y.detach().numpy(), module(x).detach().numpy(), 1e-6)


def test_scatter_and_gather_are_inverse():
    x = {"a": torch.arange(7), "b": ("text", torch.randn(7, 2))}
    pieces = scatter(x, FOUR)
    assert [len(p["a"]) for p in pieces] == [2, 2, 2, 1]
    assert [p["a"].device for p in pieces][1] == torch.device("cpu:1")
    back = gather(pieces, "cpu:0")
    assert back["a"].tolist() == x["a"].tolist()
    assert back["b"][0] == "text" and back["b"][1].tolist() == x["b"][1].tolist()


def test_an_error_in_a_replica_keeps_its_type_and_names_the_replica():
    with pytest.raises(RuntimeError) as caught:
        nn.DataParallel(network(), TWO)(torch.randn(4, 5))
    assert caught.value.__notes__ == ["in replica 0 on cpu"]


def test_what_it_expected():
    with pytest.raises(TypeError, match="module must be a Module, got function"):
        nn.DataParallel(test_what_it_expected)
    with pytest.raises(ValueError, match="device_ids is empty"):
        nn.DataParallel(network(), [])
    with pytest.raises(RuntimeError, match=r"0\.weight is on cpu.*\.to\('cuda:0'\)"):
        nn.DataParallel(network())(torch.randn(2, 3).cuda())
