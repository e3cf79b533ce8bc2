"""Memory: training does not gather any, and long graphs are walked and freed."""
import pytest

from tests.programs import run

TRAINING = """
import gc
import tracemalloc
import pedagogic_nn as torch
from pedagogic_nn import nn, optim

cell, head = nn.LSTMCell(4, 8), nn.Linear(8, 3)
optimiser = optim.Adam([*cell.parameters(), *head.parameters()], lr=0.01)
x, target = torch.randn(5, 4), torch.tensor([0, 1, 2, 0, 1])
loss_of = nn.CrossEntropyLoss()

def train(steps):
    for _ in range(steps):
        optimiser.zero_grad()
        h, c = cell(x, cell(x))
        loss_of(head(h), target).backward()
        optimiser.step()

def traced():
    return tracemalloc.get_traced_memory()[0]

train(100)
tracemalloc.start()
train(100)
gc.collect()              # this also empties Python's own lists of freed objects
before = traced()
gc.disable()
train(2000)
in_cycles = gc.collect()
print(traced() - before, in_cycles)
"""


@pytest.mark.serial
def test_2000_training_steps_leave_nothing_behind():
    grown, in_cycles = map(int, run(TRAINING).split())
    assert grown < 20_000            # bytes; one array for each step would be 200,000
    assert in_cycles < 200           # objects that only the garbage collector would free


TEN_THOUSAND = """
import resource
import pedagogic_nn as torch
from pedagogic_nn import nn, optim

cell, layer, head = nn.LSTMCell(4, 8), nn.GRU(8, 8), nn.Linear(8, 3)
parameters = [*cell.parameters(), *layer.parameters(), *head.parameters()]
optimiser = optim.RMSprop(parameters, lr=0.001)
x, target = torch.randn(5, 4), torch.tensor([0, 1, 2, 0, 1])

def train(steps):
    for _ in range(steps):
        optimiser.zero_grad()
        out, _ = layer(torch.stack(cell(x)))
        nn.functional.cross_entropy(head(out[1]), target).backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

train(1000)
before = peak()
train(10_000)
print(peak() - before)
"""


@pytest.mark.serial
def test_10_000_training_steps_take_no_more_memory():
    """KiB; one array of 5 x 8 numbers for each step would be 3,000."""
    assert int(run(TEN_THOUSAND)) < 1000


LAYERS = """
import gc
import resource
import pedagogic_nn as torch
from pedagogic_nn import nn, optim

class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(6, 8, bidirectional=True), nn.Linear(16, 3)

    def forward(self, x):
        packed = nn.utils.rnn.pack_padded_sequence(x, [5, 4, 2])
        return self.head(self.lstm(packed)[1][0].transpose(0, 1).flatten(1))

looker = nn.Sequential(
    nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.1),
    nn.Flatten(), nn.Linear(36, 3))
sides = [(Reader(), torch.randn(5, 3, 6)), (looker, torch.randn(3, 1, 8, 8))]
parameters = [p for model, _ in sides for p in model.parameters()]
optimiser = optim.Adam(parameters, lr=0.001)
schedule = optim.lr_scheduler.StepLR(optimiser, 1000)
target = torch.tensor([0, 1, 2])

def train(steps):
    for _ in range(steps):
        optimiser.zero_grad()
        for model, x in sides:
            nn.functional.cross_entropy(model(x), target).backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        schedule.step()

def peak_and_objects():
    gc.collect()
    objects = len(gc.get_objects())              # this list takes a MiB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, objects

train(1000)
before = peak_and_objects()
train(10_000)
print(*(after - b for after, b in zip(peak_and_objects(), before)))
"""


@pytest.mark.serial
def test_10_000_steps_of_an_lstm_and_a_conv_net_leave_nothing_behind():
    """One array of 3 x 3 numbers for each step would be 1,500 KiB and 10,000 objects."""
    kibibytes, objects = map(int, run(LAYERS).split())
    assert kibibytes < 1000 and objects < 100


LONG_GRAPH = """
import threading
import pedagogic_nn as torch

N = 100_000

def build(x):
    y = x
    for _ in range(N):
        y = y + 1
    return y

def backward_and_free():
    x = torch.zeros(2, requires_grad=True)
    y = build(x)
    y.sum().backward()
    assert x.grad.tolist() == [1, 1] and y.tolist() == [N, N]
    del y
    print("walked")

def free_without_backward():
    y = build(torch.zeros(2, requires_grad=True))
    del y
    print("freed")

backward_and_free()
free_without_backward()
threading.stack_size(256 * 1024)     # a thread that recursion would overflow at once
for work in (backward_and_free, free_without_backward):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
"""


@pytest.mark.serial
def test_a_graph_of_100_000_operations_is_walked_and_freed():
    assert run(LONG_GRAPH) == "walked\nfreed\nwalked\nfreed\n"


SMALL_GRAPH = """
import gc, weakref
import pedagogic_nn as torch

gc.disable()
x = torch.ones(3, requires_grad=True)
y = x * 2
z = y.exp()
parts = [weakref.ref(part) for part in (y, z, y.grad_fn, z.grad_fn)]
loss = z.sum()
loss.backward()
del y, z, loss
print([part() is None for part in parts])
"""


def test_a_graph_is_freed_without_the_garbage_collector():
    assert run(SMALL_GRAPH) == "[True, True, True, True]\n"
