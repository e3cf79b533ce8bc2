"""The grader's handle on a process that runs an exercise file: start, ask, time, end.

Nothing that comes back is trusted: a reply is plain numbers (wire.py), carries the nonce
of its request, and is judged elsewhere. The solution and the known mistakes run in the
same way, so that learner and reference meet the same rules.
"""

import json
import os
import queue
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from . import wire

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CLOSED = ("solutions", "exercises", "tests", "book", ".git")
START_SECONDS = 60.0         # loading may import numba, on a machine that is busy
COMPILE_SECONDS = 60.0       # a numba function's first call compiles it


class GraderError(Exception):
    """The grader itself failed. Never the learner's fault."""


@dataclass
class Outcome:
    """What one call gave: a value, or the kind of trouble and its details."""

    value: object = None
    inputs: dict | None = None             # the inputs as the call left them
    trouble: str | None = None             # time, ended, forged, strange, missing, error
    details: object = None
    seconds: float = 0.0
    printed: str = ""


def _is_needed(path):
    """Does Python itself live in this folder, or do the processes?"""
    inside = (sys.prefix, sys.base_prefix, np.__file__, tempfile.gettempdir())
    return any(Path(one).resolve().is_relative_to(Path(path).resolve()) for one in inside)


@dataclass(frozen=True)
class Settings:
    """What an exercise grants its processes."""

    allow: tuple = ()                      # imports that are refused otherwise
    env: dict = field(default_factory=dict)
    memory: float = 4.0                    # GiB of address space
    hide: tuple = ()                       # more folders to keep closed
    isolate: bool = True                   # False: as on a system without namespaces

    def grants(self):
        """The part of the worker's settings that an exercise decides."""
        library = "pedagogic_nn" in self.allow
        closed = [*CLOSED, *(() if library else ("pedagogic_nn",))]
        hide = [*(ROOT / name for name in closed), *self.hide]
        return {"allow": list(self.allow), "memory": self.memory, "isolate": self.isolate,
                "paths": [str(ROOT)] if library else [],
                "hide": [str(path) for path in hide if not _is_needed(path)]}


class Student:
    """One exercise file in a process of its own, started when first asked.

    name: "exercises.<section>.<stem>". earlier: module name → (file name, source).
    """

    def __init__(self, source, name, earlier=None, settings=None):
        self.source, self.name = source, name
        self.earlier = earlier or {}
        self.settings = settings or Settings()
        self.process = None
        self.isolated = None               # has the system given it its own namespaces?
        self._compiles = False             # does the file use numba?
        self._warm = set()                 # what has been called once
        self._stuck = None                 # the Outcome of a file that cannot be loaded
        self._printed_at_load = ""

    def run(self, action, inputs, *, layout="plain", overflow="ignore", back=True,
            seconds=5.0):
        """Run an action on the file; see desk.Desk.run. Always returns an Outcome."""
        if self._stuck:
            return self._stuck
        if self.process is None:
            self._start()
            loaded = self._load()
            if loaded.trouble:
                return loaded
        call = {"action": action, "inputs": inputs, "layout": layout,
                "overflow": overflow, "back": back}
        kind = (action.get("call", action.get("name")), layout)  # numba compiles for each
        if self._compiles and kind not in self._warm:
            seconds = COMPILE_SECONDS
        outcome = self._ask({"do": "run", "call": call}, seconds)
        self._warm.add(kind)
        outcome.printed = self._printed_at_load + outcome.printed
        self._printed_at_load = ""
        return outcome

    def replace(self, source):
        """Load another file in the same warm process. For the grader's own files only."""
        if source != self.source:
            self.source, self._stuck = source, None
            if self.process is not None:
                self._load()

    def close(self):
        """End the process and everything it started."""
        if self.process is not None:
            self.process = None
            self._end()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _start(self):
        self._home = tempfile.mkdtemp(prefix="grade-")
        self._printed = Path(self._home, "printed.txt")
        self._printed.touch()
        self._read_up_to = 0
        folder = Path(self._home, "work")
        folder.mkdir()
        nonce = secrets.token_hex(16)
        note = {"folder": str(folder), "printed": str(self._printed), "nonce": nonce,
                **self.settings.grants()}
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "worker.py"), json.dumps(note)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=_environment(folder, self.settings.env), start_new_session=True)
        self._end = weakref.finalize(self, _end, self.process, self._home)
        self._replies = queue.Queue(maxsize=4)
        threading.Thread(target=_read, args=(self.process.stdout, self._replies),
                         daemon=True).start()
        ready = self._receive(nonce, START_SECONDS)
        if ready.trouble:                  # before any code of the learner's
            raise GraderError("the process did not start: "
                              f"{ready.trouble} {ready.printed}")
        self.isolated = ready.value is True

    def _load(self):
        self._warm.clear()
        self._compiles = False
        outcome = self._ask({"do": "load", "source": self.source, "name": self.name,
                             "earlier": self.earlier}, START_SECONDS)
        self._printed_at_load = outcome.printed
        if outcome.trouble in ("time", "ended", "forged"):
            self._stuck = outcome          # the next part would wait as long
        return outcome

    def _ask(self, request, seconds):
        """Send a request and wait for its reply, and for no other."""
        nonce = secrets.token_hex(16)
        frame = wire.pack({**request, "nonce": nonce})
        begin = time.perf_counter()
        # A thread writes: a process that stops reading must not stop the grader.
        arguments = (self.process.stdin, frame)
        threading.Thread(target=_write, args=arguments, daemon=True).start()
        outcome = self._receive(nonce, seconds)
        outcome.seconds = time.perf_counter() - begin
        return outcome

    def _receive(self, nonce, seconds):
        try:
            body = self._replies.get(timeout=seconds)
        except queue.Empty:
            return self._give_up("time", seconds)
        if body is None:
            return self._give_up("ended")
        try:
            outcome = self._open(wire.unpack(body), nonce)
        except wire.Garbled:
            outcome = None
        if outcome is None:
            return self._give_up("forged")
        outcome.printed = self._new_print()
        return outcome

    def _open(self, reply, nonce):
        """A reply as an Outcome, or None if it is not one."""
        if not isinstance(reply, dict) or reply.get("nonce") != nonce:
            return None
        if "error" in reply:
            return Outcome(trouble="error", details=reply)
        for kind in ("strange", "missing"):
            if kind in reply:
                return Outcome(trouble=kind, details=str(reply[kind]))
        self._compiles = bool(reply.get("compiles", self._compiles))
        inputs = reply.get("inputs")
        return Outcome(reply.get("value"), inputs if isinstance(inputs, dict) else None)

    def _give_up(self, trouble, details=None):
        printed = self._new_print()
        self.close()
        return Outcome(trouble=trouble, details=details, printed=printed)

    def _new_print(self):
        """What the code printed since last time, at most 4,000 characters of it."""
        with open(self._printed, "rb") as file:
            file.seek(self._read_up_to)
            text = file.read(4000)
            self._read_up_to = file.seek(0, os.SEEK_END)
        return text.decode("utf-8", "replace")


def _end(process, home):
    """Also called when the grader is interrupted."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (AttributeError, OSError):
        process.kill()
    process.wait()
    shutil.rmtree(home, ignore_errors=True)


def _environment(folder, more):
    """Its own home, one BLAS thread (so that times compare), and nothing secret."""
    keep = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "PYTHONPATH", "VIRTUAL_ENV",
            "LD_LIBRARY_PATH", "NUMBA_NUM_THREADS")
    env = {name: os.environ[name] for name in keep if name in os.environ}
    env.update(HOME=str(folder), TMPDIR=str(folder), TEMP=str(folder), PYTHONUTF8="1",
               PYTHONDONTWRITEBYTECODE="1", PYTHONHASHSEED="0", PYTHONUNBUFFERED="1",
               OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    return {**env, **more}


def _read(stream, replies):
    """Move frames from the process to the queue until it ends.

    Only this thread touches the stream: to close it elsewhere could wait for ever, if a
    stray process still held the other end.
    """
    with stream:
        try:
            while (body := wire.read_body(stream)) is not None:
                replies.put(body)
        except (OSError, ValueError):
            replies.put(b"")               # not a frame: unpack() will say so
    replies.put(None)


def _write(stream, frame):
    try:
        stream.write(frame)
        stream.flush()
    except (OSError, ValueError):
        pass                               # it has ended: the reader says so
