"""A learner's process: the pipe, what comes back, what it may not do."""

import glob
import math
import os
import struct
import time

import numpy as np
import pytest

from exercises.grading import wire, wording
from exercises.grading.engine import Reference, grade
from exercises.grading.exercise import declared_in, load
from exercises.grading.student import ROOT, Settings, Student

from .tricks import tricks


def ask(source, name="f", settings=None, **options):
    """The Outcome of one call f(x) in a process of its own."""
    with Student(source, "exercises.here.answer", settings=settings) as student:
        return student.run({"call": name}, {"x": np.arange(3.0)}, **options)


# ── the pipe ──



@pytest.mark.parametrize("value", [
    None, True, 3, 2**70, -0.5, "h'", [], (1, (2.0, [3])), {"a": 1, "b": {"c": None}},
    np.arange(6.0).reshape(2, 3), np.zeros((0, 4), np.float32), np.array(7), np.int64(7),
    np.ones((2, 2), bool), np.array([1 + 2j]), np.arange(12.0).reshape(3, 4).T[::2],
])
def test_values_travel_unchanged(value):
    back = wire.unpack(wire.pack(value)[8:])
    assert type(back) is type(value) or isinstance(value, np.generic)
    assert str(back) == str(value)
    if isinstance(value, np.ndarray):
        assert back.dtype == value.dtype and back.shape == value.shape


def test_nan_and_infinity_travel():
    back = wire.unpack(wire.pack([math.nan, math.inf])[8:])
    assert math.isnan(back[0]) and back[1] == math.inf


@pytest.mark.parametrize("value", [object(), {1}, np.array(["a"]), np.array([object()])])
def test_other_things_do_not_travel(value):
    with pytest.raises(wire.Unsendable):
        wire.pack({"value": value})


def test_any_bytes_are_a_message_or_garbled():
    rng = np.random.default_rng(0)
    frame = wire.pack({"value": [np.arange(4.0), "x", {"k": (1, 2)}]})[8:]
    for _ in range(2000):
        bad = bytearray(frame)
        for _ in range(rng.integers(1, 6)):
            bad[rng.integers(len(bad))] = rng.integers(256)
        try:
            wire.unpack(bytes(bad[: rng.integers(len(bad) + 1)]))
        except wire.Garbled:
            pass


@pytest.mark.parametrize("tree", [
    '{"array": ["|O", [1]]}', '{"array": ["<f8", [-1]]}', '{"array": ["<f8", [1e9]]}',
    '{"array": ["<f8", [1000000000000]]}', '{"array": ["V8", [1]]}', '{"a": 1}',
    "[" * 10**5,
])
def test_dangerous_trees_are_garbled(tree):
    body = struct.pack(">Q", len(tree)) + tree.encode() + bytes(8)
    with pytest.raises(wire.Garbled):
        wire.unpack(body)


# ── the process ──



def test_process_is_kept_warm():
    with Student("count = [0]\ndef f(x):\n    count[0] += 1\n    return count[0]\n",
                 "exercises.here.answer") as student:
        got = [student.run({"call": "f"}, {"x": 1.0}).value for _ in range(3)]
    assert got == [1, 2, 3]


def test_process_starts_again_after_an_endless_loop():
    with Student("def f(x):\n    while x: pass\n    return x\n",
                 "exercises.here.answer") as student:
        assert student.run({"call": "f"}, {"x": 1.0}, seconds=0.3).trouble == "time"
        assert student.run({"call": "f"}, {"x": 0.0}).value == 0.0


def test_file_that_never_loads_is_waited_for_once(monkeypatch):
    monkeypatch.setattr("exercises.grading.student.START_SECONDS", 1.0)
    with Student("while True: pass\n", "exercises.here.answer") as student:
        begin = time.monotonic()
        assert [student.run({"call": "f"}, {}).trouble for _ in range(5)] == ["time"] * 5
    assert time.monotonic() - begin < 4


def test_closing_removes_process_and_folder():
    student = Student("def f(x): return x\n", "exercises.here.answer")
    student.run({"call": "f"}, {"x": 1.0})
    home, pid = student._home, student.process.pid
    student.close()
    assert not os.path.exists(home)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_prints_are_kept_and_are_not_the_reply():
    outcome = ask("print('at the top')\ndef f(x):\n    print('inside')\n    return x\n")
    assert outcome.printed == "at the top\ninside\n"
    assert outcome.value.tolist() == [0.0, 1.0, 2.0]


def test_inputs_come_back_as_the_call_left_them():
    outcome = ask("def f(x):\n    x += 1\n    return 0\n")
    assert outcome.inputs["x"].tolist() == [1.0, 2.0, 3.0]


def test_views_have_gaps():
    source = "def f(x): return x.flags.c_contiguous, x.sum()\n"
    assert ask(source).value[0] is True
    contiguous, total = ask(source, layout="gaps").value
    assert contiguous is False and total == 3.0


@pytest.mark.parametrize("source, words", [
    ("def f(x):\n    return 1 +\n", "cannot read your file: invalid syntax (line 2"),
    ("def f(x):\n    return 1/0\n", "raised ZeroDivisionError: division by zero (line 2"),
    ("def f(x):\n    return y\n", "f uses a name that does not exist here: name 'y'"),
    ("x = y\n", "your file, outside its functions, uses a name that does not exist"),
    ("def f():\n    return 1\n", "f raised TypeError: f() takes 0 positional arguments"),
    ("def g(x):\n    return 1\n", "There is no f in your file"),
    ("def f(x):\n    return f(x)\n", "f calls itself without end (line 2"),
    ("import torch\n", "raised ImportError: this exercise does without torch"),
    ("def f(x):\n    raise SystemExit\n", "f called exit() or sys.exit() (line 2"),
    ("def f(x):\n    return {1, 2}\n", "f returned neither numbers nor arrays: set"),
    ("def f(x):\n    raise ValueError('\\x1b[2J[ok]')\n", "raised ValueError:  [2J[ok]"),
])
def test_errors_are_told_in_words(source, words):
    outcome = ask(source)
    text = wording.trouble(outcome.trouble, outcome.details,
                           outcome.details if outcome.trouble == "missing" else "f")
    assert words in text
    assert "Traceback" not in text and "\x1b" not in text


LAYERS = pytest.mark.parametrize("isolate", [True, False], ids=["namespaces", "hook"])


@LAYERS
@pytest.mark.parametrize("code", [
    "import socket; socket.socket()",
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')",
    "import os; os.fork()",
    "import os; os.system('true')",
    "import subprocess; subprocess.run(['true'])",
    "import multiprocessing; multiprocessing.Process(target=print).start()",
    f"open({str(ROOT / 'solutions' / 'recurrent' / 'lstm_cell.py')!r})",
    f"import os; os.listdir({str(ROOT / 'solutions')!r})",
    f"open({str(ROOT / 'README.md')!r}, 'a')",
    f"import os; os.remove({str(ROOT / 'README.md')!r})",
    "import os; open(f'/proc/{os.getpid()}/mem', 'rb')",
    "import os, signal; os.kill(os.getppid(), signal.SIGKILL)",
    "import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
])
def test_sandbox_refuses(code, isolate):
    source = f"def f(x):\n    {code}\n    return 1\n"
    outcome = ask(source, settings=Settings(isolate=isolate))
    assert outcome.trouble == "error"
    assert outcome.details["error"] in (
        "PermissionError", "URLError", "FileNotFoundError")


@LAYERS
def test_own_folder_is_empty_and_writable(isolate):
    source = ("import os\ndef f(x):\n    before = sorted(os.listdir('.'))\n"
              "    open('note.txt', 'w').write('hello')\n"
              "    return before, open('note.txt').read()\n")
    outcome = ask(source, settings=Settings(isolate=isolate))
    assert outcome.value == (["answer.py"], "hello")


@LAYERS
def test_memory_is_bounded(isolate):
    outcome = ask("import numpy as np\ndef f(x): return np.ones(2**30)[0]\n",
                  settings=Settings(memory=2.0, isolate=isolate))
    assert outcome.details["error"] == "MemoryError"


def test_namespaces_hold_against_compiled_code():
    source = f"""
import ctypes
def f(x):
    libc = ctypes.CDLL(None)
    solution = b"{ROOT}/solutions/recurrent/lstm_cell.py"
    return (libc.open(solution, 0), libc.umount2(b"{ROOT}/solutions", 2),
            libc.open(b"{ROOT}/written", 66, 0o644), libc.open(b"written", 66, 0o644) > 0)
"""
    with Student(source, "exercises.here.answer") as student:
        outcome = student.run({"call": "f"}, {"x": 1.0})
    assert student.isolated in (True, False)
    if student.isolated:                   # some containers forbid user namespaces
        assert outcome.value == (-1, -1, -1, True)


@LAYERS
def test_children_of_a_fork_bomb_do_not_survive(isolate):
    source = """
import ctypes, os, time
def f(x):
    libc = ctypes.CDLL(None)
    for _ in range(20):
        if libc.fork() == 0:
            time.sleep(600)
            os._exit(0)
    while True: pass
"""
    student = Student(source, "exercises.here.answer", settings=Settings(isolate=isolate))
    assert student.run({"call": "f"}, {"x": 1.0}, seconds=0.5).trouble == "time"
    deadline = time.monotonic() + 10
    while still_running(student._home) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert still_running(student._home) == []


def still_running(home):
    """Processes whose command line names this folder."""
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                if home.encode() in file.read():
                    found.append(path)
        except OSError:
            pass
    return found


def test_tricks_earn_nothing_where_there_are_no_namespaces():
    exercise = load(declared_in("recurrent/lstm_cell"))
    exercise.settings = Settings(isolate=False)
    reference, found = Reference(exercise), tricks(exercise)
    for name in ("reading the solution", "an end to the grader", "noise on every pipe",
                 "an answer by hand"):
        results = grade(exercise, found[name], reference, most_seconds=2.0, timed=False)
        assert (name, sum(r.earned for r in results)) == (name, 0)
    reference.close()
