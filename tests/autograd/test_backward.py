"""The backward pass: long and wide graphs, memory, threads."""
import gc
import os
import subprocess
import sys
import threading
import tracemalloc
import weakref

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn.autograd.function import Primitive


def test_a_diamond_of_paths():
    x = torch.tensor(1.5, requires_grad=True)
    y = x
    for _ in range(20):
        y = y + y                        # a million paths, twenty Nodes
    y.backward()
    assert x.grad.item() == 2**20


LONG = """
import sys
import pedagogic_nn as torch
from pedagogic_nn.autograd.function import Primitive
assert sys.getrecursionlimit() <= 1000
x = torch.ones(2, requires_grad=True)
y = x
for k in range(100_000):
    y = {step}
y.sum().backward()
print(x.grad.tolist(){after})
del y
print("freed")
"""


@pytest.mark.parametrize("step, expected", [
    ("y + 1", 1.0), ("y * 1.0", 1.0), ("y.view(2) if k % 2 else y.view(1, 2)", 1.0),
    ("y.add_(1) if k else y + 1", 1.0)])
def test_a_graph_of_100_000_operations(step, expected):
    """Walked and freed without recursion; in a process of its own, as it could crash."""
    done = subprocess.run([sys.executable, "-c", LONG.format(step=step, after="")],
                          capture_output=True, text=True, timeout=300)
    said = done.stdout.split("\n")[:2]
    assert said == [f"[{expected}, {expected}]", "freed"], done.stderr


def test_a_graph_that_is_dropped_without_backward_is_freed():
    x = torch.ones(2, requires_grad=True)
    y = x
    for _ in range(10_000):
        y = y * 1.0001
    node = weakref.ref(y.grad_fn)
    del y
    assert node() is None                # by counting references, without the collector


def test_backward_frees_what_was_saved():
    x = torch.ones(1000, requires_grad=True)
    y = (x.exp() * 2).sum()
    exp = y.grad_fn.next_functions[0][0].next_functions[0][0]
    saved = weakref.ref(exp.saved[-1])
    y.backward()
    assert saved() is None and y.grad_fn is not None and exp.name() == "ExpBackward"


def test_leaf_gradients_do_not_share_memory():
    x, y = (torch.ones(3, requires_grad=True) for _ in range(2))
    (x + y).sum().backward()
    x.grad.mul_(7)
    assert y.grad.tolist() == [1, 1, 1]
    z = torch.ones(3, requires_grad=True)
    seed = torch.ones(3)
    z.backward(seed)
    z.grad.zero_()
    assert seed.tolist() == [1, 1, 1]
    w = torch.ones(2, 3, requires_grad=True)
    w.sum().backward()                   # the gradient of a sum is one number, stretched
    w.grad[0, 0] = 5
    assert w.grad.tolist() == [[5, 1, 1], [1, 1, 1]]


def test_a_saved_array_that_is_the_gradient_is_not_given_away():
    x, w = (torch.ones(2, requires_grad=True) for _ in range(2))
    y = x * w                            # dx is … · w: a new array, and w itself is saved
    y.backward(torch.ones(2), retain_graph=True)
    x.grad.add_(5)
    y.backward(torch.ones(2))
    assert x.grad.tolist() == [7, 7] and w.tolist() == [1, 1]


def test_gradients_add_up_in_place():
    x = torch.ones(2, requires_grad=True)
    (x * 2).sum().backward()
    memory = x.grad.array
    (x * 3).sum().backward()
    assert x.grad.array is memory and x.grad.tolist() == [5, 5]


def test_gradients_have_the_dtype_of_their_tensor():
    x = torch.ones(2, dtype=torch.float16, requires_grad=True)
    y = torch.ones(2, dtype=torch.float64, requires_grad=True)
    h = x * 2
    h.retain_grad()
    (h * y).sum().backward()
    assert (x.grad.dtype, h.grad.dtype, y.grad.dtype) == (
        torch.float16, torch.float16, torch.float64)


def test_backward_of_several_roots():
    x = torch.ones(2, requires_grad=True)
    torch.autograd.backward([(x * 2).sum(), x * 3], [None, torch.tensor([1.0, 2.0])])
    assert x.grad.tolist() == [5, 8]
    with pytest.raises(RuntimeError, match="expected 2 gradients, got 1"):
        torch.autograd.backward([x.sum(), x.sum()], [None])
    with pytest.raises(RuntimeError, match=r"gradient has shape \(3,\)"):
        (x * 2).backward(torch.ones(3))


def test_second_derivatives_are_refused_in_words():
    x = torch.ones(1, requires_grad=True)
    with pytest.raises(RuntimeError, match="first derivatives only"):
        torch.autograd.grad((x * x).sum(), x, create_graph=True)


def test_grad_leaves_grad_alone():
    x = torch.tensor([3.0], requires_grad=True)
    y = x * x
    (g,) = torch.autograd.grad(y, x, retain_graph=True)
    assert g.tolist() == [6] and x.grad is None
    (g,) = torch.autograd.grad(y, y)
    assert g.tolist() == [1]
    with pytest.raises(RuntimeError, match=r"inputs\[0\] does not require"):
        torch.autograd.grad(x * 2, torch.ones(1))


def test_inf_and_nan_pass_without_warnings(recwarn):
    x = torch.tensor([0.0, -1.0, 1e30], requires_grad=True)
    (x.log() + x.sqrt() + x**0.5 + 1 / x + x * x * x * x).sum().backward()
    assert not np.isfinite(x.grad.numpy()).all()
    assert not [w for w in recwarn if "backward" in str(w.filename)]


def test_threads_have_graphs_of_their_own_and_may_share_leaves():
    w = torch.zeros(50, requires_grad=True)

    def work():
        for _ in range(50):
            (w * 2).sum().backward()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    assert w.grad.tolist() == [400.0] * 50


# ---- memory --------------------------------------------------------------------------

STEPS = """
import resource, sys
import pedagogic_nn as torch
from pedagogic_nn.autograd.function import Primitive
from pedagogic_nn import nn, optim

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(20, 50), nn.Tanh(), nn.Linear(50, 5))
cell = nn.LSTMCell(5, 8)
optimizer = optim.Adam([*net.parameters(), *cell.parameters()], lr=1e-3)
x, target = torch.randn(32, 20), torch.randn(32, 8)

def step():
    h = c = torch.zeros(32, 8)
    for _ in range(2):
        h, c = cell(net(x), (h, c))
    h[:, 0] += 1
    loss = ((h - target) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

for _ in range(200):
    step()
before = peak()
for _ in range(2000):
    step()
print(peak() - before)
"""


@pytest.mark.serial
def test_2000_training_steps_take_no_more_memory_than_200():
    done = subprocess.run([sys.executable, "-c", STEPS], capture_output=True, text=True,
                          timeout=400, env={**os.environ, "NUMBA_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 4096, f"grew by {done.stdout.strip()} kB"


def test_a_step_leaves_no_python_objects_behind():
    w = torch.ones(100, requires_grad=True)

    def step():
        loss = ((w * 2).view(10, 10).t()[0] ** 2).sum()
        loss.backward()
        w.grad = None

    step()
    gc.collect()
    gc.disable()
    try:
        tracemalloc.start()
        for _ in range(20):
            step()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(200):
            step()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert after - before < 5000         # bytes; no cycles wait for the collector


@pytest.mark.parametrize("value, error, words", [
    (torch.zeros(3), RuntimeError, r"expected shape \(2,\).*got \(3,\)"),
    (torch.zeros(2).double(), RuntimeError, "expected dtype float32.*got float64"),
    (1.0, TypeError, "expected a tensor or None, got float")])
def test_an_assigned_gradient_must_fit(value, error, words):
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(error, match=words):
        x.grad = value
    assert x.grad is None
    x.grad = torch.zeros(2)
    assert x.grad.tolist() == [0, 0]


class Turned(Primitive):
    """2x; the gradient is a new array, returned as a view of other shape."""

    kept: list = []

    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, g):
        fresh = (2 * g).reshape(-1)
        Turned.kept = [fresh] if Turned.kept else []
        Turned.address = fresh.ctypes.data
        return fresh.reshape(g.shape)


@pytest.mark.parametrize("somebody_holds_it", [False, True])
def test_a_view_of_a_new_array_becomes_grad_unless_somebody_holds_it(somebody_holds_it):
    Turned.kept = [None] if somebody_holds_it else []
    x = torch.ones(3, 4, requires_grad=True)
    Turned.apply(x).sum().backward()
    assert x.grad.equal(torch.full((3, 4), 2.0))
    assert (x.grad.data_ptr() == Turned.address) is not somebody_holds_it


def test_a_gradient_can_be_changed_in_place_whatever_made_it():
    x = torch.ones(1, requires_grad=True)
    (x.sum() * 3).backward()                 # a sum's gradient is a read-only view
    assert x.grad.mul_(2).tolist() == [6]
