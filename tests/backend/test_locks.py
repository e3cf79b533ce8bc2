"""A child that is forked while another thread holds every lock of the library."""
import contextlib
import threading

import pytest

from pedagogic_nn.backend.locks import Lock
from tests.programs import run

FORK_WHILE_LOCKED = """
import os
import threading
import pedagogic_nn as torch
from pedagogic_nn.backend import locks
from pedagogic_nn.backend.device import Device, worker

def work():
    x = torch.rand(2, 3, requires_grad=True)
    (x @ x.t()).sum().backward()
    worker(Device("cpu:1")).submit(len, "").result(20)
    return x.grad.shape

held, done = threading.Event(), threading.Event()

def hold():
    for each in list(locks._all):
        each.lock.acquire()
    held.set()
    done.wait()

work()                                   # imports and compiles what it needs
assert len(locks._all) >= 6
threading.Thread(target=hold, daemon=True).start()
held.wait()
child = os.fork()
if child == 0:
    os._exit(0 if work() == (2, 3) else 1)
done.set()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.serial
def test_a_forked_child_finds_every_lock_open():
    assert run(FORK_WHILE_LOCKED) == "0\n"


@pytest.mark.parametrize("reentrant", [False, True])
def test_a_lock_keeps_other_threads_out(reentrant):
    lock, inside, found = Lock(reentrant), threading.Event(), []

    def enter():
        inside.set()
        with lock:
            found.append("other")

    with lock:
        with lock if reentrant else contextlib.nullcontext():     # may enter again
            pass
        other = threading.Thread(target=enter)
        other.start()
        inside.wait()
        found.append("first")
    other.join()
    assert found == ["first", "other"]
