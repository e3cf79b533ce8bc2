"""import pedagogic_nn: what it loads, what it leaves for later, and how long it takes."""
import pytest

from tests.programs import run

LOADED = """
import sys
from numba.core import event
numbas = set(sys.modules)
with event.install_recorder("numba:compile") as recorder:
    import pedagogic_nn
print(len(recorder.buffer), *sorted(set(sys.modules) - numbas))
"""

# numba.cuda looks for a driver; the others are large, and what most programs never use.
UNWANTED = {"numba.cuda", "numba_cuda", "cupy", "scipy", "pandas", "matplotlib",
            "IPython", "mpi4py", "multiprocessing.pool", "unittest",
            "pedagogic_nn.book", "pedagogic_nn.data.make", "pedagogic_nn.warmup"}


def test_it_compiles_nothing_and_loads_no_cuda():
    count, *loaded = run(LOADED, NUMBA_ENABLE_CUDASIM="0").split()
    assert count == "0"
    assert {"pedagogic_nn.nn", "pedagogic_nn.optim"} <= set(loaded)
    assert not UNWANTED & set(loaded)


def test_a_kernel_for_the_gpu_loads_no_cuda_until_it_is_launched():
    said = run("""
import sys
import numpy as np
import pedagogic_nn as torch
torch.nn.Linear(3, 2)(torch.ones(1, 3)).tanh().sum().backward()
print("numba.cuda" in sys.modules)
torch.ones(2, device="cuda").tanh()
print("numba.cuda" in sys.modules)
""", NUMBA_ENABLE_CUDASIM="1")
    assert said == "False\nTrue\n"


def seconds(module):
    """Processor time of a process that imports `module` and ends; from the second on its
    bytecode is on the disk, as numba's is."""
    return float(run(f"import time, {module}\nprint(time.process_time())",
                     PYTHONDONTWRITEBYTECODE=None))


@pytest.mark.serial
def test_it_takes_little_more_time_than_numba_alone():
    """Measured: 1.3 times as long.  The best of three: other programs cost time too."""
    times = [(seconds("pedagogic_nn"), seconds("numba")) for _ in range(3)]
    ours, numbas = map(min, zip(*times))
    assert ours < 2 * numbas


WITHOUT_THE_COMPILER = """
import numpy as np
import pedagogic_nn as torch
from pedagogic_nn import nn, optim

torch.manual_seed(0)
cell, head = nn.LSTMCell(3, 4), nn.Linear(4, 3)
optimiser = optim.Adam([*cell.parameters(), *head.parameters()], lr=0.1)
x, target = torch.randn(5, 3), torch.tensor([0, 1, 2, 0, 1])
losses = []
for _ in range(3):
    optimiser.zero_grad()
    h, c = cell(x)
    h, c = cell(x, (h, c))
    loss = nn.CrossEntropyLoss()(head(h), target)
    loss.backward()
    optimiser.step()
    losses.append(loss.item())
image = torch.randn(1, 4, 2, 2, requires_grad=True)
nn.L1Loss()(nn.PixelShuffle(2)(image), torch.zeros(1, 1, 4, 4)).backward()
print(losses + [image.grad.abs().sum().item()])
"""


def test_the_library_runs_as_plain_python():
    """For a debugger that steps through kernels: NUMBA_DISABLE_JIT=1."""
    compiled, plain = (eval(run(WITHOUT_THE_COMPILER, NUMBA_DISABLE_JIT=off))
                       for off in (None, "1"))
    assert plain == pytest.approx(compiled, rel=1e-5)
    assert plain[0] > plain[1] > plain[2]
